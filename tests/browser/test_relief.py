"""The playground in 3-D: its library comes when it is asked for, and then the surface is there, and can be turned."""

import lab as laboratory
import numpy as np
import pytest
from page import drag
from pages import HTML, served, try_player, violations
from paper import pictured, printed

from lib.plotting import style

pytestmark = pytest.mark.site

NO_WEBGL = """(() => {
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...how) {
        return kind.startsWith("webgl") ? null : get.call(this, kind, ...how);
    };
})()"""


@pytest.fixture(scope="module")
def site():
    with served(HTML) as address:
        yield address


class Relief:
    """The playground's page, and what is seen of it in 3-D."""

    def __init__(self, seen, address):
        self.page, self.asked = seen.page, []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.player = self.page.locator(".downhill-player")
        self.player.wait_for()
        self.button = self.page.get_by_role("button", name="3-D", exact=True)
        self.canvas = self.page.locator(".relief canvas")

    @property
    def libraries(self):
        return [url for url in self.asked if "three" in url.rpartition("/")[2]]

    def press(self):
        self.button.click()
        self.canvas.wait_for()
        return self

    def picture(self):
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return np.asarray(pictured(self.canvas), int)

    def label(self):
        return self.canvas.get_attribute("aria-label")

    def inked(self, name):
        """How much of the picture has the colour of a method."""
        color = [int(style(name)["color"][i : i + 2], 16) for i in (1, 3, 5)]
        return int((np.abs(self.picture() - color).max(axis=-1) < 30).sum())


@pytest.fixture
def relief(visit, site):
    yield Relief(visit, f"{site}/playground.html")
    visit.assert_quiet()


def test_the_library_is_asked_for_when_it_is_needed_and_not_before(relief, site):
    try_player(relief.page, relief.player)
    assert relief.libraries == []
    relief.press()
    assert len(relief.libraries) == 1 and relief.libraries[0].startswith(f"{site}/_static/three-")
    relief.button.click()
    assert relief.button.get_attribute("aria-pressed") == "false" and relief.canvas.count() == 0
    relief.press()
    assert len(relief.libraries) == 1
    assert "The MIT License" in relief.page.request.get(relief.libraries[0]).text()


def test_it_shows_the_surface_and_the_paths_as_far_as_they_were_walked(relief):
    relief.press()
    picture = relief.picture()
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 500, "it is not shaded"
    whole = relief.inked("momentum")
    relief.page.get_by_role("slider", name="Step", exact=True).fill("20")
    part = relief.inked("momentum")
    assert whole > 1.2 * part > 0 and "step 20 of 200" in relief.label()
    relief.page.get_by_role("button", name="momentum").click()
    assert relief.inked("momentum") == 0


def test_it_says_what_the_height_is(relief):
    relief.press()
    said = relief.page.get_by_text("Height is the fourth root of f(x, y) above its lowest")
    assert said.is_visible() and "fourth root of f(x, y)" in relief.label()
    relief.page.get_by_label("surface", exact=True).select_option("saddle")
    assert relief.page.get_by_text("Height is f(x, y) itself.").is_visible()
    relief.page.get_by_label("surface", exact=True).select_option("double_well")
    assert relief.canvas.count() == 0 and relief.button.is_disabled()
    assert relief.page.get_by_text("With one coordinate the curve is all there is").is_visible()
    relief.page.get_by_label("surface", exact=True).select_option("booth")
    assert relief.label().startswith("booth in 3-D")


def test_keys_and_buttons_turn_it(relief):
    relief.press().canvas.focus()
    relief.page.keyboard.press("0")  # whose focus is to be seen
    seen = [first := relief.picture()]
    for key, says in [
        ("ArrowRight", "Turned by 40°, seen from 40° above"),
        ("ArrowUp", "Turned by 40°, seen from 45° above"),
        ("+", "Turned by 40°, seen from 45° above"),
    ]:
        relief.page.keyboard.press(key)
        assert says in relief.label()
        seen.append(relief.picture())
        assert (seen[-1] != seen[-2]).any()
    relief.page.keyboard.press("0")
    assert (relief.picture() == first).all()
    relief.page.get_by_role("button", name="Look from lower").click()
    assert "seen from 35° above" in relief.label()
    assert relief.page.locator(".relief").get_by_role("status").inner_text().startswith("Turned by 30°")
    relief.page.get_by_role("button", name="Look as at first").click()
    assert "seen from 40° above" in relief.label()


