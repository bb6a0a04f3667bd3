"""descend and sweep: a sweep is its runs one by one; what diverges is frozen, flagged and disturbs nobody."""

import re

import numpy as np
import pytest
import xarray as xr
from steps import each
from table import TABLE

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum, muon
from lib.surfaces import beale, booth, parabola, quadratic, ravine, rosenbrock, surface

VECTORS = [row for row in TABLE if not row.rule.matrix]
rules = each(VECTORS)


def same(a, b):
    """Equal to the last bit, NaN included."""
    return a.shape == b.shape and np.asarray(a).tobytes() == np.asarray(b).tobytes()


# One run.


@rules
def test_a_run_is_the_steps_taken_by_hand(row):
    record = ["grad", *row.rule.slots]
    run = descend(rosenbrock, start=(-1.5, 2), opt=row.opt(**{row.pace: 1e-4}), steps=20, record=record)
    theta = np.array([-1.5, 2.0])
    opt, state = row.opt(**{row.pace: 1e-4}), row.opt.init(theta)
    for t in range(21):
        value, g = rosenbrock.value_and_grad(theta)
        now = run.sel(step=t)
        assert same(now.theta, theta)
        assert same(now.grad, g)
        assert now.loss == value
        assert now.grad_norm == pytest.approx(np.hypot(*g), rel=1e-14)
        for slot in row.rule.slots:
            assert same(now[slot], state[slot])
        opt.step(theta, g, state)


