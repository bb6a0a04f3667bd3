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
                 mean that is a sum

`CHECKS` is the whole of what is asked; the site's page "Symptom, probe, cause" is made of it. NumPy only;
no rule is known here by name, and PyTorch is used when the reader has brought it.
"""

import copy
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lib.checks import Array
from lib.engine import Optimizer

Arrays = dict[str, Array]

RTOL = 1e-6
"""How far two steps may be apart, in parts of the longer one."""

STEP = (
    "A step function is step(theta, g, state): it returns the new theta or changes theta in place, and keeps "
    "in the dict `state`, empty at first, all that it has to remember"
)


def audit(what: Any, like: Optimizer | None = None, **hyperparameters: Any) -> "Report":
    """Ask an optimizer every question of `CHECKS` that can be asked of it.

    Parameters
    ----------
    what : a function step(theta, g, state), or a class of `torch.optim`'s kind, or an `Optimizer` of this
        library. A function gets arrays of shape (3, 2) and a dict that is empty at first; it returns the new
        theta, or None when it changed theta in place. One check gives dicts of arrays in place of arrays.
    like : the optimizer that it is meant to be, with its hyperparameters, such as `adam(lr=0.1)`. Without it
        are asked only those questions that have one answer for every optimizer.
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
    float64 throughout, some 4000 steps. A method that measures all arrays together, as clipping by the
    global norm does, fails `arrays` rightly: that is what it asks. A rule that passes is not proved right.
    """
    if like is not None and not isinstance(like, Optimizer):
        raise TypeError(
            f"like is the optimizer that this one is meant to be, such as adam(lr=0.1); got {like!r}"
        )
    here = _walks(what, hyperparameters)
    there = None if like is None else _walks(like, {})
    try:
        _run(here, [{"w": np.ones((3, 2))}])
    except Exception as error:
        words = STEP if isinstance(here(_zeros()), _Function) else "Its first step fails"
        raise TypeError(f"{_name(what)} raised {type(error).__name__}: {error}. {words}") from error
    results = []
    for name, check in CHECKS.items():
        if check.ask is not None:
            with np.errstate(all="ignore"):
                results.append(_asked(name, check, here, there, "" if like is None else like.name))
    return Report(_name(what), "" if like is None else repr(like), results)


def audit_gradient(loss: Callable[[Any], Any], gradient: Callable[[Any], Any], theta: Any) -> "Report":
    """Compare a gradient with the loss's own differences, along twelve random directions.

        ⟨∇f(θ), d⟩ = (f(θ + h·d) − f(θ − h·d)) / 2h + O(h²)

    Parameters
    ----------
    loss, gradient : functions of an array like `theta`; a number, and an array of the shape of `theta`
    theta : where to compare; not a minimum, where everything is 0

    Examples
    --------
    >>> x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 5.0])
    >>> def loss(w): return ((w[0] * x - y) ** 2).mean()
    >>> def gradient(w): return np.array([((y - w[0] * x) * x).mean()])
    >>> audit_gradient(loss, gradient, [0.5])["slope"].said
    'the loss changes −2 times as fast as the gradient says'
    """
    point = np.array(theta, dtype=float)
    slope = np.asarray(gradient(point.copy()), dtype=float)
    said = None
    if slope.shape != point.shape:
        said = f"the gradient has shape {slope.shape}, theta has {point.shape}"
    else:
        ways = np.random.default_rng(0).standard_normal((12, *point.shape))
        h = 1e-5 * (1 + np.abs(point).max(initial=0))
        true = np.array([(float(loss(point + h * d)) - float(loss(point - h * d))) / (2 * h) for d in ways])
        told = np.array([(slope * d).sum() for d in ways])
        if not np.abs(true - told).max() <= 1e-5 * np.abs(true).max():  # a NaN fails
            ratio = (true @ told) / (told @ told) if told.any() else np.nan
            alike = abs(ratio - 1) > 0.01 and np.abs(true - ratio * told).max() <= 1e-3 * np.abs(true).max()
            said = (
                f"the loss changes {_number(ratio)} times as fast as the gradient says"
                if alike
                else "the gradient points another way than the loss's differences"
            )
    return Report(getattr(gradient, "__name__", "gradient"), "", [Result("slope", said is None, said or "")])


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
        return "\n".join([head, *map(str, self.results)])


# An optimizer of any kind, behind three words: step, saved, restore; `theta` is where it stands.


class _Rule:
    def __init__(self, what: Optimizer, given: dict[str, Any], theta: Arrays) -> None:
        self.opt, self.theta = what(**given), theta
        self.state: Any = self.opt.init(theta)

    def step(self, g: Arrays) -> None:
        self.opt.step(self.theta, g, self.state)

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
            new = {key: np.array(new, dtype=float)}
        for key, old in self.theta.items():
            if np.shape(new[key]) != old.shape:
                raise TypeError(f"theta has shape {old.shape}; after the step it is {np.shape(new[key])}")
        self.theta = dict(new)


class _Torch(_Rule):
    def __init__(self, what: Any, given: dict[str, Any], theta: Arrays) -> None:
        torch = sys.modules["torch"]
        self.arrays = theta
        self.parameters = [torch.nn.Parameter(torch.from_numpy(array)) for array in theta.values()]
        self.made = what(self.parameters, **given)

    @property
    def theta(self) -> Arrays:  # type: ignore[override]
        return self.arrays  # PyTorch works in NumPy's own memory

    def step(self, g: Arrays) -> None:
        torch = sys.modules["torch"]
        for parameter, gradient in zip(self.parameters, g.values(), strict=True):
            parameter.grad = torch.from_numpy(gradient)
        self.made.step()

    def saved(self) -> Any:
        return copy.deepcopy(self.made.state_dict())

    def restore(self, saved: Any) -> None:
        self.made.load_state_dict(copy.deepcopy(saved))


Walks = Callable[[Arrays], _Rule]


def _walks(what: Any, given: dict[str, Any]) -> Walks:
    """A function that makes a new walker, which has seen nothing, from a starting point."""
    kind: Any
    torch = sys.modules.get("torch")
    if isinstance(what, Optimizer):
        kind = _Rule
    elif isinstance(what, type) and torch is not None and issubclass(what, torch.optim.Optimizer):
        kind = _Torch
    elif callable(what) and not isinstance(what, type):
        kind = _Function
    else:
        raise TypeError(f"{what!r} is no step function, no class of torch.optim and no Optimizer. {STEP}")
    return lambda theta: kind(what, given, {key: array.copy() for key, array in theta.items()})


def _name(what: Any) -> str:
    return repr(what) if isinstance(what, Optimizer) else getattr(what, "__name__", type(what).__name__)


# What the checks are made of.


def _zeros(*keys: str) -> Arrays:
    return {key: np.zeros((3, 2)) for key in keys or ("w",)}


def _far() -> Arrays:
    return {"w": np.array([[10.0, -10.0], [5.0, -1.0], [-20.0, 2.0]])}


def _noise(steps: int, size: float = 1.0, mean: float = 0.0, seed: int = 0) -> list[Arrays]:
    draws = np.random.default_rng(seed).standard_normal((steps, 3, 2))
    return [{"w": size * (mean + draw)} for draw in draws]


def _run(walks: Walks, gradients: list[Arrays], theta: Arrays | None = None) -> list[Arrays]:
    """Where a new walker stands at the start and after each step."""
    walker = walks(_zeros() if theta is None else theta)
    return [_copy(walker.theta), *_on(walker, gradients)]


def _on(walker: _Rule, gradients: list[Arrays]) -> Iterator[Arrays]:
    for g in gradients:
        walker.step(_copy(g))
        yield _copy(walker.theta)


def _copy(arrays: Arrays) -> Arrays:
    return {key: np.array(array, dtype=float) for key, array in arrays.items()}


def _near(a: Array, b: Array, unit: Array | float = 0.0) -> bool:
    """Whether two arrays of steps are equal up to `RTOL` of the longest of them, or of `unit`; NaN is NaN."""
    finite = np.isfinite(a)
    if (finite != np.isfinite(b)).any():
        return False
    longest = max(float(np.abs(x).max(initial=0)) for x in (a[finite], b[finite], np.asarray(unit)))
    return bool(np.abs(a[finite] - b[finite]).max(initial=0) <= RTOL * longest)


def _number(x: float) -> str:
    return f"{x:.3g}".replace("-", "−")


def _beside(ours: list[Arrays], theirs: list[Arrays], step: int) -> str | None:
    """How step number `step` differs from the other's, in words."""
    a, b = (path[step]["w"] - path[step - 1]["w"] for path in (ours, theirs))
    if _near(a, b, theirs[step]["w"] * 1e-9):
        return None
    if not np.isfinite(a).all():
        return f"step {step} is not finite; that of {{like}} is"
    lengths = float(np.sqrt((a * a).sum())), float(np.sqrt((b * b).sum()))
    if lengths[1] == 0:
        return f"step {step} moves by {_number(lengths[0])}; that of {{like}} does not move"
    ratio = lengths[0] / lengths[1]
    if abs(ratio - 1) < 0.005:
        return f"step {step} is as long as that of {{like}}, and goes elsewhere"
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
    except Exception as error:
        said = f"raised {type(error).__name__}: {error}"
    return Result(name, said is None, (said or "").replace("{like}", like))


