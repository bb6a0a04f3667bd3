"""The reader's copy: what they touched stays, all else is brought up to date, and the terminal says which is which."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import v4, writes

from tools.reading import refresh

ROOT = Path(__file__).parents[1]
NAMES = ["00_start.ipynb", "exercises/00_start.ipynb", "solutions/00_start.ipynb"]


def notebook(*sources, outputs=()):
    cells = [v4.new_code_cell(source, outputs=list(outputs), id=f"c{i}") for i, source in enumerate(sources)]
    return writes(v4.new_notebook(cells=cells))


@pytest.fixture
def course(tmp_path):
    """Three originals, and the reader's copy of them."""
    for name in NAMES:
        path = tmp_path / "chapters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook("x = 1", "print(x)"))
    assert start(tmp_path) == (NAMES, [])
    return tmp_path


def start(course):
    return refresh(course / "chapters", course / "reading")


def copy_of(course, name=NAMES[0]):
    return course / "reading" / name


def test_a_copy_is_the_original_and_a_second_start_does_nothing(course):
    assert [copy_of(course, name).read_text() for name in NAMES] == [notebook("x = 1", "print(x)")] * 3
    times = [copy_of(course, name).stat().st_mtime_ns for name in NAMES]
    assert start(course) == ([], [])
    assert [copy_of(course, name).stat().st_mtime_ns for name in NAMES] == times


RAN = v4.new_output("stream", text="1\n")


@pytest.mark.parametrize("saved", [notebook("x = 1", "print(x)"), notebook("x = 1", "print(x)", outputs=[RAN])],
                         ids=["untouched", "only run"])  # fmt: skip
def test_what_a_reader_has_not_touched_is_brought_up_to_date(saved, course):
    copy_of(course).write_text(saved)
    assert start(course) == ([], []), "nothing is newer: a run one keeps its outputs"
    assert copy_of(course).read_text() == saved
    (course / "chapters" / NAMES[0]).write_text(notebook("x = 2", "print(x)"))
    assert start(course) == (NAMES[:1], [])
    assert copy_of(course).read_text() == notebook("x = 2", "print(x)")


@pytest.mark.parametrize(
    "mine",
    [
        notebook("x = 3", "print(x)"),
        notebook("x = 1"),
        notebook("x = 1", "print(x)", "mine"),
        notebook("print(x)", "x = 1"),
        "no notebook",
    ],
    ids=["changed", "removed", "added", "reordered", "broken"],
)
def test_what_a_reader_changed_stays(mine, course):
    copy_of(course).write_text(mine)
    assert start(course) == ([], [])
    (course / "chapters" / NAMES[0]).write_text(notebook("x = 2", "print(x)"))
    for _ in range(2):  # it is said at each start
        assert start(course) == ([], NAMES[:1])
        assert copy_of(course).read_text() == mine
    copy_of(course).unlink()
    assert start(course) == (NAMES[:1], [])
    assert copy_of(course).read_text() == notebook("x = 2", "print(x)")


def test_a_reader_s_own_files_stay(course):
    own = course / "reading" / "exercises" / "mine.ipynb"
    own.write_text("mine")
    assert start(course) == ([], [])
    assert own.read_text() == "mine"


def test_an_original_that_is_gone_takes_only_an_untouched_copy_along(course):
    copy_of(course, NAMES[1]).write_text(notebook("mine"))
    for name in NAMES[:2]:
        (course / "chapters" / name).unlink()
    assert start(course) == ([], [])
    assert [copy_of(course, name).exists() for name in NAMES] == [False, True, True]


@pytest.mark.parametrize("record", [None, "[", "[1]", "{}"])
def test_without_its_record_nothing_of_a_reader_is_lost(record, course):
    copy_of(course).write_text(notebook("mine"))
    place = course / "reading" / ".laid.json"
    place.unlink() if record is None else place.write_text(record)
    assert start(course) == ([], NAMES[:1])
    assert copy_of(course).read_text() == notebook("mine")
    assert json.loads(place.read_text()).keys() == set(NAMES[1:])


def test_the_terminal_says_where_the_newer_version_lies(course):
    for folder in ("tools", "lib"):
        (course / folder).symlink_to(ROOT / folder)
    script = (
        "import sys, tools.reading as r; from pathlib import Path; r.main(Path('chapters'), Path('reading'))"
    )
    run = [sys.executable, "-c", script]
    assert subprocess.run(run, cwd=course, capture_output=True, text=True).stdout == ""
    copy_of(course).write_text(notebook("mine"))
    (course / "chapters" / NAMES[0]).write_text(notebook("x = 2"))
    assert subprocess.run(run, cwd=course, capture_output=True, text=True).stdout == (
        f"reading/{NAMES[0]} is as you changed it. A newer version lies at chapters/{NAMES[0]};\n"
        "  to have that one instead, rename or delete yours and start again.\n"
    )


def test_links_of_the_chapters_work_in_the_copy():
    """It lies beside chapters/, as deep."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "PLACE := $(if $(EDIT),chapters,reading)" in makefile
    assert "reading/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
