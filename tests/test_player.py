"""The player's Python side: what it sends, what it says in words, what it refuses."""

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xarray as xr
from nbclient import NotebookClient
from PIL import Image

from lib.descend import descend, sweep
from lib.engine import optimizer
from lib.optimizers import adadelta, adagrad, adam, adamax, gd, momentum, rmsprop
from lib.player import Player
from lib.player.playground import Playground
from lib.player.wire import box
from lib.problems import Noise
from lib.schedules import cosine
from lib.surfaces import (
    booth,
    double_well,
    himmelblau,
    matyas,
    quadratic,
    rastrigin,
    ravine,
    rosenbrock,
    saddle,
    styblinski_tang,
    surface,
)
from lib.wrappers import clip_by_norm

LRS, BETAS = np.geomspace(1e-3, 1, 21), np.linspace(0, 0.99, 11)
PRECISION = 1e-7  # a single has 24 significant bits
NOISE = {"gradient": Noise(0.0)}  # none, but drawn at random: such runs play as recorded


@pytest.fixture(scope="module")
def grid():
    return sweep(rosenbrock, (-1.5, 2.0), adam, 200, lr=LRS, beta1=BETAS)


@pytest.fixture(scope="module")
def recorded():
    return sweep(rosenbrock, (-1.5, 2.0), adam, 200, lr=LRS, beta1=BETAS, **NOISE)


@pytest.fixture(scope="module")
def race():
    return {
        "gd": descend(booth, (-8, 0), gd(lr=0.05), 60),
        "momentum": descend(booth, (-8, 0), momentum(lr=0.01), 60),
        "adam": descend(booth, (-8, 0), adam(lr=0.5), 60),
    }


def unpack(player):
    """What the page reads: the wire format, taken apart from its description and not from lib."""
    meta, numbers = player.meta, np.frombuffer(player.data, "<f4")
    series, first = {}, 0
    for one in meta["series"]:
        assert ("rule" in one) != ("recorded" in one)
        if "rule" in one:
            continue
        shape = [len(meta["axes"][axis]["values"]) for axis in one["axes"]]
        shape += [len(meta["coords"]) * (1 + len(one["inner"])) + 2, len(meta["steps"])]
        series[one["name"]] = numbers[first : first + np.prod(shape)].reshape(shape)
        first += int(np.prod(shape))
    assert first == len(numbers)
    return series


# What reaches the page.


def test_the_page_computes_a_grid(grid):
    """From its documents and what they are given: nothing recorded travels."""
    player = Player(grid)
    assert player.meta["coords"] == ["x", "y"] and player.data == b""
    assert [axis["name"] for axis in player.meta["axes"]] == ["lr", "beta1"]
    assert player.meta["axes"][0]["values"] == LRS.tolist()
    (series,) = player.meta["series"]
    assert series["rule"]["name"] == "adam" and player.meta["surface"]["name"] == "rosenbrock"
    assert series["given"].keys() == {"lr", "beta1", "beta2", "eps"} and player.meta["start"] == [-1.5, 2.0]


def test_the_wire_carries_a_recorded_grid(recorded):
    player = Player(recorded)
    assert player.meta["series"][0]["recorded"] == "its gradients are drawn at random"
    data = unpack(player)["adam"]
    assert data.shape == (21, 11, 4, 201)
    want = [recorded.theta.sel(coord="x"), recorded.theta.sel(coord="y"), recorded.loss, recorded.grad_norm]
    for channel, values in enumerate(want):
        values = values.transpose("lr", "beta1", "step").values
        np.testing.assert_allclose(data[:, :, channel], values, rtol=PRECISION)


def test_the_wire_carries_what_of_a_race_was_recorded(race):
    noisy = descend(booth, (-8, 0), gd(lr=0.05), 60, gradient=Noise(1.0), seed=3)
    player = Player(race | {"noisy": noisy})
    data = unpack(player)
    assert list(data) == ["noisy"] and [
        one["name"] for one in player.meta["series"] if "rule" in one
    ] == list(race)
    np.testing.assert_allclose(data["noisy"][:2], noisy.theta.values.T, rtol=PRECISION)


