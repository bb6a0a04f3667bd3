"""What a rule or a surface does, written down: its operations one by one, as data.

A rule is a function of arrays. Called with `Value`s, which stand for one element of θ, of g or of a slot, it
does nothing but say what it would do (NumPy's protocols for this: NEP 13 and NEP 18). Each operation becomes
a record: what is done, which register takes the result, which registers it is done to.

>>> def rule(theta, g, t, *, lr, beta):
...     return theta - lr * g / (1 - beta**t)
>>> tape = Tape()
>>> theta, g = tape.element(np.dtype(float)), tape.element(np.dtype(float))
>>> t, lr, beta = tape.number("t", 1.0, varies=True), tape.number("lr", 0.1), tape.number("beta", 0.5)
>>> new = rule(theta, g, t, lr=lr, beta=beta)
>>> for operation in tape.operations:
...     print(*operation.row)
multiply 5 3 1
power 6 4 2
subtract 8 7 6
divide 9 5 8
subtract 10 0 9

Registers 0 to 4 are θ, g and what was given, 7 holds the constant 1. An operation on elements, such as the
first one, is repeated for each of them; what concerns t and hyperparameters alone, such as 1 − βᵗ, NumPy
computes with the same operations as ever, once a step:

>>> tape.numbers([tape.values[8]], [{"t": 1.0}, {"t": 3.0}])
[[0.5, 0.875]]

Two printers read this list: `lib.compiled` makes a loop for Numba of it, `lib.player` a document for the
page. This module knows neither, no rule and no surface.

Every operation keeps the type that NumPy gives it (NEP 50: beside a number of Python's, float32 stays
float32), so what is made of a tape has the results of the rule; but a power, sin, exp, … of elements is
another library's, and may differ in its last bits.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
UFUNCS: dict[Any, Any] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.divide,
    operator.floordiv: np.floor_divide,
    operator.mod: np.remainder,
    operator.pow: np.power,
    operator.and_: np.bitwise_and,
    operator.or_: np.bitwise_or,
    operator.xor: np.bitwise_xor,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
    operator.neg: np.negative,
    operator.pos: np.positive,
    operator.abs: np.absolute,
    operator.invert: np.invert,
}
"""What an operator does to arrays."""


class Operation(NamedTuple):
    """`out` becomes `function` of `inputs`.

    `types` are those that the inputs of an operation on elements are turned into.
    """

    function: Callable[..., Any]
    out: "Value"
    inputs: tuple["Value", ...]
    types: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """NumPy's name for it."""
        return UFUNCS.get(self.function, self.function).__name__

    @property
    def row(self) -> tuple[Any, ...]:
        """Its name, the register it writes, the registers it reads."""
        return self.name, self.out.at, *(value.at for value in self.inputs)


class Tape:
    """A list of operations, and the registers they read and write."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.values: list[Value] = []
        """Each register."""
        self.given: dict[str, Value] = {}
        self._known: dict[Any, Value] = {}  # what was written once is not written again

    def element(self, dtype: Any) -> "Value":
        """A register for one element of an array of this type."""
        return self._new(dtype, each=True)

    def number(self, name: str, value: Any, varies: bool = False) -> "Value":
        """A register for a number, or for one a run, that is given by name: t or a hyperparameter.

        Its value is the one that it has now; `varies` says that another step may have another.
        """
        self.given[name] = self._new(_type(value), value=value, varies=varies)
        return self.given[name]

    def read(self, x: Any) -> "Value":
        """A value's register; a constant gets one."""
        if isinstance(x, Value):
            return x
        key = ("constant", type(x), repr(x) if np.ndim(x) == 0 else id(x))
        if key not in self._known:
            self._known[key] = self._new(_type(x), value=x, constant=True)
        return self._known[key]

    def write(self, function: Callable[..., Any], arguments: Sequence[Any]) -> "Value":
        """Write an operation down, once; do it, if it is on numbers."""
        inputs = tuple(map(self.read, arguments))
        each = any(value.each for value in inputs)
        if each:
            function = UFUNCS.get(function, function)
            if function is np.power and inputs[1].dtype in (int, float) and inputs[1].value == 2:
                function, inputs = np.multiply, (inputs[0], inputs[0])  # as NumPy does array**2
        key = (function, *(value.at for value in inputs))
        if key not in self._known:
            if each:
                types, dtype = _where(*inputs) if function is np.where else _types(function, *inputs)
                out = self._new(dtype, each=True)
                self.operations.append(Operation(function, out, inputs, types))
            else:
                value = function(*(x.value for x in inputs))
                out = self._new(_type(value), value=value, varies=any(x.varies for x in inputs))
                self.operations.append(Operation(function, out, inputs))
            self._known[key] = out
        return self._known[key]

    def _new(self, dtype: Any, **what: Any) -> "Value":
        self.values.append(Value(self, len(self.values), dtype, **what))
        return self.values[-1]

    def numbers(self, wanted: Sequence["Value"], steps: Iterable[Mapping[str, Any]]) -> list[Any]:
        """What numbers are at these steps, which say what is given; just once where they do not vary.

        Each is a list, or an array whose first axis is the step.
        """
        steps = list(steps)
        moving = [operation for operation in self.operations if operation.out.varies]
        single = {out.at for _, out, _, _ in moving if np.ndim(out.value) == 0}
        arrays = any(value.varies and np.ndim(value.value) for value in self.given.values())
        if arrays or any(o.out.at not in single and o.function not in ALONG for o in moving):
            at_step = Numbers(self, wanted)
            found = [at_step(given) for given in steps]
            return [
                [now[i] for now in found] if value.varies else [found[0][i]] for i, value in enumerate(wanted)
            ]
        axes = max((np.ndim(operation.out.value) for operation in moving), default=0)
        along: dict[int, Any] = {
            value.at: [given[name] for given in steps] for name, value in self.given.items() if value.varies
        }
        for function, out, inputs, _ in moving:
            if out.at in single:  # Python's arithmetic, step by step
                columns = [along.get(value.at, [value.value] * len(steps)) for value in inputs]
                along[out.at] = [function(*now) for now in zip(*columns, strict=True)]
            else:
                along[out.at] = _at_all_steps(function, inputs, along, axes)
        return [along.get(value.at, [value.value]) for value in wanted]

    def follow(self, now: Mapping[int, Any]) -> list[Any]:
        """What every register holds when these, by their place, hold something else."""
        held = [now.get(value.at, value.value) for value in self.values]
        for function, out, inputs, _ in self.operations:
            held[out.at] = function(*[held[value.at] for value in inputs])
        return held