def _downhill(here: Walks) -> str | None:
    for size in (1e-9, 1.0, 1e4):
        g = {"w": size * np.array([[1.0, -2.0], [3.0, -0.5], [-1.5, 0.25]])}
        ways = [theta["w"] for theta in _run(here, [g] * 10)]
        if not np.isfinite(ways[-1]).all():
            return f"ten gradients of size {size:g} end in NaN or infinity"
        moved = [float((g["w"] / size * theta).sum()) for theta in ways if theta.any()]
        if not moved:
            return f"ten gradients of size {size:g} move it nowhere"
        if moved[0] >= 0:
            return f"with gradients of size {size:g} its first move is uphill"
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
    walker = here(_zeros())
    for t, more in enumerate(noise, start=1):
        walker.step({"w": walker.theta["w"] - goal + more["w"]})
        if not np.isfinite(walker.theta["w"]).all():
            return f"on the bowl ‖θ − 3‖²/2 it is not finite after {t} steps"
    loss = float(((walker.theta["w"] - goal) ** 2).mean()) / 9
    return None if loss < 1 else f"after 1000 steps on a bowl the loss is {_number(loss)} of what it was"


def _arrays(here: Walks) -> str | None:
    if getattr(getattr(here(_zeros()), "opt", None), "clips", None):
        raise NotAsked("it clips by the norm of all arrays together")
    one, other = _noise(20), _noise(20, 30.0, seed=1)
    alone = [_run(here, [{"w": g["w"]} for g in path])[-1]["w"] for path in (one, other)]
    try:
        both = _run(
            here, [{"a": g["w"], "b": h["w"]} for g, h in zip(one, other, strict=True)], _zeros("a", "b")
        )
    except Exception as error:
        raise NotAsked(f"it takes one array, no dict of arrays ({type(error).__name__})") from error
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
    return _beside(ours, theirs, 1)


