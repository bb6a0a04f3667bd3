"""What the player's page is sent: this module packs it, ``lib/player/js/*.js`` take it apart and draw it.

Wire format
-----------
Three traitlets reach the page, and the saved notebook.

``meta`` (JSON)::

    title      the surface's name
    surface    its document (`lib.player.document`), null where no series is computed
    start      the start the player opens with
    steps      numbers of the steps shown, 0 first
    coords     names of the coordinates: two (a map) or one (a curve with a ball)
    window     [[x0, x1], [y0, y1]], what the landscape shows; with one coordinate y is f
    aspect     the landscape's height over its width
    view       {"x", "y", "zoom"}: centre and zoom at which the map opens; zoom 1 is the whole window
    marks      {"minima": [[x, y], ...], "saddles": [...]} inside the window
    floor      the lowest known loss; the chart of the loss shows loss − floor
    log        whether on a logarithmic axis
    range      what that axis spans, [low, high]
    axes       sweep axes: [{"name": "lr", "symbol": "η", "values": [...]}, ...]; of the playground's also
               "of", the hyperparameter, and "factors", one a step, by which a schedule multiplies it; or
               "registers", those of the surface's document that hold this argument of the surface
    at         for each axis the position its slider opens at
    presets    buttons: [{"name", "at": {"lr": 0.1, ...}, "start", "step", "view"}, ...], where each leads
               (`lib.player.presets`); of the last three those that it sets
    series     one for each run or grid:
        name, color, dash, marker
        axes       positions in "axes" of its own
        rule       its rule's document, and
        given      {"lr": 0.1, ...}, a number or a list with one a step for each hyperparameter; or
        recorded   why the page cannot compute it: then ``data`` has its runs
        inner      of a recorded one the inner quantities: [{"name": "−g", "kind": "arrow" or "bar"}, ...]
        code       the Python that makes the run, with {name} for an axis's value and {0}, {1} for the start's
                   coordinates; null if unknown

A series with a rule is computed by the page, at every position of its sliders and from every start. ``data``
(bytes) has the recorded series one after the other, each an array (*its axes, channel, step) in C order of
little-endian float32. The channels are the coordinates, loss − floor, the gradient's norm, and for each inner
quantity one a coordinate. Inner quantities belong to the step about to be taken from there: m is the one that
this step will use. A diverged run is NaN after its last point.

``landscape`` (JSON): shapes from the lowest to the highest::

    {"unit": 16384, "shapes": [{"d": "M…", "fill": [light, dark], "line": [light, dark], "from": 1}, ...]}

`d` is an SVG path in units of 1/16384 of the window, y down; a shape without "fill" is only a line, one with
"from" is drawn when the zoom is at least that. The page sends nothing: it needs no kernel.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.pyplot import get_cmap

from lib import plotting
from lib.checks import Array, brief, reals, show
from lib.descend import descend
from lib.engine import Optimizer
from lib.player.document import NotTraced, rule_document, settings, surface_document
from lib.recipe import default

Runs = dict[str, xr.Dataset]
Window = list[list[float]]
UNIT = 16384
SYMBOLS = {"lr": "η", "beta": "β", "eps": "ε", "rho": "ρ", "weight_decay": "λ"}
"""How the text writes an argument, as NOTATION.md has it; digits at its end become an index."""
LINE, CURVE = ["#8595a1", "#5d7080"], ["#777777", "#a0a0a0"]


def describe(runs: Runs, at: Mapping[str, float]) -> dict[str, Any]:
    """What `meta` holds."""
    axes = _axes(runs, at)
    first = next(iter(runs.values()))
    surface, coords = first.attrs["surface"], [str(name) for name in first["coord"].values]
    places = [
        int(np.abs(np.subtract(values, at[name])).argmin()) if name in at else len(values) // 2
        for name, values in axes.items()
    ]
    chosen = dict(zip(axes, places, strict=True))
    opening = [run.isel(chosen, missing_dims="ignore") for run in runs.values()]
    window = _window(surface, opening)
    low, high = _heights(surface)
    lowest = plotting.values(surface, np.transpose(surface.minima)) if surface.minima else np.zeros(1)
    floor = float(np.min(lowest, initial=np.inf, where=np.isfinite(lowest)))
    floor = 0.0 if abs(floor) < 1e-9 or floor == np.inf else floor
    if len(coords) == 1:
        window.append([low - 0.05 * (high - low), high + 0.05 * (high - low)])
    looks = plotting.styles(runs)
    log = bool(surface.minima) or all(bool((run["loss"] > 0).all()) for run in runs.values())
    log = log and any(bool((run["loss"] > floor).any()) for run in runs.values())
    series = [_series(name, run, looks[name], list(axes)) for name, run in runs.items()]
    marks = {
        kind: [point for point in map(list, _raised(surface, points)) if _inside(point, window)]
        for kind, points in (("minima", surface.minima), ("saddles", surface.saddles))
    }
    return {
        "title": surface.name,
        "surface": surface_document(surface) if any("rule" in one for one in series) else None,
        "start": opening[0]["theta"].values[0].tolist(),
        "steps": first["step"].values.tolist(),
        "coords": coords,
        "window": window,
        "aspect": float(np.clip(np.ptp(window[1]) / np.ptp(window[0]), 0.6, 1)) if len(coords) == 2 else 0.7,
        "view": _view(window, opening, marks["minima"]),
        "marks": marks,
        "floor": floor,
        "log": log,
        "range": _span(runs, floor) if log else [low - floor, high - floor],
        "axes": [{"name": name, "symbol": symbol(name), "values": values} for name, values in axes.items()],
        "at": places,
        "series": series,
    }


def _span(runs: Runs, floor: float) -> list[float]:
    """What a logarithmic axis of the loss spans: all of it, but no more than twenty decades below the highest
    start and two above it; and one at least."""
    losses = [run["loss"].values - floor for run in runs.values()]
    start = max(float(np.max(loss[0], initial=0, where=np.isfinite(loss[0]))) for loss in losses)
    seen = np.concatenate([loss.ravel() for loss in losses])
    seen = seen[(seen > 0) & np.isfinite(seen)]
    if not seen.size:
        return [0.1, 1.0]
    high = min(float(seen.max()), 100 * (start or float(seen.max())))
    return [max(min(float(seen.min()), high / 10), 1e-20 * (start or high)), high]


def symbol(name: str) -> str:
    """A sweep axis as the text writes it: "β₁" for beta1, "x at the start" for start_x."""
    if name.startswith("start_"):
        return f"{name.removeprefix('start_')} at the start"
    stem = name.rstrip("0123456789")
    index = name.removeprefix(stem).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
    return f"{SYMBOLS[stem]}{index}" if stem in SYMBOLS else name


def _axes(runs: Runs, at: Mapping[str, float]) -> dict[str, list[Any]]:
    axes: dict[str, list[Any]] = {}
    for name, run in runs.items():
        for axis in map(str, run["theta"].dims[2:]):
            values = run[axis].values
            if axes.setdefault(axis, values.tolist()) != values.tolist():
                raise ValueError(
                    f"{name!r} has other values of {axis} than a run before it; give both the same"
                )
    if not isinstance(at, Mapping):
        raise TypeError(f'at is {brief(at)}; give a dict of the sliders\' values: at={{"lr": 0.1}}')
    if at.keys() - axes.keys():
        raise ValueError(
            f"at has {', '.join(map(str, at.keys() - axes.keys()))}; "
            f"the sweep axes are {', '.join(axes) or 'none'}"
        )
    for name, value in at.items():
        number = reals(f"at[{name!r}]", value, "the number at which its slider opens")
        if number.shape != () or not np.isfinite(number):
            raise ValueError(f"at[{name!r}] is {brief(value)}; give the number at which its slider opens")
    return axes


# What is looked at.


def _heights(surface: Any) -> tuple[float, float]:
    """The lowest and the highest value in the window; where there is one value or none, room around it."""
    axes = (np.linspace(low, high, 201) for low, high in surface.window)
    height = plotting.values(surface, np.stack(np.meshgrid(*axes)))
    seen = height[np.isfinite(height)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    return (low, high) if low < high and np.isfinite(high - low) else (low - 1 - abs(low), low + 1 + abs(low))


def _window(surface: Any, opening: list[xr.Dataset]) -> Window:
    """The surface's window, wider (to three times) where opening runs start or end near or past its edge."""
    window, paths = [], [_points([run]) for run in opening]
    ends = np.concatenate([path[:, at] for path in paths for at in (slice(1), slice(-1, None))], axis=1)
    for i, (low, high) in enumerate(surface.window):
        width, points = high - low, ends[i]
        points = points[(points >= low - width) & (points <= high + width)]
        margin = 0.05 * width
        low, high = min(low, points.min(initial=high) - margin), max(high, points.max(initial=low) + margin)
        window.append([float(low), float(high)])
    return window


