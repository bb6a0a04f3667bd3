"""Draw runs and surfaces on Matplotlib Axes: Dataset in, Axes out. Nothing here computes a step.

Every method has one colour, one line style and one marker in the whole book, `style(name)`; the look of
the figures is in `downhill.mplstyle`: `plt.style.use("lib.downhill")`. Each function draws on the `ax` it
is given, or on the current one, and returns it.
"""

from collections.abc import Iterable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, to_hex, to_rgb
from matplotlib.patheffects import Normal, Stroke

from lib.checks import Array
from lib.recipe import name_of
from lib.surfaces import Surface, Window

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
DASHED, DASHDOT, DOTTED, LONG = (0, (5, 1.5)), (0, (6, 1.5, 1, 1.5)), (0, (1, 1.2)), (0, (9, 2))

STYLES: dict[str, tuple[str, Any, str]] = {
    "gd": (BLACK, "-", "o"),
    "momentum": (VERMILLION, DASHED, "s"),
    "nesterov": (ORANGE, DASHDOT, "D"),
    "adagrad": (GREEN, DOTTED, "^"),
    "rmsprop": (PURPLE, LONG, "v"),
    "rmsprop_momentum": (PURPLE, DASHED, "<"),
    "rmsprop_centered": (PURPLE, DOTTED, ">"),
    "adadelta": (SKY, DASHED, "P"),
    "adam": (BLUE, "-", "X"),
    "adamax": (SKY, "-", "<"),
    "amsgrad": (GREEN, "-", ">"),
    "adamw": (BLUE, DASHED, "d"),
    "nadam": (ORANGE, "-", "p"),
    "radam": (PURPLE, "-", "h"),
    "yogi": (GREEN, DASHED, "8"),
    "lion": (VERMILLION, "-", "*"),
    "lamb": (PURPLE, DASHDOT, "1"),
    "lookahead": (SKY, DOTTED, "2"),
    "schedule_free_sgd": (ORANGE, DOTTED, "3"),
    "schedule_free_adamw": (BLUE, DOTTED, "4"),
    "signsgd": (BLACK, DOTTED, "+"),
    "muon": (VERMILLION, DASHDOT, "H"),
    "shampoo": (GREEN, LONG, "x"),
    "soap": (BLUE, LONG, "v"),
}
"""Colour (Okabe & Ito 2008), line style and marker of each method."""

SPARE = [(color, line, "o") for line in (DASHED, DASHDOT, "-") for color in (BLUE, VERMILLION, GREEN, PURPLE)]

AGAIN = [(DASHED, "s", 0.38), (DOTTED, "^", -0.4), (LONG, "D", 0.6), (DASHDOT, "v", 0.25),
         ("-", "P", 0.5), (DASHED, "X", -0.25), (DOTTED, "h", 0.3)]  # fmt: skip
"""Line style, marker and shade (towards white, or black) of a method's second run in a picture, third, …"""

HALO = [Stroke(linewidth=3.4, foreground="white", alpha=0.7), Normal()]


def style(name: str) -> dict[str, Any]:
    """Colour, line style and marker of a method, the same in the whole book.

    A name that begins with a method's, such as "adam, tuned", has the method's style. Any other name gets
    one of a few spare styles, the same each time.

    >>> style("adam")
    {'color': '#0072B2', 'linestyle': '-', 'marker': 'X'}
    """
    spare = SPARE[sum(name.encode()) % len(SPARE)]
    return dict(zip(("color", "linestyle", "marker"), STYLES.get(_method(name), spare), strict=True))


