"""Ask an optimizer of anybody's what a right one does, and say what a wrong answer usually means.

>>> def my_adam(theta, g, state, lr=0.1):
...     t = state["t"] = state.get("t", 0) + 1
...     m = state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
...     v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * g * g
...     return theta - lr * (m / (1 - 0.9)) / (np.sqrt(v / (1 - 0.999)) + 1e-8)
>>> report = audit(my_adam)  # what every optimizer has to do: nothing is wrong
>>> report.failed
[]
>>> from lib.optimizers import adam
>>> report = audit(my_adam, like=adam(lr=0.1))  # what Adam has to do
>>> report.failed
['second', 'steady', 'path']
>>> print(report["steady"])
WRONG  steady    step 1000 is 0.398 times as long as that of adam
       usually   t that is never counted or starts at 0, 1 − β without the power t, a
                 mean that is a sum, or a sum that is a mean

`CHECKS` is the whole of what is asked; the site's page "Symptom, probe, cause" is made of it. NumPy only;
no rule is known here by name, and PyTorch is used when the reader has brought it.
"""

import copy
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lib.checks import Array
from lib.engine import Optimizer

Arrays = dict[str, Array]

RTOL = 1e-6
"""How far two steps may be apart, in parts of the longer one; more when the rule works in float32."""

SHAPES: tuple[tuple[int, ...], ...] = ((3, 2), (5,), ())
"""What is stepped: a matrix; for `downhill` and `path` also a vector and a number."""

STEP = (
    "A step function is step(theta, g, state): it returns the new theta or changes theta in place, and keeps "
    "in the dict `state`, empty at first, all that it has to remember"
)


def audit(what: Any, like: Optimizer | None = None, **hyperparameters: Any) -> "Report":
    """Ask an optimizer every question of `CHECKS` that can be asked of it.

    Parameters
    ----------
    what : a function step(theta, g, state), or a class of `torch.optim`'s kind whose step needs no closure,
        or an `Optimizer` of this library. A function gets arrays, of the shapes in `SHAPES`, and a dict that
        is empty at first; it returns the new theta, or None when it changed theta in place. One check gives
        dicts of arrays. A vector, a number or a dict at which it raises is not asked.
    like : the optimizer that it is meant to be, with its hyperparameters, such as `adam(lr=0.1)`. Without it
        are asked only those questions that have one answer for every optimizer without noise of its own and
        without a constraint.
    hyperparameters : what `what` is called with, in its own words, such as `betas=(0.9, 0.95)`

    Returns
    -------
    Report
        To print; `failed` names the checks that fail.

    Raises
    ------
    TypeError
        When `what` is none of these, `like` is no `Optimizer`, or the very first step fails.

    Notes
    -----
    float64 in, some 4500 steps. A rule that works in float32 is compared to a thousandth of a step. Some
    fail rightly: a method that measures all arrays together, as clipping by the global norm does, fails
    `arrays`, and one with noise or a constraint of its own `mirror` and `still`. The report says so.

    A rule that passes is not proved right. No run is longer than 1000 steps and no other sizes of gradients
    are tried than those `CHECKS` names, so that a rule which goes wrong later, or between them, is not seen.
    """
    if like is not None and not isinstance(like, Optimizer):
        raise TypeError(
            f"like is the optimizer that this one is meant to be, such as adam(lr=0.1); got {like!r}"
        )
    here = _walks(what, hyperparameters)
    there = None if like is None else _walks(like, {})
    try:
        (walker := here(_noise(1)[0])).step(_noise(1, seed=1)[0])
        here.dtype = walker.works_in()
    except Exception as error:
        words = STEP if here.kind is _Function else "Its first step fails"
        happened = "" if isinstance(error, WrongAnswer) else f"raised {type(error).__name__}: "
        raise TypeError(f"{_name(what)} {happened}{error}. {words}") from error
    results = []
    for name, check in CHECKS.items():
        if check.ask is not None:
            with np.errstate(all="ignore"):
                results.append(_asked(name, check, here, there, "" if like is None else like.name))
    report = Report(_name(what), "" if like is None else repr(like), results)
    if here.dtype != float:
        report.notes.append(f"It works in {here.dtype}: steps are compared to {_number(here.rtol)} of them.")
    if "fresh" in report.failed:
        report.notes.append("One run is not like the next (fresh): the other answers may come and go.")
    if {"mirror", "still"} & {*report.failed}:
        report.notes.append(
            "Has it noise or a constraint of its own? Then mirror and still, and a bowl on which it stands "
            "still, are no bugs."
        )
    return report


