"""The player's page: every control by mouse and by keyboard, with a kernel, without one, with broken data."""

import random

import lab as laboratory
import numpy as np
import pytest
from page import Screen

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.problems import Noise
from lib.surfaces import booth, double_well, rosenbrock, saddle

# Play.


@pytest.mark.parametrize("press", ["click", "Enter", "Space"])
def test_play_and_pause(screen, race, press):
    on = screen(race)
    act = {"click": lambda b: b.click()}.get(press, lambda b: b.press(press))
    before = on.picture()
    act(on.button("Play"))
    on.wait_for_other(before)
    on.page.wait_for_function("document.querySelector('.scrub input').value > 1")
    act(on.button("Pause"))
    step, stopped = on.step, on.picture()
    assert 1 < step <= 60
    on.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert (on.step, on.picture()) == (step, stopped)
    assert on.button("Play").is_visible()


def test_the_end_is_announced_and_play_starts_again(screen, race):
    on = screen(race)
    on.root.get_by_label("speed").select_option("8")
    on.button("Play").click()
    on.wait_for_status("Step")
    assert on.step == 60
    said = on.status.inner_text()
    assert said.startswith("Step 60 of 60: gd f = 0.000") or "gd f = " in said
    assert all(name in said for name in ("momentum f = ", "adam f = "))
    on.button("Play").click()
    assert on.step < 60


# Every control.


@pytest.mark.parametrize("press", ["click", "Enter"])
def test_step_by_step(screen, race, press):
    on = screen(race)
    act = {"click": lambda b: b.click()}.get(press, lambda b: b.press(press))
    pictures = [on.picture()]
    for name, step in (("One step back", 59), ("One step back", 58), ("One step forward", 59)):
        act(on.button(name))
        assert on.step == step
        pictures.append(on.picture())
    assert len(set(pictures)) == 3 and pictures[1] == pictures[3]
    on.scrub.fill("0")
    act(on.button("One step back"))
    assert on.step == 0


def test_scrubbing(screen, race):
    on = screen(race)
    loss = race.opening()["adam"].loss.values

    def check(steps):
        assert on.step in steps
        np.testing.assert_allclose(float(on.row(2)[2]), loss[on.step], rtol=6e-3)

    on.scrub.press("ArrowLeft")
    check([59])
    on.scrub.press("Home")
    check([0])
    box = on.scrub.bounding_box()
    on.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    check(range(28, 33))


def test_the_loss_curve_scrubs_too(screen, race):
    on = screen(race)
    box = on.loss.bounding_box()
    on.page.mouse.click(box["x"] + 44 + (box["width"] - 62) / 4, box["y"] + 60)
    assert on.step == 15


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_a_slider_chooses_another_run(screen, grid, way):
    on = screen(grid)
    slider = on.root.get_by_role("slider", name="lr")
    assert on.root.locator(".axes .value").first.inner_text() == "0.0316"
    before, loss = on.picture(), on.picture(".curves")
    if way == "keys":
        slider.press("ArrowRight")
    else:
        box = slider.bounding_box()
        on.page.mouse.click(box["x"] + box["width"] * 0.66, box["y"] + box["height"] / 2)
    assert slider.input_value() == "4"
    assert slider.get_attribute("aria-valuetext") == "0.1"
    assert on.root.locator(".axes .value").first.inner_text() == "0.1"
    assert on.picture() != before and on.picture(".curves") != loss


def test_numbers_on_screen_are_the_datasets(screen, grid):
    on = screen(grid)
    run = sweep(rosenbrock, (-1.5, 2.0), adam, 100, lr=np.geomspace(1e-3, 1, 7), beta1=[0.5, 0.9, 0.99])
    for lr, beta, step in ((0, 0, 0), (3, 2, 40), (6, 1, 77), (2, 0, 100)):
        on.root.get_by_role("slider", name="lr").fill(str(lr))
        on.root.get_by_role("slider", name="beta1").fill(str(beta))
        on.scrub.fill(str(step))
        here = run.isel(lr=lr, beta1=beta, step=step)
        name, theta, f, norm = (text.strip().replace("−", "-") for text in on.row())
        assert name == "adam"
        np.testing.assert_allclose(eval(theta), here.theta, atol=6e-4)
        np.testing.assert_allclose([float(f), float(norm)], [here.loss, here.grad_norm], rtol=6e-3)