def test_the_wire_carries_one_coordinate_and_the_loss_above_the_minimum():
    run = descend(double_well, [1.8], gd(lr=0.05), 40, **NOISE)
    player = Player(run)
    assert player.meta["coords"] == ["x"]
    lowest = float(double_well(double_well.minima[0]))
    assert player.meta["floor"] == lowest
    np.testing.assert_allclose(unpack(player)["gd"][1], run.loss - lowest, rtol=1e-6)


def test_every_special_value_arrives(race):
    run = race["gd"].copy(deep=True).assign_attrs(NOISE)
    values = [0.0, np.inf, np.nan, 3e38]
    run["loss"][:4] = values

    @surface(window=booth.window)
    def special(x, y):
        there = [x == run.theta.values[step, 0] for step in range(4)]
        return np.select(there, values, booth((x, y))), (x, y)

    run = run.assign_attrs(surface=special)
    sent = unpack(Player(run))["gd"][2]
    assert sent[0] == 0 and np.isinf(sent[1]) and np.isnan(sent[2])
    np.testing.assert_allclose(sent[3], 3e38, rtol=PRECISION)


def test_a_grid_of_starts_and_settings_in_any_order(recorded):
    turned = recorded.transpose("beta1", "lr", "coord", "step")
    data = unpack(Player(turned))["adam"]
    np.testing.assert_allclose(data[3, 4, 2], recorded.loss.isel(beta1=3, lr=4), rtol=PRECISION)


def test_series_share_sliders():
    both = {
        "gd": sweep(booth, (-8, 0), gd, 20, lr=[0.01, 0.05]),
        "momentum": sweep(booth, (-8, 0), momentum, 20, lr=[0.01, 0.05], beta=[0.5, 0.8, 0.9], **NOISE),
        "adam": descend(booth, (-8, 0), adam(lr=0.5), 20),
    }
    player = Player(both, at={"beta": 0.83})
    assert [axis["name"] for axis in player.meta["axes"]] == ["lr", "beta"]
    assert [series["axes"] for series in player.meta["series"]] == [[0], [0, 1], []]
    assert player.meta["at"] == [1, 1]
    assert unpack(player)["momentum"].shape == (2, 3, 4, 21)


def test_a_diverged_run_is_nan_after_its_last_point():
    run = sweep(booth, (-8, 0), gd, 400, lr=[0.05, 10.0], **NOISE)
    assert run.diverged.values.tolist() == [False, True]
    data = unpack(Player(run))["gd"]
    assert np.isfinite(data[0]).all()
    x = run.theta.isel(lr=1).sel(coord="x").values
    last = int(np.flatnonzero(np.diff(x))[-1]) + 1
    assert np.isnan(data[1, :, last + 1 :]).all() and not np.isnan(data[1, :2, : last + 1]).any()


def test_a_run_that_has_arrived_is_not_cut():
    run = descend(booth, booth.minima[0], gd(lr=0.1), 10, **NOISE)
    assert np.isfinite(unpack(Player(run))["gd"]).all()


def test_a_page_with_a_large_grid_is_small(grid):
    """Less than the script that draws it, which a page has once."""
    state = Player(grid).get_state()
    assert sum(len(json.dumps(state[name])) for name in ("meta", "landscape")) + len(state["data"]) < 60_000


# What is inside, where it is looked at, how it is made again.


