"""What a maintainer runs: the executor, the comparison of figures, the exercises, the set-up."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat import v4

from tools.execute import WIDGETS, with_links
from tools.exercises import student_version, with_stub

ROOT = Path(__file__).parents[1]

PLOT = """\
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(3, 2))
ax.plot([1, 2, 4])
ax.set_xlabel("step");"""

WIDGET = """\
import anywidget
import traitlets
class Widget(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.textContent = 'hello' } }"
    path = traitlets.Bytes(b"12345678").tag(sync=True)
    marks = traitlets.Bytes(b"abc").tag(sync=True)
    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        (bundle[0] if isinstance(bundle, tuple) else bundle)["text/plain"] = "digest 1a2b3c4d"
        return bundle"""


@pytest.fixture
def course(tmp_path):
    """A copy of what runs and compares notebooks, with no notebook yet."""
    folder = tmp_path / "a course"
    shutil.copytree(ROOT / "tools", folder / "tools")
    for name in ("conftest.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "chapters").mkdir()
    return folder


def add(course, name, *sources, tags=()):
    cells = [v4.new_markdown_cell(f"# {name}"), *map(v4.new_code_cell, sources)]
    cells[-1].metadata["tags"] = list(tags)
    path = course / "chapters" / f"{name}.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    return path


def run(course, *arguments):
    return subprocess.run([sys.executable, *arguments], cwd=course, capture_output=True, text=True)


def test_figures_are_drawn_as_svg_with_their_description_and_licence(course):
    path = add(course, "08_plot", PLOT, "print(1)", PLOT)
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].metadata["alt"] = "Rises & bends: 1 < 2 \\ 4."
    nbformat.write(nb, path)
    before = path.read_bytes()
    done = run(course, "tools/svg.py", str(path))
    assert (done.returncode, path.read_bytes()) == (0, before), done.stderr
    first, second = (ElementTree.parse(course / f"book/_build/svg/08_{n}.svg").getroot() for n in (1, 2))
    assert first.tag == second.tag == "{http://www.w3.org/2000/svg}svg"
    assert first.find("{*}desc").text == nb.cells[1].metadata.alt
    assert "CC BY 4.0" in ElementTree.tostring(first, encoding="unicode")
    assert (
        first.findall(".//{*}path")
        and run(course, "tools/svg.py", str(add(course, "09_no", "1 / 0"))).returncode
    )


def test_execution_is_byte_identical(course):
    paths = [
        add(course, "01_plain", "print(1)\nprint(2)", PLOT),
        add(course, "02_widget", WIDGET, "Widget()", "widget = Widget()\nwidget"),
    ]
    first = run(course, "tools/execute.py")
    assert first.returncode == 0, first.stderr
    assert "01_plain.ipynb: 2 code cells" in first.stdout
    before = [path.read_bytes() for path in paths]
    run(course, "tools/execute.py")
    assert [path.read_bytes() for path in paths] == before

    plain, widget = (nbformat.read(path, as_version=4) for path in paths)
    assert [cell.execution_count for cell in plain.cells[1:]] == [1, 2]
    assert [output.text for output in plain.cells[1].outputs] == ["1\n2\n"]
    state = widget.metadata.widgets[WIDGETS].state
    views = [cell.outputs[0].data["application/vnd.jupyter.widget-view+json"] for cell in widget.cells[2:]]
    assert all(state[view["model_id"]].buffers[1].path == ["path"] for view in views)
    assert sorted(state) == [f"{n:032x}" for n in range(1, 5)]  # two widgets, each with a layout
    assert not any(str(course).encode() in text for text in before)


def test_an_error_leaves_the_file_as_it_was(course):
    path = add(course, "01_broken", "x = 1", "x / 0", "print(x)")
    before = path.read_bytes()
    done = run(course, "tools/execute.py", str(path))
    assert done.returncode == 1
    assert "cell 2 (counted from 0) failed" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_expected_error_is_written_without_its_frames(course):
    path = add(course, "01_raises", "1 / 0", tags=["raises-exception"])
    assert run(course, "tools/execute.py", str(path)).returncode == 0
    (error,) = nbformat.read(path, as_version=4).cells[1].outputs
    assert error.traceback == ["ZeroDivisionError: division by zero"]


def test_an_expected_error_must_come(course):
    path = add(course, "01_raises_not", "1 / 1", tags=["raises-exception"])
    done = run(course, "tools/execute.py", str(path))
    assert done.returncode == 1
    assert "raised nothing" in done.stderr


def test_a_cell_that_needs_the_frameworks_runs_where_asked_for(course):
    """Left out it keeps what it showed, and its number; and nbval runs it only where asked for, too."""
    path = add(course, "01_needs", "x = 1", "x += 1\nx", "print(x)")
    nb = nbformat.read(path, as_version=4)
    nb.cells[2].metadata["tags"] = ["frameworks", "raises-exception"]
    nbformat.write(nb, path)

    def shown():
        first, middle, last = nbformat.read(path, as_version=4).cells[1:]
        assert [cell.execution_count for cell in (first, middle, last)] == [1, 2, 3]
        assert all(o.execution_count == 2 for o in middle.outputs)
        return [o.data["text/plain"] for o in middle.outputs], last.outputs[0].text

    def compared(*options):
        report = run(course, "-m", "pytest", "-q", "chapters", "--color=no", *options).stdout
        return {line.partition(" - ")[0][-6:] for line in report.splitlines() if line.startswith("FAILED")}

    assert run(course, "tools/execute.py", "--frameworks", str(path)).returncode == 0
    assert shown() == (["2"], "2\n")
    assert compared("--frameworks") == set() and compared() == {"Cell 2"}
    assert run(course, "tools/execute.py", str(path)).returncode == 0
    assert shown() == (["2"], "1\n")
    assert compared() == set() and compared("--frameworks") == {"Cell 2"}
    path.write_text(path.read_text().replace('"2"', '"3"'))
    assert compared() == set() and compared("--frameworks") == {"Cell 1", "Cell 2"}


def change_label(nb):
    nb.cells[1].source = nb.cells[1].source.replace("step", "steps")


def change_number(nb):
    nb.cells[2].outputs[0].text = "0.26\n"


def clear_print(nb):
    nb.cells[2].outputs = []


def clear_figure(nb):
    nb.cells[1].outputs = []


def change_digest(nb):
    nb.cells[4].outputs[0].data["text/plain"] = "digest 1a2b3c4e"


def test_the_comparison_of_notebooks(course):
    """One run of pytest over a notebook as it is and one for each change to it: which cells fail?"""
    path = add(course, "sound", PLOT, "print(0.25)", WIDGET, "Widget()")
    assert run(course, "tools/execute.py").returncode == 0
    changes = {change_label: 0, change_number: 1, clear_print: 1, clear_figure: 0, change_digest: 3}
    for change in changes:
        nb = nbformat.read(path, as_version=4)
        change(nb)
        nbformat.write(nb, path.with_stem(change.__name__))
    report = run(course, "-m", "pytest", "-q", "chapters", "--color=no").stdout
    failed = {line.partition(" - ")[0] for line in report.splitlines() if line.startswith("FAILED")}
    assert failed == {f"FAILED chapters/{change.__name__}.ipynb::Cell {n}" for change, n in changes.items()}
    assert "RMS" in report
    for kind in ("expected", "actual", "difference"):
        picture = f"test-results/change_label-cell0-figure0-{kind}.png"
        assert picture in report
        assert (course / picture).exists()


def test_figures_of_another_matplotlib_are_not_compared(course):
    path = add(course, "sound", PLOT)
    assert run(course, "tools/execute.py").returncode == 0
    nb = nbformat.read(path, as_version=4)
    change_label(nb)
    nbformat.write(nb, path)
    lock = course / "requirements.lock"
    lock.write_text(lock.read_text().replace("\nmatplotlib==", "\nmatplotlib==0."))
    done = run(course, "-m", "pytest", "chapters")
    assert done.returncode == 0
    assert "figures in notebooks are NOT compared" in done.stdout


def test_links_between_chapters(tmp_path):
    for name, title in (
        ("00_start_here", "Start here"),
        ("01_descent", "Go downhill"),
        ("02_noise", "Shake"),
    ):
        nbformat.write(
            v4.new_notebook(cells=[v4.new_markdown_cell(f"# {title}\n\nText.")]), tmp_path / f"{name}.ipynb"
        )
    first, middle, last = sorted(tmp_path.iterdir())
    assert with_links("# Start here", first) == "# Start here\n\n[01 Go downhill →](01_descent.ipynb)"
    linked = with_links("# Go downhill\n\nText.", middle)
    assert linked.endswith("Text.\n\n[← 00 Start here](00_start_here.ipynb) · [02 Shake →](02_noise.ipynb)")
    assert with_links(linked, middle) == linked
    assert (
        with_links("# Shake\n\n[01 Old →](01_descent.ipynb)", last)
        == "# Shake\n\n[← 01 Go downhill](01_descent.ipynb)"
    )


@pytest.mark.parametrize(
    ("source", "stub"),
    [
        ("### BEGIN SOLUTION\na = 1\nb, c = a, 2\n### END SOLUTION", ["a = ...", "b = ...", "c = ..."]),
        ("a = {1: ...}\n### BEGIN SOLUTION\na = {1: 2}\n### END SOLUTION", ["a = {1: ...}", "..."]),
        ("x = 1\n### BEGIN SOLUTION\nprint(x)\n### END SOLUTION\nx", ["x = 1", "...", "x"]),
        (
            "def f():\n    ### BEGIN SOLUTION\n    a = 1\n    return a\n    ### END SOLUTION",
            ["def f():", "    ..."],
        ),
    ],
)
def test_stub(source, stub):
    lines = with_stub(source).splitlines()
    assert [line.removesuffix("  # your code here") for line in lines] == stub
    assert "  # your code here" in with_stub(source)


def test_student_version():
    metadata = {"exercise": "ex1", "wrong": ["a = 2"], "right": ["a = 1.0"], "alt": "It shows the answer."}
    nb = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("## Exercise 1"),
            v4.new_code_cell("### BEGIN SOLUTION\na = 1\n### END SOLUTION", metadata={"exercise": "ex1"}),
            v4.new_code_cell("assert a == 1", execution_count=2, outputs=[], metadata=metadata),
            v4.new_markdown_cell("Because.", metadata={"tags": ["solution"]}),
        ]
    )
    question, answer, check = student_version(nb).cells
    assert question.source == "## Exercise 1"
    assert answer.source == "a = ...  # your code here"
    assert check.execution_count is None
    assert check.metadata == {"exercise": "ex1", "tags": ["raises-exception"]}  # Run All goes on
    assert nb.cells[2].metadata == metadata


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_set_up_says_which_python_it_found(course):
    shutil.copy(ROOT / "Makefile", course)
    old = course / "old python"
    old.write_text("#!/bin/sh\necho 3.9.1\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "lab", f"PYTHON={old}"],
        cwd=course,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode != 0
    assert f"Downhill needs Python 3.11 or later. Found:\n  {old}: 3.9.1" in done.stdout