def _points(runs: list[xr.Dataset]) -> Array:
    """Where the runs were, of those that diverged the start: (x, y) or, with one coordinate, (x, f)."""
    found = []
    for run in runs:
        steps = slice(0, 1) if run["diverged"] else slice(None)
        theta, loss = run["theta"].values[steps], run["loss"].values[steps]
        found.append(np.stack([*theta.T, loss][:2]))
    points = np.concatenate(found, axis=1)
    return points[:, np.isfinite(points).all(axis=0)]


def _view(window: Window, opening: list[xr.Dataset], minima: list[list[float]]) -> dict[str, float]:
    """The part of the window in which the opening runs and the minima they end near are."""
    low, high = np.array(window).T
    whole = {"x": float(low[0] + high[0]) / 2, "y": float(low[1] + high[1]) / 2, "zoom": 1.0}
    points = _points(opening)
    if not points.size or any(run["diverged"] for run in opening):
        return whole
    if minima:
        ends = [_points([run])[:, -1:] for run in opening]
        away = [np.hypot(*((np.array(minima) - end.T) / (high - low)).T) for end in ends if end.size]
        near = [minima[int(distances.argmin())] for distances in away]
        points = np.concatenate([points, np.reshape(near, (-1, 2)).T], axis=1)
    points = np.clip(points.T, low, high)
    share = float((np.ptp(points, axis=0) / (high - low)).max() * 1.3)
    if share > 0.7:
        return whole
    share = max(share, 0.2)
    half = share * (high - low) / 2
    x, y = np.clip((points.min(axis=0) + points.max(axis=0)) / 2, low + half, high - half)
    return {"x": float(x), "y": float(y), "zoom": 1 / share}


