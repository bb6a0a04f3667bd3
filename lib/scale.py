"""Sweeps that outgrow the memory or the machine: the same Dataset, in blocks, on Dask (Rocklin 2015).

`sweep(…, chunks={"lr": 250})` returns at once, and nothing has run. What is asked of it runs in blocks of 250
values of lr, on all cores or wherever a Client of `distributed` leads:

>>> import numpy as np
>>> from lib.descend import sweep
>>> from lib.optimizers import adam
>>> from lib.surfaces import rosenbrock
>>> grid = sweep(rosenbrock, (-1.5, 2), adam, 100, lr=np.geomspace(1e-3, 1, 1000), chunks={"lr": 250})
>>> grid.loss.chunksizes["lr"]
(250, 250, 250, 250)
>>> float(grid.loss.isel(step=-1).min().compute().round(6))  # one block after another: a number is left
0.011878

`grid.compute()` is the sweep without chunks, to the last bit: a block is a sweep of its own, of some of the
values. `complete(grid, path)` writes what a store lacks, and so goes on where a run was stopped.

This module knows no rule and no surface: `sweep` hands it a function that computes a block.
"""

import json
import sys
import uuid
from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from lib.checks import Array, brief, whole

try:
    import dask
    import dask.array as da
    import zarr
    from dask.callbacks import Callback
    from distributed import Client, as_completed, default_client
except ImportError as error:
    raise ImportError(
        "a sweep in blocks, chunks=, needs Dask, distributed and zarr, which are not all installed here: "
        ".venv/bin/pip install -e '.[scale]'"
    ) from error

Part = Callable[[dict[str, slice]], xr.Dataset]


def sizes(chunks: Any, axes: Mapping[str, Array]) -> dict[str, int]:
    """How many values of each axis a block has: as `chunks` says, or all.

    >>> sizes({"lr": 250}, {"lr": np.arange(1000.0), "beta1": np.arange(3.0)})
    {'lr': 250, 'beta1': 3}
    """
    if not isinstance(chunks, Mapping):
        raise TypeError(
            f"chunks is {brief(chunks)}; give a dict, how many values of an axis a block has: "
            '{"lr": 250}, or {} for one block'
        )
    for name in chunks:
        if name not in axes:
            has = f"has {', '.join(axes)}" if axes else "has none: give a hyperparameter several values"
            raise ValueError(f"chunks has {name!r}, which is no axis of this sweep; it {has}")
    return {
        name: min(len(values), whole(f"chunks[{name!r}]", chunks.get(name, len(values)), 1))
        for name, values in axes.items()
    }


def lazy(
    name: str, block: xr.Dataset, axes: Mapping[str, Array], size: Mapping[str, int], part: Part
) -> xr.Dataset:
    """A Dataset that is computed in blocks when it is asked for.

    Parameters
    ----------
    name : what the work is called where Dask shows it
    block : of which variables, dimensions and types a block is; its values do not matter
    axes : the dimensions that are cut into blocks, after all others, with their values
    size : how many values of each of them a block has
    part : the block at these places of the axes
    """
    run = uuid.uuid4().hex
    pieces = tuple(
        tuple(min(size[axis], len(values) - i) for i in range(0, len(values), size[axis]))
        for axis, values in axes.items()
    )
    found = da.map_blocks(
        _block,
        part,
        dict(size),
        chunks=tuple((1,) * len(piece) for piece in pieces),
        dtype=object,
        meta=np.empty((0,) * len(axes), object),
        name=f"{name}-{run}",
    )
    variables = {}
    for key, variable in block.data_vars.items():
        own = variable.shape[: variable.ndim - len(axes)]
        array = da.map_blocks(
            _variable,
            found,
            key,
            chunks=(*((n,) for n in own), *pieces),
            new_axis=list(range(len(own))),
            dtype=variable.dtype,
            meta=np.empty((0,) * variable.ndim, variable.dtype),
            name=f"{key}-{run}",
        )
        variables[key] = (variable.dims, array)
    return xr.Dataset(variables, {**block.coords, **axes}, block.attrs)


def _block(part: Part, size: dict[str, int], block_id: tuple[int, ...]) -> Array:
    """All variables of a block, as the one element of an array of objects."""
    at = {axis: slice(i * n, (i + 1) * n) for (axis, n), i in zip(size.items(), block_id, strict=True)}
    made = np.empty((1,) * len(size), object)
    made[...] = {name: variable.values for name, variable in part(at).data_vars.items()}
    return made


def _variable(block: Array, name: str) -> Array:
    return block.item()[name]