def test_the_wire_carries_inner_quantities_of_the_step_about_to_be_taken():
    run = descend(booth, (-8, 0), adam(lr=0.5), 30, record=["grad", "m", "v"], **NOISE)
    player = Player(run)
    inner = player.meta["series"][0]["inner"]
    assert [(q["name"], q["kind"]) for q in inner] == [
        *(("−g", "arrow"), ("−m", "arrow"), ("√v", "bar"), ("step/m", "bar"))
    ]
    sent = unpack(player)["adam"]
    assert sent.shape == (4 + 2 * 4, 31)
    np.testing.assert_allclose(sent[4:6], -run.grad.values.T, rtol=PRECISION)
    np.testing.assert_allclose(sent[6:8, :-1], -run.m.values.T[:, 1:], rtol=PRECISION)
    np.testing.assert_allclose(sent[8:10, :-1], np.sqrt(run.v.values.T[:, 1:]), rtol=PRECISION)
    t, (beta1, beta2) = np.arange(1, 31), (0.9, 0.999)  # Adam's own rate: lr / (1 − β₁ᵗ) / (√v̂ + ε)
    rate = 0.5 / (1 - beta1**t) / (np.sqrt(run.v.values.T[:, 1:] / (1 - beta2**t)) + 1e-8)
    np.testing.assert_allclose(sent[10:, :-1], rate, rtol=1e-4)
    assert np.isnan(sent[6:, -1]).all()  # after the last step none is taken


@pytest.mark.parametrize(
    ("opt", "record", "names"),
    [
        (momentum(lr=0.01), ["v"], ["−v", "step/v"]),
        (rmsprop(lr=0.1), ["grad", "v"], ["−g", "√v", "step/g"]),
        (adagrad(lr=0.1), ["s"], ["√s"]),
        (adadelta(), ["v", "u"], ["√v", "√u"]),
        (adamax(), ["m", "u"], ["−m", "u", "step/m"]),
        (gd(lr=0.1), [], []),
    ],
)
def test_slots_are_named_for_what_they_are(opt, record, names):
    run = descend(booth, (-8, 0), opt, 5, record=record, **NOISE)
    assert [q["name"] for q in Player(run).meta["series"][0]["inner"]] == names


def test_between_steps_that_were_left_out_there_is_no_rate():
    run = descend(booth, (-8, 0), adam(lr=0.5), 30, record=["m"], every=10, **NOISE)
    assert [q["name"] for q in Player(run).meta["series"][0]["inner"]] == ["−m"]


def test_inner_quantities_can_be_left_out(recorded):
    full = sweep(rosenbrock, (-1.5, 2.0), adam, 200, lr=LRS, beta1=BETAS, record=["grad", "m"], **NOISE)
    assert Player(full, inner=False).data == Player(recorded).data
    assert len(Player(full).data) == len(Player(recorded).data) / 4 * 10


@pytest.mark.parametrize(
    ("run", "code"),
    [
        (
            lambda: descend(booth, (-8, 0), gd(lr=0.05), 60),
            "descend(booth, ({0}, {1}), gd(lr=0.05), steps=60)",
        ),
        (
            lambda: descend(ravine(20), (1, 0), adam(lr=cosine(0.1, 50)), 60, every=10, record=["m"]),
            "descend(ravine(kappa=20), ({0}, {1}), adam(lr=cosine(peak=0.1, steps=50, end=0.0)), steps=60, "
            "every=10, record=['m'])",
        ),
        (
            lambda: sweep(booth, ([-8, 8], 0), momentum, 9, lr=[0.01, 0.02]),
            "descend(booth, ({start_x}, {1}), momentum(lr={lr}), steps=9)",
        ),
        (
            lambda: sweep(booth, (-8, 0), momentum, 9, lr=[0.01, 0.02]).isel(lr=1),
            "descend(booth, ({0}, {1}), momentum(lr=0.02), steps=9)",
        ),
        (
            lambda: descend(booth, (-8, 0), clip_by_norm(gd, 2)(lr=0.05), 9),
            "descend(booth, ({0}, {1}), clip_by_norm(gd, 2.0)(lr=0.05), steps=9)",
        ),
        (
            lambda: descend(double_well, [1.8], gd(lr=0.05), 9),
            "descend(double_well, [{0}], gd(lr=0.05), steps=9)",
        ),
        (lambda: descend(booth, (-8, 0), gd(lr=0.05), 9).drop_attrs().assign_attrs(surface=booth), None),
    ],
)
def test_each_series_says_how_it_is_made(run, code):
    assert Player({"run": run()}).meta["series"][0]["code"] == code


