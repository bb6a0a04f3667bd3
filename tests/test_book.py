"""What makes the book refuses a reference to nothing; what of a notebook it refuses: test_builders.py."""

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.site
ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "chapters" / "01_gradient_descent.ipynb"

pytest.importorskip("pybtex", reason="make test-site installs what the site needs")
book = pytest.importorskip("tools.book")
links = sys.modules["links"]  # as tools/book.py imports it


@pytest.fixture(scope="module")
def keys():
    return links.works(ROOT / "chapters" / "references.bib")


def chapter():
    return nbformat.read(CHAPTER, as_version=4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(Kingma & Ba 2015, Algorithm 1)", ["Kingma & Ba 2015"]),
        ("D. Kingma and J. Ba (2015), *Adam*.", ["Kingma & Ba 2015"]),
        ("Reddi, Kale & Kumar (2018)", ["Reddi et al. 2018"]),
        ("- Y. LeCun, L. Bottou, K.-R. Müller (1998), *T*", ["LeCun et al. 1998"]),
        ("see the appendix, Polyak (1987)", ["Polyak 1987"]),
        (
            "Golub & Van Loan 2013, §4.2; Sutskever et al. 2013",
            ["Golub & Van Loan 2013", "Sutskever et al. 2013"],
        ),
        ("In 2015 and since 1847, `Polyak 1987`, $a_{Polyak 1987}$", []),
    ],
)
def test_citations_are_seen(text, found):
    assert links.cited(text) == found


def test_a_work_that_is_not_in_the_bibliography_stops_the_book(keys):
    with pytest.raises(links.BookError, match="has no Nobody & Noone 1999"):
        links.with_citations("as shown (Nobody & Noone 1999)", keys, links.markdown_link)


def test_every_work_is_cited(keys):
    texts = [
        path.read_text(encoding="utf-8") for path in [*(ROOT / "lib").rglob("*.py"), ROOT / "NOTATION.md"]
    ]
    for path in (ROOT / "chapters").rglob("*.ipynb"):
        texts += [cell.source for cell in nbformat.read(path, as_version=4).cells]
    cited = {work for text in texts for work in links.cited(text.replace("`", "").replace("$", ""))}
    assert keys.keys() - cited == set(), "in references.bib, cited nowhere"


def test_two_works_with_one_label_stop_the_book(tmp_path):
    entry = "@book{{{}, author = {{Ba, Jimmy}}, title = {{A}}, publisher = {{B}}, year = {{2015}}}}\n"
    (tmp_path / "x.bib").write_text(entry.format("a") + entry.format("b"))
    with pytest.raises(links.BookError, match="are both"):
        links.works(tmp_path / "x.bib")


def test_figures_keep_their_alternative_text(keys):
    page = book.chapter_page(chapter(), CHAPTER, keys)
    described = [cell.metadata["mystnb"]["image"]["alt"] for cell in page.cells if "alt" in cell.metadata]
    assert described and all(described)


def test_what_jupyterlab_folds_is_folded_under_its_first_words(keys):
    nb = chapter()
    more = "# A network of three layers: it is used below.\nx = 1", "def bare():\n    pass"
    hidden = {"jupyter": {"source_hidden": True}}
    nb.cells[2:2] = [nbformat.v4.new_code_cell(source, metadata=dict(hidden)) for source in more]
    folded = [
        cell.metadata["mystnb"]["code_prompt_show"]
        for cell in book.chapter_page(nb, CHAPTER, keys).cells
        if "hide-input" in cell.metadata.get("tags", [])
    ]
    ours = {"Checked", "The code of this figure"}
    assert [name for name in folded if name not in ours] == ["Set-up", "A network of three layers", "Set-up"]


def test_what_draws_and_what_checks_is_folded_below_what_it_speaks_of(keys):
    cells = book.chapter_page(chapter(), CHAPTER, keys).cells
    folded = {"Checked": [], "The code of this figure": []}
    for cell in cells:
        name = cell.metadata.get("mystnb", {}).get("code_prompt_show")
        if name in folded:
            assert "below" in cell.metadata.tags and not cell.outputs
            folded[name].append(cell.source)
        elif cell.cell_type == "code" and "remove-input" not in cell.metadata.get("tags", []):
            assert not re.search(r"^assert", cell.source, re.MULTILINE)
    assert folded["Checked"] and all(
        re.match(r"(#.*\n)?assert", source.lstrip()) for source in folded["Checked"]
    )
    assert any("plt." in source for source in folded["The code of this figure"])
    code = [cell.source for cell in chapter().cells if cell.cell_type == "code"]
    for statement in (line for part in folded.values() for source in part for line in source.splitlines()):
        assert any(statement in source for source in code), f"{statement} is not the chapter's"


