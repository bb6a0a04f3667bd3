"""What a reader does beyond playing: look inside, compare, zoom, hover, copy, save, lecture."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import lab as laboratory
import numpy as np
import pytest
from page import Screen
from PIL import Image

from lib import optimizers, surfaces
from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.player.playground import Playground
from lib.problems import Noise
from lib.surfaces import booth, double_well


def press(control, how):
    control.click() if how == "click" else control.press(how)


# Inner quantities.


@pytest.mark.parametrize("how", ["click", "Space"])
@pytest.mark.parametrize("name", ["minus g", "minus m", "step"])
def test_arrows_are_switched(screen, inside, name, how):
    on = screen(inside)
    on.scrub.fill("3")
    before = on.picture()
    press(on.root.get_by_role("checkbox", name=name, exact=True), how)
    assert on.picture() != before
    press(on.root.get_by_role("checkbox", name=name, exact=True), how)
    assert on.picture() == before


def test_arrows_point_where_the_numbers_say(screen, inside):
    """The step's arrow ends on the next point; −g's direction is that of the recorded gradient."""
    on = screen(inside)
    on.root.get_by_label("map shows").select_option("whole")
    run = inside.opening()["adam"]
    drawn = on.page.evaluate(
        """() => { window.tips = []; const g = CanvasRenderingContext2D.prototype, move = g.moveTo;
            const fill = g.fillText; let corner = null;
            g.moveTo = function (x, y) { corner = [x, y]; return move.call(this, x, y); };
            g.fillText = function (text, ...at) { if (/^(−g|step)$/.test(text)) tips.push([text, corner]); return fill.call(this, text, ...at); };
        }"""
    )
    assert drawn is None
    for name in ("minus g", "step"):
        on.root.get_by_role("checkbox", name=name, exact=True).check()
    on.page.evaluate("tips.length = 0")
    on.scrub.fill("3")
    tips = dict(on.page.evaluate("tips.slice(0, 2)"))  # the axis beside is called step, too
    _, _, width, height = on.box()
    pixel = lambda x, y: (36 + (x + 2) / 4 * width, 10 + (2 - y) / 4 * height)  # noqa: E731
    here, after = (np.array(pixel(*run.theta.values[k])) for k in (3, 4))
    np.testing.assert_allclose(tips["step"], after, atol=0.1)
    arrow = np.array(tips["−g"]) - here
    want = -run.grad.values[3] * (1, -1)
    np.testing.assert_allclose(arrow / np.hypot(*arrow), want / np.hypot(*want), atol=2e-3)


def test_bars_show_what_was_recorded(screen, inside):
    on = screen(inside)
    assert on.root.locator(".bars").is_hidden()
    for name in ("root of v", "step over m"):
        on.root.get_by_role("checkbox", name=name, exact=True).check()
    on.scrub.fill("7")
    text = on.wait_for_label(".bars canvas", "root of v (")
    found = [float(number) for number in re.findall(r"[\d.]+(?=[,)])", text)]
    run = inside.opening()["adam"]
    step = np.abs(run.theta.values[8] - run.theta.values[7])
    want = [*np.sqrt(run.v.values[8]), *(step / np.abs(run.m.values[8]))]
    np.testing.assert_allclose(found, want, rtol=6e-3)
    before = on.picture(".bars canvas")
    on.scrub.fill("20")
    assert on.picture(".bars canvas") != before
    old = on.wait_for_label(".bars canvas", "root of v (")
    on.root.get_by_role("slider", name="lr").fill("2")
    text = on.wait_for_label(".bars canvas", "root of v (", but=old)
    found = [float(number) for number in re.findall(r"[\d.]+(?=[,)])", text)][:2]
    np.testing.assert_allclose(found, np.sqrt(inside._runs["adam"].v.values[21, :, 2]), rtol=6e-3)
    on.root.get_by_role("checkbox", name="root of v", exact=True).uncheck()
    on.root.get_by_role("checkbox", name="step over m").uncheck()
    assert on.root.locator(".bars").is_hidden()


def test_of_a_recorded_run_that_has_no_more_only_the_step_can_be_shown(screen):
    on = screen(Player(descend(booth, (-8, 0), momentum(lr=0.01), 60, gradient=Noise(1.0))))
    assert on.root.get_by_role("checkbox").count() == 1
    assert on.root.get_by_role("group", name="bars").count() == 0


# Comparing.


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_pinned_setting_stays(screen, grid, how):
    on = screen(grid)
    first = on.row()
    press(on.button("Keep to compare"), how)
    on.root.get_by_role("slider", name="lr").fill("6")
    assert on.button("Keep to compare").get_attribute("aria-pressed") == "true"
    assert on.root.locator("tbody tr").count() == 2
    assert on.row(0)[1:] != first[1:] and on.row(1)[1:] == first[1:]
    assert on.row(1)[0].strip() == "kept: η = 0.0316"
    on.wait_for_label(".paths", "kept: η = 0.0316 f = ")
    both = on.picture()
    press(on.button("Keep to compare"), how)
    assert on.root.locator("tbody tr").count() == 1 and on.picture() != both


def test_a_pinned_start_stays_when_the_start_moves(screen, race):
    on = screen(race)
    on.button("Keep to compare").click()
    first = [on.row(i)[1:] for i in range(3)]
    on.start.press("ArrowUp")
    assert [on.row(i)[1:] for i in (3, 4, 5)] == first
    assert [on.row(i)[1:] for i in range(3)] != first
    assert on.row(3)[0].strip() == "gd kept: start (−8, 0)"


def test_two_runs_of_one_method_look_different():
    runs = {f"gd, {lr}": descend(booth, (-8, 0), gd(lr=lr), 9) for lr in (0.01, 0.02, 0.05)}
    looks = [(s["color"], tuple(s["dash"]), s["marker"]) for s in Player(runs).meta["series"]]
    for part in zip(*looks, strict=True):
        assert len(set(part)) == 3
    assert looks[0] == ("#000000", (), "o")


# Looking closer.


def test_the_view_follows_the_head(screen, race):
    on = screen(race)
    on.root.get_by_label("map shows").select_option("16")
    on.scrub.fill("20")
    land, paths = on.picture(".map .ground"), on.picture()
    on.button("One step forward").click()
    assert on.picture(".map .ground") != land and on.picture() != paths
    on.root.get_by_label("map shows").press("ArrowUp")
    assert on.root.get_by_label("map shows").input_value() == "4"
    on.root.get_by_label("map shows").select_option("whole")
    land = on.picture(".map .ground")
    on.button("One step forward").click()
    assert on.picture(".map .ground") == land


def test_the_player_opens_where_the_runs_are(screen):
    near = Player(descend(booth, (2, 2), gd(lr=0.05), 20))
    assert near.meta["view"]["zoom"] == 5
    on = screen(near)
    assert on.root.get_by_label("map shows").input_value() == "runs"
    assert Player(descend(booth, (-9, -9), gd(lr=0.05), 20)).meta["view"]["zoom"] == 1
    outside = Player(descend(booth, (14, 0), gd(lr=0.05), 20)).meta["window"]
    assert outside[0][1] > 14 and outside[1] == [-10, 10]


def test_hovering_marks_the_step_on_both(screen, race):
    on = screen(race)
    paths, loss = on.picture(), on.picture(".curves")
    box = on.loss.bounding_box()
    on.page.mouse.move(box["x"] + 44 + (box["width"] - 62) / 2, box["y"] + 60)
    assert on.picture() != paths and on.picture(".curves") != loss
    on.page.mouse.move(1, 1)
    assert on.picture() == paths and on.picture(".curves") == loss
    on.root.get_by_label("map shows").select_option("whole")
    paths = on.picture()
    left, top, width, height = on.box()
    on.page.mouse.move(left + 2 / 20 * width, top + height / 2)  # the start, (-8, 0)
    assert on.picture() != paths and on.picture(".curves") != loss
    on.page.mouse.move(left + width - 5, top + height - 5)
    assert on.picture() == paths and on.picture(".curves") == loss


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_loop_goes_on(screen, race, how):
    on = screen(race)
    press(on.button("Loop"), how)
    assert on.button("Loop").get_attribute("aria-pressed") == "true"
    on.root.get_by_label("speed").select_option("8")
    on.page.evaluate(
        """() => { window.back = 0; let before = 0; const input = document.querySelector('.scrub input');
            const watch = () => { if (Number(input.value) < before) back++; before = Number(input.value);
                if (back < 2) requestAnimationFrame(watch); }; watch(); }"""
    )
    on.button("Play").click()
    on.page.wait_for_function("back >= 2")
    assert on.button("Pause").is_visible()
    on.button("Pause").click()


def test_space_plays_from_the_step_and_the_picture(screen, race):
    on = screen(race)
    for control in (on.scrub, on.start):
        control.press("Space")
        assert on.button("Pause").is_visible()
        control.press("Space")
        assert on.button("Play").is_visible()


# Taking it away.


def copied(on, how="click"):
    on.page.evaluate("navigator.clipboard.writeText = async (text) => { window.clip = text; }")
    press(on.button("Copy code"), how)
    on.page.wait_for_function("window.clip")
    return on.page.evaluate("clip")


NAMES = vars(optimizers) | vars(surfaces) | {"descend": descend}


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_the_copied_line_makes_the_run_on_screen(visit, grid, how):
    visit.page.goto("about:blank")
    on = Screen(visit.page, grid)
    on.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: {}, configurable: true })")
    on.root.get_by_role("slider", name="lr").fill("4")
    on.root.get_by_role("slider", name="beta1").fill("2")
    line = copied(on, how)
    assert line == "descend(rosenbrock, (-1.5, 2), adam(lr=0.1, beta1=0.99), steps=100)"
    run = eval(line, dict(NAMES))
    want = sweep(surfaces.rosenbrock, (-1.5, 2.0), adam, 100, lr=[0.1], beta1=[0.99]).isel(lr=0, beta1=0)
    np.testing.assert_array_equal(run.theta, want.theta)
    assert on.status.inner_text() == "Copied the Python of this run."
    visit.assert_quiet()


def test_the_copied_code_of_a_race_makes_all_shown(screen):
    opts = {"gd": gd(lr=0.05), "momentum, 0.8": momentum(lr=0.01, beta=0.8), "adam": adam(lr=0.5)}
    player = Player({n: descend(booth, (-8, 0), o, 60, record=["grad"]) for n, o in opts.items()})
    on = screen(player)
    on.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: {}, configurable: true })")
    on.button("adam").click()
    runs = eval(copied(on), dict(NAMES))
    assert on.status.inner_text() == "Copied the Python of these 2 runs."
    assert list(runs) == ["gd", "momentum, 0.8"]
    for name, run in runs.items():
        np.testing.assert_array_equal(run.theta, player._runs[name].theta)
        assert "grad" in run
    for name in runs:
        assert on.button("Copy code").is_enabled()
        on.button(name).click()
    assert on.button("Copy code").is_disabled()


def test_a_clipboard_that_refuses_shows_the_line(screen, race):
    on = screen(race)
    on.page.evaluate("document.execCommand = () => false")
    on.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: {}, configurable: true })")
    on.button("Copy code").click()
    on.page.wait_for_function("document.querySelector('.status').textContent.includes('descend(booth')")
    assert on.root.locator("textarea").count() == 0


def saved(on, kind, how="click"):
    with on.page.expect_download() as download:
        press(on.button(f"Save the picture as {kind}"), how)
    with open(download.value.path(), "rb") as file:
        return download.value.suggested_filename, file.read()


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_the_picture_is_saved_as_svg(screen, inside, how):
    on = screen(inside)
    on.root.get_by_role("checkbox", name="root of v", exact=True).check()
    on.scrub.fill("9")
    name, text = saved(on, "SVG", how)
    assert name == "ravine_kappa=10_-player.svg"
    root = ElementTree.fromstring(text)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "ravine(kappa=10) · η = 0.1 · step 9 of 40" in words and {"adam", "√v", "step"} <= set(words)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 20
    assert not re.search(rb"NaN|undefined|Infinity|null", text)


def test_the_svg_looks_like_the_page(screen, race, browser):
    on = screen(race)
    _, text = saved(on, "SVG")
    _, png = saved(on, "PNG")
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    with laboratory.visit(browser) as seen:
        seen.page.set_viewport_size({"width": picture.width // 2, "height": picture.height // 2})
        data = base64.b64encode(text).decode()
        seen.page.set_content(
            f'<style>body {{ margin: 0 }}</style><img src="data:image/svg+xml;base64,{data}">'
        )
        seen.page.wait_for_function("document.images[0].complete && document.images[0].naturalWidth")
        drawn = Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB")
    small = picture.resize(drawn.size, Image.Resampling.BOX)
    difference = np.abs(np.asarray(small, float) - np.asarray(drawn, float)).mean()
    assert difference < 2.5  # of 255


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_the_picture_is_saved_as_png(screen, race, how):
    on = screen(race)
    name, data = saved(on, "PNG", how)
    picture = Image.open(io.BytesIO(data))
    assert name == "booth-player.png" and picture.width > 1600
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 100


# For a lecture, for several on a page.


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_full_screen_and_back(screen, race, how):
    on = screen(race)
    on.page.set_viewport_size({"width": 1920, "height": 1080})
    press(on.button("Full screen"), how)
    on.page.wait_for_selector(".downhill-player.large")
    on.page.wait_for_function("document.querySelector('canvas.paths').clientWidth > 700")
    size = on.root.evaluate("e => [parseFloat(getComputedStyle(e).fontSize), e.scrollHeight, e.clientHeight]")
    assert size[0] > 24 and size[1] == size[2]
    assert on.page.evaluate("document.activeElement.ariaLabel") == "Step"
    press(on.button("Full screen"), how)
    on.page.wait_for_selector(".downhill-player:not(.large)")


def test_a_player_out_of_sight_does_not_draw(screen, race):
    on = screen(race)
    on.page.evaluate(
        """() => { window.drawn = 0; const clear = CanvasRenderingContext2D.prototype.clearRect;
            CanvasRenderingContext2D.prototype.clearRect = function (...box) { drawn++; return clear.apply(this, box); }; }"""
    )
    on.root.get_by_label("speed").select_option("0.25")
    on.button("Play").click()
    on.page.wait_for_function("drawn > 4")
    settle = """async () => { for (let i = 0; i < 6; i++) await new Promise(requestAnimationFrame); drawn = 0;
        for (let i = 0; i < 6; i++) await new Promise(requestAnimationFrame); return drawn; }"""
    on.root.evaluate("root => (root.style.marginTop = '5000px')")
    assert on.page.evaluate(settle) == 0
    on.root.evaluate("root => (root.style.marginTop = '')")
    assert on.page.evaluate(settle) >= 8
    on.button("Pause").click()


@pytest.mark.parametrize(
    ("widget", "roots"),
    [(Player, (".downhill-player",)), (Playground, (".downhill-player", ".downhill-playground"))],
)
def test_nothing_of_the_page_is_styled_from_outside_the_player(widget, roots):
    """Every rule begins with the player's class, or the playground's, but for the sign that JupyterLab puts over a
    player: no global CSS."""
    css = widget._css.read_text("utf-8") if hasattr(widget._css, "read_text") else str(widget._css)
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    rules = [s.strip() for s in re.findall(r"([^{}]+)\{", css) if not s.strip().startswith("@")]
    outside = [rule for rule in rules if not rule.startswith(roots)]
    assert {rule.split()[0] for rule in rules} >= {*roots}
    assert outside == [".jupyter-widgets-disconnected:has(> .downhill-player)::before"]


def test_one_coordinate_has_a_ball_and_arrows(screen):
    on = screen(Player(descend(double_well, [1.8], momentum(lr=0.02, beta=0.8), 40, record=["grad", "v"])))
    on.scrub.fill("4")
    before = on.picture()
    on.root.get_by_role("checkbox", name="minus v").check()
    assert on.picture() != before
    on.root.get_by_label("map shows").select_option("4")
    on.button("One step forward").click()
