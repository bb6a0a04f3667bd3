"""Run a rule down a surface and record it: `descend` for one setting, `sweep` for a whole grid at once;
`feed` for gradients that no surface gave.

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
stopped    *runs                 with `tol`: the step at which a run stopped; −1 if it did not
========== ===================== =========================================================

A run diverges when its parameters, its loss or its gradient's norm would no longer be finite. It is
frozen at its last finite iterate and flagged; the other runs go on, and nobody is warned. With `tol`, a run
stops at the first iterate whose gradient has a norm of at most `tol`, and is frozen there. The attributes
`surface`, `start`, `rule`, `steps`, `gradient`, `seed`, `tol` and `hyperparameters` say what was run, in text
and numbers, so that `run.to_netcdf(path)` and `run.to_zarr(path)` keep them; `lib.recipe` has the objects.
This module computes no step and no gradient of its own.

With a gradient source of `lib.problems`, such as `gradient=Minibatches(32)`, the steps see its estimates.
`loss` and `grad_norm` stay those of the surface itself, exact, so the noise is in the path and not in the
ruler. The estimates are drawn from `np.random.default_rng(seed)`: the same seed, the same run. Such a run
freezes at the last finite iterate that was kept.
"""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite, prod
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from lib import recipe
from lib.checks import Array, brief, check, reals, whole
from lib.engine import Optimizer
from lib.optimizers import norm
from lib.problems import SOURCES, Estimate, Problem, Source
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
    tol: float | None = None,
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
    tol : stop a run where the exact gradient's norm is at most this; ≥ 0. With a `gradient` source it costs
        an exact gradient a step.

    Returns
    -------
    xarray.Dataset, as the head of this module describes. Runs of a `start` with more than one axis are
    called `run`, or `run1`, `run2`, … when they have several axes.

    Raises
    ------
    TypeError, ValueError
        When `surface` is no surface or `opt` no rule, the start does not fit the surface or is not finite,
        steps or every is not a whole number in its range, `gradient` is no gradient source or does not fit
        the surface, a name to record is unknown, a hyperparameter is missing or out of its range, the rule
        steps matrices, or what is to be kept is more than the machine's memory.
    """
    _check("opt", surface, opt)
    theta = _start(surface, start)
    shapes = [np.shape(value) for value in opt.hyperparameters.values() if np.ndim(value)]
    try:
        runs = np.broadcast_shapes(theta.shape[1:], *shapes)
    except ValueError:
        raise ValueError(
            f"start has runs of shape {theta.shape[1:]} and the hyperparameters have {shapes}; "
            "these do not broadcast. For every combination use sweep"
        ) from None
    shape = (len(theta), *[1] * (len(runs) + 1 - theta.ndim), *theta.shape[1:])
    theta = np.broadcast_to(theta.reshape(shape), (len(theta), *runs))
    kept = _room(surface, opt, steps, every, record, tol, runs)
    _run(surface, theta, opt, _estimate(surface, gradient, whole("seed", seed, 0)), kept)
    said = theta.tolist() if not runs and len(theta) <= recipe.LONG else None
    facts = recipe.write(surface, said, opt, kept.last, gradient, int(seed), kept.tol, opt.hyperparameters)
    dims = ["run"] if len(runs) == 1 else [f"run{i}" for i in range(1, len(runs) + 1)]
    return kept.dataset(surface, dims).assign_attrs(facts)


def sweep(
    surface: Surface,
    start: Sequence[Any],
    rule: Optimizer,
    steps: int,
    *,
    gradient: Source | None = None,
    seed: int | Sequence[int] = 0,
    every: int = 1,
    record: Iterable[str] = (),
    tol: float | None = None,
    chunks: Mapping[str, int] | None = None,
    **hyperparameters: Any,
) -> xr.Dataset:
    """Run a rule for every combination of some hyperparameters, starts and seeds.

    Each hyperparameter given as a list or array of one axis becomes a dimension of the result, with its
    name and values; so does each coordinate of `start`, called `start_x` for a coordinate x. The starts
    come first, the hyperparameters follow in the order of the call, and `seed` comes last.

    Parameters
    ----------
    surface, steps, gradient, every, record, tol : as for `descend`
    start : for each coordinate a number, or the values to start from
    rule : a rule; what is not given below keeps its value
    seed : a whole number ≥ 0, or several. All runs of one seed share its random numbers: they see the same
        mini-batches, each its own noise. With several, each run has a generator of its own and is taken by
        itself: it is, to the last bit, what `descend` makes of that seed.
    chunks : how many values of an axis are run at a time, such as {"lr": 250}; of an axis that is not named,
        all. The Dataset is lazy, on Dask: what is asked of it runs in blocks, and is to the last bit what it
        is without chunks. See `lib.scale`.
    **hyperparameters : a number, a schedule, or the values to try

    Raises
    ------
    TypeError, ValueError
        As `descend`; when a hyperparameter, a coordinate of the start or seed has more than one axis; when
        chunks names no axis, or one seed is to serve many blocks.
    ImportError
        When chunks is given and Dask is not installed, the extra `scale`.

    Examples
    --------
    A map of where gradient descent ends, from 3 × 2 starts:

    >>> from lib.optimizers import gd
    >>> from lib.surfaces import ravine
    >>> grid = sweep(ravine(10), start=([-1, 0, 1], [0.5, 1]), rule=gd, steps=50, lr=0.1)
    >>> dict(grid.loss.sizes)
    {'step': 51, 'start_x': 3, 'start_y': 2}

    The same noisy run from four seeds, and how far their ends lie apart:

    >>> from lib.problems import Noise
    >>> noisy = sweep(ravine(10), (1, 1), gd, 50, lr=0.1, gradient=Noise(0.1), seed=range(4))
    >>> noisy.theta.isel(step=-1).std("seed").round(3).values
    array([0.008, 0.007])
    """
    _check("rule", surface, rule)
    given = {**hyperparameters, **{k: v for k, v in rule.hyperparameters.items() if k not in hyperparameters}}
    rule(**hyperparameters)  # an unknown name or a wrong value is named before anything is laid out
    parts = _coordinates(surface, start)
    axes = {f"start_{name}": part for name, part in zip(surface.coords, parts, strict=True) if part.ndim}
    axes |= {name: check(name, value) for name, value in given.items() if np.ndim(value)}
    seeds = _seeds(seed)
    if isinstance(seeds, list):
        axes["seed"] = np.array(seeds)
    for name, values in axes.items():
        if values.ndim != 1 or not values.size:
            raise ValueError(f"{name} has shape {values.shape}; a dimension has one axis of values")
    runs = tuple(len(values) for values in axes.values())
    opt = rule(**{name: value for name, value in hyperparameters.items() if not np.ndim(value)})
    record = _names(record)
    size = {} if chunks is None else _blocks(chunks, axes, surface, gradient, seeds)
    kept = _room(surface, opt, steps, every, record, tol, runs if chunks is None else tuple(size.values()))
    said = None if not axes and len(parts) > recipe.LONG else [part.tolist() for part in parts]
    facts = recipe.write(surface, said, rule, kept.last, gradient, seeds, kept.tol, given)
    if chunks is not None:
        # what the first run would raise is raised here
        opt(**{name: axes[name][0] for name in given if name in axes}).values(1)
        surface.check_runs(np.array([_finite(part, start).flat[0] for part in parts], float))
        options = {"gradient": gradient, "seed": seeds, "every": every, "record": record, "tol": tol}
        part = partial(_part, surface, parts, opt, kept.last, options, axes)
        block = kept.dataset(surface, list(axes)).assign_attrs(facts)
        return _scale().lazy(f"{rule.name}-{surface.name}", block, axes, size, part)

    def laid(places: Sequence[Any]) -> tuple[Array, Optimizer]:
        """Start and rule of the runs at these places of the axes, one array of them or one place for each."""
        at = {name: values[i] for (name, values), i in zip(axes.items(), places, strict=False)}
        theta = [at.get(f"start_{name}", part) for name, part in zip(surface.coords, parts, strict=True)]
        shape = np.broadcast_shapes(*map(np.shape, places))
        return np.stack([np.broadcast_to(part, shape) for part in theta]), opt(
            **{name: at[name] for name in given if name in at}
        )

    if not isinstance(seeds, list):
        theta, these = laid(np.ix_(*map(np.arange, runs)))
        _run(surface, _finite(theta, start), these, _estimate(surface, gradient, seeds), kept)
    else:
        for place in np.ndindex(*runs[:-1]):
            theta, this = laid(place)
            for i, one in enumerate(seeds):
                _run(
                    surface,
                    _finite(theta, start),
                    this,
                    _estimate(surface, gradient, one),
                    kept.of(*place, i),
                )
    return kept.dataset(surface, list(axes)).assign_coords(axes).assign_attrs(facts)


def _scale() -> Any:
    """What makes blocks, imported where it is needed: Dask is an extra."""
    from lib import scale

    return scale


def _blocks(
    chunks: Any, axes: dict[str, Array], surface: Surface, gradient: Source | None, seeds: int | list[int]
) -> dict[str, int]:
    """How many values of each axis a block has, if blocks are equal to the whole."""
    size: dict[str, int] = _scale().sizes(chunks, axes)
    _estimate(surface, gradient, 0)
    if isinstance(seeds, int):
        one = f"with a seed each, seed=[{seeds}], a run is taken by itself, and is the same in every block"
        if gradient is not None:
            raise ValueError(
                f"with one seed all runs share what {brief(gradient)} draws, and blocks cannot; {one}"
            )
        if isinstance(surface, Problem):
            raise ValueError(
                f"{surface.name} has data, and the last bits of its products of matrices depend on how many "
                f"runs there are at once; {one}"
            )
    return size


def _part(
    surface: Surface,
    parts: list[Array],
    opt: Optimizer,
    steps: int,
    options: dict[str, Any],
    axes: dict[str, Array],
    at: dict[str, slice],
) -> xr.Dataset:
    """A sweep of the values at these places of the axes."""
    here: dict[str, Any] = {name: values[at[name]] for name, values in axes.items()}
    if "seed" in here:
        options = {**options, "seed": here.pop("seed").tolist()}
    # NumPy adds up the coordinates of a single run in another order than those of many: it goes there twice
    alone = "seed" not in axes and prod(map(len, here.values())) == 1 < prod(map(len, axes.values()))
    first = next(iter(here), "")
    if alone:
        here[first] = here[first].repeat(2)
    start = [here.pop(f"start_{name}", part) for name, part in zip(surface.coords, parts, strict=True)]
    found = sweep(surface, start, opt, steps, **options, **here)
    return found.isel({first: [0]}) if alone else found


def feed(opt: Optimizer, gradients: ArrayLike, **state: Any) -> Array:
    """The steps that a rule takes when it is given these gradients; downhill counts positive.

    Parameters
    ----------
    opt : the rule
    gradients : (steps, d, *runs), one after the other; θ starts at 0
    state : slots of the rule, or t, that do not start at 0

    Returns
    -------
    array (steps, d, *runs) : θ before each step less θ after it

    Raises
    ------
    TypeError, ValueError
        As `Optimizer.step` does.

    >>> from lib.optimizers import momentum
    >>> feed(momentum(lr=1.0, beta=0.5), [[4.0], [0.0], [0.0]]).ravel()
    array([4., 2., 1.])
    """
    gradients = np.asarray(gradients)
    theta = np.zeros_like(gradients[0])
    now, points = opt.init(theta) | state, [theta.copy()]
    for g in gradients:
        opt.step(theta, g, now)
        points.append(theta.copy())
    return -np.diff(points, axis=0)


@dataclass
class _Kept:
    """What is kept of some runs, and when: arrays to be filled."""

    steps: list[int]
    vectors: dict[str, Array]
    numbers: dict[str, Array]
    diverged: Array
    stopped: Array
    tol: float | None

    @property
    def last(self) -> int:
        """The number of the last step."""
        return self.steps[-1]

    def of(self, *place: int) -> "_Kept":
        """The same arrays, of one run."""
        at: Any = (..., *place)
        return replace(
            self,
            vectors={name: array[at] for name, array in self.vectors.items()},
            numbers={name: array[at] for name, array in self.numbers.items()},
            diverged=self.diverged[at],
            stopped=self.stopped[at],
        )

    def dataset(self, surface: Surface, dims: list[str]) -> xr.Dataset:
        flags = {"diverged": self.diverged} | ({} if self.tol is None else {"stopped": self.stopped})
        return xr.Dataset(
            {
                **{name: (("step", "coord", *dims), array) for name, array in self.vectors.items()},
                **{name: (("step", *dims), array) for name, array in self.numbers.items()},
                **{name: (tuple(dims), array) for name, array in flags.items()},
            },
            coords={"step": self.steps, "coord": list(surface.coords)},
        )


def _room(
    surface: Surface,
    opt: Optimizer,
    steps: int,
    every: int,
    record: Iterable[str],
    tol: float | None,
    runs: tuple[int, ...],
) -> _Kept:
    """Arrays for what is to be kept, if all is as it should be and fits into the memory."""
    steps, every = whole("steps", steps, 0), whole("every", every, 1)
    if opt.matrix:
        raise ValueError(
            f"{opt.name} steps matrices, and a point of {surface.name} is a vector. Choose another rule"
        )
    record = _names(record)
    for name in record:
        if name not in ("grad", *opt.slots):
            raise ValueError(f"cannot record {name!r}; {opt.name} has {', '.join(('grad', *opt.slots))}")
    if tol is not None:
        given = reals("tol", tol, "a number ≥ 0, such as 1e-6")
        if given.shape != () or not 0 <= given < np.inf:
            raise ValueError(f"tol is {brief(tol)}; it has to be one finite number ≥ 0, such as 1e-6")
        tol = float(given)
    rows, d, names = -(-steps // every) + 1, len(surface.coords), dict.fromkeys(("theta", *record))
    size = 8 * prod(runs) * (rows * (d * len(names) + 2) + d * (4 + len(opt.slots)))
    too_much = (
        f"these {prod(runs):,} runs keep {rows:,} of {steps:,} steps: {size:,} bytes, and this machine has "
        f"{_memory():,}. A larger every= keeps less; or take fewer runs at a time, with chunks="
    )
    if size > _memory():
        raise ValueError(too_much)
    try:
        return _Kept(
            [*range(0, steps, every), steps],
            {name: np.empty((rows, d, *runs)) for name in names},
            {name: np.empty((rows, *runs)) for name in ("loss", "grad_norm")},
            np.zeros(runs, bool),
            np.full(runs, -1),
            tol,
        )
    except MemoryError:
        raise ValueError(too_much) from None


def _names(record: Any) -> list[Any]:
    return [record] if isinstance(record, str) or not np.iterable(record) else list(record)


def _memory() -> int:
    """The bytes of memory that the machine has; where it does not say, more than any."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return 2**63


