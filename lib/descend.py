"""Run a rule down a surface and record it: `descend` for one setting, `sweep` for a whole grid at once.

>>> from lib.optimizers import gd
>>> from lib.surfaces import quadratic
>>> run = descend(quadratic(1.0), start=[1.0], opt=gd(lr=0.5), steps=3)
>>> run.theta.sel(coord="x1").values
array([1.   , 0.5  , 0.25 , 0.125])
>>> grid = sweep(quadratic(1.0), start=[1.0], rule=gd, steps=3, lr=[0.5, 1.0, 1.5])
>>> grid.loss.isel(step=-1).values
array([0.0078125, 0.       , 0.0078125])

Both return an `xarray.Dataset`:

========== ===================== =========================================================
variable   dimensions            meaning
========== ===================== =========================================================
theta      step, coord, *runs    the iterates; step 0 is the start
loss       step, *runs           the value there
grad_norm  step, *runs           the Euclidean norm of the gradient there
diverged   *runs                 True when a run left the finite numbers
========== ===================== =========================================================

A run diverges when its parameters, its loss or its gradient's norm would no longer be finite. It is
frozen at its last finite iterate and flagged; the other runs go on, and nobody is warned. The attributes
`surface`, `start`, `rule`, `steps`, `gradient`, `seed` and `hyperparameters` say what was run:
`sweep(surface, start, rule, steps, gradient=gradient, seed=seed, **hyperparameters)` repeats a sweep. This
module computes no step and no gradient of its own.

With a gradient source of `lib.problems`, such as `gradient=Minibatches(32)`, the steps see its estimates.
`loss` and `grad_norm` stay those of the surface itself, exact, so the noise is in the path and not in the
ruler. The estimates are drawn from `np.random.default_rng(seed)`: the same seed, the same run. Such a run
freezes at the last finite iterate that was kept.
"""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from lib.checks import Array, check
from lib.engine import Optimizer
from lib.optimizers import norm
from lib.problems import Estimate, Source
from lib.surfaces import Surface


def descend(
    surface: Surface,
    start: ArrayLike,
    opt: Optimizer,
    steps: int,
    *,
    gradient: Source | None = None,
    seed: int = 0,
    every: int = 1,
    record: Iterable[str] = (),
) -> xr.Dataset:
    """Run one optimizer from one start, or from many at once.

    Parameters
    ----------
    surface : what to minimize
    start : one number per coordinate, or an array of shape (d, *runs)
    opt : a rule with its hyperparameters, such as `adam(lr=0.1)`
    steps : how many steps to take, ≥ 0
    gradient : what the steps see, such as `Minibatches(32)` or `Noise(0.5)`; otherwise the exact gradient
    seed : of the random numbers that `gradient` draws, a whole number ≥ 0
    every : keep every so many steps; the start and the last step are always kept
    record : what else to keep, of "grad", the gradient that the next step sees, and the names of the rule's
        slots; each (step, coord, *runs)

    Returns
    -------
    xarray.Dataset, as the head of this module describes. Runs of a `start` with more than one axis are
    called `run`, or `run1`, `run2`, … when they have several axes.

    Raises
    ------
    TypeError, ValueError
        When the start does not fit the surface or is not finite, steps or every is not a whole number in
        its range, `gradient` is no gradient source or does not fit the surface, a name to record is unknown,
        a hyperparameter is missing or out of its range, or the rule steps matrices.
    """
    theta = _start(surface, start)
    shapes = [np.shape(value) for value in opt.hyperparameters.values() if np.ndim(value)]
    try:
        runs = np.broadcast_shapes(theta.shape[1:], *shapes)
    except ValueError:
        raise ValueError(
            f"start has runs of shape {theta.shape[1:]} and the hyperparameters have {shapes}; "
            "these do not broadcast. For every combination use sweep"
        ) from None
    theta = np.broadcast_to(theta.reshape(_align(theta, runs)), (len(theta), *runs))
    dims = ["run"] if len(runs) == 1 else [f"run{i}" for i in range(1, len(runs) + 1)]
    dataset = _run(surface, theta, opt, steps, _estimate(surface, gradient, seed), every, record, dims)
    return dataset.assign_attrs(_facts(surface, start, opt, steps, gradient, seed, opt.hyperparameters))


