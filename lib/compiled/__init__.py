"""The same rules through Numba: one pass over memory, where NumPy takes one for every operation of the text.

>>> from lib.optimizers import adam, momentum
>>> opt = compiled(adam(lr=0.1))
>>> theta = np.array([1.0, 2.0])
>>> opt.step(theta, np.array([0.5, -3.0]), opt.init(theta))
>>> theta.round(6)
array([0.9, 2.1])

There is no second text of a rule. A tape (`tape.py`) takes down what the function printed in `optimizers.py`
does to one element; this becomes the body of a loop, which Numba compiles (Lam, Pitrou & Seibert 2015) and
keeps. A first step takes a fraction of a second longer for it.

>>> opt = compiled(momentum(lr=0.1))
>>> opt.step(theta, np.ones(2), opt.init(theta))
>>> print(*opt.sources)
def kernel(a0, a1, a2, n0, n1):
    for i in range(a0.size):
        x0 = np.multiply(n0, a1[i])
        x1 = np.add(x0, a2[i])
        x2 = np.multiply(n1, x1)
        x3 = np.subtract(a0[i], x2)
        a0[i] = x3
        a1[i] = x1

`descend` and `sweep` go further with a compiled rule: they compile the surface with it, and all steps become
one loop (`fused.py`). Results are those of the rule as it is, to the last bit where only + − × ÷ √ are used;
a power of elements, sin, exp, … may differ in their last bits.
"""

from typing import Any

import numpy as np

from lib.checks import Array, Parameters
from lib.compiled.fused import run
from lib.compiled.kernels import CANNOT, CHUNK, CORES, kernel, share
from lib.compiled.text import Taken, Text, per_run
from lib.engine import Optimizer, State
from lib.tape import Numbers, Tape, after

__all__ = ["CHUNK", "CORES", "Compiled", "compiled"]


class Loop:
    """What a step does to arrays of certain types: its text, and the numbers that it takes."""

    def __init__(self, tape: Tape, taken: list[Taken], source: str) -> None:
        self.source = source
        self._numbers = Numbers(tape, [number for _, number, _ in taken])
        self._types = [None if dtype is None or per_run(number) else dtype.type for _, number, dtype in taken]

    def numbers(self, given: dict[str, Any]) -> list[Any]:
        """The numbers of a step, those for each run first."""
        pairs = zip(self._numbers(given), self._types, strict=True)
        return sorted((type_(now) if type_ else now for now, type_ in pairs), key=lambda x: not np.ndim(x))


def compiled(opt: Optimizer, parallel: bool = False) -> Optimizer:
    """The same optimizer, compiled: `init`, `step`, hyperparameters, checks and messages stay.

    Parameters
    ----------
    opt : an optimizer whose rule is elementwise, such as `adam(lr=0.1)` or `clip_by_norm(adam, 1.0)`
    parallel : True to share large arrays, and the runs of a sweep, among all cores; the results are the same
        to the last bit

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
        self.loops: dict[Any, Loop] = {}  # by the types of arrays and hyperparameters
        self.now: tuple[Any, ...] = (None, None)

    def __call__(self, *positional: Any, **hyperparameters: Any) -> Optimizer:
        return Compiled(super().__call__(*positional, **hyperparameters), self.parallel)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Compiled, (super().__call__(), self.parallel)

    def __repr__(self) -> str:
        return f"compiled({super().__repr__()}{', parallel=True' * self.parallel})"

    @property
    def sources(self) -> list[str]:
        """The loops that its steps have become."""
        return [loop.source for loop in self.loops.values()]

    def run(self, *what: Any) -> bool:
        """All steps of `descend` as one loop, where they can be: see `fused.run`."""
        return run(self, self.parallel, *what)

    def step(self, theta: Parameters, g: Any, state: State) -> None:
        for leaf in theta.values() if isinstance(theta, dict) else [theta]:
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" and leaf.itemsize not in (4, 8):
                raise TypeError(f"theta has dtype {leaf.dtype}; a compiled rule takes float32 and float64")
        super().step(theta, g, state)

    def _update(
        self, theta: Array, g: Array, t: float, slots: Any, given: Any, long: bool, later: Any
    ) -> None:
        if not theta.size:
            return
        arrays = [theta, *slots, g]
        types = [array.dtype for array in arrays]
        try:
            function, numbers = self._ready(types, t, given)
            arrays += [np.broadcast_to(x, theta.shape) for x in numbers if np.ndim(x)]
            numbers = [x for x in numbers if not np.ndim(x)]
            write, read = ([way, "contig", "aligned", "nbo"] for way in ("readwrite", "readonly"))
            ways = [write if i < len(types) - 1 else read for i in range(len(arrays))]

            def work(part: Any) -> None:
                pieces, flags = [array[part] for array in arrays], ["external_loop", "buffered", "grow_inner"]
                with np.nditer(pieces, flags, ways, buffersize=CHUNK) as chunks:  # type: ignore[arg-type]
                    for chunk in chunks:
                        function(*chunk, *numbers)

            if self.parallel and theta.size >= CHUNK * CORES:
                axis = int(np.argmax(theta.shape))
                share(theta.shape[axis], lambda *edge: work((slice(None),) * axis + (slice(*edge),)))
            else:
                work(...)
        except CANNOT as error:
            raise TypeError(f"{self.name} cannot be compiled, use it as it is: {error}") from error

    def _ready(self, types: list[Any], t: float, given: Any) -> tuple[Any, list[Any]]:
        """The compiled loop and its numbers at this step: found once for all arrays of a dict."""
        of_whom, of_types, *ready = self.now
        if of_whom is not given or of_types != types:
            loop = self._loop(types, {"t": t, **given})
            ready = [kernel(loop.source), loop.numbers({"t": t, **given})]
            self.now = given, types, *ready
        function, numbers = ready
        return function, numbers

    def _loop(self, types: list[Any], given: dict[str, Any]) -> Loop:
        """What the rule does to one element of arrays of these types, and the loop over all of them."""
        key = (*types, *((getattr(x, "dtype", type(x)), np.ndim(x) > 0) for x in given.values()))
        if key in self.loops:
            return self.loops[key]
        tape = Tape()
        varying = {"t", *(name for name, value in self.hyperparameters.items() if callable(value))}
        try:
            symbols = {name: tape.number(name, value, name in varying) for name, value in given.items()}
            self.loops[key] = loop = self._write(tape, types, symbols)
        except TypeError:  # it branches on t: the loop of this step alone
            loop = self._write(Tape(), types, given)
        return loop

    def _write(self, tape: Tape, types: list[Any], given: dict[str, Any]) -> Loop:
        theta, *slots, g = old = [tape.element(dtype) for dtype in types]
        new = after(self.rule, theta, g, slots, given)
        text = Text(tape, {value.at: f"a{i}[i]" for i, value in enumerate(old)})
        lines = [*text.lines(), *(f"a{i}[i] = {text.of(value)}" for i, value in enumerate(new))]
        arrays = [f"a{i}" for i in range(len(types))]
        arrays += [name for name, *_ in text.taken if name.startswith("r")]
        numbers = [name for name, *_ in text.taken if name.startswith("n")]
        head = f"def kernel({', '.join(arrays + numbers)}):\n    for i in range(a0.size):"
        return Loop(tape, text.taken, "\n        ".join([head, *lines]))