def _second(here: Walks, there: Walks) -> str | None:
    gradients = [*_noise(1), {"w": np.array([[0.5, 3.0], [0.0, -1.0], [2.0, -0.1]])}]
    ours, theirs = (_run(walks, gradients, _far()) for walks in (here, there))
    return _beside(ours, theirs, 2)


def _steady(here: Walks, there: Walks) -> str | None:
    gradients = _noise(1000, 0.5, mean=2.0)
    ours, theirs = (_run(walks, gradients) for walks in (here, there))
    return _beside(ours, theirs, 1000)


def _path(here: Walks, there: Walks) -> str | None:
    gradients = _noise(60)
    for t, g in enumerate(gradients):
        g["w"][t % 3] *= 0 if t % 2 else 10  # rows that are silent for a while, and loud for a while
    ours, theirs = (_run(walks, gradients, _far()) for walks in (here, there))
    for t in range(1, len(ours)):
        a, b = (path[t]["w"] - path[0]["w"] for path in (ours, theirs))
        if not _near(a, b):
            return f"on sixty gradients of changing sizes it leaves {{like}} at step {t}"
    return None


def _tiny(here: Walks, there: Walks) -> str | None:
    for size in (1e-6, 1e-8):
        ours, theirs = (_run(walks, _noise(1, size, mean=2.0)) for walks in (here, there))
        if said := _beside(ours, theirs, 1):
            return f"with gradients of {size:g}: {said}"
    return None