def complete(grid: xr.Dataset, path: str | Path) -> xr.Dataset:
    """Compute what a zarr store lacks of a lazy Dataset, and return the Dataset that the store then holds.

    Each block is written as soon as it is there, by whoever computed it; a file of it is there whole or not
    at all. When this was stopped or killed, the same call goes on with what is missing. How far it is, and
    where it runs, is shown on stderr.

    Parameters
    ----------
    grid : what `sweep(…, chunks=…)` returns, or what was made of it: `grid[["loss"]].isel(step=-1)`
    path : a folder, which is made; with workers on other machines one that all of them see

    Raises
    ------
    TypeError
        When `grid` has nothing that is still to be computed.
    ValueError
        When the store at `path` is one of another sweep. It has been left as it was. Of a reader's own
        functions their names are compared, not what they do.

    >>> import tempfile
    >>> from lib.descend import sweep
    >>> from lib.optimizers import gd
    >>> from lib.surfaces import booth
    >>> grid = sweep(booth, (0, 0), gd, 10, lr=[0.01, 0.02, 0.03, 0.04], chunks={"lr": 2})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = complete(grid, f"{folder}/grid.zarr").load()
    >>> done.equals(grid.compute())
    True
    """
    if not isinstance(grid, xr.Dataset) or not grid.chunks:
        raise TypeError(
            f"grid is a {type(grid).__name__} with nothing to compute; give what sweep(…, chunks=…) returns"
        )
    path = Path(path).absolute()
    if not path.exists():
        begun = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
        grid.to_zarr(begun, compute=False, zarr_format=2)
        begun.rename(path)
    arrays = {str(name): variable.data for name, variable in grid.data_vars.items() if variable.chunks}
    held = _held(grid, path)
    missing = [
        _write(piece, path, name, tuple(at))
        for name, array in arrays.items()
        for index, at, piece in zip(
            np.ndindex(array.numblocks),
            da.core.slices_from_chunks(array.chunks),
            array.to_delayed(optimize_graph=False).flat,
            strict=True,
        )
        if not (path / name / held[name].metadata.encode_chunk_key(index)).exists()
    ]
    total = sum(prod(array.numblocks) for array in arrays.values())
    _work(missing, path.name, total)
    return xr.open_zarr(path)


@dask.delayed(pure=False)
def _write(piece: Array, path: Path, name: str, at: tuple[slice, ...]) -> None:
    """Write a piece, also one of zeros alone: a file that is there says that it is done."""
    zarr.open_array(path / name, mode="r+").with_config({"write_empty_chunks": True})[at] = piece


def _held(grid: xr.Dataset, path: Path) -> dict[str, Any]:
    """The arrays of a store, if it is one of this Dataset."""
    differ = f"{path} holds something else: {{}}. Give another path"
    try:
        with xr.open_zarr(path, chunks=None) as store:
            for said in {**store.attrs, **grid.attrs}:
                there, here = (json.dumps(x.attrs.get(said), default=str) for x in (store, grid))
                if there != here:
                    raise ValueError(differ.format(f"its {said} is {brief(there)}, and not {brief(here)}"))
            for name in {**store.variables, **grid.variables}:
                if name not in store.variables or name not in grid.variables:
                    where = "only there" if name in store.variables else "only in what is asked for"
                    raise ValueError(differ.format(f"{name} is {where}"))
                if store[name].sizes != grid[name].sizes:
                    raise ValueError(
                        differ.format(
                            f"its {name} has {dict(store[name].sizes)}, and not {dict(grid[name].sizes)}"
                        )
                    )
            for name in grid.coords:
                if not store[name].equals(grid[name]):
                    raise ValueError(differ.format(f"its {name} has other values"))
    except (OSError, KeyError) as error:
        raise ValueError(f"{path} is no store that complete() began ({error}). Give another path") from error
    arrays = {str(name): zarr.open_array(path / str(name), mode="r") for name in grid.data_vars}
    for name, array in arrays.items():
        chunks = tuple(map(max, grid[name].chunks or ()))
        if chunks and array.chunks != chunks:
            raise ValueError(differ.format(f"its {name} is in blocks of {array.chunks}, and not {chunks}"))
    return arrays


def _work(tasks: list[Any], what: str, total: int) -> None:
    """Do the tasks, and say how many of all are done, and where."""
    try:
        client: Client | None = default_client()
    except ValueError:
        client = None
    if client is None:
        with _Progress(tasks, total, f"{what}, on this machine"):
            dask.compute(*tasks)
        return
    workers = len(client.scheduler_info(-1)["workers"])
    where = f"{workers} workers of {client.scheduler.address}, {client.dashboard_link}"
    with _Progress(tasks, total, f"{what}, on {where}") as progress:
        for _ in as_completed(client.compute(tasks), with_results=True):  # what fails is raised here
            progress.one()


class _Progress(Callback):  # type: ignore[misc]
    """A line on stderr, written anew when another hundredth is done."""

    def __init__(self, tasks: list[Any], total: int, words: str) -> None:
        self.keys, self.total, self.words = {task.key for task in tasks}, total, words
        self.done, self.shown = total - len(tasks), -1

    def __enter__(self) -> "_Progress":
        self.show()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        print(file=sys.stderr)
        super().__exit__(*error)

    def _posttask(self, key: Any, *what: Any) -> None:
        if key in self.keys:
            self.one()

    def one(self) -> None:
        self.done += 1
        self.show()

    def show(self) -> None:
        if (now := 100 * self.done // max(self.total, 1)) != self.shown:
            self.shown = now
            print(
                f"\r{self.done} of {self.total} pieces of {self.words}", end="", file=sys.stderr, flush=True
            )
