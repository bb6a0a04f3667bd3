"""What the checks of an exercise need: a check that fails says what is wrong, and nothing else.

`brief()` stands in the first cell. Otherwise Jupyter prints the way to the error, a page of the check's code,
before the one sentence that helps. `is_number` and `number` look at an answer that should be one number.
"""

from contextlib import suppress
from types import TracebackType
from typing import Any

import numpy as np
from IPython import get_ipython


def brief() -> None:
    """From here on in this notebook, an assertion that fails with a message shows that message alone.

    Outside a notebook it does nothing.

    >>> brief()
    """
    shell = get_ipython()

    def show(
        shell: Any,
        kind: type[AssertionError],
        error: AssertionError,
        way: TracebackType,
        tb_offset: int | None,
    ) -> None:
        if str(error):
            shell._showtraceback(kind, error, [str(error)])
        else:
            shell.showtraceback((kind, error, way), tb_offset=tb_offset)

    if shell is not None:
        shell.set_custom_exc((AssertionError,), show)


def is_number(answer: Any) -> bool:
    """Whether an answer is one real number, of whatever kind: a 0-d array and an xarray number are.

    >>> is_number(3), is_number(np.float32(3)), is_number([3]), is_number(None), is_number(True)
    (True, True, False, False, False)
    """
    return np.ndim(answer) == 0 and np.asarray(answer).dtype.kind in "fiu"


def number(answer: Any, what: str) -> float:
    """An answer as a plain number, alone or in a list of one; an assertion says in words what came instead.

    >>> from fractions import Fraction
    >>> number(np.array(0.5), "rate"), number([0.5], "rate"), number(Fraction(1, 2), "rate")
    (0.5, 0.5, 0.5)
    >>> number(None, "rate")
    Traceback (most recent call last):
    AssertionError: rate is None, not a number
    >>> number("0.5", "rate")
    Traceback (most recent call last):
    AssertionError: rate is '0.5', not a number
    >>> number(["0.5"], "rate")
    Traceback (most recent call last):
    AssertionError: rate is ['0.5'], not a number
    """
    with suppress(TypeError, ValueError):
        value = np.asarray(answer).item()
        if not isinstance(value, str):
            return float(value)
    raise AssertionError(f"{what} is {answer!r}, not a number")
