"""Make a deck of each chapter, book/_build/html/slides/NN_name.html, and its PDF when there is a Chromium.

    python tools/slides.py

The metadata `slideshow` of a cell says where it goes, as in JupyterLab. A figure or a player is shown
without its code, code without its asserts. What a reader reads and a deck skips is what the lecturer says:
text of type `skip` or `notes` becomes the speaker's notes of the slide before it; decks.py says how long a
slide takes.
"""

import ast
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
from decks import kind, minutes, slides
from execute import CHAPTERS, label
from scripts import put_scripts

from book import BOOK, NAVIGATION

DECKS = BOOK / "_build" / "html" / "slides"
SAID = {"skip", "notes"}  # the lecturer says it
FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>\s*", re.DOTALL)
MODULES = BOOK / "node_modules"
SHOWS = {VIEW, "image/png"}


def with_sections(nb: NotebookNode) -> NotebookNode:
    """The notebook with what the template needs: where slides begin and end, their times, what is said."""
    nb.cells[0].source = NAVIGATION.sub("", nb.cells[0].source.rstrip())
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source, cell.metadata.folded = apart(with_links(cell.source))
        else:
            cell.source = without_asserts(cell.source)
    deck = slides(nb)
    nb.cells = [cell for slide in deck for cell in slide]
    total, passed = sum(map(minutes, deck)), 0
    for slide in deck:
        first, last = slide[0], slide[-1]
        passed += minutes(slide)
        said = [f"**{minutes(slide)} minutes**, {passed} of {total} when it ends"]
        texts = [cell for cell in slide if cell.cell_type == "markdown"]
        said += [cell.source * (kind(cell) in SAID) + cell.metadata.folded for cell in texts]
        first.metadata.update(slide_start=True, timing=60 * minutes(slide))
        last.metadata.update(slide_end=True, said="\n\n".join(said))
        inside = False
        for cell in slide:
            cell.metadata.slide_type = kind(cell)
            cell.hide_input = not cell.source or any(
                SHOWS & output.get("data", {}).keys() for output in cell.get("outputs", [])
            )
            if kind(cell) == "fragment":
                cell.metadata.fragment_start = True
                if inside:
                    slide[slide.index(cell) - 1].metadata.fragment_end = True
                inside = True
        last.metadata.fragment_end = inside
    return nb


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
    """Links of a chapter as they go from a deck to the site; a picture in the text stays in the chapter.

    >>> with_links("![A line.](../figures/a.gif)\\n\\nSee [02](02_b.ipynb).")
    'See [02](../chapters/02_b.html).'
    """
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)\s*", "", text)
    text = re.sub(r"\]\((?!\w+:|\.\./)([^)\s]+)\.ipynb", r"](../chapters/\1.html", text)
    text = re.sub(r"\]\(\.\./lib/(\w+)\.py", r"](../api/\1.html", text)
    return text.replace("](../NOTATION.md", "](../NOTATION.html")


def make(path: Path, nb: NotebookNode, folder: Path) -> None:
    """Write the deck of a chapter."""
    deck = {
        "title": label(path),
        "page": f"chapters/{path.stem}.html",
        "pygments": HtmlFormatter(style="default").get_style_defs(".highlight"),
    }
    exporter = HTMLExporter(extra_template_basedirs=[str(BOOK)], template_name="slides")
    body, _ = exporter.from_notebook_node(with_sections(nb), resources={"deck": deck})
    (folder / f"{path.stem}.html").write_text(body, encoding="utf-8")


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
            make(path, put_scripts(nb, folder), folder)
        pdf.printed(lambda page: pdf.print_decks(page, folder))
    print(f"{len(notebooks)} decks: {DECKS.relative_to(BOOK.parent)}")


if __name__ == "__main__":
    build("the slides", main)
