"""The engine: from a rule to init and step. Batched = single, blocked = whole."""

import copy
import inspect
import pickle
import platform
import pydoc
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import bits, each, frozen, run
from table import TABLE

from lib import engine, optimizers
from lib.dialects import torch_radam
from lib.engine import RAISES, Optimizer, optimizer
from lib.optimizers import adam, gd, lamb, momentum, shampoo
from lib.wrappers import clip_by_norm, lookahead

settings.register_profile("downhill", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("downhill")


rules = each(TABLE)
with_runs = each([row for row in TABLE if not row.rule.matrix])
in_blocks = each([row for row in TABLE if row.rule.elementwise])
of_matrices = each([row for row in TABLE if row.rule.matrix])
RANGES = {
    "lr": (1e-4, 1.0),
    "eps": (1e-10, 1e-3),
    "weight_decay": (0.0, 0.1),
    "beta": (0.0, 0.999),
    "rho": (0.0, 0.999),
    "eta": (0.0, 2.0),
    "psi": (0.0, 1.0),
}
STEPS = 6
"""One more than radam goes without its root."""


@st.composite
def cases(draw, row):
    """An optimizer whose hyperparameters vary over the runs, theta, gradients, and a layout in memory."""
    runs = tuple(draw(st.lists(st.sampled_from([0, 1, 2, 3, 5, 7]), max_size=3)))
    d = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    hyperparameters = {}
    for name in row.rule.hyperparameters:
        low, high = RANGES[name.rstrip("0123456789")]
        first = draw(st.integers(0, len(runs)))
        shape = tuple(n if draw(st.booleans()) else 1 for n in runs[first:])
        values = rng.uniform(low, high, shape)
        hyperparameters[name] = values if shape else float(values)
    layout = draw(st.sampled_from(LAYOUTS))
    theta = rng.standard_normal((d, *runs))
    gradients = [layout(g) for g in rng.standard_normal((STEPS, d, *runs))]
    return row.rule(**hyperparameters), theta, gradients, layout


def fortran(array):
    return np.array(array, order="F")


def strided(array):
    """Every other element, along the last axis, of an array twice as long."""
    wide = np.repeat(array, 2, axis=-1)
    return wide[..., ::2]


def backwards(array):
    return array[::-1].copy()[::-1]


LAYOUTS = [np.array, fortran, strided, backwards]


# Batched, blocked, permuted: the same numbers.


@in_blocks
@given(data=st.data(), block=st.integers(1, 40))
def test_blocked_is_whole_to_the_last_bit(row, data, block):
    opt, theta, gradients, layout = data.draw(cases(row))
    results = []
    for engine_block in (2**40, block):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "BLOCK", engine_block)
            results.append(bits(*run(opt, theta, gradients, layout=layout)))
    assert results[0] == results[1]


@in_blocks
def test_blocked_is_whole_at_the_real_block_size(row):
    rng = np.random.default_rng(0)
    shape = (3, 5, 3000)  # a coordinate is no multiple of a block, nor a block of a run
    theta, gradients = rng.standard_normal(shape), rng.standard_normal((3, *shape))
    varied = {name: rng.uniform(0.1, 0.9, (5, 1)) for name in row.rule.hyperparameters}
    blocked = run(row.rule(**varied), theta, gradients)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "BLOCK", 2**40)
        assert bits(*blocked) == bits(*run(row.rule(**varied), theta, gradients))


@with_runs
@given(data=st.data())
def test_batched_is_single(row, data):
    opt, theta, gradients, layout = data.draw(cases(row))
    batched, state = run(opt, theta, gradients, layout=layout)
    runs = theta.shape[1:]
    spread = {name: np.broadcast_to(value, runs) for name, value in opt.hyperparameters.items()}
    for index in np.ndindex(runs):
        here = (slice(None), *index)
        alone = opt(**{name: float(value[index]) for name, value in spread.items()})
        single, single_state = run(alone, theta[here], [g[here] for g in gradients])
        close = {"rtol": row.rtol, "atol": row.rtol}
        np.testing.assert_allclose(batched[here], single, **close)
        for slot in opt.slots:
            np.testing.assert_allclose(state[slot][here], single_state[slot], **close)


