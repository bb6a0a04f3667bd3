"""Lengths, quotients and memory at their ends: tiny and huge gradients, ε = 0, β₂ near 1, shared memory."""

import copy
import re
import warnings
from fractions import Fraction

import numpy as np
import pytest
from steps import bits, run
from table import TABLE

from lib import dialects, engine, optimizers
from lib.descend import descend
from lib.engine import Optimizer, optimizer
from lib.optimizers import adam, averaged, gd, lamb, momentum, norm, orthogonalize, radam
from lib.surfaces import quadratic
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

RULES = [row.rule for row in TABLE] + [r for r in vars(dialects).values() if isinstance(r, Optimizer)]
every = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
SIZES = [10.0**k for k in (-300, -200, -160, -100, -10, 0, 10, 100, 153, 160, 200, 300)]


def ready(rule, **given):
    """A rule with what it needs, and without what moves θ beside its gradient."""
    given |= {name: 0.0 for name in ("weight_decay",) if name in rule.hyperparameters}
    given |= {"initial": 0.0} if rule.name == "optax_yogi" else {}  # its mean would begin at initial
    return rule(**{"lr": 0.1} | given if "lr" in rule.hyperparameters else given)


# The length of a vector. Its truth: 3, 4, 5.


@pytest.mark.parametrize("size", SIZES)
def test_a_norm_is_right_for_every_size(size):
    x = np.array([3.0, 0.0, -4.0])
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert norm(size * x) == pytest.approx(5 * size, rel=1e-12, abs=0)
        together = norm(np.stack([size * x, x, 0 * x], axis=1))
    np.testing.assert_allclose(together, [5 * size, 5, 0], rtol=1e-12)


def test_a_norm_of_many_and_of_none_and_of_what_is_not_finite():
    for power in range(-170, -150):  # squares that are floats with few digits, or no floats
        assert norm(np.array([3.0, 4.0]) * 10.0**power) == pytest.approx(5 * 10.0**power, rel=1e-12, abs=0)
    assert norm(np.full(70_000, 1e-200)) == pytest.approx(70_000**0.5 * 1e-200, rel=1e-12, abs=0)
    assert norm(np.full(70_000, 3e17, np.float32)) == pytest.approx(70_000**0.5 * 3e17, rel=1e-5, abs=0)
    assert norm(np.full(70_000, 3e-30, np.float32)) == pytest.approx(70_000**0.5 * 3e-30, rel=1e-5, abs=0)
    assert norm(np.ones((0, 2))).tolist() == [0, 0] and norm(np.zeros(0)) == 0
    found = norm(np.array([[np.inf, np.nan, 3e200], [1.0, 1.0, 4e200]]))
    assert found[0] == np.inf and np.isnan(found[1]) and found[2] == pytest.approx(5e200)


@pytest.mark.parametrize("size", SIZES)
def test_the_recorded_norm_and_a_healthy_run(size):
    run = descend(quadratic(1.0, 1.0), [3 * size, 4 * size], gd(lr=0.5), 1)
    if size < 1e150:  # the loss is size²
        assert not run.diverged
        assert run.grad_norm[0] == pytest.approx(5 * size, rel=1e-12, abs=0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("largest", [1e-300, 1e-3, 1.0, 1e300])
@pytest.mark.parametrize("in_dict", [False, True])
def test_a_clipped_gradient_has_the_length_it_should(size, largest, in_dict):
    g = size * np.array([3.0, 4.0])
    theta, given = np.zeros(2), g
    if in_dict:
        theta, given = {"a": np.zeros(1), "b": np.zeros(1)}, {"a": g[:1], "b": g[1:]}
    moved, _ = run(clip_by_norm(gd(lr=1.0), largest), theta, [given])
    moved = np.concatenate([moved["a"], moved["b"]]) if in_dict else moved
    length = min(5 * size, largest)
    np.testing.assert_allclose(-moved / length, [0.6, 0.8], rtol=1e-12)


@pytest.mark.parametrize("rule", [lamb, dialects.keras_lamb], ids=lambda rule: rule.name)
@pytest.mark.parametrize("long", [1e-300, 1e-10, 1.0, 1e10, 1e200, 1e300])
@pytest.mark.parametrize("size", [1e-300, 1e-290, 1e-200, 1e-10, 1.0, 1e10, 1e150])
def test_lambs_step_is_lr_times_the_length_of_the_weights(rule, long, size):
    theta = long * np.array([3.0, 4.0])
    moved, _ = run(ready(rule, lr=0.5), theta, [size * np.array([1.0, -2.0])])
    assert norm((moved - theta) / long) == pytest.approx(2.5, rel=1e-6, abs=0)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e100, 1e160, 1e300])
