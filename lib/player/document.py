"""What the page computes: a rule and a surface as documents, printed from their tapes.

No step is written in JavaScript. A rule is called with registers in place of arrays (`lib.tape`), and what it
does becomes a list of operations that ``js/interpreter.js`` carries out one after the other. It knows the
operations below and no rule; no code is evaluated.

The documents
-------------
Both are JSON, and a list of registers, numbers in double precision, is what they speak of::

    version     1
    name        "adam", "rosenbrock"
    registers   how many there are
    constants   [[register, number], ...], the number 1, or "NaN", "Infinity", "-Infinity"
    ops         [["multiply", out, in, in], ...] in order: NumPy's name, the register that takes the result,
                those it is made of; a condition is 1 or 0

A rule also says where a step finds what, in lists with a register for each coordinate::

    given       {"t": register, "lr": register, ...}: t is the step's number, 1 at the first
    ranges      {"lr": {"lowest": 0}, "beta1": {"lowest": 0, "below": 1}, "k": {"lowest": 1, "whole": true}}
    theta, g    the parameters and the gradient there, before the step
    state       {"m": [...], ...}: the slots before the step, all 0 before the first
    next        {"theta": [...], "m": [...], ...}: where they are after it
    lines       the rule's text as it ran, [{"text": "m = beta1 * m + (1 - beta1) * g", "values": {"m":
                {"at": [...], "as": "arrow"}}}, ...], with what each line has made

A quantity is a "point" when it moves along with θ, an "arrow" when it turns round with the gradient (odd in
g), a "bar" when it does not (even in g), otherwise a "number": found by running the list with g and with −g,
from one point and from another, not from names.

A surface has `theta`, `value`, `grad` (one a coordinate) and `norm`, the gradient's length as `descend`
records it. A run has diverged where value + norm + the sum of θ is not finite.

What a run is given is apart from both: a number for each hyperparameter, or a list with one for each step
(`settings`).

What cannot be written down raises `NotTraced`, which says why: a rule that steps matrices, branches on
values or calls what no register knows, a surface of data, gradients that are drawn at random. Such runs play
as recorded. So does whatever the list does not repeat: each is compared with its rule before it is used.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

import numpy as np
import xarray as xr

from lib.checks import ALLOWED, FINITE, stem
from lib.engine import Optimizer
from lib.optimizers import norm
from lib.recipe import recipe
from lib.surfaces import Surface
from lib.tape import Operation, Tape, Value, Vector, after, item

VERSION = 1
OPERATIONS = (
    *("add", "subtract", "multiply", "divide", "power", "remainder", "floor_divide"),
    *("negative", "absolute", "sign", "square", "sqrt", "hypot", "floor"),
    *("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "arctan"),
    *("maximum", "minimum", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
    *("isfinite", "logical_and", "logical_or", "logical_not", "where"),
)
"""What the page can do; ``js/interpreter.js`` has the same list, and a test compares them."""
SAME = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "invert": "logical_not"}
"""What is the same for conditions."""
JSON = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
FLOAT = np.dtype(float)
CALL = "theta", "g", "t"
"""A rule's first arguments: a call with these is one of a rule, inside a wrapper too."""


class NotTraced(TypeError):
    """Why the page cannot compute something, and plays it as recorded."""


