"""The engine: from a rule to init and step. Batched = single, blocked = whole, and what each message says."""

import copy
import inspect
import pydoc
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table import TABLE

from lib import engine
from lib.engine import Optimizer, optimizer
from lib.optimizers import adam, gd, momentum

settings.register_profile("downhill", derandomize=True, deadline=None, database=None, max_examples=100)
settings.load_profile("downhill")

rules = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.rule.name)
RANGES = {
    "lr": (1e-4, 1.0),
    "eps": (1e-10, 1e-3),
    "weight_decay": (0.0, 0.1),
    "beta": (0.0, 0.999),
    "rho": (0.0, 0.999),
}
STEPS = 4


def run(opt, theta, gradients, state=None, layout=copy.deepcopy):
    """Steps on a copy of theta; the new theta and state."""
    theta = layout(theta)
    state = opt.init(theta) if state is None else state
    for g in gradients:
        opt.step(theta, g, state)
    return theta, state


def bits(*things):
    """What has to be equal for arrays, states and dicts of arrays to be equal to the last bit."""
    flat = []
    for thing in things:
        if isinstance(thing, dict):
            flat += [(key, *bits(value)) for key, value in thing.items()]
        else:
            array = np.asarray(thing)
            flat += [(array.dtype, array.shape, array.tobytes())]
    return flat


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


@rules
@given(data=st.data(), block=st.integers(1, 40))
def test_blocked_is_whole_to_the_last_bit(row, data, block):
    opt, theta, gradients, layout = data.draw(cases(row))
    results = []
    for engine_block in (2**40, block):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "BLOCK", engine_block)
            results.append(bits(*run(opt, theta, gradients, layout=layout)))
    assert results[0] == results[1]


@rules
def test_blocked_is_whole_at_the_real_block_size(row):
    rng = np.random.default_rng(0)
    shape = (3, 5, 3000)  # a coordinate is no multiple of a block, nor a block of a run
    theta, gradients = rng.standard_normal(shape), rng.standard_normal((3, *shape))
    varied = {name: rng.uniform(0.1, 0.9, (5, 1)) for name in row.rule.hyperparameters}
    blocked = run(row.rule(**varied), theta, gradients)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "BLOCK", 2**40)
        assert bits(*blocked) == bits(*run(row.rule(**varied), theta, gradients))


@rules
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
        np.testing.assert_allclose(batched[here], single, rtol=1e-12, atol=1e-12)
        for slot in opt.slots:
            np.testing.assert_allclose(state[slot][here], single_state[slot], rtol=1e-12, atol=1e-12)


@rules
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


@rules
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_in_memory_does_not_matter(row, layout, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 7)
    rng = np.random.default_rng(0)
    theta, gradients = rng.standard_normal((3, 4, 5)), rng.standard_normal((STEPS, 3, 4, 5))
    plain = run(row.opt, theta, gradients)
    assert bits(*plain) == bits(*run(row.opt, theta, [layout(g) for g in gradients], layout=layout))


@rules
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 4), (1, 1, 1)])
def test_arrays_of_no_axis_and_of_no_element(row, shape, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 1)
    theta, state = run(row.opt, np.ones(shape), [np.ones(shape)] * 3)
    assert theta.shape == shape
    assert state["t"] == 3
    assert (theta < 1).all()


@rules
def test_a_dict_of_parameters_is_its_arrays_one_by_one(row, monkeypatch):
    monkeypatch.setattr(engine, "BLOCK", 5)
    rng = np.random.default_rng(0)
    theta = {"w": rng.standard_normal((4, 3)), "b": rng.standard_normal(3), "scale": np.array(1.5)}
    gradients = [{key: rng.standard_normal(leaf.shape) for key, leaf in theta.items()} for _ in range(STEPS)]
    together, state = run(row.opt, theta, gradients)
    for key, leaf in theta.items():
        alone, alone_state = run(row.opt, leaf, [g[key] for g in gradients])
        assert bits(together[key]) == bits(alone)
        assert [bits(state[slot][key]) for slot in row.rule.slots] == [
            bits(alone_state[slot]) for slot in row.rule.slots
        ]


@rules
def test_resumed_is_uninterrupted_to_the_last_bit(row):
    theta, gradients = np.linspace(-1, 1, 5), np.random.default_rng(0).standard_normal((20, 5))
    whole = run(row.opt, theta, gradients)
    half, state = run(row.opt, theta, gradients[:10])
    saved = copy.deepcopy(state)
    resumed = run(row.opt, half, gradients[10:], copy.deepcopy(saved))
    assert bits(*whole) == bits(*resumed)
    assert saved["t"] == 10