def test_orthogonalize_does_not_overflow(size):
    x = np.array([[3.0, 0.0], [0.0, -1.0], [0.0, 0.0]])
    np.testing.assert_allclose(orthogonalize(size * x), orthogonalize(1e4 * x), atol=1e-2)
    np.testing.assert_allclose(orthogonalize(size * x.T), orthogonalize(1e4 * x.T), atol=1e-2)


# ε = 0: 0/0 is 0, for every rule.


@every
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("runs", [False, True])
def test_without_eps_what_has_had_no_gradient_does_not_move(rule, dtype, runs):
    theta = np.array([[1.5, -2.0], [3.0, 4.0], [1.0, 0.5]], dtype)
    eps = np.zeros(2) if runs and not rule.matrix else 0.0
    opt = ready(rule, eps=eps) if "eps" in rule.hyperparameters else ready(rule)
    for wrapped in (opt, lookahead(opt), clip_by_norm(opt, 1.0), clip_by_value(opt, 1.0)):
        with np.errstate(all="raise"):
            moved, _ = run(wrapped, theta, [np.zeros_like(theta)] * 4)
        assert bits(moved) == bits(theta)


@every
def test_without_eps_a_coordinate_at_rest_does_not_disturb_the_others(rule):
    if rule.matrix or rule.name.startswith(("lamb", "keras_lamb")):
        return
    g = np.random.default_rng(0).standard_normal((5, 3))
    g[:, 1] = 0
    opt = ready(rule, eps=0.0) if "eps" in rule.hyperparameters else ready(rule)
    together, _ = run(opt, np.ones(3), g)
    alone, _ = run(opt, np.ones(2), g[:, ::2])
    assert together.tolist() == [alone[0], 1, alone[1]]


@pytest.mark.parametrize("rule", [lamb, dialects.keras_lamb], ids=lambda rule: rule.name)
def test_without_eps_lamb_steps_along_the_signs_of_the_others(rule):
    moved, _ = run(ready(rule, lr=0.5, eps=0.0), np.array([3.0, 4.0, 0.0]), [np.array([7.0, 0.0, -1.0])])
    np.testing.assert_allclose(moved, [3 - 2.5 / 2**0.5, 4, 2.5 / 2**0.5], rtol=1e-12)


@pytest.mark.parametrize("size", [1e-140, 1e-30, 1.0, 1e150])
def test_without_eps_adams_first_step_is_lr_whatever_the_gradient(size):
    moved, _ = run(adam(lr=0.25, eps=0.0), np.zeros(2), [np.array([size, 0.0])])
    np.testing.assert_allclose(moved, [-0.25, 0], rtol=1e-7)


def test_eps_is_shown_as_it_was_given_and_may_be_a_schedule_that_ends_at_0():
    assert repr(adam(eps=0.0)) == "adam(lr=0.001, beta1=0.9, beta2=0.999, eps=0.0)"
    assert adam(eps=0).values(1)["eps"] == 2.0**-1022
    assert adam(eps=[0, 1]).values(1, (2,))["eps"].tolist() == [2.0**-1022, 1]
    assert adam(eps=0).values(1, (), np.ones(1, np.float32))["eps"] == 2.0**-126
    moved, _ = run(adam(eps=lambda t: 0), np.ones(2), [np.zeros(2)] * 2)
    assert moved.tolist() == [1, 1]


# RAdam's ρ, against its definition in exact fractions.


