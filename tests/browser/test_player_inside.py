"""What the page computes, in a reader's hands: inside a step, sliders between values, starts, contours, a phone."""

import lab as laboratory
import numpy as np
import pytest
from page import Screen, drag

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.surfaces import booth, ravine

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def fingers(browser):
    """Puts a player on a page that is touched; when the test is over the page must not have complained."""
    with laboratory.visit(browser, has_touch=True) as seen:
        seen.page.set_viewport_size(PHONE)
        yield lambda player: Screen(seen.page, player, width="370px")
        seen.assert_quiet()


def press(control, way):
    """A control that is clicked, tapped, or focused and pressed."""
    {"mouse": control.click, "touch": control.tap, "keys": lambda: control.press("Enter")}[way]()


@pytest.fixture(params=["mouse", "touch", "keys"])
def by(request):
    """A way, and what puts a player on a page for it."""
    kind = "fingers" if request.param == "touch" else "screen"
    return request.param, request.getfixturevalue(kind)


def numbers(text):
    """The numbers in "m = (1.20, −3.00)"."""
    inside = text.split("=", 1)[1].strip(" ()").replace("−", "-")
    return [float(part) for part in inside.split(",")]


def lines(on):
    """The lines that are there so far, as [code, numbers]."""
    return [item.locator("code, span").all_inner_texts() for item in on.root.locator(".inside li.on").all()]


# Inside a step.


def test_a_step_is_built_line_by_line(by):
    way, show = by
    on = show(Player(descend(ravine(10), (-1.8, 1.0), momentum(lr=0.02, beta=0.8), 20)))
    run = descend(ravine(10), (-1.8, 1.0), momentum(lr=0.02, beta=0.8), 20, record=["grad", "v"])
    on.scrub.fill("3")
    plain = on.picture()

    def go(name, key):
        if way == "keys":
            on.page.keyboard.press(key)
        else:
            press(on.button(name), way)

    press(on.button("Inside a step"), way)
    panel = on.root.get_by_role("group", name="Inside a step")
    assert on.page.evaluate("document.activeElement.className") == "inside"
    assert panel.locator(".which").inner_text() == "momentum, step 3 to 4, line by line"
    assert [code for code, _ in lines(on)] == ["g = ∇f(θ)"]
    pictures = [plain, on.picture()]
    for _ in range(2):
        go("Next line", "ArrowDown")
        pictures.append(on.picture())
    assert [code for code, _ in lines(on)] == ["g = ∇f(θ)", "v = beta * v + g", "return theta - lr * v, v"]
    assert len(set(pictures)) == 4  # each line has its arrow on the map
    shown = [numbers(text.split("), ")[0]) for _, text in lines(on)]
    for found, values in zip(shown, (run.grad[3], run.v[4], run.theta[4]), strict=True):
        np.testing.assert_allclose(found, values, rtol=6e-3)
    go("Next line", "ArrowRight")  # the next step's first
    assert (on.step, len(lines(on))) == (4, 1)
    go("Line back", "ArrowUp")
    assert (on.step, len(lines(on))) == (3, 3)
    assert on.picture() == pictures[3]
    press(on.button("Inside a step"), way)
    assert panel.is_hidden() and on.picture() == plain


def test_at_the_end_of_a_run_the_lines_begin_at_its_first_step(screen):
    on = screen(Player(descend(booth, (-8, 0), gd(lr=0.05), 9)))
    on.button("Inside a step").click()
    assert on.step == 0 and len(lines(on)) == 1
    on.page.keyboard.press("ArrowUp")  # there is none before
    assert on.step == 0 and len(lines(on)) == 1
    on.scrub.fill("8")
    for _ in range(3):
        on.button("Next line").click()  # there is none behind
    assert on.step == 8 and len(lines(on)) == 2


def test_a_line_is_told_to_a_screen_reader(screen, grid):
    on = screen(grid)
    on.scrub.fill("2")
    on.button("Inside a step").click()
    on.page.keyboard.press("ArrowDown")
    on.wait_for_status("m = beta1 * m + (1 - beta1) * g: m = (")
    assert on.root.locator(".note").inner_text() == ""


# Between the values of a slider, from any start.


def test_a_finger_drags_a_slider_through_what_is_between_its_values(fingers):
    rates = np.geomspace(1e-3, 0.05, 5)
    on = fingers(Player(sweep(ravine(20), (-1.8, 1.0), momentum, 100, lr=rates, beta=0.5)))
    slider = on.root.get_by_role("slider", name="η")
    on.page.evaluate(
        """() => { window.seen = [];
            const [slider, row] = ['.axes input', 'tbody td'].map((part) => document.querySelector(part));
            slider.addEventListener('input', () => seen.push([slider.value, row.innerText])); }"""
    )
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    drag(on, "touch", [(box["x"] + box["width"] * part, y) for part in (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)])
    seen = on.page.evaluate("seen")
    places = [float(place) for place, _ in seen]
    assert len(places) >= 4 and places == sorted(places) and len({text for _, text in seen}) >= 4
    assert all(place != round(place) for place in places[-2:]) and 2.5 < places[-1] < 3.5
    lr = float(f"{np.exp(np.interp(places[-1], range(5), np.log(rates))):.4g}")
    run = descend(ravine(20), (-1.8, 1.0), momentum(lr=lr, beta=0.5), 100)
    np.testing.assert_allclose(eval(on.row()[1].replace("−", "-")), run.theta[-1], atol=6e-4)
    assert on.page.evaluate("scrollY") == 0


