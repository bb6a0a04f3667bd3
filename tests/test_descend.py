"""descend and sweep: a sweep is its runs one by one; what diverges is frozen, flagged and disturbs nobody."""

import re
import sys

import numpy as np
import pytest
import xarray as xr
from steps import each
from table import TABLE

import lib
from lib.descend import descend, feed, sweep
from lib.optimizers import adam, gd, momentum, muon, rmsprop
from lib.problems import Minibatches, Noise, Problem, linear_regression
from lib.recipe import recipe
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
    assert run.attrs == {
        "surface": "booth",
        "start": "[1.0, 2.0]",
        "rule": "adam",
        "steps": 7,
        "gradient": "exact",
        "seed": 0,
        "hyperparameters": '{"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-08}',
    }


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


def test_sweep_with_its_recipe_repeats_it():
    first = sweep(beale, ([0, 1], 1), adam, 15, lr=[0.1, 0.2], beta1=0.8)
    made = recipe(first)
    hyperparameters = made.pop("hyperparameters")
    assert hyperparameters == {"lr": [0.1, 0.2], "beta1": 0.8, "beta2": 0.999, "eps": 1e-8}
    assert sweep(**made, **hyperparameters).identical(first)
    run = descend(beale, (0, 1), adam(lr=0.1), 15)
    made = recipe(run)
    hyperparameters = made.pop("hyperparameters")
    assert same(sweep(**made, **hyperparameters).theta, run.theta)


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


# A healthy run is not called diverged.


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
def test_a_healthy_run_of_any_size_is_not_called_diverged(size):
    far = surface(window=[(-1, 1)])(lambda x: (x / 4, (0.25,)))  # a gentle slope, far out
    run = descend(far, [size], gd(lr=0.5), 3)
    assert not run.diverged and np.isfinite(run.theta).all()
    np.testing.assert_allclose(run.theta.values[:, 0], size - 0.125 * np.arange(4), rtol=1e-15)
    high = surface(window=[(-1, 1)])(lambda x: (size + x * x, (2 * x,)))
    beside = descend(high, [[1.0, 2.0]], gd(lr=0.25), 3)
    assert not beside.diverged.any()
    assert beside.theta.values[:, 0].tolist() == [[1, 2], [0.5, 1], [0.25, 0.5], [0.125, 0.25]]


def test_a_value_and_a_parameter_that_overflow_together_are_each_finite():
    odd = surface(window=[(-1, 1)])(lambda x: (x, (1.0,)))
    run = descend(odd, [1.5e308], gd(lr=1.0), 2)
    assert not run.diverged and (run.loss == 1.5e308).all()


# A run is stopped where its gradient is short.


def test_a_run_stops_at_the_first_iterate_whose_gradient_is_short():
    run = descend(parabola, [8.0], gd(lr=0.5), 9, tol=1.0, record="grad")
    assert run.theta.values[:, 0].tolist() == [8, 4, 2, 1, 1, 1, 1, 1, 1, 1]
    assert run.grad.values[:, 0].tolist() == run.grad_norm.values.tolist() == run.theta.values[:, 0].tolist()
    assert run.stopped == 3 and run.stopped.dtype == int and not run.diverged
    assert run.attrs["tol"] == 1.0
    assert "stopped" not in descend(parabola, [8.0], gd(lr=0.5), 9)


def test_which_runs_stop_and_when():
    grid = sweep(parabola, [[0.0, 1.0, 8.0]], gd, 5, lr=[0.5, 1.0, 2.0, 3.0], tol=0.5)
    assert grid.stopped.dims == ("start_x", "lr")
    assert grid.stopped.values.tolist() == [[0, 0, 0, 0], [1, 1, -1, -1], [4, 1, -1, -1]]
    assert (grid.theta.sel(start_x=8, lr=0.5).values[4:] == 0.5).all()
    np.testing.assert_array_equal(grid.theta.sel(start_x=8, lr=3.0).values[:, 0], 8 * (-2.0) ** np.arange(6))