@pytest.mark.parametrize("t", [1, 2, 3, 4, 5, 6, 10, 100, 1000])
@pytest.mark.parametrize(
    "beta", [0.0, 0.1, 0.5, 0.6, 0.9, 0.99, 0.999, 0.9999, 0.999999, 1 - 1e-9, 1 - 1e-12, 1 - 2.0**-53]
)
def test_rho(beta, t):
    b = Fraction(beta)
    truth = 2 / (1 - b) - 1 - 2 * t * b**t / (1 - b**t)
    found = averaged(float(t), beta)
    assert found == pytest.approx(float(truth), rel=1e-12, abs=0)
    for edge in (4, 5):
        assert (found > edge) == (truth > edge)


@pytest.mark.parametrize(
    ("rule", "waits"),
    [(radam, 4), (dialects.torch_radam, 5), (dialects.optax_radam, 5)],
    ids=["paper", "torch", "optax"],
)
@pytest.mark.parametrize("beta", [0.999999, 1 - 1e-9])
def test_radam_waits_for_its_root_as_long_as_it_should(rule, waits, beta):
    # a constant gradient of 4: without the root a step is lr·4, with it lr·r with r < 1
    theta, opt = np.zeros(1), rule(lr=1.0, beta2=beta)
    state = opt.init(theta)
    for t in range(1, 9):
        before = theta.copy()
        opt.step(theta, np.full(1, 4.0), state)
        step = (before - theta).item()
        assert step == pytest.approx(4, rel=1e-6, abs=0) if t <= waits else step < 1.0


# One memory in two places.


def tied():
    w = np.ones(3)
    return {"encoder": w, "decoder": w}


def overlapping():
    base = np.arange(4.0)
    return {"a": base[:3], "b": base[1:]}


def reversed_view():
    w = np.ones(3)
    return {"a": w, "b": w[::-1]}


def of_one_buffer():
    buffer = bytearray(64)
    return {"a": np.frombuffer(buffer), "b": np.frombuffer(buffer)}


def of_one_file(folder):
    np.save(folder / "w.npy", np.ones(3))
    both = np.load(folder / "w.npy", mmap_mode="r+")
    return {"a": both, "b": both[1:]}


@pytest.mark.parametrize(
    "make", [tied, overlapping, reversed_view, of_one_buffer, of_one_file], ids=lambda f: f.__name__
)
def test_parameters_that_share_memory(make, tmp_path):
    theta = make(tmp_path) if make is of_one_file else make()
    words = "look into the same memory, which a step would change twice"
    for opt in (gd(lr=0.1), adam(), lookahead(adam()), lamb(), clip_by_norm(adam(), 1.0)):
        before = copy.deepcopy(theta)
        state = opt.init(theta)
        with pytest.raises(ValueError, match=words):
            opt.step(theta, {key: np.ones(leaf.shape) for key, leaf in theta.items()}, state)
        assert bits(theta) == bits(before) and state["t"] == 0


