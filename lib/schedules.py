"""Schedules: t ↦ the value of a hyperparameter at step t. The first step is t = 1.

>>> from lib.optimizers import adam
>>> lr = join([linear_warmup(0.1, 5), cosine(0.1, 95)], [5])
>>> [round(lr(t), 4) for t in (1, 2, 6, 53, 101, 1000)]
[0.0, 0.02, 0.1, 0.0508, 0.0, 0.0]
>>> adam(lr=cosine(0.1, 95))
adam(lr=cosine(peak=0.1, steps=95, end=0.0), beta1=0.9, beta2=0.999, eps=1e-08)

Each schedule is a formula of t, printed here as it runs; `@_schedule` makes of it a function of its other
parameters. A value (peak, end, …) is a number ≥ 0, or an array with one for each run; a length (steps,
every, …) is a whole number ≥ 1. Any other function of t serves as well: `adam(lr=lambda t: 0.1 / t)`.

Offset: s = t − 1 is the number of steps already taken. Optax calls it `count`, Keras `step`, PyTorch's
`lr_scheduler` `last_epoch`. A schedule of n steps has its first value at t = 1 and its last at t = n + 1, the
first step after it, where it stays: what is joined to it after n steps goes on from that last value.
"""

import functools
import inspect
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sqrt
from typing import Any

import numpy as np

from lib.checks import as_array, show

_NUMBER = (lambda x: x >= 0, "a finite number ≥ 0, such as 0.1")
_DIVISOR = (lambda x: x >= 1, "a finite number ≥ 1: peak is divided by it")
_VALUES: dict[str, tuple[Callable[[Any], Any], str]] = {
    **dict.fromkeys(("value", "peak", "end", "start"), _NUMBER),
    **dict.fromkeys(("div", "final_div"), _DIVISOR),
    "factor": (lambda x: (x > 0) & (x <= 1), "in (0, 1]: to divide by 10, give 0.1"),
    "rate": (lambda x: x >= 0, "a finite number ≥ 0: 1 gives peak/t"),
    "power": (lambda x: x > 0, "a finite number > 0: 1 gives a straight line"),
}
_LENGTHS = {"steps", "every", "warmup", "mult", "rise", "fall", "cooldown"}

