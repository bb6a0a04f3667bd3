"""What a rule does, written down: its operations one by one, for a compiler to read.

A rule is a function of arrays. Called with `Symbol`s, which stand for one element of θ, of g or of a slot, it
does nothing but say what it would do (NumPy's protocols for this: NEP 13 and NEP 18). What concerns t and
hyperparameters alone, such as 1 − β₁ᵗ, meets no symbol; it is a `Number`: NumPy computes it, with the same
operations as ever, once a step and not for each element.

>>> def rule(theta, g, t, *, lr, beta):
...     return theta - lr * g / (1 - beta**t)
>>> tape = Tape({"t": 1.0, "lr": 0.1, "beta": 0.5})
>>> theta, g = (tape.element(name, np.dtype(float)) for name in ("theta[i]", "g[i]"))
>>> t, lr, beta = tape.given.values()
>>> tape.text(rule(theta, g, t, lr=lr, beta=beta))
'x2'
>>> print("\\n".join(tape.lines))
x0 = np.multiply(n0, g[i])
x1 = np.divide(x0, n1)
x2 = np.subtract(theta[i], x1)
>>> tape.numbers({"t": 3.0, "lr": 0.1, "beta": 0.5})  # n0 and n1 of the third step
[np.float64(0.1), np.float64(0.875)]

Every operation keeps the type that NumPy gives it (NEP 50: beside a number of Python's, float32 stays
float32), so what is compiled from a tape has the results of the rule; but a power, sin, exp, … of elements is
another library's, and may differ in its last bits. This module knows no compiler.
"""

import operator
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np


class Taken(NamedTuple):
    """A number that enters the loop: its name there, what it is, the type it is turned into."""

    name: str
    value: Any
    dtype: Any


class Tape:
    """Two lists of operations: `steps`, on numbers, for NumPy once a step; `lines`, on elements, for a loop.

    Parameters
    ----------
    given : t and the hyperparameters by name: numbers, or arrays with a number for each run
    varying : the names of those that change from step to step
    symbolic : False to take the numbers of `given` as they are, which is right for one step only; for a rule
        that branches on t
    """

    def __init__(
        self, given: dict[str, Any], varying: tuple[str, ...] = ("t",), symbolic: bool = True
    ) -> None:
        self.lasting = symbolic
        self.lines: list[str] = []
        self.steps: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.names = list(given)
        self.count = len(given)
        self.given = given
        if symbolic:
            self.given = {
                name: Number(self, i, value, name in varying) for i, (name, value) in enumerate(given.items())
            }
        self.taken: dict[Any, Taken] = {}
        self._known: dict[Any, Number] = {}

    def element(self, name: str, dtype: Any) -> "Symbol":
        """A symbol for what is called so in the loop."""
        return Symbol(self, name, dtype)

    def write(self, expression: str, dtype: Any) -> "Symbol":
        """Write a line of the loop."""
        name = f"x{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return Symbol(self, name, dtype)

    def note(self, function: Callable[..., Any], values: tuple[Any, ...]) -> "Number":
        """Do an operation on numbers, and write it down, once."""
        key = (function, *(x.index if isinstance(x, Number) else ("constant", id(x)) for x in values))
        if key not in self._known:
            self.steps.append((function, values))
            result = function(*map(_value, values))
            self._known[key] = Number(self, self.count, result, any(map(self.varies, values)))
            self.count += 1
        return self._known[key]

    def after(
        self, rule: Callable[..., Any], theta: "Symbol", g: "Symbol", slots: list["Symbol"]
    ) -> list[Any]:
        """θ and the slots after a step of a rule."""
        given = dict(self.given)
        new = rule(theta, g, given.pop("t"), *slots, **given)
        new = list(new) if isinstance(new, tuple) else [new]
        if len(new) != 1 + len(slots):
            raise TypeError(f"it returned {len(new)} arrays, not {1 + len(slots)}: theta, then its slots")
        return new

    def text(self, value: Any, dtype: Any = None) -> str:
        """A value as an expression of this type."""
        if isinstance(value, int) and abs(value) < 10:  # a literal of the rule: x**2 becomes x·x
            text, own = repr(value), None if dtype is None else np.dtype(type(value))
        elif isinstance(value, Symbol):
            text, own = value.name, value.dtype
        else:
            plain = _value(value)
            array, own = np.ndim(plain) > 0, None if dtype is None else dtype
            if array:  # a number for each run
                own = plain.dtype
            key = (value.index if isinstance(value, Number) else ("constant", id(value)), own)
            if key not in self.taken:
                self.taken[key] = Taken(f"{'r' if array else 'n'}{len(self.taken)}", value, own)
            text = self.taken[key].name + "[i]" * array
        return text if dtype is None or dtype == own else f"np.{dtype.name}({text})"

    def varies(self, value: Any) -> bool:
        """Whether what the loop takes changes from step to step."""
        return isinstance(value, Number) and value.varies

    def numbers(self, given: dict[str, Any]) -> list[Any]:
        """What the loop takes at a step, in the order of `taken`."""
        values = [given[name] for name in self.names]
        for function, arguments in self.steps:
            values.append(function(*[values[x.index] if type(x) is Number else x for x in arguments]))
        found = []
        for name, value, dtype in self.taken.values():
            now = values[value.index] if type(value) is Number else value
            found.append(dtype.type(now) if name.startswith("n") and dtype is not None else now)
        return found


