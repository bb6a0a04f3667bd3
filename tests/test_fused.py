"""A run as one loop is the run step by step: the same numbers, the same divergence, and where it cannot be one."""

from importlib.util import find_spec

import numpy as np
import pytest

from lib import dialects, engine, optimizers, surfaces, tape
from lib.checks import REQUIRED
from lib.engine import Optimizer, optimizer
from lib.optimizers import adam, gd, momentum, radam, yogi
from lib.surfaces import Surface, absolute, booth, parabola, quadratic, rosenbrock, surface
from lib.wrappers import clip_by_norm, lookahead

if find_spec("numba") is None:
    pytest.skip("Numba is not installed: .venv/bin/pip install -e '.[fast]'", allow_module_level=True)

from lib.compiled import Compiled, compiled, fused
from lib.descend import descend, sweep

RULES = [
    rule
    for library in (optimizers, dialects)
    for rule in vars(library).values()
    if isinstance(rule, Optimizer) and rule.elementwise
] + [lookahead(momentum(lr=0.1), k=3)]
SURFACES = [value for value in vars(surfaces).values() if isinstance(value, Surface)]
POWERS = {"rastrigin", "ackley"}  # sin, cos, exp of another library


@pytest.fixture
def one_loop(monkeypatch):
    """What each run of a compiled rule was: True for one loop."""
    found = []
    run = Compiled.run
    monkeypatch.setattr(Compiled, "run", lambda self, *what: found.append(run(self, *what)) or found[-1])
    return found


def assert_equal(found, expected):
    """All variables, to the last bit."""
    assert found.sizes == expected.sizes
    for name in expected.data_vars:
        np.testing.assert_array_equal(found[name].values, expected[name].values, err_msg=name)


def needed(rule):
    return {name: 0.01 for name, value in rule.hyperparameters.items() if value is REQUIRED}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_to_the_last_bit(rule, one_loop):
    given = needed(rule)
    for name in rule.hyperparameters:
        if name.startswith(("beta", "rho")):
            given[name] = [0.0, 0.5, 0.9]
    if "lr" in rule.hyperparameters:
        given["lr"] = [1e-4, 3e-3, 1e-2, 0.5]
    what = (rosenbrock, ([-1.5, 0.3], 2.0), rule, 40)
    record = ["grad", *rule.slots]
    expected = sweep(*what, record=record, every=3, **given)
    assert_equal(sweep(*what[:2], compiled(rule), 40, record=record, every=3, **given), expected)
    assert one_loop == [True]


@pytest.mark.parametrize("f", SURFACES, ids=lambda f: f.name)
def test_every_surface(f, one_loop):
    rng = np.random.default_rng(0)
    start = np.array([rng.uniform(low, high, 300) for low, high in f.window])
    opt = adam(lr=0.05)
    expected, found = descend(f, start, opt, 9), descend(f, start, compiled(opt), 9)
    assert one_loop == [True]
    if f.name in POWERS:
        np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-9, atol=1e-9)
    else:
        assert_equal(found, expected)


def test_one_run_and_none(one_loop):
    assert_equal(descend(booth, (1, 2), compiled(adam(lr=0.1)), 30), descend(booth, (1, 2), adam(lr=0.1), 30))
    assert_equal(descend(booth, (1, 2), compiled(adam), 0), descend(booth, (1, 2), adam, 0))
    assert one_loop == [True, False]


@pytest.mark.parametrize("every", [1, 7])
def test_what_diverges_is_frozen_and_flagged(every, one_loop):
    record = ["grad", "v"]
    given = {"lr": np.geomspace(1e-3, 1e4, 9), "beta": [0.0, 0.9]}
    for start in [(1.0, 1.0), ([1.0, 1e200], [-1.0, 1e-300])]:
        what = (quadratic(1.0, 10.0), start)
        expected = sweep(*what, momentum, 400, record=record, every=every, **given)
        assert set(expected.diverged.values.flat) == {False, True}
        assert_equal(sweep(*what, compiled(momentum), 400, record=record, every=every, **given), expected)
    assert one_loop == [True, True]