@with_runs
@given(data=st.data())
def test_permuted_runs_permute_the_results(row, data):
    opt, theta, gradients, layout = data.draw(cases(row).filter(lambda case: case[1].ndim > 1))
    order = np.random.default_rng(1).permutation(theta.shape[1])
    spread = {
        name: np.broadcast_to(value, theta.shape[1:])[order]
        for name, value in opt.hyperparameters.items()
        if isinstance(value, np.ndarray)  # a number stays one: its power is Python's, an array's is NumPy's
    }
    straight, state = run(opt, theta, gradients, layout=layout)
    permuted, permuted_state = run(opt(**spread), theta[:, order], [g[:, order] for g in gradients])
    assert bits(straight[:, order]) == bits(permuted)
    for slot in opt.slots:
        assert bits(state[slot][:, order]) == bits(permuted_state[slot])


@with_runs
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_in_memory_does_not_matter(row, layout, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 7)
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((3, 4, 5)), rng.standard_normal((STEPS, 3, 4, 5))
    plain = run(row.opt, theta, gradients)
    assert bits(*plain) == bits(*run(row.opt, theta, [layout(g) for g in gradients], layout=layout))


@of_matrices
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_a_matrix_in_memory_matters_to_blas_alone(row, layout):
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((3, 5)), rng.standard_normal((STEPS, 3, 5))
    plain, _ = run(row.opt, theta, gradients)
    moved, state = run(row.opt, theta, [layout(g) for g in gradients], layout=layout)
    np.testing.assert_allclose(moved, plain, rtol=1e-12)
    assert state["t"] == STEPS


@with_runs
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 4), (1, 1, 1)])
def test_arrays_of_no_axis_and_of_no_element(row, shape, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 1)
    theta, state = run(row.opt, np.ones(shape), [np.ones(shape)] * 3)
    assert theta.shape == shape
    assert state["t"] == 3
    assert (theta < 1).all()


@of_matrices
@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 4), (1, 1)])
def test_matrices_of_no_row_or_column(row, shape):
    theta, state = run(row.opt, np.ones(shape), [np.ones(shape)] * 3)
    assert theta.shape == shape
    assert state["t"] == 3
    assert (theta < 1).all()


@rules
def test_a_dict_of_parameters_is_its_arrays_one_by_one(row, monkeypatch):
    """For a rule with a norm, each array is one vector; for a rule of matrices, each is one matrix."""
    monkeypatch.setattr(engine, "BLOCK", 5)
    rng = np.random.default_rng(0)
    theta = {"w": rng.standard_normal((4, 3)), "wide": rng.standard_normal((2, 5))}
    if not row.rule.matrix:
        theta |= {
            "b": rng.standard_normal(3),
            "scale": np.array(1.5),
            "f": fortran(rng.standard_normal((3, 2))),
        }
    gradients = [{key: rng.standard_normal(leaf.shape) for key, leaf in theta.items()} for _ in range(STEPS)]
    together, state = run(row.opt, theta, gradients)
    for key, leaf in theta.items():
        as_one = (lambda a: a) if row.rule.elementwise or row.rule.matrix else np.ravel
        alone, alone_state = run(row.opt, as_one(leaf), [as_one(g[key]) for g in gradients])
        assert together[key].shape == leaf.shape
        assert bits(as_one(together[key])) == bits(alone)
        for slot in row.rule.slots:
            assert bits(as_one(state[slot][key])) == bits(alone_state[slot])


def test_a_norm_is_over_the_coordinates_of_a_run_and_over_a_whole_array_of_a_dict():
    theta, g = np.array([[3.0, 30.0], [4.0, 40.0]]), np.array([[1.0, 2.0], [-1.0, 1.0]])
    moved, _ = run(lamb(lr=0.1), theta, [g])
    np.testing.assert_allclose(np.linalg.norm(moved - theta, axis=0), (0.5, 5.0), rtol=1e-12)
    moved, _ = run(lamb(lr=0.1), {"w": theta, "b": np.array([2.0])}, [{"w": g, "b": np.ones(1)}])
    assert np.linalg.norm(moved["w"] - theta) == pytest.approx(0.1 * np.sqrt(9 + 16 + 900 + 1600), rel=1e-12)
    assert moved["b"][0] == pytest.approx(1.8, rel=1e-12)


