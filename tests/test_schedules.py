"""Schedules: PyTorch's, Optax's and Keras's recorded values, numbers from papers and by hand, and every message."""

import copy
import inspect
import pickle
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from record_schedules import CASES, DATA

from lib import schedules
from lib.checks import check
from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.schedules import (
    Schedule,
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    inverse_time,
    join,
    linear_warmup,
    one_cycle,
    polynomial,
    step_decay,
    warm_restarts,
    wsd,
)
from lib.surfaces import quadratic, ravine

EXAMPLES = [
    constant(0.1),
    step_decay(0.1, 3),
    exponential(0.1, 0.9),
    inverse_sqrt(0.1, 5),
    inverse_time(0.1),
    polynomial(0.1, 5),
    cosine(0.1, 5),
    warm_restarts(0.1, 5, 2),
    linear_warmup(0.1, 5),
    one_cycle(0.1, 3, 7),
    wsd(0.1, 8, 5),
    join([linear_warmup(0.1, 5), cosine(0.1, 5)], [5]),
]
every = pytest.mark.parametrize("schedule", EXAMPLES, ids=lambda s: s.made_by.__name__)


def values(schedule, steps):
    """What a run of so many steps is given."""
    return np.array([schedule(t) for t in range(1, steps + 1)])


def test_every_schedule_of_the_module_is_tried_here():
    public = {name for name, f in vars(schedules).items() if hasattr(f, "__wrapped__")}
    assert public == {example.made_by.__name__ for example in EXAMPLES}


# The frameworks: what they use at their count i is what we use at t = i + 1.


@pytest.mark.parametrize("key", CASES)
def test_the_values_are_the_frameworks(key):
    case = CASES[key]
    with np.load(DATA) as recorded:
        theirs = recorded[key]
    assert len(theirs) == case.steps
    np.testing.assert_allclose(values(case.schedule, case.steps), theirs, rtol=1e-12, atol=1e-15)


def test_each_schedule_a_framework_has_is_compared_twice_with_each():
    with np.load(DATA) as recorded:
        assert set(recorded) == {*CASES, "versions"}
    many = {}
    for case in CASES.values():
        name = case.framework, case.schedule.made_by.__name__
        many[name] = many.get(name, 0) + 1
    both = {f.made_by.__name__ for f in EXAMPLES} - {"constant", "inverse_sqrt", "inverse_time"}
    assert all(many[framework, name] >= 2 for framework in ("torch", "optax") for name in both)
    assert many["keras", "inverse_time"] == 2


