"""nbgrader itself grades what tools/assignments.py makes (`make test-nbgrader`): every chapter, every kept answer."""

import copy
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from tools.assignments import CONFIG, versions
from tools.execute import CHAPTERS
from tools.exercises import SOLUTION, student_version

if find_spec("nbgrader") is None:
    pytest.skip("nbgrader is not installed: make test-nbgrader", allow_module_level=True)

# Asked by itself: nbgrader warns of SQLAlchemy when it is imported.
BOOK = """import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    students = [s.id for s in book.students]
    grades = {s: book.find_submission_notebook(sys.argv[1], sys.argv[1], s).grades for s in students}
    print(json.dumps({s: {g.name: (g.auto_score, g.max_score) for g in grades[s]} for s in students}))"""
SOLUTIONS = sorted(CHAPTERS.glob("solutions/*.ipynb"))


def answered(blank, solved, answer):
    """A hand-in: `answer` gives the code of an answer from the cell with the solution and its check."""
    nb = copy.deepcopy(blank)
    checks = {c.metadata.exercise: c for c in solved.cells if "wrong" in c.metadata}
    cells = {c.metadata.exercise: c for c in solved.cells if SOLUTION.search(c.source)}
    for cell in nb.cells:
        name = cell.metadata.get("exercise")
        if cell.cell_type == "code" and "your code here" in cell.source:
            cell.source = answer(cells[name], checks[name])
    return nb


def nth(kind, n):
    return lambda cell, check: (
        check.metadata[kind][n % len(check.metadata[kind])] if check.metadata.get(kind) else cell.source
    )


def hand_ins(solved):
    """What students hand in, by name, and whether each should get all points or none."""
    _, release = versions(solved)
    right, untouched = (lambda cell, check: cell.source), copy.deepcopy(release)
    overwritten = copy.deepcopy(release)
    for cell in overwritten.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = f'print("Exercise {cell.metadata.nbgrader.grade_id[2:]}: right.")'
    unmarked = answered(student_version(solved), solved, right)
    yield "solutions", answered(release, solved, right), True
    yield "a_reader", unmarked, True
    yield "stubs", untouched, False
    yield "overwritten", overwritten, False
    for kind, wanted in (("wrong", False), ("right", True)):
        most = max(len(c.metadata.get(kind, [])) for c in solved.cells)
        for n in range(most):
            yield f"{kind}{n}", answered(release, solved, nth(kind, n)), wanted


def put(nb, *place):
    path = Path(*place)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)


def run(folder, *command):
    here = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    # The home is the test's own: nobody's settings.
    env = os.environ | here | {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_nbgrader_gives_all_points_or_none(path, tmp_path):
    solved, name = nbformat.read(path, as_version=4), path.stem
    source, release = versions(solved)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    put(source, tmp_path, "source", name, path.name)
    run(tmp_path, "nbgrader", "generate_assignment", name)
    made = nbformat.read(tmp_path / "release" / name / path.name, as_version=4)
    for theirs, ours in zip(made.cells, release.cells, strict=True):
        kept = [line for line in theirs.source.splitlines() if line.strip()]
        assert kept == [line for line in ours.source.splitlines() if line.strip()]
        marks = {
            key: value
            for key, value in theirs.metadata.get("nbgrader", {}).items()
            if key in ours.metadata.get("nbgrader", {})
        }
        assert marks == ours.metadata.get("nbgrader", {}) and theirs.id == ours.id
    wanted = {}
    for student, nb, full in hand_ins(solved):
        put(nb, tmp_path, "submitted", student, name, path.name)
        wanted[student] = full
    run(tmp_path, "nbgrader", "autograde", name)
    book = json.loads(run(tmp_path, sys.executable, "-W", "ignore", "-c", BOOK, name))
    assert book.keys() == wanted.keys()
    checks = [
        c.metadata.nbgrader.grade_id for c in release.cells if c.metadata.get("nbgrader", {}).get("grade")
    ]
    problems = [
        f"{student}, {check}: {book[student][check]}"
        for student, full in wanted.items()
        for check in checks
        if book[student][check][0] != full * book[student][check][1]
    ]
    assert not problems, "\n".join(problems)
