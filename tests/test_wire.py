"""The wire format, checked from both sides: what lib/player/wire.py packs is tests/player/wire.json, which
tests/player/wire.test.js takes apart and compares with the numbers in it.

UPDATE_WIRE=1 writes the file anew. Its runs need no more than + - * / and a square root, which give the same bits
on every processor.
"""

import base64
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from lib.descend import sweep
from lib.optimizers import gd, momentum
from lib.player import wire
from lib.problems import Noise
from lib.recipe import recipe
from lib.surfaces import himmelblau

SAMPLE = Path(__file__).parent / "player" / "wire.json"
LR, BETA = [0.005, 0.01, 0.12], [0.5, 0.9]  # all runs with the last lr leave 32 and 64 bits in one step
START = (-3, -1)


def runs(**how):
    """The runs as a player reads them: with their recipes."""
    made = {
        "momentum": sweep(himmelblau, START, momentum, 7, lr=LR, beta=BETA, record=["v"], **how),
        "gd": sweep(himmelblau, START, gd, 7, lr=LR, **how),
    }
    return {name: run.assign_attrs(recipe(run)) for name, run in made.items()}


def chosen(given, at):
    """Of each series the run for the sliders' positions."""
    places = dict(zip(("lr", "beta"), at, strict=True))
    return {name: run.isel(places, missing_dims="ignore") for name, run in given.items()}


def plain(values):
    """Decimal numbers as JSON has them, nine digits each; None where there is none."""
    if np.ndim(values):
        return [plain(value) for value in values]
    return float(f"{values:.9g}") if np.isfinite(values) else None


def expected(given, at):
    """What the page must find at the sliders' positions, from the Datasets: of each series the run's last
    step, its numbers up to there, and what is recorded of the steps between."""
    found = {}
    for name, run in chosen(given, at).items():
        frozen = (run.theta == run.theta[-1]).all("coord").values
        last = int(frozen.argmax()) if run.diverged else len(run.step) - 1
        until = run.isel(step=slice(last + 1))
        found[name] = {"last": last, "diverged": bool(run.diverged)}
        found[name] |= {key: plain(until[key].values.T) for key in ("theta", "loss", "grad_norm")}
        if "v" in run:
            used = run.v.values[1 : last + 1].T  # the step θ ← θ − lr·v to the recorded step k uses its v
            found[name]["inner"] = {"−v": plain(-used), "step/v": plain(np.full_like(used, run.lr))}
    return {"at": at, "runs": found}


def sample():
    """The same runs computed by the page, and recorded: as gradients are that are drawn at random, here with no noise."""
    computed, recorded = runs(), runs(gradient=Noise(0.0))
    meta = wire.describe(recorded, {})
    text = {
        "meta": meta,
        "computed": wire.describe(computed, {}),
        "data": wire.pack(recorded, meta["floor"]),
        "expected": [expected(computed, at) for at in ([1, 0], [0, 1], [2, 1])],
    }
    coded = [(key, base64.b64encode(v).decode() if isinstance(v, bytes) else v) for key, v in text.items()]
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in coded]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_page_is_tested_with_what_is_packed_here():
    text = sample()
    if os.environ.get("UPDATE_WIRE"):
        SAMPLE.write_text(text, "utf-8", newline="\n")
    assert SAMPLE.read_text("utf-8") == text, "UPDATE_WIRE=1 pytest tests/test_wire.py, then make test-player"


def test_a_series_is_computed_or_says_why_not():
    computed = wire.describe(runs(), {})
    assert all("rule" in one and "recorded" not in one for one in computed["series"]) and computed["surface"]
    recorded = wire.describe(runs(gradient=Noise(0.0)), {})
    assert [one["recorded"] for one in recorded["series"]] == ["its gradients are drawn at random"] * 2
    assert recorded["surface"] is None


def test_the_line_of_a_run_names_its_source_and_no_place_in_memory():
    def exact(surface, rng):
        return surface.grad

    lines = [
        one["code"] for how in (exact, Noise(0.5)) for one in wire.describe(runs(gradient=how), {})["series"]
    ]
    assert [re.search(r"gradient=(.*?), seed", line)[1] for line in lines] == ["exact"] * 2 + [
        "Noise(sigma=0.5)"
    ] * 2


@pytest.mark.parametrize(
    ("losses", "span"),
    [
        ([[8, 1e-3], [0, 600]], [1e-3, 600]),
        ([[8, np.inf], [np.nan, 1e-30]], [8e-20, 8]),
        ([[8, 1e30], [8, 4]], [4, 800]),
        ([[0.008, 0.004], [0.008, 0.002]], [0.0008, 0.008]),
        ([[0, 0], [np.nan, -1]], [0.1, 1]),
    ],
    ids=[
        "what is positive and finite",
        "twenty decades below the start",
        "two above it",
        "one at least",
        "none",
    ],
)
def test_the_loss_axis_spans(losses, span):
    run = xr.Dataset({"loss": (("step", "run"), np.transpose(losses))})
    np.testing.assert_allclose(wire._span({"gd": run}, 0.0), span)


def test_a_slider_is_called_as_the_text_calls_it():
    """Each symbol stands in NOTATION.md, beside its argument."""
    notation = (Path(__file__).parents[1] / "NOTATION.md").read_text(encoding="utf-8")
    greek = {"η": r"\eta", "β": r"\beta", "ε": r"\epsilon", "ρ": r"\rho", "λ": r"\lambda"}
    rows = [line for line in notation.splitlines() if line.startswith("| $")]
    for argument, symbol in wire.SYMBOLS.items():
        assert any(greek[symbol] in row.split("|")[1] and f"`{argument}`" in row for row in rows), argument
    names = ("lr", "beta2", "k", "start_x", "start_x10")
    assert [wire.symbol(name) for name in names] == ["η", "β₂", "k", "x at the start", "x10 at the start"]
