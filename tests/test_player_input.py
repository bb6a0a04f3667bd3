"""What a player is given: played where it can be, and told in words where not."""

import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lib import plotting
from lib.descend import descend, sweep
from lib.optimizers import adam, gd
from lib.player import Player
from lib.problems import Noise, linear_regression
from lib.surfaces import booth, rosenbrock, surface

GRID = sweep(rosenbrock, (-1.5, 2), gd, 30, lr=[1e-3, 2e-3, 1.0])
ENDS_ALIKE = sweep(
    rosenbrock, (-1.5, 2), adam, 10, lr=[0.1, 0.2], beta1=[0.5, 0.9]
)  # their mean's last loss nearly fits
RUN = descend(rosenbrock, (-1.5, 2), adam(lr=0.1), 30)


def shown(player):
    """A player's text, after everything that it publishes was made: JSON with no NaN, a still."""
    json.dumps(player.meta, allow_nan=False)
    json.dumps(player.landscape, allow_nan=False)
    assert player.landscape["shapes"] and not any(
        "n" in shape["d"].lower() for shape in player.landscape["shapes"]
    )
    assert player.still()[:4] == b"\x89PNG"
    return player.text()


def single(run):
    with np.errstate(over="ignore"):
        return run.astype("f4")


@pytest.mark.parametrize(
    "same",
    [
        lambda run: run.sel(coord=["y", "x"]),
        lambda run: run.isel(step=slice(None, None, -1)),
        lambda run: run.assign_coords(step=run.step.astype(float)),
        lambda run: run.transpose(..., "step"),
        single,
        lambda run: run.assign(diverged=run.diverged.astype("i1")),
        lambda run: run.assign_attrs(surface=rosenbrock),
        lambda run: run.assign_attrs({name: str(value) for name, value in run.attrs.items()}),
    ],
)
@pytest.mark.parametrize("run", [RUN, GRID], ids=["run", "grid"])
def test_the_same_run_in_another_form_plays_the_same(run, same):
    given, before = Player(same(run)), Player(run)
    assert shown(given).splitlines()[:2] == shown(before).splitlines()[:2]
    assert given.meta["series"] == before.meta["series"]


def test_an_axis_of_another_name_plays_as_recorded():
    player = Player(GRID.rename(lr="rate"))
    assert "rate is no axis of a sweep" in player.meta["series"][0]["recorded"]
    assert player.meta["series"][0]["code"] is None
    assert shown(player).splitlines()[1] == shown(Player(GRID)).splitlines()[1]