def rule_document(opt: Optimizer, d: int) -> dict[str, Any]:
    """The document of a rule, for points of d coordinates."""
    if opt.matrix:
        raise NotTraced(f"{opt.name} steps matrices")
    tape = Tape()
    hyperparameters = opt.values(1)
    given = {
        name: tape.number(name, value, varies=True) for name, value in {"t": 1.0, **hyperparameters}.items()
    }
    old = {name: Vector(tape.element(FLOAT) for _ in range(d)) for name in ("theta", "g", *opt.slots)}
    with _tracing(opt.name):
        lines = list(_clip(opt, old["g"], ()))
        g = lines[-1][1]["g"] if lines else old["g"]
        slots = [old[name] for name in opt.slots]
        (theta, *new), ran = watch(lambda: after(opt.rule, old["theta"], g, slots, given), CALL)
    lines += ran
    printer = Printer(tape, [*given.values(), *(x for vector in old.values() for x in vector.parts)])
    next_ = {name: _parts(tape, x, d) for name, x in zip(("theta", *opt.slots), (theta, *new), strict=True)}
    wanted = [*next_.values(), *(_parts(tape, value) for _, made in lines for value in made.values())]
    document = printer.document(opt.name, [x for parts in wanted for x in parts])
    kinds = _kinds(opt, tape, old, next_, hyperparameters)
    at = printer.places
    return document | {
        "given": {name: at[value.at] for name, value in given.items()},
        "ranges": {name: _range(name) for name in hyperparameters},
        "theta": [at[x.at] for x in old["theta"].parts],
        "g": [at[x.at] for x in old["g"].parts],
        "state": {name: [at[x.at] for x in old[name].parts] for name in opt.slots},
        "next": {name: [at[x.at] for x in parts] for name, parts in next_.items()},
        "lines": [
            {
                "text": text,
                "values": {
                    name: {
                        "at": [at[x.at] for x in _parts(tape, value)],
                        "as": kinds(value),
                    }
                    for name, value in made.items()
                },
            }
            for text, made in lines
        ],
    }


def surface_document(surface: Surface) -> dict[str, Any]:
    """The document of a surface."""
    if type(surface) is not Surface:
        raise NotTraced(f"{surface} is a loss of data")
    tape = Tape()
    theta = [tape.element(FLOAT) for _ in surface.coords]
    with _tracing(surface.name):
        made: Any = surface.function(*theta)
        value, length, *grad = map(tape.read, (made[0], norm(Vector(made[1])), *made[1]))
    low, high = np.transpose(surface.window)
    points = np.random.default_rng(0).uniform(low, high, (5, len(theta))).T
    with np.errstate(all="ignore"):
        held = tape.follow({x.at: row for x, row in zip(theta, points, strict=True)})
        expected = surface.value_and_grad(points)
    _compare(surface.name, [held[x.at] for x in (value, *grad)], [expected[0], *expected[1]])
    printer = Printer(tape, theta)
    document = printer.document(surface.name, [value, length, *grad])
    at = printer.places
    return document | {
        "theta": [at[x.at] for x in theta],
        "value": at[value.at],
        "grad": [at[x.at] for x in grad],
        "norm": at[length.at],
    }


def family_document(make: Callable[..., Surface], names: Iterable[str]) -> dict[str, Any]:
    """The document of the surfaces that a function makes, with "given": the registers of each argument named.

    >>> from lib.surfaces import ravine
    >>> family_document(ravine, ["kappa"])["given"]
    {'kappa': [2]}
    """
    once, again = (
        {name: float(np.sqrt(prime)) for name, prime in zip(names, primes, strict=False)}
        for primes in ((2, 3, 5), (7, 11, 13))
    )
    document, other = (surface_document(make(**values)) for values in (once, again))
    constants = dict(document["constants"])
    given = {name: [at for at, held in constants.items() if held == value] for name, value in once.items()}
    moved = {at: again[name] for name, places in given.items() for at in places}
    if (
        not all(given.values())
        or other["ops"] != document["ops"]
        or dict(other["constants"]) != constants | moved
    ):
        raise NotTraced(f"{document['name']} makes more of {', '.join(given)} than a number that it reads")
    return document | {"given": given}


def documents(run: xr.Dataset) -> dict[str, Any]:
    """The documents of what made a run or a grid: its rule's and its surface's."""
    made = recipe(run)
    missing = {"rule", "surface", "steps", "hyperparameters"} - made.keys()
    if missing:
        raise NotTraced(f"it does not say its {', '.join(sorted(missing))}")
    if made.get("gradient") is not None:
        raise NotTraced("its gradients are drawn at random")
    given = made["hyperparameters"].items()  # of a grid's axis any value will do
    one = made["rule"](**{name: x if callable(x) else np.ravel(x)[0] for name, x in given})
    return {"rule": rule_document(one, run.sizes["coord"]), "surface": surface_document(made["surface"])}