# By hand.


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (constant(3), [3, 3, 3]),
        (step_decay(8, 2, 0.5), [8, 8, 4, 4, 2, 2, 1]),
        (step_decay(1000, 1), [1000, 100, 10, 1]),
        (step_decay(5, 2, factor=1), [5] * 5),
        (exponential(8, 0.5), [8, 4, 2, 1, 0.5]),
        (inverse_sqrt(6), [6, 6 / np.sqrt(2), 6 / np.sqrt(3), 3, 6 / np.sqrt(5)]),
        (inverse_sqrt(8, warmup=4), [2, 4, 6, 8, *(16 / np.sqrt([5, 6, 7, 8]))]),
        (inverse_time(12), [12, 6, 4, 3, 2.4, 2]),
        (inverse_time(12, rate=2), [12, 4, 2.4]),
        (inverse_time(12, rate=0), [12, 12, 12]),
        (polynomial(8, 4), [8, 6, 4, 2, 0, 0, 0]),
        (polynomial(16, 4, power=2), [16, 9, 4, 1, 0, 0]),
        (polynomial(1, 4, power=0.5, end=5), [1, 5 - 4 * np.sqrt(3 / 4), 5 - 4 * np.sqrt(1 / 2), 3, 5, 5]),
        (cosine(8, 2), [8, 4, 0, 0]),
        (cosine(8, 3, end=4), [8, 7, 5, 4, 4]),  # cos 60° = 1/2
        (cosine(4, 3, end=8), [4, 5, 7, 8, 8]),
        (warm_restarts(8, 2), [8, 4, 8, 4, 8]),
        (warm_restarts(8, 3, end=4), [8, 7, 5, 8, 7, 5, 8]),
        (warm_restarts(8, 1, mult=3), [8, 8, 6, 2, 8]),
        (warm_restarts(1, 1), [1, 1, 1]),
        (linear_warmup(8, 4), [0, 2, 4, 6, 8, 8, 8]),
        (linear_warmup(8, 4, start=2), [2, 3.5, 5, 6.5, 8, 8]),
        (linear_warmup(8, 1), [0, 8, 8]),
        (one_cycle(8, 2, 3, div=4, final_div=2), [2, 5, 8, 6.25, 2.75, 1, 1, 1]),
        (one_cycle(100, 1, 1), [4, 100, 4e-4, 4e-4]),
        (wsd(8, 6, 4), [8, 8, 8, 6, 4, 2, 0, 0]),
        (wsd(8, 4, 4), [8, 6, 4, 2, 0]),
        (wsd(8, 5, 1), [8, 8, 8, 8, 8, 0, 0]),
        (wsd(9, 5, 4, power=0.5), [9, 9, 4.5, 9 - 9 * np.sqrt(0.5), 9 - 9 * np.sqrt(0.75), 0, 0]),
        (wsd(16, 4, 4, power=2), [16, 15, 12, 7, 0, 0]),
        (join([constant(3)], []), [3, 3, 3]),
        (join([exponential(8, 0.5), constant(5), inverse_time(6)], [2, 3]), [8, 4, 5, 6, 3, 2]),
        (join([lambda t: t, lambda t: 10 * t], [3]), [1, 2, 3, 10, 20]),
        (join([join([constant(1), constant(2)], [1]), constant(3)], [2]), [1, 2, 3, 3]),
    ],
    ids=repr,
)
def test_by_hand(schedule, expected):
    np.testing.assert_allclose(values(schedule, len(expected)), expected, rtol=1e-14, atol=1e-15)


def test_the_transformers_rate():
    # Vaswani et al. 2017: d_model = 512, 4000 warm-up steps, Table 3's base model
    lr = inverse_sqrt((512 * 4000) ** -0.5, warmup=4000)
    np.testing.assert_allclose(lr(4000), 6.98771243e-4, rtol=1e-8)
    np.testing.assert_allclose(lr(100_000), 512**-0.5 * 100_000**-0.5, rtol=1e-14)
    np.testing.assert_allclose(lr(1), 512**-0.5 * 4000**-1.5, rtol=1e-14)


def test_sgdr_restarts_at_the_steps_of_the_papers_figure():
    # Loshchilov & Hutter 2017, Fig. 1: with T_0 = 1 and T_mult = 2 (epochs) restarts come at 1, 3, 7, 15, …
    lr = warm_restarts(0.05, 100, mult=2)
    jumps = 1 + np.flatnonzero(np.diff(values(lr, 3200)) > 0)
    assert jumps.tolist() == [100, 300, 700, 1500, 3100]


def test_a_late_step_costs_no_more_than_the_first():
    assert warm_restarts(8, 2)(10**15) == 4
    assert warm_restarts(8, 2, mult=2)(2 * (2**60 - 1) + 1) == 8


# What every schedule keeps to.


@every
def test_it_is_finite_and_not_negative_for_ever(schedule):
    for t in (*range(1, 50), 10**6, 10**12):
        assert check("lr", schedule(t)) == schedule(t)
        assert type(schedule(t)) is float


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        (polynomial(0.3, 7, power=0.9, end=0.1), 8),
        (cosine(0.3, 7, end=0.1), 8),
        (linear_warmup(0.1, 7, start=0.3), 8),
        (one_cycle(1, 2, 5, div=2, final_div=5), 8),
    ],
    ids=repr,
)
def test_it_stays_at_its_last_value(schedule, last):
    np.testing.assert_allclose(schedule(last), 0.1, rtol=1e-15)
    assert schedule(last - 1) != schedule(last)
    assert {schedule(t) for t in (last, last + 1, 10**9)} == {schedule(last)}


