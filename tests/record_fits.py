"""Record chapter 18's fits with PyTorch, Optax and Keras into lib/data/fits.npz (two minutes).

    make .venv/frameworks
    .venv/bin/python tests/record_fits.py

There is no second copy of the loops: the chapter's cells tagged frameworks are run, on the data of its second
code cell, and what they lay down in `live` is kept. In the base install the chapter reads the file.
"""

import os
import sys
from pathlib import Path

import nbformat
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["KERAS_HOME"] = os.path.join(sys.prefix, "keras")  # not the reader's
os.environ["KERAS_BACKEND"] = "jax"  # before anything imports Keras

from tools.execute import CHAPTERS, code_cells, needs_frameworks

FITS = CHAPTERS.parent / "lib" / "data" / "fits.npz"


def live() -> dict[str, np.ndarray]:
    """What the cells lay down, by name."""
    cells = list(code_cells(nbformat.read(CHAPTERS / "18_frameworks.ipynb", as_version=4)))
    space: dict[str, dict[str, np.ndarray]] = {}
    for cell in [*cells[:2], *filter(needs_frameworks, cells[2:])]:
        exec(cell.source, space)
    return space["live"]


if __name__ == "__main__":
    recorded = live()
    np.savez_compressed(FITS, **recorded)
    print(f"{FITS.name}: {len(recorded)} arrays, {FITS.stat().st_size} bytes")
