"""Two plans of a course, from the decks and the minutes that their slides take: for the pages of book/."""

import re
import sys
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).parent))
from decks import lecture, minutes, slides
from execute import CHAPTERS, label

# (the lecture of a deck, as in 03@60, or other minutes; what to do live; in class; at home)
Row = tuple[str, str, str, str]
THREE_HOURS: list[Row] = [
    ("00@40", "Which of the three will win? A show of hands, then Enter.", "", ""),
    (
        "01@40",
        "They know 2/11: let them see it, then drag the rate slowly through the edge, 0.2.",
        "",
        "",
    ),
    ("13", "Five minutes of break, then Recall of chapter 01, in pairs.", "Recall", ""),
    (
        "03@40",
        "Slide the memory to 0, then raise it. Ask when it is too much, and why the path swings.",
        "",
        "",
    ),
    ("13", "Five minutes of break, then Recall of chapter 03, in pairs.", "Recall", ""),
    (
        "08@40",
        "First at the board RMSprop, v ← ρv + (1 − ρ)g², θ ← θ − ηg/√v. All write Adam before “Write it”.",
        "",
        "",
    ),
    (
        "10",
        "The playground, a laptop a team: each makes its method win by one setting. Why are rankings hard?",
        "",
        "Open",
    ),
]
TEN_WEEKS: list[list[Row]] = [
    [
        ("00@40", "The race: which run wins, before Play?", "", ""),
        ("01@40", "A vote on three rates, and back to it at the edge.", "Recall", "Code"),
    ],
    [
        (
            "02@60",
            "Raise the rate: which of three paths, all examples, ten or one, trembles first?",
            "Recall",
            "Experiment",
        )
    ],
    [
        (
            "03@60",
            "From 0, raise the memory until the path runs past the star: plainly at 0.85. Where is critical?",
            "Recall",
            "Code",
        )
    ],
    [
        (
            "04@60",
            "Momentum and Nesterov in one player; hide one, guess the other's path.",
            "Recall",
            "Derivation",
        )
    ],
    [
        (
            "05@60",
            "A valley along the axes, then the same turned by 30 degrees: guess before Play.",
            "Experiment",
            "Code",
        )
    ],
    [("06@60", "RMSprop hovers at half its rate: halve it, and see.", "Recall", "Derivation")],
    [
        (
            "08@60",
            "Both memories at 0, then back; the figure of the corrections, guessed first.",
            "Recall",
            "Code",
        )
    ],
    [
        (
            "12@60",
            "One gradient, diagonal 3 and −1: everybody writes the four best steps.",
            "Recall",
            "Experiment",
        )
    ],
    [
        (
            "70",
            "A laboratory: teams choose a surface and two methods, and tune each with one `sweep`.",
            "",
            "Open",
        )
    ],
    [("70", "The teams present: each shows its map of hyperparameters, and where its winner loses.", "", "")],
]
EXERCISES = 20  # minutes a week in class


def needs(what: str) -> int:
    """Minutes of a lecture, or those named."""
    number, _, most = what.partition("@")
    if not most:
        return int(what)
    (path,) = CHAPTERS.glob(f"{number}_*.ipynb")
    return sum(map(minutes, lecture(slides(nbformat.read(path, as_version=4)), int(most))))


def named(what: str) -> str:
    """A lecture as a link to its deck."""
    number, _, most = what.partition("@")
    if not most:
        return "none"
    (path,) = CHAPTERS.glob(f"{number}_*.ipynb")
    return f'<a href="slides/{path.stem}.html?minutes={most}">{label(path)}</a>'


def three_hours() -> str:
    rows, at = ["| minutes | deck | what to do live | exercise |", "|---|---|---|---|"], 0
    for what, live, inside, home in THREE_HOURS:
        ends = at + needs(what)
        exercise = f"{home}, at home" if home else inside
        rows.append(f"| {at}–{ends} | {named(what)} | {live} | {exercise} |")
        at = ends
    return "\n".join(rows)


def ten_weeks() -> str:
    rows = ["| week | minutes | deck | what to do live | in class | home |", "|---|---|---|---|---|---|"]
    for week, parts in enumerate(TEN_WEEKS, start=1):
        for what, live, inside, home in parts:
            rows.append(f"| {week} | {needs(what)} | {named(what)} | {live} | {inside} | {home} |")
    return "\n".join(rows)


def course() -> str:
    """For students: what to read before each week, what it needs, what they will do, what to hand in."""
    rows = ["| week | read before | needs | you will | hand in a week later |", "|---|---|---|---|---|"]
    for week, parts in enumerate(TEN_WEEKS, start=1):
        for what, live, _, home in parts:
            number, _, most = what.partition("@")
            if not most:
                rows.append(f"| {week} | – | – | {live} | {home and 'Open, of a chapter that you choose'} |")
                continue
            (path,) = CHAPTERS.glob(f"{number}_*.ipynb")
            text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
            said = {word: re.search(rf"\*\*You'll {word}\*\*: (.*)", text) for word in ("do", "need")}
            do, need = (match[1].partition(" **Minutes**")[0] if match else "–" for match in said.values())
            need = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", need)
            hand = f"its exercises of the kind {home}" if home else "–"
            rows.append(f"| {week} | [{label(path)}](/chapters/{path.name}) | {need} | {do} | {hand} |")
    return "\n".join(rows)