def test_a_slider_stops_between_its_values(by):
    way, show = by
    rates = np.geomspace(1e-3, 0.05, 5)
    on = show(Player(sweep(ravine(20), (-1.8, 1.0), momentum, 100, lr=rates, beta=0.5)))
    slider = on.root.get_by_role("slider", name="η")
    box = slider.bounding_box()
    x, y = box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2
    if way == "keys":
        for _ in range(7):
            slider.press("Shift+ArrowLeft")
    else:
        {"mouse": on.page.mouse.click, "touch": on.page.touchscreen.tap}[way](x, y)
    place = float(slider.input_value())
    assert 1 < place < 2
    lr = float(f"{rates[1] * (rates[2] / rates[1]) ** (place - 1):.4g}")
    run = descend(ravine(20), (-1.8, 1.0), momentum(lr=lr, beta=0.5), 100)
    found = np.array(eval(on.row()[1].replace("−", "-")))
    np.testing.assert_allclose(found, run.theta[-1], atol=6e-4)
    assert float(slider.get_attribute("aria-valuetext")) == pytest.approx(lr, rel=5e-3)


def test_a_start_goes_where_it_is_taken(by, race):
    way, show = by
    on = show(race)
    on.root.get_by_label("map shows").select_option("whole")
    on.map.scroll_into_view_if_needed()
    left, top, width, height = on.box()
    if way == "keys":
        for _ in range(4):
            on.start.press("ArrowRight")
        for _ in range(2):
            on.start.press("ArrowUp")
    else:
        at = [(left + x * width, top + y * height) for x, y in [(0.1, 0.5), (0.2, 0.6), (0.2, 0.45)]]
        drag(on, way, at)
    told = on.start.get_attribute("aria-valuetext").replace("−", "-")
    start = [float(part.split()[1]) for part in told.split(", ")]
    np.testing.assert_allclose(start, [-6, 1], atol=0.1)
    for i, opt in enumerate((gd(lr=0.05), momentum(lr=0.01), adam(lr=0.5))):
        found = np.array(eval(on.row(i)[1].replace("−", "-")))
        np.testing.assert_allclose(found, descend(booth, start, opt, 60).theta[-1], atol=0.02)


# Keeping to compare.


def test_only_what_differs_is_kept_in_the_picture(by):
    way, show = by
    lr = np.geomspace(0.005, 0.05, 5)
    runs = {
        "gd": sweep(ravine(20), (-1.8, 1.0), gd, 40, lr=lr),
        "momentum": sweep(ravine(20), (-1.8, 1.0), momentum, 40, lr=lr, beta=[0.5, 0.8, 0.9]),
    }
    on = show(Player(runs))
    rows = on.root.locator("tbody tr")
    before = on.picture()
    press(on.button("Keep to compare"), way)
    assert on.root.locator(".note").inner_text().startswith("Kept. Move a slider or the start")
    assert [row.is_visible() for row in rows.all()] == [True, True, False, False]
    on.page.mouse.move(1, 1)
    assert on.picture() == before
    on.root.get_by_role("slider", name="β of momentum").fill("2")
    assert [row.is_visible() for row in rows.all()] == [True, True, False, True]
    assert on.row(3)[0].strip() == "momentum kept: β = 0.8"
    on.start.press("ArrowUp")
    assert [row.is_visible() for row in rows.all()] == [True] * 4
    assert on.row(2)[0].strip() == "gd kept: start (−1.8, 1)"
    press(on.button("Keep to compare"), way)
    assert rows.count() == 2 and on.root.locator(".note").inner_text() == ""


# Looking closely.

LINES = """() => {
    const canvas = document.querySelector('.map .ground'), g = canvas.getContext('2d');
    const [ratio, left, top] = [devicePixelRatio, 36, 10];
    const [w, h] = [canvas.width - 46 * ratio, canvas.height - 46 * ratio].map(Math.floor);
    const { data } = g.getImageData(left * ratio, top * ratio, w, h);
    let edges = 0;  // where a pixel is not as the one before it
    for (let i = 4; i < data.length; i += 4) edges += Math.abs(data[i] - data[i - 4]) > 6;
    return edges / h;
}"""


@pytest.mark.parametrize("zoom", ["16", "64"])
def test_the_ground_has_lines_however_close(by, zoom):
    way, show = by
    on = show(Player(descend(booth, (-8, 0), gd(lr=0.05), 60)))
    view = on.root.get_by_label("map shows")
    if way == "keys":
        view.focus()
        for _ in range(2 if zoom == "16" else 3):
            view.press("ArrowDown")
        assert view.input_value() == zoom
    else:
        view.select_option(zoom)
    for step in ("0", "1", "20", "60"):  # on a slope, and at the minimum
        on.scrub.fill(step)
        assert on.page.evaluate(LINES) > 4


# On a phone.


def test_map_controls_and_sliders_are_on_one_screen(fingers, grid):
    on = fingers(grid)
    on.root.evaluate("root => root.scrollIntoView()")
    for part in (".controls", ".axes", ".map"):
        box = on.root.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"]
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_whatever_is_pressed_has_room_for_a_finger(fingers, inside):
    on = fingers(inside)
    on.scrub.fill("3")
    on.button("Inside a step").tap()
    small = on.root.evaluate(
        """root => [...root.querySelectorAll('button, select, input, label')]
            .filter((one) => one.checkVisibility() && !one.closest('label')?.querySelector('[type=checkbox]') || one.matches('fieldset label'))
            .map((one) => [one.className || one.textContent, one.getBoundingClientRect()])
            .filter(([, { width, height }]) => width && (width < 44 || height < 44))
            .map(([name, { width, height }]) => `${name}: ${width} × ${height}`)"""
    )
    assert small == []