def audit_gradient(loss: Callable[[Any], Any], gradient: Callable[[Any], Any], theta: Any) -> "Report":
    """Compare a gradient with the loss's own differences, along coordinates (fifty at most) and twelve
    random directions.

        ⟨∇f(θ), d⟩ = (f(θ + h·d) − f(θ − h·d)) / 2h + O(h²)

    Parameters
    ----------
    loss, gradient : functions of an array like `theta`; a number, and an array of the shape of `theta`
    theta : where to compare; not a minimum, where everything is 0

    Raises
    ------
    TypeError
        When `loss` or `gradient` is no function, or `loss` gives no number.
    ValueError
        When `theta` is empty or has something else than finite numbers.

    Notes
    -----
    Differences know a slope up to the loss's round-off, about 1e-10 of the loss, or 1e-4 where it is computed
    in float32: a part of the gradient that is smaller is not seen. Where round-off, a kink or a minimum
    leaves nothing to compare, it is not asked.

    Examples
    --------
    >>> x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 5.0])
    >>> def loss(w): return ((w[0] * x - y) ** 2).mean()
    >>> def gradient(w): return np.array([((y - w[0] * x) * x).mean()])
    >>> audit_gradient(loss, gradient, [0.5])["slope"].said
    'the loss changes −2 times as fast as the gradient says'
    """
    for what, word in ((loss, "loss"), (gradient, "gradient")):
        if not callable(what):
            raise TypeError(f"{word} has to be a function of theta; got {what!r}")
    try:
        point = np.array(theta, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"theta has to be numbers, such as [0.5, 0.2]; got {theta!r}") from error
    if point.size == 0 or not np.isfinite(point).all():
        raise ValueError(f"theta has to be finite numbers, one at least; got {theta!r}")
    report = Report(getattr(gradient, "__name__", "gradient"), "", [])
    try:
        said = _slope(loss, np.asarray(gradient(point.copy()), dtype=float), point, report.notes)
        report.results.append(Result("slope", said is None, said or ""))
    except NotAsked as reason:
        report.results.append(Result("slope", None, f"not asked: {reason}"))
    return report


def _slope(loss: Callable[[Any], Any], slope: Array, point: Array, notes: list[str]) -> str | None:
    """How a gradient differs from the loss's differences, in words."""

    def at(where: Array) -> float:
        value = np.asarray(loss(where))
        if value.ndim or value.dtype.kind not in "fiu":
            raise TypeError(f"loss has to give one number; it gave {value.dtype} of shape {value.shape}")
        return float(value)

    if slope.shape != point.shape:
        return f"the gradient has shape {slope.shape}, theta has {point.shape}"
    middle = at(point.copy())
    if not np.isfinite(middle):
        raise NotAsked(f"the loss is {_number(middle)} there")
    if not np.isfinite(slope).all():
        return "the gradient has NaN or infinity"
    rng = np.random.default_rng(0)
    axes = np.sort(rng.permutation(point.size)[:50])
    units = np.zeros((len(axes), point.size))
    units[range(len(axes)), axes] = 1 + np.abs(point.ravel()[axes])
    random = rng.standard_normal((12, point.size)) * (1 + np.abs(point).max())
    ways = np.concatenate([units, random]).reshape(-1, *point.shape)
    h, rtol, eps = 1e-5, 1e-5, float(np.finfo(float).eps)
    values = np.array([[at(point + k * h * d) for d in ways] for k in (1, -1, 2, -2)])
    if _works_in([middle, values]) != np.float64:
        rtol, eps = 1e-3, float(np.finfo(np.float32).eps)
        h *= (eps / np.finfo(float).eps) ** (1 / 3)  # where round-off and O(h²) are equally small
        notes.append(f"The loss is computed in float32: slopes are compared to {_number(rtol)} of them.")
        values = np.array([[at(point + k * h * d) for d in ways] for k in (1, -1, 2, -2)])
    after, before, far, back = values
    true, told = (after - before) / (2 * h), np.array([(slope * d).sum() for d in ways])
    blur = 8 * eps * np.abs([middle, *after, *before]).max() / h  # the loss's round-off
    bend = np.abs((far - back) / (4 * h) - true)  # what O(h²) is
    wrong = np.abs(true - told) > rtol * np.abs(true) + 2 * bend + blur
    if not np.isfinite(true).all():
        raise NotAsked("the loss is not finite beside it")
    if not true.any() and not told.any():
        raise NotAsked("the loss is flat there; choose another theta")
    if max(np.abs(true).max(), np.abs(told).max()) <= 100 * blur:
        raise NotAsked(f"differences of a loss of {_number(middle)} drown in its round-off there")
    if not wrong.any():
        return None
    kink = np.abs(4 * (after - 2 * middle + before) - (far - 2 * middle + back)) / (4 * h)  # no part of h²
    if (np.abs(true - told) <= kink + 2 * bend + blur)[wrong].all():
        raise NotAsked(f"the loss has a kink within {_number(h)}; choose another theta")
    ratio = (true @ told) / (told @ told) if told.any() else np.nan
    if abs(ratio - 1) > 0.01 and np.abs(true - ratio * told).max() <= 1e-3 * np.abs(true).max():
        return f"the loss changes {_number(ratio)} times as fast as the gradient says"
    said = "the gradient points another way than the loss's differences"
    if not wrong[: len(axes)].any():
        return said
    worst = axes[np.argmax(np.where(wrong, np.abs(true - told), 0)[: len(axes)])]
    size = 1 + abs(point.ravel()[worst])
    where = "".join(f"[{i}]" for i in np.unravel_index(worst, point.shape))
    slopes = _number(slope.ravel()[worst]), _number(true[np.searchsorted(axes, worst)] / size)
    return f"{said}: at theta{where} it is {slopes[0]}, they are {slopes[1]}"