def _run(surface: Surface, start: Array, opt: Optimizer, estimate: Estimate | None, kept: _Kept) -> None:
    """Take the steps, and fill the arrays."""
    theta = np.array(start, dtype=float)
    surface.check_runs(theta)
    if estimate is None and kept.tol is None:
        if type(opt) is not Optimizer:  # a compiled rule, whose surface is taken down and not called
            with np.errstate(all="ignore"):
                surface.value_and_grad(theta)
        if opt.run(surface, theta, kept.steps, kept.vectors | kept.numbers, kept.diverged):
            return
    _walk(surface, theta, opt, estimate, kept)


def _walk(surface: Surface, theta: Array, opt: Optimizer, estimate: Estimate | None, kept: _Kept) -> None:
    state = opt.init(theta)
    moving = [theta, *(state[name] for name in kept.vectors if name in opt.slots)]
    previous = [array.copy() for array in moving]
    grad = np.zeros_like(theta)
    exact = estimate is None or kept.tol is not None  # whether the gradient itself is looked at in every step

    def stay(runs: Array) -> None:
        for array, before in zip(moving, previous, strict=True):
            np.copyto(array, before, where=runs)

    seen = theta.view()  # the surface looks at theta, and cannot write to it
    seen.flags.writeable = False

    def look() -> tuple[Array, Array, Array]:
        value, slope = surface.value_and_grad(seen)
        return value, slope, norm(slope)

    row, steps, frozen = 0, kept.steps, np.zeros_like(kept.diverged)
    some = False  # whether any run is frozen
    with np.errstate(all="ignore"):
        for t in range(kept.last + 1):
            if t > 0:
                opt.advance(theta, grad, state)
                if some:
                    stay(frozen)
            keep = t == steps[row]
            if keep or exact:
                value, slope, length = look()
            squares = np.vdot(value, length) + np.vdot(theta, theta)
            if estimate is None:  # an exact gradient is finite where its length is
                grad = slope
            else:
                grad = estimate(theta)
                squares += np.vdot(grad, grad)
            if not isfinite(squares):  # which run? none, where a square overflows
                finite = np.isfinite(value) & np.isfinite(length) & np.isfinite([*theta, *grad]).all(axis=0)
                lost = ~finite & ~frozen
                kept.diverged |= lost
                frozen |= lost
                some = bool(frozen.any())
                if t > 0 and lost.any():
                    stay(lost)
                    value, slope, length = look()
            if kept.tol is not None:
                there = (length <= kept.tol) & ~frozen
                kept.stopped[there] = t
                frozen |= there
                some = bool(frozen.any())
            if some:
                grad = np.where(frozen, slope, grad)
            if keep:
                now = {"theta": theta, "grad": grad, **state}
                for name, array in kept.vectors.items():
                    array[row] = now[name]
                kept.numbers["loss"][row] = value
                kept.numbers["grad_norm"][row] = length
                row += 1
            if keep or exact:
                for array, before in zip(moving, previous, strict=True):
                    np.copyto(before, array)