_RAISES = """Raises
------
TypeError, ValueError
    When a parameter is of another kind or outside its range, or does not fit the others."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """What the functions of this module return: `schedule(t)` is the value at step t.

    Attributes
    ----------
    made_by : the function that made it, such as `cosine`
    arguments : dict, what that function was given, with its defaults
    """

    made_by: Any
    arguments: dict[str, Any]

    def __call__(self, t: int) -> Any:
        if not _is_length(t):
            raise ValueError(
                f"t is {t!r}; it has to be a step's number: the first step is t = 1, then 2, 3, …"
            )
        return self.made_by.__wrapped__(int(t), **self.arguments)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_show(value)}" for name, value in self.arguments.items())
        return f"{self.made_by.__name__}({given})"

    __name__ = property(__repr__)  # an optimizer shows it as its schedule's name


def _schedule(formula: Callable[..., Any]) -> Callable[..., Schedule]:
    """From a formula of t and its parameters to a function of the parameters that returns a schedule."""
    parameters = list(inspect.signature(formula).parameters.values())[1:]
    signature = inspect.Signature(parameters)

    @functools.wraps(formula)
    def make(*args: Any, **kwargs: Any) -> Schedule:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{formula.__name__}{signature}: {error}") from None
        bound.apply_defaults()
        arguments = {name: _check(name, value) for name, value in bound.arguments.items()}
        _fit(arguments)
        return Schedule(make, arguments)

    make.__signature__ = signature  # type: ignore[attr-defined]
    make.__doc__ = f"{inspect.getdoc(formula)}\n\n{_RAISES}"
    return make


@_schedule
def constant(t, value):
    """The same value at every step; of use in `join`.

        value

    >>> join([linear_warmup(0.1, 10), constant(0.1)], [10])(500)
    0.1

    PyTorch: `ConstantLR(factor=1)`. Optax: `constant_schedule(value)`.

    Parameters
    ----------
    value : ≥ 0
    """
    return value


@_schedule
def step_decay(t, peak, every, factor=0.1):
    """Step decay: multiply by a factor every so many steps (He et al. 2016, §4.2, by 1/10 twice).

        peak · factor^⌊s / every⌋,    s = t − 1

    >>> stairs = step_decay(0.8, every=2, factor=0.5)
    >>> [stairs(t) for t in (1, 2, 3, 4, 5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]

    PyTorch: `StepLR(every, factor)`. Optax: `exponential_decay(peak, every, factor, staircase=True)`.

    Parameters
    ----------
    peak : ≥ 0, the first stair's value
    every : whole number ≥ 1, the steps on each stair
    factor : in (0, 1], from one stair to the next
    """
    return peak * factor ** ((t - 1) // every)


@_schedule
def exponential(t, peak, factor):
    """Exponential decay: multiply by a factor at every step (Senior et al. 2013).

        peak · factor^s,    s = t − 1

    >>> halved = exponential(0.8, factor=0.5)
    >>> [halved(t) for t in (1, 2, 3)]
    [0.8, 0.4, 0.2]

    PyTorch: `ExponentialLR(factor)`. Optax: `exponential_decay(peak, 1, factor)`.

    Parameters
    ----------
    peak : ≥ 0, the value at t = 1
    factor : in (0, 1]; 0.1**(1/n) falls to a tenth in n steps
    """
    return peak * factor ** (t - 1)


@_schedule
def inverse_sqrt(t, peak, warmup=1):
    """Rise in a straight line to the peak, then fall as 1/√t (Vaswani et al. 2017, eq. 3).

        peak · min(t / warmup, √(warmup / t))

    >>> lr = inverse_sqrt((512 * 4000) ** -0.5, warmup=4000)
    >>> [round(lr(t), 7) for t in (1, 4000, 16000)]
    [2e-07, 0.0006988, 0.0003494]

    It counts from 1 as the paper does. PyTorch and Optax have none; a function of their count s has to add
    the 1: `LambdaLR(optimizer, lambda s: lr(s + 1) / peak)`, `lambda s: peak / jnp.sqrt(s + 1)`.

    Parameters
    ----------
    peak : ≥ 0, the value at t = warmup; the paper's is (d_model · warmup)^(−1/2)
    warmup : whole number ≥ 1; with 1 it is peak/√t (Zinkevich 2003, Theorem 1)
    """
    return peak * min(t / warmup, sqrt(warmup / t))


@_schedule
def inverse_time(t, peak, rate=1.0):
    """Fall as 1/t: the sum is infinite, that of the squares finite (Robbins & Monro 1951).

        peak / (1 + rate · s),    s = t − 1

    >>> lr = inverse_time(0.6)
    >>> [round(lr(t), 4) for t in (1, 2, 3)]
    [0.6, 0.3, 0.2]

    PyTorch and Optax have none. Keras: `InverseTimeDecay(peak, 1, rate)`.

    Parameters
    ----------
    peak : ≥ 0, the value at t = 1
    rate : ≥ 0; with 1 it is peak/t. After 1/rate steps half of peak is left.
    """
    return peak / (1 + rate * (t - 1))


@_schedule
def polynomial(t, peak, steps, power=1.0, end=0.0):
    """Fall as a power of the steps that are left: "poly" (Chen et al. 2018, with power 0.9).

        end + (peak − end) · (1 − s / steps)^power,    s = min(t − 1, steps)

    >>> line = polynomial(0.8, steps=4)
    >>> [round(line(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [0.8, 0.6, 0.4, 0.2, 0.0, 0.0]

    PyTorch: `PolynomialLR(steps, power)`, end is 0. Optax: `polynomial_schedule(peak, end, power, steps)`.

    Parameters
    ----------
    peak, end : ≥ 0, the values at t = 1 and from t = steps + 1 on; it rises to an end above peak
    steps : whole number ≥ 1
    power : > 0; with 1 it is a straight line
    """
    return end + (peak - end) * (1 - min(t - 1, steps) / steps) ** power


@_schedule
def cosine(t, peak, steps, end=0.0):
    """Fall along half a cosine: flat at both ends (Loshchilov & Hutter 2017, eq. 5, without restarts).

        end + (peak − end) · (1 + cos(π · s / steps)) / 2,    s = min(t − 1, steps)

    >>> lr = cosine(0.8, steps=4)
    >>> [round(lr(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [0.8, 0.6828, 0.4, 0.1172, 0.0, 0.0]

    PyTorch: `CosineAnnealingLR(steps, end)`, which after t = steps + 1 rises again along the same cosine.
    Optax: `cosine_decay_schedule(peak, steps, alpha=end / peak)`.

    Parameters
    ----------
    peak, end : ≥ 0, the paper's η_max and η_min; it rises to an end above peak
    steps : whole number ≥ 1, the paper's T_i
    """
    return _half_cosine(peak, end, min(t - 1, steps) / steps)


@_schedule
def wsd(t, peak, steps, cooldown, power=1.0):
    """Stay at the peak, then fall to 0: the last two parts of "warm-up, stable, decay" (Hu et al. 2024, §4).

        peak · (1 − x^power),    x = max(0, s − (steps − cooldown)) / cooldown,    s = min(t − 1, steps)

    >>> lr = wsd(0.8, steps=6, cooldown=4)
    >>> [round(lr(t), 4) for t in (1, 2, 3, 4, 5, 6, 7, 8)]
    [0.8, 0.8, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0]

    For the warm-up, `join` a `linear_warmup` in front. PyTorch: `SequentialLR` of `ConstantLR(factor=1)` and
    `LinearLR(1, 0, cooldown)` with the milestone steps − cooldown. Optax: `join_schedules` of a
    `constant_schedule` and a `linear_schedule`. Other powers are in neither.

    Parameters
    ----------
    peak : ≥ 0, the value up to t = steps − cooldown + 1
    steps : whole number ≥ 1, at t = steps + 1 it is 0
    cooldown : whole number of 1 to steps, how many of them the fall takes
    power : > 0; with 1 it is a straight line, with 0.5 the "1 − sqrt" of Hägele et al. (2024, §3)
    """
    return peak * (1 - (max(0, min(t - 1, steps) - (steps - cooldown)) / cooldown) ** power)


@_schedule
def warm_restarts(t, peak, steps, mult=1, end=0.0):
    """SGDR: fall along half a cosine, jump back, over and over (Loshchilov & Hutter 2017, eq. 5).

        end + (peak − end) · (1 + cos(π · T_cur / T_i)) / 2,    T_0 = steps,  T_{i+1} = mult · T_i

    T_cur is the number of steps since the last restart; where T_cur = T_i would be, it is 0 again.

    >>> lr = warm_restarts(0.8, steps=2, mult=2)
    >>> [round(lr(t), 4) for t in range(1, 8)]
    [0.8, 0.4, 0.8, 0.6828, 0.4, 0.1172, 0.8]

    PyTorch: `CosineAnnealingWarmRestarts(steps, mult, end)`. Optax: `sgdr_schedule`, a list of the cosines.

    Parameters
    ----------
    peak, end : ≥ 0, the paper's η_max and η_min
    steps : whole number ≥ 1, the length of the first cosine
    mult : whole number ≥ 1, how many times as long each cosine is as the one before
    """
    since = (t - 1) % steps if mult == 1 else t - 1
    while since >= steps:
        since, steps = since - steps, mult * steps
    return _half_cosine(peak, end, since / steps)


@_schedule
def linear_warmup(t, peak, steps, start=0.0):
    """Rise in a straight line: gradual warm-up (Goyal et al. 2017, §2.2).

        start + (peak − start) · s / steps,    s = min(t − 1, steps)

    >>> lr = linear_warmup(0.8, steps=4)
    >>> [round(lr(t), 4) for t in (1, 2, 3, 4, 5, 6)]
    [0.0, 0.2, 0.4, 0.6, 0.8, 0.8]

    PyTorch: `LinearLR(start_factor=start / peak, total_iters=steps)`; its start_factor is 1/3 unless given,
    and may not be 0. Optax: `linear_schedule(start, peak, steps)`.

    Parameters
    ----------
    peak : ≥ 0, the value from t = steps + 1 on
    steps : whole number ≥ 1
    start : ≥ 0, the value at t = 1; with 0 the first step moves nothing
    """
    return start + (peak - start) * min(t - 1, steps) / steps


@_schedule
def one_cycle(t, peak, rise, fall, div=25.0, final_div=1e4):
    """One cycle: rise to a large peak, fall far below the start (Smith 2018; half cosines for his lines).

        peak / div  → in `rise` steps →  peak  → in `fall` steps →  peak / (div · final_div)

    >>> lr = one_cycle(1.0, rise=2, fall=4)
    >>> [round(lr(t), 6) for t in (1, 2, 3, 5, 7)]
    [0.04, 0.52, 1.0, 0.500002, 4e-06]

    With n = rise + fall, Optax: `cosine_onecycle_schedule(n, peak, rise / n, div, final_div)`, which rounds
    n · pct_start down. PyTorch: `OneCycleLR(peak, total_steps=n + 1, pct_start=(rise + 1) / (n + 1))`: it
    counts the last value among its steps, fails two steps later, and also cycles β, the other way round.
    With straight lines: `join` a `linear_warmup` and `polynomial`s.

    Parameters
    ----------
    peak : ≥ 0, the value at t = rise + 1
    rise, fall : whole numbers ≥ 1
    div, final_div : ≥ 1
    """
    s = t - 1
    if s < rise:
        return _half_cosine(peak / div, peak, s / rise)
    return _half_cosine(peak, peak / (div * final_div), min(s - rise, fall) / fall)


@_schedule
def join(t, schedules, boundaries):
    """Schedules one after the other; each sees its own t, from 1 on.

        schedules[i](t − boundaries[i − 1])    for boundaries[i − 1] < t ≤ boundaries[i]

    >>> lr = join([linear_warmup(0.2, 2), constant(0.2), inverse_time(0.2)], [2, 4])
    >>> [round(lr(t), 4) for t in range(1, 8)]
    [0.0, 0.1, 0.2, 0.2, 0.2, 0.1, 0.0667]

    PyTorch: `SequentialLR(schedulers, boundaries)`. Optax: `join_schedules(schedules, boundaries)`.

    Parameters
    ----------
    schedules : functions of t
    boundaries : whole numbers ≥ 1, each above the one before: the last step of every schedule but the last
    """
    i = bisect_left(boundaries, t)
    return schedules[i](t - boundaries[i - 1] if i else t)


def _half_cosine(first: Any, last: Any, part: float) -> Any:
    return last + (first - last) * (1 + cos(pi * part)) / 2


def _is_length(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(1 <= value < 2**63)


def _check(name: str, value: Any) -> Any:
    """A parameter as a schedule keeps it: frozen, and of the kind and in the range that its name says."""
    if name in ("schedules", "boundaries"):
        if not np.iterable(value):
            raise TypeError(f"{name} is {_show(value)}; give a list: [{_show(value)}]")
        value = tuple(value)
        if name == "schedules":
            if not value:
                raise ValueError("schedules is empty; give at least one: [constant(0.1)]")
            for item in value:
                if not callable(item):
                    raise TypeError(f"schedules has {item!r}, no function of t; give constant({item!r})")
        elif not all(map(_is_length, value)) or any(a >= b for a, b in pairwise(value)):
            raise ValueError(
                f"boundaries are {_show(value)}; they have to be whole numbers ≥ 1, each above the one "
                "before: the last step t of every schedule but the last"
            )
        return value if name == "schedules" else tuple(map(int, value))
    if name in _LENGTHS:
        if not _is_length(value):
            raise ValueError(
                f"{name} is {value!r}; it has to be a whole number ≥ 1, such as 10, and below 2⁶³"
            )
        return int(value)
    array = as_array(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} is {value!r}; give a number, or an array with a number for each run")
    allowed, words = _VALUES[name]
    wrong = ~(allowed(array) & np.isfinite(array))
    if wrong.any():
        raise ValueError(f"{name} is {array[wrong].flat[0].item()}; it has to be {words}")
    array = array.astype(float)
    array.flags.writeable = False
    return array if array.ndim else float(array)


def _fit(arguments: dict[str, Any]) -> None:
    """Raise a ValueError where parameters that are fine by themselves do not fit each other."""
    shapes = {name: value.shape for name, value in arguments.items() if isinstance(value, np.ndarray)}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise ValueError(f"{shapes} do not broadcast; give each a number, or one for each run") from None
    if "cooldown" in arguments and arguments["cooldown"] > arguments["steps"]:
        raise ValueError(
            f"cooldown is {arguments['cooldown']} of {arguments['steps']} steps; give at most all of them"
        )
    if "boundaries" in arguments:
        n, given = len(arguments["schedules"]), len(arguments["boundaries"])
        if given != n - 1:
            raise ValueError(f"{n} schedules with {given} boundaries; give one between each two: {n - 1}")


def _show(value: Any) -> str:
    return f"[{', '.join(map(_show, value))}]" if isinstance(value, tuple) else show(value)
