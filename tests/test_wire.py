"""The wire format, checked from both sides: what lib/player/wire.py packs is tests/player/wire.json, which
tests/player/wire.test.js takes apart and compares with the numbers in it.

UPDATE_WIRE=1 writes the file anew. Its runs need no more than + - * / and a square root, which give the same bits
on every processor.
"""

import base64
import json
import os
from pathlib import Path

import numpy as np

from lib.descend import sweep
from lib.optimizers import gd, momentum
from lib.player import wire
from lib.surfaces import himmelblau

SAMPLE = Path(__file__).parent / "player" / "wire.json"
LR, BETA = [0.005, 0.01, 0.1], [0.5, 0.9]  # all runs with the last lr leave the finite numbers
AT = [1, 0]  # where the sliders are when the start moves


def runs(start):
    return {
        "momentum": sweep(himmelblau, start, momentum, 7, lr=LR, beta=BETA, record=["v"]),
        "gd": sweep(himmelblau, start, gd, 7, lr=LR),
    }


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


def loss_range(given):
    """All losses, but no more than ten decades below the highest start and two above it."""
    losses = np.concatenate([run.loss.values.ravel() for run in given.values()])
    start = max(run.loss[0].values.max() for run in given.values())
    return plain([losses.min().clip(1e-10 * start), losses.max().clip(max=100 * start)])


def sample():
    before, after = runs((-3, -1)), runs((1, -2))
    meta = wire.describe(before, {})
    text = {
        "meta": meta,
        "data": wire.pack(before, meta["floor"]),
        "start": [-3, -1],
        "lossRange": loss_range(before),
        "expected": [expected(before, at) for at in ([1, 0], [0, 1], [2, 1])],
        "answer": wire.pack(chosen(after, AT), meta["floor"]),
        "moved": expected(after, AT),
    }
    coded = [(key, base64.b64encode(v).decode() if isinstance(v, bytes) else v) for key, v in text.items()]
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in coded]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_page_is_tested_with_what_is_packed_here():
    text = sample()
    if os.environ.get("UPDATE_WIRE"):
        SAMPLE.write_text(text, "utf-8", newline="\n")
    assert SAMPLE.read_text("utf-8") == text, "UPDATE_WIRE=1 pytest tests/test_wire.py, then make test-player"


def test_a_slider_is_called_as_the_text_calls_it():
    """Each symbol stands in NOTATION.md, beside its argument."""
    notation = (Path(__file__).parents[1] / "NOTATION.md").read_text(encoding="utf-8")
    greek = {"η": r"\eta", "β": r"\beta", "ε": r"\epsilon", "ρ": r"\rho", "λ": r"\lambda"}
    rows = [line for line in notation.splitlines() if line.startswith("| $")]
    for argument, symbol in wire.SYMBOLS.items():
        assert any(greek[symbol] in row.split("|")[1] and f"`{argument}`" in row for row in rows), argument
    names = ("lr", "beta2", "k", "start_x", "start_x10")
    assert [wire._symbol(name) for name in names] == ["η", "β₂", "k", "x at the start", "x10 at the start"]
