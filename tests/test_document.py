"""What the page is given to compute, from both sides: the documents here are tests/player/tapes.json, which
tests/player/descend.test.js runs and compares with the library's paths in it.

UPDATE_TAPES=1 writes the file anew. A power, a sine, an exponential may differ in its last bit on another
processor, so here paths are compared with a tolerance. The page's are compared to the last bit where there is
none of these, else as near as the library comes to itself from a start that is moved by an ulp.
"""

import base64
import json
import os
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from lib import dialects, optimizers, schedules, surfaces
from lib.checks import REQUIRED
from lib.descend import descend, sweep
from lib.engine import Optimizer, optimizer
from lib.optimizers import adadelta, adagrad, adam, adamw, gd, momentum, nesterov, rmsprop
from lib.player.document import (
    OPERATIONS,
    NotTraced,
    documents,
    family_document,
    rule_document,
    settings,
    surface_document,
)
from lib.problems import Noise, linear_regression
from lib.surfaces import Surface, beale, booth, quadratic, ravine, rosenbrock, surface
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

SAMPLE = Path(__file__).parent / "player" / "tapes.json"
RULES = [
    rule
    for library in (optimizers, dialects)
    for name, rule in vars(library).items()
    if isinstance(rule, Optimizer) and rule.name == name and rule.rule.__module__ == library.__name__
]
TRACED = [rule for rule in RULES if not rule.matrix]
SURFACES = [value for value in vars(surfaces).values() if isinstance(value, Surface)]
STEPS = 200
SHOWN = [  # what players of the chapters open with
    (gd(lr=0.0355), ravine(50), (-1.8, 0.8)),
    (momentum(lr=0.0562, beta=0.6), ravine(50), (-1.8, 0.8)),
    (adam(lr=0.2239, beta1=0.5), ravine(50), (-1.8, 0.8)),
    (gd(lr=0.0458), ravine(10), (-1.8, 1.0)),
    (momentum(lr=0.0321, beta=0.75), ravine(50), (-1.8, 0.5)),
    (nesterov(lr=0.016, beta=0.9), ravine(50), (-1.8, 0.5)),
    (adagrad(lr=0.793), ravine(100), (-1.2, 1.2)),
    (rmsprop(lr=0.027, rho=0.9), ravine(30), (-1.8, 1.0)),
    (adadelta(eps=1e-6, rho=0.95), ravine(30), (-1.8, 1.0)),
    (momentum(lr=0.003), beale, (1.0, 1.5)),
    (rmsprop(lr=0.5), beale, (1.0, 1.5)),
    (adam(lr=0.5, beta1=0.8), beale, (1.0, 1.5)),
]


def drawn(rule, rng):
    """A rule with hyperparameters at random in their ranges."""
    given = {}
    for name, default in rule.hyperparameters.items():
        if name.startswith(("beta", "rho")):
            lowest = 0.9 if name == "beta2" else 0.0  # with less radam's second branch is never taken
            given[name] = float(rng.uniform(lowest, 0.999))
        elif name == "lr":
            given[name] = float(rng.uniform(1e-3, 0.03))
        elif name == "weight_decay":
            given[name] = float(rng.uniform(0, 0.1))
        elif name in ("dampening", "lr_decay", "initial", "eta"):  # at their defaults they do nothing
            given[name] = float(rng.uniform(0.01, 0.5))
        elif default is REQUIRED or rng.random() < 0.3:
            given[name] = float(rng.choice([1e-8, 1e-5, 1e-2]))
    return rule(**given)


def somewhere(f, rng):
    return tuple(float(rng.uniform(low, high)) for low, high in f.window)


