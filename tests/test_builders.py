"""What makes figures, site and slides checks its sources first, and never leaves half of anything."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.beside import BookError, beside, sources
from tools.execute import CHAPTERS, WIDGETS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def place(tmp_path):
    """What was made before."""
    folder = tmp_path / "html"
    folder.mkdir()
    (folder / "index.html").write_text("old")
    return folder


def everything(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.*")}


def test_the_new_takes_the_place_of_the_old(place):
    with beside(place) as folder:
        (folder / "other.html").write_text("new")
        assert everything(place) == {"index.html": "old"}
    assert everything(place.parent) == {"html/other.html": "new"}


def test_there_need_be_nothing_before(tmp_path):
    with beside(tmp_path / "deep" / "html") as folder:
        (folder / "a.html").write_text("new")
    assert everything(tmp_path) == {"deep/html/a.html": "new"}


@pytest.mark.parametrize("stop", [BookError, KeyboardInterrupt, OSError])
def test_whatever_stops_a_builder_the_old_stays_whole(place, stop):
    with pytest.raises(stop), beside(place) as folder:  # noqa: PT012
        (folder / "index.html").write_text("half")
        raise stop
    assert everything(place.parent) == {"html/index.html": "old"}


def test_what_was_stopped_by_force_between_two_renames_is_found_again(place):
    place.rename(place.with_name(".html.old"))
    with pytest.raises(BookError), beside(place):
        raise BookError
    assert everything(place.parent) == {"html/index.html": "old"}


# A shell's background job is born deaf to Ctrl+C; this one is to hear it however the tests were started.
STOPPED = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from tools.beside import beside, build
from pathlib import Path
def act():
    with beside(Path(sys.argv[1])) as folder:
        (folder / "index.html").write_text("half")
        print("building", flush=True)
        sys.stdin.read()
build("the site", act)"""


def test_ctrl_c_says_that_nothing_was_lost(place):
    command = [sys.executable, "-c", STOPPED, str(place)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as builder:
        assert builder.stdout.readline() == "building\n"
        builder.send_signal(signal.SIGINT)
        _, said = builder.communicate()
    assert builder.returncode == 1
    assert said == "\nStopped: the site. What was made before is as it was.\n"
    assert everything(place.parent) == {"html/index.html": "old"}


def damaged(folder, damage):
    """A copy of chapter 01, damaged."""
    path = folder / "chapters" / "01_gradient_descent.ipynb"
    path.parent.mkdir(parents=True)
    nb = nbformat.read(CHAPTERS / path.name, as_version=4)
    damage(nb)
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    return path


def states(nb):
    return nb.metadata.widgets[WIDGETS].state.values()


def series(model):
    return model.state.get("meta", {}).get("series", [])


def code(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


ERROR = nbformat.v4.new_output("error", ename="NameError", evalue="no")
STATE = "a player's saved state is missing or damaged"
DAMAGES = {
    "no state": (lambda nb: nb.metadata.pop("widgets"), STATE),
    "no data": (lambda nb: [model.pop("buffers", None) for model in states(nb)], STATE),
    "no script": (lambda nb: [model.state.pop("_esm", None) for model in states(nb)], STATE),
    "recorded, and nothing there": (
        lambda nb: [s.pop("rule", None) for m in states(nb) for s in series(m)],
        STATE,
    ),
    "not run": (lambda nb: code(nb)[3].update(execution_count=None), "not every cell has been run"),
    "an error": (lambda nb: code(nb)[3].outputs.append(ERROR), "a cell ends in an error"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_notebook_that_cannot_be_shown_is_named_with_what_helps(damage, reason, tmp_path):
    path = damaged(tmp_path, damage)
    with pytest.raises(BookError) as stop:
        sources([CHAPTERS / "00_start_here.ipynb", path])
    assert str(stop.value) == (
        f"\n  {path}: {reason}; make execute CHAPTER=01 runs it anew, git checkout {path} takes it back"
    )


def test_what_is_no_notebook_is_named(tmp_path):
    path = damaged(tmp_path, lambda nb: None)
    path.write_text(path.read_text(encoding="utf-8")[:1000], encoding="utf-8")
    with pytest.raises(
        BookError, match=r"01_gradient_descent.ipynb is no notebook any more .*; git checkout"
    ):
        sources([path])


@pytest.fixture
def course(tmp_path):
    """What the builders read, with a chapter that lost its state, and what they made before."""
    folder = tmp_path / "course"
    shutil.copytree(
        ROOT, folder, ignore=shutil.ignore_patterns(".*", "node_modules", "_build", "reading", "test-results")
    )
    name = "01_gradient_descent.ipynb"
    (folder / "chapters" / name).unlink()
    shutil.copy(damaged(tmp_path, DAMAGES["no state"][0]), folder / "chapters")
    for made in ("index.html", "slides/01_gradient_descent.html"):
        path = folder / "book" / "_build" / "html" / made
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    return folder


@pytest.mark.parametrize(
    ("script", "what", "place"),
    [
        ("figures", "the figures", "figures"),
        pytest.param("book", "the site", "book/_build/html", marks=pytest.mark.site),
        pytest.param("slides", "the slides", "book/_build/html", marks=pytest.mark.site),
    ],
)
def test_a_broken_source_stops_a_builder_before_it_touches_anything(script, what, place, course):
    before = {path: path.read_bytes() for path in (course / place).rglob("*.*") if path.is_file()}
    command = [sys.executable, f"tools/{script}.py"]
    done = subprocess.run(
        command, cwd=course, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(course)}
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"Not made: {what}. What was made before is as it was. \n  chapters/01_gradient_descent.ipynb: {STATE}; "
        "make execute CHAPTER=01 runs it anew, git checkout chapters/01_gradient_descent.ipynb takes it back\n"
    )
    assert {path: path.read_bytes() for path in before} == before