def box(meta: dict[str, Any]) -> list[tuple[float, float]]:
    """What the map shows as it opens: the ends of both axes."""
    half = [(high - low) / 2 / meta["view"]["zoom"] for low, high in meta["window"]]
    return [(meta["view"][c] - h, meta["view"][c] + h) for c, h in zip("xy", half, strict=True)]


def _raised(surface: Any, points: Any) -> list[Any]:
    """Points as the map has them: with one coordinate, f is the other."""
    if len(surface.window) > 1 or not points:
        return list(points)
    return [
        (*point, float(f))
        for point, f in zip(points, plotting.values(surface, np.transpose(points)), strict=True)
    ]


def _inside(point: Any, window: Window) -> bool:
    return all(low <= c <= high for c, (low, high) in zip(point, window, strict=True))


def landscape(surface: Any, window: Window) -> dict[str, Any]:
    """The surface as shapes: regions above each contour of `plotting.landscape`, or the curve."""
    (left, right), (bottom, top) = window

    def draw(path: Path) -> str:
        scale = np.array([UNIT / (right - left), UNIT / (bottom - top)])
        vertices = np.asarray(path.vertices)
        scaled = Path((vertices - (left, top)) * scale, path.codes)
        scaled.should_simplify, scaled.simplify_threshold = True, 1.6
        return _svg(scaled.cleaned(remove_nans=True, simplify=True))

    if len(surface.window) == 1:
        x = np.linspace(left, right, 2001)
        return {
            "unit": UNIT,
            "shapes": [{"d": draw(Path(np.stack([x, plotting.values(surface, x[None])], 1))), "line": CURVE}],
        }
    x, y = (_axis(low, high, [p[i] for p in surface.minima]) for i, (low, high) in enumerate(window))
    shown, steps = plotting.levels(surface, plotting.values(surface, np.stack(np.meshgrid(x, y))))
    light = get_cmap("bone_r")(np.linspace(0.0, 0.32, len(steps) - 1))
    dark = get_cmap("bone")(np.linspace(0.06, 0.30, len(steps) - 1))
    shapes: list[dict[str, Any]] = [
        {"d": f"M0 0H{UNIT}V{UNIT}H0Z", "fill": [to_hex(light[0]), to_hex(dark[0])]}
    ]
    axes = Figure().add_subplot()
    if surface.minima and shown.min() < shown.max():  # inside the lowest contour, seen when zoomed
        for factor in (0.1, 0.25, 0.5):
            (path,) = axes.contour(x, y, shown, [factor * steps[1]], colors="k").get_paths()
            shapes.append({"d": draw(path), "line": LINE, "from": 4})
    for step, *fill in zip(steps[1:-1], light[1:], dark[1:], strict=True):
        (path,) = axes.contourf(x, y, shown, [step, shown.max() + 1], colors="k").get_paths()
        shapes.append({"d": draw(path), "fill": [to_hex(color) for color in fill], "line": LINE})
    return {"unit": UNIT, "shapes": [shape for shape in shapes if shape["d"]]}


