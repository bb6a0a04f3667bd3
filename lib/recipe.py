"""What was run, as text and numbers that every file format keeps, and the objects again from these.

A run's attributes say what it is a run of:

>>> from lib.descend import descend
>>> from lib.optimizers import adam
>>> from lib.surfaces import quadratic
>>> run = descend(quadratic(1, 25), (1, 2), adam(lr=0.1), 10)
>>> run.attrs["surface"], run.attrs["rule"], run.attrs["start"]
('quadratic(1, 25)', 'adam', '[1.0, 2.0]')

In the session that made the run each text still has its object, a reader's own too; of a run that was loaded
from a file, `recipe` makes the objects that are this library's. No text is run as code.
"""

import ast
import inspect
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from lib import dialects, optimizers, problems, schedules, surfaces, wrappers
from lib.agents import Reinforce
from lib.engine import Optimizer
from lib.schedules import Schedule
from lib.surfaces import Surface

SOURCES = (*problems.SOURCES, Reinforce)
RULES = [*vars(optimizers).values(), *vars(dialects).values()]
LIBRARY: dict[str, Any] = {rule.name: rule for rule in RULES if isinstance(rule, Optimizer)}
LIBRARY |= {name: value for name, value in vars(surfaces).items() if isinstance(value, Surface)}
MAKERS: dict[str, Any] = {
    maker.__name__: maker
    for maker in (
        *(surfaces.quadratic, surfaces.ravine, surfaces.turned_ravine, *SOURCES),
        *(wrappers.lookahead, wrappers.clip_by_norm, wrappers.clip_by_value),
        *(schedules.constant, schedules.step_decay, schedules.exponential, schedules.inverse_sqrt),
        *(schedules.inverse_time, schedules.polynomial, schedules.cosine, schedules.warm_restarts),
        *(schedules.linear_warmup, schedules.one_cycle, schedules.wsd, schedules.join),
    )
}
"""What a text may name, and what it may call."""

AT_START = "theta at step 0"
EXACT = "exact"
SEVERAL: Any = int | float | list | tuple | np.ndarray
LONG = 1000
"""A start of more coordinates is not repeated as text."""


class Said(str):
    """What is said of an object; in the session that made it, with the object itself."""

    thing: Any

    def __new__(cls, text: str, thing: Any) -> "Said":
        made = super().__new__(cls, text)
        made.thing = thing
        return made

    def __deepcopy__(self, memo: Any) -> "Said":
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        try:
            pickle.dumps(self.thing)
        except Exception:  # a reader's own, made where no other process finds it: the text goes alone
            return str, (str(self),)
        return Said, (str(self), self.thing)


def write(
    surface: Surface,
    start: Any,
    rule: Optimizer,
    steps: int,
    gradient: Any,
    seed: Any,
    tol: float | None,
    hyperparameters: dict[str, Any],
) -> dict[str, Any]:
    """The attributes of a run: text and numbers."""
    said: dict[str, Any] = {
        "surface": Said(text(surface), surface),
        "start": AT_START if start is None else json.dumps(start),
        "rule": Said(text(rule), rule),
        "steps": steps,
        "gradient": EXACT if gradient is None else Said(text(gradient), gradient),
        "seed": seed if isinstance(seed, int) and seed < 2**31 else json.dumps(seed),
        "hyperparameters": Said(
            json.dumps({name: _plain(value) for name, value in hyperparameters.items()}),
            dict(hyperparameters),
        ),
    }
    return said if tol is None else {**said, "tol": tol}


