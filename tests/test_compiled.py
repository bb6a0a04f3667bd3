"""Compiled rules against `step`: every elementwise rule, whatever the shape, the runs, the type, the memory."""

import copy
import inspect
import pickle
import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from lib import optimizers
from lib.engine import Optimizer, optimizer
from lib.optimizers import adam, adamw, gd, lamb, momentum, muon
from lib.surfaces import rosenbrock
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

if find_spec("numba") is None:
    pytest.skip("Numba is not installed: .venv/bin/pip install -e '.[fast]'", allow_module_level=True)

from lib.compiled import CHUNK, CORES, compiled

LIBRARIES = [optimizers]
if find_spec("lib.dialects"):
    from lib import dialects

    LIBRARIES.append(dialects)
RULES = {
    rule.name: rule
    for library in LIBRARIES
    for rule in vars(library).values()
    if isinstance(rule, Optimizer) and rule.elementwise
}
RULES |= {
    "clip_by_norm": clip_by_norm(adam, 1.0),
    "clip_by_value": clip_by_value(adamw(weight_decay=0.1), 0.5),
    "lookahead": lookahead(momentum(lr=0.1)),
}
MISSING = inspect.Parameter.empty


def draw(rule, rng, shape=()):
    """Hyperparameters in their ranges: where there are runs, about half of them arrays that broadcast."""
    given = {}
    for name, default in rule.hyperparameters.items():
        low, high = (0.0, 0.999) if name.startswith(("beta", "rho")) else (1e-4, 0.5)
        size = tuple(int(n) if rng.random() < 0.5 else 1 for n in shape)
        if name == "k":
            given[name] = 3
        elif shape and rng.random() < 0.6:
            given[name] = rng.uniform(low, high, size)
        elif default is MISSING or rng.random() < 0.5:
            given[name] = float(rng.uniform(low, high))
    return given