def test_slots_of_another_shape_are_made_kept_and_checked():
    theta = {"w": np.ones((2, 3), np.float32), "v": np.ones((4, 1))}
    state = shampoo.init(theta)
    assert state["left"]["w"].shape == (2, 2) and state["right"]["w"].shape == (3, 3)
    assert state["left"]["v"].shape == (4, 4) and state["right"]["v"].shape == (1, 1)
    assert (state["left"]["w"].dtype, state["right"]["v"].dtype) == (np.float32, np.float64)
    shampoo(lr=0.1).step(theta, {"w": np.ones((2, 3)), "v": np.ones((4, 1))}, state)
    assert state["left"]["w"].tolist() == [[3, 3], [3, 3]]
    assert state["right"]["w"].tolist() == [[2] * 3] * 3


@rules
def test_resumed_is_uninterrupted_to_the_last_bit(row):
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((5, 4)), rng.standard_normal((20, 5, 4))
    whole = run(row.opt, theta, gradients)
    half, state = run(row.opt, theta, gradients[:10])
    saved = copy.deepcopy(state)
    resumed = run(row.opt, half, gradients[10:], copy.deepcopy(saved))
    assert bits(*whole) == bits(*resumed)
    assert saved["t"] == 10


@rules
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(row, dtype):
    theta = np.ones((2, 3), dtype)
    varied = () if row.rule.matrix else (row.opt(**{row.pace: np.array([0.1, 0.2, 0.3])}),)
    for opt in (row.opt, *varied):
        moved, state = run(opt, theta, [np.ones((2, 3))] * 3)  # the gradient may be another's
        assert moved.dtype == dtype
        assert all(state[slot].dtype == dtype for slot in row.rule.slots)
        assert (moved < 1).all()


@rules
def test_float32_takes_the_same_path_as_far_as_it_can_tell(row):
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((3, 4)), rng.standard_normal((STEPS, 3, 4))
    small, _ = run(row.opt, theta.astype(np.float32), gradients.astype(np.float32))
    large, _ = run(row.opt, *(x.astype(np.float32).astype(float) for x in (theta, gradients)))
    np.testing.assert_allclose(small, large, atol=30 * np.finfo(np.float32).eps)


@rules
def test_a_gradient_in_float16_is_taken_for_what_it_is(row):
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((3, 4)), rng.standard_normal((STEPS, 3, 4)).astype(np.float16)
    assert bits(*run(row.opt, theta, gradients)) == bits(*run(row.opt, theta, gradients.astype(float)))


@rules
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_zero_gradient_moves_nothing(row, dtype):
    """But for weight decay, which has tests of its own. At eps = 0 it would be 0/0 in some rules."""
    theta = np.array(
        [[1.5, -2.0, 0.0, 1e-15, -1e15], *np.random.default_rng(0).standard_normal((20, 5))], dtype
    )
    moved, _ = run(row.without_decay(), theta, [np.zeros_like(theta)] * 10)
    assert bits(moved) == bits(theta)


@rules
def test_the_opposite_gradient_takes_the_opposite_path(row):
    """Maximizing f is minimizing −f. With weight decay, which pulls to 0, the start is the opposite too."""
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((5, 4)), rng.standard_normal((20, 5, 4))
    down, state = run(row.opt, theta, gradients)
    up, opposite = run(row.opt, -theta, -gradients)
    assert bits(down) == bits(-up)
    for slot in row.rule.slots:
        if bits(state[slot]) != bits(-opposite[slot]):  # a mean of gradients turns, one of squares does not
            assert bits(state[slot]) == bits(opposite[slot])