class Result(NamedTuple):
    """The answer to one check: `passed` is None when it was not asked; `said` is what was found."""

    check: str
    passed: bool | None
    said: str

    def __str__(self) -> str:
        word = {True: "right", False: "WRONG", None: "–"}[self.passed]
        line = f"{word:7}{self.check:10}{self.said}".rstrip()
        if self.passed is not False:
            return line
        cause = textwrap.wrap(CHECKS[self.check].cause, 72)
        return "\n".join([line, f"       usually   {cause[0]}", *(f"{'':17}{more}" for more in cause[1:])])


@dataclass(frozen=True)
class Report:
    """What `audit` found: `report.failed` names the checks that fail, `report["first"]` is one result."""

    name: str
    like: str
    results: list[Result]
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        return [result.check for result in self.results if result.passed is False]

    def __getitem__(self, check: str) -> Result:
        return next(result for result in self.results if result.check == check)

    def __str__(self) -> str:
        asked = sum(result.passed is not None for result in self.results)
        beside = f", beside {self.like}" if self.like else ""
        fails = "fails" if len(self.failed) == 1 else "fail"
        head = f"{self.name}{beside}: {len(self.failed)} of {asked} checks {fails}"
        return "\n".join([head, *self.notes, *map(str, self.results)])


# An optimizer of any kind, behind three words: step, saved, restore; `theta` is where it stands.


class WrongAnswer(Exception):
    """A step that gives back what is no theta."""


def _works_in(numbers: Any) -> Any:
    """The coarsest kind of number that has all of these."""
    with np.errstate(all="ignore"):
        for kind in (np.float16, np.float32):
            if all((np.asarray(x, dtype=kind) == x).all() for x in numbers):
                return np.dtype(kind)
    return np.dtype(float)


def _kept(state: Any) -> Iterator[Array]:
    """The arrays of a state, whatever holds them."""
    if isinstance(state, dict | list | tuple):
        for part in state.values() if isinstance(state, dict) else state:
            yield from _kept(part)
    elif np.ndim(state):
        yield np.asarray(state)


class _Rule:
    def __init__(self, what: Optimizer, given: dict[str, Any], theta: Arrays) -> None:
        self.opt, self.theta = what(**given), theta
        self.state: Any = self.opt.init(theta)

    def step(self, g: Arrays) -> None:
        self.opt.step(self.theta, g, self.state)

    def works_in(self) -> Any:
        """The coarsest kind of number that θ has, by its values, or an array of the state."""
        kinds = [array.dtype for array in _kept(self.saved()) if array.dtype.kind == "f"]
        return min([*kinds, _works_in(self.theta.values())], key=lambda kind: kind.itemsize)

    def saved(self) -> Any:
        return copy.deepcopy(self.state)

    def restore(self, saved: Any) -> None:
        self.state = copy.deepcopy(saved)


