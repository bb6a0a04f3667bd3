"""Which cells make which slide, for how long, in which lecture: from the metadata `slideshow` of the cells.

`{"slide_type": "slide", "minutes": 3, "way": 60, "text": "## Title", "notes": "Ask …"}`: the slide takes
three minutes, is left out of the lecture of 40, and shows these words in place of the cell's own, which the
lecturer then says. The notes are the lecturer's alone.
"""

import re

from nbformat import NotebookNode

WAYS = (40, 60, 90)  # minutes of a lecture: each has a way through the deck
WHOLE = 1000
# Headings that can be missed, and those that cannot, last.
SPARED = (
    ("Deeper", "Questions", "Exercises", "In practice"),
    ("Errors", "Seven errors", "The race", "Real data"),
    (),
    ("See it fail", "Derive", "Write it", "Watch it", "Summary"),
)
SHOWN = {"image/png": 2.0, "application/vnd.jupyter.widget-view+json": 1.0}  # a player has its still too
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


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


def stated_minutes(slide: list[NotebookNode]) -> int:
    """How long a slide takes as its first cell says, else 0."""
    return int(slide[0].metadata.slideshow.get("minutes", 0))


def notes(slide: list[NotebookNode]) -> str:
    """What only the lecturer sees: what to say, what to ask, what they will ask back."""
    return str(slide[0].metadata.slideshow.get("notes", ""))


def minutes(slide: list[NotebookNode]) -> int:
    """How long a slide takes: as stated, or as its content needs; never less than one minute.

    A hundred words a minute, two minutes for a formula or a figure, three for a player, six lines of code a
    minute: with these a trial of deck 08, 125 minutes, comes out to a tenth.
    """
    if stated := stated_minutes(slide):
        return stated
    need = 0.0
    for cell in slide:
        if cell.cell_type == "markdown":
            need += len(FORMULA.sub(" ", cell.source).split()) / 100
            need += 2 * len(re.findall(r"\$\$.*?\$\$", shown_text(cell), re.DOTALL))
        elif kind(cell) != "skip":
            outputs = cell.get("outputs", [])
            looks = [SHOWN[mime] for out in outputs for mime in out.get("data", {}) if mime in SHOWN]
            need += sum(looks) or len(cell.source.splitlines()) / 6
    return max(1, round(need))


def ways(deck: list[list[NotebookNode]]) -> list[int]:
    """For each slide the shortest lecture that has it; WHOLE where none has.

    A deck says so itself (`way`), or else what can best be missed goes first, until the lecture fits.
    """
    stated = [slide[0].metadata.slideshow.get("way") for slide in deck]
    if any(stated):
        return [int(one or WAYS[0]) for one in stated]
    found = [WHOLE] * len(deck)
    for most in reversed(WAYS):
        kept = set(range(len(deck)))
        for i in sorted(kept, key=lambda i: (worth(deck[i]), -i)):
            if sum(minutes(deck[j]) for j in kept) > most:
                kept.discard(i)
        found = [most if i in kept else one for i, one in enumerate(found)]
    return found


def worth(slide: list[NotebookNode]) -> int:
    """How ill a slide can be missed, by its heading: 0 first."""
    first = title(slide)
    return next((n for n, words in enumerate(SPARED) if first.startswith(words)), 2) if first else 1


def lecture(deck: list[list[NotebookNode]], most: int) -> list[list[NotebookNode]]:
    """The slides that a lecture of so many minutes has."""
    return [slide for slide, one in zip(deck, ways(deck), strict=True) if one <= most]
