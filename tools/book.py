"""Make the site, book/_build/html: write what Sphinx reads, from notebooks, book/ and lib/, and run Sphinx.

    python tools/book.py

The notebooks stay readable in JupyterLab and on GitHub; what a site can do more is done here: links in
the text (links.py), a figure's alternative text, set-up folded away, exercises with their answers folded
below them, a page for every module of lib/ (api.py). What the book refers to and does not have stops it.
"""

import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

sys.path.insert(0, str(Path(__file__).parent))
import api
import finding
import places
import plans
from assignments import POINTS
from beside import VIEW, BookError, beside, build, players, sources
from decks import WAYS, lecture, minutes, slides
from execute import CHAPTERS, WIDGETS, label
from exercises import SOLUTION, with_stub
from formulas import faces
from links import markdown_link, with_citations, with_equations, works
from parts import needs, parts
from scripts import put_script, put_scripts, three

from lib.audit import CHECKS
from lib.player.playground import Playground

ROOT = CHAPTERS.parent
BOOK = ROOT / "book"
SOURCE = BOOK / "_build" / "source"
HTML = BOOK / "_build" / "html"
SCRIPTS = SOURCE / "_static"
TERMS = re.compile(r"<!-- terms\n(.*?)\n-->", re.DOTALL)
CHAPTER = re.compile(r"\(/(\d\d)\)")  # a link to a chapter by its number
LINK = re.compile(r"(?<=\]\()(?!\w+:|#|/)([^)\s#]+)")
NAVIGATION = re.compile(
    r"\n+\[(← .*|[^\n]* →\]\([^\n]*\))$"
)  # as tools/execute.py writes it; the theme has its own

RUN = """<details><summary>Run this on your own machine</summary>

In a clone of the repository, `make lab CHAPTER={number}` sets up what is needed, once, and opens your copy of
this page, `{file}`, in JupyterLab.

</details>"""

# What each chapter builds on.
NEEDS = {
    "00": [],
    "01": ["00"],
    "02": ["01"],
    "03": ["01"],
    "04": ["03"],
    "05": ["02"],
    "06": ["05"],
    "07": ["06"],
    "08": ["03", "06"],
    "09": ["08"],
    "10": ["08"],
    "11": ["02", "10"],
    "12": ["10"],
    "13": ["08"],
    "14": ["08"],
    "15": ["08", "11"],
    "16": ["08"],
    "17": ["06", "13"],
    "18": ["10", "11"],
    "19": ["08", "10"],
    "20": ["02", "08"],
}
# Where the map shows them, in widths of a box from the left.
COLUMN = {
    **dict.fromkeys(("00", "01", "08", "15"), 2.5),
    **dict.fromkeys(("02", "05", "06"), 1.5),
    **dict.fromkeys(("13", "17"), 1),
    **dict.fromkeys(("12", "14"), 2),
    **dict.fromkeys(("10", "11"), 3),
    **dict.fromkeys(("03", "18"), 3.5),
    **dict.fromkeys(("16", "19"), 4),
    "09": 0,
    "07": 0.5,
    "04": 4.5,
    "20": 5,
}


def text_of_site(text: str, path: Path, keys: dict[str, str]) -> str:
    """Markdown of a notebook with its references as links."""
    try:
        text = with_citations(text, keys, markdown_link)
    except BookError as error:
        raise BookError(f"{path.name}: {error}") from None
    number = re.match(r"\d\d", path.name)
    return LINK.sub(lambda m: relinked(m[1], path), with_equations(text, int(number[0]) if number else 99))


def relinked(target: str, path: Path) -> str:
    """A link to a file of the repository as the site has it: a page, or else a file to download."""
    file = (path.parent / target).resolve()
    if file == ROOT / "README.md":
        return "/index.md"
    if file.parent == ROOT / "lib" and file.suffix == ".py":
        return f"/api/{file.stem}.rst"
    if file.parent == CHAPTERS / "solutions":
        return f"/chapters/exercises/{file.name}"
    if file.is_file() and file.suffix != ".ipynb" and file != ROOT / "NOTATION.md":
        write(SOURCE / file.relative_to(ROOT), file.read_bytes())
    return target


