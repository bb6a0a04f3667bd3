"""The player: a recorded run, a grid of runs or a race of several, in motion.

The page computes: `lib.player.document` writes down what rule and surface do, and the modules in ``js/``
carry that list out and draw; no step is written in JavaScript. `lib.player.wire` packs what the page is sent;
its modules it gets as one text, which `lib.player.bundle` puts together.
"""

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
import xarray as xr
from matplotlib.figure import Figure

from lib import plotting
from lib.checks import brief
from lib.player import wire
from lib.player.bundle import bundle
from lib.player.presets import read_presets
from lib.player.wire import Runs
from lib.recipe import name_of, recipe
from lib.surfaces import Surface

PATH = ["theta", "loss", "grad_norm", "diverged"]


class Player(anywidget.AnyWidget):
    """Play what `descend` or `sweep` recorded.

    Parameters
    ----------
    runs : Dataset, or dict of Datasets by name
        One run; a grid of runs, with a slider for each sweep axis; or several of either, which race in one
        picture. A slider moves every run that has its axis. A run looks as `plotting.style(name)` says.
    at : dict, optional
        For sweep axes the value their sliders open at, the nearest one; otherwise the middle.
    presets : dict of dicts, optional
        Buttons by their names, each with where it leads: sliders by their axes' names, "start" (a number for
        each coordinate), "step" and "view" ("whole", "runs", 4, 16 or 64); what it does not say stays.
    inner : bool
        Whether to take what the runs recorded besides their path (`record=["grad", "m", "v"]`): shown as
        arrows and bars, and as many numbers more in the page.

    Raises
    ------
    TypeError, ValueError
        When `runs` is something else, has more than two coordinates, does not say its surface, holds a mean
        or a mask instead of runs, or mixes surfaces, steps or the values of an axis; when `at` names no axis
        or gives no number; when a preset leads to what the player does not have.

    Examples
    --------
    >>> from lib.descend import descend
    >>> from lib.optimizers import gd, momentum
    >>> from lib.surfaces import booth
    >>> race = {"gd": gd(lr=0.05), "momentum": momentum(lr=0.01)}
    >>> player = Player({name: descend(booth, (-8, 0), opt, steps=50) for name, opt in race.items()})
    >>> print(player.text())
    booth, 50 steps
      gd: (-8, 0) → (0.9845, 3.015), f = 0.0004781
      momentum: (-8, 0) → (1.209, 3.653), f = 3.438
    digest 727315a4

    >>> far = {"from afar": {"start": (9, 9), "step": 0}, "the end": {"step": 50, "view": "whole"}}
    >>> Player(descend(booth, (-8, 0), gd(lr=0.05), steps=50), presets=far).meta["presets"][0]
    {'name': 'from afar', 'at': {}, 'start': [9.0, 9.0], 'step': 0}
    """

    _esm = bundle()
    _css: str | Path = Path(__file__).with_name("style.css")

    meta = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    landscape = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        runs: xr.Dataset | Mapping[str, xr.Dataset],
        *others: Any,
        at: Mapping[str, float] | None = None,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        inner: bool = True,
    ):
        if others:
            raise TypeError(
                'Player was given several runs; give a dict of them: Player({"gd": run, "adam": other})'
            )
        self._runs = _read(runs)
        if not inner:
            self._runs = {name: run[PATH] for name, run in self._runs.items()}
        self._surface = next(iter(self._runs.values())).attrs["surface"]
        meta = wire.describe(self._runs, {} if at is None else at)
        meta["presets"] = read_presets({} if presets is None else presets, meta)
        recorded = {one["name"]: self._runs[one["name"]] for one in meta["series"] if "recorded" in one}
        super().__init__(
            meta=meta,
            landscape=wire.landscape(self._surface, meta["window"]),
            data=wire.pack(recorded, meta["floor"]),
        )

    def opening(self) -> Runs:
        """The runs on screen when the player opens, one for each series."""
        places = dict(zip([axis["name"] for axis in self.meta["axes"]], self.meta["at"], strict=True))
        return {name: run.isel(places, missing_dims="ignore") for name, run in self._runs.items()}

    def digest(self) -> str:
        """Eight hexadecimal digits that change when a trajectory does.

        A dozen steps of every run, rounded to 1.6e-4 of the window's width, are hashed. Noise in the last
        bits (1e-13 of the window) crosses a rounding boundary with a chance of 1e-9 a value, 1e-5 for a grid
        of 21 × 11 runs. A chaotic run amplifies such noise until its digest differs between processors.
        """
        steps = np.unique(np.geomspace(1, len(self.meta["steps"]), 12).round().astype(int) - 1)
        width = np.ptp(self._surface.window, axis=1)
        hashed = hashlib.sha256(repr((list(self._runs), self.meta["title"], self.meta["steps"][-1])).encode())
        for run in self._runs.values():
            theta = run["theta"].isel(step=steps).values
            cells = theta / (1.1e-4 * np.sqrt(2) * width.reshape(-1, *[1] * (theta.ndim - 2)))
            # An irrational cell keeps round numbers off its edges; ten windows away, only that is told.
            cells = np.nan_to_num(cells, nan=np.inf).clip(-6e4, 6e4)
            hashed.update(np.rint(cells).astype("<i4").tobytes())
        return hashed.hexdigest()[:8]

    def text(self) -> str:
        """What the player shows as it opens, in a few rounded numbers, and the digest."""
        axes = "".join(f", {axis['name']} ({len(axis['values'])} values)" for axis in self.meta["axes"])
        lines = [f"{self.meta['title']}, {self.meta['steps'][-1]} steps{axes}"]
        for name, run in self.opening().items():
            ends = run["theta"].isel(step=[0, -1]).values
            first, last = (", ".join(_round(x, np.ptp(self.meta["window"][0])) for x in end) for end in ends)
            loss = run["loss"].values
            outcome = "diverged" if run["diverged"] else f"f = {_round(loss[-1], abs(loss[0]))}"
            lines.append(f"  {name}: ({first}) → ({last}), {outcome}")
        return "\n".join([*lines, f"digest {self.digest()}"])

    def still(self) -> bytes:
        """The picture without motion, a PNG: what GitHub and a printed page show."""
        with plt.style.context("lib.downhill"):
            figure = Figure(figsize=(8.4, 3.8))
            left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
            looks, (across, up) = plotting.styles(self._runs), wire.box(self.meta)
            flat = len(self.meta["coords"]) == 1
            plotting.landscape(self._surface, left, (across,) if flat else (across, up))
            for name, run in self.opening().items():
                plotting.path(run, left, label=name, **looks[name])
                style = {key: value for key, value in looks[name].items() if key != "marker"}
                loss = run["loss"].where(np.isfinite(run["loss"])) - self.meta["floor"]
                right.plot(run["step"], loss.where(loss <= 100 * abs(loss[0])), label=name, **style)
            left.set(xlim=across, ylim=up)
            right.set(xlabel="step", ylabel="f − minimum" if self.meta["floor"] else "f")
            right.set(yscale="log") if self.meta["log"] else right.set(ylim=self.meta["range"])
            right.legend()
            return _png(figure)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget; for what shows none a still, and for what compares a text with the digest."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        still = base64.b64encode(self.still()).decode()
        return {**data, "text/plain": self.text(), "image/png": still}, metadata