@each([row for row in TABLE if row.scale_free])
def test_the_scale_of_the_gradient_does_not_matter(row):
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((5, 4)), rng.standard_normal((50, 5, 4))
    opt = row.opt(eps=0.0) if "eps" in row.rule.hyperparameters else row.opt
    plain, _ = run(opt, theta, gradients)
    for power in (40, -40):
        scaled, _ = run(opt, theta, gradients * 2.0**power)
        assert bits(scaled) == bits(plain)


@each([row for row in TABLE if not row.scale_free and row.rule.name != "muon"])
def test_the_scale_of_the_gradient_matters_to_the_others(row):
    gradients = np.random.default_rng(0).standard_normal((10, 5, 4))
    assert not np.allclose(*(run(row.opt, np.ones((5, 4)), gradients * scale)[0] for scale in (1, 0.01)))


WILD = (0.0, -0.0, 5e-324, -1e-310, 1e-160, 1e154, -1e200, 1.7e308, np.inf, -np.inf, np.nan)


@rules
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_gradient_is_too_wild_to_step_with(row, dtype):
    """Overflow, NaN, denormals: no exception; the others' business is as it was where nothing mixes."""
    mild = np.random.default_rng(0).standard_normal((4, 3)).astype(dtype)
    with np.errstate(all="ignore"):
        theta, _ = run(row.opt, mild, [mild] * 4)
        for wild in np.array(WILD).astype(dtype):
            bad = mild.copy()
            bad[1, 2] = wild
            mixed, mixed_state = run(row.opt, mild, [mild, bad, bad, mild])
            assert mixed_state["t"] == 4
            assert np.isfinite(mixed).all() or abs(wild) > 1e100 or dtype != np.float64 or wild != wild
            touched = np.zeros((4, 3), bool)
            touched[(1, 2) if row.rule.elementwise else (slice(None), 2) if not row.rule.matrix else ...] = (
                True
            )
            assert bits(mixed[~touched]) == bits(theta[~touched])


@rules
def test_a_gradient_that_is_not_a_number_shows(row):
    """A NaN is not swallowed: the parameter becomes NaN, and descend can see that the run is over."""
    g = np.ones((2, 2))
    g[0, 0] = np.nan
    with np.errstate(all="ignore"):
        assert np.isnan(run(row.opt, np.ones((2, 2)), [g])[0][0, 0])


def test_a_step_is_in_place_and_returns_nothing():
    theta = np.array([1.0, 2.0])
    state = momentum.init(theta)
    v = state["v"]
    assert momentum(lr=0.5).step(theta, [1, 2], state) is None
    assert theta.tolist() == [0.5, 1.0]
    assert state["v"] is v
    assert v.tolist() == [1, 2]
    assert state["t"] == 1


def test_init_makes_zeros_of_its_own():
    theta = {"w": np.ones((2, 3), np.float32)}
    state = adam.init(theta)
    assert list(state) == ["t", "m", "v"]
    assert state["t"] == 0
    for slot in ("m", "v"):
        assert bits(state[slot]["w"]) == bits(np.zeros((2, 3), np.float32))
    assert not np.shares_memory(state["m"]["w"], state["v"]["w"])


# Aliasing: every gradient is read before anything is written.