def test_a_run_from_another_start_opens_in_a_window_that_has_it():
    for start in [(-8, 0), (14, -3), (0.9, 3.1)]:
        player = Player(descend(booth, start, gd(lr=0.05), 60))
        for point in (start, booth.minima[0]):
            assert all(low <= c <= high for c, (low, high) in zip(point, box(player.meta), strict=True))


def test_what_leaves_the_window_does_not_widen_it():
    player = Player(descend(saddle, (1.5, 1e-3), gd(lr=0.1), 200))
    assert player.meta["window"] == [list(ends) for ends in saddle.window]
    diverged = Player(descend(booth, (-8, 0), gd(lr=10.0), 400))
    assert diverged.meta["window"] == [list(ends) for ends in booth.window]


def test_marks_are_the_surfaces():
    marks = Player(descend(himmelblau, (0, 0), gd(lr=0.01), 5)).meta["marks"]
    assert len(marks["minima"]) == 4 and len(marks["saddles"]) == 4
    assert Player(descend(double_well, [1.0], gd(lr=0.01), 5)).meta["marks"]["minima"][0] == [
        double_well.minima[0][0],
        float(double_well(double_well.minima[0])),
    ]


def test_the_landscapes_contours_lie_at_one_height():
    """Points of a contour, taken from its path as the page reads it, have all the same f."""
    landscape = Player(descend(booth, (-8, 0), gd(lr=0.05), 5)).landscape
    levels = []
    for shape in landscape["shapes"][3:]:  # those before are a few units small
        parts = [
            np.reshape([int(n) for n in re.findall(r"-?\d+", part)], (-1, 2)).cumsum(axis=0)
            for part in shape["d"].split("M")[1:]
        ]
        x, y = np.concatenate(parts).T / landscape["unit"]
        inside = (np.minimum(x, y) > 0.001) & (np.maximum(x, y) < 0.999)  # not the window's edge
        heights = booth((20 * x[inside] - 10, 10 - 20 * y[inside])) ** 0.25
        assert len(heights) > 5
        np.testing.assert_allclose(heights, heights.mean(), rtol=0.02)
        levels.append(heights.mean())
    np.testing.assert_allclose(np.diff(levels[1:]), np.diff(levels[1:]).mean(), rtol=0.01)


@pytest.mark.parametrize("surface", [booth, rosenbrock, himmelblau, rastrigin, saddle, double_well])
def test_a_landscape_is_small(surface):
    start = [0.5] * len(surface.window)
    assert len(json.dumps(Player(descend(surface, start, gd(lr=0.001), 5)).landscape)) < 130_000


@pytest.mark.parametrize(
    "chapter", sorted((Path(__file__).parents[1] / "chapters").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_the_players_of_a_chapter_are_these_and_add_less_than_a_megabyte(chapter):
    widgets = nbformat.read(chapter, as_version=4).metadata.get("widgets", {})
    assert len(json.dumps(widgets)) < 1_000_000
    for model in widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {}).values():
        if "landscape" in model["state"]:
            now = Playground if "choices" in model["state"] else Player
            assert model["state"]["_esm"] == str(now._esm), f"make execute CHAPTER={chapter.name[:2]}"


# What the page cannot compute, and why.


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (lambda: descend(booth, (-8, 0), gd(lr=0.05), 9, gradient=Noise(1.0)), "drawn at random"),
        (lambda: descend(booth, [[-8, 0], [0, 1]], gd(lr=0.05), 9).isel(run=0), "start"),
        (
            lambda: descend(booth, (-8, 0), gd(lr=0.05), 9).drop_attrs().assign_attrs(surface=booth),
            "does not say its",
        ),
        (lambda: descend(booth, (-8, 0), branching(lr=0.05), 9), "branching cannot be written down"),
        (lambda: changed(descend(booth, (-8, 0), gd(lr=0.05), 9)), "its numbers are not those of its rule"),
    ],
    ids=["noise", "many starts", "by hand", "a branch", "changed"],
)
def test_what_is_not_computed_says_why(run, why):
    run = run()
    if why == "start":  # a part of several starts: where it starts is in its path
        assert "rule" in Player(run).meta["series"][0] and Player(run).meta["start"] == [-8.0, 0.0]
    else:
        assert why in Player({"run": run}).meta["series"][0]["recorded"]