@rules
def test_a_stopped_run_is_the_run_until_then_and_changes_nothing_for_its_neighbours(row):
    opt, start = row.opt(**{row.pace: 0.02}), np.array([[0.5, 1.0, 2.0], [0.1, -1.0, 2.0]])
    record = ["grad", *row.rule.slots]
    free = descend(quadratic(1.0, 3.0), start, opt, 60, record=record)
    tol = float(free.grad_norm.isel(run=0)[20:30].min())
    held = descend(quadratic(1.0, 3.0), start, opt, 60, record=record, tol=tol)
    for i, t in enumerate(held.stopped.values):
        reached = np.flatnonzero(free.grad_norm.values[:, i] <= tol)
        assert t == (reached[0] if len(reached) else -1)
        end = t if t >= 0 else 60
        for name in ("theta", "loss", "grad_norm", *record):
            assert same(held[name].isel(run=i)[: end + 1], free[name].isel(run=i)[: end + 1])
            assert (held[name].isel(run=i)[end:] == held[name].isel(run=i)[end]).all()


def test_a_tol_of_zero_stops_where_the_gradient_is_zero():
    assert descend(parabola, [0.0], gd(lr=0.5), 3, tol=0).stopped == 0
    assert descend(parabola, [1.0], gd(lr=1.0), 3, tol=0).stopped == 1


@pytest.mark.parametrize("every", [1, 4, 100])
def test_a_noisy_run_stops_at_the_step_of_its_exact_gradient(every):
    given = {"gradient": Noise(0.3), "seed": 1, "record": "grad"}
    free = descend(booth, (3.0, 3.0), gd(lr=0.05), 100, **given)
    first = int(np.flatnonzero(free.grad_norm <= 2.0)[0])
    held = descend(booth, (3.0, 3.0), gd(lr=0.05), 100, tol=2.0, every=every, **given)
    assert held.stopped == first > 0
    for t, theta in zip(held.step.values, held.theta.values, strict=True):
        assert same(theta, free.theta.values[min(t, first)])
    assert same(held.grad[-1], booth.grad(free.theta.values[first]))


def test_a_diverged_run_does_not_stop():
    run = descend(parabola, [[1.0, 1.0]], gd(lr=[0.5, 3.0]), 1200, tol=1e-3)
    assert run.stopped.values.tolist() == [10, -1] and run.diverged.values.tolist() == [False, True]


# Seeds.

LINE = linear_regression(np.random.default_rng(0).standard_normal((30, 9)), np.arange(30.0))


@pytest.mark.parametrize("source", [Minibatches(4), Minibatches(4, replace=True), Noise(0.5), None], ids=repr)
@pytest.mark.parametrize("problem", [booth, LINE], ids=str)
def test_each_seed_is_the_single_run_of_that_seed_to_the_last_bit(problem, source):
    if problem is booth and isinstance(source, Minibatches):
        source = lambda surface, rng: lambda theta: surface.grad(theta) * rng.standard_normal()  # noqa: E731
    start, record = np.linspace(0, 1, len(problem.coords)), ["grad", "v"]
    grid = sweep(
        problem,
        start,
        momentum,
        12,
        gradient=source,
        seed=[0, 7, 7, 3],
        lr=[0.01, 0.02],
        record=record,
        every=5,
    )
    assert grid.theta.dims == ("step", "coord", "lr", "seed")
    assert grid.seed.values.tolist() == [0, 7, 7, 3] and grid.attrs["seed"] == "[0, 7, 7, 3]"
    for i, lr in enumerate([0.01, 0.02]):
        for j, seed in enumerate([0, 7, 7, 3]):
            one = descend(
                problem, start, momentum(lr=lr), 12, gradient=source, seed=seed, record=record, every=5
            )
            for name in one.data_vars:
                assert same(grid[name].isel(lr=i, seed=j), one[name])
    if source is not None:
        assert not np.array_equal(grid.theta.isel(seed=0), grid.theta.isel(seed=1))