def styles(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The styles of what is drawn in one picture: those of `style`, but no two of them alike.

    The first run of a method looks as everywhere. Another run of it, such as "gd, 0.2" after "gd, 0.1", has
    its colour in another shade and another line style and marker.

    >>> {name: look["color"] for name, look in styles(["adam, 0.1", "adam, 0.2", "gd"]).items()}
    {'adam, 0.1': '#0072B2', 'adam, 0.2': '#61a8cf', 'gd': '#000000'}
    """
    found: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys(names):
        look, turn = style(name), 0
        first = look["color"]
        while look in found.values():
            turn += 1
            line, marker, shade = AGAIN[(turn - 1) % len(AGAIN)]
            color = np.array(to_rgb(first))
            toward = float(color.mean() < (0.6 if shade > 0 else 0.1))  # never past black or white
            mixed = (1 - abs(shade)) * color + abs(shade) * toward
            look = {"color": to_hex(tuple(mixed)), "linestyle": line, "marker": marker}
            if turn > len(AGAIN):  # more runs of one method than looks
                break
        found[name] = look
    return found


def _method(name: str) -> str:
    return name.split(",")[0].split("(")[0].strip()


def values(surface: Surface, points: Array) -> Array:
    """The surface's values, NaN where it has none: nobody is warned of what is only looked at."""
    with np.errstate(all="ignore"):
        found = surface(points)
    return np.where(np.isfinite(found), found, np.nan)


def heights(surface: Surface, window: Window, points: int = 241) -> tuple[Array, Array, Array]:
    """Two axes of `points` numbers and the surface's values on their grid, of shape (y, x)."""
    x, y = (np.linspace(low, high, points) for low, high in window)
    return x, y, values(surface, np.stack(np.meshgrid(x, y)))


def levels(surface: Surface, values: Array, count: int = 15) -> tuple[Array, Array]:
    """What contours are drawn of, and at which of its values: the heights' fourth root, or the heights.

    Where there is no height, nothing is drawn; what is the same everywhere is drawn as halfway up.
    """
    seen = np.ma.masked_invalid(values)
    if seen.mask.all() or seen.min() == seen.max():
        return np.full_like(values, 0.5), np.linspace(0, 1, count)
    shown = (seen - seen.min()) ** (0.25 if surface.minima else 1.0)
    return (shown if seen.mask.any() else shown.data), np.linspace(0, float(shown.max()), count)


def landscape(surface: Surface, ax: Axes | None = None, window: Window | None = None) -> Axes:
    """Draw a surface as a map: contours, denser towards its lowest point, minima and saddles marked.

    A surface of one coordinate is drawn as its curve. `window` looks at another part than the surface's
    own. Light is low, dark is high. Contours are equally spaced in the fourth root of the height, which
    shows the floor of a valley and its walls at once; where there is no minimum, in the height itself.

    Raises
    ------
    ValueError
        When the surface has more than two coordinates.
    """
    ax = ax or plt.gca()
    window = window or surface.window
    if len(window) == 1:
        x = np.linspace(*window[0], 481)
        ax.plot(x, values(surface, x[np.newaxis]), color="#888888", linewidth=1.5, zorder=1)
        ax.set(xlim=window[0], xlabel=surface.coords[0], ylabel="f")
        return ax
    if len(window) != 2:
        raise ValueError(f"{surface.name} has {len(window)} coordinates; a map shows one or two")
    x, y, height = heights(surface, window)
    shown, steps = levels(surface, height)
    colors = plt.get_cmap("bone_r")(np.linspace(0.0, 0.32, len(steps) - 1))
    ax.contourf(x, y, shown, steps, colors=colors, zorder=0)
    ax.contour(x, y, shown, steps[1:-1], colors="#8595a1", linewidths=0.6, linestyles="-", zorder=0)
    for points, marker in ((surface.minima, "*"), (surface.saddles, "x")):
        inside = [p for p in points if all(lo <= c <= hi for c, (lo, hi) in zip(p, window, strict=True))]
        if inside:
            look = {"s": 130, "edgecolors": "white"} if marker == "*" else {"s": 45}
            px, py = zip(*inside, strict=True)
            ax.scatter(px, py, c="#222222", marker=marker, zorder=3, **look)
    ax.set(xlim=window[0], ylim=window[1], xlabel=surface.coords[0], ylabel=surface.coords[1])
    return ax


def path(run: xr.Dataset, ax: Axes | None = None, label: str | None = None, **changes: Any) -> Axes:
    """Draw the iterates of one run over a landscape, in its method's style.

    `label` names the run in a legend (its rule's name otherwise); `changes` go to `Axes.plot`. The markers
    stand on the first iterates, up to 40 of them, and the last.

    Raises
    ------
    ValueError
        When `run` has dimensions besides step and coord: choose one run with `.sel` or `.isel`.
    """
    ax = ax or plt.gca()
    others = [str(dim) for dim in run.theta.dims if dim not in ("step", "coord")]
    if others:
        raise ValueError(f"a path is one run; this has {', '.join(others)}. Choose with .sel or .isel")
    rule = name_of(run.attrs.get("rule", "run"))
    label = rule if label is None else label
    points = run.theta.transpose("coord", "step").values
    if len(points) == 1:
        points = np.stack([points[0], run.loss.values])
    last = points.shape[1] - 1
    look = style(label if _method(label) in STYLES else rule)
    marks = {"markersize": 3.5, "markevery": sorted({*range(min(last, 40)), last})}
    ax.plot(*points, label=label, path_effects=HALO, **{"zorder": 2, **look, **marks, **changes})
    return ax


def losses(
    runs: dict[str, xr.Dataset], ax: Axes | None = None, above: float = 0.0, bold: str | None = None
) -> Axes:
    """Draw the loss of several runs against the step, on a logarithmic scale; over seeds, their mean.

    `above` is subtracted: the lowest value of f, where it is not 0. Values that reach it are left out. `bold`
    names the run that is spoken of.
    """
    ax = ax or plt.gca()
    looks = styles(runs)
    for name, run in runs.items():
        loss = run.loss.mean("seed") if "seed" in run.loss.dims else run.loss
        excess = loss - above
        look = {key: value for key, value in looks[name].items() if key != "marker"}
        if name == bold:
            look["linewidth"] = 3
        ax.plot(run.step, excess.where(excess > 0), label=name, **look)
    ax.set(yscale="log", xlabel="step", ylabel="f − minimum" if above else "f")
    ax.legend()
    return ax


def heatmap(values: xr.DataArray, ax: Axes | None = None, label: str = "f", best: bool = True) -> Axes:
    """Draw a two-dimensional grid of results, such as the last loss over lr and beta1.

    The first dimension runs along x, the second along y; a dimension is drawn logarithmically when its
    values span more than a factor of 20. Colours are logarithmic. Runs without a value (diverged ones,
    masked by `.where`) are hatched; a ring marks the lowest value when `best` is true.

    Raises
    ------
    ValueError
        When `values` has not exactly two dimensions.
    """
    ax = ax or plt.gca()
    if values.ndim != 2:
        raise ValueError(f"a heat map has two dimensions; these values have {values.dims}")
    across, up = (values[dim] for dim in values.dims)
    finite = values.where(np.isfinite(values))
    positive = finite.values[finite.values > 0]
    norm = LogNorm(*np.quantile(positive, (0.01, 0.99))) if positive.size else LogNorm(1, 10)
    shown = finite.clip(min=positive.min() if positive.size else 1)  # 0 has the lowest colour
    ax.set_facecolor("#dddddd")
    edges = []
    for axis, scale in ((across, ax.set_xscale), (up, ax.set_yscale)):
        log = float(axis.min()) > 0 and float(axis.max() / axis.min()) > 20
        scale("log" if log else "linear")
        edges.append(_edges(axis.values, log))
    mesh = ax.pcolormesh(*edges, shown.T, norm=norm, cmap="cividis")
    ax.patch.set(hatch="///", edgecolor="white")
    if best and finite.notnull().any():
        where = finite.argmin(...)
        spot = [float(values[dim][int(index)]) for dim, index in where.items()]
        ring: dict[str, Any] = {"markersize": 11, "markerfacecolor": "none", "markeredgecolor": VERMILLION}
        ax.plot(*spot, "o", markeredgewidth=2, **ring)
    ax.set(xlabel=str(values.dims[0]), ylabel=str(values.dims[1]))
    plt.colorbar(mesh, ax=ax, label=label, extend="both")
    return ax


def _edges(centers: Array, log: bool) -> Array:
    """Where the cells around these values end: halfway between them, as the axis counts."""
    x = np.log(centers) if log else centers
    half = np.diff(x) / 2 if len(x) > 1 else np.array([0.5])
    edges = np.concatenate([[x[0] - half[0]], x[:-1] + half[: len(x) - 1], [x[-1] + half[-1]]])
    return np.exp(edges) if log else edges


def relief(surface: Surface, ax: Any, window: Window | None = None, points: int = 61) -> Axes:
    """Draw a surface of two coordinates as a relief; `ax` is made with `projection="3d"`."""
    x, y, height = heights(surface, window or surface.window, points)
    ax.plot_surface(*np.meshgrid(x, y), height, cmap="cividis", linewidth=0, rcount=points, ccount=points)
    ax.set(xlabel=surface.coords[0], ylabel=surface.coords[1], zlabel="f")
    return ax