def at_the_middle(relief, dx=0, dy=0):
    box = relief.canvas.bounding_box()
    return box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy


@pytest.mark.parametrize("way", ["mouse", "touch"])
def test_a_pointer_turns_it(browser, site, way):
    with laboratory.visit(browser, has_touch=way == "touch") as seen:
        relief = Relief(seen, f"{site}/playground.html").press()
        relief.canvas.scroll_into_view_if_needed()
        before = relief.picture()
        drag(
            relief, way, [at_the_middle(relief), at_the_middle(relief, 30, 10), at_the_middle(relief, 50, 20)]
        )
        assert "Turned by 50°, seen from 46° above" in relief.label()
        assert (relief.picture() != before).any()
        drag(relief, way, [at_the_middle(relief), at_the_middle(relief, -50, -20)])
        assert (relief.picture() == before).all()
        seen.assert_quiet()


def test_two_fingers_come_nearer(browser, site):
    with laboratory.visit(browser, has_touch=True) as seen:
        relief = Relief(seen, f"{site}/playground.html").press()
        relief.canvas.scroll_into_view_if_needed()
        before, label = relief.picture(), relief.label()
        touch = relief.page.context.new_cdp_session(relief.page)
        for kind, apart in [("touchStart", 30), ("touchMove", 45), ("touchMove", 60), ("touchEnd", 0)]:
            places = [at_the_middle(relief, sign * apart) for sign in (-1, 1)] if apart else []
            where = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
        assert (relief.picture() != before).any() and relief.label() == label
        relief.page.get_by_role("button", name="Look as at first").click()
        assert (relief.picture() == before).all()
        seen.assert_quiet()


def test_sliders_and_the_start_go_on_working(relief):
    relief.page.get_by_label("surface", exact=True).select_option("ravine")
    relief.press()
    pictures = [relief.picture()]
    for slider in ("κ, in the code kappa", "η of momentum, in the code lr", "Start"):
        relief.page.get_by_role("slider", name=slider, exact=True).press("ArrowLeft")
        pictures.append(relief.picture())
        assert (pictures[-1] != pictures[-2]).any(), slider
    relief.page.get_by_role("button", name="Keep to compare").click()
    relief.page.get_by_role("slider", name="Start", exact=True).press("ArrowRight")
    assert relief.page.locator("tbody tr.pinned:visible").count() == 4


def test_the_surfaces_own_slider_changes_the_ground(relief):
    relief.page.get_by_label("surface", exact=True).select_option("ravine")
    relief.press()
    for name in ("gd", "momentum", "rmsprop", "adam"):
        relief.player.locator("tbody").get_by_role("button", name=name, exact=True).click()
    before = relief.picture()
    relief.page.get_by_role("slider", name="κ, in the code kappa").press("ArrowLeft")
    assert (relief.picture() != before).any(-1).mean() > 0.1


def test_it_plays_and_of_itself_does_not_move(browser, site):
    """Reduced motion: the player goes in whole steps, and the view stands still, as it always does."""
    with laboratory.visit(browser, reduced_motion="reduce") as seen:
        relief = Relief(seen, f"{site}/playground.html").press()
        before = relief.picture()
        assert (relief.picture() == before).all()
        label = relief.label()
        relief.page.get_by_role("button", name="Play").click()
        relief.page.wait_for_function(
            "old => document.querySelector('.relief canvas').ariaLabel !== old", arg=label
        )
        relief.page.get_by_role("button", name="Pause").click()
        assert "Turned by 30°, seen from 40° above" in relief.label()
        seen.assert_quiet()


