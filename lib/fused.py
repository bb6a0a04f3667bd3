"""A whole run as one loop: a rule's steps, the surface they go down, the record, the look for divergence.

`descend` takes one NumPy operation after another over all runs, and each goes through memory. Here rule and
surface are taken down on one tape; Numba compiles the loop made of it, which brings a few runs through many
steps while all that they need stays in the first cache.

A run goes through the same operations as in `descend`, in the same order. What meets no element (1 − β₁ᵗ, a
schedule's lr) NumPy computes beforehand, for a number of steps at a time.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from lib.checks import Array
from lib.engine import Optimizer, blocks, cut
from lib.optimizers import norm
from lib.surfaces import Surface
from lib.tape import Tape, record

try:
    from numba import njit
    from numba.core.errors import NumbaError
except ImportError as error:
    raise ImportError(
        "a compiled rule needs Numba, which is not installed here: .venv/bin/pip install -e '.[fast]'"
    ) from error

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CHUNK = 2**16
"""The fewest elements that are worth a thread."""
TOGETHER = 2**18
"""Steps × runs for which the numbers of each step are laid out at a time."""
CANNOT = (TypeError, AttributeError, NumbaError)
FLOAT = np.dtype(float)

ABREAST = 256
"""Runs that take their steps side by side: what they need stays in the first cache."""

LOOP = """
def kernel({names}, begin, end):
    s = np.empty(({count}, {abreast}))
    for here in range(begin, end, {abreast}):
        size = min({abreast}, end - here)
        for k in range({count}):
            for i in range(size):
                s[k, i] = state[k, here + i]
        for t in range(rows.size):
            {numbers}
            for i in range(size):
                {lines}
            row = rows[t]
            if row >= 0:
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
    surface, start : what to minimize, and where the runs begin: float64, (d, *runs)
    kept : the steps to keep, from 0 to the last
    recorded : "theta", "grad", "loss", "grad_norm" or a slot's name ↦ the array to fill, a row a step
    diverged : the array to fill, (*runs)
    """
    d, runs, steps = len(start), start.shape[1:], kept[-1]
    # NumPy adds up to seven squares one after another, as the loop does; more of them in another order
    if type(surface) is not Surface or opt.clips or d > 7 or not steps or not start.size:
        return False
    varying = tuple(name for name, value in opt.hyperparameters.items() if callable(value))
    given = opt.values(1, runs)
    rows = np.full(steps + 1, -1)
    rows[kept] = np.arange(len(kept))
    out = [array.reshape(len(kept), -1, prod(runs)) for array in recorded.values()]

    def write(tape: Tape) -> tuple[Tape, str]:
        return tape, loop(tape, opt, surface, list(recorded))

    try:
        tape, source = record({"t": 1.0, **given}, ("t", *varying), write)
        if not tape.lasting:
            return False
        end = 0
        for block in blocks(runs):
            shape = diverged[block].shape
            first, end = end, end + prod(shape)
            state = _begin(surface, start.reshape(d, -1)[:, first:end], opt.slots)
            for name, array in zip(recorded, out, strict=True):
                array[0, :, first:end] = state[_places(d, opt.slots)[name]]
            length = max(1, TOGETHER // (end - first))
            for t in range(1, steps + 1, length):
                numbers = []
                for now in range(t, min(t + length, steps + 1)):
                    given = opt.values(now, runs) if varying else given
                    here = {name: cut(value, block, len(runs)) for name, value in given.items()}
                    numbers.append(tape.numbers({"t": float(now), **here}))
                each = _lay(tape, numbers, shape)
                work = partial(kernel(source), first, rows[t : t + len(numbers)], state, *out, *each)
                if parallel and len(numbers) * (end - first) >= CHUNK * CORES:
                    share(end - first, work)
                else:
                    work(0, end - first)
            diverged[block] = np.isnan(state[-1]).reshape(shape)
    except CANNOT:
        return False
    return True


def loop(tape: Tape, opt: Optimizer, surface: Surface, recorded: list[str]) -> str:
    """The source of a loop over runs and steps, with what a step does to each run, from its `state`.

    In the loop, a run that would leave the finite numbers keeps what it has: `lost` is NaN from then on.
    """
    places = _places(len(surface.coords), opt.slots)
    old = {name: [tape.element(f"a{k}", FLOAT) for k in rows] for name, rows in places.items()}
    steps = [
        tape.after(opt.rule, theta, g, slots)
        for theta, g, *slots in zip(*(old[name] for name in ("theta", "grad", *opt.slots)), strict=True)
    ]
    new = dict(zip(("theta", *opt.slots), map(list, zip(*steps, strict=True)), strict=True))
    value: Any
    parts: Any
    value, parts = surface.function(*new["theta"])
    length, short, long = (  # as in `norm`
        np.sqrt(sum((part * scale) * (part * scale) for part in parts)) / scale
        for scale in (1.0, 2.0**640, 2.0**-640)
    )
    length = np.where(length < np.inf, np.where(length > 2.0**-512, length, short), long)
    lost = 0 * (value + length + sum(new["theta"])) + old["lost"][0]
    fine = (lost == 0).name
    new |= {"grad": list(parts), "loss": [value], "grad_norm": [length]}
    texts = [(k, tape.text(x, FLOAT)) for name in new for k, x in zip(places[name], new[name], strict=True)]
    count = places["lost"][0] + 1
    lines = [f"a{k} = s[{k}, i]" for k in range(count)] + tape.lines
    lines += [f"s[{k}, i] = {text} if {fine} else a{k}" for k, text in texts]
    lines += [f"s[{count - 1}, i] = {lost.name}"]
    names, numbers = ["first", "rows", "state", *(f"row_{name}" for name in recorded)], []
    for name, number, _ in tape.taken.values():
        index = ["t"] * tape.varies(number) + ["here : here + size"] * name.startswith("r")
        names.append(f"all_{name}" if index else name)
        numbers += [f"{name} = all_{name}[{', '.join(index)}]"] if index else []
    kept = [
        f"for i in range(size):\n    row_{name}[row, {j}, first + here + i] = s[{k}, i]"
        for name in recorded
        for j, k in enumerate(places[name])
    ]
    return LOOP.strip().format(
        names=", ".join(names),
        count=count,
        abreast=ABREAST,
        numbers=_indent(numbers, 12),
        lines=_indent(lines, 16),
        kept=_indent(kept, 16),
    )


def _places(d: int, slots: tuple[str, ...]) -> dict[str, list[int]]:
    """The rows of a loop's state."""
    widths = {**dict.fromkeys(("theta", "grad", *slots), d), "loss": 1, "grad_norm": 1, "lost": 1}
    places, end = {}, 0
    for name, width in widths.items():
        places[name] = [*range(end, end + width)]
        end += width
    return places


