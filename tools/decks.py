"""Which cells make which slide, for how long, in which lecture: from the metadata `slideshow` of the cells.

`{"slide_type": "slide", "minutes": 3, "way": 60, "text": "## Title", "notes": "Ask …"}`: the slide takes
three minutes, is left out of the lecture of 40, and shows these words in place of the cell's own, which the
lecturer then says. The notes are the lecturer's alone. All but the words stand at a slide's first cell.
"""

from nbformat import NotebookNode

WAYS = (40, 60, 90)  # minutes of a lecture: each has a way through the deck


def kind(cell: NotebookNode) -> str:
    """slide, subslide, fragment, skip, or - for what continues a slide."""
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


def shown_text(cell: NotebookNode) -> str:
    """The words that a cell puts on its slide: those of its metadata, or a text's own."""
    own = "" if kind(cell) == "skip" or cell.cell_type != "markdown" else cell.source
    return str(cell.metadata.get("slideshow", {}).get("text", own))


def title(slide: list[NotebookNode]) -> str:
    """The heading of a slide, or nothing."""
    first = shown_text(slide[0]).partition("\n")[0]
    return first.lstrip("# ") if first.startswith("#") else ""


def notes(slide: list[NotebookNode]) -> str:
    """What only the lecturer sees: what to say, what to ask, what they will ask back."""
    return str(slide[0].metadata.slideshow.get("notes", ""))


def minutes(slide: list[NotebookNode]) -> int:
    """How long a slide takes."""
    return int(slide[0].metadata.slideshow.minutes)


def way(slide: list[NotebookNode]) -> int:
    """The shortest lecture that has a slide."""
    return int(slide[0].metadata.slideshow.way)


def lecture(deck: list[list[NotebookNode]], most: int) -> list[list[NotebookNode]]:
    """The slides that a lecture of so many minutes has."""
    return [slide for slide in deck if way(slide) <= most]
