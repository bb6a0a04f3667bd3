"""A tape as lines of Python, the body of a loop over elements: what Numba reads.

>>> tape = Tape()
>>> theta, g = tape.element(np.dtype(float)), tape.element(np.dtype(float))
>>> t, beta = tape.number("t", 1.0, varies=True), tape.number("beta", 0.5)
>>> new = theta - 0.1 * g / (1 - beta**t)
>>> text = Text(tape, {theta.at: "a0[i]", g.at: "a1[i]"})
>>> print("\\n".join(text.lines()))
x0 = np.multiply(n0, a1[i])
x1 = np.divide(x0, n1)
x2 = np.subtract(a0[i], x1)
>>> text.of(new), [taken.name for taken in text.taken]
('x2', ['n0', 'n1'])
>>> tape.numbers([taken.number for taken in text.taken], [{"t": 1.0}, {"t": 3.0}])
[[0.1], [0.5, 0.875]]
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lib.tape import Operation, Tape, Value


class Taken(NamedTuple):
    """A number that enters the loop: its name there, its register, the type it is turned into if it is one.

    A name that begins with r stands for a number for each run.
    """

    name: str
    number: Value
    dtype: Any


def per_run(number: Value) -> bool:
    """Whether a number is one for each run."""
    return np.ndim(number.value) > 0


class Text:
    """What prints a tape.

    Parameters
    ----------
    names : what the registers of elements are called in the loop
    indexed : which of the numbers for each run are another one for each i
    """

    def __init__(
        self, tape: Tape, names: Mapping[int, str], indexed: Callable[[Value], bool] = per_run
    ) -> None:
        self.tape, self.names, self.indexed = tape, dict(names), indexed
        self._taken: dict[Any, Taken] = {}
        self._printed = self._named = 0

    @property
    def taken(self) -> list[Taken]:
        """What the lines so far take."""
        return list(self._taken.values())

    def lines(self) -> list[str]:
        """The operations on elements that were written since the last time."""
        new = [o for o in self.tape.operations[self._printed :] if o.out.each]
        self._printed = len(self.tape.operations)
        return [self._line(operation) for operation in new]

    def _line(self, operation: Operation) -> str:
        function, out, inputs, types = operation
        texts = [self.of(value, dtype) for value, dtype in zip(inputs, types, strict=True)]
        self.names[out.at] = name = f"x{self._named}"
        self._named += 1
        if function is np.where:
            condition, x, y = texts
            return f"{name} = {x} if {condition} else {y}"
        return f"{name} = np.{function.__name__}({', '.join(texts)})"

    def of(self, x: Any, dtype: Any = None) -> str:
        """A value as an expression, of this type."""
        value = self.tape.read(x)
        if value.at in self.names:
            text, own = self.names[value.at], value.dtype
        elif value.constant and isinstance(value.value, int) and abs(value.value) < 10:
            text, own = repr(value.value), np.dtype(value.dtype)
        else:
            own = value.dtype if per_run(value) else dtype
            if (value.at, own) not in self._taken:
                name = f"{'r' if per_run(value) else 'n'}{len(self._taken)}"
                self._taken[value.at, own] = Taken(name, value, own)
            text = self._taken[value.at, own].name + "[i]" * self.indexed(value)
        return text if dtype is None or dtype == own else f"np.{dtype.name}({text})"
