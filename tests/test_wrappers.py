"""What goes around a rule: clipping and Lookahead. Hand arithmetic, relations to the rule inside, structure, messages."""

import copy
import inspect

import numpy as np
import pytest
from steps import bits, each, run
from table import TABLE

from lib import engine
from lib.checkpoint import CheckpointError, load, save
from lib.descend import descend, sweep
from lib.engine import Optimizer
from lib.optimizers import adam, adamw, gd, lamb, momentum, muon, shampoo, signsgd
from lib.surfaces import quadratic
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

rules = each(TABLE)
with_runs = each([row for row in TABLE if not row.rule.matrix])


def by_norm(inner):
    return clip_by_norm(inner, 1.5)


def by_value(inner):
    return clip_by_value(inner, 0.7)


def ahead(inner):
    return lookahead(inner, k=3, alpha=0.3)


def both(inner):
    return clip_by_norm(lookahead(inner, k=2, alpha=0.6), 1.5)


around = pytest.mark.parametrize("wrap", [by_norm, by_value, ahead, both])


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def clipped(wrap, g):
    """The gradient that the rule inside is given."""
    zeros = {key: np.zeros_like(leaf) for key, leaf in g.items()} if isinstance(g, dict) else np.zeros_like(g)
    theta, _ = run(wrap(gd(lr=1.0)), zeros, [g])
    return {key: -leaf for key, leaf in theta.items()} if isinstance(g, dict) else -theta


# Clipping by the norm.


def test_a_long_gradient_is_shortened_and_a_short_one_is_left():
    def one(g):
        return clipped(lambda inner: clip_by_norm(inner, 10.0), np.array(g)).tolist()

    assert one([30.0, -40.0]) == [6, -8]
    assert one([6.0, 8.0]) == [6, 8]
    assert one([3.0, 4.0]) == [3, 4]
    assert one([0.0, 0.0]) == [0, 0]


def test_the_clipped_gradient_points_where_it_pointed_and_has_the_length():
    for d in (1, 2, 100):
        g = 1000 * noise(d)
        short = clipped(lambda inner: clip_by_norm(inner, 0.25), g)
        assert np.linalg.norm(short) == pytest.approx(0.25, rel=1e-14)
        np.testing.assert_allclose(short / 0.25, g / np.linalg.norm(g), rtol=1e-13)


def test_each_run_has_a_norm_of_its_own():
    g = np.array([[[30.0, 0.3], [3.0, 0.0]], [[40.0, 0.4], [4.0, 0.0]]])  # lengths 50, .5, 5, 0
    got = clipped(lambda inner: clip_by_norm(inner, 5.0), g)
    np.testing.assert_allclose(got, [[[3, 0.3], [3, 0]], [[4, 0.4], [4, 0]]], rtol=1e-15)


def test_a_dict_has_one_norm_over_all_its_arrays():
    g = {
        "w": np.array([[2.0, 0.0], [0.0, 4.0]]),
        "b": np.array([5.0]),
        "scale": np.array(6.0),
    }  # 4 + 16 + 25 + 36 = 9²
    got = clipped(lambda inner: clip_by_norm(inner, 4.5), g)
    for key, leaf in g.items():
        np.testing.assert_allclose(got[key], leaf / 2, rtol=1e-15)
        assert got[key].shape == leaf.shape
    left = clipped(lambda inner: clip_by_norm(inner, 9.5), g)
    assert all((left[key] == leaf).all() for key, leaf in g.items())