class _Function(_Rule):
    def __init__(self, what: Callable[..., Any], given: dict[str, Any], theta: Arrays) -> None:
        self.call, self.given, self.theta, self.state = what, given, theta, {}

    def step(self, g: Arrays) -> None:
        (key, *more) = self.theta
        theta: Any = self.theta if more else self.theta[key]
        new = self.call(theta, g if more else g[key], self.state, **self.given)
        new = theta if new is None else new
        if not more:
            new = {key: new}
        elif not isinstance(new, dict) or new.keys() != self.theta.keys():
            keys = f" with the keys {[*new]}" if isinstance(new, dict) else ""
            raise WrongAnswer(
                f"gives back a {type(new).__name__}{keys} for a dict with the keys {[*self.theta]}"
            )
        for key, old in self.theta.items():
            try:
                shape = np.shape(new[key])
                new[key] = np.array(new[key], dtype=float)
            except (TypeError, ValueError) as error:
                raise WrongAnswer(f"gives back a {type(new[key]).__name__} that is no array") from error
            if shape != old.shape:
                raise WrongAnswer(f"gives back shape {shape} for theta of shape {old.shape}")
        self.theta = dict(new)


class _Torch(_Rule):
    def __init__(self, what: Any, given: dict[str, Any], theta: Arrays) -> None:
        torch = sys.modules["torch"]
        self.keys = [*theta]
        self.parameters = [torch.nn.Parameter(torch.from_numpy(array)) for array in theta.values()]
        self.made = what(self.parameters, **given)

    @property
    def theta(self) -> Arrays:  # type: ignore[override]
        return dict(zip(self.keys, (p.detach().numpy() for p in self.parameters), strict=True))

    def step(self, g: Arrays) -> None:
        torch = sys.modules["torch"]
        for parameter, gradient in zip(self.parameters, g.values(), strict=True):
            parameter.grad = torch.from_numpy(gradient)
        self.made.step()

    def saved(self) -> Any:
        return copy.deepcopy(self.made.state_dict())

    def restore(self, saved: Any) -> None:
        self.made.load_state_dict(copy.deepcopy(saved))


@dataclass
class Walks:
    """Makes a new walker, which has seen nothing, from a starting point."""

    kind: Any
    what: Any
    given: dict[str, Any]
    dtype: Any = float

    def __call__(self, theta: Arrays) -> _Rule:
        walker: _Rule = self.kind(self.what, self.given, {key: array.copy() for key, array in theta.items()})
        return walker

    @property
    def rtol(self) -> float:
        return max(RTOL, 3 * float(np.finfo(self.dtype).eps) ** 0.5)

    @property
    def rounding(self) -> float:
        """Times `rtol` and θ: four roundings of θ, which no step can be better than."""
        return 4 * float(np.finfo(self.dtype).eps) / self.rtol


def _walks(what: Any, given: dict[str, Any]) -> Walks:
    """What makes walkers of `what`, whichever of the three kinds it is."""
    torch = sys.modules.get("torch")
    if isinstance(what, Optimizer):
        return Walks(_Rule, what, given)
    if isinstance(what, type) and torch is not None and issubclass(what, torch.optim.Optimizer):
        return Walks(_Torch, what, given)
    if callable(what) and not isinstance(what, type):
        return Walks(_Function, what, given)
    made = f" If {what.__name__}() makes a step function, give that." if isinstance(what, type) else ""
    raise TypeError(f"{what!r} is no step function, no class of torch.optim and no Optimizer. {STEP}.{made}")


def _name(what: Any) -> str:
    return repr(what) if isinstance(what, Optimizer) else getattr(what, "__name__", type(what).__name__)


# What the checks are made of.


def _zeros(*keys: str) -> Arrays:
    return {key: np.zeros((3, 2)) for key in keys or ("w",)}


def _cut(numbers: list[float], shape: tuple[int, ...]) -> Arrays:
    return {"w": np.array(numbers[: int(np.prod(shape))]).reshape(shape)}


def _far(shape: tuple[int, ...] = (3, 2)) -> Arrays:
    return _cut([10.0, -10.0, 5.0, -1.0, -20.0, 2.0], shape)


def _noise(
    steps: int, size: float = 1.0, mean: float = 0.0, seed: int = 0, shape: tuple[int, ...] = (3, 2)
) -> list[Arrays]:
    draws = np.random.default_rng(seed).standard_normal((steps, *shape))
    return [{"w": np.asarray(size * (mean + draw))} for draw in draws]