def chapter_page(nb: NotebookNode, path: Path, keys: dict[str, str]) -> NotebookNode:
    """A chapter as the site shows it."""
    nb.cells[0].source = NAVIGATION.sub("", nb.cells[0].source.rstrip())
    add_command(nb, path.stem[:2], f"reading/{path.name}")
    needed = [needs(cell.source) if cell.cell_type == "code" else set() for cell in nb.cells]
    cells = []
    for k, cell in enumerate(nb.cells):
        cells.append(cell)
        describe(cell)
        if cell.cell_type == "markdown":
            cell.source = text_of_site(cell.source, path, keys)
        elif cell.metadata.get("jupyter", {}).get("source_hidden"):  # folded in JupyterLab too
            said = re.match(r"# ([^.:;]+)", cell.source)
            fold(cell, said[1] if said else "Set-up")
        else:
            later = set().union(*needed[k + 1 :])
            hero = "hero" in cell.metadata.get("tags", [])
            shown, drawn, checked = ("", cell.source, "") if hero else parts(cell.source, later)
            if shown:
                cell.source = shown
            else:
                cell.metadata.setdefault("tags", []).append("remove-input")
            for part, name in ((drawn, "The code of this figure"), (checked, "Checked")):
                if part:
                    below = v4.new_code_cell(part, metadata={"tags": ["below", *deeper(cell)]})
                    fold(below, name)
                    cells.append(below)
    if (path.parent / "exercises" / path.name).is_file():  # its page is below this one in the list of pages
        cells.append(v4.new_markdown_cell(f"```{{toctree}}\n:hidden:\n\nexercises/{path.stem}\n```"))
    nb.cells = cells
    return nb


def deeper(cell: NotebookNode) -> list[str]:
    """The tag of a cell that is not of the main path."""
    return [tag for tag in cell.metadata.get("tags", []) if tag == "deeper"]


def exercises_page(nb: NotebookNode, path: Path, keys: dict[str, str]) -> NotebookNode:
    """The exercises with their answers folded away; `nb` is the notebook of solutions."""
    add_command(nb, f"exercises/{path.stem[:2]}", f"reading/exercises/{path.name}")
    cells = []
    for cell in nb.cells:
        answer = "solution" in cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source = text_of_site(cell.source, path, keys)
            if answer:
                cell.source = f"<details><summary>Answer</summary>\n\n{cell.source}\n\n</details>"
        elif SOLUTION.search(cell.source):
            cells.append(v4.new_code_cell(with_stub(cell.source)))
            cell.source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", cell.source, flags=re.MULTILINE)
            fold(cell, "One answer")
        elif answer:
            fold(cell, "One answer")
        describe(cell)
        cells.append(cell)
    nb.cells = cells
    return nb


def add_command(nb: NotebookNode, number: str, file: str) -> None:
    head, _, rest = nb.cells[0].source.partition("\n")
    nb.cells[0].source = "\n\n".join([head, rest.strip(), RUN.format(number=number, file=file)])


def fold(cell: NotebookNode, name: str) -> None:
    cell.metadata.setdefault("tags", []).append("hide-input")
    cell.metadata["mystnb"] = {"code_prompt_show": name, "code_prompt_hide": name}


def describe(cell: NotebookNode) -> None:
    """Give a cell's figure the alternative text of its metadata."""
    if "alt" in cell.metadata:
        cell.metadata.setdefault("mystnb", {})["image"] = {"alt": cell.metadata.alt}


def embedded(nb: NotebookNode) -> str:
    """HTML of a notebook's first player, in the form that MyST-NB writes and players.js reads."""
    return widget(nb.metadata.widgets[WIDGETS], next(players(nb)).data[VIEW])


def playground() -> str:
    """HTML of the playground: its data are in the page, its scripts are files of the site."""
    made = Playground()
    state = {name: getattr(made, name) for name in ("meta", "landscape", "choices")}
    state |= {"_esm": str(made._esm), "_css": str(made._css)}
    put_script(state, SCRIPTS)
    state["three"] = f"_static/{three(SCRIPTS)}"
    buffer = {"path": ["data"], "encoding": "base64", "data": base64.b64encode(made.data).decode()}
    saved = {"playground": {"state": state, "buffers": [buffer]}}
    return widget({"state": saved}, {"model_id": "playground"})