def test_a_matrix_has_one_norm():
    g = noise(3, 4)
    inner, theta = shampoo(lr=0.1, eps=0.5), np.zeros((3, 4))
    half = clip_by_norm(inner, np.linalg.norm(g) / 2)
    np.testing.assert_allclose(run(half, theta, [g])[0], run(inner, theta, [g / 2])[0], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", ["large", "tiny"])
def test_the_norm_neither_overflows_nor_underflows(dtype, size):
    info = np.finfo(dtype)
    scale = {"large": info.max / 8, "tiny": info.tiny * 16}[size]
    largest = 1.0 if size == "large" else float(info.tiny * 4)
    g = np.array([3, 4], dtype) * dtype(scale) / dtype(2)
    with np.errstate(under="ignore"):
        got = clipped(lambda inner: clip_by_norm(inner, largest), g)
    assert got.dtype == dtype
    np.testing.assert_allclose(got.astype(float), [0.6 * largest, 0.8 * largest], rtol=4 * float(info.eps))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_gradient_that_is_not_finite_shows_in_its_own_run_and_in_no_other(bad):
    g = np.array([[30.0, 30.0], [40.0, bad]])
    with np.errstate(invalid="ignore"):
        got = clipped(lambda inner: clip_by_norm(inner, 5.0), g)
    np.testing.assert_allclose(got[:, 0], [3, 4], rtol=1e-15)
    assert not np.isfinite(got[1, 1])
    with np.errstate(invalid="ignore"):
        got = clipped(lambda inner: clip_by_norm(inner, 5.0), {"w": g[:, 1], "b": np.array([1.0])})
    assert not np.isfinite(got["w"][1])


# Clipping by value.


def test_each_coordinate_is_brought_into_the_interval():
    g = np.array([[30.0, -30.0, 2.0, -2.0], [0.5, -0.5, np.inf, -np.inf]])
    assert clipped(lambda inner: clip_by_value(inner, 2.0), g).tolist() == [
        [2, -2, 2, -2],
        [0.5, -0.5, 2, -2],
    ]
    assert clipped(lambda inner: clip_by_value(inner, 2.0), {"w": g[0], "b": g[1]})["w"].tolist() == [
        2,
        -2,
        2,
        -2,
    ]
    assert np.isnan(clipped(lambda inner: clip_by_value(inner, 2.0), np.array([np.nan]))).all()


def test_the_outermost_comes_first():
    """The gradient goes inwards: each wrapper hands what it made of it to the optimizer it was given."""
    g = np.array([30.0, 40.0])
    value_then_norm = clipped(lambda inner: clip_by_value(clip_by_norm(inner, 1.0), 1.0), g)
    norm_then_value = clipped(lambda inner: clip_by_norm(clip_by_value(inner, 0.7), 1.0), g)
    np.testing.assert_allclose(value_then_norm, [np.sqrt(0.5)] * 2, rtol=1e-15)
    np.testing.assert_allclose(norm_then_value, [0.6, 0.7], rtol=1e-15)


@rules
@pytest.mark.parametrize("wrap", [clip_by_norm, clip_by_value])
def test_a_bound_never_reached_changes_nothing(row, wrap):
    theta, gradients = noise(3, 4), noise(6, 3, 4, seed=1)
    wrapped, state = run(wrap(row.opt, 1e6), theta, gradients)
    assert bits(wrapped, state) == bits(*run(row.opt, theta, gradients))


@rules
def test_the_rule_inside_is_given_the_clipped_gradient(row):
    theta, gradients = noise(3, 4), noise(6, 3, 4, seed=1)
    wrapped, state = run(clip_by_value(row.opt, 0.5), theta, gradients)
    assert bits(wrapped, state) == bits(*run(row.opt, theta, np.clip(gradients, -0.5, 0.5)))


def test_lookahead_around_a_clipped_rule_clips():
    gradients = 10 * noise(6, 4)
    for wrap in (by_norm, by_value):
        inside = wrap(gd(lr=0.1))
        outside, _ = run(lookahead(inside, k=2, alpha=1.0), np.ones(4), gradients)
        assert bits(outside) == bits(run(inside, np.ones(4), gradients)[0])
        assert bits(outside) != bits(run(gd(lr=0.1), np.ones(4), gradients)[0])


def test_clipping_leaves_the_readers_gradient_as_it_was():
    for wrap in (by_norm, by_value):
        g = np.array([30.0, 40.0])
        run(wrap(gd(lr=1.0)), np.zeros(2), [g])
        assert g.tolist() == [30, 40]


def test_a_gradient_in_thetas_own_memory_is_read_first():
    theta = np.array([3.0, 4.0])
    opt = clip_by_norm(gd(lr=1.0), 1.0)
    opt.step(theta, theta[::-1], opt.init(theta))
    np.testing.assert_allclose(theta, [2.2, 3.4], rtol=1e-15)


# Lookahead.


def test_lookahead_six_steps():
    # cases 14
    theta, seen = np.array([3.0]), []
    opt = lookahead(gd(lr=0.5), k=3, alpha=1 / 3)
    state = opt.init(theta)
    for _ in range(6):
        opt.step(theta, np.array([2.0]), state)
        seen.append(theta[0])
    np.testing.assert_allclose(seen, (2, 1, 2, 1, 0, 1), rtol=0, atol=1e-14)


@rules
@pytest.mark.parametrize("k", [1, 3])
def test_lookahead_that_keeps_the_whole_way_is_the_rule_inside(row, k):
    theta, gradients = noise(3, 4), noise(10, 3, 4, seed=1)
    wrapped, state = run(lookahead(row.opt, k=k, alpha=1.0), theta, gradients)
    plain, inner = run(row.opt, theta, gradients)
    assert bits(wrapped) == bits(plain)
    assert bits({slot: state[slot] for slot in inner}) == bits(inner)


@rules
def test_lookahead_that_keeps_nothing_is_back_where_it_began_every_k_steps(row):
    theta, gradients = noise(3, 4), noise(9, 3, 4, seed=1)
    opt, moved, state = lookahead(row.opt, k=3, alpha=0.0), theta, None
    for t, g in enumerate(gradients, start=1):
        moved, state = run(opt, moved, [g], state)
        if t % 3 == 0:
            np.testing.assert_allclose(moved, theta, rtol=1e-14, atol=1e-14)
            assert not state["drift"].any()
        else:
            assert (moved != theta).any()


@rules
def test_lookahead_is_k_steps_of_the_rule_and_a_step_back(row):
    """The rule inside goes on with its own state and its own t."""
    theta, gradients, k, alpha = noise(3, 4), noise(9, 3, 4, seed=1), 3, 0.25
    slow, state = theta, row.opt.init(theta)
    for first in range(0, 9, k):
        fast, state = run(row.opt, slow, gradients[first : first + k], state)
        slow = (1 - alpha) * slow + alpha * fast
        wrapped, _ = run(lookahead(row.opt, k=k, alpha=alpha), theta, gradients[: first + k])
        np.testing.assert_allclose(wrapped, slow, rtol=1e-12, atol=1e-13)


def test_lookahead_halves_a_ravines_zig_zag():
    # Zhang et al. 2019, Proposition 2's case on one coordinate: 1 − α + α·(1 − lr·λ)^k every k steps
    f, k, alpha, lr = quadratic(10.0), 4, 0.5, 0.19
    run = descend(f, start=[1.0], opt=lookahead(gd(lr=lr), k=k, alpha=alpha), steps=40)
    np.testing.assert_allclose(
        run.theta.values[::k, 0], (1 - alpha + alpha * (1 - 1.9) ** k) ** np.arange(11), rtol=1e-11
    )


def test_k_and_alpha_may_differ_from_run_to_run():
    theta, gradients = noise(2, 3), noise(8, 2, 3, seed=1)
    together, _ = run(
        lookahead(adam(lr=0.1), k=2, alpha=0.5)(k=[1, 2, 3], alpha=[0.1, 0.5, 0.9]), theta, gradients
    )
    for i, (k, alpha) in enumerate([(1, 0.1), (2, 0.5), (3, 0.9)]):
        alone, _ = run(lookahead(adam(lr=0.1), k=k, alpha=alpha), theta[:, i], gradients[:, :, i])
        np.testing.assert_allclose(together[:, i], alone, rtol=1e-12)


def test_lookahead_has_the_hyperparameters_of_both_and_the_defaults_of_the_paper():
    opt = lookahead(adam(lr=0.1))
    assert isinstance(opt, Optimizer)
    assert opt.slots == ("drift", "m", "v")
    assert opt.hyperparameters == {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "k": 5, "alpha": 0.5}
    assert repr(opt) == "lookahead(adam)(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-08, k=5, alpha=0.5)"
    assert (
        repr(opt(lr=0.2, k=3))
        == "lookahead(adam)(lr=0.2, beta1=0.9, beta2=0.999, eps=1e-08, k=3.0, alpha=0.5)"
    )
    assert str(inspect.signature(lookahead(gd))) == "(*, lr, k=5, alpha=0.5)"
    assert opt.__doc__.startswith("Lookahead: k steps of a rule forward")
    assert (opt.elementwise, lookahead(lamb).elementwise) == (True, False)
    assert (opt.matrix, lookahead(muon).matrix) == (False, True)


# Structure: a wrapped rule is a rule.


@rules
@around
def test_blocked_is_whole_and_resumed_is_uninterrupted(row, wrap, monkeypatch):
    opt, theta, gradients = wrap(row.opt), noise(4, 3), noise(10, 4, 3, seed=1)
    whole = run(opt, theta, gradients)
    half, state = run(opt, theta, gradients[:5])
    assert bits(*run(opt, half, gradients[5:], copy.deepcopy(state))) == bits(*whole)
    monkeypatch.setattr(engine, "BLOCK", 5)
    assert bits(*run(opt, theta, gradients)) == bits(*whole)


@with_runs
@around
def test_batched_is_single(row, wrap):
    paces = np.array([0.1, 0.2, 0.3])
    opt, theta, gradients = wrap(row.opt), noise(4, 2, 3), noise(8, 4, 2, 3, seed=1)
    batched, _ = run(opt(**{row.pace: paces}), theta, gradients)
    for i, j in np.ndindex(2, 3):
        alone = opt(**{row.pace: float(paces[j])})
        single, _ = run(alone, theta[:, i, j], gradients[:, :, i, j])
        np.testing.assert_allclose(batched[:, i, j], single, rtol=1e-9, atol=1e-11)


@rules
@around
@pytest.mark.parametrize("dtype", [np.float32])
def test_the_dtype_is_kept(row, wrap, dtype):
    theta = {"w": np.ones((2, 3), dtype), "w2": np.ones((3, 2))}
    moved, state = run(wrap(row.opt), theta, [{"w": np.ones((2, 3)), "w2": np.ones((3, 2))}] * 4)
    assert (moved["w"].dtype, moved["w2"].dtype) == (dtype, np.float64)
    assert all(state[slot]["w"].dtype == dtype for slot in state if slot != "t")
    assert np.isfinite(moved["w"]).all()


@with_runs
@around
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 4), (1, 1, 1)])
def test_arrays_of_no_axis_and_of_no_element(row, wrap, shape):
    theta, state = run(wrap(row.opt), np.ones(shape), [np.ones(shape)] * 3)
    assert (theta.shape, state["t"]) == (shape, 3)
    assert (theta < 1).all()


