"""The start: its handle, and the runs that follow it with no kernel."""

import lab as laboratory
import numpy as np
import pytest
from page import Screen

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.problems import Noise
from lib.surfaces import booth, double_well, rosenbrock


def ends(row):
    """The coordinates in a row of the table."""
    return np.array(eval(row[1].replace("−", "-")))


def moved(on):
    """Where the start stands, as a screen reader is told."""
    told = on.start.get_attribute("aria-valuetext").replace("−", "-")
    return [float(part.split()[1]) for part in told.split(", ")]


def test_arrow_keys_move_the_start_and_the_runs(screen, grid):
    on = screen(grid)
    on.root.get_by_role("slider", name="β₁").fill("2")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        on.start.press(key)
    across, up = np.ptp(grid.meta["window"], axis=1) / 40
    start = [round(-1.5 + 2 * across, 3), round(2 + up, 3)]
    np.testing.assert_allclose(moved(on), start, atol=6e-3)
    run = descend(rosenbrock, start, adam(lr=np.geomspace(1e-3, 1, 7)[3], beta1=0.99), 100)
    np.testing.assert_allclose(ends(on.row()), run.theta[-1], atol=6e-3)
    on.scrub.press("Home")
    on.start.press("ArrowRight")
    assert on.step == 100  # where the runs end is what another start changes


def test_dragging_moves_every_run_of_a_race(screen, race):
    on = screen(race)
    on.root.get_by_label("map shows").select_option("whole")
    left, top, width, height = on.box()
    on.page.mouse.move(left + 60, top + 90)
    on.page.mouse.down()
    on.page.mouse.move(left + width / 2, top + height / 4)
    on.page.mouse.up()
    on.page.mouse.move(left + 300, top + 300)
    np.testing.assert_allclose(moved(on), [0, 5], atol=0.05)
    opts = {"gd": gd(lr=0.05), "momentum": momentum(lr=0.01), "adam": adam(lr=0.5)}
    for i, opt in enumerate(opts.values()):
        run = descend(booth, moved(on), opt, 60)
        np.testing.assert_allclose(ends(on.row(i)), run.theta[-1], atol=0.02)


def test_a_tap_moves_the_start(browser, race):
    with laboratory.visit(browser, has_touch=True) as seen:
        on = Screen(seen.page, race)
        on.root.get_by_label("map shows").select_option("whole")
        left, top, width, height = on.box()
        seen.page.touchscreen.tap(left + width / 4, top + height / 4)
        np.testing.assert_allclose(moved(on), [-5, 5], atol=0.1)
        seen.assert_quiet()


def test_a_ball_starts_on_its_curve(screen):
    on = screen(Player(descend(double_well, [1.8], gd(lr=0.05), 40)))
    on.start.press("ArrowLeft")
    (start,) = moved(on)
    assert start < 1.8
    run = descend(double_well, [start], gd(lr=0.05), 40)
    np.testing.assert_allclose(float(on.row()[1].replace("−", "-")), run.theta[-1, 0], atol=6e-3)


@pytest.mark.parametrize("key", ["ArrowRight", "Shift+ArrowRight"])
def test_a_slider_goes_to_the_next_value_or_a_twentieth_of_the_way(screen, grid, key):
    on = screen(grid)
    rates = np.geomspace(1e-3, 1, 7)
    slider = on.root.get_by_role("slider", name="η")
    slider.press(key)
    lr = rates[4] if key == "ArrowRight" else float(f"{rates[3] * np.sqrt(10) ** 0.05:.4g}")
    run = descend(rosenbrock, (-1.5, 2.0), adam(lr=lr, beta1=0.9), 100)
    np.testing.assert_allclose(ends(on.row()), run.theta[-1], atol=6e-4)


def test_with_a_part_recorded_only_the_computed_runs_move(screen, race):
    noisy = descend(booth, (-8, 0), gd(lr=0.05), 60, gradient=Noise(1.0))
    on = screen(Player({"noisy": noisy, "gd": race._runs["gd"]}))
    hint = on.root.locator(".hint").inner_text()
    assert hint.endswith("noisy plays as recorded: its gradients are drawn at random.")
    before = [on.row(i) for i in (0, 1)]
    on.start.press("ArrowUp")
    assert on.row(0) == before[0] and on.row(1) != before[1]


def test_what_is_recorded_or_has_sliders_for_its_start_shows_no_handle(screen):
    on = screen(Player(descend(booth, (-8, 0), gd(lr=0.05), 20, gradient=Noise(1.0))))
    assert on.start.is_hidden()
    assert on.root.locator(".hint").inner_text() == "It plays as recorded: its gradients are drawn at random."


def test_a_slider_of_the_start_starts_there(screen):
    on = screen(Player(sweep(booth, ([-8, 0, 8], 0.0), gd, 20, lr=0.05)))
    assert on.start.is_hidden()
    on.root.get_by_role("slider", name="x at the start").fill("0.5")
    run = descend(booth, (-4, 0), gd(lr=0.05), 20)
    np.testing.assert_allclose(ends(on.row()), run.theta[-1], atol=6e-3)