@pytest.mark.parametrize("block", [1, 2, 100])
def test_theta_may_be_its_own_gradient(block, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", block)
    theta = np.array([2.0, 4.0, -6.0])
    gd(lr=0.5).step(theta, theta, gd.init(theta))
    assert theta.tolist() == [1, 2, -3]


@pytest.mark.parametrize("block", [1, 2, 100])
def test_a_gradient_may_be_a_view_of_theta(block, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", block)
    theta = np.array([1.0, 2.0, 3.0])  # f = xz + y²/2, say: the gradient is theta backwards
    gd(lr=1.0).step(theta, theta[::-1], gd.init(theta))
    assert theta.tolist() == [-2, 0, 2]


def test_gradients_of_a_dict_may_be_its_other_parameters():
    theta = {"x": np.array([1.0]), "y": np.array([2.0])}  # f = xy: the gradient is (y, x)
    gd(lr=0.5).step(theta, {"x": theta["y"], "y": theta["x"]}, gd.init(theta))
    assert (theta["x"].item(), theta["y"].item()) == (0, 1.5)


# Schedules.


def test_a_schedule_is_asked_once_a_step_for_t_from_1_on():
    asked = []
    opt = gd(lr=lambda t: asked.append(t) or 0.1)
    run(opt, {"a": np.ones(2), "b": np.ones(3)}, [{"a": np.ones(2), "b": np.ones(3)}] * 3)
    assert asked == [1, 2, 3]


@rules
def test_a_schedule_is_a_hyperparameter_changed_by_hand(row):
    gradients = np.random.default_rng(0).standard_normal((6, 3, 2))
    for name in row.rule.hyperparameters:
        scheduled = run(row.opt(**{name: lambda t: 0.1 / t}), np.ones((3, 2)), gradients)
        theta = np.ones((3, 2))
        state = row.rule.init(theta)
        for t, g in enumerate(gradients, start=1):
            row.opt(**{name: 0.1 / t}).step(theta, g, state)
        assert bits(*scheduled) == bits(theta, state)


def test_any_hyperparameter_may_be_a_schedule_and_a_schedule_may_differ_from_run_to_run():
    opt = momentum(lr=lambda t: np.array([1.0, 2.0]) / t, beta=lambda t: 0.5 if t > 1 else 0.0)
    theta, state = run(opt, np.zeros((1, 2)), [np.ones((1, 2))] * 2)
    assert state["v"].tolist() == [[1.5, 1.5]]
    assert theta.tolist() == [[-1.75, -3.5]]


# What a rule is given.


def test_a_rule_that_mixes_coordinates_gets_the_whole_array(monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 4)
    seen = []

    def normalized(theta, g, t, *, lr):
        seen.append(theta.shape)
        return theta - lr * g / np.sqrt((g * g).sum(axis=0))

    theta, _ = run(
        optimizer(elementwise=False)(normalized)(lr=5.0), np.zeros((2, 3)), [[[3.0] * 3, [4.0] * 3]]
    )
    assert seen == [(2, 3)]
    assert theta.tolist() == [[-3] * 3, [-4] * 3]
    seen.clear()
    run(optimizer(normalized)(lr=5.0), np.zeros((2, 3)), [np.ones((2, 3))])
    assert seen == [(1, 3), (1, 3)]


@pytest.mark.parametrize("shape", [(100,), (3, 7), (2, 3, 50), (9, 1, 2), (1, 1, 33)])
@pytest.mark.parametrize("block", [1, 4, 10])
def test_blocks_hold_every_element_once_and_no_more_than_allowed(shape, block, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", block)
    seen = []

    @optimizer
    def counted(theta, g, t):
        seen.append(theta.size)
        return theta + 1

    theta, _ = run(counted, np.zeros(shape), [np.zeros(shape)])
    assert (theta == 1).all()
    assert max(seen) <= block
    assert len(seen) <= 3 * np.prod(shape) / block + np.prod(shape[:-1])


def test_a_rule_is_given_t_as_a_float_from_1_on():
    seen = []

    @optimizer
    def timed(theta, g, t):
        seen.append(t)
        return theta

    run(timed, np.zeros(2), [np.zeros(2)] * 2)
    assert seen == [1.0, 2.0]
    assert all(type(t) is float for t in seen)


def test_the_array_of_a_hyperparameter_is_copied():
    lr = np.array([0.1, 0.2])
    opt = gd(lr=lr)
    lr[:] = 9
    assert opt.hyperparameters["lr"].tolist() == [0.1, 0.2]


def test_an_optimizer_with_other_hyperparameters_leaves_the_first_as_it_was():
    first = adam(lr=0.5)
    second = first(beta1=0.5)
    assert (first.hyperparameters["beta1"], second.hyperparameters["beta1"]) == (0.9, 0.5)
    assert second.hyperparameters["lr"] == 0.5
    assert adam.hyperparameters["lr"] == 0.001


# What a reader asks of it.


@rules
def test_help_source_and_signature_show_the_rule(row):
    for opt in (row.rule, row.opt):
        assert opt.__doc__ == f"{inspect.cleandoc(row.rule.rule.__doc__)}\n\n{RAISES}"
        assert opt.__doc__.splitlines()[0] in pydoc.render_doc(opt, renderer=pydoc.plaintext)
        assert inspect.getsource(opt) == inspect.getsource(row.rule.rule)
        decorator, first = opt.source.splitlines()[:2]
        assert decorator.startswith("@optimizer") and ("(" in decorator) == (not opt.elementwise)
        assert first.startswith(f"def {opt.name}(theta, g, t, ")
        assert '"""' not in opt.source
        assert set(opt.source.splitlines()) <= set(inspect.getsource(opt).splitlines())
        assert list(inspect.signature(opt).parameters) == list(opt.hyperparameters)


@rules
def test_the_printed_source_is_the_rule_that_runs(row):
    names = dict(vars(optimizers))
    exec(row.rule.source, names)
    gradients = np.random.default_rng(0).standard_normal((5, 3, 2))
    printed = names[row.rule.name](**row.given)
    assert printed.rule is not row.rule.rule
    assert bits(*run(printed, np.ones((3, 2)), gradients)) == bits(*run(row.opt, np.ones((3, 2)), gradients))


@rules
def test_a_rule_is_pure(row):
    """It changes nothing it is given, and gives the same again."""
    theta, g = np.random.default_rng(0).standard_normal((2, 3, 2))
    slots = list(row.rule.init(theta).values())[1:]
    given = [frozen(array) for array in (theta, g)], [frozen(slot) for slot in slots]
    first, second = (row.rule.rule(*given[0], 7.0, *given[1], **row.opt.values(7)) for _ in range(2))
    assert bits(*(first if slots else [first])) == bits(*(second if slots else [second]))


def test_repr_and_signature():
    assert repr(adam) == "adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert repr(adam(lr=[0.1, 0.2])) == "adam(lr=<2 values>, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert repr(gd) == "gd()"
    assert repr(gd(lr=np.ones((3, 4)))) == "gd(lr=<3×4 values>)"

    def warmup(t):
        return 0.1

    assert repr(momentum(lr=warmup)) == "momentum(lr=warmup, beta=0.9)"
    assert str(inspect.signature(adam)) == "(*, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert str(inspect.signature(gd)) == "(*, lr)"


# Memory.


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_steps_do_not_ask_the_system_for_the_same_memory_again_and_again():
    code = """if True:
        import resource
        import numpy as np
        from lib.optimizers import adam
        theta, g = np.ones((2, 2**19))
        opt, state = adam(), adam.init(theta)
        opt.step(theta, g, state)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(10):
            opt.step(theta, g, state)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 200  # pages; the temporary arrays of ten steps have some 600,000


# Pickles.


def shrinking(t):
    return 0.1 / t


@pytest.mark.parametrize(
    "opt", [adam, adam(lr=0.2, eps=np.arange(3.0)), gd, gd(lr=shrinking), torch_radam(lr=0.5)], ids=repr
)
def test_an_optimizer_survives_a_pickle_and_a_copy(opt):
    for again in (pickle.loads(pickle.dumps(opt)), copy.deepcopy(opt), copy.copy(opt)):
        assert type(again) is Optimizer and again.rule is opt.rule
        assert again.hyperparameters.keys() == opt.hyperparameters.keys()
        for name, value in opt.hyperparameters.items():
            assert np.array_equal(again.hyperparameters[name], value)


def test_a_rule_that_no_module_has_can_be_copied_but_not_pickled():
    @optimizer
    def adam(theta, g, t, *, lr):  # not the one of the library
        return theta - lr * g

    for opt in (adam(lr=0.1), clip_by_norm(adam(lr=0.1), 2.0), lookahead(adam(lr=0.1))):
        again = copy.deepcopy(opt)
        assert repr(again) == repr(opt)
        with pytest.raises((pickle.PicklingError, AttributeError), match="pickle"):
            pickle.dumps(opt)