@rules
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_is_kept(row, dtype):
    theta = np.ones((2, 3), dtype)
    for opt in (row.opt, row.opt(lr=np.array([0.1, 0.2, 0.3]))):
        moved, state = run(opt, theta, [np.ones((2, 3))] * 3)  # the gradient may be another's
        assert moved.dtype == dtype
        assert all(state[slot].dtype == dtype for slot in row.rule.slots)
        assert (moved < 1).all()


@rules
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_zero_gradient_moves_nothing(row, dtype):
    theta = np.array([1.5, -2.0, 0.0, 1e-30, -1e30], dtype)
    moved, _ = run(row.opt, theta, [np.zeros(5, dtype)] * 10)
    assert bits(moved) == bits(theta)


@rules
def test_the_opposite_gradient_takes_the_opposite_path(row):
    gradients = np.random.default_rng(0).standard_normal((20, 5))
    down, _ = run(row.opt, np.zeros(5), gradients)
    up, _ = run(row.opt, np.zeros(5), -gradients)
    assert bits(down) == bits(-up)


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
def test_a_schedule_is_an_lr_changed_by_hand(row):
    gradients = np.random.default_rng(0).standard_normal((6, 3))
    scheduled = run(row.rule(lr=lambda t: 0.1 / t), np.ones(3), gradients)
    theta = np.ones(3)
    state = row.rule.init(theta)
    for t, g in enumerate(gradients, start=1):
        row.rule(lr=0.1 / t).step(theta, g, state)
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
        assert opt.__doc__ == row.rule.rule.__doc__
        assert opt.__doc__.splitlines()[0] in pydoc.render_doc(opt, renderer=pydoc.plaintext)
        assert inspect.getsource(opt) == inspect.getsource(row.rule.rule)
        assert opt.source.startswith(f"@optimizer\ndef {opt.name}(theta, g, t")
        assert '"""' not in opt.source
        assert set(opt.source.splitlines()) <= set(inspect.getsource(opt).splitlines())
        assert list(inspect.signature(opt).parameters) == list(opt.hyperparameters)


@rules
def test_the_printed_source_is_the_rule_that_runs(row):
    names = {"optimizer": optimizer, "sqrt": np.sqrt}
    exec(row.rule.source, names)
    gradients = np.random.default_rng(0).standard_normal((5, 3))
    printed = Optimizer(names[row.rule.name].rule)(**row.given)
    assert bits(*run(printed, np.ones(3), gradients)) == bits(*run(row.opt, np.ones(3), gradients))


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


# Errors: each says what was given, what is allowed and what to try; nothing has moved.

NUMBER = "; it has to be a finite number ≥ 0"
FRACTION = "; it has to be a number in [0, 1)"
KIND = "; give a number, an array of numbers, or a schedule: a function of the step number t"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gd(lr=-1), ValueError, "lr is -1" + NUMBER),
        (lambda: gd(lr=-1e-9), ValueError, "lr is -1e-09" + NUMBER),
        (lambda: gd(lr=np.nan), ValueError, "lr is nan" + NUMBER),
        (lambda: gd(lr=np.inf), ValueError, "lr is inf" + NUMBER),
        (lambda: gd(lr=[0.1, -0.2, -3]), ValueError, "lr is -0.2" + NUMBER),
        (lambda: adam(eps=-1e-8), ValueError, "eps is -1e-08" + NUMBER),
        (lambda: adam(beta1=1), ValueError, "beta1 is 1" + FRACTION),
        (lambda: adam(beta2=-0.1), ValueError, "beta2 is -0.1" + FRACTION),
        (lambda: adam(beta2=np.nan), ValueError, "beta2 is nan" + FRACTION),
        (lambda: momentum(beta=[0.5, 1.0]), ValueError, "beta is 1.0" + FRACTION),
        (lambda: gd(lr="0.1"), TypeError, "lr is '0.1'" + KIND),
        (lambda: gd(lr=True), TypeError, "lr is True" + KIND),
        (lambda: gd(lr=None), TypeError, "lr is None" + KIND),
        (lambda: gd(lr=1j), TypeError, "lr is 1j" + KIND),
        (lambda: gd(lr=[True]), TypeError, "lr is [True]" + KIND),
        (lambda: gd(0.1), TypeError, "gd takes its hyperparameters by name: gd(lr=0.1)"),
        (lambda: adam(0.1), TypeError, "adam takes its hyperparameters by name: adam(lr=0.1)"),
        (
            lambda: adam(betta1=0.9),
            TypeError,
            "adam has no hyperparameter 'betta1'; it has lr, beta1, beta2, eps. Did you mean beta1?",
        ),
        (lambda: gd(momentum=0.9), TypeError, "gd has no hyperparameter 'momentum'; it has lr."),
    ],
)
def test_a_hyperparameter_out_of_its_range(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


ONE, TWO = np.ones(1), np.ones((2, 3))
FLOATS = "; a step is a fraction, so parameters are floats: theta.astype(float)"


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ([1.0], "theta is of type list; parameters are changed in place, so give an array"),
        (1.0, "theta is of type float; parameters"),
        (np.array([1, 2]), "theta has dtype int64" + FLOATS),
        (np.array([True]), "theta has dtype bool" + FLOATS),
        (np.array([1j]), "theta has dtype complex128" + FLOATS),
        ({"w": ONE, "b": np.array([1])}, "theta['b'] has dtype int64; a step is a fraction"),
        ({"w": [1.0]}, "theta['w'] is of type list; parameters"),
    ],
)
def test_parameters_of_a_wrong_type(theta, message):
    for call in (lambda: adam.init(theta), lambda: gd(lr=0.1).step(theta, theta, {"t": 0})):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
            call()