def _axis(low: float, high: float, centers: list[float]) -> Array:
    """An even axis, four times finer around the minima, where a map is zoomed."""
    fine = [c + (high - low) * np.linspace(-1 / 32, 1 / 32, 91) for c in centers[:4]]
    axis = np.unique(np.concatenate([np.linspace(low, high, 361), *fine]))
    return axis[(axis >= low) & (axis <= high)]


def _svg(path: Path) -> str:
    """A path of straight lines as SVG has it, in whole numbers, each relative to the one before."""
    corners, codes = np.rint(np.asarray(path.vertices)).astype(int), np.asarray(path.codes)
    parts = []
    for line in np.split(np.arange(len(codes)), np.flatnonzero(codes == Path.MOVETO)):
        line = line[codes[line] != Path.STOP]
        if len(line) < 3:
            continue
        closed = np.where((codes[line] == Path.CLOSEPOLY)[:, None], corners[line[0]], corners[line])
        steps = np.diff(closed, axis=0)
        steps = steps[steps.any(axis=1)]
        parts.append(f"M{closed[0][0]} {closed[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps))
    return "".join(parts).replace(" -", "-")


# What is told of each series.


def _series(name: str, run: xr.Dataset, look: dict[str, Any], axes: list[str]) -> dict[str, Any]:
    dash = [] if look["linestyle"] == "-" else [2.0 * part for part in look["linestyle"][1]]
    try:
        how = _computed(run)
    except NotTraced as reason:
        inner = [{"name": name, "kind": kind} for name, kind, _ in _inner(run)]
        how = {"recorded": str(reason), "inner": inner}
    return how | {
        "name": name,
        "color": look["color"],
        "dash": dash,
        "marker": look["marker"],
        "axes": [axes.index(str(axis)) for axis in run["theta"].dims[2:]],
        "code": _code(run),
    }


def _computed(run: xr.Dataset) -> dict[str, Any]:
    """What the page needs to compute a run or a grid: its rule's document, and what the rule is given."""
    made = run.attrs
    if missing := {"rule", "steps", "hyperparameters", "start"} - made.keys():
        raise NotTraced(f"it does not say its {', '.join(sorted(missing))}")
    if made.get("gradient") is not None:
        raise NotTraced("its gradients are drawn at random")
    if made.get("tol") is not None:
        raise NotTraced("it stops where its gradient is short")
    if run["step"][-1] > made["steps"]:
        raise NotTraced("it has more steps than it says")
    hyper, axes = given(run), [str(dim) for dim in run["theta"].dims[2:]]
    starts = [f"start_{name}" for name in run["coord"].values]
    if unknown := set(axes) - hyper.keys() - set(starts):
        raise NotTraced(f"{', '.join(sorted(unknown))} is no axis of a sweep")
    single = {name: np.ravel(value)[0] if name in axes else value for name, value in hyper.items()}
    if several := [name for name, value in single.items() if np.ndim(value)]:
        raise NotTraced(f"{', '.join(several)} has several values")
    opt = made["rule"](**single)
    surface_document(made["surface"])
    document = rule_document(opt, run.sizes["coord"])
    one = run.isel(dict.fromkeys(axes, 0))
    if not np.isfinite(one["theta"].values[0]).all():
        raise NotTraced("it starts outside of the finite numbers")
    again = descend(made["surface"], one["theta"].values[0], opt, int(run["step"][-1]), every=every(run))
    again = again.sel(step=[k for k in one["step"].values if k in again["step"]])
    if not all(_near(one[name], again[name]) for name in ("theta", "loss")):
        raise NotTraced("its numbers are not those of its rule and start")
    return {"rule": document, "given": settings(opt, int(run["step"][-1]))}


def _inner(run: xr.Dataset) -> list[tuple[str, str, Array]]:
    """Name, kind and values (step, coord, *runs) of what was recorded besides the path."""
    rule, found = run.attrs.get("rule"), []
    ahead = {name: _ahead(run, run[name].values) for name in getattr(rule, "slots", ()) if name in run}
    directions = {name for name in ahead if _is_direction(rule, name)}
    if "grad" in run:
        found.append(("−g", "arrow", -run["grad"].values))
    for name, values in ahead.items():
        if name in directions:
            found.append((f"−{name}", "arrow", -values))
        elif _is_square(rule, name):
            found.append((f"√{name}", "bar", np.sqrt(np.maximum(values, 0))))
        else:
            found.append((name, "bar", np.abs(values)))
    of = next((name for name in ("m", "b", "v") if name in directions), "g" if "grad" in run else None)
    if of and np.all(np.diff(run["step"].values) == 1):
        base = run["grad"].values if of == "g" else ahead[of]
        with np.errstate(all="ignore"):
            theta = run["theta"].values
            found.append((f"step/{of}", "bar", np.abs((_ahead(run, theta) - theta) / base)))
    return found


def _ahead(run: xr.Dataset, values: Array) -> Array:
    """At each recorded step the next one's values; nothing where no step follows."""
    ahead = np.concatenate([values[1:], np.full_like(values[:1], np.nan)])
    return np.where(_stopped(run)[:, None], np.nan, ahead)


def _stopped(run: xr.Dataset) -> Array:
    """Whether a run goes no further, (step, *runs): a diverged one from its last finite point on."""
    theta = run["theta"].values
    still = np.all(theta == theta[-1], axis=1)
    frozen: Array = np.logical_and.accumulate(still[::-1])[::-1]
    return frozen & run["diverged"].values


def _is_direction(rule: Any, slot: str) -> bool:
    """Whether the step goes against this slot: a mean or a sum of gradients."""
    return slot in ("m", "b") or (slot == "v" and rule.slots == ("v",) and "beta" in rule.hyperparameters)


def _is_square(rule: Any, slot: str) -> bool:
    """Whether this slot is a mean or a sum of squares."""
    return slot in ("s", "v", "v_max") or (slot == "u" and "v" in rule.slots)


def _near(one: xr.DataArray, other: xr.DataArray) -> bool:
    """Whether what is shown is what the same settings give."""
    a, b = one.values, other.values
    near = 1e-9 * np.max(np.abs(b), initial=0, where=np.isfinite(b))
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=near, equal_nan=True)


