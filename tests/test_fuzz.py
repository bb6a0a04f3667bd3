"""Odd and wrong things given to rules, steps, wrappers and schedules: words of ours, no hang, nothing changed.

An error counts as words when it is a TypeError or ValueError that a `raise` in lib/ made, or when a function
of the reader's made it. `make fuzz` tries 10,000 in all, `make test` some of them.
"""

import copy
import os
import traceback
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from steps import bits
from table import TABLE

from lib import dialects, schedules
from lib.engine import REQUIRED, Optimizer, optimizer
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

LIB = Path(__file__).parents[1] / "lib"
TRIALS = int(os.environ.get("FUZZ", "1000")) // 5
RULES = [row.rule for row in TABLE] + [r for r in vars(dialects).values() if isinstance(r, Optimizer)]
SCHEDULES = [f for f in vars(schedules).values() if hasattr(f, "__wrapped__")]

fuzz = settings(
    max_examples=TRIALS,
    derandomize="FUZZ" not in os.environ,
    deadline=2000,
    database=None,
    suppress_health_check=list(HealthCheck),
)

numbers = st.one_of(
    st.floats(),
    st.integers(-3, 3),
    st.integers(),
    st.booleans(),
    st.sampled_from(
        [0, 0.1, 0.9, 1, 1e-300, 1e300, 5e-324, 1j, Fraction(1, 3), np.float16(0.1), np.int8(3), 10**400]
    ),
)
shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
dtypes = st.sampled_from(
    ["f8", "f8", "f8", "f4", ">f8", "f2", "g", "i8", "u1", "?", "c16", "O", "U3", "M8[s]", "V4"]
)


@st.composite
def arrays(draw):
    shape, dtype = draw(shapes), draw(dtypes)
    kind = draw(st.sampled_from(["fine", "frozen", "strided", "masked", "wild", "broadcast"]))
    array = np.ones(shape).astype(dtype) if dtype != "V4" else np.zeros(shape, dtype)
    if kind == "frozen":
        array.flags.writeable = False
    elif kind == "strided":
        array = np.repeat(array, 2, axis=-1)[..., ::2] if shape else array
    elif kind == "masked":
        array = np.ma.array(array)
    elif kind == "wild" and array.dtype.kind == "f" and array.size:
        with np.errstate(all="ignore"):
            array.flat[0] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 1e300, 5e-324, 0.0]))
    elif kind == "broadcast":
        array = np.broadcast_to(array, (2, *shape))
    return array


class Hostile:
    """Something that np.asarray cannot take."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")

    def __repr__(self):
        return "hostile"


odd = st.one_of(
    numbers,
    arrays(),
    st.none(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(st.one_of(numbers, st.lists(numbers, max_size=2)), max_size=3),
    st.dictionaries(st.sampled_from(["a", "b", 1, None]), st.one_of(arrays(), numbers), max_size=3),
    st.sets(st.integers(), max_size=2),
    st.sampled_from([float, dict, len, print, Hostile(), np.float64, ..., NotImplemented, range(3), RULES[0], RULES[9]]),
    st.sampled_from([pandas.Series([1.0, 2.0]), pandas.DataFrame([[1.0]]), xr.DataArray([1.0, 2.0]), iter([1.0])]),
    st.sampled_from([lambda: 0.1, lambda t: 0.1, lambda t: None, lambda t: "x", lambda t: np.ones(3), lambda t, u: 1]),
)  # fmt: skip


def words(call):
    """What a call returns, or None where it is refused in words; fails on a bare error from inside lib/."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            last = frames[-1]
            ours = LIB in Path(last.filename).parents
            if ours and isinstance(error, TypeError | ValueError) and "raise " in source(last) and str(error):
                return None
            if Path(last.filename) == Path(__file__) and len(frames) == 1:
                return None  # Python's own: an argument too many
            raise AssertionError(
                f"a bare error from inside lib: {error!r} at {last.filename}:{last.lineno}"
            ) from error


def source(frame):
    """The whole statement of a frame."""
    lines = Path(frame.filename).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[frame.lineno - 1 : (frame.end_lineno or frame.lineno)])


def kept(thing):
    """What must not change, to the last bit."""
    if isinstance(thing, dict):
        return [(repr(key), kept(value)) for key, value in thing.items()]
    return bits(thing) if isinstance(thing, np.ndarray) and thing.dtype != object else repr(thing)


names = st.one_of(
    st.sampled_from(["lr", "beta", "beta1", "eps", "weight_decay", "k", "alpha", "rho"]), st.text(max_size=4)
)


@fuzz
@given(rule=st.sampled_from(RULES), given_=st.dictionaries(names, odd, max_size=3), t=st.integers(1, 10))
def test_hyperparameters(rule, given_, t):
    opt = words(lambda: rule(**given_))
    if opt is not None:
        words(lambda: opt.values(t, (2,)))
        assert isinstance(repr(opt), str)