def frozen(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("opt", "theta", "g", "state", "error", "message"),
    [
        (gd, TWO, TWO, None, TypeError, "gd needs lr, which has no default: gd(lr=0.1)"),
        (gd(lr=0.1), frozen(TWO), TWO, {"t": 0}, ValueError, "theta is read-only, and a step changes it in place"),
        (
            momentum(lr=0.1), TWO, np.ones((3, 2)), None, ValueError,
            "the gradient has shape (3, 2) and dtype float64; theta has shape (2, 3). Give one number for each",
        ),
        (
            momentum(lr=0.1), {"w": TWO}, {"w": TWO, "b": ONE}, None, ValueError,
            "theta has the keys 'w', so g needs them; it has 'w', 'b'",
        ),
        (gd(lr=0.1), TWO, TWO, {"t": -1}, ValueError, "the state's t is -1; it counts the steps taken"),
        (gd(lr=0.1), TWO, TWO, {"t": 0.5}, ValueError, "the state's t is 0.5; it counts the steps taken"),
        (momentum(lr=0.1), TWO, np.ones((2, 1)), None, ValueError, "the gradient has shape (2, 1)"),
        (momentum(lr=0.1), TWO, 1.0, None, ValueError, "the gradient has shape ()"),
        (momentum(lr=0.1), TWO, None, None, ValueError, "the gradient has shape () and dtype object"),
        (momentum(lr=0.1), TWO, TWO + 1j, None, ValueError, "the gradient has shape (2, 3) and dtype complex128"),
        (momentum(lr=0.1), TWO, {"w": TWO}, None, ValueError, "the gradient has shape () and dtype object"),
        (
            momentum(lr=0.1), {"w": TWO, "b": ONE}, {"w": TWO}, None, ValueError,
            "theta has the keys 'w', 'b', so g needs them; it has 'w'",
        ),
        (momentum(lr=0.1), {"w": TWO}, TWO, None, ValueError, "theta has the keys 'w', so g needs them; it is a ndarray"),
        (
            momentum(lr=0.1), {"w": TWO, "b": ONE}, {"w": TWO, "b": np.ones(2)}, None, ValueError,
            "the gradient of 'b' has shape (2,) and dtype float64; theta has shape (1,)",
        ),
        (
            gd(lr=[0.1, 0.2]), TWO, TWO, None, ValueError,
            "lr has shape (2,), which does not broadcast to the runs (3,). theta has shape (d, *runs): give lr a",
        ),
        (gd(lr=[0.1] * 3), np.ones(3), np.ones(3), None, ValueError, "lr has shape (3,), which does not broadcast to"),
        (gd(lr=[0.1]), np.ones(3), np.ones(3), None, ValueError, "lr has shape (1,), which does not broadcast to the"),
        (adam(beta1=np.full((4, 1), 0.5)), TWO, TWO, None, ValueError, "beta1 has shape (4, 1), which does not"),
        (gd(lr=[0.1] * 3), {"w": TWO}, {"w": TWO}, None, ValueError, "lr has shape (3,), which does not"),
        (gd(lr=lambda t: np.nan), TWO, TWO, None, ValueError, "lr is nan at t = 1" + NUMBER),
        (gd(lr=lambda t: "fast"), TWO, TWO, None, TypeError, "lr is 'fast' at t = 1" + KIND),
        (gd(lr=lambda t: None), TWO, TWO, None, TypeError, "lr is None at t = 1" + KIND),
        (momentum(lr=0.1, beta=lambda t: 1.0), TWO, TWO, None, ValueError, "beta is 1.0 at t = 1" + FRACTION),
        (gd(lr=lambda t: np.ones(2)), TWO, TWO, None, ValueError, "lr has shape (2,), which does not broadcast"),
        (
            adam, TWO, TWO, {"t": 3, "v": np.ones((2, 3))}, ValueError,
            "adam keeps a state of t, m, v; this one has t, v. A state belongs to its rule: make one with adam.init(",
        ),
        (gd(lr=0.1), TWO, TWO, "new", ValueError, "gd keeps a state of t; this one has 'new'"),
        (
            momentum(lr=0.1), TWO, TWO, {"t": 3, "v": np.ones(3)}, ValueError,
            "the state's v has shape (3,), for theta it is (2, 3). A state belongs to its parameters: make one with momentum",
        ),
        (momentum(lr=0.1), {"w": ONE}, {"w": ONE}, {"t": 3, "v": ONE}, ValueError, "the state's v has shape (1,), for theta it is {"),
        (momentum(lr=0.1), {"w": ONE}, {"w": ONE}, {"t": 3, "v": {"b": ONE}}, ValueError, "the state's v has shape {'b'"),
        (momentum(lr=0.1), TWO, TWO, {"t": 3, "v": frozen(TWO)}, ValueError, "state['v'] is read-only"),
        (momentum(lr=0.1), TWO, TWO, {"t": 3, "v": np.zeros((2, 3), int)}, TypeError, "state['v'] has dtype int64"),
    ],
)  # fmt: skip
def test_a_step_that_fails_says_why_and_changes_nothing(opt, theta, g, state, error, message):
    theta = theta if isinstance(theta, np.ndarray) and not theta.flags.writeable else copy.deepcopy(theta)
    state = opt.init(theta) if state is None else state
    before = copy.deepcopy((theta, state))
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        opt.step(theta, g, state)
    if isinstance(state, dict):
        assert bits(theta, state) == bits(*before)