@pytest.mark.parametrize("formula", ["\\nosuch{x}", "\\frac{1"])
def test_a_formula_that_is_not_understood_stops_the_book(formula):
    with pytest.raises(sys.modules["beside"].BookError, match="is not understood"):
        sys.modules["formulas"].mathml(formula)


def test_the_repository_is_one_setting(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book"))
    conf = importlib.import_module("conf")
    file = conf.source_of("chapters/exercises/01_gradient_descent")
    assert file == "chapters/solutions/01_gradient_descent.ipynb"
    assert conf.source_links("", file, "A title") == []
    links = dict(conf.source_links("https://github.com/o/n", file, "A title"))
    assert links["Edit"] == f"https://github.com/o/n/edit/HEAD/{file}"
    assert (
        links["Open in Lab"]
        == "https://mybinder.org/v2/gh/o/n/HEAD?labpath=chapters/exercises/01_gradient_descent.ipynb"
    )
    assert links["Say what is wrong"] == "https://github.com/o/n/issues/new?title=A%20title"


def test_exercises_show_the_stub_and_fold_the_answer(keys):
    path = ROOT / "chapters" / "solutions" / CHAPTER.name
    page = book.exercises_page(nbformat.read(path, as_version=4), path, keys)
    text = "\n".join(cell.source for cell in page.cells)
    assert "your code here" in text and "### BEGIN SOLUTION" not in text
    folded = [cell for cell in page.cells if "hide-input" in cell.metadata.get("tags", [])]
    assert all(cell.metadata.mystnb.code_prompt_show == "One answer" for cell in folded) and folded


WRONG = {
    "By [(1.99)](#eq-1-99).": "eq-1-99",
    "See [this](#cite-nobody).": "cite-nobody",
    "See [that](chapters/99_none.ipynb).": "99_none",
}


def test_a_reference_to_nothing_fails_the_build(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    sound = "# A page\n\n```{toctree}\nbibliography\n```\n\n(eq-1-2)=\n$$a \\tag{1.2}$$\n\nBy [(1.2)](#eq-1-2) and [this](#cite-polyak1987introduction).\n"
    shutil.copy(ROOT / "book" / "bibliography.md", source)
    assert build(source, sound, tmp_path) == ""
    told = build(source, "\n\n".join([sound, *WRONG]), tmp_path).splitlines()
    for name in WRONG.values():
        assert any(name in line and re.search("not found|Unknown", line) for line in told), told


def build(source, text, folder):
    """Build a small site with the book's configuration; what Sphinx complains of."""
    (source / "index.md").write_text(text, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        "-c",
        str(ROOT / "book"),
    ]
    done = subprocess.run([*command, str(source), str(folder / "html")], capture_output=True, text=True,
                          env={"PYTHONPATH": str(ROOT / "tools"), "PATH": "/usr/bin:/bin"})  # fmt: skip
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def test_the_table_of_checks_has_a_row_for_each():
    """What a check says may have a | of its own, as in |g|."""
    rows = book.check_table().splitlines()
    assert len(rows) == 2 + len(book.CHECKS)
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}


def test_the_map_shows_every_chapter():
    """No box stands on another, and no line runs behind one on its way to its own."""
    titles = dict.fromkeys(book.NEEDS, "Do it: a method")
    drawn = book.chapter_map(titles)
    boxes = [
        tuple(map(float, box))
        for box in re.findall(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', drawn)
    ]
    assert len(boxes) == len(titles)
    for k, (x, y, wide, high) in enumerate(boxes):
        assert not any(abs(a - x) < wide and abs(b - y) < high for a, b, _, _ in boxes[:k])
    lines = [tuple(map(float, line)) for line in re.findall(r"C\S+ \S+ \S+ \S+ (\S+) (\S+)V(\S+)\"", drawn)]
    assert len(lines) >= len(titles) - 1
    for at, top, end in lines:
        assert not any(x < at < x + wide and top < y + high and y < end for x, y, wide, high in boxes)
