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
from lib.engine import Optimizer, State
from lib.fused import CANNOT, CHUNK, CORES, kernel, run, share
from lib.tape import Tape, record


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
        self.tapes: dict[Any, tuple[Tape, str]] = {}  # by the types of arrays and hyperparameters
        self.now: Any = None

    def __call__(self, *positional: Any, **hyperparameters: Any) -> Optimizer:
        return Compiled(super().__call__(*positional, **hyperparameters), self.parallel)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Compiled, (super().__call__(), self.parallel)

    def __repr__(self) -> str:
        return f"compiled({super().__repr__()}{', parallel=True' * self.parallel})"

    @property
    def sources(self) -> list[str]:
        """The loops that its steps have become."""
        return [source for _, source in self.tapes.values()]

    def run(self, *what: Any) -> bool:
        """All steps of `descend` as one loop, where they can be: `fused.run`."""
        return run(self, self.parallel, *what)

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
        now = self.now
        try:
            if now is None or now[0] is not given or now[1] != types:  # one for all arrays of a dict
                tape, source = self._tape(types, {"t": t, **given})
                numbers = tape.numbers({"t": t, **given})
                self.now = now = given, types, source, sorted(numbers, key=lambda x: not np.ndim(x))
            loop, numbers = kernel(now[2]), [x for x in now[3] if not np.ndim(x)]
            arrays += [np.broadcast_to(x, theta.shape) for x in now[3] if np.ndim(x)]
            write, read = ([way, "contig", "aligned", "nbo"] for way in ("readwrite", "readonly"))
            ways = [write if i < len(types) - 1 else read for i in range(len(arrays))]

            def work(part: Any) -> None:
                pieces, flags = [array[part] for array in arrays], ["external_loop", "buffered", "grow_inner"]
                with np.nditer(pieces, flags, ways, buffersize=CHUNK) as chunks:  # type: ignore[arg-type]
                    for chunk in chunks:
                        loop(*chunk, *numbers)

            if self.parallel and theta.size >= CHUNK * CORES:
                axis = int(np.argmax(theta.shape))
                share(theta.shape[axis], lambda *edge: work((slice(None),) * axis + (slice(*edge),)))
            else:
                work(...)
        except CANNOT as error:
            raise TypeError(f"{self.name} cannot be compiled, use it as it is: {error}") from error

    def _tape(self, types: list[Any], given: dict[str, Any]) -> tuple[Tape, str]:
        """What the rule does to one element of arrays of these types, and the loop over all of them."""
        key = (*types, *((getattr(x, "dtype", type(x)), np.ndim(x) > 0) for x in given.values()))
        if key in self.tapes:
            return self.tapes[key]

        def write(tape: Tape) -> tuple[Tape, str]:
            theta, *slots, g = [tape.element(f"a{i}[i]", dtype) for i, dtype in enumerate(types)]
            new = [tape.text(value) for value in tape.after(self.rule, theta, g, slots)]
            lines = [*tape.lines, *(f"a{i}[i] = {text}" for i, text in enumerate(new))]
            arrays = [f"a{i}" for i in range(len(types))]
            arrays += [name for name, *_ in tape.taken.values() if name.startswith("r")]
            numbers = [name for name, *_ in tape.taken.values() if name.startswith("n")]
            head = f"def kernel({', '.join(arrays + numbers)}):\n    for i in range(a0.size):"
            return tape, "\n        ".join([head, *lines])

        varying = [name for name, value in self.hyperparameters.items() if callable(value)]
        tape, source = record(given, ("t", *varying), write)
        if tape.lasting:
            self.tapes[key] = tape, source
        return tape, source
