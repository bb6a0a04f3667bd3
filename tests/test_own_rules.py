"""A rule of a reader's: however it treats what it is given, the step is that of the pure rule, or is refused."""

import copy
import math
import re

import numpy as np
import pytest
from steps import bits, frozen, run
from table import TABLE

from lib import dialects, engine
from lib.descend import descend, sweep
from lib.engine import Optimizer, optimizer
from lib.optimizers import adam, gd
from lib.surfaces import quadratic
from lib.wrappers import clip_by_norm, clip_by_value, lookahead


def pure(theta, g, t, v, *, lr, beta=0.9):
    g = np.where(np.abs(g) < 1e-3, 0, g + 0.1 * theta)
    v = beta * v + g
    return theta - lr * v, v


def in_place(theta, g, t, v, *, lr, beta=0.9):
    small = np.abs(g) < 1e-3
    g += 0.1 * theta
    g[small] = 0
    v *= beta
    v += g
    theta -= lr * v
    return theta, v


def in_place_with_its_hyperparameters(theta, g, t, v, *, lr, beta=0.9):
    small = np.abs(g) < 1e-3
    np.add(g, 0.1 * theta, out=g)
    np.putmask(g, small, 0)
    np.multiply(v, beta, out=v)
    v += g
    g[...] = v
    lr *= -1  # an array, where lr differs from run to run
    g *= lr
    theta += g
    return theta, v


def in_views_that_are_made_writeable(theta, g, t, v, *, lr, beta=0.9):
    for array in (theta, g, v):
        array.flags.writeable = True
    return in_place(theta, g, t, v, lr=lr, beta=beta)


BUFFERS = {}


def in_one_buffer(theta, g, t, v, *, lr, beta=0.9):
    buffer = BUFFERS.setdefault((theta.shape, theta.dtype), np.empty((2, *theta.shape), theta.dtype))
    buffer[0], buffer[1] = pure(theta, g, t, v, lr=lr, beta=beta)
    return buffer[0], buffer[1]


def in_views_of_one_result(theta, g, t, v, *, lr, beta=0.9):
    return tuple(np.stack(pure(theta, g, t, v, lr=lr, beta=beta))[::-1][::-1])


IMPURE = [
    in_place, in_place_with_its_hyperparameters, in_views_that_are_made_writeable, in_one_buffer, in_views_of_one_result,
]  # fmt: skip
AROUND = [lambda opt: opt, lookahead, lambda opt: clip_by_norm(opt, 2.0), lambda opt: clip_by_value(opt, 0.5)]
impure = pytest.mark.parametrize("rule", IMPURE, ids=lambda rule: rule.__name__)
around = pytest.mark.parametrize("wrap", AROUND, ids=["alone", "ahead", "by_norm", "by_value"])


@impure
@around
@pytest.mark.parametrize("shape", [(), (3,), (2, 7), (3, 2, 5)])
def test_what_it_does_to_its_arguments_does_not_matter(rule, wrap, shape, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 4)
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal(shape), rng.standard_normal((5, *shape))
    kept = frozen(gradients)
    lr = 0.1 if len(shape) < 2 else rng.uniform(0.01, 0.1, shape[1:])
    opt, other = (wrap(optimizer(r)(lr=lr)) for r in (rule, pure))
    for _ in range(2):  # what it did to an lr would show the second time
        assert bits(*run(opt, theta, gradients)) == bits(*run(other, theta, gradients))
    assert bits(gradients) == bits(kept)


@impure
@around
def test_what_it_does_to_the_arrays_of_a_dict_does_not_matter(rule, wrap):
    rng = np.random.default_rng(0)
    theta = {"w": rng.standard_normal((4, 3)), "b": rng.standard_normal(3), "v": rng.standard_normal((4, 3))}
    gradients = [{key: rng.standard_normal(leaf.shape) for key, leaf in theta.items()} for _ in range(3)]
    kept = copy.deepcopy(gradients)
    steps = [run(wrap(optimizer(r)(lr=0.1)), theta, gradients) for r in (rule, pure)]
    assert bits(*steps[0]) == bits(*steps[1])
    assert bits(*gradients) == bits(*kept)