def record(given: dict[str, Any], varying: tuple[str, ...], write: Callable[[Tape], Any]) -> Any:
    """What `write` makes of a tape: one of all steps, or of this step alone for a rule that branches on t."""
    try:
        return write(Tape(given, varying))
    except TypeError:
        return write(Tape(given, varying, symbolic=False))


class Number:
    """A number of one step, or one for each run: t, a hyperparameter, or what follows from them."""

    def __init__(self, tape: Tape, index: int, value: Any, varies: bool) -> None:
        self.tape, self.index, self.value, self.varies = tape, index, value, varies

    def __array_ufunc__(self, function: np.ufunc, method: str, *values: Any, **options: Any) -> Any:
        if method != "__call__" or options or function.nout > 1 or _symbols(values):
            return NotImplemented
        return self.tape.note(function, values)

    def __array_function__(self, function: Any, types: Any, values: Any, options: Any) -> Any:
        if function is not np.where or len(values) != 3 or _symbols(values):
            return NotImplemented
        return self.tape.note(function, values)

    def __bool__(self) -> bool:
        raise TypeError("it branches on a number that may change; write where(condition, this, that)")

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    def item(self) -> "Number":
        return self.tape.note(_item, (self,))


def _binary(function: Callable[..., Any]) -> tuple[Any, Any]:
    """An operator of `Number`, and the same from the right."""

    def forward(self: Number, other: Any) -> Any:
        return NotImplemented if isinstance(other, Symbol) else self.tape.note(function, (self, other))

    def backward(self: Number, other: Any) -> Any:
        return NotImplemented if isinstance(other, Symbol) else self.tape.note(function, (other, self))

    return forward, backward


def _unary(function: Callable[..., Any]) -> Any:
    return lambda self: self.tape.note(function, (self,))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    _forward, _backward = _binary(getattr(operator, f"__{_name}__"))
    setattr(Number, f"__{_name}__", _forward)
    setattr(Number, f"__r{_name}__", _backward)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Number, f"__{_name}__", _binary(getattr(operator, _name))[0])
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Number, f"__{_name}__", _unary(getattr(operator, _name)))


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """One element of an array. What is done to it is written on its tape."""

    def __init__(self, tape: Tape, name: str, dtype: Any) -> None:
        self.tape, self.name, self.dtype = tape, name, dtype

    def __array_ufunc__(self, function: np.ufunc, method: str, *values: Any, **options: Any) -> Any:
        if method != "__call__" or options or function.nout > 1:
            return NotImplemented
        types, result = _types(function, *map(_type, values))
        inputs = [self.tape.text(value, dtype) for value, dtype in zip(values, types, strict=True)]
        return self.tape.write(f"np.{function.__name__}({', '.join(inputs)})", result)

    def __array_function__(self, function: Any, types: Any, values: Any, options: Any) -> Any:
        if function is not np.where or len(values) != 3:
            return NotImplemented
        dtype = np.result_type(*(getattr(value, "dtype", value) for value in map(_value, values[1:])))
        condition, x, y = map(self.tape.text, values, (np.dtype(bool), dtype, dtype))
        return self.tape.write(f"{x} if {condition} else {y}", dtype)

    def __bool__(self) -> bool:
        raise TypeError("it branches on the value of an array; write where(condition, this, that)")


def _symbols(values: tuple[Any, ...]) -> bool:
    return any(isinstance(value, Symbol) for value in values)


def _item(value: Any) -> Any:
    return value.item()


def _value(value: Any) -> Any:
    return value.value if isinstance(value, Number) else value


def _type(value: Any) -> Any:
    """A value's type, as NumPy promotes it."""
    value = _value(value)
    return getattr(value, "dtype", type(value))


@cache
def _types(function: np.ufunc, *given: Any) -> tuple[tuple[Any, ...], Any]:
    """The types in which a function computes, and that of its result."""
    *types, result = function.resolve_dtypes((*given, None))
    return tuple(types), result
