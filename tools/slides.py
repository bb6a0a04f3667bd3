"""Make a deck of each chapter, book/_build/html/slides/NN_name.html, and its PDF when there is a Chromium.

    python tools/slides.py

The metadata `slideshow` of a cell says where it goes, as in JupyterLab; decks.py says what more it may say. A
figure or a player is shown without its code and what it prints, code without its asserts. What a reader reads
and a deck does not show is what the lecturer says: it becomes the speaker's notes, with what hidden cells
printed. `NN_name.html?minutes=40` is the lecture of 40 minutes.
"""

import ast
import base64
import copy
import html
import re
import shutil
import sys
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

sys.path.insert(0, str(Path(__file__).parent))
import pdf
from beside import VIEW, beside, build, sources
from decks import WAYS, kind, lecture, minutes, notes, shown_text, slides, way
from execute import CHAPTERS, label
from scripts import put_scripts

from book import BOOK, NAVIGATION, deeper

DECKS = BOOK / "_build" / "html" / "slides"
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>\s*", re.DOTALL)
MODULES = BOOK / "node_modules"
TAGGED = re.compile(r"(\$\$(?:(?!\$\$).)*?\\tag\{([\d.]+)\}\s*\$\$)", re.DOTALL)
NAMED = re.compile(r"\$\$\(([\d.]+)\)\$\$")  # $$(3.1)$$ on a slide: that equation of the chapter
SHOWS = {VIEW, "image/png"}
FIGURES = CHAPTERS.parent / "figures"
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Downhill, slides</title>
<link rel="stylesheet" href="deck.css">
</head>
<body class="index">
<main>
<h1>Downhill, slides</h1>
<ul>
{}
</ul>
</main>
</body>
</html>
"""


def with_sections(nb: NotebookNode) -> NotebookNode:
    """The notebook with what the template needs: where slides begin and end, their times, what is said."""
    nb.cells[0].source = NAVIGATION.sub("", nb.cells[0].source.rstrip())
    deck = slides(nb)
    nb.cells = [cell for slide in deck for cell in slide]
    said = []
    for i, slide in enumerate(deck):
        ends = []
        for most in (one for one in WAYS if way(slide) <= one):
            passed = sum(map(minutes, lecture(deck[: i + 1], most)))
            ends.append(f"{passed} of {most} when it ends")
        head = f"**{minutes(slide)} minutes**, {'core' if way(slide) == WAYS[0] else 'optional'}"
        said.append(f"{', '.join([head, *ends])}\n\n{spoken(slide)}")
    known = {tag: formula for cell in nb.cells for formula, tag in TAGGED.findall(cell.source)}
    for cell in nb.cells:
        words = NAMED.sub(lambda match: known[match[1]], with_links(shown_text(cell)))
        if cell.cell_type == "markdown":
            cell.source = apart(words)[0]
        else:
            cell.source = without_asserts(cell.source)
            cell.metadata.words = words
            cell.metadata.only_words = bool(words) and not pictured(cell)
    for slide, words in zip(deck, said, strict=True):
        first, last = slide[0], slide[-1]
        first.metadata.update(slide_start=True, timing=60 * minutes(slide), way=way(slide))
        last.metadata.update(slide_end=True, said=words)
        inside = False
        for cell in slide:
            cell.metadata.slide_type = kind(cell)
            if pictured(cell):
                cell.outputs = [output for output in cell.outputs if output.output_type != "stream"]
            cell.hide_input = not cell.source or pictured(cell)
            if kind(cell) == "fragment":
                cell.metadata.fragment_start = True
                if inside:
                    slide[slide.index(cell) - 1].metadata.fragment_end = True
                inside = True
        last.metadata.fragment_end = inside
    return nb


def pictured(cell: NotebookNode) -> bool:
    """Whether a cell shows a figure or a player."""
    return any(SHOWS & output.get("data", {}).keys() for output in cell.get("outputs", []))


def spoken(slide: list[NotebookNode]) -> str:
    """The notes of a slide: first those for lecturers alone, then what it does not show: words, results.

    What is deeper is not said on a slide that is not.
    """
    rest = []
    for cell in slide:
        if deeper(cell) != deeper(slide[0]):
            continue
        if cell.cell_type == "code" and (kind(cell) == "skip" or pictured(cell) or shown_text(cell)):
            printed = "".join(out.text for out in cell.outputs if out.output_type == "stream").strip()
            rest += [f"Measured:\n\n```\n{printed}\n```"] * bool(printed)
        elif cell.cell_type == "markdown":
            own, folded = apart(with_links(cell.source))
            rest.append(own * (kind(cell) == "skip" or "text" in cell.metadata.slideshow) + folded)
    return "\n\n".join(part for part in [notes(slide), *rest] if part.strip())


def apart(text: str) -> tuple[str, str]:
    """What a slide shows of a text, and what is folded there: answers and proofs are the lecturer's to say.

    >>> apart("Predict.\\n\\n<details><summary>Answer</summary>\\n\\nThree.\\n</details>")
    ('Predict.', '\\n\\n**Answer.** Three.')
    """
    folded = "".join(f"\n\n**{title.strip()}.** {inside.strip()}" for title, inside in FOLDED.findall(text))
    return FOLDED.sub("", text).rstrip(), folded


def without_asserts(source: str) -> str:
    """Code as a deck shows it: what is checked is the notebook's affair.

    >>> print(without_asserts("for y in (1, 2):\\n    print(y)\\n    assert y > 0, (\\n        y\\n    )"))
    for y in (1, 2):
        print(y)
    """
    lines = source.splitlines()
    for node in ast.walk(tree := ast.parse(source)):
        for body in (getattr(node, name, []) for name in ("body", "orelse")):
            if isinstance(body, list) and (
                node is tree or any(not isinstance(part, ast.Assert) for part in body)
            ):
                for part in body:
                    if isinstance(part, ast.Assert):
                        first, last = part.lineno - 1, part.end_lineno or part.lineno
                        lines[first:last] = ["\0"] * (last - first)
    return "\n".join(line for line in lines if line != "\0").strip("\n")


def with_links(text: str) -> str:
    """Links as a deck has them: to other decks, for all else stays at home; and so do pictures in the text.

    >>> with_links("![A line.](../figures/a.gif)\\n\\nSee [02](02_b.ipynb#c) and [lib](../lib/a.py).")
    'See [02](02_b.html) and lib.'
    """
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)\s*", "", text)
    text = re.sub(r"\]\((\d\d_\w+)\.ipynb[^)]*\)", r"](\1.html)", text)
    return re.sub(r"\[([^\]]*)\]\((?!\d\d_\w+\.html\))[^)\s]*\)", r"\1", text)


def make(path: Path, nb: NotebookNode, folder: Path) -> None:
    """Write the deck of a chapter."""
    deck = {
        "title": label(path),
        "pygments": HtmlFormatter(style="default").get_style_defs(".highlight"),
    }
    exporter = HTMLExporter(extra_template_basedirs=[str(BOOK)], template_name="slides")
    body, _ = exporter.from_notebook_node(with_sections(nb), resources={"deck": deck})
    (folder / f"{path.stem}.html").write_text(body, encoding="utf-8")


def index(notebooks: dict[Path, NotebookNode]) -> str:
    """A page with every deck: its still, its minutes, its lectures."""
    cards = []
    for path, nb in notebooks.items():
        deck = slides(nb)
        hero = FIGURES / f"{path.stem[:2]}_hero.png"
        picture = hero if hero.exists() else FIGURES / "race.png"  # chapter 00's
        still = base64.b64encode(picture.read_bytes()).decode()
        times = [f'<a href="{path.stem}.html">whole, {sum(map(minutes, deck))} minutes</a>']
        times += [
            f'<a href="{path.stem}.html?minutes={most}">{sum(map(minutes, lecture(deck, most)))}</a>'
            for most in WAYS
            if len(lecture(deck, most)) < len(deck)
        ]
        name = html.escape(label(path))
        cards.append(
            f'<li><a href="{path.stem}.html"><img src="data:image/png;base64,{still}" alt="{name}"></a>'
            f"<h2>{name}</h2><p>{' · '.join(times)} · {len(deck)} slides</p></li>"
        )
    return INDEX.format("\n".join(cards))


def vendor(folder: Path) -> None:
    """Put beside the decks what they load."""
    reveal = MODULES / "reveal.js"
    (folder / "reveal").mkdir()
    for file in ("dist/reveal.js", "plugin/notes/notes.js"):
        shutil.copy(reveal / file, folder / "reveal")
    css = (reveal / "dist" / "reveal.css").read_text(encoding="utf-8")
    own = css.replace(".reveal .controls", ".reveal>.controls")  # not the player's
    (folder / "reveal" / "reveal.css").write_text(own, encoding="utf-8")
    for file in ("slides/deck.js", "slides/deck.css", "_static/players.js"):
        shutil.copy(BOOK / file, folder)
    shutil.copy(MODULES / "mathjax" / "es5" / "tex-svg.js", folder)


def main() -> None:
    notebooks = sources(sorted(CHAPTERS.glob("*.ipynb")))
    with beside(DECKS) as folder:
        vendor(folder)
        for path, nb in notebooks.items():
            make(path, put_scripts(copy.deepcopy(nb), folder), folder)
        (folder / "index.html").write_text(index(notebooks), encoding="utf-8")
        pdf.printed(lambda page: pdf.print_decks(page, folder))
    print(f"{len(notebooks)} decks: {DECKS.relative_to(BOOK.parent)}")


if __name__ == "__main__":
    build("the slides", main)