def widget(saved: Any, view: Any) -> str:
    """HTML of a widget's saved state and of the place where it is shown."""
    scripts = [(WIDGETS, saved), (VIEW, view)]
    inside = "\n".join(f'<script type="{kind}">{json.dumps(data)}</script>' for kind, data in scripts)
    return f"<div>\n{inside}\n</div>"


def builds_on(number: str) -> set[str]:
    """All that a chapter builds on, at whatever distance."""
    return set(NEEDS[number]).union(*map(builds_on, NEEDS[number]))


def chapter_map(titles: dict[str, str]) -> str:
    """An SVG with a box for each written chapter and a line from each that it builds on directly."""
    row: dict[str, int] = {}
    for number in titles:
        row[number] = 1 + max((row[n] for n in NEEDS[number] if n in row), default=-1)
    wide, high, between, gap = 136, 54, 8, 30
    where = {
        number: (COLUMN[number] * (wide + between) + wide / 2 + 2, at * (high + gap) + 4)
        for number, at in row.items()
    }
    lines, boxes = [], []
    for number, (x, y) in where.items():
        direct = set(NEEDS[number]) - set().union(*map(builds_on, NEEDS[number]))
        for a, b in (where[n] for n in sorted(direct) if n in where):  # to its column at once, then down
            top, middle, end = b + high, b + high + gap / 2, b + high + gap
            lines.append(f'<path d="M{a:g} {top:g}C{a:g} {middle:g} {x:g} {middle:g} {x:g} {end:g}V{y:g}"/>')
        verb, _, method = titles[number].partition(": ")
        method = method[:1].upper() + method[1:]
        said = textwrap.wrap(f"{number} {method or verb}", 16)
        first = y + high / 2 + 5 - 8 * (len(said) - 1)
        words = "".join(
            f'<text x="{x:g}" y="{first + 16 * k:g}">{html.escape(line)}</text>'
            for k, line in enumerate(said)
        )
        box = f'<rect x="{x - wide / 2:g}" y="{y:g}" width="{wide}" height="{high}" rx="8"/>'
        boxes.append(f'<a href="{page_of(number).replace(".ipynb", ".html")}">{box}{words}</a>')
    across, down = (
        (max(COLUMN.values()) + 1) * (wide + between) - between + 4,
        (max(row.values()) + 1) * (high + gap) - gap + 8,
    )
    head = f'<svg class="chapters" viewBox="0 0 {across} {down}" style="max-width: {across}px" role="group"'
    return f'{head} aria-label="Which chapter builds on which">{"".join(lines + boxes)}</svg>'


def contact_sheet(titles: dict[str, str]) -> str:
    """Every drawn figure, with the alternative text that its file carries."""
    parts = []
    for path in sorted((ROOT / "figures").glob("*.svg")):
        drawn = re.search(
            r"<dc:description>(.*?)</dc:description>", path.read_text(encoding="utf-8"), re.DOTALL
        )
        if drawn is None:
            raise BookError(f"figures/{path.name} carries no description; run make figures")
        alt = html.unescape(" ".join(drawn[1].split()))
        for file in (path, path.with_suffix(".png")):
            write(SOURCE / "figures" / file.name, file.read_bytes())
        of = (
            f"[{titles[path.name[:2]]}](/{page_of(path.name[:2])})" if path.name[:2] in titles else "The race"
        )
        files = f"[SVG](figures/{path.name}), [PNG](figures/{path.stem}.png)"
        image = f"```{{figure}} figures/{path.stem}.png\n:alt: {alt}\n\n**{of}** ({files}). {alt}\n```"
        parts.append(image)
    return "\n\n".join(['<div class="sheet">', *parts, "</div>"])


def deck_table(chapters: list[Path]) -> str:
    """The decks that `make slides` makes."""
    rows = ["| | deck | slides | minutes | in 40, 60, 90 | |", "|---|---|---|---|---|---|"]
    for path in chapters:
        deck = slides(nbformat.read(path, as_version=4))
        name, time = label(path).partition(" ")[2], sum(map(minutes, deck))
        page = f'<a href="slides/{path.stem}.html">{html.escape(name)}</a>'
        pdf = f'<a href="slides/{path.stem}.pdf">PDF</a>'
        ways = ", ".join(str(len(lecture(deck, most))) for most in WAYS)
        rows.append(f"| **{path.stem[:2]}** | {page} | {len(deck)} | {time} | {ways} slides | {pdf} |")
    return "\n".join(rows)