def changed(run):
    run["theta"][5:] += 0.1
    run["loss"][5:] = booth(run.theta.values[5:].T)
    return run


@optimizer
def branching(theta, g, t, *, lr):
    return theta - lr * g if np.sum(g) > 0 else theta - 0.5 * lr * g


# What a page without widgets shows, and what nbval compares.


def test_mimebundle_has_widget_text_and_still(race):
    data, _ = Player(race)._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/plain", "image/png"}
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.format == "PNG" and picture.width > 600 and "Software" not in picture.info
    assert data["text/plain"].splitlines()[0] == "booth, 60 steps"


def test_text_has_rounded_numbers(grid):
    lines = Player(grid, at={"lr": 0.1, "beta1": 0.9}).text().splitlines()
    run = grid.sel(lr=0.1, beta1=0.9, method="nearest").isel(step=-1)
    x, y = run.theta.values
    assert lines[0] == "rosenbrock, 200 steps, lr (21 values), beta1 (11 values)"
    assert lines[1] == f"  adam: (-1.5, 2) → ({x:.4g}, {y:.4g}), f = {float(run.loss):.4g}"


def test_text_says_what_diverged():
    assert "diverged" in Player(descend(booth, (-8, 0), gd(lr=10.0), 400)).text()


@pytest.mark.parametrize("noise", [1e-13, -1e-13, 1e-12])
def test_text_and_digest_ignore_noise(race, grid, noise):
    rng = np.random.default_rng(0)
    noisy = {name: run.copy(deep=True) for name, run in race.items()}
    for run in noisy.values():
        run["theta"] = run["theta"] + noise * rng.standard_normal(run["theta"].shape)
    assert Player(noisy).text() == Player(race).text()
    shaken = grid.assign(theta=grid.theta + noise * rng.standard_normal(grid.theta.shape))
    assert Player(shaken).digest() == Player(grid).digest()


def test_digest_changes_with_the_trajectory(race, grid):
    digests = {Player(race).digest()}
    for name, opt in {"gd": gd(lr=0.0501), "momentum": momentum(lr=0.01, beta=0.901)}.items():
        digests.add(Player({**race, name: descend(booth, (-8, 0), opt, 60)}).digest())
    digests.add(Player(race | {"gd": descend(booth, (-8, 0.01), gd(lr=0.05), 60)}).digest())
    digests.add(Player({"a": race["gd"], "b": race["momentum"], "c": race["adam"]}).digest())
    assert len(digests) == 5
    for axis, values in {"lr": LRS * 1.001, "beta1": BETAS * 0.999}.items():
        axes = {"lr": LRS, "beta1": BETAS, axis: values}
        assert Player(sweep(rosenbrock, (-1.5, 2.0), adam, 200, **axes)).digest() != Player(grid).digest()


def test_everything_is_the_same_twice(race):
    first, second = Player(race), Player(race)
    assert first.still() == second.still() and first.landscape == second.landscape
    assert first.text() == second.text() and first.data == second.data


@pytest.mark.parametrize(
    ("surface", "start", "opt"),
    [
        (saddle, (1.5, 1e-3), gd(lr=0.1)),
        (styblinski_tang, (0.5, 0.5), gd(lr=0.01)),
        (double_well, [1.8], gd(lr=0.05)),
        (double_well, [1.8], gd(lr=5.0)),
        (booth, (-8, 0), gd(lr=10.0)),
    ],
)
def test_every_kind_of_surface_and_outcome_has_a_still(surface, start, opt):
    data, _ = Player(descend(surface, start, opt, 300))._repr_mimebundle_()
    assert len(data["image/png"]) > 10_000