def test_a_stopped_run_and_seeds_play_as_recorded():
    stopped = Player(descend(rosenbrock, (-1.5, 2), adam(lr=0.1), 30, tol=1.0))
    assert stopped.meta["series"][0]["recorded"] and ", tol=1.0)" in stopped.meta["series"][0]["code"]
    seeds = Player(sweep(booth, (0, 0), gd, 9, lr=0.01, gradient=Noise(0.1), seed=[3, 5]))
    assert [axis["name"] for axis in seeds.meta["axes"]] == ["seed"]
    assert "seed={seed}" in seeds.meta["series"][0]["code"]
    shown(stopped), shown(seeds)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda: Player(GRID.mean("lr")), ValueError, "does not hold runs down rosenbrock"),
        (lambda: Player(ENDS_ALIKE.mean("lr")), ValueError, "is not the value at theta in every step"),
        (lambda: Player(GRID.assign(theta=GRID.theta * 1j)), TypeError, "has theta of dtype complex128"),
        (lambda: Player(GRID.isel(lr=[0, 1]).mean("lr")), ValueError, "Of a mean or a mask choose the runs"),
        (lambda: Player(GRID.where(~GRID.diverged)), ValueError, "does not hold runs down rosenbrock"),
        (lambda: Player(RUN.assign(theta=2 * RUN.theta)), ValueError, "does not hold runs"),
        (lambda: Player(RUN.assign_attrs(surface=booth)), ValueError, "does not hold runs down booth"),
        (lambda: Player(RUN, GRID), TypeError, "give a dict of them"),
        (lambda: Player(GRID.isel(lr=[])), ValueError, "has no runs"),
        (lambda: Player(RUN.sel(coord=["x"])), ValueError, "has the coordinates x, rosenbrock x, y"),
        (lambda: Player(RUN.assign_coords(coord=["a", "b"])), ValueError, "has the coordinates a, b"),
        (lambda: Player(RUN.assign_coords(step=RUN.step + 0.5)), ValueError, "each is a whole number, and there once"),
        (lambda: Player(RUN.assign_coords(step=0 * RUN.step)), ValueError, "and there once"),
        (lambda: Player(RUN.assign_coords(step=[f"{i}" for i in range(31)])), ValueError, "has the axis step with the values"),
        (lambda: Player(GRID.assign_coords(lr=["a", "b", "c"])), ValueError, "a slider needs the numbers of a sweep"),
        (lambda: Player(GRID.assign_coords(lr=[1, np.nan, 2])), ValueError, "a slider needs the numbers"),
        (lambda: Player(sweep(booth, (0, 0), adam, 5, lr=[0.1], beta1=[0.5]).stack(z=("lr", "beta1"))), ValueError, "the axis z"),
        (lambda: Player({"": RUN}), ValueError, "a run is called ''"),
        (lambda: Player({"_": RUN}), ValueError, "a run is called '_'"),
        (lambda: Player(GRID, at=[0.1]), TypeError, "at is [0.1]; give a dict"),
        (lambda: Player(GRID, at=0.1), TypeError, "at is 0.1; give a dict"),
        (lambda: Player(GRID, at={"lr": "small"}), TypeError, "at['lr'] is 'small'; give the number"),
        (lambda: Player(GRID, at={"lr": [0.1, 0.2]}), ValueError, "at['lr'] is [0.1, 0.2]"),
        (lambda: Player(GRID, at={"lr": np.nan}), ValueError, "at['lr'] is nan"),
        (lambda: Player(descend(linear_regression(np.eye(2), [1, 2]), (0, 0), gd(lr=0.1), 3)), ValueError, "has no window to look at"),
        (lambda: Player(RUN.drop_vars("step")), ValueError, "has no step"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_told(given, error, message):
    with pytest.raises(error, match=re.escape(message)) as raised:
        given()
    assert type(raised.value) is error


UNDEFINED = {
    "a barrier": ([(-1, 3)], [(1,)], lambda x: (x - np.log(x), (1 - 1 / x,)), [2.0]),
    "a barrier of two": ([(-1, 3)] * 2, [(1, 1)], lambda x, y: (x - np.log(x) + y - np.log(y), (1 - 1 / x, 1 - 1 / y)), [2.0, 0.5]),
    "a pole": ([(-2, 2)], [], lambda x: (1 / x + x, (1 - 1 / x**2,)), [0.5]),
    "a pole of two": ([(-2, 2)] * 2, [], lambda x, y: (1 / (x * x + y * y) + x, (1 - 2 * x / (x * x + y * y) ** 2, -2 * y / (x * x + y * y) ** 2)), [1.0, 1.0]),
    "a root": ([(-1, 3)] * 2, [], lambda x, y: (np.sqrt(x) + y * y, (0.5 / np.sqrt(x), 2 * y)), [2.0, 0.5]),
    "flat": ([(-1, 3)] * 2, [(1, 1)], lambda x, y: (0 * x + 1, (0 * x, 0 * y)), [2.0, 0.5]),
    "flat, with no minimum": ([(-1, 3)] * 2, [], lambda x, y: (0 * x + 1, (0 * x, 0 * y)), [2.0, 0.5]),
    "a flat curve": ([(-1, 3)], [], lambda x: (0 * x + 1, (0 * x,)), [2.0]),
    "nowhere": ([(-3, -1)] * 2, [(-2, -2)], lambda x, y: (np.sqrt(x) + y, (0.5 / np.sqrt(x), 0 * y + 1)), [-2.0, -2.0]),
    "huge": ([(-2, 2)] * 2, [(0, 0)], lambda x, y: (1e300 * (x * x + y * y), (2e300 * x, 2e300 * y)), [1.0, 1.0]),
    "by its number": ([(-2, 2)] * 2, [], lambda x, y: (1, (0, 0)), [1.0, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDEFINED)
def test_a_surface_that_is_not_everywhere_defined_plays(name):
    """Warnings are errors here: nobody is warned of points that are only looked at."""
    window, minima, function, start = UNDEFINED[name]
    f = surface(window, minima, name=name)(function)
    player = Player(descend(f, start, gd(lr=0.05), 20))
    shown(player)
    assert len(player.landscape["shapes"]) >= len(window)
    (low, high), top = player.meta["window"][0], player.meta["window"][1]
    assert low < high and top[0] < top[1] and player.meta["range"][0] < player.meta["range"][1]
    ax = plotting.landscape(f, plt.figure().add_subplot())
    ax.figure.canvas.draw()
    plt.close("all")


def test_the_curve_of_a_pole_is_drawn_beside_it():
    f = surface([(-2, 2)], name="pole")(lambda x: (1 / x, (-1 / x**2,)))
    drawn = plotting.landscape(f, plt.figure().add_subplot()).lines[0].get_xydata()
    plt.close("all")
    x, y = drawn[np.isfinite(drawn[:, 1])].T
    assert (len(x) == 480 and np.array_equal(x * y, np.ones(480))) or np.allclose(x * y, 1)
    player = Player(descend(f, [1.0], gd(lr=0.1), 3))
    assert player.landscape["shapes"][0]["d"].count("M") == 2, "two branches"