def _run(walks: Walks, gradients: list[Arrays], theta: Arrays | None = None) -> list[Arrays]:
    """Where a new walker stands at the start and after each step."""
    walker = walks(_zeros() if theta is None else theta)
    return [_copy(walker.theta), *_on(walker, gradients)]


def _run_if_taken(several: list[Walks], gradients: list[Arrays], theta: Arrays) -> list[list[Arrays]] | None:
    """The runs of several, or None where one of them raises: it takes no array of that shape, and says so.

    The first of `SHAPES` all have to take, and what gives back no theta has taken the array.
    """
    try:
        return [_run(walks, gradients, theta) for walks in several]
    except Exception as error:
        if isinstance(error, WrongAnswer) or theta["w"].shape == SHAPES[0]:
            raise
        return None


def _on(walker: _Rule, gradients: list[Arrays]) -> Iterator[Arrays]:
    for g in gradients:
        walker.step(_copy(g))
        yield _copy(walker.theta)


def _copy(arrays: Arrays) -> Arrays:
    return {key: np.array(array, dtype=float) for key, array in arrays.items()}


def _near(a: Array, b: Array, unit: Array | float = 0.0, rtol: float = RTOL) -> bool:
    """Whether two arrays of steps are equal up to `rtol` of the longest of them, or of `unit`; NaN is NaN."""
    finite = np.isfinite(a)
    if (finite != np.isfinite(b)).any():
        return False
    longest = max(float(np.abs(x).max(initial=0)) for x in (a[finite], b[finite], np.asarray(unit)))
    return bool(np.abs(a[finite] - b[finite]).max(initial=0) <= rtol * longest)


def _number(x: float) -> str:
    return f"{x:.3g}".replace("-", "−")


def _beside(ours: list[Arrays], theirs: list[Arrays], step: int, here: Walks) -> str | None:
    """How step number `step` differs from the other's, in words."""
    a, b = (path[step]["w"] - path[step - 1]["w"] for path in (ours, theirs))
    if _near(a, b, theirs[step]["w"] * here.rounding, here.rtol):
        return None
    if not np.isfinite(a).all():
        return f"step {step} is not finite; that of {{like}} is"
    unit = float(max(np.abs(a).max(), np.abs(b).max()))  # the square of 1e200 is too large
    a, b = a / unit, b / unit
    lengths = float(np.sqrt((a * a).sum())), float(np.sqrt((b * b).sum()))
    if lengths[1] == 0:
        return f"step {step} moves by {_number(lengths[0] * unit)}; that of {{like}} does not move"
    ratio = lengths[0] / lengths[1]
    if abs(ratio - 1) < 0.005:
        gap = float(np.sqrt(((a - b) ** 2).sum())) / lengths[1]
        rounded = ", as float32 would" if gap < 1e-4 else ""
        return (
            f"step {step} is as long as that of {{like}}, and {_number(gap)} of its length beside it{rounded}"
        )
    return f"step {step} is {_number(ratio)} times as long as that of {{like}}"


# The checks: None when all is well, words when not. A check that cannot be asked raises NotAsked.


class NotAsked(Exception):
    pass


def _asked(name: str, check: "Check", here: Walks, there: Walks | None, like: str) -> Result:
    assert check.ask is not None
    if check.beside and there is None:
        return Result(name, None, "not asked: say what it is meant to be, like=…")
    try:
        said = check.ask(here, there) if check.beside else check.ask(here)
    except NotAsked as reason:
        return Result(name, None, f"not asked: {reason}".replace("{like}", like))
    except WrongAnswer as error:
        said = str(error)
    except Exception as error:
        said = f"raised {type(error).__name__}: {error}"
    return Result(name, said is None, (said or "").replace("{like}", like))


def _downhill(here: Walks) -> str | None:
    for size, shape in ((1e-9, (3, 2)), (1e4, (3, 2)), *((1.0, shape) for shape in SHAPES)):
        g = _cut([-2.0, 1.0, 3.0, -0.5, -1.5, 0.25], shape)["w"]
        given = f"gradients of size {size:g}" + (f" and shape {shape}" if shape != SHAPES[0] else "")
        for steps in (10, 100):  # what collects gradients before it steps moves late
            walked = _run_if_taken([here], [{"w": size * g}] * steps, {"w": np.zeros(shape)})
            ways = [theta["w"] for theta in walked[0]] if walked else []
            moved = [float((g * theta).sum()) for theta in ways if theta.any()]
            if walked is None or moved:
                break
        if walked is None:
            continue
        if not np.isfinite(ways[-1]).all():
            return f"ten {given} end in NaN or infinity"
        if not moved:
            return f"a hundred {given} move it nowhere"
        if moved[0] >= 0:
            return f"with {given} its first move is uphill"
    return None


