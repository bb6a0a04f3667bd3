"""A whole run as one loop: a rule's steps, the surface they go down, the record, the look for divergence.

`descend` takes one NumPy operation after another over all runs, and each goes through memory. Here rule and
surface are taken down on one tape; Numba compiles the loop made of it, which brings a few runs through many
steps while all that they need stays in the first cache.

A run goes through the same operations as in `descend`, in the same order. What meets no element (1 − β₁ᵗ, a
schedule's lr) NumPy computes beforehand, for a number of steps at a time.

The runs are seen as a table of rows and columns, and a few columns of a row go abreast. A number for each
run, such as the lr of a sweep over lr and β₁, mostly differs along one of the two alone, and so it is kept.
"""

from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from lib.checks import Array
from lib.compiled.kernels import CANNOT, CHUNK, CORES, kernel, share
from lib.compiled.text import Taken, Text
from lib.engine import Optimizer
from lib.optimizers import norm
from lib.surfaces import Surface
from lib.tape import Tape, Value, Vector, after

TOGETHER = 2**20
"""Numbers of one kind that are laid out at a time, for as many steps as that is."""
FLOAT = np.dtype(float)

ABREAST = 256
"""Runs that take their steps side by side: what they need stays in the first cache."""
COLUMNS = 64
"""The fewest that a row of the table has, where there are as many runs."""

LOOP = """
def kernel({names}, columns, begin, end):
    s = np.empty(({count}, {abreast}))
    across = (columns + {abreast} - 1) // {abreast}
    for part in range(begin, end):
        row, column = part // across, part % across * {abreast}
        size = min({abreast}, columns - column)
        here = row * columns + column
        for k in range({count}):
            for i in range(size):
                s[k, i] = state[k, here + i]
        for t in range(keep.size):
            {numbers}
            for i in range(size):
                {lines}
            kept = keep[t]
            if kept >= 0:
                for i in range(size):
                    {kept}
        for k in range({count}):
            for i in range(size):
                state[k, here + i] = s[k, i]
"""