def test_speed_by_keys(screen, race):
    on = screen(race)
    speed = on.root.get_by_label("speed")
    speed.press("ArrowDown")
    assert speed.input_value() == "2"
    speed.select_option("8")
    on.button("Play").click()
    on.wait_for_status("Step", timeout=5000)


@pytest.mark.parametrize("press", ["click", "Space"])
def test_the_legend_hides_a_run(screen, race, press):
    on = screen(race)
    before = on.picture()
    legend = on.button("momentum")
    legend.click() if press == "click" else legend.press(press)
    assert legend.get_attribute("aria-pressed") == "false"
    assert on.picture() != before
    on.page.wait_for_function("!document.querySelector('.paths').ariaLabel.includes('momentum')")
    legend.click()
    on.page.mouse.move(1, 1)
    assert legend.get_attribute("aria-pressed") == "true" and on.picture() == before


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_the_legend_points_at_a_run(screen, race, by):
    """The others step back while the pointer or the keyboard's focus is on a name."""
    on = screen(race)
    before, loss = on.picture(), on.picture(".curves")
    on.page.locator("#before").focus()
    if by == "mouse":
        on.button("momentum").hover()
    else:
        on.button("gd").focus()
        on.page.keyboard.press("Tab")
        assert on.page.evaluate("document.activeElement.innerText.trim()") == "momentum"
    assert on.picture() != before and on.picture(".curves") != loss
    on.page.mouse.move(1, 1) if by == "mouse" else on.page.locator("#before").focus()
    assert on.picture() == before and on.picture(".curves") == loss


# Broken, small and odd data.


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (lambda: {"<b>gd & co</b>": descend(booth, (-8, 0), gd(lr=0.05), 20)}, "<b>gd & co</b>"),
        (lambda: descend(booth, (-8, 0), gd(lr=10.0), 400), "diverged after step"),
        (
            lambda: descend(booth, (-8, 0), momentum(lr=10.0), 400, record=["grad", "v"]),
            "diverged after step",
        ),
        (lambda: descend(booth, (1, 3), adam(lr=0.1), 20, record=["grad", "m", "v"]), "adam"),
        (lambda: descend(booth, (-8, 0), adam(lr=0.1), 0, record=["grad", "m", "v"]), "666"),
        (lambda: descend(saddle, (1.5, 1e-3), gd(lr=0.1), 60), "gd"),
        (lambda: descend(double_well, [1.8], gd(lr=0.05), 30), "gd"),
        (lambda: descend(double_well, [1.8], gd(lr=50.0), 30), "diverged after step"),
    ],
)
def test_odd_data_play_without_an_error(screen, runs, says):
    on = screen(Player(runs()))
    assert says in on.root.locator("tbody").inner_text()
    for control in on.root.get_by_role("checkbox").all():
        control.check()
    on.root.get_by_label("speed").select_option("8")
    on.button("Play").click()
    on.wait_for_status("Step")
    on.scrub.press("Home")
    on.root.get_by_label("map shows").select_option("64")
    on.button("Keep to compare").is_visible() and on.button("Keep to compare").click()
    on.button("One step forward").click()
    box = on.loss.bounding_box()
    on.page.mouse.move(box["x"] + 100, box["y"] + 60)


def test_empty_data_shows_an_empty_picture(screen):
    recorded = Player(descend(booth, (-8, 0), gd(lr=0.01), 60, gradient=Noise(1.0)))
    recorded.data = b""
    on = screen(recorded)
    assert "no finite point" in on.root.locator("tbody").inner_text()
    on.scrub.press("Home")