def _check(what: str, surface: Any, opt: Any) -> None:
    """Raise unless these are a surface and a rule."""
    if not isinstance(surface, Surface):
        raise TypeError(
            f"surface is {brief(surface)}; give one of lib.surfaces or lib.problems, or make one of a "
            "function with @surface(window=[(-2, 2), (-2, 2)])"
        )
    if not isinstance(opt, Optimizer):
        example = "adam(lr=0.1)" if what == "opt" else "adam"
        raise TypeError(f"{what} is {brief(opt)}; give a rule of lib.optimizers or lib.dialects: {example}")


def _estimate(surface: Surface, gradient: Source | None, seed: int) -> Estimate | None:
    """What a step sees instead of the exact gradient."""
    if gradient is None:
        return None
    rng = np.random.default_rng(seed)
    if isinstance(gradient, SOURCES):
        return gradient(surface, rng)
    form = (
        "give a source, such as Minibatches(32) or Noise(0.5): a function of the surface and a random "
        "generator that returns the function θ ↦ estimate of the gradient"
    )
    said = f"the class {gradient.__name__}" if isinstance(gradient, type) else brief(gradient)
    if not callable(gradient) or isinstance(gradient, type):
        raise TypeError(f"gradient is {said}; {form}")
    try:
        inspect.signature(gradient).bind(surface, rng)
    except TypeError:
        raise TypeError(
            f"gradient is {said}, which cannot be called with a surface and a random generator; {form}. The "
            "exact gradient is a part of the surface"
        ) from None
    except ValueError:  # compiled code does not say what it takes
        pass
    made = _called(f"gradient is {said}, which", gradient, surface, rng)
    if not callable(made):
        raise TypeError(f"gradient is {said}, which returned {brief(made)}; {form}")

    def estimate(theta: Array) -> Array:
        found = _called("what gradient returned", made, theta.copy())
        numbers = reals("an estimate of the gradient", found, "one number for each coordinate of each run")
        if numbers.shape != theta.shape:
            raise ValueError(
                f"an estimate of the gradient has shape {numbers.shape}, and theta {theta.shape}; give one "
                "number for each coordinate of each run"
            )
        return numbers.astype(float)

    return estimate