@st.composite
def wrapped(draw):
    """An optimizer, often one that can step."""
    rule = draw(st.sampled_from(RULES))
    values = {k: 0.1 for k, v in rule.hyperparameters.items() if v is REQUIRED}
    name = draw(st.sampled_from(list(rule.hyperparameters)))
    if draw(st.integers(0, 3)) == 0:
        values[name] = draw(
            st.sampled_from([0.0, 0.5, [0.1, 0.2], lambda t: 0.1, lambda t: None, lambda t: 9.0])
        )
    opt = words(lambda: rule(**values)) or rule
    around = draw(
        st.sampled_from([None, lookahead, lambda o: clip_by_norm(o, 1.0), lambda o: clip_by_value(o, 1.0)])
    )
    return around(opt) if around else opt


def stepped(opt, theta, g, state):
    """A step, after which everything has changed as it should, or nothing."""
    before = kept(theta), kept(state), kept(g)
    done = words(lambda: opt.step(theta, g, state) or True)
    if done is None:
        assert (kept(theta), kept(state)) == before[:2]
    assert kept(g) == before[2] or g is theta or (isinstance(g, np.ndarray) and np.shares_memory(g, theta))


good = st.sampled_from([(3,), (2, 3), (3, 2)]).map(lambda shape: np.ones(shape))


@fuzz
@given(
    opt=wrapped(),
    theta=st.one_of(good, odd),
    g=st.one_of(good, odd),
    other=st.one_of(good, odd),
    data=st.data(),
)
def test_steps(opt, theta, g, other, data):
    how = data.draw(st.sampled_from(["its own", "another's", "odd", "part odd", "theta", "t"]))
    state = words(lambda: opt.init(theta if how == "its own" else other))
    if state is None:
        state = {"t": 0, **{slot: np.zeros(3) for slot in opt.slots}}
    if how == "odd":
        state = data.draw(odd)
    elif how in ("part odd", "theta") and opt.slots:
        state = {**state, opt.slots[0]: theta if how == "theta" else data.draw(odd)}
    elif how == "t":
        state = {**state, "t": data.draw(odd)}
    g = data.draw(st.sampled_from([g, g, theta]))
    stepped(opt, theta, g, state)


@fuzz
@given(opt=wrapped(), data=st.data())
def test_steps_of_a_dict(opt, data):
    keys = data.draw(st.lists(st.sampled_from(["a", "b", "c", 1, None, ("x",)]), unique=True, max_size=3))
    theta = {key: data.draw(st.one_of(good, good, good, odd)) for key in keys}
    g = {key: data.draw(st.one_of(st.just(theta[key]), odd)) for key in keys}
    state = words(lambda: opt.init(theta))
    if state is None:
        state = {"t": 0, **{slot: {key: np.zeros(3) for key in keys} for slot in opt.slots}}
    for slot in opt.slots:
        if keys and data.draw(st.integers(0, 5)) == 0:
            state[slot][keys[0]] = data.draw(st.one_of(st.just(theta[keys[-1]]), odd))
    before = kept(theta), kept(state)
    if words(lambda: opt.step(theta, g, state) or True) is None:
        assert (kept(theta), kept(state)) == before


@fuzz
@given(first=odd, second=odd, data=st.data())
def test_wrappers_and_schedules(first, second, data):
    rule = RULES[9]
    for call in (
        lambda: lookahead(first),
        lambda: lookahead(rule, k=first, alpha=second),
        lambda: clip_by_norm(rule, first),
        lambda: clip_by_value(first, second),
        lambda: optimizer(first),
    ):
        opt = words(call)
        if isinstance(opt, Optimizer):
            stepped(opt, np.ones((3, 2)), np.ones((3, 2)), opt.init(np.ones((3, 2))))
    make = data.draw(st.sampled_from(SCHEDULES))
    schedule = words(lambda: make(first, second))
    if schedule is not None and make is not schedules.join:
        words(lambda: schedule(data.draw(st.integers(1, 9))))
        words(lambda: schedule(first))


@fuzz
@given(returned=st.lists(odd, max_size=3), theta=good, blockwise=st.booleans(), data=st.data())
def test_what_a_reader_s_rule_returns(returned, theta, blockwise, data):
    here = copy.copy(returned)
    if data.draw(st.booleans()) and here:
        here[-1] = np.ones(theta.shape)

    @optimizer(elementwise=blockwise)
    def own(theta, g, t, v):
        g += 1
        return tuple(here) if len(here) != 1 else here[0]

    stepped(own, theta, np.ones(theta.shape), own.init(theta))


def test_a_bare_error_is_found_out():
    for call in (
        lambda: np.asarray([[1], [1, 2]]),
        lambda: RULES[9].advance(np.ones(2), np.ones(2), {}),
        lambda: RULES[9].check_state({"t": 0, "m": np.ones(2), "v": np.ones(2)}, None),
    ):
        with pytest.raises(AssertionError, match="a bare error from inside lib"):
            words(call)