def test_what_has_diverged_stays_so_when_its_steps_become_smaller(one_loop):
    opt = gd(lr=lambda t: 1e308 if t < 3 else 0.1)
    expected = descend(quadratic(1.0, 10.0), [[1.0, 0.0], [1.0, 0.0]], opt, 9)
    assert expected.diverged.values.tolist() == [True, False]
    assert (expected.theta.isel(run=0) == 1).all()
    assert_equal(descend(quadratic(1.0, 10.0), [[1.0, 0.0], [1.0, 0.0]], compiled(opt), 9), expected)
    assert one_loop == [True]


def test_a_start_where_f_is_not_defined(one_loop):
    @surface(window=[(-2, 2)])
    def cliff(x):
        return np.sqrt(x), (0.5 / np.sqrt(x),)

    what = (cliff, [[-1.0, 1.0, 0.3, 0.25]])  # from 0.25, lr = 0.25 goes to 0: a value, and an infinite slope
    expected = sweep(*what, gd, 5, lr=[0.1, 0.25, 1.0])
    assert expected.diverged.values.any(axis=1).tolist() == [True] * 4
    assert expected.diverged.sel(start_x=0.25, lr=0.25) and not expected.diverged.sel(start_x=1.0, lr=0.1)
    assert_equal(sweep(*what, compiled(gd), 5, lr=[0.1, 0.25, 1.0]), expected)
    assert one_loop == [True]


@pytest.mark.parametrize("lines", [lambda x: (3 * x, (3.0,)), lambda x: (x * 0 + 20, (0,))])
def test_a_slope_that_is_a_number(lines, one_loop):
    line = surface(window=[(-1, 1)])(lines)
    start = [[0.5, 1.0]]
    assert_equal(descend(line, start, compiled(gd(lr=0.1)), 5), descend(line, start, gd(lr=0.1), 5))
    assert one_loop == [True]


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize("scheduled", [False, True])
def test_in_blocks_in_parts_of_the_steps_and_on_all_cores(parallel, scheduled, monkeypatch, one_loop):
    given = {"lr": np.geomspace(1e-3, 0.3, 30), "beta1": np.linspace(0, 0.99, 35)}
    if scheduled:
        given["lr"] = lambda t: 0.1 / t
    what = (rosenbrock, ([-1.5, -1.0, 0.3], 2.0))
    expected = sweep(*what, adam, 50, every=4, **given)
    monkeypatch.setattr(engine, "BLOCK", 200)
    monkeypatch.setattr(fused, "TOGETHER", 1500)
    monkeypatch.setattr(fused, "CHUNK", 100)
    assert_equal(sweep(*what, compiled(adam, parallel), 50, every=4, **given), expected)
    assert one_loop == [True]


def test_a_schedule_is_asked_at_every_step_and_its_mistakes_are_named():
    def lr(t):
        return -1.0 if t == 7 else 0.1 / t

    for opt in (adam(lr=lr), compiled(adam(lr=lr))):
        with pytest.raises(ValueError, match=r"^lr is -1\.0 at t = 7; it has to be a finite number ≥ 0$"):
            descend(booth, (1, 2), opt, 9)


@optimizer
def branching(theta, g, t, *, lr=0.1):
    return theta - (lr if t < 5 else lr / 2) * g


@surface(window=[(-1, 1)])
def branched(x):
    return (x, (1 + 0 * x,)) if np.max(x) > 0 else (-x, (-1 + 0 * x,))