def check_table() -> str:
    """What lib/audit.py asks: the symptom, the probe, and what a failure usually means."""
    rows = ["| one notices | the probe | what it usually is | check |", "|---|---|---|---|"]
    for name, check in CHECKS.items():
        asked = f"`{name}`{', with `like=`' if check.beside else ''}"
        cells = [check.symptom, check.probe, check.cause, asked]
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows)


def points_table() -> str:
    """What an exercise of each kind gives, in homework."""
    rows = [f"| {' | '.join(row)} |" for row in (POINTS, ["---"] * len(POINTS), map(str, POINTS.values()))]
    return "\n".join(rows)


def page_of(number: str) -> str:
    (path,) = CHAPTERS.glob(f"{number}_*.ipynb")
    return f"chapters/{path.name}"


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def main() -> None:
    chapters = sorted(CHAPTERS.glob("*.ipynb"))
    notebooks = sources([*chapters, *sorted(CHAPTERS.glob("solutions/*.ipynb"))])
    write_source(chapters, notebooks)
    with beside(HTML) as folder:
        options = ["-q", "-W", "--keep-going", "-E", "-j", "auto"]
        places = ["-c", str(BOOK), "-d", str(HTML.parent / "doctrees"), str(SOURCE), str(folder)]
        command = [sys.executable, "-m", "sphinx", *options, *places]
        run = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)})
        if run.returncode:
            raise BookError("Sphinx said why, above")
        finding.write(folder)
        if (HTML / "slides").exists():
            shutil.copytree(HTML / "slides", folder / "slides", copy_function=os.link)


def write_source(chapters: list[Path], notebooks: dict[Path, NotebookNode]) -> None:
    """Write what Sphinx reads."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    keys = works(CHAPTERS / "references.bib")
    found = places.sections({path: nb for path, nb in notebooks.items() if path in chapters})
    titles = {path.stem[:2]: label(path).partition(" ")[2] for path in chapters}
    for path, nb in notebooks.items():
        put_scripts(nb, SCRIPTS)
        if path in chapters:
            page, where = chapter_page(nb, path, keys), path.relative_to(ROOT)
        else:
            page, where = exercises_page(nb, path, keys), Path("chapters", "exercises", path.name)
        write(SOURCE / where, nbformat.writes(page))
    race = put_scripts(nbformat.read(chapters[0], as_version=4), SCRIPTS)
    rows = [
        f"| **{number}** | [{title}](/{page_of(number)}) | {', '.join(NEEDS[number]) or '–'} |"
        for number, title in titles.items()
    ]
    toc = "\n".join(f"{number} {title} </{page_of(number)[:-6]}>" for number, title in titles.items())
    fill = {
        "<!-- toc -->": toc,
        "<!-- race -->": embedded(race),
        "<!-- playground -->": playground(),
        "<!-- figures -->": contact_sheet(titles),
        "<!-- checks -->": check_table(),
        "<!-- decks -->": deck_table(chapters),
        "<!-- points -->": points_table(),
        "<!-- every figure -->": places.figures(found),
        "<!-- practice -->": places.practice(found, titles),
        "<!-- three-hours -->": plans.three_hours(),
        "<!-- ten-weeks -->": plans.ten_weeks(),
        "<!-- course -->": plans.course(),
        "<!-- map -->": chapter_map(titles),
        "<!-- chapters -->": "\n".join(rows),
    }
    for path in sorted(BOOK.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for name, value in fill.items():
            text = text.replace(name, value)
        text = TERMS.sub(lambda listed: places.terms(listed[1].splitlines(), found), text)
        text = CHAPTER.sub(lambda number: f"(/{page_of(number[1])})", text)
        if left := re.search(r"^<!-- [\w -]+ -->$", text, re.MULTILINE):
            raise BookError(f"book/{path.name}: nothing to put for {left[0]}")
        write(SOURCE / path.name, text)
    write(SCRIPTS / "faces.css", faces())
    notation = ROOT / "NOTATION.md"
    write(SOURCE / notation.name, text_of_site(notation.read_text(encoding="utf-8"), notation, keys))
    for name, text in api.pages(ROOT / "lib", keys):
        write(SOURCE / "api" / name, text)


if __name__ == "__main__":
    build("the site", main)