def _at_all_steps(function: Any, inputs: Sequence["Value"], along: Mapping[int, Any], axes: int) -> Array:
    """What an operation on numbers for each run makes of all steps at once: NumPy does to each pair what it
    does in a step of its own, but for a power that is a single number, of which it looks at 1, 2 and ½."""
    given = [
        np.reshape(along[x.at], (-1, *[1] * (axes - np.ndim(along[x.at]) + 1), *np.shape(along[x.at])[1:]))
        if x.varies
        else x.value
        for x in inputs
    ]
    made: Array = function(*given)
    if function is operator.pow and inputs[1].varies and np.ndim(inputs[1].value) == 0:
        base = np.broadcast_to(given[0], made.shape)
        for i, power in enumerate(along[inputs[1].at]):
            if power in (-1, 0, 0.5, 1, 2):
                made[i] = base[i] ** float(power)
    return made


class Numbers:
    """Some numbers of a tape, computed for one step after another from what is given there."""

    def __init__(self, tape: Tape, wanted: Iterable["Value"]) -> None:
        self._now = [value.value for value in tape.values]
        self._given = [(name, value.at) for name, value in tape.given.items() if value.varies]
        self._moving = [
            (operation.function, operation.out.at, [value.at for value in operation.inputs])
            for operation in tape.operations
            if operation.out.varies
        ]
        self._wanted = [value.at for value in wanted]

    def __call__(self, given: Mapping[str, Any]) -> list[Any]:
        now = self._now
        for name, at in self._given:
            now[at] = given[name]
        for function, out, inputs in self._moving:
            now[out] = function(*[now[at] for at in inputs])
        return [now[at] for at in self._wanted]


def after(
    rule: Callable[..., Any], theta: Any, g: Any, slots: Sequence[Any], given: Mapping[str, Any]
) -> list[Any]:
    """θ and the slots after a step of a rule; `given` are t and the hyperparameters."""
    hyperparameters = dict(given)
    new = rule(theta, g, hyperparameters.pop("t"), *slots, **hyperparameters)
    new = list(new) if isinstance(new, tuple) else [new]
    if len(new) != 1 + len(slots):
        raise TypeError(f"it returned {len(new)} arrays, not {1 + len(slots)}: theta, then its slots")
    return new


def _binary(function: Callable[..., Any]) -> tuple[Any, Any]:
    """An operator of `Value`, and the same from the right."""

    def forward(self: "Value", other: Any) -> Any:
        return NotImplemented if isinstance(other, Vector) else self.tape.write(function, (self, other))

    def backward(self: "Value", other: Any) -> Any:
        return NotImplemented if isinstance(other, Vector) else self.tape.write(function, (other, self))

    return forward, backward


def _unary(function: Callable[..., Any]) -> Any:
    return lambda self: self.tape.write(function, (self,))


