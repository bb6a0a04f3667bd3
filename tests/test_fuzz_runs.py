"""Anything at all, given to surfaces, problems, descend, sweep and the player: a run, or words of ours.

`FUZZ=10000 .venv/bin/python -m pytest tests/test_fuzz_runs.py` tries more than `make test` does.
"""

import ast
import os
import textwrap
import traceback
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lib
from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.problems import Minibatches, Noise, linear_regression, logistic_regression, softmax_regression
from lib.surfaces import booth, parabola, quadratic, ravine, rosenbrock, surface

TRIALS = int(os.environ.get("FUZZ", "150"))
LIB = Path(lib.__file__).parent
trials = settings(
    max_examples=TRIALS,
    deadline=20_000,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

numbers = st.one_of(
    st.integers(-3, 5),
    st.floats(-10, 10),
    st.sampled_from([np.nan, np.inf, -0.0, 1e308, 5e-324, 2**70, 1j, True]),
)
words = st.sampled_from(
    [
        None,
        "",
        "adam",
        "12",
        b"x",
        {},
        {"x": 1},
        {1, 2},
        object(),
        len,
        int,
        booth,
        adam,
        gd(lr=0.1),
        slice(3),
        ...,
    ]
)
lists = st.recursive(
    st.one_of(numbers, words),
    lambda part: st.lists(part, max_size=4) | st.lists(part, max_size=3).map(tuple),
    max_leaves=8,
)
arrays = st.sampled_from(
    [np.zeros(0), np.zeros(2), np.ones((2, 3)), np.ones((2, 0)), np.arange(4), np.array(["a", "b"]), np.array([1, None]),
     np.ones((2, 2), complex), np.ones(2, "f4"), np.array(3.0), np.zeros((1, 2, 2)), np.array([True, False])]
)  # fmt: skip
anything = st.one_of(lists, arrays)
flat = st.one_of(numbers, words, arrays, st.lists(numbers, max_size=3))
points = st.one_of(anything, st.tuples(st.floats(-2, 2), st.floats(-2, 2)), st.just(np.ones((2, 3))))
steps = st.one_of(st.integers(0, 6), anything.filter(lambda value: not isinstance(value, int) or value < 100))


def ours(call):
    """What a call returns, or None where it was refused in words; anything else fails."""
    try:
        with np.errstate(all="ignore"):
            return call()
    except (TypeError, ValueError) as error:
        refused = error
    *_, last = traceback.extract_tb(refused.__traceback__)
    raised = ast.parse(textwrap.dedent(statement(last))).body[0]
    assert Path(last.filename).is_relative_to(LIB) and isinstance(raised, ast.Raise), (last, refused)
    assert type(refused) in (TypeError, ValueError) and len(str(refused)) > 15
    return None


def statement(frame):
    """The text of the statement that a frame stopped in."""
    lines = Path(frame.filename).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[frame.lineno - 1 : frame.end_lineno])


@trials
@given(st.data())
def test_descend(data):
    draw = data.draw
    start, opt = (
        draw(points),
        draw(st.one_of(anything, st.sampled_from([gd(lr=0.1), adam, gd, adam(lr=[0.1, 0.2])]))),
    )
    options = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "gradient": st.one_of(anything, st.sampled_from([Noise(0.5), Noise, Minibatches(2), lambda theta: theta, lambda s, r: None, lambda s, r: len])),
                "seed": anything,
                "every": anything,
                "record": st.one_of(anything, st.sampled_from(["grad", "m", ["m", "v"]])),
                "tol": anything,
            },
        )
    )  # fmt: skip
    f = draw(
        st.one_of(
            st.sampled_from([booth, rosenbrock]),
            st.sampled_from([booth, anything]).flatmap(lambda x: x if x is anything else st.just(x)),
        )
    )
    before = start.copy() if isinstance(start, np.ndarray) else None
    run = ours(lambda: descend(f, start, opt, draw(steps), **options))
    if before is not None:
        assert start.dtype == before.dtype and start.tolist() == before.tolist()
    if run is not None:
        assert np.isfinite(run.theta).all()