def _mirror(here: Walks) -> str | None:
    start, gradients = _far(), _noise(20)
    path = _run(here, gradients, start)
    back = _run(here, [{"w": -g["w"]} for g in gradients], {"w": -start["w"]})
    for t, (a, b) in enumerate(zip(path, back, strict=True)):
        if not _near(a["w"] - start["w"], -(b["w"] + start["w"]), 1e-9):
            return f"−g from −θ is not the mirror image, from step {t} on"
    return None


def _still(here: Walks) -> str | None:
    nothing: list[Arrays] = [_zeros()] * 5
    if (_run(here, nothing)[-1]["w"] != 0).any():
        return "from θ = 0, five gradients of 0 move it, or make it NaN"
    sizes = [np.abs(theta["w"]) for theta in _run(here, nothing, _far())]
    if not (sizes[-1] <= sizes[0] * (1 + RTOL)).all():
        return "gradients of 0 drive θ away from 0"
    return None


def _bowl(here: Walks) -> str | None:
    goal, noise = 3 * np.ones((3, 2)), _noise(1000, 0.1)
    walker, last = here(_zeros()), 0
    for t, more in enumerate(noise, start=1):
        before = walker.theta["w"].copy()
        walker.step({"w": before - goal + more["w"]})
        if not np.isfinite(walker.theta["w"]).all():
            return f"on the bowl ‖θ − 3‖²/2 it is not finite after {t} steps"
        last = last if (walker.theta["w"] == before).all() else t
    loss = float(((walker.theta["w"] - goal) ** 2).mean()) / 9
    if abs(loss - 1) < 1e-6:
        return f"1000 steps on a bowl take {_number(1 - loss)} of the loss away"
    if loss > 1:
        grown = f"is {_number(loss)} times what it was" if np.isfinite(loss) else "overflows"
        return f"after 1000 steps on a bowl the loss {grown}"
    if last < 900 and loss > 0.01:  # a schedule may be over when the work is done
        return f"after step {last} of 1000 it moves no more, with {_number(loss)} of the loss left"
    return None


def _arrays(here: Walks) -> str | None:
    if getattr(getattr(here(_zeros()), "opt", None), "clips", None):
        raise NotAsked("it clips by the norm of all arrays together")
    one, other = _noise(20), _noise(20, 30.0, seed=1)
    alone = [_run(here, [{"w": g["w"]} for g in path])[-1]["w"] for path in (one, other)]
    try:
        both = _run(
            here, [{"a": g["w"], "b": h["w"]} for g, h in zip(one, other, strict=True)], _zeros("a", "b")
        )
    except WrongAnswer:
        raise
    except Exception as error:
        raise NotAsked(f"given a dict of arrays it raised {type(error).__name__}") from error
    for key, lonely in zip("ab", alone, strict=True):
        if not _near(both[-1][key], lonely):
            return f"the {'first' if key == 'a' else 'second'} of two arrays ends elsewhere than alone"
    return None


def _gradient(here: Walks) -> str | None:
    walker = here(_far())
    for g in _noise(3):
        given = _copy(g)
        walker.step(given)
        if given["w"].tobytes() != g["w"].tobytes():
            return "the caller's gradient is another after the step"
    return None


def _buffer(here: Walks) -> str | None:
    gradients = _noise(20)
    walker, buffer = here(_zeros()), _zeros()
    for g in gradients:
        buffer["w"][...] = g["w"]
        walker.step(buffer)
        buffer["w"][...] = np.nan
    same = _near(walker.theta["w"], _run(here, gradients)[-1]["w"])
    return None if same else "with one buffer for all gradients it ends elsewhere"


def _fresh(here: Walks) -> str | None:
    gradients = _noise(20)
    first, second = (_run(here, gradients)[-1]["w"] for _ in range(2))
    return None if _near(first, second) else "a second one, new, on the same gradients ends elsewhere"