class Value:
    """A register: what is done to it is written on its tape.

    Attributes
    ----------
    at : the register's place on the tape
    dtype : NumPy's type; Python's for a number of Python's
    each : whether it stands for every element of an array; otherwise it is a number, or one a run
    varies : whether a number may change from step to step
    value : what a number is at the step that is written down
    constant : whether it is a number of the text
    """

    def __init__(
        self,
        tape: Tape,
        at: int,
        dtype: Any,
        each: bool = False,
        varies: bool = False,
        value: Any = None,
        constant: bool = False,
    ) -> None:
        self.tape, self.at, self.dtype = tape, at, dtype
        self.each, self.varies, self.value, self.constant = each, varies, value, constant

    def __array_ufunc__(self, function: np.ufunc, method: str, *values: Any, **options: Any) -> Any:
        if method != "__call__" or options or function.nout > 1 or _vectors(values):
            return NotImplemented
        return self.tape.write(function, values)

    def __array_function__(self, function: Any, types: Any, values: Any, options: Any) -> Any:
        if function is np.select:
            return _select(*values, **options)
        if function is not np.where or len(values) != 3 or options or _vectors(values):
            return NotImplemented
        return self.tape.write(function, values)

    __add__, __radd__ = _binary(operator.add)
    __sub__, __rsub__ = _binary(operator.sub)
    __mul__, __rmul__ = _binary(operator.mul)
    __truediv__, __rtruediv__ = _binary(operator.truediv)
    __floordiv__, __rfloordiv__ = _binary(operator.floordiv)
    __mod__, __rmod__ = _binary(operator.mod)
    __pow__, __rpow__ = _binary(operator.pow)
    __and__, __rand__ = _binary(operator.and_)
    __or__, __ror__ = _binary(operator.or_)
    __xor__, __rxor__ = _binary(operator.xor)
    __lt__, __gt__ = _binary(operator.lt)[0], _binary(operator.gt)[0]
    __le__, __ge__ = _binary(operator.le)[0], _binary(operator.ge)[0]
    __eq__, __ne__ = _binary(operator.eq)[0], _binary(operator.ne)[0]
    __neg__, __pos__ = _unary(operator.neg), _unary(operator.pos)
    __abs__, __invert__ = _unary(operator.abs), _unary(operator.invert)

    def __bool__(self) -> bool:
        what = "the value of an array" if self.each else "a number that may change"
        raise TypeError(f"it branches on {what}; write where(condition, this, that)")

    @property
    def ndim(self) -> int:
        return 1 if self.each else np.ndim(self.value)

    def item(self) -> "Value":
        return self.tape.write(item, (self,))


class Vector(np.lib.mixins.NDArrayOperatorsMixin):
    """The coordinates of a point, each a register of its own: for what mixes them, such as a norm."""

    ndim = 1
    dtype = np.dtype(float)  # that of every surface and of the page

    def __init__(self, parts: Iterable[Any]) -> None:
        self.parts = list(parts)

    def __array_ufunc__(self, function: np.ufunc, method: str, *values: Any, **options: Any) -> Any:
        if method == "reduce":
            return self._fold(function, **{"axis": 0} | options)
        return self._each(function, values) if method == "__call__" and not options else NotImplemented

    def __array_function__(self, function: Any, types: Any, values: Any, options: Any) -> Any:
        if function in FOLDS:
            return self._fold(FOLDS[function], *values[1:], **options)
        if function is np.where and len(values) == 3 and not options:
            return self._each(np.where, values)
        if function is np.clip and len(values) == 3 and not options:
            return np.minimum(np.maximum(values[0], values[1]), values[2])
        return NotImplemented

    def sum(self, **options: Any) -> Any:
        return self._fold(np.add, **options)

    def max(self, **options: Any) -> Any:
        return self._fold(np.maximum, **options)

    def _fold(self, function: Any, axis: int | None = None, **initial: Any) -> Any:
        if axis not in (0, None) or initial.keys() > {"initial"}:
            raise TypeError(f"{function.__name__} goes over the coordinates, axis 0; not over axis {axis}")
        return reduce(function, self.parts, *initial.values())

    def _each(self, function: Callable[..., Any], values: Sequence[Any]) -> "Vector":
        return Vector(
            function(*(value.parts[i] if isinstance(value, Vector) else value for value in values))
            for i in range(len(self.parts))
        )


ALONG = {*UFUNCS, np.sqrt, np.where, np.minimum, np.maximum}
"""What goes over numbers of many steps as over those of one."""
FOLDS: dict[Any, Any] = {np.sum: np.add, np.max: np.maximum, np.min: np.minimum}
"""NumPy takes up to seven rows one after another, as `reduce` does; more of them in another order."""


def item(value: Any) -> Any:
    """A number of Python's from one of NumPy's."""
    return value.item()


def _select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        default = np.where(condition, choice, default)
    return default


def _vectors(values: Sequence[Any]) -> bool:
    return any(isinstance(value, Vector) for value in values)


def _type(value: Any) -> Any:
    """A number's type, as NumPy promotes it."""
    return getattr(value, "dtype", type(value))


def _types(function: Any, *inputs: Value) -> tuple[tuple[Any, ...], Any]:
    return _resolved(function, *(value.dtype for value in inputs))


@cache
def _resolved(function: np.ufunc, *given: Any) -> tuple[tuple[Any, ...], Any]:
    """The types in which a function computes, and that of its result."""
    *types, result = function.resolve_dtypes((*given, None))
    return tuple(types), result


def _where(condition: Value, x: Value, y: Value) -> tuple[tuple[Any, ...], Any]:
    dtype = np.result_type(*(v.dtype if isinstance(v.dtype, np.dtype) else v.value for v in (x, y)))
    return (np.dtype(bool), dtype, dtype), dtype