def test_a_still_shows_how_far_below_its_start_a_loss_ends(monkeypatch):
    monkeypatch.setattr("lib.player._png", lambda figure: figure)
    bowl = surface(window=((-2, 2), (-2, 2)), name="bowl")(lambda x, y: (x * x + y * y - 1, (2 * x, 2 * y)))
    shown = Player(descend(bowl, (0.6, 0.8001), gd(lr=0.1), 20)).still().axes[1].lines[0].get_ydata()
    assert shown[0] == pytest.approx(1.6e-4, rel=1e-2)
    assert shown[-1] == pytest.approx(-1, abs=1e-3)


def test_no_steps_at_all(race):
    player = Player(race["gd"].isel(step=[0]))
    assert player.text().splitlines()[0] == "booth, 0 steps"
    assert player.still()


def test_a_saved_notebook_keeps_widget_text_and_still(tmp_path):
    source = """
        from lib.descend import descend
        from lib.optimizers import gd
        from lib.player import Player
        from lib.surfaces import booth
        Player(descend(booth, (-8, 0), gd(lr=0.05), 30))
    """
    cell = nbformat.v4.new_code_cell("\n".join(line.strip() for line in source.strip().splitlines()))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, store_widget_state=True, kernel_name="python3").execute()
    data = notebook.cells[0].outputs[0].data
    assert {"text/plain", "image/png"} < set(data)
    assert "digest" in data["text/plain"]
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    state = states[data["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert state["state"]["meta"]["title"] == "booth"
    assert [buffer["path"] for buffer in state["buffers"]] == [["data"]]
    assert len(json.dumps(state)) < 200_000


# What it refuses.


class NoSurface:
    name = "nothing"


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (lambda run: [run], TypeError, "was given a list; it plays a Dataset"),
        (lambda run: run.theta, TypeError, "was given a DataArray"),
        (lambda run: {}, ValueError, "no runs; give it at least one"),
        (lambda run: {"gd": run.theta}, TypeError, "'gd' is a DataArray; give a Dataset"),
        (lambda run: run.drop_vars(["loss", "grad_norm"]), ValueError, "'gd' has no loss, grad_norm"),
        (lambda run: run.drop_attrs(), ValueError, r"does not say its surface; set run.attrs\['surface'\]"),
        (lambda run: run.assign_attrs(surface=NoSurface()), ValueError, "does not say its surface"),
        (lambda run: run.isel(step=slice(0, 0)), ValueError, "at least the start"),
        (
            lambda run: {"a": run, "b": run.isel(step=slice(5))},
            ValueError,
            "each step in common; .* 0 … 60 and 0 … 4",
        ),
        (
            lambda run: {"a": run, "b": descend(matyas, (1, 1), gd(lr=0.1), 60)},
            ValueError,
            "booth and matyas",
        ),
        (
            lambda run: {
                n: sweep(booth, (0, 0), gd, 9, lr=lr) for n, lr in {"a": [0.1, 0.2], "b": [0.1, 0.3]}.items()
            },
            ValueError,
            "'b' has other values of lr",
        ),
    ],
)
def test_wrong_input_is_named(race, given, error, says):
    with pytest.raises(error, match=says):
        Player(given(race["gd"]))


def test_too_many_coordinates_are_named():
    with pytest.raises(ValueError, match=r"one or two coordinates.*plot the loss"):
        Player(descend(quadratic(1, 2, 3), (1, 1, 1), gd(lr=0.1), 5))


def test_an_unknown_axis_to_open_at_is_named(grid):
    with pytest.raises(ValueError, match="at has beta2; the sweep axes are lr, beta1"):
        Player(grid, at={"beta2": 0.9})


def test_a_dataset_made_by_hand_plays_as_recorded(race):
    run = race["gd"]
    bare = xr.Dataset(run.data_vars, run.coords, {"surface": booth})
    player = Player({"mine": bare})
    assert "recorded" in player.meta["series"][0] and len(player.digest()) == 8