def test_a_hundred_random_interactions(screen, grid):
    on = screen(grid)
    rng = random.Random(0)
    controls = on.root.locator("button, input, select, .start")
    keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "Home", "End", "PageUp", "Enter", "Space", "Tab", "x"]
    for _ in range(100):
        control = controls.nth(rng.randrange(controls.count()))
        act = rng.choice(["click", "press"])
        if act == "press" and control.is_visible():
            control.press(rng.choice(keys))
        else:  # the start lets the pointer through to the picture below
            start = control.get_attribute("class") == "start"
            place = control if control.is_visible() and control.is_enabled() and not start else on.map
            place.click()
    assert 0 <= on.step <= 100


def test_leaving_stops_everything(screen, race):
    on = screen(race)
    on.button("Play").click()
    on.page.evaluate("leave()")
    assert on.root.count() == 0


# Themes and widths.


@pytest.mark.parametrize(
    "darken",
    [
        "html.style.setProperty('--jp-ui-font-color1', '#eee'); body.setAttribute('data-jp-theme-light', 'false')",
        "html.setAttribute('data-theme', 'dark'); body.style.color = '#ced6dd'",  # the site
        "body.className = 'vscode-dark'; body.style.color = 'rgb(204, 204, 204)'",
    ],
)
def test_the_page_turns_dark_and_light(screen, race, darken):
    on = screen(race)
    light = on.picture(), on.picture(".map .ground")
    assert "dark" not in on.root.get_attribute("class")
    on.page.evaluate(f"((html, body) => {{ {darken} }})(document.documentElement, document.body)")
    on.page.wait_for_selector(".downhill-player.dark")
    assert on.picture() != light[0] and on.picture(".map .ground") != light[1]
    on.page.evaluate(
        """([html, body]) => { for (const node of [html, body]) for (const name of node.getAttributeNames()) node.removeAttribute(name); }""",
        on.page.evaluate_handle("[document.documentElement, document.body]"),
    )
    on.page.wait_for_selector(".downhill-player:not(.dark)")
    assert (on.picture(), on.picture(".map .ground")) == light


@pytest.mark.parametrize(("style", "dark"), [("html { color-scheme: light dark; }", True), ("", False)])
def test_a_dark_system_counts_where_the_page_follows_it(browser, race, style, dark):
    with laboratory.visit(browser, color_scheme="dark") as seen:
        on = Screen(seen.page, race, style=style)
        assert ("dark" in on.root.get_attribute("class").split()) == dark
        seen.assert_quiet()


def test_a_canvas_has_the_pixels_of_the_room_it_has(screen, race):
    on = screen(race)
    for width in ("700px", "400px"):
        on.page.evaluate("width => { document.querySelector('#host').style.width = width; }", width)
        wrong = on.page.evaluate(
            """async () => {
                for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
                const wrong = [];
                for (const canvas of document.querySelectorAll('canvas:not(.bars *)')) {
                    const { width, height } = await createImageBitmap(canvas);
                    const [needed, has] = [[canvas.clientWidth, canvas.clientHeight], [width, height]];
                    if (`${needed}` !== `${has}`) wrong.push([canvas.className, needed, has]);
                }
                return wrong;
            }"""
        )
        assert wrong == []


@pytest.mark.parametrize("width", ["360px", "620px", "1400px"])
def test_nothing_sticks_out(screen, grid, race, width):
    for player in (grid, race):
        on = screen(player, width=width)
        out = on.page.evaluate(
            """() => { const root = document.querySelector('.downhill-player'), box = root.getBoundingClientRect();
                return [...root.querySelectorAll('*')].filter((e) => {
                    const b = e.getBoundingClientRect();
                    return b.width && (b.right > box.right + 1 || b.left < box.left - 4);
                }).map((e) => e.outerHTML.slice(0, 80)); }"""
        )
        assert out == []
