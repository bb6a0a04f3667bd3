"""The same rules through Numba: one pass over memory, where NumPy takes one for every operation of the text.

>>> from lib.optimizers import adam
>>> opt = compiled(adam(lr=0.1))
>>> theta = np.array([1.0, 2.0])
>>> opt.step(theta, np.array([0.5, -3.0]), opt.init(theta))
>>> theta.round(6)
array([0.9, 2.1])

There is no second text of a rule. A step runs the function printed in `optimizers.py` on `Symbol`s, which
stand for one element of θ, of g and of each slot, and writes down what is done to them (NumPy's protocols for
this: NEP 13 and NEP 18). What concerns hyperparameters and t alone, such as 1 − β₁ᵗ, meets no symbol: NumPy
computes it, once for a run and not for each element. The rest becomes the body of a loop, which Numba
compiles (Lam, Pitrou & Seibert 2015) and keeps; a first step takes a fraction of a second longer for it.

>>> from lib.optimizers import momentum
>>> print(Tape(momentum.rule, 1.0, [theta.dtype] * 3, {"lr": 0.1, "beta": 0.9}).source)
def kernel(a0, a1, a2, n0, n1):
    for i in range(a0.size):
        x0 = np.multiply(n0, a1[i])
        x1 = np.add(x0, a2[i])
        x2 = np.multiply(n1, x1)
        x3 = np.subtract(a0[i], x2)
        a0[i] = x3
        a1[i] = x1

Every operation is done in the type that it has in `step` (NEP 50: beside a number of Python's, float32 stays
float32), so the results are those of `step`; a power of elements may differ in its last bits.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from lib.checks import Array, Parameters
from lib.engine import Optimizer, State

try:
    from numba import njit
    from numba.core.errors import NumbaError
except ImportError as error:
    raise ImportError(
        "lib.compiled needs Numba, which is not installed here: .venv/bin/pip install -e '.[fast]'"
    ) from error

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CHUNK = 2**16
"""Elements that are copied at a time where an array is strided; the fewest that are worth a thread."""


def compiled(opt: Optimizer, parallel: bool = False) -> Optimizer:
    """The same optimizer, compiled: `init`, `step`, hyperparameters, checks and messages stay.

    Parameters
    ----------
    opt : an optimizer whose rule is elementwise, such as `adam(lr=0.1)` or `clip_by_norm(adam, 1.0)`
    parallel : True to share large arrays among all cores; the results are the same to the last bit

    Raises
    ------
    TypeError
        When `opt` is no optimizer or its rule mixes coordinates; from `step`, when the parameters are
        neither float32 nor float64, or the rule does something that cannot be compiled.
    """
    if not isinstance(opt, Optimizer):
        raise TypeError(f"compiled takes an optimizer, such as adam(lr=0.1); it was given {opt!r}")
    if not opt.elementwise:
        raise TypeError(f"{opt.name} mixes coordinates and cannot be compiled: use it as it is")
    return Compiled(opt, parallel)


class Compiled(Optimizer):
    """What `compiled` returns."""

    def __init__(self, opt: Optimizer, parallel: bool) -> None:
        self.__dict__.update(opt.__dict__)
        self.parallel = parallel
        self.tape: Tape | None = None

    def __call__(self, *positional: Any, **hyperparameters: Any) -> Optimizer:
        return Compiled(super().__call__(*positional, **hyperparameters), self.parallel)

    def __repr__(self) -> str:
        return f"compiled({super().__repr__()}{', parallel=True' * self.parallel})"

    def step(self, theta: Parameters, g: Any, state: State) -> None:
        for leaf in theta.values() if isinstance(theta, dict) else [theta]:
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" and leaf.itemsize not in (4, 8):
                raise TypeError(f"theta has dtype {leaf.dtype}; a compiled rule takes float32 and float64")
        super().step(theta, g, state)

    def _update(self, theta: Array, g: Array, t: float, slots: Any, given: Any, long: bool) -> None:
        if not theta.size:
            return
        arrays = [theta, *slots, g]
        types = [array.dtype for array in arrays]
        tape = self.tape
        try:
            if tape is None or tape.given is not given or tape.types != types:
                self.tape = tape = Tape(self.rule, t, types, given)  # one for all arrays of a dict
            arrays += [np.broadcast_to(array, theta.shape) for array in tape.arrays]
            kernel, numbers = _kernel(tape.source), tape.numbers
            write, read = ([way, "contig", "aligned", "nbo"] for way in ("readwrite", "readonly"))
            ways = [write if i < len(types) - 1 else read for i in range(len(arrays))]

            def run(part: Any) -> None:
                pieces, flags = [array[part] for array in arrays], ["external_loop", "buffered", "grow_inner"]
                with np.nditer(pieces, flags, ways, buffersize=CHUNK) as chunks:  # type: ignore[arg-type]
                    for chunk in chunks:
                        kernel(*chunk, *numbers)

            if self.parallel and theta.size >= CHUNK * CORES:
                axis = int(np.argmax(theta.shape))
                edges = pairwise(theta.shape[axis] * i // CORES for i in range(CORES + 1))
                list(_pool(os.getpid()).map(run, [(slice(None),) * axis + (slice(*edge),) for edge in edges]))
            else:
                run(...)
        except (TypeError, AttributeError, NumbaError) as error:
            raise TypeError(f"{self.name} cannot be compiled, use it as it is: {error}") from error


class Tape:
    """What a rule does to one element in one step: lines of Python, and the values that enter into them."""

    def __init__(self, rule: Any, t: float, types: list[Any], given: dict[str, Any]) -> None:
        self.types, self.given = types, given
        self.arrays: list[Array] = []
        self.numbers: list[Any] = []
        self.lines: list[str] = []
        theta, *slots, g = [Symbol(self, f"a{i}[i]", dtype) for i, dtype in enumerate(types)]
        new = rule(theta, g, t, *slots, **given)
        new = new if isinstance(new, tuple) else (new,)
        if len(new) != len(types) - 1:
            raise TypeError(f"it returned {len(new)} arrays, not {len(types) - 1}: theta, then its slots")
        self.lines += [f"a{i}[i] = {self.text(value)}" for i, value in enumerate(new)]
        names = [f"a{i}" for i in range(len(types) + len(self.arrays))]
        names += [f"n{i}" for i in range(len(self.numbers))]
        head = f"def kernel({', '.join(names)}):\n    for i in range(a0.size):"
        self.source = "\n        ".join([head, *self.lines])

    def text(self, value: Any, dtype: Any = None) -> str:
        """A value as an expression of this type."""
        if isinstance(value, Symbol):
            text, own = value.name, value.dtype
        elif isinstance(value, np.ndarray) and value.ndim:  # a number for each run
            self.arrays.append(value)
            text, own = f"a{len(self.types) + len(self.arrays) - 1}[i]", value.dtype
        elif isinstance(value, int) and abs(value) < 10:  # a literal of the rule: x**2 becomes x·x
            text, own = repr(value), None if dtype is None else np.dtype(type(value))
        else:
            self.numbers.append(value if dtype is None else dtype.type(value))
            return f"n{len(self.numbers) - 1}"
        return text if dtype is None or dtype == own else f"np.{dtype.name}({text})"

    def write(self, expression: str, dtype: Any) -> "Symbol":
        name = f"x{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return Symbol(self, name, dtype)


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
        dtype = np.result_type(*(getattr(value, "dtype", value) for value in values[1:]))
        condition, x, y = map(self.tape.text, values, (np.dtype(bool), dtype, dtype))
        return self.tape.write(f"{x} if {condition} else {y}", dtype)

    def __bool__(self) -> bool:
        raise TypeError("it branches on the value of an array; write where(condition, this, that)")


def _type(value: Any) -> Any:
    """A value's type, as NumPy promotes it."""
    return getattr(value, "dtype", type(value))


@cache
def _types(function: np.ufunc, *given: Any) -> tuple[tuple[Any, ...], Any]:
    """The types in which a function computes, and that of its result."""
    *types, result = function.resolve_dtypes((*given, None))
    return tuple(types), result


@cache
def _kernel(source: str) -> Any:
    space = {"np": np}
    exec(source, space)
    return njit(space["kernel"], error_model="numpy", nogil=True)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """A process has one; a forked one has its own."""
    return ThreadPoolExecutor(CORES)
