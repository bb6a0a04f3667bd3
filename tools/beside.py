"""Build beside what stands, and put the new in its place only when it is whole.

    with beside(HTML) as folder:
        ...  # whatever stops here, Ctrl+C too, leaves HTML as it was

`sources` reads the notebooks before anything is built, and says why one cannot be used and what helps.
"""

import base64
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from execute import CHAPTERS, WIDGETS, code_cells, may_raise

VIEW = "application/vnd.jupyter.widget-view+json"


class BookError(Exception):
    """Something that a builder needs is not there, or is broken."""


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `place` when the block has ended without an error."""
    new, old = (place.with_name(f".{place.name}.{kind}") for kind in ("new", "old"))
    if old.exists() and not place.exists():  # stopped by force between the two renames below
        old.rename(place)
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            if place.exists():
                place.rename(old)
            new.rename(place)
        finally:
            signal.signal(signal.SIGINT, handler)
    finally:
        for folder in (new, old):
            shutil.rmtree(folder, ignore_errors=True)


def sources(paths: list[Path]) -> dict[Path, NotebookNode]:
    """The notebooks, read; raise BookError when one of them is no notebook, was not run, or lacks a state."""
    read, wrong = {}, []
    for path in paths:
        name = path.relative_to(CHAPTERS.parent) if path.is_relative_to(CHAPTERS.parent) else path
        try:
            read[path] = nbformat.read(path, as_version=4)
        except Exception as error:
            wrong.append(
                f"{name} is no notebook any more ({str(error).splitlines()[0]}); git checkout {name}"
            )
            continue
        helps = f"make execute CHAPTER={path.stem[:2]} runs it anew, git checkout {name} takes it back"
        wrong += [f"{name}: {reason}; {helps}" for reason in unusable(read[path])]
    if wrong:
        raise BookError("\n  ".join(["", *wrong]))
    return read


def unusable(nb: NotebookNode) -> Iterator[str]:
    """Why a notebook cannot be shown without a kernel."""
    cells = list(code_cells(nb))
    if any(cell.execution_count is None for cell in cells):
        yield "not every cell has been run"
    if any(o.output_type == "error" and not may_raise(cell) for cell in cells for o in cell.outputs):
        yield "a cell ends in an error"
    saved = nb.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
    for output in players(nb):
        model = saved.get(output.data[VIEW]["model_id"], {})
        state, buffers = model.get("state", {}), [base64.b64decode(b["data"]) for b in model.get("buffers", [])]
        series = state.get("meta", {}).get("series", [])
        recorded = not all("rule" in one for one in series)
        if not state.get("_esm") or not series or not buffers or (recorded and not all(buffers)):
            yield "a player's saved state is missing or damaged"
            break


def players(nb: NotebookNode) -> Iterator[NotebookNode]:
    """The outputs that show a player."""
    for cell in code_cells(nb):
        yield from (output for output in cell.outputs if VIEW in output.get("data", {}))


def build(what: str, act: Callable[[], None]) -> None:
    """Run a builder; when it stops, say in words why, and that nothing was lost."""
    kept = "What was made before is as it was."
    try:
        act()
    except KeyboardInterrupt:
        sys.exit(f"\nStopped: {what}. {kept}")
    except BookError as error:
        sys.exit(f"Not made: {what}. {kept} {error}")