def test_seeds_beside_starts_schedules_and_a_tol():
    grid = sweep(
        booth, ([0, 1], 2), adam, 30, gradient=Noise(0.1), seed=range(2), lr=lambda t: 1 / t, tol=3.0
    )
    assert grid.theta.dims == ("step", "coord", "start_x", "seed")
    assert grid.stopped.dims == ("start_x", "seed")
    one = descend(booth, (1, 2), adam(lr=lambda t: 1 / t), 30, gradient=Noise(0.1), seed=1, tol=3.0)
    assert same(grid.theta.isel(start_x=1, seed=1), one.theta)
    assert grid.stopped.isel(start_x=1, seed=1) == one.stopped


# No call changes what it was given.


def test_what_is_given_is_left_as_it_was():
    X, y = np.random.default_rng(0).standard_normal((8, 2)), np.arange(8.0)
    start, lrs, batch = np.array([1.0, 2.0]), np.array([0.01, 0.02]), np.arange(4)
    given = [array.copy() for array in (X, y, start, lrs, batch)]

    def greedy(a, b, X, y):
        X -= X.mean(axis=0)
        y -= 1
        a *= 2
        error = (X[:, 0] * a[..., None] + X[:, 1] * b[..., None] - y).T
        return (error**2).mean(0) / 2, (2 * (X[:, 0] * error.T).mean(-1), (X[:, 1] * error.T).mean(-1))

    def pushing(surface, rng):
        def estimate(theta):
            theta += 1
            return surface.grad(theta)

        return estimate

    problem = Problem(greedy, "greedy", shapes={"a": (), "b": ()}, data=(X, y))
    one = descend(problem, start, gd(lr=0.1), 4)
    again = descend(problem, start, gd(lr=0.1), 4)
    assert same(one.theta, again.theta)
    problem.grad(start, batch)
    sweep(problem, start, gd, 4, lr=lrs, gradient=Minibatches(3))
    pushed = descend(booth, start, gd(lr=lrs), 4, gradient=pushing)
    assert pushed.theta.values[0].T.tolist() == [[1, 2], [1, 2]]
    np.testing.assert_allclose(pushed.theta[1].isel(run=0), start - 0.01 * booth.grad(start + 1))
    for array, before in zip((X, y, start, lrs, batch), given, strict=True):
        assert np.array_equal(array, before)


# What is something else is told, before the first step.


def plain(x):
    return x


