"""Run notebooks and write them, byte for byte the same each time.

    python tools/execute.py                 all chapters and solutions
    python tools/execute.py FILE.ipynb ...  these
    python tools/execute.py --frameworks .. and their cells that need PyTorch, Optax or Keras

Each notebook runs in its own folder, in a fresh kernel. What would differ from run to run is made
the same: widget model ids, cell ids, versions, tracebacks. A notebook with an error is left as it was.
A cell tagged "frameworks" keeps what it has shown, unless it is asked for.
"""

import atexit
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from pace import with_minutes

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
FRAMEWORKS = "frameworks"
WIDGETS = "application/vnd.jupyter.widget-state+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}


class NotebookError(Exception):
    """A cell failed: says which and how."""


def isolate_kernels(settings: str = "") -> None:
    """Keep the user's IPython, Matplotlib and Keras settings out of kernels from here on; set these."""
    ipython = tempfile.mkdtemp(prefix="ipython-")
    atexit.register(shutil.rmtree, ipython, ignore_errors=True)
    config = Path(ipython, "profile_default", "ipython_kernel_config.py")
    config.parent.mkdir()
    quiet = "c.IPKernelApp.log_level = 'ERROR'  # not that kernels talk unencrypted on 127.0.0.1\n"
    config.write_text(quiet + settings)
    os.environ |= {
        "IPYTHONDIR": ipython,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "KERAS_HOME": ipython,
        "MATPLOTLIBRC": os.devnull,
        "OPENBLAS_NUM_THREADS": "1",  # small products gain nothing from threads, and lose when cores are busy
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    os.environ.pop("MPLBACKEND", None)


def notebooks() -> list[Path]:
    """All chapters and solutions, in reading order."""
    return [*sorted(CHAPTERS.glob("*.ipynb")), *sorted(CHAPTERS.glob("solutions/*.ipynb"))]


def code_cells(nb: NotebookNode) -> Iterator[NotebookNode]:
    """The cells that run: code, and not empty."""
    return (cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip())


def needs_frameworks(cell: NotebookNode) -> bool:
    """Whether a cell needs more than the base install: it is run by make test-frameworks alone."""
    return FRAMEWORKS in cell.metadata.get("tags", [])


def may_raise(cell: NotebookNode) -> bool:
    """Whether an error is what a cell has to show. (A tag for JupyterLab too: Run All goes on after it.)"""
    return "raises-exception" in cell.metadata.get("tags", []) and not needs_frameworks(cell)


def execute(nb: NotebookNode, folder: Path, frameworks: bool = False) -> None:
    """Run `nb` in `folder`; raise NotebookError at the first error of a cell that may not raise."""
    clear(nb, frameworks)
    client = NotebookClient(
        nb,
        kernel_name="python3",
        timeout=1200,
        store_widget_state=True,
        record_timing=False,
        coalesce_streams=True,
        skip_cells_with_tag="" if frameworks else FRAMEWORKS,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        index = max((i for i, cell in enumerate(nb.cells) if cell.get("execution_count")), default=0)
        what = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
        raise NotebookError(f"cell {index} (counted from 0) failed\n{what}") from None
    for index, cell in enumerate(nb.cells):
        if may_raise(cell) and not any(out.output_type == "error" for out in cell.outputs):
            raise NotebookError(f"cell {index} is tagged raises-exception and raised nothing\n{cell.source}")
    for number, cell in enumerate(code_cells(nb), start=1):  # as if all had been run
        for one in [cell, *cell.outputs]:
            if "execution_count" in one:
                one.execution_count = number


def clear(nb: NotebookNode, frameworks: bool = False) -> None:
    """Drop outputs, counts and what a front end leaves behind."""
    nb.metadata = nbformat.from_dict(METADATA)
    for cell in nb.cells:
        for key in ("collapsed", "editable", "execution", "scrolled", "trusted"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code" and (frameworks or not needs_frameworks(cell)):
            cell.outputs, cell.execution_count = [], None


def serialize(nb: NotebookNode) -> str:
    """The text of a notebook's file: the same for the same content."""
    nb.nbformat, nb.nbformat_minor = 4, 5
    nb.metadata.update(nbformat.from_dict(METADATA))
    seen: dict[str, int] = {}
    for cell in nb.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # frames name lines and folders; the message is what counts
                output.traceback = [f"{output.ename}: {output.evalue}"]
            if "image/png" in output.get("data", {}) and "alt" in cell.metadata:
                output.metadata.setdefault("image/png", {})["alt"] = cell.metadata.alt
    models = nb.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
    for model in models.values():
        if "buffers" in model:
            model.buffers.sort(key=lambda buffer: buffer["path"])
    text: str = nbformat.writes(nb)
    for number, model_id in enumerate(models, start=1):
        text = text.replace(model_id, f"{number:032x}")
    return nbformat.writes(nbformat.reads(text, as_version=4)).rstrip("\n") + "\n"  # keys in order again


def write(path: Path, text: str) -> None:
    """Replace the file in one step."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, encoding="utf-8", newline="\n")
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def label(path: Path) -> str:
    """A chapter's number and title: "03 Damp the zig-zag: momentum"."""
    title = nbformat.read(path, as_version=4).cells[0].source.partition("\n")[0]
    return f"{path.stem[:2]} {title.lstrip('# ')}"


def with_links(source: str, path: Path) -> str:
    """A chapter's first cell, its last line the links to the chapters before and after."""
    chapters = sorted(path.parent.glob("*.ipynb"))
    at = chapters.index(path)
    links = [f"[← {label(p)}]({p.name})" for p in chapters[max(at - 1, 0) : at]]
    links += [f"[{label(p)} →]({p.name})" for p in chapters[at + 1 : at + 2]]
    text = re.sub(r"\n+\[(← .*|[^\n]* →\]\([^\n]*\))$", "", source.rstrip())
    return "\n\n".join([text, " · ".join(links)]) if links else text


def refresh() -> None:
    """Write the links of every chapter whose neighbours changed, and the minutes that each takes."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        nb.cells[0].source = with_links(nb.cells[0].source, path)
        for cell in nb.cells:
            cell.source = with_minutes(cell.source, nb)
        if (text := serialize(nb)) != path.read_text(encoding="utf-8"):
            write(path, text)


def main(paths: list[Path], frameworks: bool) -> int:
    isolate_kernels()
    for path in paths or notebooks():
        nb = nbformat.read(path, as_version=4)
        print(f"{path.name}: {len(list(code_cells(nb)))} code cells", end="", flush=True)
        begin = time.monotonic()
        try:
            execute(nb, path.resolve().parent, frameworks)
        except NotebookError as error:
            print(f"\n{path} was left as it was: {error}", file=sys.stderr)
            return 1
        write(path, serialize(nb))
        print(f", {time.monotonic() - begin:.1f} s")
    refresh()
    return 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main([Path(name) for name in given if name != "--frameworks"], "--frameworks" in given))