def recipe(run: xr.Dataset) -> dict[str, Any]:
    """What was run: surface, start, rule, steps, gradient, seed, tol, hyperparameters, as `sweep` takes them.

    What the run does not say is left out, and so is a reader's own after loading; of a reader's own gradient
    source the text stays. What was put into `run.attrs` as an object is that object.

    >>> from lib.descend import descend
    >>> from lib.surfaces import booth
    >>> run = descend(booth, (1, 2), optimizers.gd(lr=0.1), 10)
    >>> run.attrs = {name: str(value) for name, value in run.attrs.items()}  # as a file has them
    >>> made = recipe(run)
    >>> made["surface"], made["start"], made["rule"](**made["hyperparameters"])
    (booth, [1.0, 2.0], gd(lr=0.1))
    """
    said, found = run.attrs, {}
    kinds: Any = (("surface", Surface), ("rule", Optimizer), ("gradient", object))
    for name, kind in kinds:
        thing = _thing(said.get(name))
        if thing is not None and isinstance(thing, kind):
            found[name] = thing
    if "gradient" in said and "gradient" not in found:
        found["gradient"] = None if str(said["gradient"]) in (EXACT, "None") else said["gradient"]
    kinds = (("start", SEVERAL), ("seed", int | list), ("steps", int), ("tol", int | float))
    for name, kind in kinds:
        value = _plain_again(said.get(name))
        if isinstance(value, kind):
            found[name] = value
    if isinstance(said.get("start"), str) and said["start"] == AT_START and "step" in run["theta"].dims:
        found["start"] = run["theta"].transpose("step", "coord", ...).values[0]
    if (given := _hyperparameters(said.get("hyperparameters"))) is not None:
        found["hyperparameters"] = given
    return found


def _plain_again(said: Any) -> Any:
    """A number, or what a text of JSON says; None where it says nothing."""
    if isinstance(said, np.generic):
        return said.item()
    try:
        return json.loads(said) if isinstance(said, str) else said
    except (ValueError, RecursionError):
        return None


def name_of(said: Any) -> str:
    """What to call a surface or a rule of which only the text may be left."""
    thing = _thing(said)
    return getattr(thing, "name", None) or str(said).removeprefix("__main__.")


def default(rule: Optimizer, name: str) -> Any:
    """What a hyperparameter is where nobody gave it: in the rule inside its wrappers, or in a wrapper."""
    while rule.made_by:
        wrapper, (rule, *_), _ = rule.made_by
        if name in inspect.signature(wrapper).parameters:
            return inspect.signature(wrapper).parameters[name].default
    return inspect.signature(rule.rule).parameters[name].default


def text(value: Any) -> str:
    """The text of which `read` makes this again; of what is not this library's, its module and name."""
    if isinstance(value, np.generic | np.ndarray):
        return text(value.tolist())
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text, value))}]"
    if isinstance(value, Schedule):
        return _call(value.made_by, (), value.arguments)
    if isinstance(value, SOURCES):
        return _call(type(value), (), vars(value))
    if made := getattr(value, "made_by", None):
        return _call(*made)
    name = str(getattr(value, "name", None) or getattr(value, "__qualname__", type(value).__qualname__))
    ours = LIBRARY.get(name)
    if ours is not None and (value is ours or (isinstance(value, Optimizer) and value.rule is ours.rule)):
        return name
    function = getattr(value, "function", None) or getattr(value, "rule", None) or value
    return f"{getattr(function, '__module__', '__main__')}.{name}"


def _call(maker: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> str:
    arguments = [*map(text, given), *(f"{name}={text(value)}" for name, value in named.items())]
    name = maker.__name__
    ours = MAKERS.get(name) is maker
    return f"{name if ours else f'{maker.__module__}.{name}'}({', '.join(arguments)})"


def read(said: str) -> Any:
    """What a text names or calls in `LIBRARY`; None where it is anything else."""
    try:
        return _made(ast.parse(said, mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _made(node: ast.expr) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.List() | ast.Tuple():
            return [_made(part) for part in node.elts]
        case ast.Name() if node.id in LIBRARY:
            return LIBRARY[node.id]
        case ast.Call(func=ast.Name(id=maker)) if maker in MAKERS:
            named = {str(keyword.arg): _made(keyword.value) for keyword in node.keywords}
            return MAKERS[maker](*map(_made, node.args), **named)
    raise ValueError(f"{ast.unparse(node)} is not this library's")


def _thing(said: Any) -> Any:
    if isinstance(said, Said):
        return said.thing
    return read(said) if isinstance(said, str) else said


def _hyperparameters(said: Any) -> dict[str, Any] | None:
    if isinstance(said, Said) or not isinstance(said, str):
        given = _thing(said)
        return given if isinstance(given, dict) else None
    given = _plain_again(said)
    if not isinstance(given, dict):
        return None
    made = {name: read(value) if isinstance(value, str) else value for name, value in given.items()}
    return None if any(value is None for value in made.values()) else made


def _plain(value: Any) -> Any:
    """A hyperparameter for JSON: numbers as they are, a schedule as its text."""
    return text(value) if callable(value) else np.asarray(value).tolist()
