"""Presets: named buttons of a player, each with where it leads; checked before anything is shown."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lib.checks import brief, reals

VIEWS = ("whole", "runs", "4", "16", "64")
PLACES = ("start", "step", "view")


def read_presets(presets: Any, meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The presets as `meta` has them.

    Raises TypeError or ValueError, which name the preset, where one is not made of what the player has: its
    sweep axes between their ends, a start it can move to, one of its steps, a view of the map.
    """
    if not isinstance(presets, Mapping):
        raise TypeError(
            f"presets is {brief(presets)}; give a dict of dicts: "
            'presets={"creep": {"lr": 0.01, "start": (1, 2), "step": 20}}'
        )
    return [_preset(name, where, meta) for name, where in presets.items()]


def _preset(name: Any, where: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    said = f"the preset {brief(name)}"
    if not isinstance(name, str) or not name.strip():
        raise TypeError(f"{said} needs a name that its button can show, such as 'creep'")
    if not isinstance(where, Mapping):
        raise TypeError(f'{said} is {brief(where)}; give a dict of what it sets: {{"lr": 0.1, "step": 20}}')
    axes = {axis["name"]: axis["values"] for axis in meta["axes"]}
    if unknown := [key for key in where if key not in axes and key not in PLACES]:
        raise ValueError(
            f"{said} sets {', '.join(map(str, unknown))}; this player has {', '.join([*axes, *PLACES])}"
        )
    at = {key: _number(said, key, where[key], values) for key, values in axes.items() if key in where}
    found: dict[str, Any] = {"name": name, "at": at}
    if "start" in where:
        found["start"] = _start(said, where["start"], meta)
    if "step" in where:
        step, last = where["step"], meta["steps"][-1]
        if isinstance(step, bool) or not isinstance(step, int | np.integer) or not 0 <= step <= last:
            raise ValueError(f"{said} has the step {brief(step)}; give a whole number from 0 to {last}")
        found["step"] = int(step)
    if "view" in where:
        found["view"] = str(where["view"])
        if found["view"] not in VIEWS:
            raise ValueError(f"{said} has the view {brief(where['view'])}; give 'whole', 'runs', 4, 16 or 64")
    return found


def _number(said: str, key: str, value: Any, values: list[float]) -> float:
    number, low, high = reals(f"{key} of {said}", value, "a number"), min(values), max(values)
    if number.shape != () or not low <= number <= high:
        raise ValueError(f"{said} sets {key} to {brief(value)}; its slider goes from {low:g} to {high:g}")
    return float(number)


def _start(said: str, start: Any, meta: Mapping[str, Any]) -> list[float]:
    if not any("rule" in one for one in meta["series"]):
        raise ValueError(f"{said} has a start, but these runs play as recorded; leave it out")
    if any(axis["name"].startswith("start_") for axis in meta["axes"]):
        raise ValueError(f"{said} has a start, but this player's sliders set it: start_{meta['coords'][0]}")
    coords = meta["coords"]
    form = f"a number for each of {', '.join(coords)}"
    point = reals(f"start of {said}", start, form)
    if point.shape != (len(coords),):
        raise ValueError(f"{said} has the start {brief(start)}; give {form}")
    for coord, value, (low, high) in zip(coords, point, meta["window"], strict=False):
        if not low <= value <= high:
            raise ValueError(
                f"{said} starts at {coord} = {value:g}; the map shows {coord} from {low:g} to {high:g}"
            )
    return [float(value) for value in point]