def test_a_schedule_that_fails_later_leaves_the_steps_before_as_they_were():
    opt = adam(lr=lambda t: 0.1 if t < 4 else np.nan)
    theta, state = run(opt, np.ones(2), [np.ones(2)] * 3)
    before = copy.deepcopy((theta, state))
    with pytest.raises(ValueError, match=f"^{re.escape('lr is nan at t = 4' + NUMBER)}$"):
        opt.step(theta, np.ones(2), state)
    assert bits(theta, state) == bits(*before)


def rule_with_another_order(g, theta, t):
    return theta


def rule_with_too_little(theta, g):
    return theta


def rule_without_its_star(theta, g, t, lr=0.1):
    return theta


def rule_with_any_slots(theta, g, t, *slots, lr):
    return theta


def rule_with_an_unknown_name(theta, g, t, *, lr, gamma=0.5):
    return theta


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            rule_with_another_order,
            "rule_with_another_order(g, theta, t): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_with_too_little,
            "rule_with_too_little(theta, g): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_without_its_star,
            "rule_without_its_star(theta, g, t, lr=0.1): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_with_any_slots,
            "rule_with_any_slots(theta, g, t, *slots, lr): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_with_an_unknown_name,
            "rule_with_an_unknown_name: say in checks.ALLOWED which values gamma may have",
        ),
    ],
)
def test_a_rule_of_a_wrong_form(rule, message):
    with pytest.raises(TypeError) as caught:
        optimizer(rule)
    assert str(caught.value) == message


def test_a_default_that_is_not_allowed():
    def uphill(theta, g, t, *, lr=-0.1):
        return theta - lr * g

    with pytest.raises(ValueError, match=r"^lr is -0\.1; it has to be a finite number ≥ 0$"):
        optimizer(uphill)


@pytest.mark.parametrize("returned", [1, 3])
def test_a_rule_that_returns_too_few_or_too_many_arrays_is_named_and_moves_nothing(returned):
    @optimizer
    def wrong(theta, g, t, v, *, lr):
        return (theta - lr * g, v + g, g)[:returned]

    theta = np.ones(3)
    state = wrong.init(theta)
    with pytest.raises(ValueError, match=r"^wrong returned [13] arrays; a rule returns theta, v$"):
        wrong(lr=0.1).step(theta, np.ones(3), state)
    assert bits(theta, state) == bits(np.ones(3), {"t": 0, "v": np.zeros(3)})
