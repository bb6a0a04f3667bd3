"""Which cells make which slide, and for how long: from the metadata `slideshow` of a notebook's cells."""

import re

from nbformat import NotebookNode

MINUTES = re.compile(r"(\d+) min(?:utes?)?\b")
USUAL = 2


def kind(cell: NotebookNode) -> str:
    """slide, subslide, fragment, skip, notes, or - for what continues a slide."""
    return str(cell.metadata.get("slideshow", {}).get("slide_type", "-"))


def slides(nb: NotebookNode) -> list[list[NotebookNode]]:
    """The cells of each slide, what is skipped and said there among them."""
    found: list[list[NotebookNode]] = []
    for cell in nb.cells:
        if kind(cell) in {"slide", "subslide"}:
            found.append([])
        if found:
            found[-1].append(cell)
    return found


def stated_minutes(slide: list[NotebookNode]) -> int:
    """How long a slide takes: `"minutes": 3` beside its slide_type, or "3 minutes" in its notes; else 0."""
    said = [MINUTES.search(cell.source) for cell in slide if kind(cell) == "notes"]
    return int(slide[0].metadata.slideshow.get("minutes", sum(int(match[1]) for match in said if match)))


def minutes(slide: list[NotebookNode]) -> int:
    return stated_minutes(slide) or USUAL