def cases():
    """(optimizer, surface, start): every rule on two surfaces, every surface under two rules, what goes around
    a rule, every schedule, what diverges, and what chapters show."""
    rng = np.random.default_rng(18)
    found = []
    for i, rule in enumerate(TRACED):
        found += [(drawn(rule, rng), f, somewhere(f, rng)) for f in (booth, SURFACES[i % len(SURFACES)])]
        if "radam" in rule.name:  # both forms of its ρ
            found += [(rule(lr=0.01, beta2=beta2), booth, somewhere(booth, rng)) for beta2 in (0.75, 0.9999)]
    for f in [*SURFACES, quadratic(1, 100), quadratic(1, 3, 10), ravine(50)]:
        found += [(opt, f, somewhere(f, rng)) for opt in (gd(lr=1e-3), adam(lr=0.05))]
    for opt in (
        lookahead(momentum(lr=1e-4), k=3),
        lookahead(adam(lr=0.01)),
        clip_by_norm(adam(lr=0.01), 1.0),
        clip_by_norm(gd(lr=0.1), 0.5),
        clip_by_value(clip_by_norm(adamw(lr=0.01, weight_decay=0.01), 1.0), 0.9),
    ):
        found.append((opt, rosenbrock, somewhere(rosenbrock, rng)))
    for lr in (
        schedules.constant(0.01),
        schedules.step_decay(0.01, 50),
        schedules.exponential(0.01, 0.99),
        schedules.inverse_sqrt(0.01, 10),
        schedules.inverse_time(0.01),
        schedules.polynomial(0.01, 100, 2.0),
        schedules.cosine(0.01, 150),
        schedules.warm_restarts(0.01, 50, 2),
        schedules.one_cycle(0.01, 60, 140),
        schedules.join([schedules.linear_warmup(0.01, 20), schedules.cosine(0.01, 180)], [20]),
    ):
        found += [
            (momentum(lr=lr), booth, somewhere(booth, rng)),
            (adam(lr=lr), beale, somewhere(beale, rng)),
        ]
    for lr in (0.3, 3.0, 1e100):
        found += [
            (rule(lr=lr), f, somewhere(f, rng))
            for rule in (gd, momentum, nesterov)
            for f in (rosenbrock, beale)
        ]
    return [*found, *SHOWN]


def packed(values):
    """Numbers of 64 bits, the lowest byte first."""
    return base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()


def unpacked(text):
    return np.frombuffer(base64.b64decode(text), "<f8")


ARITHMETIC = [0.0, 1.0, -1.0, 2.0, -0.75, 3.5, 1e300, -1e-300, np.inf, -np.inf, np.nan]


def arithmetic():
    """What NumPy makes of some numbers: [operation, inputs, result]."""
    found = []
    with np.errstate(all="ignore"):
        for name in OPERATIONS:
            function = getattr(np, name)
            for inputs in product(ARITHMETIC, repeat=getattr(function, "nin", 2)):
                if name == "where":
                    inputs = (*inputs, 7.0)
                found.append([name, [*map(str, inputs)], str(float(function(*inputs)))])
    return found


def run(opt, f, start):
    """A path, its loss and norm, the last step taken; and how far it comes to lie from one moved by an ulp."""
    start = np.array(start)[:, None]
    ulp = np.diag(np.spacing(start[:, 0]))
    runs = descend(f, np.concatenate([start, start + ulp, start - ulp], axis=1), opt, STEPS)
    theta = runs.theta.values
    moved = float(np.max(np.abs(theta[..., 1:] - theta[..., :1])))
    one = runs.isel(run=0)
    steps = np.flatnonzero((theta[1:, :, 0] != theta[:-1, :, 0]).any(axis=1))
    last = int(steps.max(initial=-1)) + 1 if one.diverged else STEPS
    return one.theta.values.T, one.loss.values, one.grad_norm.values, last, moved


def sample():
    """What the file holds."""
    rules, places, made = [], [], []

    def once(document, known):
        if document not in known:
            known.append(document)
        return known.index(document)

    for opt, f, start in cases():
        theta, loss, norm, last, moved = run(opt, f, start)
        made.append(
            {
                "name": f"{opt.name}, {f.name}",
                "rule": once(rule_document(opt, len(start)), rules),
                "surface": once(surface_document(f), places),
                "start": [*start],
                "given": settings(opt, STEPS),
                "last": last,
                "theta": packed(theta),
                "ends": packed([loss[[0, -1]], norm[[0, -1]]]),
                "moved": moved,
                "shown": (opt, f, start) in SHOWN,
            }
        )
    return {
        "operations": [*OPERATIONS],
        "arithmetic": arithmetic(),
        "rules": rules,
        "surfaces": places,
        "cases": made,
    }


def same(name, one, other):
    """Numbers that another processor may have differently in their last bits."""
    if name == "given":
        return one.keys() == other.keys() and all(np.allclose(one[k], other[k], 1e-12, 0) for k in one)
    if name in ("theta", "ends"):
        return np.allclose(unpacked(one), unpacked(other), 1e-9, 1e-9, equal_nan=True)
    return name == "moved" or one == other