@rules
@around
def test_a_zero_gradient_moves_nothing(row, wrap):
    theta = noise(4, 3)
    moved, _ = run(wrap(row.without_decay()), theta, [np.zeros((4, 3))] * 7)
    assert bits(moved) == bits(theta)


@rules
@around
def test_the_opposite_gradient_takes_the_opposite_path(row, wrap):
    theta, gradients = noise(4, 3), noise(7, 4, 3, seed=1)
    assert bits(run(wrap(row.opt), theta, gradients)[0]) == bits(-run(wrap(row.opt), -theta, -gradients)[0])


@with_runs
@around
def test_a_wrapped_rule_sweeps(row, wrap):
    f, paces = quadratic(1.0, 5.0), np.array([0.01, 0.1])
    grid = sweep(f, start=[2.0, 1.0], rule=wrap(row.opt), steps=8, **{row.pace: paces})
    for i, pace in enumerate(paces):
        one = descend(f, start=[2.0, 1.0], opt=wrap(row.opt)(**{row.pace: float(pace)}), steps=8)
        np.testing.assert_allclose(grid.theta.values[..., i], one.theta.values, rtol=1e-9, atol=1e-11)


@around
def test_a_checkpoint_of_a_wrapped_rule_goes_on_when_the_rule_is_given(wrap, tmp_path):
    path, theta, gradients = tmp_path / "run.npz", noise(4, 3), noise(10, 4, 3, seed=1)
    opt = wrap(adam(lr=0.1))
    half, state = run(opt, theta, gradients[:5])
    save(path, half, state, opt)
    with pytest.raises(CheckpointError, match="this library has no such rule"):
        load(path)
    again = load(path, wrap(adam(lr=0.1)))
    assert bits(*run(again.opt, again.theta, gradients[5:], again.state)) == bits(*run(opt, theta, gradients))