@impure
def test_a_large_array(rule):
    theta = np.random.default_rng(0).standard_normal(70_000)
    steps = [run(optimizer(r)(lr=0.1), theta, [theta[::-1]] * 2) for r in (rule, pure)]
    assert bits(*steps[0]) == bits(*steps[1])


@impure
def test_a_run_and_a_sweep_with_a_run_that_diverges(rule):
    for elementwise in (True, False):
        mine, other = (optimizer(elementwise=elementwise)(r) for r in (rule, pure))
        runs = [
            descend(quadratic(1.0, 5.0), [1.0, 1.0], r(lr=0.1), 10, record=("grad", "v"))
            for r in (mine, other)
        ]
        assert runs[0].drop_attrs().identical(runs[1].drop_attrs())
        grids = [sweep(quadratic(1.0, 5.0), [1.0, 1.0], r, 200, lr=[0.1, 50.0]) for r in (mine, other)]
        assert grids[0].drop_attrs().identical(grids[1].drop_attrs())
        assert grids[0].diverged.values.tolist() == [False, True]


def test_slots_that_change_places():
    @optimizer
    def swap(theta, g, t, a, b):
        return theta - a, b, g

    theta = np.zeros(2)
    state = swap.init(theta)
    for i in range(1, 5):
        swap.step(theta, np.full(2, float(i)), state)
    # b is the gradient before, a the one before that
    assert (state["b"][0], state["a"][0], theta[0]) == (4, 3, -1 - 2)


def test_one_array_returned_twice_and_the_argument_itself():
    @optimizer
    def same(theta, g, t, a, b, *, lr):
        return theta - lr * g, g, g

    theta, g = np.ones(3), np.arange(3.0)
    state = same.init(theta)
    same(lr=1.0).step(theta, g, state)
    state["a"] += 1
    assert (theta.tolist(), state["b"].tolist(), g.tolist()) == ([1, 0, -1], [0, 1, 2], [0, 1, 2])


def test_a_list_as_a_default_is_an_array():
    @optimizer
    def listed(theta, g, t, *, lr=[0.1, 0.2]):  # noqa: B006
        return theta - lr * g

    moved = descend(quadratic(1.0), [1.0], listed, 1).theta.isel(step=-1).values
    np.testing.assert_allclose(moved, [[0.9, 0.8]], rtol=1e-15)


@pytest.mark.parametrize("value", [-3, 0.5, 1e300, [1.0, -2.0]])
def test_a_hyperparameter_of_its_own_name_may_be_any_finite_number(value):
    @optimizer
    def named(theta, g, t, *, tilt=0.0):
        return theta - tilt * g

    assert run(named(tilt=value), np.zeros((1, 2)), [np.ones((1, 2))])[0].tolist() == [
        list(np.broadcast_to(-np.array(value, float), 2))
    ]
    for wrong in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=rf"^tilt is {wrong}; it has to be a finite number$"):
            named(tilt=wrong)
    for wrong in (True, "1", None, 1j, [[1], [1, 2]]):
        with pytest.raises(TypeError, match=rf"^tilt is {re.escape(repr(wrong))}; give a number"):
            named(tilt=wrong)


# What it returns, wherever in a step: nothing has changed.

WRONG = {
    "nothing": (lambda x: None, "returned 1 arrays; a rule returns theta, v"),
    "too few": (lambda x: x, "returned 1 arrays"),
    "too many": (lambda x: (x, x, x), "returned 3 arrays"),
    "a list": (lambda x: [x, x], "returned 1 arrays"),
    "a slot of another shape": (
        lambda x: (x, np.ones(99)),
        "returned as v an array of shape (99,) and dtype float64, where",
    ),
    "a sum": (lambda x: (x, float(x.sum())), "returned as v a float, where it was given one of shape"),
    "none for a slot": (lambda x: (x, None), "returned as v a NoneType"),
    "none for theta": (lambda x: (None, x), "returned as theta a NoneType"),
    "words": (lambda x: (x, "v"), "returned as v a str"),
    "complex": (lambda x: (x * 1j, x), "returned as theta an array of shape"),
    "truths": (lambda x: (x, x > 0), "returned as v an array of shape"),
    "objects": (lambda x: (x, x.astype(object)), "returned as v a ndarray"),
    "a masked array": (lambda x: (x, np.ma.array(x)), "returned as v a MaskedArray"),
    "a ragged list": (lambda x: (x, [[1], [1, 2]]), "returned as v a list"),
}