@every
def test_it_prints_as_what_makes_it_and_survives_a_copy(schedule):
    assert schedule.__name__ == repr(schedule)
    again = eval(repr(schedule), vars(schedules))
    for other in (again, copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
        assert isinstance(other, Schedule)
        assert repr(other) == repr(schedule)
        assert (values(other, 20) == values(schedule, 20)).all()


def test_it_prints_inside_an_optimizer():
    assert repr(gd(lr=cosine(0.1, 100))) == "gd(lr=cosine(peak=0.1, steps=100, end=0.0))"
    assert repr(cosine(np.ones((2, 3)), 9)) == "cosine(peak=<2×3 values>, steps=9, end=0.0)"

    def half(t):
        return 0.5

    assert (
        repr(join([half, constant(1)], [3])) == "join(schedules=[half, constant(value=1.0)], boundaries=[3])"
    )
    assert repr(adam(lr=constant(1))).startswith("adam(lr=constant(value=1.0), beta1=0.9")


@every
def test_its_documentation_is_whole(schedule):
    make = schedule.made_by
    doc = inspect.getdoc(make)
    for part in ("    ", ">>>", "\n\nParameters\n---", "\n\nRaises\n---", "PyTorch", "Optax"):
        assert part in doc
    assert doc.endswith(".")
    for name in inspect.signature(make).parameters:
        assert re.search(rf"^[\w, ]*\b{name}\b[\w, ]* : ", doc, re.MULTILINE)
    assert "t" not in inspect.signature(make).parameters


def test_values_may_differ_from_run_to_run():
    peaks = np.array([1.0, 2.0, 4.0])
    for make in (
        constant,
        lambda p: step_decay(p, 3),
        lambda p: exponential(p, np.array([0.5, 0.9, 1.0])),
        lambda p: inverse_sqrt(p, 4),
        lambda p: inverse_time(p, rate=p),
        lambda p: polynomial(p, 5, power=p, end=p / 2),
        lambda p: cosine(p, 5, end=p / 3),
        lambda p: warm_restarts(p, 5, end=p / 3),
        lambda p: linear_warmup(p, 5, start=p / 4),
        lambda p: one_cycle(p, 3, 4, div=10 * p, final_div=p),
        lambda p: wsd(p, 9, 6, power=p),
        lambda p: join([cosine(p, 5), constant(0.1)], [3]),
    ):
        together = make(peaks)
        for t in range(1, 12):
            row = np.broadcast_to(together(t), (3,))
            for i, p in enumerate(peaks):
                if make(p).made_by is not exponential:
                    np.testing.assert_allclose(row[i], make(p)(t), rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(exponential(peaks, [0.5, 0.9, 1.0])(3), [0.25, 1.62, 4], rtol=1e-15)


def test_what_it_was_given_may_change_later():
    peaks, parts, ends = np.array([1.0, 2.0]), [constant(1), constant(2)], [3]
    lr, both = constant(peaks), join(parts, ends)
    peaks[:], parts[0], ends[0] = 9, constant(9), 1
    assert lr(1).tolist() == [1, 2]
    assert values(both, 4).tolist() == [1, 1, 1, 2]
    with pytest.raises(ValueError, match="read-only"):
        lr(1)[0] = 5


def test_a_schedule_does_not_change_and_equals_itself_alone():
    lr = cosine(8, 2)
    with pytest.raises(FrozenInstanceError):
        lr.arguments = {}
    assert {lr: 1}[lr] == 1
    assert lr == lr and lr != cosine(8, 2)


def test_a_step_number_of_numpy_is_one():
    assert cosine(8, 2)(np.int64(2)) == 4


# In a run.


@pytest.mark.parametrize("rule", [gd, momentum])
@every
def test_a_run_is_that_with_lr_changed_by_hand(rule, schedule):
    surface = ravine(10)
    run = descend(surface, start=(-1.0, 0.5), opt=rule(lr=schedule), steps=30)
    theta = np.array([-1.0, 0.5])
    state = rule.init(theta)
    for t in range(1, 31):
        rule(lr=schedule(t)).step(theta, surface.grad(theta), state)
        assert run.theta.values[t].tolist() == theta.tolist()
    assert not run.diverged


@pytest.mark.parametrize("key", ["cosine torch", "one cycle optax", "restarts torch", "join torch"])
def test_a_run_is_that_with_the_frameworks_values_put_in_by_hand(key):
    case = CASES[key]
    with np.load(DATA) as recorded:
        lrs = recorded[key]
    run = descend(quadratic(1.0), start=[1.0], opt=momentum(lr=case.schedule), steps=len(lrs))
    theta, v = 1.0, 0.0
    for t, lr in enumerate(lrs, start=1):
        v = 0.9 * v + theta
        theta -= lr * v
        np.testing.assert_allclose(run.theta.values[t], theta, rtol=1e-12, atol=1e-14)


def test_with_one_over_t_gradient_descent_is_the_mean_of_what_it_saw():
    # On (θ − x_t)²/2 with lr = 1/t: θ_t is the mean of x_1 … x_t, whatever the start.
    x = np.random.default_rng(0).standard_normal((40, 1))
    theta = np.array([1e3])
    opt = gd(lr=inverse_time(1))
    state = opt.init(theta)
    for t, xt in enumerate(x, start=1):
        opt.step(theta, theta - xt, state)
        np.testing.assert_allclose(theta, x[:t].mean(axis=0), rtol=1e-10, atol=1e-12)


def test_a_product_that_telescopes():
    # On θ²/2 with lr = 1/(t + 1): θ_T = ∏ t/(t + 1) = 1/(T + 1).
    run = descend(quadratic(1.0), start=[1.0], opt=gd(lr=inverse_time(0.5, rate=0.5)), steps=50)
    np.testing.assert_allclose(run.theta.values[:, 0], 1 / np.arange(1, 52), rtol=1e-13)


def test_a_schedule_over_runs_and_in_a_sweep():
    peaks = np.array([0.1, 0.2, 0.3])
    surface = ravine(3)
    together = descend(surface, start=np.ones((2, 3)), opt=gd(lr=cosine(peaks, 20)), steps=20)
    grid = sweep(surface, start=(1.0, 1.0), rule=momentum, steps=20, lr=cosine(0.1, 20), beta=[0.0, 0.5])
    for i, peak in enumerate(peaks):
        alone = descend(surface, start=(1.0, 1.0), opt=gd(lr=cosine(peak, 20)), steps=20)
        np.testing.assert_allclose(together.theta.values[..., i], alone.theta.values, rtol=1e-14)
    np.testing.assert_allclose(grid.theta.values[..., 0], together.theta.values[..., 0], rtol=1e-14)


# Messages.

COUNT = "it has to be a whole number ≥ 1, such as 10, and below 2⁶³"
VALUE = "it has to be a finite number ≥ 0, such as 0.1"
DIVISOR = "it has to be a finite number ≥ 1: peak is divided by it"
FACTOR = "it has to be in (0, 1]: to divide by 10, give 0.1"
BOUNDARIES = "they have to be whole numbers ≥ 1, each above the one before: the last step t of every schedule but the last"
ONE = constant(1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: constant(-1), f"value is -1; {VALUE}"),
        (lambda: inverse_sqrt(0.1, 2**63), f"warmup is {2**63}; {COUNT}"),
        (lambda: step_decay(-0.1, 3), f"peak is -0.1; {VALUE}"),
        (lambda: cosine(np.nan, 3), f"peak is nan; {VALUE}"),
        (lambda: cosine(0.1, 3, end=np.inf), f"end is inf; {VALUE}"),
        (lambda: cosine([0.1, -3.0, -4.0], 3), f"peak is -3.0; {VALUE}"),
        (lambda: linear_warmup(0.1, 3, start=-2), f"start is -2; {VALUE}"),
        (lambda: exponential(0.1, 0), f"factor is 0; {FACTOR}"),
        (lambda: step_decay(0.1, 3, factor=1.5), f"factor is 1.5; {FACTOR}"),
        (lambda: inverse_time(1, rate=-1), "rate is -1; it has to be a finite number ≥ 0: 1 gives peak/t"),
        (
            lambda: polynomial(1, 3, 0),
            "power is 0; it has to be a finite number > 0: 1 gives a straight line",
        ),
        (
            lambda: polynomial(1, 3, np.inf),
            "power is inf; it has to be a finite number > 0: 1 gives a straight line",
        ),
        (lambda: one_cycle(1, 3, 4, div=0.5), f"div is 0.5; {DIVISOR}"),
        (lambda: one_cycle(1, 3, 4, final_div=0), f"final_div is 0; {DIVISOR}"),
        (lambda: cosine(0.1, 0), f"steps is 0; {COUNT}"),
        (lambda: cosine(0.1, 10.0), f"steps is 10.0; {COUNT}"),
        (lambda: cosine(0.1, -5), f"steps is -5; {COUNT}"),
        (lambda: polynomial(0.1, "9"), f"steps is '9'; {COUNT}"),
        (lambda: linear_warmup(0.1, True), f"steps is True; {COUNT}"),
        (lambda: step_decay(0.1, 0.5), f"every is 0.5; {COUNT}"),
        (lambda: inverse_sqrt(0.1, warmup=0), f"warmup is 0; {COUNT}"),
        (lambda: warm_restarts(0.1, 10, mult=1.5), f"mult is 1.5; {COUNT}"),
        (lambda: one_cycle(0.1, 0, 5), f"rise is 0; {COUNT}"),
        (lambda: one_cycle(0.1, 5, 0), f"fall is 0; {COUNT}"),
        (lambda: wsd(0.1, 5, 0), f"cooldown is 0; {COUNT}"),
        (lambda: wsd(0.1, 5, 6), "cooldown is 6 of 5 steps; give at most all of them"),
        (
            lambda: cosine(np.ones(3), 9, end=np.zeros(2)),
            "{'peak': (3,), 'end': (2,)} do not broadcast; give each a number, or one for each run",
        ),
        (lambda: join([ONE, ONE, ONE], [10, 10]), f"boundaries are [10, 10]; {BOUNDARIES}"),
        (lambda: join([ONE, ONE, ONE], [10, 5]), f"boundaries are [10, 5]; {BOUNDARIES}"),
        (lambda: join([ONE, ONE], [0]), f"boundaries are [0]; {BOUNDARIES}"),
        (lambda: join([ONE, ONE], [2.5]), f"boundaries are [2.5]; {BOUNDARIES}"),
        (lambda: join([ONE, ONE], []), "2 schedules with 0 boundaries; give one between each two: 1"),
        (lambda: join([ONE], [3]), "1 schedules with 1 boundaries; give one between each two: 0"),
        (lambda: join([], []), "schedules is empty; give at least one: [constant(0.1)]"),
    ],
)
def test_what_is_out_of_range_is_named(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cosine("0.1", 3), "peak is '0.1'; give a number, or an array with a number for each run"),
        (lambda: constant(True), "value is True; give a number, or an array with a number for each run"),
        (lambda: constant(1j), "value is 1j; give a number, or an array with a number for each run"),
        (lambda: constant(None), "value is None; give a number, or an array with a number for each run"),
        (lambda: join(ONE, []), "schedules is constant(value=1.0); give a list: [constant(value=1.0)]"),
        (lambda: join([ONE, ONE], 10), "boundaries is 10; give a list: [10]"),
        (lambda: join([ONE, 0.1], [10]), "schedules has 0.1, no function of t; give constant(0.1)"),
        (lambda: cosine(0.1), "cosine(peak, steps, end=0.0): missing a required argument: 'steps'"),
        (
            lambda: cosine(0.1, 5, low=1),
            "cosine(peak, steps, end=0.0): got an unexpected keyword argument 'low'",
        ),
        (lambda: constant(1, 2), "constant(value): too many positional arguments"),
    ],
)
def test_what_is_of_another_kind_is_named(make, message):
    with pytest.raises(TypeError) as caught:
        make()
    assert str(caught.value) == message


@every
@pytest.mark.parametrize("t", [0, -1, 1.0, True, None])
def test_the_first_step_is_1(schedule, t):
    with pytest.raises(ValueError) as caught:
        schedule(t)
    assert str(caught.value) == (
        f"t is {t!r}; it has to be a step's number: the first step is t = 1, then 2, 3, …"
    )


def test_what_the_limits_allow():
    assert cosine(0, 1, end=0)(1) == 0
    assert one_cycle(1, 1, 1, div=1, final_div=1)(1) == 1
    assert exponential(1, 1)(99) == 1
    assert inverse_sqrt(1, 2**63 - 1)(2**63 - 1) == 1  # the last step of a warmup
    assert constant(np.float32(0.5))(1) == 0.5
    assert cosine(1, np.int64(4))(3) == 0.5
    assert repr(join([ONE, ONE], np.array([3]))).endswith("boundaries=[3])")
    assert constant(np.ones(0))(1).shape == (0,)