# Reading what was given.


def _read(runs: Any) -> Runs:
    """`runs` by name, checked, with dimensions in the order step, coord, *axes."""
    if isinstance(runs, xr.Dataset):
        runs = {name_of(runs.attrs.get("rule", "run")): runs}
    if not isinstance(runs, Mapping):
        raise TypeError(
            f"Player was given a {type(runs).__name__}; it plays a Dataset from descend or sweep, or a dict "
            'of them by name: Player({"gd": run, "adam": other})'
        )
    if not runs:
        raise ValueError('Player was given no runs; give it at least one: Player({"gd": run})')
    for name in map(str, runs):
        if not name or name.startswith("_"):
            raise ValueError(f"a run is called {name!r}; a legend leaves that out, give it another name")
    read = {str(name): _check(repr(name), run) for name, run in runs.items()}
    first, *others = read.values()
    for run in others:
        for what in ("step", "coord"):
            if not np.array_equal(run[what], first[what]):
                given = " and ".join(f"{r[what].values[0]} … {r[what].values[-1]}" for r in (first, run))
                raise ValueError(f"runs in one player have each {what} in common; these have {given}")
        names = [r.attrs["surface"].name for r in (first, run)]
        if names[0] != names[1]:
            raise ValueError(f"runs in one player share the surface; these ran on {' and '.join(names)}")
    return read