def test_a_wrapped_rule_is_new_and_the_one_inside_as_it_was():
    inner = momentum(lr=1.0, beta=0.5)
    outer = clip_by_norm(inner, 1.0)
    other = outer(beta=0.0)
    assert (inner.name, outer.name) == ("momentum", "clip_by_norm(momentum, 1.0)")
    assert run(inner, np.zeros(1), [np.array([9.0])])[0][0] == -9
    assert run(outer, np.zeros(1), [np.array([9.0])] * 2)[0][0] == -2.5
    assert run(other, np.zeros(1), [np.array([9.0])] * 2)[0][0] == -2
    assert inner.hyperparameters == outer.hyperparameters == {"lr": 1.0, "beta": 0.5}


def test_a_schedule_inside_is_asked_as_before():
    asked = []
    opt = lookahead(clip_by_value(gd(lr=lambda t: asked.append(t) or 0.5), 1.0), k=2)
    run(opt, np.zeros(2), [np.ones(2)] * 3)
    assert asked == [1, 2, 3]


def test_reprs():
    assert repr(clip_by_norm(gd, 1.0)) == "clip_by_norm(gd, 1.0)()"
    assert repr(clip_by_value(gd(lr=0.1), 0.5)) == "clip_by_value(gd, 0.5)(lr=0.1)"
    assert (
        repr(clip_by_norm(lookahead(signsgd(lr=0.1)), 2.0))
        == "clip_by_norm(lookahead(signsgd), 2.0)(lr=0.1, k=5, alpha=0.5)"
    )
    assert (
        repr(lookahead(clip_by_norm(gd(lr=0.1), 2.0)))
        == "lookahead(clip_by_norm(gd, 2.0))(lr=0.1, k=5, alpha=0.5)"
    )