def test_what_a_run_looks_like():
    run = descend(booth, start=(1, 2), opt=adam(lr=0.1), steps=7)
    assert dict(run.sizes) == {"step": 8, "coord": 2}
    assert run.theta.dims == ("step", "coord")
    assert run.loss.dims == run.grad_norm.dims == ("step",)
    assert run.diverged.dims == ()
    assert set(run.data_vars) == {"theta", "loss", "grad_norm", "diverged"}
    assert run.step.values.tolist() == list(range(8))
    assert run.coord.values.tolist() == ["x", "y"]
    assert not run.diverged
    assert run.diverged.dtype == bool
    assert run.theta.sel(step=0, coord="y") == 2
    assert run.attrs["surface"] is booth
    assert run.attrs["start"] == (1, 2)
    assert run.attrs["rule"].name == "adam"
    assert run.attrs["steps"] == 7
    assert run.attrs["hyperparameters"] == {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def test_no_step_keeps_the_start():
    run = descend(booth, start=(0, 0), opt=gd(lr=0.1), steps=0)
    assert run.step.values.tolist() == [0]
    assert run.loss.values.tolist() == [74]
    assert dict(sweep(booth, (0, 0), gd, 0, lr=[0.1, 0.2]).sizes) == {"step": 1, "coord": 2, "lr": 2}


@pytest.mark.parametrize(
    ("steps", "every", "kept"),
    [(10, 1, [*range(11)]), (10, 5, [0, 5, 10]), (10, 4, [0, 4, 8, 10]), (3, 100, [0, 3]), (0, 2, [0])],
)
def test_every_keeps_the_start_every_so_many_steps_and_the_last(steps, every, kept):
    all_steps = descend(beale, (1, 1), momentum(lr=0.01), steps, record="v")
    some = descend(beale, (1, 1), momentum(lr=0.01), steps, every=every, record="v")
    assert some.step.values.tolist() == kept
    assert some.drop_attrs().identical(all_steps.sel(step=kept).drop_attrs())


def test_record_takes_a_name_or_several():
    one = descend(booth, (0, 0), adam, 3, record="v")
    assert set(one.data_vars) - {"theta", "loss", "grad_norm", "diverged"} == {"v"}
    several = descend(booth, (0, 0), adam, 3, record=("grad", "m", "v"))
    assert several.grad.dims == several.m.dims == several.v.dims == ("step", "coord")
    assert several.m.sel(step=0).values.tolist() == [0, 0]
    assert several.grad.sel(step=0).values.tolist() == booth.grad((0, 0)).tolist()


def test_the_start_of_a_surface_of_one_coordinate_may_be_a_number():
    listed = descend(parabola, [1.0], gd(lr=0.5), 3)
    assert same(descend(parabola, 1.0, gd(lr=0.5), 3).theta, listed.theta)
    assert same(sweep(parabola, 1.0, gd, 3, lr=0.5).theta, listed.theta)


def test_the_start_is_left_as_it_was():
    start = np.array([1.0, 2.0])
    descend(booth, start, gd(lr=0.1), 3)
    assert start.tolist() == [1, 2]


# Many starts at once.


@pytest.mark.parametrize(
    ("runs", "dims"), [((4,), ["run"]), ((2, 3), ["run1", "run2"]), ((1, 2, 2), ["run1", "run2", "run3"])]
)
@rules
def test_many_starts_are_the_starts_one_by_one(row, runs, dims):
    start = np.random.default_rng(0).uniform(-1, 1, (2, *runs))
    together = descend(beale, start, row.opt(**{row.pace: 0.01}), 30)
    assert together.theta.dims == ("step", "coord", *dims)
    assert together.loss.dims == ("step", *dims)
    assert together.diverged.dims == tuple(dims)
    for index in np.ndindex(runs):
        alone = descend(beale, start[(slice(None), *index)], row.opt(**{row.pace: 0.01}), 30)
        one = together.isel(dict(zip(dims, index, strict=True)))
        xr.testing.assert_allclose(one, alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("start", [(1, 2), [[1, 2, 3], [4, 5, 6]]])
def test_a_rule_that_steps_matrices_is_refused(start):
    message = r"^muon steps matrices, and a point of booth is a vector\. Choose another rule$"
    with pytest.raises(ValueError, match=message):
        descend(booth, start, muon, 5)


def test_an_array_of_lr_in_descend_makes_runs():
    run = descend(booth, (0, 0), gd(lr=[0.01, 0.02, 0.03]), 5)
    assert dict(run.sizes) == {"step": 6, "coord": 2, "run": 3}
    assert same(run.theta.isel(run=1), descend(booth, (0, 0), gd(lr=0.02), 5).theta)
    grid = descend(booth, np.zeros((2, 3)), gd(lr=[[0.01], [0.02]]), 5)
    assert dict(grid.sizes) == {"step": 6, "coord": 2, "run1": 2, "run2": 3}


# Sweeps.


@rules
def test_a_sweep_is_its_runs_one_by_one(row):
    axes = {row.pace: [1e-4, 3e-4, 1e-3]}
    if second := next((name for name in row.rule.hyperparameters if name.startswith("beta")), None):
        axes[second] = [0.0, 0.5, 0.9, 0.99]
    start = ([-1, 0.5], 1.5)
    grid = sweep(beale, start, row.opt, 60, record=row.rule.slots, **axes)
    dims = ["start_x", *axes]
    assert grid.theta.dims == ("step", "coord", *dims)
    assert grid.loss.dims == ("step", *dims)
    assert grid.diverged.dims == tuple(dims)
    assert not grid.diverged.any()
    assert grid.start_x.values.tolist() == [-1, 0.5]
    for name, values in axes.items():
        assert grid[name].values.tolist() == values
    for index in np.ndindex(grid.diverged.shape):
        one = grid.isel(dict(zip(dims, index, strict=True)))
        hyperparameters = {name: float(one[name]) for name in axes}
        alone = descend(
            beale, (float(one.start_x), 1.5), row.opt(**hyperparameters), 60, record=row.rule.slots
        )
        for name in alone.data_vars:
            np.testing.assert_allclose(one[name], alone[name], rtol=1e-12, atol=1e-12)


def test_starts_in_both_coordinates():
    grid = sweep(ravine(10), ([-1, 0, 1], [0.5, 1]), gd, 5, lr=0.1)
    assert dict(grid.sizes) == {"step": 6, "coord": 2, "start_x": 3, "start_y": 2}
    start = grid.theta.sel(step=0)
    assert (start.sel(coord="x") == grid.start_x).all()
    assert (start.sel(coord="y") == grid.start_y).all()


def test_the_dimensions_of_a_sweep_are_in_the_order_of_the_call():
    grid = sweep(booth, (0, [0, 1]), adam(eps=[1e-8, 1e-4]), 1, beta1=[0.5, 0.9], lr=[0.1, 0.2])
    assert grid.loss.dims == ("step", "start_y", "beta1", "lr", "eps")


def test_a_sweep_of_nothing_is_a_descent():
    grid, run = sweep(beale, (1, 1), adam, 10, lr=0.1), descend(beale, (1, 1), adam(lr=0.1), 10)
    assert grid.drop_attrs().identical(run.drop_attrs())


def test_a_sweep_takes_what_its_rule_was_given():
    grid = sweep(booth, (0, 0), momentum(lr=[0.01, 0.02], beta=0.5), 5)
    assert grid.lr.values.tolist() == [0.01, 0.02]
    assert same(grid.theta.isel(lr=1), descend(booth, (0, 0), momentum(lr=0.02, beta=0.5), 5).theta)


def test_a_sweep_over_beta_under_a_schedule_of_lr():
    def decay(t):
        return 0.02 / t

    grid = sweep(booth, (0, 0), momentum, 5, lr=decay, beta=[0.0, 0.9])
    assert "lr" not in grid.dims
    alone = descend(booth, (0, 0), momentum(lr=decay, beta=0.9), 5)
    np.testing.assert_allclose(grid.theta.sel(beta=0.9), alone.theta, rtol=1e-12)


def test_every_and_record_in_a_sweep():
    grid = sweep(beale, (1, 1), adam, 10, every=4, record=["grad", "v"], lr=[0.1, 0.2])
    assert grid.step.values.tolist() == [0, 4, 8, 10]
    assert grid.grad.dims == grid.v.dims == ("step", "coord", "lr")


def test_sweep_with_the_attributes_repeats_it():
    first = sweep(beale, ([0, 1], 1), adam, 15, lr=[0.1, 0.2], beta1=0.8)
    told = first.attrs
    again = sweep(told["surface"], told["start"], told["rule"], told["steps"], **told["hyperparameters"])
    assert same(again.theta, first.theta)
    assert again.identical(first)
    assert told["hyperparameters"] == {"lr": [0.1, 0.2], "beta1": 0.8, "beta2": 0.999, "eps": 1e-8}
    run = descend(beale, (0, 1), adam(lr=0.1), 15)
    told = run.attrs
    again = sweep(told["surface"], told["start"], told["rule"], told["steps"], **told["hyperparameters"])
    assert same(again.theta, run.theta)


# Divergence. Warnings are errors, so each of these tests also shows that nobody is warned.


@surface(window=[(-2, 2)])
def cliff(x):
    """Down towards 0, and no value at all for x < 0: its square root is NaN there."""
    return np.sqrt(x), (0.5 / np.sqrt(x),)


@pytest.mark.parametrize("power", [0, 1, 2])
def test_a_run_that_leaves_the_finite_numbers_is_frozen_at_its_last_finite_iterate(power):
    # each step multiplies x by 1 − 3 = −2; f = x²/2 and ‖grad‖² = x² are finite as long as |x| ≤ 2⁵¹¹
    run = descend(parabola, [2.0**power], gd(lr=3.0), 600, record="grad")
    assert run.diverged
    x = run.theta.isel(coord=0).values
    last = 511 - power
    assert (x[: last + 1] == 2.0**power * (-2.0) ** np.arange(last + 1)).all()
    assert (x[last:] == x[last]).all()
    assert (run.loss[last:] == 2.0**1021).all()
    assert (run.grad_norm[last:] == 2.0**511).all()
    assert all(np.isfinite(run[name]).all() for name in ("theta", "loss", "grad_norm", "grad"))


def test_a_norm_that_is_not_finite_is_enough():
    early = surface(window=[(-1, 1)])(lambda x: (x, (x * 2.0**500,)))  # its slope leaves first
    run = descend(early, [1.0], gd(lr=3.0 * 2.0**-500), 600)
    assert run.diverged and run.grad_norm.values.max() == 2.0**1023


def test_a_run_that_steps_where_f_is_not_defined_is_frozen():
    run = descend(cliff, [1.0], gd(lr=1.0), 10)
    assert run.diverged
    x = run.theta.values[:, 0]
    assert x[1] == 0.5
    assert (x[1:] == 0.5).all()  # the next would be 0.5 − 0.707
    assert (run.loss[1:] == np.sqrt(0.5)).all()


@pytest.mark.parametrize(
    ("value", "slope"),
    [
        (lambda x: np.where(x < 0, np.nan, x), lambda x: np.ones_like(x)),
        (lambda x: np.where(x < 0, -np.inf, x), lambda x: np.ones_like(x)),
        (lambda x: x, lambda x: np.where(x < 0, np.nan, 1)),
        (lambda x: x, lambda x: np.where(x < 0, np.inf, 1)),
    ],
)
def test_one_of_the_value_and_the_gradient_not_finite_is_enough(value, slope):
    half = surface(window=[(-1, 1)])(lambda x: (value(x), (slope(x),)))
    run = descend(half, [1.0], gd(lr=0.75), 5)
    assert run.diverged
    assert run.theta.values[:, 0].tolist() == [1, 0.25, 0.25, 0.25, 0.25, 0.25]


def test_a_start_where_f_is_not_defined_is_flagged_and_stays():
    grid = sweep(cliff, [[-1.0, 1.0]], gd, 3, lr=0.01)
    assert grid.diverged.values.tolist() == [True, False]
    assert (grid.theta.sel(start_x=-1) == -1).all()


def test_a_last_step_that_diverges_is_flagged():
    assert not descend(parabola, [1.0], gd(lr=3.0), 511).diverged
    assert descend(parabola, [1.0], gd(lr=3.0), 512).diverged


@rules
def test_a_run_that_diverges_changes_nothing_for_its_neighbours(row):
    wild = surface([(-1, 1), (-1, 1)])(lambda x, y: (x * x + y**4, (2 * x, 4 * y**3)))
    tame = [0.3, -0.2]
    record = row.rule.slots
    alone = descend(wild, np.array([tame, tame]).T, row.opt(**{row.pace: 0.1}), 60, record=record)
    start = np.array([tame, [1.0, 1e100], tame]).T
    together = descend(wild, start, row.opt(**{row.pace: 0.1}), 60, record=record)
    assert together.diverged.values.tolist() == [False, True, False]
    for name in ("theta", "loss", "grad_norm", *record):
        for run in (0, 2):
            assert same(together[name].isel(run=run), alone[name].isel(run=0))


@pytest.mark.parametrize("every", [1, 7])
def test_the_recorded_slots_of_a_diverged_run_are_frozen_too(every):
    run = descend(quadratic(1.0, 10.0), (1, 1), momentum(lr=[0.1, 1e3]), 400, record="v", every=every)
    assert run.diverged.values.tolist() == [False, True]
    v, theta = (run[name].isel(run=1).values for name in ("v", "theta"))
    frozen = int(np.argmax((theta[1:] == theta[:-1]).all(axis=1)))  # the row from which theta stands still
    assert 0 < frozen < len(theta) - 2
    assert np.isfinite(v).all()
    assert (v[frozen + 1 :] == v[frozen + 1]).all()


def test_the_edge_of_stability_in_a_sweep():
    grid = sweep(quadratic(1, 10), (1, 1), gd, 4000, lr=[0.1, 0.19, 0.205, 0.21, 0.3])
    assert grid.diverged.values.tolist() == [False, False, False, True, True]  # one long before the other
    assert grid.loss.isel(step=-1).values[:2].max() < 1e-300
    assert grid.loss.isel(step=-1).values[2] > 1e100


# Errors.


def undefined(t):
    return np.nan if t == 3 else 0.1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: descend(booth, (0, 0, 0), gd(lr=0.1), 5),
            ValueError,
            "booth has 2 coordinates, (x, y); start has 3. Give one entry per coordinate",
        ),
        (
            lambda: descend(booth, 0.0, gd(lr=0.1), 5),
            ValueError,
            "booth has 2 coordinates, (x, y); start has 1.",
        ),
        (
            lambda: sweep(booth, [[0, 1]], gd, 5, lr=0.1),
            ValueError,
            "booth has 2 coordinates, (x, y); start has 1.",
        ),
        (
            lambda: descend(booth, ([0, 1], 2), gd(lr=0.1), 5),
            ValueError,
            "start has coordinates of shapes [(2,), ()]; for every combination use sweep",
        ),
        (
            lambda: descend(booth, (0, np.nan), gd(lr=0.1), 5),
            ValueError,
            "start has a value that is not finite",
        ),
        (
            lambda: sweep(booth, (0, [1, np.inf]), gd, 5, lr=0.1),
            ValueError,
            "start has a value that is not finite",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), -1),
            ValueError,
            "steps is -1; it has to be a whole number ≥ 0",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), 2.0),
            ValueError,
            "steps is 2.0; it has to be a whole number",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), True),
            ValueError,
            "steps is True; it has to be a whole number",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), 5, every=0),
            ValueError,
            "every is 0; it has to be a whole number ≥ 1",
        ),
        (
            lambda: sweep(booth, (0, 0), gd, "5", lr=0.1),
            ValueError,
            "steps is '5'; it has to be a whole number",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), 5, record="v"),
            ValueError,
            "cannot record 'v'; gd has grad",
        ),
        (
            lambda: sweep(booth, (0, 0), adam, 5, record=["grad", "s"]),
            ValueError,
            "cannot record 's'; adam has grad, m, v",
        ),
        (lambda: descend(booth, (0, 0), gd, 5), TypeError, "gd needs lr, which has no default: gd(lr=0.1)"),
        (lambda: sweep(booth, (0, 0), gd, 5), TypeError, "gd needs lr, which has no default: gd(lr=0.1)"),
        (
            lambda: sweep(booth, (0, 0), adam, 5, beta=[0.1]),
            TypeError,
            "adam has no hyperparameter 'beta'; it has lr, beta1, beta2, eps. Did you mean beta",
        ),
        (
            lambda: sweep(booth, (0, 0), gd, 5, lr=[0.1, -0.2]),
            ValueError,
            "lr is -0.2; it has to be a finite number ≥ 0",
        ),
        (
            lambda: sweep(booth, (0, 0), gd, 5, lr=[[0.1, 0.2]]),
            ValueError,
            "lr has shape (1, 2); a dimension has one axis of values",
        ),
        (lambda: sweep(booth, (0, 0), gd, 5, lr=[]), ValueError, "lr has shape (0,); a dimension"),
        (
            lambda: sweep(booth, ([[0]], 0), gd, 5, lr=0.1),
            ValueError,
            "start_x has shape (1, 1); a dimension",
        ),
        (
            lambda: descend(booth, np.zeros((2, 3)), gd(lr=[0.1, 0.2]), 5),
            ValueError,
            "start has runs of shape (3,) and the hyperparameters have [(2,)]; these do not broadcast. "
            "For every combination use sweep",
        ),
        (
            lambda: descend(booth, (0, 0), gd(lr=undefined), 5),
            ValueError,
            "lr is nan at t = 3; it has to be a finite number ≥ 0",
        ),
    ],
)
def test_an_error_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        call()