def _check(name: str, run: Any) -> xr.Dataset:
    if not isinstance(run, xr.Dataset):
        raise TypeError(f"{name} is a {type(run).__name__}; give a Dataset from descend or sweep")
    missing = [key for key in (*PATH, "step", "coord") if key not in run.variables]
    if missing:
        raise ValueError(f"{name} has no {', '.join(missing)}; give it as descend or sweep returned it")
    for key in PATH:
        if run[key].dtype.kind not in "fiub":
            raise TypeError(
                f"{name} has {key} of dtype {run[key].dtype}; give real numbers, as descend or sweep "
                "returned them"
            )
    sizes = dict(run["theta"].sizes)
    if sizes.get("coord") not in (1, 2) or not sizes.get("step"):
        raise ValueError(
            f"{name} has theta of {sizes}; the player shows one or two coordinates and at least the start. "
            "With more coordinates plot the loss: run.loss.plot()"
        )
    for axis in run["theta"].dims:
        values = run[axis].values
        if axis != "coord" and (values.dtype.kind not in "fiu" or not np.isfinite(values).all()):
            raise ValueError(
                f"{name} has the axis {axis} with the values {brief(values.tolist())}; a slider needs the "
                'numbers of a sweep. Runs with names race: Player({"gd": run, "adam": other})'
            )
    made = recipe(run)
    surface: Any = made.get("surface")
    if not isinstance(surface, Surface):
        said = f"; {brief(run.attrs['surface'])} is not one of lib's" if "surface" in run.attrs else ""
        raise ValueError(
            f"{name} does not say its surface{said}; set run.attrs['surface'], one of lib.surfaces or yours"
        )
    if not surface.window:
        raise ValueError(
            f"{name} is of {surface.name}, which has no window to look at; plot the loss: run.loss.plot()"
        )
    run = _in_order(name, run, surface).transpose("step", "coord", ...)
    _check_numbers(name, run, surface)
    return run.assign(diverged=run["diverged"].astype(bool)).drop_attrs(deep=False).assign_attrs(made)


def _in_order(name: str, run: xr.Dataset, surface: Surface) -> xr.Dataset:
    """The run with its steps counted up, in whole numbers, and its coordinates as the surface takes them."""
    step = run["step"].values
    if (step != np.floor(step)).any() or len(set(step.tolist())) < len(step):
        raise ValueError(
            f"{name} has the steps {brief(step.tolist())}; each is a whole number, and there once"
        )
    run = run.assign_coords(step=step.astype(int)).sortby("step")
    coords = [str(coord) for coord in run["coord"].values]
    if sorted(coords) != sorted(surface.coords):
        raise ValueError(
            f"{name} has the coordinates {', '.join(coords)}, {surface.name} {', '.join(surface.coords)}; "
            "give it as descend or sweep returned it"
        )
    return run.isel(coord=[coords.index(coord) for coord in surface.coords])


def _check_numbers(name: str, run: xr.Dataset, surface: Surface) -> None:
    """Raise unless the numbers are those of runs down the surface."""
    theta, loss, lost = run["theta"].values, run["loss"].values, run["diverged"].values
    if not theta.size:
        raise ValueError(f"{name} has no runs: theta has the sizes {dict(run['theta'].sizes)}")
    whole = np.isfinite(theta).all() and np.isin(lost, (0, 1)).all()
    if whole:
        with np.errstate(all="ignore"):
            value = surface(np.moveaxis(theta, 1, 0).astype(float))
            off = np.abs(value - loss) > 1e-4 * np.maximum(np.abs(loss), np.abs(loss[0]))  # float32 is near
        whole = not (off & np.isfinite(value) & np.isfinite(loss)).any()
    if not whole:
        raise ValueError(
            f"{name} does not hold runs down {surface.name}: its loss is not the value at theta in every "
            "step, or numbers are missing. Of a mean or a mask choose the runs instead: grid.sel(lr=0.1)"
        )


# Drawing.


def _png(figure: Figure) -> bytes:
    """The same bytes each time: no version, no date, whatever the notebook's settings crop."""
    file = io.BytesIO()
    with plt.rc_context({"savefig.bbox": None}):
        figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    return file.getvalue()


def _round(value: float, scale: float) -> str:
    """Four significant digits, and none where only noise is left."""
    return f"{value:.4g}" if abs(value) > 1e-9 * scale else "0"