# Errors.

OPTIMIZER = " goes around an optimizer, such as adam(lr=0.1); it was given "
LARGEST = "; the largest allowed has to be a finite number > 0"


@pytest.mark.parametrize("wrap", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("largest", [0, -1, -1e-9, 0.0, np.nan, np.inf, "1", None, True, [1.0], 1j, 10**400])
def test_a_bound_that_is_none(wrap, largest):
    with pytest.raises(ValueError) as error:
        wrap(adam, largest)
    assert str(error.value) == f"{wrap.__name__} is given {largest!r}{LARGEST}"


@pytest.mark.parametrize("largest", [1, 0.5, np.float32(2), np.int64(3), 1e-300])
def test_a_bound_that_is_one(largest):
    for wrap in (clip_by_norm, clip_by_value):
        assert isinstance(wrap(adam, largest), Optimizer)


@pytest.mark.parametrize("inner", [None, 0.1, "adam", np.cos, adam.rule])
def test_what_goes_inside_is_an_optimizer(inner):
    for name, wrap in [("clip_by_norm", by_norm), ("clip_by_value", by_value), ("lookahead", ahead)]:
        with pytest.raises(TypeError) as error:
            wrap(inner)
        assert str(error.value) == f"{name}{OPTIMIZER}{inner!r}"


STEPS = "; it has to be a whole number of steps ≥ 1"
PART = "; it has to be a number in [0, 1]"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: lookahead(adam, k=0.5), ValueError, "k is 0.5" + STEPS),
        (lambda: lookahead(adam, k=2.5), ValueError, "k is 2.5" + STEPS),
        (
            lambda: lookahead(lookahead(adam)),
            ValueError,
            "lookahead cannot go around lookahead(adam), which has alpha, drift, k already",
        ),
        (lambda: lookahead(adam, k=0), ValueError, "k is 0" + STEPS),
        (lambda: lookahead(adam, k=np.inf), ValueError, "k is inf" + STEPS),
        (lambda: lookahead(adam, alpha=1.1), ValueError, "alpha is 1.1" + PART),
        (lambda: lookahead(adam, alpha=-0.1), ValueError, "alpha is -0.1" + PART),
        (lambda: lookahead(adam, alpha=np.nan), ValueError, "alpha is nan" + PART),
        (lambda: lookahead(adam)(alpha=2), ValueError, "alpha is 2" + PART),
        (lambda: lookahead(adam)(beta1=1), ValueError, "beta1 is 1; it has to be a number in [0, 1)"),
        (
            lambda: lookahead(adam)(alfa=0.5),
            TypeError,
            "lookahead(adam) has no hyperparameter 'alfa'; it has lr, beta1, beta2, eps, k, alpha. Did you mean alpha?",
        ),
        (
            lambda: clip_by_norm(adam, 1.0)(largest=2),
            TypeError,
            "clip_by_norm(adam, 1.0) has no hyperparameter 'largest'; it has lr, beta1, beta2, eps. Did you mean lr?",
        ),
        (
            lambda: clip_by_norm(gd, 1.0).step(np.ones(2), np.ones(2), {"t": 0}),
            TypeError,
            "clip_by_norm(gd, 1.0) needs lr, which has no default: clip_by_norm(gd, 1.0)(lr=0.1)",
        ),
        (
            lambda: lookahead(adamw).step(np.ones(2), np.ones(2), lookahead(adamw).init(np.ones(2))),
            TypeError,
            "lookahead(adamw) needs weight_decay, which has no default: lookahead(adamw)(weight_decay=0.1)",
        ),
        (
            lambda: lookahead(muon).init(np.ones(3)),
            ValueError,
            "lookahead(muon) steps matrices; theta has shape (3,). Give it (rows, columns), and step vectors with another rule",
        ),
    ],
)
def test_what_a_wrapped_rule_refuses(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


@around
def test_a_step_that_fails_changes_nothing(wrap):
    opt = wrap(adam(lr=0.1))
    theta, state = run(opt, np.ones(2), [np.ones(2)])
    before = bits(theta, state)
    for g, words in [(np.ones(3), "the gradient has shape"), (None, "the gradient is of type NoneType")]:
        with pytest.raises(ValueError, match=words):
            opt.step(theta, g, state)
        assert bits(theta, state) == before
    if "drift" in state:
        with pytest.raises(ValueError, match="keeps a state of t, drift, m, v; this one has t, m, v"):
            opt.step(theta, np.ones(2), adam.init(theta))


def test_k_may_be_a_schedule_of_whole_numbers():
    theta, other = np.array([3.0]), np.array([3.0])
    scheduled, fixed = lookahead(gd(lr=0.5), k=lambda t: 2), lookahead(gd(lr=0.5), k=2)
    state, other_state = scheduled.init(theta), fixed.init(other)
    for _ in range(4):
        scheduled.step(theta, np.ones(1), state)
        fixed.step(other, np.ones(1), other_state)
    assert theta == other and state["drift"] == other_state["drift"]
    half = lookahead(gd(lr=0.5), k=lambda t: 2 if t < 3 else 2.5)
    theta, state = np.array([3.0]), half.init(np.array([3.0]))
    for _ in range(2):
        half.step(theta, np.ones(1), state)
    with pytest.raises(ValueError, match=r"^k is 2\.5 at t = 3" + STEPS + "$"):
        half.step(theta, np.ones(1), state)
    assert state["t"] == 2