@pytest.mark.parametrize(
    "run",
    [lambda *a, **k: descend(*a, **k), lambda s, x, o, n, **k: sweep(s, x, o, n, **k)],
    ids=["descend", "sweep"],
)
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"surface": plain}, TypeError, "surface is <function plain"),
        ({"surface": "booth"}, TypeError, "surface is 'booth'; give one of lib.surfaces"),
        ({"surface": (0, 0), "start": booth}, TypeError, "surface is (0, 0)"),
        ({"opt": "adam"}, TypeError, "is 'adam'; give a rule of lib.optimizers"),
        ({"opt": None}, TypeError, "is None; give a rule"),
        ({"opt": type("Adam", (), {})}, TypeError, "is <class"),
        ({"start": {"x": 1, "y": 2}}, TypeError, "start is {'x': 1, 'y': 2}; give one entry per coordinate, (x, y): numbers, in this order"),
        ({"start": "12"}, TypeError, "start is '12'"),
        ({"start": ("1", "2")}, TypeError, "start is '1'"),
        ({"start": np.ma.array([1.0, 2.0], mask=[False, True])}, TypeError, "start is masked"),
        ({"start": (1j, 2)}, TypeError, "start is 1j"),
        ({"start": None}, ValueError, "booth has 2 coordinates, (x, y); start has 1"),
        ({"start": (None, 2)}, TypeError, "start is None"),
        ({"start": ([1, [2, 3]], 2)}, TypeError, "start is [1, [2, 3]]"),
        ({"start": {1, 2}}, TypeError, "start is {1, 2}"),
        ({"steps": 1e3}, ValueError, "steps is 1000.0"),
        ({"record": 5}, ValueError, "cannot record 5"),
        ({"tol": -1}, ValueError, "tol is -1; it has to be one finite number ≥ 0"),
        ({"tol": np.nan}, ValueError, "tol is nan"),
        ({"tol": [0.1, 0.2]}, ValueError, "tol is [0.1, 0.2]"),
        ({"tol": "small"}, TypeError, "tol is 'small'; give a number ≥ 0"),
        ({"seed": "0"}, ValueError, "seed is '0'"),
        ({"seed": 0.5}, ValueError, "seed is 0.5"),
        ({"gradient": Minibatches}, TypeError, "gradient is the class Minibatches; give a source, such as Minibatches(32)"),
        ({"gradient": Noise}, TypeError, "gradient is the class Noise"),
        ({"gradient": "noise"}, TypeError, "gradient is 'noise'"),
        ({"gradient": lambda theta: 2 * theta}, TypeError, "cannot be called with a surface and a random generator"),
        ({"gradient": lambda surface, rng: None}, TypeError, "which returned None; give a source"),
        ({"gradient": lambda surface, rng: 1 / 0}, TypeError, "which raised ZeroDivisionError"),
        ({"gradient": lambda surface, rng: lambda theta: None}, TypeError, "an estimate of the gradient is None"),
        ({"gradient": lambda surface, rng: lambda theta: theta[:1]}, ValueError, "an estimate of the gradient has shape (1,), and theta (2,)"),
        ({"gradient": lambda surface, rng: lambda theta: theta + 1j}, TypeError, "an estimate of the gradient is array"),
        ({"gradient": lambda surface, rng: lambda theta: {}["low"]}, TypeError, "raised KeyError: 'low'"),
        ({"gradient": Noise("0.5")}, ValueError, "sigma is '0.5'"),
        ({"gradient": Noise([0.1, 0.2])}, ValueError, "sigma is [0.1, 0.2]"),
        ({"steps": 10**15}, ValueError, "these 1 runs keep 1,000,000,000,000,001 of 1,000,000,000,000,000 steps: "),
    ],
)  # fmt: skip
def test_what_is_no_run_is_told_before_the_first_step(run, given, error, message):
    given = {"surface": booth, "start": (0, 0), "opt": gd(lr=0.1), "steps": 0, **given}
    first = [given.pop(name) for name in ("surface", "start", "opt", "steps")]
    with pytest.raises(error, match=re.escape(message)) as raised:
        run(*first, **given)
    assert type(raised.value) is error