def settings(opt: Optimizer, steps: int) -> dict[str, float | list[float]]:
    """The hyperparameters of a run: a number, or from a schedule one for each step."""
    now = opt.values(1)
    each = {
        name: [opt.values(t)[name] for t in range(1, steps + 1)]
        for name in now
        if callable(opt.hyperparameters[name])
    }
    return {name: list(map(float, each[name])) if name in each else float(now[name]) for name in now}


class Printer:
    """A tape as a document: what is needed of it, the registers numbered anew."""

    def __init__(self, tape: Tape, first: Iterable[Value]) -> None:
        self.tape = tape
        self.places: dict[int, int] = {}
        """A register on the tape ↦ the one in the document."""
        self._count = 0
        for value in first:
            self._place(value)

    def document(self, name: str, wanted: Iterable[Value]) -> dict[str, Any]:
        """The head of a document: everything that these values need."""
        needed = {value.at for value in wanted}
        for _, out, inputs, _ in reversed(self.tape.operations):
            if out.at in needed:
                needed |= {value.at for value in inputs}
        constants = [
            [self._place(value), value.value if np.isfinite(value.value) else JSON[str(float(value.value))]]
            for value in self.tape.values
            if value.constant and value.at in needed
        ]
        ops = [
            [
                self._name(name, operation),
                self._place(operation.out),
                *(self.places[x.at] for x in operation.inputs),
            ]
            for operation in self.tape.operations
            if operation.out.at in needed and not self._same(operation)
        ]
        return {
            "version": VERSION,
            "name": name,
            "registers": self._count,
            "constants": constants,
            "ops": ops,
        }

    def _place(self, value: Value) -> int:
        self.places[value.at] = self._count
        self._count += 1
        return self.places[value.at]

    def _same(self, operation: Operation) -> bool:
        """Whether an operation leaves a number as it is: its result needs no register."""
        same = operation.function is item or operation.name == "positive"
        if same:
            self.places[operation.out.at] = self.places[operation.inputs[0].at]
        return same

    def _name(self, name: str, operation: Operation) -> str:
        done = operation.name
        if done in SAME and all(value.dtype in (bool, np.dtype(bool)) for value in operation.inputs):
            done = SAME[done]
        if done not in OPERATIONS:
            raise NotTraced(f"{name} needs {done}, which the page does not know")
        return done


def _parts(tape: Tape, x: Any, d: int = 1) -> list[Value]:
    """The registers of a quantity; d times the same one where all coordinates have one number."""
    return [tape.read(part) for part in x.parts] if isinstance(x, Vector) else [tape.read(x)] * d


def _range(name: str) -> dict[str, Any]:
    """What a hyperparameter may be."""
    lowest, below, _, whole = ALLOWED.get(stem(name), FINITE)
    found: dict[str, Any] = {"lowest": lowest}
    return found | ({"below": below} if np.isfinite(below) else {}) | ({"whole": True} if whole else {})


# From a rule to its tape.


@contextmanager
def _tracing(name: str) -> Iterator[None]:
    """Whatever goes wrong in the function of this name is why it cannot be written down."""
    try:
        with np.errstate(all="ignore"):
            yield
    except Exception as error:
        raise NotTraced(f"{name} cannot be written down: {error}") from error


def _clip(opt: Optimizer, g: Any, runs: tuple[int, ...]) -> Any:
    """The gradient that a rule gets, and after each clip what it has become, with a text."""
    for clip in opt.clips:
        (g,) = clip([g], runs)
        yield f"g = {clip.__qualname__.partition('.')[0]}(g)", {"g": g}


