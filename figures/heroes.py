"""The hero figure of each chapter, drawn by the cell of the chapter that is tagged "hero".

The chapter is the one source: its code cells run, from the first to the hero's. Writes NN_hero.svg
and NN_hero.png; the alternative text, which is the cell's metadata `alt`, goes into both.
"""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import matplotlib.pyplot as plt
import nbformat

from lib.plotting import STYLES

FOLDER = Path(__file__).parent
CHAPTERS = FOLDER.parent / "chapters"


def heroes() -> Iterator[tuple[str, list[str], str]]:
    """(number, the cells up to the hero's, alternative text) of each chapter."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        for last, cell in enumerate(cells):
            if "hero" in cell.metadata.get("tags", []):
                yield path.stem[:2], [cell.source for cell in cells[: last + 1]], cell.metadata.alt


def house_style() -> None:
    """Draw without a screen, in the course's look and nobody's own."""
    plt.switch_backend("agg")
    plt.rcdefaults()
    plt.style.use("lib.downhill")


def save(figure: plt.Figure, path: Path, alt: str) -> None:
    """Write path.svg and path.png, the same each time, with the alternative text inside."""
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None, "Creator": None, "Description": alt})
    figure.savefig(path.with_suffix(".png"), metadata={"Software": None, "Description": alt})


def main(folder: Path = FOLDER) -> None:
    plt.switch_backend("agg")
    for number, cells, alt in heroes():
        plt.rcdefaults()
        names: dict[str, object] = {"print": lambda *shown: None}
        with patch.dict(STYLES):  # a chapter may name styles of its own
            for code in cells:
                exec(code, names)
        save(plt.gcf(), folder / f"{number}_hero", alt)
        plt.close("all")


if __name__ == "__main__":
    main()
