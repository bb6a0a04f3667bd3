"""What a reader may give, and what the message says when it is something else.

A message says what was given, what is allowed and what to try. Which values a hyperparameter may have
goes by its name, in one table, `ALLOWED`: a new name is entered there. NumPy only; no rule is known here.
"""

import inspect
import sys
from math import inf
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Parameters = Array | dict[str, Array]

REQUIRED = inspect.Parameter.empty


class Range(NamedTuple):
    """The values a hyperparameter may have: lowest ≤ value < below, only whole numbers where that is said."""

    lowest: float
    below: float
    words: str
    whole: bool = False


NONNEGATIVE = Range(0.0, inf, "a finite number ≥ 0")
FRACTION = Range(0.0, 1.0, "a number in [0, 1)")

ALLOWED = {
    "lr": NONNEGATIVE,
    "eps": NONNEGATIVE,
    "weight_decay": NONNEGATIVE,
    "beta": FRACTION,
    "rho": FRACTION,
    "eta": NONNEGATIVE,
    "psi": NONNEGATIVE,
    "lr_decay": NONNEGATIVE,
    "initial": NONNEGATIVE,
    "dampening": Range(0.0, 1.0000000000000002, "a number in [0, 1]"),
    "alpha": Range(0.0, 1.0000000000000002, "a number in [0, 1]"),
    "k": Range(1.0, inf, "a whole number of steps ≥ 1", whole=True),
}
"""What each hyperparameter may be, by name; digits at the end of a name do not count (beta1, beta2)."""


def check(name: str, value: Any, when: str = "") -> Any:
    """A hyperparameter's value as a float or a float64 array, if `ALLOWED` allows it.

    >>> check("lr", -1)
    Traceback (most recent call last):
    ValueError: lr is -1; it has to be a finite number ≥ 0
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"{name} is {value!r}{when}; give a number, an array of numbers, or a schedule: "
            "a function of the step number t"
        )
    lowest, below, words, whole = ALLOWED[stem(name)]
    wrong = ~((array >= lowest) & (array < below)) | (whole & (np.floor(array) != array))
    if wrong.any():
        raise ValueError(f"{name} is {array[wrong].flat[0].item()}{when}; it has to be {words}")
    return array.astype(float) if array.ndim else float(array)


def stem(name: str) -> str:
    """The name under which a hyperparameter stands in `ALLOWED`."""
    return name.rstrip("0123456789")


def show(value: Any) -> str:
    """A hyperparameter's value as an optimizer prints it."""
    if isinstance(value, np.ndarray):
        return f"<{'×'.join(map(str, value.shape))} values>"
    return getattr(value, "__name__", "schedule") if callable(value) else repr(value)


def broadcasts(shape: tuple[int, ...], runs: tuple[int, ...]) -> bool:
    """Whether a hyperparameter of this shape has a value for each run."""
    pairs = zip(reversed(shape), reversed(runs), strict=False)
    return len(shape) <= len(runs) and all(n in (1, m) for n, m in pairs)


def check_parameters(theta: Any, whole: str = "theta") -> None:
    """Raise unless `theta` is a float array that can be written to, or a dict of such."""
    leaves = theta if isinstance(theta, dict) else {None: theta}
    for key, leaf in leaves.items():
        name = whole if key is None else f"{whole}[{key!r}]"
        if not isinstance(leaf, np.ndarray):
            raise TypeError(
                f"{name} is of type {type(leaf).__name__}; parameters are changed in place, so give "
                f"an array, np.array({name}, dtype=float), or a dict of arrays"
            )
        if leaf.dtype.kind != "f":
            raise TypeError(
                f"{name} has dtype {leaf.dtype}; a step is a fraction, so parameters are floats: "
                f"{name}.astype(float)"
            )
        if not leaf.flags.writeable:
            raise ValueError(f"{name} is read-only, and a step changes it in place: give {name}.copy()")


def owner(array: Array) -> Any:
    """Whose memory an array looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array if array.base is None else array.base


def as_gradient(g: Any, theta: Array, owners: set[int], of: str = "") -> Array:
    """The gradient as an array of theta's type, a copy where the step writes into its memory."""
    gradient = np.asarray(g)
    if gradient.shape != theta.shape or gradient.dtype.kind not in "fiu":
        raise ValueError(
            f"the gradient{of} has shape {gradient.shape} and dtype {gradient.dtype}; "
            f"theta has shape {theta.shape}. Give one number for each parameter"
        )
    return gradient.astype(theta.dtype, copy=id(owner(gradient)) in owners)


def reals(name: str, value: Any, form: str) -> Array:
    """`value` as an array of floats; whatever is not made of real numbers is told which form it has to have.

    >>> reals("start", {"x": 1}, "one number per coordinate")
    Traceback (most recent call last):
    TypeError: start is {'x': 1}; give one number per coordinate
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # rows of different lengths
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} is {brief(value)}; give {form}")
    return array if array.dtype.kind == "f" else array.astype(float)


def whole(name: str, value: Any, lowest: int) -> int:
    """`value` as an int, if it is a whole number that is not below the lowest."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
        raise ValueError(f"{name} is {brief(value)}; it has to be a whole number ≥ {lowest}")
    return int(value)


def brief(value: Any) -> str:
    """What was given, on one line of a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:97]}…"


def pickled_by_name(function: Any) -> None:
    """Let a pickle find a function that stands behind what a decorator made of it: as `adam.__wrapped__`."""
    name = str(getattr(function, "__qualname__", ""))  # an object that can be called has none, and needs none
    stands: Any = getattr(sys.modules.get(function.__module__), name, None)
    behind = getattr(stands, "__wrapped__", None)
    if behind is not None and behind is function:
        function.__qualname__ += ".__wrapped__"