def test_without_webgl_it_says_so_and_nothing_breaks(relief, site):
    relief.page.add_init_script(NO_WEBGL)
    relief.page.reload()
    relief.player.wait_for()
    relief.button.click()
    relief.page.get_by_text("This browser has no WebGL").wait_for()
    assert relief.button.get_attribute("aria-pressed") == "false"
    assert relief.libraries == [] and relief.canvas.count() == 0
    try_player(relief.page, relief.player)


def test_a_lost_library_is_said(visit, site):
    visit.page.route("**/three-*", lambda route: route.fulfill(status=404))
    relief = Relief(visit, f"{site}/playground.html")
    relief.button.click()
    relief.page.get_by_text("What draws in 3-D could not be loaded").wait_for()
    try_player(relief.page, relief.player)
    visit.page.unroute("**/three-*")
    relief.press()  # it is asked for again
    assert [text for text in visit.complaints if "404" not in text] == []


def test_scripts_of_the_site_only(visit, site):
    def strict(route):
        response = route.fetch()
        headers = response.headers | {"content-security-policy": "script-src 'self'"}
        route.fulfill(response=response, headers=headers)

    visit.page.route("**/*.html", strict)
    relief = Relief(visit, f"{site}/playground.html").press()
    assert relief.inked("adam") > 0
    theme = ("Content Security Policy", "theme mode")  # what the theme has inline is refused, and missed
    assert [text for text in visit.complaints if not any(words in text for words in theme)] == []


def test_pressed_while_it_is_loaded_there_is_one_or_none(relief):
    relief.page.evaluate(
        "for (let i = 0; i < 3; i++) document.querySelector('.controls > button:last-child').click()"
    )
    relief.canvas.wait_for()
    assert relief.canvas.count() == 1 and len(relief.libraries) == 1
    relief.button.click()
    assert relief.canvas.count() == 0


def test_on_a_full_screen(relief):
    relief.press()
    small = relief.canvas.bounding_box()
    relief.page.get_by_role("button", name="Full screen").click()
    relief.page.wait_for_selector(".downhill-player.large")
    large = relief.canvas.bounding_box()
    assert large["width"] > 1.1 * small["width"] and relief.inked("adam") > 0
    relief.canvas.press("ArrowRight")
    assert "Turned by 40°" in relief.label()


def test_from_a_file(visit):
    visit.page.context.unroute_all()
    relief = Relief(visit, (HTML / "playground.html").as_uri())
    try_player(relief.page, relief.player)
    relief.page.get_by_label("surface", exact=True).select_option("rosenbrock")
    relief.press()
    assert relief.inked("adam") > 0 and relief.label().startswith("rosenbrock in 3-D")
    assert [url for url in relief.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert visit.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, site, scheme):
    with laboratory.visit(browser, color_scheme=scheme) as seen:
        relief = Relief(seen, f"{site}/playground.html").press()
        if scheme == "dark":
            relief.page.wait_for_selector(".downhill-player.dark")
            assert relief.picture().mean() < 80
        assert violations(relief.page, ".downhill-playground") == []
        seen.assert_quiet()


def test_on_a_phone(browser, site):
    with laboratory.visit(browser, has_touch=True, is_mobile=True) as seen:
        seen.page.set_viewport_size({"width": 390, "height": 844})
        relief = Relief(seen, f"{site}/playground.html")
        relief.button.tap()
        relief.canvas.wait_for()
        assert relief.page.evaluate("document.documentElement.scrollWidth") == 390
        for button in relief.page.locator(".relief button").all():
            box = button.bounding_box()
            assert box["width"] >= 44 and box["height"] >= 44 and box["x"] + box["width"] <= 390
        top, canvas = (place.bounding_box() for place in (relief.button, relief.canvas))
        assert canvas["y"] + canvas["height"] - top["y"] < 600, (
            "the controls and the picture are on one screen"
        )
        assert relief.inked("adam") > 0
        seen.assert_quiet()


def test_on_paper_the_map_is_printed(relief):
    relief.press()
    (_, words), *_ = [sheet for sheet in printed(relief.page, format="A4") if "‖∇f‖" in sheet[1]]
    assert "beale · gd η = 0.01" in words and not {"Reset", "Loop", "▶", "Height"} & set(words.split())
    assert relief.canvas.is_visible()