def sweep(
    surface: Surface,
    start: Sequence[Any],
    rule: Optimizer,
    steps: int,
    *,
    gradient: Source | None = None,
    seed: int = 0,
    every: int = 1,
    record: Iterable[str] = (),
    **hyperparameters: Any,
) -> xr.Dataset:
    """Run a rule for every combination of some hyperparameters and starts, all at once.

    Each hyperparameter given as a list or array of one axis becomes a dimension of the result, with its
    name and values; so does each coordinate of `start`, called `start_x` for a coordinate x. The starts
    come first, the hyperparameters follow in the order of the call.

    Parameters
    ----------
    surface, steps, gradient, seed, every, record : as for `descend`
    start : for each coordinate a number, or the values to start from
    rule : a rule; what is not given below keeps its value
    **hyperparameters : a number, a schedule, or the values to try

    Raises
    ------
    TypeError, ValueError
        As `descend`; and when a hyperparameter or a coordinate of the start has more than one axis.

    Examples
    --------
    A map of where gradient descent ends, from 3 × 2 starts:

    >>> from lib.optimizers import gd
    >>> from lib.surfaces import ravine
    >>> grid = sweep(ravine(10), start=([-1, 0, 1], [0.5, 1]), rule=gd, steps=50, lr=0.1)
    >>> dict(grid.loss.sizes)
    {'step': 51, 'start_x': 3, 'start_y': 2}
    """
    given = {**hyperparameters, **{k: v for k, v in rule.hyperparameters.items() if k not in hyperparameters}}
    rule(**hyperparameters)  # an unknown name or a wrong value is named before anything is laid out
    parts = [np.asarray(part, float) for part in _coordinates(surface, start)]
    axes = {f"start_{name}": part for name, part in zip(surface.coords, parts, strict=True) if part.ndim}
    axes |= {name: check(name, value) for name, value in given.items() if np.ndim(value)}
    for name, values in axes.items():
        if values.ndim != 1 or not values.size:
            raise ValueError(f"{name} has shape {values.shape}; a dimension has one axis of values")

    def along(name: str, value: Any) -> Any:
        position = list(axes).index(name) if name in axes else None
        return value if position is None else axes[name].reshape(-1, *[1] * (len(axes) - 1 - position))

    runs = tuple(len(values) for values in axes.values())
    theta = np.stack(
        [
            np.broadcast_to(along(f"start_{name}", part), runs)
            for name, part in zip(surface.coords, parts, strict=True)
        ]
    )
    opt = rule(**{name: along(name, value) for name, value in given.items() if np.ndim(value)})
    opt = opt(**{name: value for name, value in hyperparameters.items() if not np.ndim(value)})
    estimate = _estimate(surface, gradient, seed)
    dataset = _run(surface, _start(surface, theta), opt, steps, estimate, every, record, list(axes))
    facts = _facts(surface, start, rule, steps, gradient, seed, given)
    return dataset.assign_coords(axes).assign_attrs(facts)


def _run(
    surface: Surface,
    start: Array,
    opt: Optimizer,
    steps: int,
    estimate: Estimate | None,
    every: int,
    record: Iterable[str],
    dims: list[str],
) -> xr.Dataset:
    steps, every = _whole("steps", steps, 0), _whole("every", every, 1)
    if opt.matrix:
        raise ValueError(
            f"{opt.name} steps matrices, and a point of {surface.name} is a vector. Choose another rule"
        )
    record = [record] if isinstance(record, str) else list(record)
    for name in record:
        if name not in ("grad", *opt.slots):
            raise ValueError(f"cannot record {name!r}; {opt.name} has {', '.join(('grad', *opt.slots))}")
    theta = np.array(start, dtype=float)
    runs = theta.shape[1:]
    kept = [*range(0, steps, every), steps]
    vectors = {name: np.empty((len(kept), *theta.shape)) for name in ("theta", *record)}
    numbers = {name: np.empty((len(kept), *runs)) for name in ("loss", "grad_norm")}
    diverged = np.zeros(runs, bool)
    if estimate or not opt.run(surface, theta, kept, vectors | numbers, diverged):
        _walk(surface, theta, opt, estimate, kept, vectors, numbers, diverged)
    return xr.Dataset(
        {
            **{name: (("step", "coord", *dims), array) for name, array in vectors.items()},
            **{name: (("step", *dims), array) for name, array in numbers.items()},
            "diverged": (tuple(dims), diverged),
        },
        coords={"step": kept, "coord": list(surface.coords)},
    )