def _huge(here: Walks, there: Walks) -> str | None:
    gradients = [{"w": np.full((3, 2), 1e200)}]
    theirs = _run(there, gradients)
    if not np.isfinite(theirs[-1]["w"]).all() or not theirs[-1]["w"].any():
        raise NotAsked("{like} itself has no sensible step for gradients of 1e200")
    said = _beside(_run(here, gradients), theirs, 1)
    return said and f"with gradients of 1e200: {said}"


def _decay(here: Walks, there: Walks) -> str | None:
    ours, theirs = (_run(walks, [_zeros()], _far()) for walks in (here, there))
    said = _beside(ours, theirs, 1)
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
        "ten equal gradients, tiny, ordinary and large: θ has to move against them and stay finite",
        "a sign (ascent), the root of something negative, no ε in a quotient or −ε, a sum of gradients where "
        "one of squares should be",
        _downhill,
    ),
    "mirror": Check(
        "a slow drift in one direction, whatever the data",
        "all gradients and the start with the other sign: the path has to be the mirror image",
        "ε added to the whole quotient and not to the root, g where g² or |g| belongs, m that starts at 1",
        _mirror,
    ),
    "still": Check(
        "NaN, or weights that grow, where there is no gradient (padding, dead units, frozen layers)",
        "gradients of exactly 0: what is at 0 stays there, and nothing grows",
        "0/0 without ε, ε outside the quotient, decay with the wrong sign",
        _still,
    ),
    "bowl": Check(
        "training goes well for hundreds of steps, then explodes, turns NaN or goes back",
        "1000 steps down a round bowl with a little noise",
        "a learning rate that is too large, a schedule that divides by 0 or passes 1, a state that grows for "
        "ever, ascent",
        _bowl,
    ),
    "arrays": Check(
        "one layer alone trains, the whole model does not; order of layers matters",
        "two arrays stepped together, and each alone: the same two paths",
        "t counted once an array and not once a step, one state for all arrays, a norm over too much",
        _arrays,
    ),
    "gradient": Check(
        "logged gradients, clipping or a second optimizer see other gradients than were computed",
        "the caller's gradient before and after a step, bit for bit",
        "weight decay, clipping or a correction written into the caller's array (g += …)",
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
        "bias correction that is missing, multiplied, done twice or rooted wrongly; a state from 1; "
        "lr, a root or a bracket in the wrong place",
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
        "t that is never counted or starts at 0, 1 − β without the power t, a mean that is a sum",
        _steady,
        True,
    ),
    "path": Check(
        "rare features behave otherwise than frequent ones",
        "sixty gradients with silent and loud rows, far from 0, beside the method",
        "any of the above; alone: a maximum taken of the other v, state updated after use, decay inside the "
        "gradient",
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
        "audit_gradient: the gradient beside the loss's own differences",
        "the residual with the wrong sign (−), a 2 or 1/n that is lost, the loss itself in place of its "
        "gradient, another loss than the one that is printed",
        None,
    ),
}
"""Every check: its name, the symptom, the probe and the usual cause. Those marked `beside` need `like`."""
