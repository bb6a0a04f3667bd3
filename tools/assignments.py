"""Make homework for nbgrader, assignments/, from chapters/solutions/: what it grades, and what students get.

    python tools/assignments.py

`source/` holds the notebooks with answers and mark schemes, `release/` those without, `nbgrader_config.py`
what nbgrader has to know. Points go by the kind of an exercise. A check is locked and graded by running it;
an exercise without one is a task, which a person grades by the mark scheme in it. Grades and hand-ins that
are in the folder already stay.
"""

import copy
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from execute import CHAPTERS, clear, write
from exercises import SOLUTION, student_version, with_stub

ASSIGNMENTS = CHAPTERS.parent / "assignments"
HEADING = re.compile(r"## (\d+)\. (\w+): (.+)")
POINTS = {"Recall": 2, "Derivation": 4, "Experiment": 4, "Code": 5, "Open": 5}
# What a person looks for, one line a point.
RUBRIC = {
    "Derivation": [
        "It starts from an equation that is named.",
        "Each step follows from the one before.",
        "The result says for which values it holds.",
        "The result is compared with one number, run or computed by hand.",
    ],
    "Experiment": [
        "The claim is one sentence that the run could refute, written before it.",
        "There is a control: the same run without the cause, all else equal.",
        "What is drawn or printed has names, units and more than one seed where chance plays.",
        "The conclusion says what was shown and what was not.",
    ],
    "Open": [
        "What was chosen is defined so that another could run it.",
        "The claim is one sentence that the run or the argument could refute.",
        "It is argued or measured, not only stated.",
        "There is a control: the same without the cause, all else equal.",
        "The conclusion says what was shown and what was not.",
    ],
}

CONFIG = '''"""What nbgrader has to know. Written by tools/assignments.py."""

from pathlib import Path

import nbformat
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor, OverwriteCells

HERE = Path(__file__).parent


class Recognize(NbGraderPreprocessor):
    """Knows the cells of a notebook from chapters/exercises/ or reading/, which nbgrader has not marked."""

    def preprocess(self, nb, resources):
        names = [resources["nbgrader"][key] for key in ("assignment", "notebook")]
        given = nbformat.read(HERE / "release" / names[0] / f"{names[1]}.ipynb", as_version=4)
        marked = {c.metadata.nbgrader.grade_id for c in nb.cells if "nbgrader" in c.metadata}
        lost = []
        for cell in (cell for cell in given.cells if "nbgrader" in cell.metadata):
            if cell.metadata.nbgrader.grade_id in marked:
                continue
            same = [c for c in nb.cells if c.get("id") == cell.id or c.source == cell.source]
            same = [c for c in same if "nbgrader" not in c.metadata]
            if same:
                same[0].metadata.nbgrader = cell.metadata.nbgrader
            elif cell.metadata.nbgrader.grade or cell.metadata.nbgrader.task:
                lost.append(cell.metadata.nbgrader.grade_id)
        if lost:
            raise ValueError(f"{names[1]}: not in this notebook: {', '.join(lost)}. Ask for it again")
        return nb, resources


class Calm(NbGraderPreprocessor):
    """A check that only warned has passed; nbgrader gives 0 for anything on stderr."""

    def preprocess_cell(self, cell, resources, index):
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
        return cell, resources


c = get_config()
c.CourseDirectory.course_id = "downhill"
c.CourseDirectory.root = str(HERE)
c.ClearSolutions.code_stub = {"python": ""}  # the line before an answer stands in its place
chain = list(Autograde.sanitize_preprocessors.default_args[0])
chain.insert(chain.index(OverwriteCells), Recognize)
c.Autograde.sanitize_preprocessors = chain
chain = list(Autograde.autograde_preprocessors.default_args[0])
chain.insert(chain.index(Execute) + 1, Calm)
c.Autograde.autograde_preprocessors = chain
c.ExecutePreprocessor.timeout = 600
'''


def exercises(nb: NotebookNode) -> Iterator[tuple[str, str, list[NotebookNode]]]:
    """Number, kind and cells of each exercise of a notebook.

    >>> cells = [nbformat.v4.new_markdown_cell("## 1. Recall: fates"), nbformat.v4.new_code_cell("x = ...")]
    >>> [(number, kind, len(cells)) for number, kind, cells in exercises({"cells": cells})]
    [('1', 'Recall', 2)]
    """
    found: list[tuple[str, str, list[NotebookNode]]] = []
    for cell in nb["cells"]:
        if heading := HEADING.match(cell.source):
            if heading[2] not in POINTS:
                raise ValueError(
                    f"exercise {heading[1]} is of the kind {heading[2]}, not of {', '.join(POINTS)}"
                )
            found.append((heading[1], heading[2], []))
        if found:
            found[-1][2].append(cell)
    yield from found


def mark(cell: NotebookNode, grade_id: str, **kind: Any) -> None:
    """Give a cell nbgrader's metadata."""
    plain = {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False}
    cell.metadata["nbgrader"] = plain | {"grade_id": grade_id} | kind


def versions(solutions: NotebookNode) -> tuple[NotebookNode, NotebookNode]:
    """The source and the release version of a notebook of solutions.

    They differ in the answers and mark schemes alone. What stands in chapters/exercises/ has the release's
    cells and ids, without the marks.
    """
    source = copy.deepcopy(solutions)
    clear(source)
    for number, kind, cells in exercises(source):
        answers = [cell for cell in cells if "solution" in cell.metadata.get("tags", [])]
        checks = [cell for cell in cells if "wrong" in cell.metadata]
        for i, cell in enumerate(cell for cell in cells if SOLUTION.search(cell.source)):
            mark(cell, f"ex{number}-answer{i or ''}", solution=True)
        for i, cell in enumerate(checks):
            if i:
                raise ValueError(f"exercise {number} has two checks")
            mark(cell, f"ex{number}", grade=True, locked=True, points=POINTS[kind])
        if not checks:
            mark(cells[0], f"ex{number}", task=True, locked=True, points=POINTS[kind])
            cells[0].source += "\n\n" + mark_scheme(kind, [answer.source for answer in answers])
    source.cells = [cell for cell in source.cells if "solution" not in cell.metadata.get("tags", [])]
    given = student_version(solutions)
    for cell, theirs in zip(source.cells, given.cells, strict=True):
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            mark(cell, f"given-{theirs.id}", locked=True)
        cell.id = theirs.id
        if "nbgrader" in cell.metadata:
            theirs.metadata["nbgrader"] = cell.metadata.nbgrader
        for kept in ("alt", "wrong", "right"):
            cell.metadata.pop(kept, None)
        cell.metadata.update(theirs.metadata)
        if cell.cell_type == "code":
            cell.source = with_stub(cell.source, answer=True)
    return source, given


def mark_scheme(kind: str, answers: list[str]) -> str:
    """What a person grades by; nbgrader takes it out of what students get."""
    lines = [f"- 1 point: {line}" for line in RUBRIC[kind]]
    return "\n".join(["### BEGIN MARK SCHEME", *lines, "", *answers, "### END MARK SCHEME"])


def main() -> None:
    for path in sorted(CHAPTERS.glob("solutions/*.ipynb")):
        for name, nb in zip(("source", "release"), versions(nbformat.read(path, as_version=4)), strict=True):
            target = ASSIGNMENTS / name / path.stem / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nb.nbformat, nb.nbformat_minor = 4, 5
            write(target, nbformat.writes(nb) + "\n")
    write(ASSIGNMENTS / "nbgrader_config.py", CONFIG)
    print("assignments/: source and release, for nbgrader (book/lecturer.md says how)")


if __name__ == "__main__":
    main()