def ulps(found, expected):
    """The largest difference, in units of the last place; NaN and infinity have to be where they are."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    same = (found == expected) | ~np.isfinite(expected)
    with np.errstate(invalid="ignore"):
        units = np.abs(found - expected) / np.spacing(np.maximum(np.abs(found), np.abs(expected)))
    return np.max(np.where(same, 0, units), initial=0)


def assert_same(opt, theta, gradients, like=np.array, parallel=False):
    """Every step, each from the same point."""
    fast = compiled(opt, parallel)
    slow_theta, fast_theta = theta.copy(), like(theta)
    slow_state, fast_state = opt.init(slow_theta), fast.init(fast_theta)
    with np.errstate(all="ignore"):
        for g in gradients:
            opt.step(slow_theta, g, slow_state)
            fast.step(fast_theta, like(g), fast_state)
            pairs = [(fast_theta, slow_theta), *((fast_state[s], slow_state[s]) for s in opt.slots)]
            for found, expected in pairs:
                assert ulps(found, expected) <= 4
                found[...] = expected
    assert fast_state["t"] == slow_state["t"] == len(gradients)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", RULES)
def test_within_four_ulp_of_step(name, dtype):
    rule, rng = RULES[name], np.random.default_rng(len(name))
    for runs in [(), (), (5,), (4, 1), (3, 7)]:
        shape = (int(rng.integers(1, 40)), *runs)
        scales = 10.0 ** rng.uniform(-6, 3, (12, 1, *np.ones(len(runs), int)))
        gradients = (rng.normal(size=(12, *shape)) * scales).astype(dtype)
        assert_same(rule(**draw(rule, rng, runs)), rng.normal(size=shape).astype(dtype), gradients)


@pytest.mark.parametrize("name", RULES)
def test_zeros_infinities_and_nan(name):
    rule, rng = RULES[name], np.random.default_rng(1)
    g = np.array([0.0, -0.0, 1e-310, 1e200, np.inf, -np.inf, np.nan, 1.0])
    assert_same(rule(**draw(rule, rng)), np.ones(8), [g, g, np.zeros(8)])


LAYOUTS = {
    "every other row": lambda a: np.repeat(a, 2, axis=0)[::2],
    "backwards": lambda a: a[::-1].copy()[::-1],
    "columns": lambda a: np.asfortranarray(a),
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "unaligned": lambda a: np.frombuffer(bytearray(b"\0" + a.tobytes()), a.dtype, offset=1).reshape(a.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(6,), (5, 4), (3, 4, 2)])
def test_however_the_memory_lies(layout, shape):
    rng = np.random.default_rng(0)
    opt = adam(lr=0.1, beta1=rng.uniform(0, 0.9, shape[1:])) if shape[1:] else adam(lr=0.1)
    assert_same(opt, rng.normal(size=shape), rng.normal(size=(5, *shape)), LAYOUTS[layout])


def test_strided_arrays_longer_than_a_chunk():
    rng = np.random.default_rng(0)
    shape = (2 * CHUNK + 17,)
    assert_same(adam(), rng.normal(size=shape), rng.normal(size=(2, *shape)), lambda a: np.repeat(a, 2)[::2])


@pytest.mark.parametrize("shape", [(3 * CHUNK * CORES + 1,), (3, CHUNK * CORES + 5), (2 * CHUNK * CORES, 3)])
def test_all_cores_give_the_bits_of_one(shape):
    rng = np.random.default_rng(0)
    theta, g = rng.normal(size=shape), rng.normal(size=shape)
    opt = adam(lr=rng.uniform(size=shape[1:])) if shape[1:] else adam(lr=0.1)
    ends = []
    for parallel in (False, True):
        fast, end = compiled(opt, parallel), theta.copy()
        state = fast.init(end)
        fast.step(end, g, state)
        fast.step(end, g, state)
        ends.append((end, state["m"], state["v"]))
    assert all((one == all_).all() for one, all_ in zip(*ends, strict=True))


def test_a_dict_of_both_types():
    rng = np.random.default_rng(0)
    theta = {"w": rng.normal(size=(4, 3)), "b": rng.normal(size=3).astype(np.float32), "c": np.array(2.0)}
    opt, other = adam(lr=0.1), {key: leaf.copy() for key, leaf in theta.items()}
    fast = compiled(opt)
    state, other_state = opt.init(theta), fast.init(other)
    for _ in range(4):
        g = {key: rng.normal(size=leaf.shape).astype(leaf.dtype) for key, leaf in theta.items()}
        opt.step(theta, g, state)
        fast.step(other, g, other_state)
    assert all(ulps(other[key], theta[key]) <= 4 for key in theta)
    assert all(ulps(other_state["v"][key], state["v"][key]) <= 4 for key in theta)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,)])
def test_small_and_empty(shape):
    assert_same(adam(lr=0.1), np.ones(shape), np.ones((3, *shape)))


def test_schedules_and_the_step_number():
    assert_same(adam(lr=lambda t: 1 / t), np.ones(5), np.ones((6, 5)))


def test_a_sweep_takes_a_compiled_rule():
    xarray = pytest.importorskip("xarray")
    from lib.descend import sweep

    grids = [sweep(rosenbrock, (-1.5, 2.0), rule, 50, lr=[0.01, 0.1]) for rule in (adam, compiled(adam))]
    xarray.testing.assert_allclose(*grids, rtol=1e-12)


def test_it_is_the_same_optimizer():
    opt = compiled(adam(lr=0.1), parallel=True)
    assert repr(opt) == "compiled(adam(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-08), parallel=True)"
    assert repr(opt(lr=0.2)) == "compiled(adam(lr=0.2, beta1=0.9, beta2=0.999, eps=1e-08), parallel=True)"
    assert (opt.name, opt.slots, opt.source) == (adam.name, adam.slots, adam.source)
    with pytest.raises(TypeError, match=r"adam has no hyperparameter 'beta3'.* Did you mean"):
        opt(beta3=0.1)
    with pytest.raises(ValueError, match=r"the gradient has shape \(2,\)"):
        opt.step(np.ones(3), np.ones(2), opt.init(np.ones(3)))


def test_a_constant_of_the_text_is_not_taken_for_another_type():
    @optimizer
    def mixed(theta, g, t, v, *, lr=0.1):
        v = 1 - (0.5 * v + g**2) * 3 / 7
        return np.where(g > 0, theta - lr * np.sqrt(2) * v, 12.5), v

    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        assert_same(mixed, np.ones(50, dtype), rng.normal(size=(4, 50)).astype(dtype))


@optimizer
def halving(theta, g, t, m, *, lr=0.1):
    """Branches on t, so that one step's numbers are not another's."""
    if t < 3:
        return theta - lr * g, m
    m = m + g / t
    return theta - lr * m, m


def test_a_rule_that_branches_on_t_is_taken_down_at_each_step():
    assert_same(halving, np.ones(5), np.ones((6, 5)))
    assert compiled(halving).sources == []


def test_one_loop_for_all_steps_and_arrays_of_a_type():
    opt = compiled(adam(lr=lambda t: 0.1 / t))
    for theta in ({"w": np.ones((2, 3)), "b": np.ones(3)}, np.ones(5), np.ones((2, 4))):
        state = opt.init(theta)
        for _ in range(3):
            opt.step(
                theta, {k: v + 0 for k, v in theta.items()} if isinstance(theta, dict) else theta + 0, state
            )
    assert len(opt.sources) == 1
    small = np.ones(5, np.float32)
    opt.step(small, small + 0, opt.init(small))
    assert len(opt.sources) == 2 and "float32" not in opt.sources[0]


def test_a_pickle_and_a_copy():
    opt = compiled(adam(lr=0.2), parallel=True)
    opt.step(theta := np.ones(3), theta + 0, opt.init(theta))
    for again in (pickle.loads(pickle.dumps(opt)), copy.deepcopy(opt)):
        assert repr(again) == repr(opt) and again.rule is opt.rule
        again.step(theta, theta + 0, again.init(theta))


def test_messages():
    with pytest.raises(TypeError, match=r"such as adam\(lr=0.1\); it was given 'adam'"):
        compiled("adam")
    for rule in (lamb, muon):
        with pytest.raises(TypeError, match=f"{rule.name} mixes coordinates and cannot be compiled"):
            compiled(rule)
    for dtype in (np.float16, np.longdouble):
        theta = np.ones(3, dtype)
        if theta.itemsize != 8:
            with pytest.raises(TypeError, match=f"dtype {theta.dtype}; a compiled rule takes float32 and"):
                compiled(gd(lr=0.1)).step(theta, theta.copy(), {"t": 0})


def test_rules_that_cannot_be_compiled_say_so_and_change_nothing():
    @optimizer
    def branches(theta, g, t, *, lr=0.1):
        return theta - lr * g if g > 0 else theta

    @optimizer
    def sums(theta, g, t, *, lr=0.1):
        return theta - lr * g / g.sum()

    @optimizer
    def clips(theta, g, t, *, lr=0.1):
        return theta - lr * np.clip(g, -1, 1)

    @optimizer
    def forgets(theta, g, t, v, *, lr=0.1):
        return theta - lr * g

    for opt, why in [
        (branches, r"write where\(condition, this, that\)"),
        (sums, "no attribute 'sum'"),
        (clips, "numpy.clip"),
        (forgets, "returned 1 arrays, not 2"),
    ]:
        theta = np.ones(3)
        state = opt.init(theta)
        with pytest.raises(TypeError, match=f"{opt.name} cannot be compiled, use it as it is: .*{why}"):
            compiled(opt).step(theta, np.ones(3), state)
        assert theta.tolist() == [1, 1, 1] and state["t"] == 0


def test_without_numba_one_sentence_says_how_to_get_it():
    code = "import sys; sys.modules['numba'] = None; import lib.compiled"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stderr.splitlines()[-1] == (
        "ImportError: a compiled rule needs Numba, which is not installed here: .venv/bin/pip install -e '.[fast]'"
    )


def test_nobody_is_warned():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opt = compiled(adam(lr=0.1))
        theta = np.ones(3)
        opt.step(theta, np.array([0.0, np.inf, 1e308]), opt.init(theta))