def _called(what: str, function: Callable[..., Any], *given: Any) -> Any:
    """What a reader's function returns; what it raises is told as its own."""
    try:
        return function(*given)
    except (Warning, FloatingPointError):
        raise
    except Exception as error:
        raise TypeError(f"{what} raised {type(error).__name__}: {error}") from error


def _start(surface: Surface, start: ArrayLike) -> Array:
    parts = _coordinates(surface, start)
    shapes = [part.shape for part in parts]
    if len(set(shapes)) > 1:
        raise ValueError(f"start has coordinates of shapes {shapes}; for every combination use sweep")
    return _finite(np.array(parts), start)


def _finite(theta: Array, start: Any) -> Array:
    if not np.isfinite(theta).all():
        raise ValueError(f"start has a value that is not finite: {brief(start)}")
    return theta


def _coordinates(surface: Surface, start: Any) -> list[Array]:
    names = surface.coords if len(surface.coords) < 9 else (*surface.coords[:3], "…", surface.coords[-1])
    form = f"one entry per coordinate, ({', '.join(names)})"
    if isinstance(start, str | bytes | Mapping | Set):
        raise TypeError(f"start is {brief(start)}; give {form}: numbers, in this order")
    parts = list(start) if np.iterable(start) else [start]
    if len(parts) != len(surface.coords):
        raise ValueError(
            f"{surface.name} has {len(surface.coords)} coordinates, ({', '.join(names)}); "
            f"start has {len(parts)}. Give one entry per coordinate"
        )
    return [reals("start", part, f"{form}: numbers") for part in parts]


def _seeds(seed: Any) -> int | list[int]:
    """A seed, or several."""
    if isinstance(seed, str) or not np.iterable(seed):
        return whole("seed", seed, 0)
    seeds = [whole("seed", one, 0) for one in seed]
    if not all(one < 2**63 for one in seeds):
        raise ValueError(f"seed has {max(seeds)}; along an axis seeds are below 2⁶³")
    return seeds