def _saved(here: Walks) -> str | None:
    gradients = _noise(20)
    whole = _run(here, gradients)[-1]["w"]
    walker = here(_zeros())
    *_, theta = _on(walker, gradients[:10])
    kept = walker.saved()
    *_, end = _on(walker, gradients[10:])
    other = here(theta)
    other.restore(kept)
    *_, again = _on(other, gradients[10:])
    if not _near(end["w"], whole):
        return "looking at its state changes where it ends"
    return None if _near(again["w"], whole) else "saved after 10 steps and restored, it ends elsewhere"


def _first(here: Walks, there: Walks) -> str | None:
    ours, theirs = (_run(walks, _noise(1, mean=2.0), _far()) for walks in (here, there))
    return _beside(ours, theirs, 1, here)


def _second(here: Walks, there: Walks) -> str | None:
    gradients = [*_noise(1), {"w": np.array([[0.5, 3.0], [0.0, -1.0], [2.0, -0.1]])}]
    ours, theirs = (_run(walks, gradients, _far()) for walks in (here, there))
    return _beside(ours, theirs, 2, here)


def _steady(here: Walks, there: Walks) -> str | None:
    gradients = _noise(1000, 0.5, mean=2.0)
    ours, theirs = (_run(walks, gradients) for walks in (here, there))
    return _beside(ours, theirs, 1000, here)


def _path(here: Walks, there: Walks) -> str | None:
    for shape in SHAPES:
        gradients = _noise(60, shape=shape)
        for t, g in enumerate(gradients):
            g["w"].reshape(-1)[2 * (t % 3) :][:2] *= 0 if t % 2 else 10  # silent for a while, and loud
        walked = _run_if_taken([here, there], gradients, _far(shape))
        if walked is None:
            continue
        ours, theirs = walked
        longest = 0.0
        for t in range(1, len(ours)):
            a, b = (path[t]["w"] - path[0]["w"] for path in (ours, theirs))
            longest = max(longest, float(np.abs(b).max()))
            if not _near(a, b, longest + np.abs(theirs[t]["w"]) * t * here.rounding, here.rtol):
                which = "" if shape == SHAPES[0] else f" and of shape {shape}"
                return f"on sixty gradients of changing sizes{which} it leaves {{like}} at step {t}"
    return None


def _tiny(here: Walks, there: Walks) -> str | None:
    for size in (1e-6, 1e-8):
        ours, theirs = (_run(walks, _noise(1, size, mean=2.0)) for walks in (here, there))
        if said := _beside(ours, theirs, 1, here):
            return f"with gradients of {size:g}: {said}"
    return None


def _huge(here: Walks, there: Walks) -> str | None:
    if here.dtype != float:
        raise NotAsked(f"1e200 is infinite in {here.dtype}")
    gradients = [{"w": np.full((3, 2), 1e200)}]
    theirs = _run(there, gradients)
    if not np.isfinite(theirs[-1]["w"]).all() or not theirs[-1]["w"].any():
        raise NotAsked("{like} itself has no sensible step for gradients of 1e200")
    said = _beside(_run(here, gradients), theirs, 1, here)
    return said and f"with gradients of 1e200: {said}"


def _decay(here: Walks, there: Walks) -> str | None:
    ours, theirs = (_run(walks, [_zeros()], _far()) for walks in (here, there))
    said = _beside(ours, theirs, 1, here)
    return said and f"with a gradient of 0, far from 0: {said}"


class Check(NamedTuple):
    """One row of the table: what one notices, what is tried, what a failure usually means."""

    symptom: str
    probe: str
    cause: str
    ask: Callable[..., str | None] | None
    beside: bool = False


