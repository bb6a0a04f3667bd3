"""Access: what the keyboard reaches, what a screen reader hears, forced colours, large text, less motion."""

import io
import re

import lab as laboratory
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from page import Screen
from PIL import Image

# The keyboard.


def test_tab_reaches_every_control(screen, grid):
    on = screen(grid)
    on.page.locator("#before").focus()
    names = []
    for _ in range(24):
        on.page.keyboard.press("Tab")
        names.append(
            on.page.evaluate(
                "(e => e.ariaLabel || e.closest('label')?.innerText || e.innerText || '')(document.activeElement)"
            )
            .split("\n")[0]
            .split(",")[0]
            .strip()
        )
    assert names[:3] == ["Play", "One step back", "One step forward"]
    assert names[3].startswith("Step") and names[4].startswith("speed") and names[5] == "Loop"
    assert names[6:8] == ["η", "β₁"]
    assert names[8:11] == ["Start", "adam", "map shows"]
    assert names[11:18] == [
        "minus g",
        "minus m",
        "minus m_hat",
        "step",
        "root of v",
        "root of v_hat",
        "step over m",
    ]
    assert names[18:21] == ["Inside a step", "Keep to compare", "Copy code"]
    assert names[21:24] == ["Save the picture as SVG", "Save the picture as PNG", "Full screen"]


def test_keys_stay_in_the_player(screen, grid):
    on = screen(grid)
    slider = on.root.get_by_role("slider", name="lr")
    for key in ("ArrowRight", "j", "d", "Escape", "Control+s"):
        slider.press(key)
    assert on.page.evaluate("keys") == ["Escape", "Control", "s"]


# What is said.


def test_labels_keep_up(screen, race):
    on = screen(race)
    on.scrub.fill("7")
    assert on.page.evaluate("named"), "pictures without a name while the page opens"
    assert on.scrub.get_attribute("aria-valuetext") == "7 of 60"
    on.wait_for_label(".paths", "step 7 of 60: gd f = ")
    on.wait_for_label(".curves", "step 7 of 60: gd from ")
    assert on.root.get_attribute("aria-label") == "Player: gd, momentum, adam on booth"


def test_announcements_say_where_the_run_is(screen, grid):
    on = screen(grid)
    on.button("One step back").click()
    on.wait_for_status("Step")
    assert re.fullmatch(r"Step 99 of 100: adam f = [\d.]+\.", on.status.inner_text())
    for slider, value in (("lr", "5"), ("Step", "40")):  # which says its own value
        on.root.get_by_role("slider", name=slider).fill(value)
        on.wait_for_status("adam")
        assert re.fullmatch(r"adam f = [\d.]+\.", on.status.inner_text())
        assert on.row()[2].strip() in on.status.inner_text()
        on.button("Keep to compare").click()
        on.wait_for_status("Kept. Move a slider or the start")
        on.button("Keep to compare").click()
    on.button("Play").click()
    on.wait_for_status("Playing.")
    on.button("Pause").click()
    on.wait_for_status("Step")
    on.button("adam").click()
    on.button("One step back").click()
    on.page.wait_for_function("document.querySelector('.status').textContent.endsWith(': no run is shown.')")


def test_what_is_switched_on_is_said(screen, inside):
    on = screen(inside)
    on.scrub.fill("7")
    run = inside.opening()["adam"]
    for name, values in (("minus g", -run.grad.values[7]), ("root of v", np.sqrt(run.v.values[8]))):
        box = on.root.get_by_role("checkbox", name=name, exact=True)
        box.check()
        on.wait_for_status(f"adam {name} (")
        said = on.status.inner_text().replace("−", "-")
        found = [float(number) for number in re.findall(r"[-\d.]+(?=[,)])", said)]
        np.testing.assert_allclose(found, values, rtol=6e-3)
    on.scrub.press("End")
    on.wait_for_status("adam f = ")
    assert "minus g (" in on.status.inner_text() and "root of v none at this step" in on.status.inner_text()


def test_playing_from_the_scrub_says_little(screen, race):
    """A screen reader queues each value of a slider that has the focus: here the first and the last."""
    on = screen(race)
    on.root.get_by_label("speed").select_option("4")
    on.page.evaluate(
        """() => { window.said = []; const input = document.querySelector('.scrub input');
            new MutationObserver(() => said.push(input.ariaValueText)).observe(input, { attributeFilter: ['aria-valuetext'] }); }"""
    )
    on.scrub.press("Space")
    on.wait_for_status("Step")
    said = on.page.evaluate("said")
    assert len(said) <= 3 and said[-1] == "60 of 60" and on.step == 60
    on.page.evaluate("said.length = 0")
    on.button("Play").click()
    on.page.wait_for_function("said.length > 5")


# What is seen.


@pytest.mark.parametrize("context", [{}, {"forced_colors": "active"}, {"color_scheme": "dark"}])
@pytest.mark.parametrize("width", ["360px", "900px"])
def test_axe_finds_nothing(browser, inside, context, width):
    with laboratory.visit(browser, **context) as seen:
        on = Screen(seen.page, inside, width=width)
        on.button("Keep to compare").click()
        on.root.get_by_role("slider", name="η").fill("2")
        on.scrub.fill("3")
        on.button("Inside a step").click()
        on.page.keyboard.press("ArrowDown")
        on.root.get_by_role("checkbox", name="root of v", exact=True).check()
        results = Axe().run(seen.page, context=".downhill-player")
        assert results.violations_count == 0, results.generate_report()
        seen.assert_quiet()


def test_forced_colours_draw_lines_and_no_land(browser, race):
    with laboratory.visit(browser, forced_colors="active") as seen:
        on = Screen(seen.page, race)
        data = Image.open(io.BytesIO(on.map.screenshot())).convert("RGB")
        most = max(data.getcolors(1 << 24))
        assert most[1] == (255, 255, 255) and most[0] > 0.7 * data.width * data.height
        seen.assert_quiet()


def test_twice_as_large_text_has_room(browser, inside):
    """200 % of a 1280 px window: 640 px."""
    with laboratory.visit(browser, device_scale_factor=2) as seen:
        seen.page.set_viewport_size({"width": 640, "height": 450})
        on = Screen(seen.page, inside, width="auto")
        assert on.page.evaluate("document.documentElement.scrollWidth") <= 640
        for name in ("Play", "Loop", "Keep to compare", "Copy code"):
            box = on.button(name).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 640
        seen.assert_quiet()


def test_with_reduced_motion_play_goes_in_whole_steps_and_says_so(browser, race):
    with laboratory.visit(browser, reduced_motion="reduce") as seen:
        on = Screen(seen.page, race)
        on.root.get_by_label("speed").select_option("8")
        on.button("Play").click()
        assert "whole steps" in on.root.locator(".note").inner_text() and on.button("Pause").is_visible()
        seen.page.wait_for_function(
            "document.querySelector('.scrub input').value === '30'"
        )  # 60 a second, 2 pictures
        on.button("Play").wait_for()
        assert on.step == 60 and "Step 60 of 60" in on.status.inner_text()
        seen.assert_quiet()


def test_the_start_says_that_it_can_be_dragged(screen, race):
    on = screen(race)
    hint = on.root.locator(".hint")
    assert hint.inner_text().startswith("Drag the ring")
    on.start.press("ArrowLeft")
    assert hint.is_hidden()
