"""The playground: the rules, surfaces and schedules of the library, to be put together in the page.

Its page gets each rule's and each surface's document once (`lib.player.document`) and makes a race of those
that are chosen: ``js/playground.js`` builds what `lib.player.wire` describes, the player plays it. It is a
`Player` of the race in `OPENING`: with a still, a text and a digest as every player has.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from matplotlib.colors import to_hex
from matplotlib.pyplot import get_cmap

from lib import optimizers, plotting, surfaces
from lib.checks import ALLOWED, REQUIRED, stem
from lib.descend import descend
from lib.engine import Optimizer
from lib.player import Player, wire
from lib.player.bundle import bundle
from lib.player.document import NotTraced, family_document, rule_document
from lib.recipe import read, recipe
from lib.surfaces import Surface

STEPS = 200
TENS = [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]
FAMILIES: dict[str, tuple[Any, dict[str, float], list[float]]] = {
    "ravine(kappa={kappa})": (surfaces.ravine, {"kappa": 100.0}, TENS[2:]),
    "turned_ravine(kappa={kappa}, degrees=30)": (
        lambda kappa: surfaces.turned_ravine(kappa, 30),
        {"kappa": 100.0},
        TENS[2:],
    ),
    "quadratic({lambda1}, {lambda2})": (
        lambda lambda1, lambda2: surfaces.quadratic(lambda1, lambda2),
        {"lambda1": 1.0, "lambda2": 100.0},
        TENS,
    ),
}
"""Surfaces with arguments: how they are called, where their sliders open, and the ticks of these."""
ARGUMENTS = {"kappa": "κ", "lambda1": "λ₁", "lambda2": "λ₂"}
"""How the text writes them."""
OPENING: dict[str, Any] = {
    "surface": "beale",
    "start": [1.0, 1.5],
    "at": {"gd_lr": 0.01, "momentum_lr": 0.003, "rmsprop_lr": 0.1, "adam_lr": 0.3, "adam_beta1": 0.8},
}
RACE = ("gd", "momentum", "rmsprop", "adam")
BY_SLOPE = ("gd", "momentum", "nesterov", "schedule_free_sgd")
"""The rules whose step is as long as the gradient; the others go about one lr a step."""
TICKS = {
    "lr": [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0],
    "beta": [0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999],
    "alpha": [0.0, 0.25, 0.5, 0.75, 1.0],
    "psi": [0.0, 0.004, 0.01, 0.1],
}
TICKS["rho"] = TICKS["beta"]
SMALL = [0.0, 1e-10, 1e-8, 1e-6, 1e-4, 0.01, 1.0]
SCHEDULES = {
    "step_decay": "peak={peak}, every=50",
    "exponential": "peak={peak}, factor=0.98",
    "inverse_sqrt": "peak={peak}, warmup=10",
    "inverse_time": "peak={peak}, rate=0.05",
    "polynomial": f"peak={{peak}}, steps={STEPS}",
    "cosine": f"peak={{peak}}, steps={STEPS}",
    "warm_restarts": "peak={peak}, steps=50",
    "linear_warmup": "peak={peak}, steps=20",
    "one_cycle": "peak={peak}, rise=60, fall=140",
    "wsd": f"peak={{peak}}, steps={STEPS}, cooldown=40",
}
"""How each schedule that is a multiple of its peak is called; `join` puts others together."""


class Playground(Player):
    """Put a race together: a surface, up to four rules with all their hyperparameters, a schedule, a start.

    "Copy code" gives the Python that makes what is on screen. It needs no kernel.

    Examples
    --------
    >>> print(Playground().text().splitlines()[0])
    beale, 200 steps
    """

    _esm = bundle(main="playground.js")
    _css = "\n".join(
        Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("style.css", "playground.css")
    )

    choices = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        at, f = OPENING["at"], getattr(surfaces, OPENING["surface"])
        race = {}
        for name in RACE:
            given = {key.partition("_")[2]: value for key, value in at.items() if key.startswith(f"{name}_")}
            race[name] = descend(f, OPENING["start"], getattr(optimizers, name)(**given), STEPS)
        super().__init__(race)
        self.choices = choices()


def choices() -> dict[str, Any]:
    """What can be chosen: every rule and surface of the library that traces, every schedule of one peak."""
    light = get_cmap("bone_r")(np.linspace(0.0, 0.32, 14))
    dark = get_cmap("bone")(np.linspace(0.06, 0.30, 14))
    rules = [rule for name, rule in vars(optimizers).items() if getattr(rule, "name", None) == name]
    found = [rule for rule in rules if not rule.matrix]
    looks = plotting.styles([rule.name for rule in found])
    return {
        "steps": STEPS,
        "opening": OPENING | {"rules": list(RACE), "schedule": "constant"},
        "colors": [[to_hex(a), to_hex(b)] for a, b in zip(light, dark, strict=True)],
        "left": [rule.name for rule in rules if rule.matrix],
        "line": wire.LINE,
        "curve": wire.CURVE,
        "surfaces": _surfaces(),
        "rules": {rule.name: _rule(rule, looks[rule.name]) for rule in found},
        "schedules": {
            name: {
                "code": f"{name}({call})",
                "factors": [float(read(f"{name}({call.format(peak=1.0)})")(t)) for t in range(1, STEPS + 1)],
            }
            for name, call in SCHEDULES.items()
        },
    }


def _surfaces() -> dict[str, Any]:
    """Each surface by its name in the library."""
    found = {name: _surface(name, f) for name, f in vars(surfaces).items() if isinstance(f, Surface)}
    for code, (make, opening, ticks) in FAMILIES.items():
        document = family_document(make, opening)
        constants = {at: value for name, value in opening.items() for at in document["given"][name]}
        document["constants"] = [[at, constants.get(at, held)] for at, held in document["constants"]]
        name = code.partition("(")[0]
        made = _surface(name, make(**opening))
        found[name] = made and made | {
            "title": name,
            "code": code,
            "surface": document,
            "axes": [
                {
                    "name": argument,
                    "symbol": ARGUMENTS[argument],
                    "values": ticks,
                    "default": value,
                    "registers": document["given"][argument],
                }
                for argument, value in opening.items()
            ],
        }
    return {name: made for name, made in found.items() if made}


def _surface(name: str, f: Surface) -> dict[str, Any] | None:
    """What the page is told of a surface; nothing of one that does not trace."""
    start = [low + part * (high - low) for part, (low, high) in zip((0.08, 0.72), f.window, strict=False)]
    start = OPENING["start"] if name == OPENING["surface"] else [float(f"{x:.3g}") for x in start]
    try:
        run = descend(f, start, optimizers.gd(lr=0.0), 1)
        meta = wire.describe({"gd": run.assign_attrs(recipe(run))}, {})
    except NotTraced:
        return None
    kept = ("title", "surface", "start", "coords", "window", "aspect", "marks", "floor", "log", "range")
    return {key: meta[key] for key in kept} | {
        "code": name,
        "axes": [],
        "root": bool(f.minima),
        "rates": [float(f"{1 / _steepest(f, start):.1g}"), float(f"{0.02 * np.ptp(f.window[0]):.1g}")],
    }


def _steepest(f: Surface, start: list[float]) -> float:
    """The largest curvature at the start, from differences of the gradient; 1 at least, for a flat place."""
    h = 1e-4 * np.eye(len(start))
    rows = np.array([(f.grad(start + d) - f.grad(start - d)) / 2e-4 for d in h])
    return max(float(np.linalg.norm(rows, 2)), 1.0)


def _rule(rule: Optimizer, look: dict[str, Any]) -> dict[str, Any]:
    defaults = {
        name: (0.01 if value is REQUIRED else float(value)) for name, value in rule.hyperparameters.items()
    }
    dash = [] if look["linestyle"] == "-" else [2.0 * part for part in look["linestyle"][1]]
    return {
        "color": look["color"],
        "dash": dash,
        "marker": look["marker"],
        "documents": {str(d): rule_document(rule(**defaults), d) for d in (1, 2)},
        "slope": rule.name in BY_SLOPE,
        "axes": [
            {"of": name, "symbol": wire.symbol(name), "values": _ticks(name, value), "default": value}
            for name, value in defaults.items()
        ],
    }


def _ticks(name: str, default: float) -> list[float]:
    """The ticks of a slider, the default one of them: it goes on between two as on a line of its own."""
    lowest, below, *_ = ALLOWED[stem(name)]
    values = sorted({*TICKS.get(stem(name), SMALL), default})
    values = [value for value in values if lowest <= value < below]
    assert all(a < b for a, b in pairwise(values))
    return values
