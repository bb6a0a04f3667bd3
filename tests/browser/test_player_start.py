"""The start: its handle, and what is asked of the kernel when it moves."""

import numpy as np

from lib.descend import descend, sweep
from lib.optimizers import adam, gd
from lib.player import Player
from lib.surfaces import booth, rosenbrock


def test_without_a_kernel_the_start_stays(screen, race):
    on = screen(race)
    before = on.picture()
    assert on.page.evaluate("sent") == [{"hello": True}]
    assert on.start.is_hidden()
    on.map.click(position={"x": 200, "y": 200})
    on.page.mouse.move(1, 1)
    on.start.dispatch_event("keydown", {"key": "ArrowRight"})
    assert on.sent() == [] and on.picture() == before
    on.wake()
    assert on.start.is_visible() and on.picture() != before


def test_what_cannot_be_moved_shows_no_handle(screen):
    on = screen(Player(sweep(booth, ([-8, 0, 8], 0.0), gd, 20, lr=0.05)))
    before = on.picture()
    on.wake()
    assert on.picture() == before and on.start.is_hidden()


def test_arrow_keys_ask_for_another_start_one_at_a_time(screen, grid):
    on = screen(grid)
    on.wake()
    on.root.get_by_role("slider", name="beta1").fill("2")
    old = on.row()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        on.start.press(key)
    right = on.sent()[0]["start"][0]
    assert on.sent() == [{"start": [right, 2], "at": [3, 2]}] and -1.5 < right < -1.3
    assert on.row() == old

    on.answer()  # with the run on screen: it is drawn, and what waited is asked for
    one = descend(rosenbrock, (right, 2.0), adam(lr=np.geomspace(1e-3, 1, 7)[3], beta1=0.99), 100)
    shown = on.row()
    np.testing.assert_allclose(eval(shown[1].replace("−", "-")), one.theta[-1], atol=6e-4)
    (across, up) = np.ptp(grid.meta["window"], axis=1) / 40
    np.testing.assert_allclose(on.sent()[1]["start"], [-1.5 + 2 * across, 2 + up], atol=2e-3)
    on.page.evaluate("tell({ error: 'no' })")
    assert on.status.inner_text() == "no" and len(on.sent()) == 2 and on.row() == shown
    assert on.start.get_attribute("aria-valuetext") == f"x {right:.2f}, y 2.00".replace("-", "−")


def test_the_handle_moves_at_once_and_the_runs_with_the_answer(screen, grid):
    on = screen(grid)
    on.wake()
    before, loss, row = on.picture(), on.picture(".curves"), on.row()
    on.start.press("ArrowRight")
    moved = on.picture()
    assert moved != before and (on.picture(".curves"), on.row()) == (loss, row)
    on.answer()
    assert on.picture() != moved and on.picture(".curves") != loss and on.row() != row
    on.scrub.press("Home")
    on.start.press("ArrowRight")
    assert on.step == 100  # where the runs end is what another start changes


def test_all_runs_are_asked_for_once_the_start_stays(screen, grid):
    on = screen(grid)
    on.wake()
    on.start.press("ArrowRight")
    on.answer()
    on.page.wait_for_function("sent.at(-1).all")
    assert on.page.evaluate("sent.at(-1)") == {"all": on.sent()[-1]["start"]}
    on.wait_for_status("Step 100 of 100: adam f = ")
    on.answer()
    on.root.get_by_role("slider", name="lr").fill("5")
    one = descend(rosenbrock, grid.start, adam(lr=np.geomspace(1e-3, 1, 7)[5]), 100)
    np.testing.assert_allclose(eval(on.row()[1].replace("−", "-")), one.theta[-1], atol=6e-4)


def test_a_kernel_that_does_not_answer_is_mentioned(screen, grid):
    on = screen(grid)
    on.wake()
    on.start.press("ArrowRight")
    on.page.wait_for_function("document.querySelector('.status').textContent.includes('not answered yet')")
    on.answer()
    assert "not answered" not in on.status.inner_text()


def test_dragging_asks_for_another_start(screen, race):
    on = screen(race)
    on.wake()
    on.root.get_by_label("map shows").select_option("whole")
    left, top, width, height = on.box()
    on.page.mouse.move(left + 60, top + 90)
    on.page.mouse.down()
    on.page.mouse.move(left + width / 2, top + height / 4)
    on.answer()
    on.page.mouse.up()
    on.page.mouse.move(left + 300, top + 300)
    asked = on.sent()
    assert len(asked) == 2
    np.testing.assert_allclose(asked[1]["start"], [0, 5], atol=0.05)
