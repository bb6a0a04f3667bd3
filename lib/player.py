"""The player: a recorded run, a grid of runs or a race of several, in motion.

Python prepares the data and ``player.js`` draws them; no step is computed in JavaScript.

Wire format
-----------
Four traitlets reach the page, and the saved notebook.

``meta`` (JSON), fixed when the player is made::

    title      the surface's name
    steps      numbers of the recorded steps, 0 first
    coords     names of the coordinates: two (a map) or one (a curve with a ball)
    channels   what is recorded of each point: the coordinates, then "loss" and "grad_norm"
    window     [[x0, x1], [y0, y1]], what the backdrop shows; with one coordinate y is f
    aspect     the backdrop's height over its width
    floor      the lowest known loss; the channel "loss" holds loss − floor
    log        whether the loss is drawn on a logarithmic axis; if not, "range" is its [low, high]
    axes       sweep axes: [{"name": "lr", "values": [...]}, ...]
    at         for each axis the position its slider opens at
    series     [{"name", "color", "dash", "marker", "axes": [positions in axes]}, ...]
    movable    whether the kernel can run all of it again from another start

``data`` (bytes): the series one after the other, each an array (*its axes, channel, step) in C order
of 24-bit floats: the upper three bytes of a little-endian float32, rounded. That keeps four significant
digits, and a page with 21 × 11 runs of 200 steps under 1 MB. A diverged run is NaN after its last point.

``start`` (JSON): where the runs start. ``backdrop``: the landscape, a PNG as a data URL.

The page sends ``{"hello": true}`` and lets the start be moved once it hears the same back: with no kernel
nobody answers. ``{"start": [x, y]}`` asks for everything again from there; ``start`` and ``data`` change
together, then ``{"start": ...}`` or ``{"error": text}`` says that it is done.
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
from numpy.typing import ArrayLike
from PIL import Image

from lib import plotting
from lib.checks import Array
from lib.descend import descend, sweep

Runs = dict[str, xr.Dataset]


class Player(anywidget.AnyWidget):
    """Play what `descend` or `sweep` recorded.

    Parameters
    ----------
    runs : Dataset, or dict of Datasets by name
        One run; a grid of runs, with a slider for each sweep axis; or several of either, which race in one
        picture. A slider moves every run that has its axis. A run looks as `plotting.style(name)` says.
    at : dict, optional
        For sweep axes the value their sliders open at, the nearest one; otherwise the middle.

    Raises
    ------
    TypeError, ValueError
        When `runs` is something else, has more than two coordinates, does not say its surface, or mixes
        surfaces, steps or the values of an axis; when `at` names no axis.

    Examples
    --------
    >>> from lib.optimizers import gd, momentum
    >>> from lib.surfaces import booth
    >>> race = {"gd": gd(lr=0.05), "momentum": momentum(lr=0.01)}
    >>> player = Player({name: descend(booth, (-8, 0), opt, steps=50) for name, opt in race.items()})
    >>> print(player.text())
    booth, 50 steps
      gd: (-8, 0) → (0.9845, 3.015), f = 0.0004781
      momentum: (-8, 0) → (1.209, 3.653), f = 3.438
    digest 727315a4
    """

    _esm = Path(__file__).with_name("player.js")
    _css = Path(__file__).with_name("player.css")

    meta = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    start: Any = traitlets.List().tag(sync=True)
    backdrop = traitlets.Unicode().tag(sync=True)

    def __init__(self, runs: xr.Dataset | Mapping[str, xr.Dataset], *, at: Mapping[str, float] | None = None):
        self._runs = _read(runs)
        first = next(iter(self._runs.values()))
        self._surface = first.attrs["surface"]
        meta = _describe(self._runs, at or {})
        super().__init__(
            meta=meta,
            data=_pack(self._runs, meta["floor"]),
            start=first["theta"].isel(step=0).values.reshape(len(meta["coords"]), -1)[:, 0].tolist(),
            backdrop=_backdrop(self._surface, meta),
        )
        self.on_msg(self._receive)

    def move(self, start: ArrayLike) -> None:
        """Run everything again from another start, each series in one vectorized call."""
        if not self.meta["movable"]:
            raise ValueError("these runs do not say how they were made from one start; make them with sweep")
        point = np.asarray(start, float)
        if point.shape != (len(self.meta["coords"]),) or not np.isfinite(point).all():
            raise ValueError(
                f"start is {start!r}; give {len(self.meta['coords'])} finite numbers, one a coordinate"
            )
        self._runs = {name: _again(run, point.tolist()) for name, run in self._runs.items()}
        with self.hold_sync():
            self.start = point.tolist()
            self.data = _pack(self._runs, self.meta["floor"])

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if "hello" in content:
            self.send({"hello": True})
        if "start" in content:
            try:
                self.move(content["start"])
                self.send({"start": self.start})
            except Exception as error:  # shown to the reader who drags; the kernel's log is not
                self.send({"error": str(error)})

    def opening(self) -> Runs:
        """The runs on screen when the player opens, one for each series."""
        at = dict(zip([axis["name"] for axis in self.meta["axes"]], self.meta["at"], strict=True))
        return {name: run.isel(at, missing_dims="ignore") for name, run in self._runs.items()}

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
            plotting.landscape(self._surface, left)
            for name, run in self.opening().items():
                plotting.path(run, left, label=name)
                style = {key: value for key, value in plotting.style(name).items() if key != "marker"}
                loss = run["loss"] - self.meta["floor"]
                right.plot(run["step"], loss.where(abs(loss) <= 100 * abs(loss[0])), label=name, **style)
            left.set(xlim=self.meta["window"][0], ylim=self.meta["window"][1])
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
        runs = {getattr(runs.attrs.get("rule"), "name", "run"): runs}
    if not isinstance(runs, Mapping):
        raise TypeError(
            f"Player was given a {type(runs).__name__}; it plays a Dataset from descend or sweep, or a dict "
            'of them by name: Player({"gd": run, "adam": other})'
        )
    if not runs:
        raise ValueError('Player was given no runs; give it at least one: Player({"gd": run})')
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
    missing = [key for key in ("theta", "loss", "grad_norm", "diverged") if key not in run]
    if missing:
        raise ValueError(f"{name} has no {', '.join(missing)}; give it as descend or sweep returned it")
    sizes = dict(run["theta"].sizes)
    if sizes.get("coord") not in (1, 2) or not sizes.get("step"):
        raise ValueError(
            f"{name} has theta of {sizes}; the player shows one or two coordinates and at least the start. "
            "With more coordinates plot the loss: run.loss.plot()"
        )
    if not hasattr(run.attrs.get("surface"), "window"):
        raise ValueError(f"{name} does not say its surface; set run.attrs['surface'], one of lib.surfaces")
    return run.transpose("step", "coord", ...)


def _describe(runs: Runs, at: Mapping[str, float]) -> dict[str, Any]:
    """What `meta` holds."""
    axes: dict[str, list[Any]] = {}
    for name, run in runs.items():
        for axis in map(str, run["theta"].dims[2:]):
            if axes.setdefault(axis, run[axis].values.tolist()) != run[axis].values.tolist():
                raise ValueError(
                    f"{name!r} has other values of {axis} than a run before it; give both the same"
                )
    if at.keys() - axes.keys():
        raise ValueError(
            f"at has {', '.join(at.keys() - axes)}; the sweep axes are {', '.join(axes) or 'none'}"
        )
    first = next(iter(runs.values()))
    surface, coords = first.attrs["surface"], [str(name) for name in first["coord"].values]
    height = surface(np.stack(np.meshgrid(*(np.linspace(low, high, 201) for low, high in surface.window))))
    low, high = float(height.min()), float(height.max())
    floor = min((float(surface(point)) for point in surface.minima), default=0.0)
    floor = 0.0 if abs(floor) < 1e-9 else floor
    curve = (low - 0.05 * (high - low), high + 0.05 * (high - low))
    window = [list(ends) for ends in (*surface.window, curve)[:2]]
    return {
        "title": surface.name,
        "steps": first["step"].values.tolist(),
        "coords": coords,
        "channels": [*coords, "loss", "grad_norm"],
        "window": window,
        "aspect": float(np.clip(np.ptp(window[1]) / np.ptp(window[0]), 0.6, 1)) if len(coords) == 2 else 0.7,
        "floor": floor,
        "log": bool(surface.minima) or all(bool((run["loss"] > 0).all()) for run in runs.values()),
        "range": [low - floor, high - floor],
        "axes": [{"name": name, "values": values} for name, values in axes.items()],
        "at": [
            int(np.abs(np.subtract(values, at[name])).argmin()) if name in at else len(values) // 2
            for name, values in axes.items()
        ],
        "series": [_series(name, run, list(axes)) for name, run in runs.items()],
        "movable": all(_movable(run) for run in runs.values()),
    }


def _series(name: str, run: xr.Dataset, axes: list[str]) -> dict[str, Any]:
    style = plotting.style(name)
    dash = [] if style["linestyle"] == "-" else [2.0 * part for part in style["linestyle"][1]]
    along = [axes.index(str(axis)) for axis in run["theta"].dims[2:]]
    return {"name": name, "color": style["color"], "dash": dash, "marker": style["marker"], "axes": along}


def _movable(run: xr.Dataset) -> bool:
    """Whether the run says how it was made, from one start."""
    if not {"rule", "steps", "hyperparameters", "start"} <= run.attrs.keys():
        return False
    return all(np.ndim(part) == 0 for part in np.atleast_1d(np.array(run.attrs["start"], dtype=object)))


def _again(run: xr.Dataset, start: list[float]) -> xr.Dataset:
    """The same run or grid from another start."""
    made = run.attrs
    hyper = {k: run[k].values if k in run.coords else value for k, value in made["hyperparameters"].items()}
    every = int(np.gcd.reduce(run["step"].values)) or 1
    if any(dim in hyper for dim in run["theta"].dims):
        again = sweep(made["surface"], start, made["rule"], made["steps"], every=every, **hyper)
    else:
        again = descend(made["surface"], start, made["rule"](**hyper), made["steps"], every=every)
    return again.sel(step=run["step"]).transpose(*run["theta"].dims, ...)


# Packing and drawing.


def _pack(runs: Runs, floor: float) -> bytes:
    """The runs as `data` carries them."""
    packed = []
    for run in runs.values():
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(_channels(run, floor), dtype="<f4")
        packed.append((single.view("<u4") + np.uint32(0x80)).view("u1").reshape(-1, 4)[:, 1:].tobytes())
    return b"".join(packed)


def _channels(run: xr.Dataset, floor: float) -> Array:
    """All that is recorded, (*runs, channel, step); NaN after the last point of a diverged run."""
    theta, loss = run["theta"].values, run["loss"].values - floor
    values = np.concatenate([theta, loss[:, None], run["grad_norm"].values[:, None]], axis=1)
    if run["diverged"].values.any():
        still = np.all(theta == theta[-1], axis=1)  # frozen from its last finite point on
        frozen = np.logical_and.accumulate(still[::-1])[::-1]
        after = np.concatenate([np.zeros_like(frozen[:1]), frozen[:-1]])
        values = np.where((after & run["diverged"].values)[:, None], np.nan, values)
    return np.moveaxis(values, (1, 0), (-2, -1))


def _backdrop(surface: Any, meta: dict[str, Any]) -> str:
    """The landscape alone, edge to edge, as a data URL; the page draws the axes."""
    with plt.style.context(["lib.downhill", {"figure.constrained_layout.use": False}]):
        figure = Figure(figsize=(6, 6 * meta["aspect"]))
        axes = figure.add_axes((0, 0, 1, 1))
        plotting.landscape(surface, axes)
        axes.set(ylim=meta["window"][1])
        axes.set_axis_off()
        picture = Image.open(io.BytesIO(_png(figure))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(64, dither=Image.Dither.NONE).save(file, "png", optimize=True)  # a third of the size
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _png(figure: Figure) -> bytes:
    """The same bytes each time: no version, no date, whatever the notebook's settings crop."""
    file = io.BytesIO()
    with plt.rc_context({"savefig.bbox": None}):
        figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
    return file.getvalue()


def _round(value: float, scale: float) -> str:
    """Four significant digits, and none where only noise is left."""
    return f"{value:.4g}" if abs(value) > 1e-9 * scale else "0"