@pytest.mark.parametrize("start", [(1.0, 1.0), np.ones((2, 3))], ids=["one", "many"])
def test_a_surface_that_mixes_its_runs_is_told_for_one_run_too(start):
    mixed = surface(window=[(-2, 2)] * 2, name="mine")(lambda x, y: (x * x + np.sum(y * y), (2 * x, 2 * y)))
    with pytest.raises(ValueError, match=r"^mine mixes its runs"):
        descend(mixed, start, gd(lr=0.1), 3)
    with pytest.raises(ValueError, match=r"^mine mixes its runs"):
        sweep(mixed, (1, 1), gd, 3, lr=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: descend(booth, (0, 0), gd(lr=0.1), 3, seed=[0, 1]), "seed is [0, 1]"),
        (lambda: sweep(booth, (0, 0), gd, 3, lr=0.1, seed=[]), "seed has shape (0,)"),
        (lambda: sweep(booth, (0, 0), gd, 3, lr=0.1, seed=[0, -1]), "seed is -1"),
        (lambda: sweep(booth, (0, 0), gd, 3, lr=0.1, seed=[[0, 1]]), "seed is [0, 1]"),
        (lambda: sweep(booth, (0, 0), gd, 3, lr=0.1, seed=[2**63]), "below 2⁶³"),
        (lambda: Minibatches(2, replace="no")(LINE, np.random.default_rng(0)), "replace is 'no'"),
        (lambda: LINE.grad(np.zeros(9), [30]), "rows is [30]; linear_regression has the rows 0 to 29"),
        (lambda: LINE.grad(np.zeros(9), [0.5]), "rows is [0.5]"),
        (lambda: linear_regression([["a"]], [1]), "X is [['a']]; give an array of numbers"),
        (lambda: linear_regression(np.eye(2), [1, 2], window=[(0, 1)]), "window has 1 pairs"),
    ],
)
def test_a_wrong_seed_or_row_is_told(call, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        call()


def test_more_runs_than_the_memory_holds_are_refused_before_any_is_laid_out(monkeypatch):
    monkeypatch.setattr("lib.descend._memory", lambda: 10**6)
    size = 8 * (100 * (51 * (2 + 2) + 2 * 4))
    message = f"these 100 runs keep 51 of 50 steps: {size:,} bytes, and this machine has 1,000,000. A larger every= keeps less"
    monkeypatch.setattr("lib.descend._memory", lambda: size - 1)
    with pytest.raises(ValueError, match=re.escape(message.replace("1,000,000", f"{size - 1:,}"))):
        sweep(booth, (0, 0), gd, 50, lr=np.linspace(0, 0.1, 100))
    monkeypatch.setattr("lib.descend._memory", lambda: size)
    sweep(booth, (0, 0), gd, 50, lr=np.linspace(0, 0.1, 100))
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"1,000,000,000,000 runs .* bytes"):
        sweep(booth, (0, 0), adam, 50, lr=np.linspace(0, 1, 10**6), beta1=np.linspace(0, 0.9, 10**6))


def test_the_memory_of_a_system_that_does_not_say(monkeypatch):
    monkeypatch.delattr("os.sysconf", raising=False)
    descend(booth, (0, 0), gd(lr=0.1), 3)
    empty = np.empty

    def full(shape, *more, **options):
        if shape == (4, 2):  # theta of the steps 0 to 3
            raise MemoryError
        return empty(shape, *more, **options)

    monkeypatch.setattr(np, "empty", full)
    with pytest.raises(ValueError, match=r"these 1 runs keep 4 of 3 steps: .* bytes"):
        descend(booth, (0, 0), gd(lr=0.1), 3)


def test_a_rule_is_fed_gradients_and_a_state_to_begin_with():
    given = np.array([[3.0, 0.0], [0.0, 4.0]])
    assert np.allclose(feed(gd(lr=0.5), given), 0.5 * given)
    # By hand: v = 0.75·16 + 0.25·9 at once, then 0.75 of that and 0.25·16.
    steps = feed(rmsprop(lr=1.0, rho=0.75, eps=0.0), [[3.0], [4.0]], v=np.array([16.0]))
    assert np.allclose(steps.ravel(), [3 / 14.25**0.5, 4 / (0.75 * 14.25 + 4) ** 0.5])
    with pytest.raises(ValueError, match="keeps a state of"):
        feed(gd(lr=0.5), given, v=np.zeros(2))


def test_without_dask_a_sweep_in_blocks_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "lib.scale", raising=False)
    monkeypatch.delattr(lib, "scale", raising=False)
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(
        ImportError, match=r"chunks=, needs Dask, distributed and zarr.*pip install -e '\.\[scale\]'"
    ):
        sweep(booth, (1, 2), gd, 3, lr=[0.1, 0.2], chunks={"lr": 1})
    assert "lib.scale" not in sys.modules