def _walk(
    surface: Surface,
    theta: Array,
    opt: Optimizer,
    estimate: Estimate | None,
    kept: list[int],
    vectors: dict[str, Array],
    numbers: dict[str, Array],
    diverged: Array,
) -> None:
    """Take the steps, and fill the arrays."""
    state = opt.init(theta)
    moving = [theta, *(state[name] for name in vectors if name in opt.slots)]
    previous = [array.copy() for array in moving]
    grad = np.zeros_like(theta)

    def stay(runs: Array) -> None:
        for array, before in zip(moving, previous, strict=True):
            np.copyto(array, before, where=runs)

    def look() -> tuple[Array, Array, Array]:
        value, slope = surface.value_and_grad(theta)
        return value, slope, norm(slope)

    row, frozen = 0, False
    with np.errstate(all="ignore"):
        for t in range(kept[-1] + 1):
            if t > 0:
                opt.advance(theta, grad, state)
                if frozen:
                    stay(diverged)
            keep = t == kept[row]
            if keep or estimate is None:
                value, slope, length = look()
            grad = slope if estimate is None else estimate(theta)
            parts = [value, length, theta]
            if estimate is not None:  # an exact gradient is finite where its length is
                parts.append(grad)
            if not isfinite(sum(map(np.vdot, parts, parts))):  # which run?
                finite = np.isfinite(value + length + theta.sum(axis=0)) & np.isfinite(grad).all(axis=0)
                lost = ~finite & ~diverged
                diverged |= lost
                frozen = bool(diverged.any())
                if t > 0 and lost.any():
                    stay(lost)
                    value, slope, length = look()
                    grad = np.where(diverged, slope, grad)
            if keep:
                now = {"theta": theta, "grad": grad, **state}
                for name, array in vectors.items():
                    array[row] = now[name]
                numbers["loss"][row] = value
                numbers["grad_norm"][row] = length
                row += 1
            if keep or estimate is None:
                for array, before in zip(moving, previous, strict=True):
                    np.copyto(before, array)


def _estimate(surface: Surface, gradient: Source | None, seed: int) -> Estimate | None:
    """What a step sees instead of the exact gradient."""
    if gradient is None:
        return None
    if not callable(gradient):
        raise TypeError(f"gradient is {gradient!r}; give a source, such as Minibatches(32) or Noise(0.5)")
    return gradient(surface, np.random.default_rng(_whole("seed", seed, 0)))


def _start(surface: Surface, start: ArrayLike) -> Array:
    parts = _coordinates(surface, start)
    shapes = [np.shape(part) for part in parts]
    if len(set(shapes)) > 1:
        raise ValueError(f"start has coordinates of shapes {shapes}; for every combination use sweep")
    theta = np.array(parts, dtype=float)
    if not np.isfinite(theta).all():
        raise ValueError(f"start has a value that is not finite: {start!r}")
    return theta


def _coordinates(surface: Surface, start: Any) -> list[Any]:
    parts = list(start) if np.iterable(start) else [start]
    if len(parts) != len(surface.coords):
        names = surface.coords if len(surface.coords) < 9 else (*surface.coords[:3], "…", surface.coords[-1])
        raise ValueError(
            f"{surface.name} has {len(surface.coords)} coordinates, ({', '.join(names)}); "
            f"start has {len(parts)}. Give one entry per coordinate"
        )
    return parts


def _align(theta: Array, runs: tuple[int, ...]) -> tuple[int, ...]:
    return (len(theta), *[1] * (len(runs) + 1 - theta.ndim), *theta.shape[1:])


def _whole(name: str, value: Any, lowest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
        raise ValueError(f"{name} is {value!r}; it has to be a whole number ≥ {lowest}")
    return int(value)


def _facts(
    surface: Surface,
    start: Any,
    rule: Optimizer,
    steps: int,
    gradient: Source | None,
    seed: int,
    hyperparameters: dict[str, Any],
) -> dict[str, Any]:
    return {
        "surface": surface,
        "start": start,
        "rule": rule,
        "steps": steps,
        "gradient": gradient,
        "seed": seed,
        "hyperparameters": dict(hyperparameters),
    }