def every(run: xr.Dataset) -> int:
    """How many steps lie between two recorded ones."""
    return int(np.gcd.reduce(run["step"].values)) or 1


def given(run: xr.Dataset) -> dict[str, Any]:
    """The hyperparameters of a run or grid; of a part of a grid, the part's."""
    return {k: run[k].values if k in run.coords else v for k, v in run.attrs["hyperparameters"].items()}


def also(run: xr.Dataset) -> dict[str, Any]:
    """What else the run was made with: where its gradients came from, what was recorded."""
    made: dict[str, Any] = {"every": every(run)}
    if run.attrs.get("gradient") is not None:
        made["gradient"] = run.attrs["gradient"]
    if run.attrs.get("gradient") is not None or "seed" in run.dims:
        made["seed"] = run["seed"].values.tolist() if "seed" in run.coords else run.attrs["seed"]
    if run.attrs.get("tol") is not None:
        made["tol"] = run.attrs["tol"]
    record = [name for name in ("grad", *run.attrs["rule"].slots) if name in run]
    return made | ({"record": record} if record else {})


def _code(run: xr.Dataset) -> str | None:
    """The call that makes the run which the sliders choose."""
    if not {"rule", "steps", "hyperparameters", "start"} <= run.attrs.keys():
        return None
    rule: Optimizer = run.attrs["rule"]
    axes = [str(dim) for dim in run["theta"].dims[2:]]
    settings = []
    for name, value in given(run).items():
        if name in axes:
            settings.append(f"{name}={{{name}}}")
        elif np.ndim(value):
            return None
        elif callable(value) or value != default(rule, name):
            settings.append(f"{name}={show(value if callable(value) else float(value))}")
    names = [f"start_{name}" for name in run["coord"].values]
    point = ", ".join(f"{{{name if name in axes else i}}}" for i, name in enumerate(names))
    point = f"({point})" if len(names) > 1 else f"[{point}]"
    if set(axes) - set(given(run)) - {*names, "seed"}:
        return None
    # A reader's own source goes by its name: the text of a function says where it is in memory.
    more = {
        k: getattr(v, "__name__", None) or repr(v) for k, v in also(run).items() if k != "every" or v != 1
    }
    if "seed" in axes:
        more["seed"] = "{seed}"
    extra = "".join(f", {k}={v}" for k, v in more.items())
    steps = int(run.attrs["steps"])
    return (
        f"descend({run.attrs['surface']}, {point}, {rule.name}({', '.join(settings)}), steps={steps}{extra})"
    )


# Packing.


def pack(runs: Runs, floor: float) -> bytes:
    """The runs as `data` carries them."""
    with np.errstate(over="ignore"):
        return b"".join(_channels(run, floor).astype("<f4").tobytes() for run in runs.values())


def _channels(run: xr.Dataset, floor: float) -> Array:
    """All that is recorded, (*runs, channel, step); NaN after the last point of a diverged run."""
    theta, loss = run["theta"].values, run["loss"].values - floor
    inner = [values for _, _, values in _inner(run)]
    values = np.concatenate([theta, loss[:, None], run["grad_norm"].values[:, None], *inner], axis=1)
    if run["diverged"].values.any():
        stopped = _stopped(run)
        after = np.concatenate([np.zeros_like(stopped[:1]), stopped[:-1]])
        values = np.where(after[:, None], np.nan, values)
    return np.moveaxis(values, (1, 0), (-2, -1))