CHECKS: dict[str, Check] = {
    "downhill": Check(
        "the loss rises from the first step, or NaN appears at once",
        "ten equal gradients, tiny, ordinary (also a vector and a number) and large: θ has to move against "
        "them and stay finite; a hundred if ten do not move it",
        "a sign (ascent), in one shape or in all, the root of something negative, no ε in a quotient or −ε, "
        "a sum of gradients where one of squares should be; does not move: rounding, or a threshold",
        _downhill,
    ),
    "mirror": Check(
        "a slow drift in one direction, whatever the data",
        "all gradients and the start with the other sign: the path has to be the mirror image",
        "ε added to the whole quotient and not to the root, g where g² or |g| belongs, m that starts at 1; "
        "rightly: noise or a constraint of its own",
        _mirror,
    ),
    "still": Check(
        "NaN, or weights that grow, where there is no gradient (padding, dead units, frozen layers)",
        "gradients of exactly 0: what is at 0 stays there, and nothing grows",
        "0/0 without ε, ε outside the quotient, decay with the wrong sign; rightly: noise of its own",
        _still,
    ),
    "bowl": Check(
        "training goes well for hundreds of steps, then explodes, turns NaN, goes back or stands still",
        "1000 steps down a round bowl with a little noise: the loss has to fall, and θ to move to the end",
        "a learning rate that is too large or next to 0, a schedule that divides by 0, passes 1 or is over "
        "too soon, a state that grows for ever, a counter that overflows, ascent; with a constraint of its "
        "own it stands still rightly",
        _bowl,
    ),
    "arrays": Check(
        "one layer alone trains, the whole model does not; order of layers matters",
        "two arrays stepped together, and each alone: the same two paths",
        "t counted once an array and not once a step, one state for all arrays, a norm over too much, keys "
        "that are lost",
        _arrays,
    ),
    "gradient": Check(
        "logged gradients, clipping or a second optimizer see other gradients than were computed",
        "the caller's gradient before and after a step, bit for bit",
        "weight decay, clipping or a correction written into the caller's array (g += …), or zeros",
        _gradient,
    ),
    "buffer": Check(
        "right in a small test, wrong in a training loop that fills one buffer again and again",
        "one array for all gradients, overwritten after each step",
        "the caller's array kept as state (m = g at the first step) where a copy should be",
        _buffer,
    ),
    "fresh": Check(
        "the second run of a comparison differs from the first",
        "the same run twice, each with a new optimizer",
        "state in a global, a class or a default argument; a random draw without a seed",
        _fresh,
    ),
    "saved": Check(
        "a jump in the loss after a checkpoint is loaded",
        "state saved after ten steps, restored into a new optimizer: the same end",
        "a part of the state that is not saved: often t",
        _saved,
    ),
    "first": Check(
        "the first steps are too long or too short; a warm-up hides it",
        "the first step, beside the method it is meant to be",
        "bias correction that is missing, multiplied, done twice or rooted wrongly; a state from 1, or used "
        "before g is in it; a mean over all coordinates; lr, a root or a bracket in the wrong place",
        _first,
        True,
    ),
    "second": Check(
        "the first step is right, and it still trains otherwise than elsewhere",
        "two steps with different gradients, beside the method",
        "memory that is not kept, or is corrected in place; = where += belongs, or += where = does; betas "
        "that changed places",
        _second,
        True,
    ),
    "steady": Check(
        "trains as if with another learning rate, for ever",
        "the thousandth of a thousand gradients that are nearly equal, beside the method",
        "t that is never counted or starts at 0, 1 − β without the power t, a mean that is a sum, or a sum "
        "that is a mean",
        _steady,
        True,
    ),
    "path": Check(
        "rare features behave otherwise than frequent ones",
        "sixty gradients with silent and loud parts, a matrix, a vector and a number, far from 0, beside the "
        "method",
        "any of the above; alone: a maximum taken of the other v, state updated after use, decay inside the "
        "gradient, a shape treated otherwise (0 * g of a number is no array that += can change)",
        _path,
        True,
    ),
    "tiny": Check(
        "late in training, or in small layers, steps are far too small or too large",
        "gradients of 1e-6 and 1e-8, beside the method",
        "ε inside the root or outside, scaled by the bias correction (ε̂), of another size, or with −",
        _tiny,
        True,
    ),
    "huge": Check(
        "after one bad batch everything is 0 or NaN",
        "gradients of 1e200 (the square overflows), beside the method",
        "a norm that overflows before it is used: everything divided by infinity",
        _huge,
        True,
    ),
    "decay": Check(
        "weight decay has no effect, or hits some weights much harder than others",
        "a gradient of 0 far from 0, beside the method: what is left is decay",
        "L2 in the gradient called weight decay, or decay where L2 is meant; λ not times lr; decay forgotten",
        _decay,
        True,
    ),
    "slope": Check(
        "it goes down, and ends elsewhere; or a rate that works for others explodes",
        "audit_gradient: the gradient beside the loss's own differences, coordinate by coordinate",
        "the residual with the wrong sign (−), a 2 or 1/n that is lost, the loss itself in place of its "
        "gradient, another loss than the one that is printed",
        None,
    ),
}
"""Every check: its name, the symptom, the probe and the usual cause. Those marked `beside` need `like`."""