def _begin(surface: Surface, theta: Array, slots: tuple[str, ...]) -> Array:
    """The state before the first step, a column for each run."""
    with np.errstate(all="ignore"):
        value, grad = surface.value_and_grad(theta)
        length = norm(grad)
        lost = np.where(np.isfinite(value + length + theta.sum(axis=0)), 0, np.nan)
    places = _places(len(theta), slots)
    state = np.zeros((places["lost"][0] + 1, theta.shape[1]))
    for name, now in [
        ("theta", theta),
        ("grad", grad),
        ("loss", value),
        ("grad_norm", length),
        ("lost", lost),
    ]:
        state[places[name]] = now
    return state


def _lay(tape: Tape, numbers: list[list[Any]], runs: tuple[int, ...]) -> list[Any]:
    """What the loop takes: for each number its value, where it varies one a step; or that of each run."""
    laid: list[Any] = []
    for (name, number, dtype), *steps in zip(tape.taken.values(), *numbers, strict=True):
        if not tape.varies(number):
            steps = steps[:1]
        if name.startswith("n"):
            laid.append(np.array(steps, dtype))
        else:
            laid.append(np.empty((len(steps), *runs), dtype))
            for row, value in zip(laid[-1], steps, strict=True):
                row[...] = value
            laid[-1] = laid[-1].reshape(len(steps), -1)
        if not tape.varies(number):
            laid[-1] = laid[-1][0]
    return laid


def _indent(lines: list[str], width: int) -> str:
    return "\n".join(lines).replace("\n", "\n" + " " * width)


def share(size: int, work: Callable[[int, int], Any]) -> None:
    """Let each core do its part of `size`."""
    edges = [size * i // CORES for i in range(CORES + 1)]
    list(_pool(os.getpid()).map(lambda edge: work(*edge), pairwise(edges)))


@cache
def kernel(source: str) -> Any:
    """The compiled function that a source defines."""
    space = {"np": np}
    exec(source, space)
    return njit(space["kernel"], error_model="numpy", nogil=True)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """A process has one; a forked one has its own."""
    return ThreadPoolExecutor(CORES)
