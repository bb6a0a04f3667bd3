"""The player: a recorded run, a grid of runs or a race of several, in motion.

Python prepares the data, ``player.js`` draws them; no step is computed in JavaScript.

Wire format
-----------
Four traitlets reach the page, and with ``store_widget_state`` the saved notebook.

``meta`` (JSON), fixed when the player is made::

    title      the surface's name
    steps      numbers of the recorded steps, 0 first
    coords     names of the coordinates: one (a curve with a ball) or two (a map)
    channels   what is recorded of each point: the coordinates, "loss", "grad_norm"
    window     [[x0, x1], [y0, y1]], what the backdrop shows; y is f when there is one coordinate
    floor      the lowest known loss; the channel "loss" holds loss - floor
    log        whether the loss curve has a logarithmic axis; if not, "range" is its [low, high]
    axes       sweep axes: [{"name": "lr", "values": [...]}, ...]
    at         for each axis the position its slider opens at
    series     [{"name", "color", "dash", "marker", "axes": [positions in axes]}, ...]
    movable    whether the kernel can run all of it again from another start

``data`` (bytes): the series one after the other, each an array (*its axes, channel, step) in C
order, of 24-bit floats: the upper three bytes of a little-endian float32, rounded. That keeps
five significant digits, and a page with 21 x 11 runs of 200 steps under 1 MB. A run that left
the finite numbers is NaN from there on.

``start`` (JSON): where the runs start. ``backdrop``: the landscape, a PNG as a data URL.

The page sends ``{"hello": true}`` and shows the handle on the start once it hears the same back:
with no kernel nobody answers. ``{"start": [x, y]}`` asks for everything again from another
start; ``data`` and ``start`` change together, then ``{"start": ...}`` or ``{"error": text}``
says that it is done.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets
import xarray as xr
from matplotlib.figure import Figure

from lib import plotting
from lib.descend import descend, sweep


class Player(anywidget.AnyWidget):
    """Play what :func:`lib.descend.descend` or :func:`lib.descend.sweep` recorded.

    Parameters
    ----------
    runs : xarray.Dataset or dict of str to xarray.Dataset
        One run, one grid of runs (a slider for each sweep axis), or several by name, which then
        race in one picture; a slider moves every series that has its axis.
    at : dict of str to float, optional
        For each sweep axis the value its slider opens at, by default the middle.

    Examples
    --------
    >>> from lib.descend import descend
    >>> from lib.optimizers import gd, momentum
    >>> from lib.surfaces import ravine
    >>> race = {
    ...     "gd": descend(ravine, start=(-1, 1), opt=gd(lr=0.05), steps=50),
    ...     "momentum": descend(ravine, start=(-1, 1), opt=momentum(lr=0.05), steps=50),
    ... }
    >>> player = Player(race)
    >>> player.meta["steps"], [series["name"] for series in player.meta["series"]]
    (50, ['gd', 'momentum'])
    """

    _esm = Path(__file__).with_name("player.js")
    _css = Path(__file__).with_name("player.css")

    meta = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    start = traitlets.List().tag(sync=True)
    backdrop = traitlets.Unicode().tag(sync=True)

    def __init__(self, runs: xr.Dataset | dict[str, xr.Dataset], *, at: dict[str, float] | None = None):
        self._runs = _named(runs)
        first = next(iter(self._runs.values()))
        self._surface = first.attrs["surface"]
        meta = _describe(self._runs, at or {})
        super().__init__(
            meta=meta,
            data=encode(self._runs, meta["floor"]),
            start=_start(first),
            backdrop=_backdrop(self._surface, meta),
        )
        self.on_msg(self._receive)

    def move(self, start) -> None:
        """Run everything again from `start`, each series in one vectorized call."""
        d = len(self.meta["coords"])
        start = np.asarray(start, dtype=float)
        if start.shape != (d,) or not np.all(np.isfinite(start)):
            raise ValueError(f"start is {start.tolist()}; it must be {d} finite numbers, such as {self.start}.")
        if not self.meta["movable"]:
            raise ValueError("these runs do not say how they were made (attribute 'rule'), so they cannot start elsewhere.")
        self._runs = {name: _again(run, start) for name, run in self._runs.items()}
        with self.hold_sync():
            self.start = start.tolist()
            self.data = encode(self._runs, self.meta["floor"])

    def _receive(self, _widget, content, _buffers) -> None:
        """Answer the page."""
        if "hello" in content:
            self.send({"hello": True})
        if "start" in content:
            try:
                self.move(content["start"])
            except Exception as error:  # a reader who drags sees the message, not a silent kernel log
                self.send({"error": str(error)})
            else:
                self.send({"start": self.start})

    def shown(self) -> dict[str, xr.Dataset]:
        """The runs on screen when the player opens, one for each series."""
        at = {axis["name"]: i for axis, i in zip(self.meta["axes"], self.meta["at"], strict=True)}
        return {name: run.isel({k: i for k, i in at.items() if k in run.dims}) for name, run in self._runs.items()}

    def digest(self) -> str:
        """Eight hexadecimal digits that change when a trajectory does.

        A dozen steps of every run, rounded to 1e-4 of the window's width, are hashed. Noise in
        the last bits (1e-13 of the window) crosses a rounding boundary with a chance of about
        1e-9 a value, 1e-5 for 21 x 11 runs. A chaotic run can amplify that noise until the
        digest differs between processors; choose another learning rate for such a chapter.
        """
        steps = np.unique(np.geomspace(1, self.meta["steps"] + 1, 12).round().astype(int) - 1)
        low, high = np.array(self.meta["window"][: len(self.meta["coords"])]).T
        cell = 1.1e-4 * np.sqrt(2) * (high - low)  # irrational: round numbers lie on no boundary
        hashed = hashlib.sha256()
        for name, run in self._runs.items():
            hashed.update(f"{name} {self._surface.name} {[*map(_round, self.start)]}".encode())
            theta = _theta(run).isel(step=steps).values
            cells = theta / cell.reshape(-1, *[1] * (theta.ndim - 2))
            cells = np.nan_to_num(np.clip(cells, -1e5, 1e5), nan=2e5)
            hashed.update(np.rint(cells).astype("<i4").tobytes())
        return hashed.hexdigest()[:8]

    def still(self) -> bytes:
        """The picture without motion, a PNG: what GitHub and a printed page show."""
        figure = Figure(figsize=(8, 3.6), dpi=100, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        _draw_landscape(left, self._surface, self.meta)
        for name, run in self.shown().items():
            path = np.moveaxis(_points(run, self.meta), 1, 0)
            style = _style(name, run)
            lines = {"color": style["color"], "linestyle": style["linestyle"], "marker": style["marker"]}
            left.plot(*path[:2], **lines, markevery=[-1], label=name)
            right.plot(run["loss"] - self.meta["floor"], **lines, markevery=[-1], label=name)
        left.set(xlim=self.meta["window"][0], ylim=self.meta["window"][1], xlabel=self.meta["coords"][0])
        left.set_ylabel(self.meta["coords"][1] if len(self.meta["coords"]) == 2 else "f")
        right.set(xlabel="step", ylabel="f − f*" if self.meta["floor"] else "f", yscale="log")
        right.legend(frameon=False)
        return _png(figure)

    def text(self) -> str:
        """What the player shows, in a few rounded numbers, with the digest."""
        axes = ", ".join(f"{a['name']} ({len(a['values'])} values)" for a in self.meta["axes"])
        lines = [f"Player on {self.meta['title']}, {self.meta['steps']} steps" + (f", sliders: {axes}" if axes else "")]
        for name, run in self.shown().items():
            theta, loss = _theta(run).values, run["loss"].values
            scale = np.ptp(self.meta["window"][0])
            ends = [f"({', '.join(_round(v, scale) for v in theta[k])})" for k in (0, -1)]
            outcome = "diverged" if run["diverged"] else f"f = {_round(loss[-1], abs(loss[0]) or 1)}"
            lines.append(f"  {name}: {ends[0]} → {ends[1]}, {outcome}")
        return "\n".join([*lines, f"digest {self.digest()}"])

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and for what cannot show one: a still, a text with a digest."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = self.text()
        data["image/png"] = base64.b64encode(self.still()).decode()
        return data, metadata


# Reading what was given.


def _named(runs) -> dict[str, xr.Dataset]:
    """`runs` by name, checked, with dimensions in the order step, coord, *axes."""
    if isinstance(runs, xr.Dataset):
        runs = {getattr(runs.attrs.get("rule"), "name", "run"): runs}
    if not isinstance(runs, Mapping):
        raise TypeError(
            f"Player was given a {type(runs).__name__}; it plays a Dataset from descend or sweep, or a dict "
            'of them by name: Player({"gd": run, "adam": other})'
        )
    if not runs:
        raise ValueError('Player was given no runs; give it at least one: Player({"gd": run})')
    checked = {str(name): _checked(repr(name), run) for name, run in runs.items()}
    first = next(iter(checked.values()))
    for name, run in checked.items():
        for what in ("step", "coord"):
            if not np.array_equal(run[what], first[what]):
                ends = " and ".join(f"{r[what].values[0]}…{r[what].values[-1]}" for r in (first, run))
                raise ValueError(f"runs in one player share every {what}; the first and {name!r} have {ends}")
        here, there = run.attrs["surface"].name, first.attrs["surface"].name
        if here != there:
            raise ValueError(f"{name!r} ran on {here}, the first on {there}; make a player for each surface")
    return checked


def _checked(name: str, run) -> xr.Dataset:
    if not isinstance(run, xr.Dataset):
        raise TypeError(f"{name} is a {type(run).__name__}; each run is a Dataset from descend or sweep")
    missing = [key for key in ("theta", "loss", "grad_norm", "diverged") if key not in run]
    if missing:
        raise ValueError(f"{name} has no {', '.join(missing)}; give it as descend or sweep returned it")
    sizes = dict(run["theta"].sizes)
    if sizes.get("coord") not in (1, 2) or not sizes.get("step"):
        raise ValueError(
            f"{name} has theta of {sizes}; the player shows one or two coordinates and at least the start. "
            "For more coordinates plot the loss: run.loss.plot()"
        )
    if not hasattr(run.attrs.get("surface"), "window"):
        raise ValueError(
            f"{name} does not say what it ran on; set run.attrs['surface'] to a surface of lib.surfaces"
        )
    return run.transpose("step", "coord", ...)


def _axes(runs: dict[str, xr.Dataset]) -> dict[str, list]:
    """The sweep axes of all runs with their values, which are equal where they share a name."""
    axes: dict[str, list] = {}
    for name, run in runs.items():
        for axis in run["theta"].dims[2:]:
            values = run[axis].values.tolist()
            if axes.setdefault(str(axis), values) != values:
                raise ValueError(
                    f"{name!r} has other values of {axis} than a run before it; one slider moves all, so give "
                    "both sweeps the same values"
                )
    return axes


def _describe(runs: dict[str, xr.Dataset], at: Mapping[str, float]) -> dict:
    """What `meta` holds."""
    axes = _axes(runs)
    unknown = at.keys() - axes.keys()
    if unknown:
        raise ValueError(f"at has {', '.join(unknown)}; the sweep axes are {', '.join(axes) or 'none'}")
    opening = [
        int(np.argmin(np.abs(np.subtract(values, at[name])))) if name in at else len(values) // 2
        for name, values in axes.items()
    ]
    run = next(iter(runs.values()))
    surface, coords = run.attrs["surface"], [str(name) for name in run["coord"].values]
    points = [np.linspace(*ends, 201) for ends in surface.window]
    height = surface(np.stack(np.meshgrid(*points)))
    low, high = float(height.min()), float(height.max())
    margin = 0.05 * (high - low)
    floor = min((float(surface(point)) for point in surface.minima), default=0.0)
    floor = 0.0 if abs(floor) < 1e-9 else floor
    return {
        "title": surface.name,
        "steps": run["step"].values.tolist(),
        "coords": coords,
        "channels": [*coords, "loss", "grad_norm"],
        "window": [list(ends) for ends in (*surface.window, (low - margin, high + margin))[:2]],
        "floor": floor,
        "log": bool(surface.minima or all((run["loss"] > 0).all() for run in runs.values())),
        "range": [low - floor, high - floor],
        "axes": [{"name": name, "values": values} for name, values in axes.items()],
        "at": opening,
        "series": [_series(name, run, list(axes)) for name, run in runs.items()],
        "movable": all(_movable(run) for run in runs.values()),
    }


def _series(name: str, run: xr.Dataset, axes: list[str]) -> dict:
    style = plotting.style(name)
    return {
        "name": name,
        "color": style["color"],
        "dash": _DASHES.get(style["linestyle"]) or [2 * n for n in style["linestyle"][1]],
        "marker": style["marker"],
        "axes": [axes.index(str(axis)) for axis in run["theta"].dims[2:]],
    }


def _movable(run: xr.Dataset) -> bool:
    """Whether the run says how it was made, from one start."""
    known = all(key in run.attrs for key in ("rule", "steps", "hyperparameters", "start"))
    return known and np.shape(run.attrs["start"]) == (run.sizes["coord"],)


def _again(run: xr.Dataset, start) -> xr.Dataset:
    """The same run or grid from another start, in one vectorized call."""
    made = run.attrs
    every = int(run["step"].values[1]) if run.sizes["step"] > 1 else 1
    how = {name: run[name].values if name in run.coords else value for name, value in made["hyperparameters"].items()}
    if any(axis in how for axis in run["theta"].dims):
        again = sweep(made["surface"], start, made["rule"], made["steps"], every=every, **how)
    else:
        again = descend(made["surface"], start, made["rule"](**how), made["steps"], every=every)
    return again.sel(step=run["step"]).transpose(*run["theta"].dims, ...)


# Packing and drawing.


def encode(runs: dict[str, xr.Dataset], floor: float) -> bytes:
    """The runs as `data` carries them; the format stands at the head of this module."""
    return b"".join(_pack(_channels(run, floor)) for run in runs.values())


def _channels(run: xr.Dataset, floor: float) -> np.ndarray:
    """Everything recorded, (*runs, channel, step); NaN after the last finite point of a diverged run."""
    loss, norm = run["loss"].values - floor, run["grad_norm"].values
    values = np.concatenate([run["theta"].values, loss[:, None], norm[:, None]], axis=1)
    if run["diverged"].values.any():
        moved = np.any(np.diff(run["theta"].values, axis=0) != 0, axis=1)
        steps = np.arange(1, len(moved) + 1).reshape(-1, *[1] * (moved.ndim - 1))
        last = np.max(moved * steps, axis=0, initial=0)
        after = np.concatenate([np.zeros_like(moved[:1]), steps > last])
        values = np.where((after & run["diverged"].values)[:, None], np.nan, values)
    return np.moveaxis(values, (1, 0), (-2, -1))


def _pack(values: np.ndarray) -> bytes:
    """24-bit floats: the upper three bytes of a float32, rounded."""
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(values, dtype="<f4")
    return (single.view("<u4") + 0x80).view("u1").reshape(-1, 4)[:, 1:].tobytes()


def _backdrop(surface, window) -> str:
    """The landscape alone, edge to edge, as a data URL; the page draws the axes."""
    height = float(np.clip(np.ptp(window[1]) / np.ptp(window[0]), 0.6, 1)) if len(surface.window) == 2 else 0.7
    with plt.style.context("lib.downhill"):
        figure = Figure(figsize=(6, 6 * height), layout="none")
        axes = figure.add_axes((0, 0, 1, 1))
        plotting.landscape(surface, axes)
        axes.set(ylim=window[1])
        axes.set_axis_off()
        return "data:image/png;base64," + base64.b64encode(_png(figure)).decode()


def _png(figure: Figure) -> bytes:
    """The same bytes each time: no date, no version, whatever the notebook's settings crop."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100, bbox_inches="standard", metadata={"Software": None})
    return file.getvalue()


def _round(value: float, scale: float = 1.0) -> str:
    """Four significant digits, and none where only noise is left."""
    return f"{value:.4g}" if abs(value) > 1e-9 * scale else "0"