def test_the_file_is_what_the_library_does():
    now = sample()
    text = json.dumps(now, separators=(",", ":"), ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_TAPES"):
        SAMPLE.write_text(text, encoding="utf-8")
    kept, now = json.loads(SAMPLE.read_text("utf-8")), json.loads(text)
    help_ = "UPDATE_TAPES=1 pytest tests/test_document.py, then make test-player"
    for name in ("operations", "rules", "surfaces"):
        assert kept[name] == now[name], help_
    assert [case["name"] for case in kept["cases"]] == [case["name"] for case in now["cases"]], help_
    for one, other in zip(kept["cases"], now["cases"], strict=True):
        wrong = [name for name in other if not same(name, one[name], other[name]) and other["moved"] < 1e-10]
        assert not wrong, f"{other['name']}: {wrong}; {help_}"


def lines(opt, d=2):
    """Each line's text, and what it made as what."""
    shown = rule_document(opt, d)["lines"]
    return [(line["text"], {name: made["as"] for name, made in line["values"].items()}) for line in shown]


def test_lines_and_what_they_make():
    assert lines(adam(lr=0.1)) == [
        ("m = beta1 * m + (1 - beta1) * g", {"m": "arrow"}),
        ("v = beta2 * v + (1 - beta2) * g * g", {"v": "bar"}),
        ("m_hat = m / (1 - beta1**t)", {"m_hat": "arrow"}),
        ("v_hat = v / (1 - beta2**t)", {"v_hat": "bar"}),
        ("return theta - lr * m_hat / (sqrt(v_hat) + eps), m, v", {"theta": "point"}),
    ]
    kinds = dict(kv for _, made in lines(optimizers.radam) for kv in made.items())
    assert kinds["known"] == kinds["rho"] == "number" and kinds["m_hat"] == "arrow"


def test_a_wrapper_shows_the_rule_inside_and_itself():
    assert lines(clip_by_norm(lookahead(momentum(lr=0.1)), 1.0)) == [
        ("g = clip_by_norm(g)", {"g": "arrow"}),
        ("v = beta * v + g", {"v": "arrow"}),
        ("return theta - lr * v, v", {"theta": "point"}),
        ("fast, *slots = new", {"fast": "point"}),
        ("drift = drift + (fast - theta)", {"drift": "arrow"}),
        ("back = np.where(t % k == 0, drift, 0)", {"back": "arrow"}),
        ("return fast - (1 - alpha) * back, drift - back, *slots", {"theta": "point", "drift": "arrow"}),
    ]


def test_a_hyperparameter_of_ones_own_may_be_any_finite_number():
    @optimizer
    def tilted(theta, g, t, *, lr, tilt=-2.0):
        return theta - lr * g + tilt

    assert rule_document(tilted(lr=0.1), 2)["ranges"] == {
        "lr": {"lowest": 0},
        "tilt": {"lowest": -np.finfo(float).max},
    }


def test_a_statement_of_several_lines_is_one():
    @optimizer
    def long(theta, g, t, v, *, lr=0.1):
        v = (
            v
            + g * g
        )  # fmt: skip
        if lr is None:
            v = 0 * v
        for _ in range(2):
            g = g / 2
        return theta - lr * g, 0.5 * v

    (first, made), (second, _), (third, end) = lines(long)
    assert (made, end) == ({"v": "bar"}, {"theta": "point", "v": "bar"})
    assert first.startswith("v = (") and first.endswith(")")
    assert (second, third) == ("g = g / 2", "return theta - lr * g, 0.5 * v")


def test_what_a_slider_may_do():
    ranges = rule_document(lookahead(adam(lr=0.1)), 2)["ranges"]
    assert ranges["lr"] == {"lowest": 0.0}
    assert ranges["beta1"] == {"lowest": 0.0, "below": 1.0}
    assert ranges["k"] == {"lowest": 1.0, "whole": True}


def test_a_schedule_is_a_list():
    given = settings(adam(lr=lambda t: 1 / t), 4)
    assert given["lr"] == [1, 1 / 2, 1 / 3, 1 / 4] and given["beta1"] == 0.9


def test_only_what_is_needed_has_a_register():
    @surface(window=[(-1, 1)])
    def wasteful(x):
        unused = np.exp(x) + 12345
        return x * x, (2 * x,) if unused is not None else ()

    document = surface_document(wasteful)
    assert "exp" not in {name for name, *_ in document["ops"]}
    assert 12345 not in {value for _, value in document["constants"]}
    used = {at for _, *places in document["ops"] for at in places}
    assert used == {*range(document["registers"])}


def test_what_json_has_no_number_for():
    @surface(window=[(-1, 1)])
    def edge(x):
        return np.where(x < 2, x, np.inf), (np.where(x < 2, 1, np.nan),)

    constants = surface_document(edge)["constants"]
    assert {"Infinity", "NaN"} <= {value for _, value in constants}
    json.dumps(constants, allow_nan=False)


def drawing(rng):
    @surface(window=[(-1, 1)])
    def noisy(x):
        return x * x + rng.normal(), (2 * x,)

    return noisy


def test_what_does_not_trace_says_why():
    @optimizer
    def branching(theta, g, t, *, lr=0.1):
        return theta - (lr if t < 5 else lr / 2) * g

    @optimizer
    def drawn(theta, g, t, *, lr=0.1):
        return theta - lr * (g + rng.normal())

    @surface(window=[(-1, 1)])
    def cubic(x):
        return np.cbrt(x), (x,)

    rng = np.random.default_rng(0)
    for rule, says in [
        (optimizers.muon(lr=0.1), "muon steps matrices"),
        (branching, "branching cannot be written down: it branches on a number that may change"),
        (drawn, "drawn is not the same at each call"),
    ]:
        with pytest.raises(NotTraced, match=says):
            rule_document(rule, 2)
    for f, says in [
        (drawing(rng), "noisy is not the same at each call"),
        (cubic, "cubic needs cbrt, which the page does not know"),
        (linear_regression([[1, 0], [1, 1]], [1, 2]), "linear_regression is a loss of data"),
    ]:
        with pytest.raises(NotTraced, match=says):
            surface_document(f)


def carried_out(document, given):
    """What a document's registers hold, by NumPy."""
    r = dict(document["constants"]) | given
    r = {at: float(held) for at, held in r.items()}
    with np.errstate(all="ignore"):
        for name, out, *places in document["ops"]:
            r[out] = float(getattr(np, name)(*(r[at] for at in places)))
    return r


@pytest.mark.parametrize(
    ("make", "values"),
    [
        (ravine, {"kappa": 37.5}),
        (lambda a, b: quadratic(a, b), {"a": 0.2, "b": 70.0}),
        (lambda a, b, c: quadratic(a, b, c), {"a": 2.0, "b": 2.0, "c": 0.5}),
    ],
)
def test_the_document_of_a_family_is_that_of_each_surface_with_its_arguments_put_in(make, values):
    document = family_document(make, values)
    put = {at: value for name, value in values.items() for at in document["given"][name]}
    assert len(put) == len(values) and not {*put} & {*document["theta"]}
    point = np.linspace(0.3, 0.9, len(document["theta"]))
    surface = make(**values)
    constants = [[at, put.get(at, held)] for at, held in document["constants"]]
    r = carried_out(document | {"constants": constants}, dict(zip(document["theta"], point, strict=True)))
    value, grad = surface.value_and_grad(point)
    assert r[document["value"]] == value and [r[at] for at in document["grad"]] == grad.tolist()


@pytest.mark.parametrize(
    "function",
    [
        lambda a: lambda x: (a * x + a * a, (a + 0 * x,)),  # computed with before the page could
        lambda a: lambda x: (a * x if a > 2 else a + x, (a + 0 * x,)),
        lambda a: lambda x: (x * x, (2 * x,)),
    ],
)
def test_a_family_that_makes_more_of_its_argument_does_not_trace(function):
    with pytest.raises(NotTraced, match="makes more of a than a number that it reads"):
        family_document(lambda a: surface(window=[(-1, 1)], name="odd")(function(a)), ["a"])


def test_the_documents_of_a_run_and_of_a_grid():
    grid = sweep(booth, (1, 2), adam, 5, lr=[0.1, 0.2], beta1=0.5)
    assert documents(grid) == {"rule": rule_document(adam(lr=0.1), 2), "surface": surface_document(booth)}
    run = descend(booth, (1, 2), adam, 5, gradient=Noise(0.1))
    with pytest.raises(NotTraced, match="its gradients are drawn at random"):
        documents(run)
    with pytest.raises(NotTraced, match="it does not say its hyperparameters, rule, steps, surface"):
        documents(grid.drop_attrs())


def test_the_tracer_gives_way_to_the_one_before():
    def before(frame, event, arg):
        return None

    old = sys.gettrace()
    sys.settrace(before)
    try:
        rule_document(adam(lr=0.1), 2)
        assert sys.gettrace() is before
    finally:
        sys.settrace(old)
