"""Draw every figure of figures/: each script beside, then all that they wrote put in place together.

python tools/figures.py
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError, build, sources
from execute import CHAPTERS

FIGURES = CHAPTERS.parent / "figures"


def main() -> None:
    sources(sorted(CHAPTERS.glob("*.ipynb")))
    sys.path.insert(0, str(FIGURES))
    with tempfile.TemporaryDirectory(dir=FIGURES, prefix=".") as name:
        folder = Path(name)
        for script in sorted(FIGURES.glob("*.py")):
            print(f"figures/{script.name}", flush=True)
            try:
                import_module(script.stem).main(folder)
            except Exception as error:
                raise BookError(f"figures/{script.name}: {type(error).__name__}: {error}") from error
        for drawn in folder.iterdir():
            drawn.replace(FIGURES / drawn.name)


if __name__ == "__main__":
    build("the figures", main)
