"""Homework for nbgrader: every exercise has its points, students get no answer, a person who grades has a rubric."""

import copy

import nbformat
import pytest

from tools.assignments import POINTS, RUBRIC, exercises, versions
from tools.execute import CHAPTERS, serialize
from tools.exercises import SOLUTION

SOLUTIONS = sorted(CHAPTERS.glob("solutions/*.ipynb"))
solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


def marks(cells):
    return [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]


def test_a_rubric_has_a_line_for_each_point():
    assert {kind: len(lines) for kind, lines in RUBRIC.items()} == {kind: POINTS[kind] for kind in RUBRIC}


@solution
def test_every_exercise_is_graded_once(path):
    source, release = versions(nbformat.read(path, as_version=4))
    for version in (source, release):
        ids = [mark.grade_id for mark in marks(version.cells)]
        assert len(ids) == len(set(ids))
        for number, kind, cells in exercises(version):
            graded = [mark for mark in marks(cells) if mark.grade or mark.task]
            assert [(mark.grade_id, mark.points, mark.locked) for mark in graded] == [
                (f"ex{number}", POINTS[kind], True)
            ]
    for cell in source.cells:
        assert ("MARK SCHEME" in cell.source) == cell.metadata.get("nbgrader", {}).get("task", False)
        assert cell.cell_type != "code" or "nbgrader" in cell.metadata, "a student could change it"


@solution
def test_the_release_is_what_a_reader_has(path):
    _, release = versions(nbformat.read(path, as_version=4))
    for cell in release.cells:
        cell.metadata.pop("nbgrader", None)
    assert serialize(release) == (CHAPTERS / "exercises" / path.name).read_text(encoding="utf-8")


@solution
def test_the_source_holds_every_answer_and_no_student_gets_one(path):
    solved = nbformat.read(path, as_version=4)
    source, release = versions(solved)
    for answer in (match[0] for cell in solved.cells for match in SOLUTION.finditer(cell.source)):
        assert any(answer in cell.source for cell in source.cells)
    for cell in release.cells:
        assert "BEGIN SOLUTION" not in cell.source and "*Solution.*" not in cell.source
        assert not {"wrong", "right"} & cell.metadata.keys() and not cell.get("outputs")
        assert "solution" not in cell.metadata.get("tags", [])


def test_what_cannot_be_graded_is_named():
    solved = nbformat.read(SOLUTIONS[0], as_version=4)
    other = copy.deepcopy(solved)
    for cell in other.cells:
        cell.source = cell.source.replace("## 1. Recall", "## 1. Quiz")
    with pytest.raises(ValueError, match="exercise 1 is of the kind Quiz, not of Recall, "):
        versions(other)
    check = next(i for i, cell in enumerate(solved.cells) if "wrong" in cell.metadata)
    solved.cells.insert(check, copy.deepcopy(solved.cells[check]))
    with pytest.raises(ValueError, match="exercise 1 has two checks"):
        versions(solved)