def _kinds(
    opt: Optimizer, tape: Tape, old: dict[str, Vector], new: dict[str, list[Value]], given: dict[str, float]
) -> Callable[[Any], str]:
    """What a quantity is; and that the tape does what the rule does.

    Four runs of a few steps: with some gradients, with the opposite ones, with others, and with the first
    ones from another point.
    """
    rng, d = np.random.default_rng(0), len(new["theta"])
    now = {name: np.zeros((d, 4)) for name in ("theta", *opt.slots)}
    now["theta"][:, 3] = 1
    steps = []
    with np.errstate(all="ignore"):
        for t in range(1, 6):
            g = rng.standard_normal((d, 4))
            g[:, 1], g[:, 3] = -g[:, 0], g[:, 0]
            at = {tape.given["t"].at: float(t)}
            for name, rows in (now | {"g": g}).items():
                at |= {x.at: row for x, row in zip(old[name].parts, rows, strict=True)}
            steps.append(tape.follow(at))
            for _, made in _clip(opt, g, (4,)):
                g = made["g"]
            expected = after(
                opt.rule, now["theta"], g, [now[name] for name in opt.slots], {"t": float(t), **given}
            )
            now = {
                name: np.array([np.broadcast_to(steps[-1][x.at], 4) for x in parts])
                for name, parts in new.items()
            }
            _compare(opt.name, now.values(), expected)

    def kind(value: Any) -> str:
        if not isinstance(value, Vector):
            return "number"
        runs = [[np.broadcast_to(held[x.at], 4) for held in steps] for x in _parts(tape, value)]
        once, against, other, elsewhere = np.moveaxis(np.array(runs), -1, 0)
        if np.all(elsewhere[:, 0] - once[:, 0] > 0.5):
            return "point"
        if np.array_equal(once, other):
            return "number"
        return (
            "arrow"
            if np.array_equal(once, -against)
            else "bar"
            if np.array_equal(once, against)
            else "number"
        )

    return kind


def _compare(name: str, found: Iterable[Any], expected: Iterable[Any]) -> None:
    """Raise unless a tape has what its function returns."""
    for one, other in zip(found, expected, strict=True):
        near = 1e-9 * np.max(np.abs(other), initial=0, where=np.isfinite(other))
        if not np.allclose(one, other, rtol=1e-9, atol=near, equal_nan=True):
            raise NotTraced(f"{name} is not the same at each call")


# Line by line.


def watch(
    call: Callable[[], Any], arguments: tuple[str, ...]
) -> tuple[Any, list[tuple[str, dict[str, Any]]]]:
    """What a call returns; and of functions with these first arguments each line's text, and what it made.

    What a line made are the names that have become something else, and of the last one what it returns.
    """
    lines: list[tuple[str, dict[str, Any]]] = []

    def enter(frame: FrameType, event: str, result: Any) -> Any:
        if frame.f_code.co_varnames[: len(arguments)] != arguments:
            return None
        texts, seen, at = statements(frame.f_code), dict(frame.f_locals), 0

        def follow(frame: FrameType, event: str, result: Any) -> Any:
            nonlocal at
            now, text = dict(frame.f_locals), texts.get(at, "")
            if event == "return":  # θ, then the slots
                code = frame.f_code
                names = (arguments[0], *code.co_varnames[len(arguments) : code.co_argcount])
                now |= dict(zip(names, result if isinstance(result, tuple) else (result,), strict=False))
            made = {k: v for k, v in now.items() if isinstance(v, Value | Vector) and seen.get(k) is not v}
            if lines and lines[-1][0] is text:  # more of the same statement
                lines[-1][1].update(made)
            elif made:
                lines.append((text, made))
            seen.update(now)
            at = frame.f_lineno
            return follow

        return follow

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        return call(), lines
    finally:
        sys.settrace(before)


def statements(code: CodeType) -> dict[int, str]:
    """Each line of a function by its number ↦ the text of the statement that it is part of."""
    try:
        text = textwrap.dedent(inspect.getsource(code))
    except OSError:  # it is in no file
        return {}
    found: dict[int, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            said = ast.get_source_segment(text, node) or ""
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found |= {code.co_firstlineno + line - 1: said for line in lines}
    return found