@pytest.mark.parametrize("wrap", AROUND[:1] + AROUND[2:], ids=["alone", "by_norm", "by_value"])
@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("where", ["small", "dict", "blocks"])
def test_what_it_may_not_return(what, where, wrap, monkeypatch):
    returned, words = WRONG[what]
    monkeypatch.setattr(engine, "BLOCK", 8)

    @optimizer
    def wrong(theta, g, t, v):
        return returned(theta - g) if (theta == 7).any() else (theta - g, v + g)

    last = np.array([1.0, 1.0, 7.0])  # found in the last array, in the last block
    theta = {"small": last, "dict": {"a": np.ones(2), "b": last}, "blocks": np.append(np.ones(40), last)}[
        where
    ]
    g = {key: np.ones_like(leaf) for key, leaf in theta.items()} if where == "dict" else np.ones_like(theta)
    opt = wrap(wrong)
    state = opt.init(theta)
    before = bits(theta, state)
    with pytest.raises(ValueError, match=rf"^[\w(]*wrong.* {re.escape(words)}"):
        opt.step(theta, g, state)
    assert bits(theta, state) == before


@pytest.mark.parametrize("error", [RuntimeError, ZeroDivisionError, AssertionError])
def test_an_error_of_its_own_in_the_last_block_changes_nothing(error, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 8)

    @optimizer
    def breaks(theta, g, t, v):
        if (theta == 7).any():
            raise error("7")
        return theta - g, v + g

    for opt in (breaks, lookahead(breaks), clip_by_norm(breaks, 1.0)):
        theta = np.append(np.ones(40), 7.0)
        state = opt.init(theta)
        before = bits(theta, state)
        with pytest.raises(error):
            opt.step(theta, np.ones(41), state)
        assert bits(theta, state) == before


def one_number(g):
    return math.sqrt(g * g)


def a_branch(g):
    return 1.0 if g > 0 else -1.0


@pytest.mark.parametrize("function", [one_number, a_branch])
def test_a_rule_written_for_one_number_is_told_how_arrays_are_written(function):
    @optimizer
    def mine(theta, g, t):
        return theta - function(g)

    theta = np.ones(2)
    with pytest.raises(TypeError, match=r"^mine raised \w+: .* np\.sqrt\(g\) .* np\.where"):
        mine.step(theta, np.ones(2), mine.init(theta))
    with pytest.raises(TypeError, match=r"^mine raised"):
        descend(quadratic(1, 5), (1, 1), mine, 3)


# What lets this library's own rules go without copies.

LIBRARY = [rule for module in (dialects,) for rule in vars(module).values() if isinstance(rule, Optimizer)]
LIBRARY += [row.rule for row in TABLE]


@pytest.mark.parametrize("rule", LIBRARY, ids=lambda rule: rule.name)
def test_a_rule_of_the_library_takes_read_only_arrays_and_returns_new_ones(rule):
    assert not rule.own
    opt = rule(**dict.fromkeys(rule.hyperparameters, 0.1))
    for wrapped in (opt, lookahead(opt)):
        theta, g = np.random.default_rng(0).standard_normal((2, 3, 2))
        state = wrapped.init(theta)
        given = [frozen(array) for array in (theta, g, *(state[slot] for slot in wrapped.slots))]
        new = wrapped.rule(given[0], given[1], 7.0, *given[2:], **wrapped.values(7))
        new = new if isinstance(new, tuple) else (new,)
        assert [x.shape for x in new] == [x.shape for x in (given[0], *given[2:])]
        for i, array in enumerate(new):
            assert not any(np.shares_memory(array, other) for other in (*given, *new[:i]))


def test_whose_rule_it_is():
    @optimizer
    def mine(theta, g, t):
        return theta

    assert [opt.own for opt in (mine, lookahead(mine), clip_by_norm(mine, 1.0), mine())] == [True] * 4
    assert [opt.own for opt in (gd, lookahead(gd), clip_by_norm(adam, 1.0), adam(lr=1))] == [False] * 4
