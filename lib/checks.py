"""What a reader may give, and what the message says when it is something else.

A message says what was given, what is allowed and what to try. Which values a hyperparameter may have
goes by its name, in one table, `ALLOWED`; a name that is not in it may be any finite number. NumPy only;
no rule is known here.
"""

import inspect
import sys
from collections.abc import Iterable
from math import inf
from sys import float_info
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

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
FINITE = Range(-float_info.max, inf, "a finite number")

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
"""What each hyperparameter may be, by name; digits at the end of a name do not count (beta1, beta2).

`eps` = 0 stands for the smallest normal number of the parameters' type, 2.2e-308 in float64: 0/0 is then 0,
what has had no gradient does not move, and a quotient by √v > 0 stays as it was. `Optimizer.values` has it so
for every rule; where a rule has ε inside the root, it is that below 1e-146 alone that changes.
"""


def check(name: str, value: Any, when: str = "") -> Any:
    """A hyperparameter's value as a float or a float64 array, if `ALLOWED` allows it.

    >>> check("lr", -1)
    Traceback (most recent call last):
    ValueError: lr is -1; it has to be a finite number ≥ 0
    """
    array = as_array(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(
            f"{name} is {value!r}{when}; give a number, an array of numbers, or a schedule: "
            "a function of the step number t"
        )
    floats = array.astype(float)
    lowest, below, words, whole = ALLOWED.get(stem(name), FINITE)
    wrong = ~((floats >= lowest) & (floats < below)) | (whole & (np.floor(floats) != floats))
    if wrong.any():
        raise ValueError(f"{name} is {array[wrong].flat[0].item()}{when}; it has to be {words}")
    return floats if floats.ndim else float(floats)


def as_array(value: Any) -> Array:
    """A value as a plain array; of objects where it is none, as a ragged list or a masked array."""
    try:
        masked = isinstance(value, np.ma.MaskedArray)
        return np.array(None) if masked else np.asarray(value)
    except Exception:  # np.asarray asks the value itself, which may raise anything
        return np.array(None)


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
        if type(leaf) is not np.ndarray and type(leaf) is not np.memmap:
            raise TypeError(
                f"{name} is of type {type(leaf).__name__}; parameters are changed in place, so give "
                f"an array, np.array({name}, dtype=float), or a dict of arrays"
            )
        if leaf.dtype.kind == "c":
            raise TypeError(
                f"{name} has dtype {leaf.dtype}; parameters are real numbers: give the real and the "
                f"imaginary part as two, np.stack([{name}.real, {name}.imag])"
            )
        if leaf.dtype.kind != "f":
            raise TypeError(
                f"{name} has dtype {leaf.dtype}; a step is a fraction, so parameters are floats: "
                f"{name}.astype(float)"
            )
        if leaf.itemsize < 4:
            raise TypeError(
                f"{name} has dtype {leaf.dtype}, in which 1 − 0.0002 is 1 and (1e-4)² is 0: small steps and "
                f"means of squares would be lost. Step {name}.astype(np.float32), and round a copy of it"
            )
        flags = leaf.flags
        if not flags.writeable:
            raise ValueError(f"{name} is read-only, and a step changes it in place: give {name}.copy()")
        if not flags.forc and folded(leaf):
            raise ValueError(
                f"{name} has elements in the same memory, so that one step would move them twice: "
                f"give {name}.copy()"
            )


def folded(array: Array) -> bool:
    """Whether two elements of an array may stand in the same memory, as in a sliding window."""
    reach = array.itemsize
    for stride, n in sorted(zip(map(abs, array.strides), array.shape, strict=True)):
        if n > 1 and stride < reach:
            return True
        reach += stride * (n - 1)
    return False


FOREIGN = object()
"""The owner of memory that is not NumPy's: a buffer, a file, a tensor."""


def owner(array: Array) -> Any:
    """Whose memory an array looks into: an array, or `FOREIGN`."""
    while (base := array.base) is not None:
        if not isinstance(base, np.ndarray):
            return FOREIGN
        array = base
    return array


def check_apart(arrays: Iterable[tuple[str, Array]]) -> None:
    """Raise when two of these named arrays have memory in common."""
    here: list[tuple[int, str, Array]] = []  # those that reach past the first byte of the next
    for first, end, name, array in sorted(
        ((*byte_bounds(array), name, array) for name, array in arrays if array.size), key=lambda x: x[:2]
    ):
        here = [other for other in here if other[0] > first]
        for _, other, before in here:
            if shares(before, array):
                raise ValueError(
                    f"{other} and {name} look into the same memory, which a step would change twice: give "
                    f"each an array of its own, {name}.copy(). Tied weights are one array with one gradient, "
                    "the sum"
                )
        here.append((end, name, array))


def shares(a: Array, b: Array) -> bool:
    """Whether two arrays have an element in common; True where that is too hard to tell."""
    try:
        return np.shares_memory(a, b, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def as_gradient(g: Any, theta: Array, owners: set[int], of: str = "") -> Array:
    """The gradient as an array of theta's type, a copy where the step writes into its memory."""
    gradient = g if type(g) is np.ndarray else as_array(g)
    if gradient.shape != theta.shape or gradient.dtype.kind not in "fiu":
        has = f"has shape {gradient.shape} and dtype {gradient.dtype}"
        if gradient.dtype == object:
            has = f"is of type {type(g).__name__}, which is no array of numbers"
        raise ValueError(
            f"the gradient{of} {has}; theta has shape {theta.shape}. Give one number for each parameter"
        )
    if gradient.dtype is theta.dtype and id(owner(gradient)) not in owners:
        return gradient
    return gradient.astype(theta.dtype)


def reals(name: str, value: Any, form: str) -> Array:
    """`value` as an array of floats; whatever is not made of real numbers is told which form it has to have.

    >>> reals("start", {"x": 1}, "one number per coordinate")
    Traceback (most recent call last):
    TypeError: start is {'x': 1}; give one number per coordinate
    """
    array = as_array(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} is {brief(value)}; give {form}")
    return array if array.dtype.kind == "f" else array.astype(float)


def whole(
    name: str, value: Any, lowest: int, highest: float = inf, words: str = "it has to be a whole number"
) -> int:
    """`value` as an int, if it is a whole number from lowest to highest; `words` begin what is allowed.

    >>> whole("size", 9, 1, 4, "this text allows a whole number")
    Traceback (most recent call last):
    ValueError: size is 9; this text allows a whole number of 1 to 4
    """
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not number or not lowest <= value <= highest:
        allowed = f"≥ {lowest}" if highest == inf else f"of {lowest} to {highest}"
        raise ValueError(f"{name} is {brief(value)}; {words} {allowed}")
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
