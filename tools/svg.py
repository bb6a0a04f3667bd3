"""Draw every figure of some chapters as SVG, to reuse on slides and in print: `make svg CHAPTER=08`.

    python tools/svg.py chapters/08_adam.ipynb ...

Runs each notebook as tools/execute.py does and leaves it as it was. Writes book/_build/svg/08_3.svg for the
third figure of chapter 08, with its alternative text and its licence inside.
"""

import html
import re
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))
from execute import NotebookError, code_cells, execute, isolate_kernels

FOLDER = Path(__file__).resolve().parents[1] / "book" / "_build" / "svg"
RIGHTS = "CC BY 4.0: use it, change it, and name Downhill"
SETTINGS = f"""\
c.InlineBackend.figure_formats = {{"svg"}}
c.InlineBackend.print_figure_kwargs = {{
    "bbox_inches": "tight",
    "metadata": {{"Date": None, "Creator": "Downhill", "Rights": {RIGHTS!r}}},
}}
"""


def draw(path: Path) -> list[Path]:
    """The files of a notebook's figures, drawn."""
    nb = nbformat.read(path, as_version=4)
    execute(nb, path.resolve().parent)
    written: list[Path] = []
    for cell in code_cells(nb):
        drawn = [out.data["image/svg+xml"] for out in cell.outputs if "image/svg+xml" in out.get("data", {})]
        for svg in drawn:
            head, tag, rest = re.split(r"(<svg\b[^>]*>)", svg, maxsplit=1)
            said = html.escape(cell.metadata.get("alt", ""), quote=False)
            target = FOLDER / f"{path.stem[:2]}_{len(written) + 1}.svg"
            target.write_text(f"{head}{tag}\n <desc>{said}</desc>{rest}", encoding="utf-8")
            written.append(target)
    return written


def main(paths: list[Path]) -> int:
    isolate_kernels(SETTINGS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in paths:
        try:
            print(f"{path.name}: {len(draw(path))} figures in {FOLDER}")
        except NotebookError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
