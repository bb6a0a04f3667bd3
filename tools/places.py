"""Where the chapters speak of what: terms, figures, what a method is called elsewhere and when it breaks.

A place is a section. Its link is the chapter's file and the section's name as MyST has it, so that the
build fails when there is no such place.
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mdit_py_plugins.anchors.index import slugify
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
UNTOLD = {"Notation", "Summary", "Exercises", "Further reading", "The chapters"}
MOST = 3  # places of a term


@dataclass
class Section:
    """A section of a chapter: its text, and the alternative texts of its figures."""

    chapter: Path
    title: str
    text: str = ""
    figures: list[str] = field(default_factory=list)

    def link(self, words: str) -> str:
        return f"[{words}](/chapters/{self.chapter.name}#{slugify(self.title)})"


def sections(chapters: dict[Path, NotebookNode]) -> list[Section]:
    """The sections of all chapters that have a name without a formula, in order."""
    found = []
    for path, nb in chapters.items():
        here = None
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                before, *parts = HEADING.split(cell.source)
                if here:
                    here.text += before
                for title, text in zip(parts[::2], parts[1::2], strict=True):
                    here = Section(path, title, text)
                    found.append(here)
            elif here and "alt" in cell.metadata:
                here.figures.append(cell.metadata.alt)
    return [one for one in found if "$" not in one.title and one.title not in UNTOLD]


def terms(names: list[str], places: list[Section]) -> str:
    """Each term with the sections that speak of it most; a title or bold type counts for more.

    >>> places = [Section(Path("01_a.ipynb"), "The edge", "An edge."), Section(Path("02_b.ipynb"), "No")]
    >>> print(terms(["edge"], places))
    - **edge** [01 The edge](/chapters/01_a.ipynb#the-edge)
    """
    rows = []
    for name in sorted(names, key=str.lower):
        word = re.compile(rf"(?<!\w){re.escape(name)}(?:s|es)?(?!\w)", re.IGNORECASE)
        bold = re.compile(rf"\*\*{re.escape(name)}", re.IGNORECASE)
        score = {
            k: len(word.findall(one.text))
            + 5 * bool(word.search(one.title))
            + 5 * bool(bold.search(one.text))
            for k, one in enumerate(places)
        }
        best = sorted(sorted(filter(score.get, score), key=lambda k: -score[k])[:MOST])
        if not best:
            raise BookError(f"book/terms.md: no chapter speaks of “{name}”")
        links = (places[k].link(f"{places[k].chapter.name[:2]} {places[k].title}") for k in best)
        rows.append(f"- **{name}** {', '.join(links)}")
    return "\n".join(rows)


def figures(places: list[Section]) -> str:
    """Every figure of the chapters, by the first sentence of what it shows."""
    rows = [
        f"- {one.link(one.chapter.name[:2])} {re.split(r'(?<=[.?!]) ', alt)[0]}"
        for one in places
        for alt in one.figures
    ]
    return "\n".join(rows)


def practice(places: list[Section], titles: dict[str, str]) -> str:
    """For each chapter the section with what its method is called elsewhere, and those where it breaks."""
    rows = ["| | method | names, defaults, first rates | when it breaks |", "|---|---|---|---|"]
    for number, title in titles.items():
        of = [one for one in places if one.chapter.name.startswith(number)]
        named = [one.link("table") for one in of if one.title.startswith("In practice")]
        broken = [
            one.link(one.title.partition(": ")[2] or "here") for one in of if one.title.startswith("When it ")
        ]
        if named:
            rows.append(f"| **{number}** | {title} | {named[0]} | {'; '.join(broken) or '–'} |")
    return "\n".join(rows)