@trials
@given(st.data())
def test_sweep(data):
    draw = data.draw
    options = draw(
        st.fixed_dictionaries(
            {"lr": st.one_of(st.just([0.1, 0.2]), flat)},
            optional={
                "beta": st.one_of(st.just(0.5), flat),
                "bta": flat,
                "seed": st.one_of(st.just([0, 1]), anything),
                "gradient": st.one_of(st.just(Noise(0.1)), anything),
                "tol": anything,
                "every": anything,
            },
        )
    )
    ours(
        lambda: sweep(
            draw(st.sampled_from([booth, ravine(3)])),
            draw(points),
            draw(st.one_of(st.just(momentum), anything)),
            draw(steps),
            **options,
        )
    )


@trials
@given(st.data())
def test_a_surface_of_any_form(data):
    draw = data.draw
    d = draw(st.integers(1, 2))
    window = draw(st.one_of(st.just([(-2, 2)] * d), anything))
    made = ours(
        lambda: surface(
            window, draw(st.one_of(st.just(()), anything)), draw(st.one_of(st.just(()), anything))
        )
    )
    if made is None:
        return
    answer, parts = draw(anything), draw(anything)
    functions = [
        lambda *x: answer,
        lambda *x: (sum(x), parts),
        lambda *x: (answer, tuple(x)),
        lambda x: (x, (parts,)),
        lambda x, y: (x * y, (y, parts)),
        lambda *x: (np.sum(x), tuple(x)),
    ]
    f = ours(lambda: made(draw(st.sampled_from(functions))))
    if f is not None:
        at = draw(st.one_of(st.just(np.ones((d, 3))), st.just(np.ones(d)), anything))
        found = ours(lambda: f.value_and_grad(at))
        if found is not None:
            assert found[0].shape == np.shape(at)[1:] and found[1].shape == np.shape(at)
        ours(lambda: descend(f, [1.0] * d, gd(lr=0.1), 2))


@trials
@given(
    st.sampled_from([quadratic, ravine, Noise, booth, parabola]), st.lists(anything, min_size=1, max_size=1)
)
def test_what_makes_surfaces_and_their_values(make, given):
    ours(
        lambda: (
            make(*given)
            if make is not Noise
            else descend(booth, (0, 0), gd(lr=0.1), 1, gradient=Noise(given[0]))
        )
    )


@trials
@given(st.sampled_from([linear_regression, logistic_regression, softmax_regression]), anything, anything)
def test_problems(make, X, y):
    ours(lambda: make(X, y))


RUN = descend(booth, (0, 0), gd(lr=0.01), 4)
GRID = sweep(booth, (0, 0), gd, 4, lr=[0.01, 0.1])


@settings(trials, max_examples=max(20, TRIALS // 5))
@given(st.data())
def test_the_player(data):
    draw = data.draw
    run = draw(st.sampled_from([RUN, GRID]))
    name = draw(
        st.sampled_from(["surface", "rule", "start", "steps", "gradient", "seed", "tol", "hyperparameters"])
    )
    value = draw(
        st.one_of(
            anything, st.sampled_from(["booth", "adam", "{}", "[1", "[]", '{"lr": "cosine(1)"}', "exact"])
        )
    )
    changed = draw(
        st.sampled_from(
            [
                lambda: run.assign_attrs({name: value}),
                lambda: {"a": run, "b": run.assign_attrs({name: value})},
                lambda: value,
                lambda: run.drop_vars(draw(st.sampled_from(["theta", "loss", "diverged", "step", "coord"]))),
                lambda: run.isel(step=draw(st.sampled_from([0, [0], [], slice(2, None), [1, 1]]))),
                lambda: run.mean(draw(st.sampled_from(["step", "coord", [*run.dims][-1]]))),
                lambda: run * draw(st.sampled_from([1, 2, np.nan, -1])),
            ]
        )
    )()
    at = draw(
        st.one_of(st.none(), anything, st.dictionaries(st.sampled_from(["lr", "x"]), anything, max_size=2))
    )
    player = ours(lambda: Player(changed, at=at))
    if player is not None:
        player.text()