@pytest.mark.parametrize("block", [2, 2**15])
@pytest.mark.parametrize(
    "share",
    [
        lambda theta, state: state.update(v=theta),
        lambda theta, state: state.update(v=theta[::-1]),
        lambda theta, state: state.update(m=state["v"]),
        lambda theta, state: state.update(m=state["v"][:]),
    ],
)
def test_a_state_that_is_theta_or_another_slot(share, block, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", block)
    theta = np.arange(1.0, 5.0)
    state = adam.init(theta)
    share(theta, state)
    before = bits(theta, state)
    with pytest.raises(
        ValueError, match=r"^(theta|state\['[mv]'\]) and (theta|state\['[mv]'\]) look into the same memory"
    ):
        adam.step(theta, np.ones(4), state)
    assert bits(theta, state) == before


def test_theta_that_looks_into_its_own_memory_twice():
    theta = np.lib.stride_tricks.as_strided(np.ones(5), (3, 3), (8, 8), writeable=True)
    with pytest.raises(ValueError, match=r"^theta has elements in the same memory"):
        adam.init(theta)


def test_parts_of_one_array_that_do_not_overlap_may_be_stepped():
    base = np.ones((6, 4))
    theta = {
        "a": base[:3, 0],
        "b": base[3:, 0],
        "c": base[:, 1],
        "odd": base[1::2, 2:],
        "even": base[::2, 2:].T,
    }
    g = {key: np.ones(leaf.shape) for key, leaf in theta.items()}
    moved = copy.deepcopy(theta)
    momentum(lr=0.5).step(moved, g, momentum.init(moved))
    momentum(lr=0.5).step(theta, g, momentum.init(theta))
    assert bits(theta) == bits(moved) and (base == 0.5).all()
    packed = np.ones((3, 4))  # θ and its state in one array
    adam(lr=0.1).step(packed[0], np.ones(4), {"t": 0, "m": packed[1], "v": packed[2]})
    np.testing.assert_allclose(packed[1], 1.0)


@pytest.mark.parametrize("block", [2, 2**15])
def test_a_gradient_that_is_a_part_of_the_state(block, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", block)
    theta, opt = {"a": np.ones(5), "b": np.ones(5)}, momentum(lr=0.5)
    state = opt.init(theta)
    state["v"]["a"][:], state["v"]["b"][:] = np.arange(5.0), 7
    g = {"a": state["v"]["b"][::-1], "b": state["v"]["a"][::-1]}
    other, other_state, plain = copy.deepcopy((theta, state, g))
    opt.step(theta, g, state)
    opt.step(other, plain, other_state)
    assert bits(theta, state) == bits(other, other_state)


# NumPy's floating-point errors as errors.


@every
@pytest.mark.parametrize("how", ["seterr", "warnings"])
@pytest.mark.parametrize("where", ["small", "dict", "blocks"])
def test_floating_point_errors_do_not_interrupt_a_step(rule, how, where, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 8)
    wild = np.ones((4, 3))
    wild[-1, -1] = 1e200
    g = (
        {"a": np.ones((2, 2)), "b": wild}
        if where == "dict"
        else np.ones((40, 2))
        if where == "blocks"
        else wild
    )
    if where == "blocks":
        g[-1] = 1e200
    theta = {key: np.ones(leaf.shape) for key, leaf in g.items()} if where == "dict" else np.ones(g.shape)
    opt = ready(rule)
    state = opt.init(theta)
    with np.errstate(all="raise" if how == "seterr" else "warn"), warnings.catch_warnings():
        warnings.simplefilter("error")
        opt.step(theta, g, state)
    assert state["t"] == 1


def test_a_reader_s_rule_too():
    @optimizer
    def own(theta, g, t, v, *, lr):
        v = v + g * g
        return theta - lr * g / np.sqrt(v), v

    with np.errstate(all="raise"):
        moved, state = run(own(lr=0.1), np.ones(2), [np.array([1e200, 0.0])])
    assert state["v"].tolist() == [np.inf, 0] and moved[0] == 1 and np.isnan(moved[1])


@pytest.mark.parametrize("rule", [row.rule for row in TABLE], ids=lambda rule: rule.name)
def test_float16_is_refused_everywhere(rule):
    opt = ready(rule)
    theta = np.ones((3, 2), np.float16)
    for wrapped in (opt, lookahead(opt), clip_by_norm(opt, 1.0)):
        fine = np.ones((3, 2))
        state = wrapped.init(fine)
        for call in (lambda o=wrapped: o.init(theta), lambda o=wrapped, s=state, g=fine: o.step(theta, g, s)):
            with pytest.raises(
                TypeError, match=re.escape("Step theta.astype(np.float32), and round a copy of it")
            ):
                call()
        for slot in wrapped.slots:
            half = {**state, slot: state[slot].astype(np.float16)}
            with pytest.raises(TypeError, match=rf"^state\['{slot}'\] has dtype float16"):
                wrapped.step(fine, fine, half)


def test_the_rules_of_this_file_are_those_of_the_library():
    assert {rule.name for rule in RULES} >= {optimizers.adam.name, dialects.keras_adam.name} and len(
        RULES
    ) > 50