def run(
    opt: Optimizer,
    parallel: bool,
    surface: Any,
    start: Array,
    kept: list[int],
    recorded: dict[str, Array],
    diverged: Array,
) -> bool:
    """What `descend` does, as one loop. False, and nothing counts, where it cannot be one.

    Parameters
    ----------
    opt, parallel : what steps, on all cores or on one
    surface : what to minimize
    start : float64, of shape (d, *runs)
    kept : the numbers of the steps to keep, from 0 to the last
    recorded : the arrays to fill: "theta", "grad" and slots (kept, d, *runs), "loss" and "grad_norm" (kept,
        *runs)
    diverged : bool, of shape (*runs), to fill
    """
    # NumPy adds up to seven squares one after another, as the loop does; more of them in another order
    if type(surface) is not Surface or opt.clips or len(start) > 7 or kept[-1] == 0 or not start.size:
        return False
    d, runs, last = len(start), start.shape[1:], kept[-1]
    table, places = Table.of(runs), places_of(d, opt.slots)
    state = begin(surface, start.reshape(d, -1), places)
    keep = np.full(last + 1, -1)
    keep[kept] = np.arange(len(kept))
    out = [array.reshape(len(kept), -1, table.runs) for array in recorded.values()]
    with np.errstate(all="ignore"):
        for name, array in zip(recorded, out, strict=True):
            array[0] = norm(state[places["grad"]]) if name == "grad_norm" else state[places[name]]
    try:
        tape, taken, source = write(opt, surface, table, list(recorded))
        numbers, given = [number for _, number, _ in taken], opt.values(1, runs)
        varying = any(map(callable, opt.hyperparameters.values()))
        length = max(1, TOGETHER // max((table.size(number) for number in numbers), default=1))
        parts = table.rows * -(-table.columns // ABREAST)
        for first in range(1, last + 1, length):
            steps = range(first, min(first + length, last + 1))
            each = ({"t": float(t), **(opt.values(t, runs) if varying else given)} for t in steps)
            laid = [
                table.lay(number, values, dtype)
                for (_, number, dtype), values in zip(taken, tape.numbers(numbers, each), strict=True)
            ]
            work = partial(kernel(source), keep[first : steps.stop], state, *out, *laid, table.columns)
            if parallel and len(steps) * table.runs >= CHUNK * CORES:
                share(parts, work)
            else:
                work(0, parts)
    except CANNOT:
        return False
    diverged[...] = np.isnan(state[-1]).reshape(runs)
    return True


def write(
    opt: Optimizer, surface: Surface, table: "Table", recorded: list[str]
) -> tuple[Tape, list[Taken], str]:
    """The loop that a rule and a surface make together: its tape, the numbers it takes, its text.

    In the loop, a run that would leave the finite numbers keeps what it has: `lost` is NaN from then on.
    """
    tape, places = Tape(), places_of(len(surface.coords), opt.slots)
    given = {"t": tape.number("t", 1.0, varies=True)}
    for name, value in opt.values(1, table.shape).items():
        given[name] = tape.number(name, value, varies=callable(opt.hyperparameters[name]))
    old = {name: [tape.element(FLOAT) for _ in rows] for name, rows in places.items()}
    names = {x.at: f"a{k}" for name in old for x, k in zip(old[name], places[name], strict=True)}
    text = Text(tape, names, lambda number: table.varies(number)[1])

    each = zip(*(old[name] for name in ("theta", "grad", *opt.slots)), strict=True)
    steps = [after(opt.rule, theta, g, slots, given) for theta, g, *slots in each]
    new = dict(zip(("theta", *opt.slots), map(list, zip(*steps, strict=True)), strict=True))
    loss: Any
    grad: Any
    loss, grad = surface.function(*new["theta"])
    new |= {"grad": list(grad), "loss": [loss]}
    square = sum((part * 2.0**-640) ** 2 for part in grad)  # of the length, in a unit in which none overflows
    lost = (
        sum(0 * x for x in (loss, *new["theta"])) + np.where(square < 2.0**768, 0.0, np.nan) + old["lost"][0]
    )
    fine = lost == 0
    lines = [f"{name} = s[{k}, i]" for k, name in enumerate(names.values())] + text.lines()
    for name, values in new.items():
        for k, x in zip(places[name], values, strict=True):
            lines.append(f"s[{k}, i] = {text.of(x, FLOAT)} if {text.of(fine)} else a{k}")
    lines.append(f"s[{places['lost'][0]}, i] = {text.of(lost)}")

    kept = [
        f"row_{name}[kept, {j}, here + i] = s[{k}, i]"
        for name in recorded
        if name != "grad_norm"
        for j, k in enumerate(places[name])
    ]
    if "grad_norm" in recorded:
        grad = [tape.element(FLOAT) for _ in places["grad"]]
        length = norm(Vector(grad))
        text.names |= {x.at: f"s[{k}, i]" for x, k in zip(grad, places["grad"], strict=True)}
        kept += [*text.lines(), f"row_grad_norm[kept, 0, here + i] = {text.of(length, FLOAT)}"]

    numbers = []
    for name, number, _ in text.taken:
        row, column = table.varies(number)
        where = ("t", number.varies), ("row", row), ("column : column + size", column)
        numbers.append(f"{name} = all_{name}[{', '.join(index if there else '0' for index, there in where)}]")
    arrays = [*(f"row_{name}" for name in recorded), *(f"all_{name}" for name, *_ in text.taken)]
    source = LOOP.strip().format(
        names=", ".join(["keep", "state", *arrays]),
        count=len(names),
        abreast=ABREAST,
        numbers=_indent(numbers, 12),
        lines=_indent(lines, 16),
        kept=_indent(kept, 20),
    )
    return tape, text.taken, source


class Table(NamedTuple):
    """Runs as rows and columns: columns are the last axes, as many of them as it takes to have COLUMNS."""

    shape: tuple[int, ...]
    split: int

    @classmethod
    def of(cls, shape: tuple[int, ...]) -> "Table":
        split = len(shape)
        while split and prod(shape[split:]) < COLUMNS:
            split -= 1
        return cls(shape, split)

    @property
    def runs(self) -> int:
        return prod(self.shape)

    @property
    def rows(self) -> int:
        return prod(self.shape[: self.split])

    @property
    def columns(self) -> int:
        return prod(self.shape[self.split :])

    def varies(self, number: Value) -> tuple[bool, bool]:
        """Whether a number is another one in each row, and in each column."""
        shape = np.shape(number.value)
        split = max(0, len(shape) - len(self.shape) + self.split)
        return prod(shape[:split]) > 1, prod(shape[split:]) > 1

    def size(self, number: Value) -> int:
        """How many numbers one of a step is."""
        row, column = self.varies(number)
        return (self.rows if row else 1) * (self.columns if column else 1)

    def lay(self, number: Value, steps: list[Any], dtype: Any) -> Array:
        """What a number is at these steps: (steps, rows or 1, columns or 1)."""
        row, column = self.varies(number)
        rows = self.shape[: self.split] if row else (1,) * self.split
        columns = self.shape[self.split :] if column else (1,) * (len(self.shape) - self.split)
        laid = np.array(steps, dtype)
        laid = laid.reshape(len(steps), *[1] * (len(self.shape) + 1 - laid.ndim), *laid.shape[1:])
        laid = np.broadcast_to(laid, (len(steps), *rows, *columns))
        return np.ascontiguousarray(laid.reshape(len(steps), prod(rows), prod(columns)))


def places_of(d: int, slots: tuple[str, ...]) -> dict[str, list[int]]:
    """The rows of a loop's state, which has a column for each run."""
    widths = {**dict.fromkeys(("theta", "grad", *slots), d), "loss": 1, "lost": 1}
    places, end = {}, 0
    for name, width in widths.items():
        places[name] = [*range(end, end + width)]
        end += width
    return places


def begin(surface: Surface, theta: Array, places: dict[str, list[int]]) -> Array:
    """The state before the first step."""
    with np.errstate(all="ignore"):
        value, grad = surface.value_and_grad(theta)
        finite = np.isfinite([value, norm(grad), *theta]).all(axis=0)
    state = np.zeros((places["lost"][0] + 1, theta.shape[1]))
    now = {"theta": theta, "grad": grad, "loss": value, "lost": np.where(finite, 0, np.nan)}
    for name, rows in now.items():
        state[places[name]] = rows
    return state


def _indent(lines: list[str], width: int) -> str:
    return "\n".join(lines).replace("\n", "\n" + " " * width)