@pytest.mark.parametrize(
    ("f", "opt"),
    [
        (parabola, branching),
        (parabola, clip_by_norm(gd(lr=0.1), 0.5)),
        (branched, gd(lr=0.1)),
        (quadratic(*range(1, 9)), gd(lr=0.1)),
    ],
)
def test_what_cannot_be_one_loop_goes_step_by_step(f, opt, one_loop):
    start = np.ones((len(f.window), 3))
    assert_equal(descend(f, start, compiled(opt), 9), descend(f, start, opt, 9))
    assert one_loop == [False]


def test_the_start_is_left_as_it_was(one_loop):
    start = np.ones((2, 3))
    descend(booth, start, compiled(gd(lr=0.1)), 3)
    assert (start == 1).all() and one_loop == [True]


@pytest.mark.parametrize("rule", [adam, radam, yogi])
def test_nobody_is_warned(rule):
    descend(absolute, [[0.0, 1e308, 1e-308]], compiled(rule(lr=1e300)), 20)


EDGE = np.finfo(float).max / np.sqrt(
    2
)  # two such partial derivatives have the largest length that is a number


@pytest.mark.parametrize("rule", [gd, momentum, adam, yogi], ids=lambda rule: rule.name)
def test_huge_gradients_are_met_as_step_by_step(rule, one_loop):
    """Squares that are no numbers, in the rule and in the length; a length that is none: that run diverges."""
    steep = surface(window=[(-1, 1), (-1, 1)])(lambda x, y: (x / 4 + y / 4, (x, y)))
    size = np.array([1.0, 1e154, 1e155, 1e300, EDGE * (1 - 1e-12), EDGE * (1 + 1e-12)])
    start = [np.repeat(size, 6), np.tile(size, 6)]
    record = ["grad", *rule.slots]
    expected = descend(steep, start, rule(lr=0.1), 9, record=record)
    assert_equal(descend(steep, start, compiled(rule(lr=0.1)), 9, record=record), expected)
    assert one_loop == [True]
    assert np.isfinite(expected.grad_norm.isel(step=0)).values.tolist() == [True] * 35 + [False]
    assert expected.diverged.values[-1]


@pytest.mark.parametrize("runs", [(), (7,), (3, 5), (2, 1, 4)])
def test_numbers_of_all_steps_at_once_are_those_of_each(runs, monkeypatch):
    """1 − βᵗ of every run's β, a schedule, a bias that powers of 1, 2 and ½ enter: NumPy looks at these three."""
    rng = np.random.default_rng(0)

    @optimizer
    def odd(theta, g, t, *, lr, beta, beta2):
        root = np.sqrt(1 - beta**t) * beta2 ** (t / 4) / (1 + beta**2 / t)
        return theta - lr * (1 - root) * g - beta ** (t - 1) * np.where(beta2 < t / 8, root, -root)

    size = {"beta": runs, "beta2": runs[-1:]}
    given = {name: rng.random(shape) if shape else 0.3 for name, shape in size.items()}
    opt = odd(lr=lambda t: 0.1 / t, **given)
    start = rng.normal(size=(2, *runs))
    expected = descend(booth, start, opt, 30)
    one_by_one = []
    call = tape.Numbers.__call__
    monkeypatch.setattr(tape.Numbers, "__call__", lambda self, now: one_by_one.append(0) or call(self, now))
    assert_equal(descend(booth, start, compiled(opt), 30), expected)
    assert one_by_one == []


def test_a_power_of_one_half_is_a_root_as_in_a_step_of_its_own():
    """(−0)^½ is +0 as a power and −0 as a root, which NumPy takes for a single exponent."""
    x = np.array([-0.0])
    written = tape.Tape()
    power = written.number("x", x) ** (written.number("t", 1.0, varies=True) / 4)
    (found,) = written.numbers([power], [{"t": 1.0, "x": x}, {"t": 2.0, "x": x}])
    expected = np.array([x ** (1.0 / 4), x ** (2.0 / 4)])
    assert np.signbit(expected).tolist() == [[False], [True]]
    assert found.tobytes() == expected.tobytes()
