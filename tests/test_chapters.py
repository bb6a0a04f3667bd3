"""The structure of the notebooks: rules that nbval cannot see, and checks that reject wrong answers.

A rule takes a notebook and its path and yields what is wrong with it, one sentence each.
"""

import dis
import functools
import re
import subprocess
import warnings
from types import CodeType
from urllib.parse import unquote

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from tools import decks, pace
from tools.execute import (
    CHAPTERS,
    WIDGETS,
    code_cells,
    may_raise,
    needs_frameworks,
    notebooks,
    serialize,
    with_links,
)
from tools.exercises import SOLUTION, student_version, with_stub

SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "-"}
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d*)?(?:e[+-]?\d+)?")
MACHINE_PATH = re.compile(
    r"(?<![\w./:-])/(?:home|Users|root|private|tmp|usr|opt|var|mnt|work)/|[A-Z]:\\Users"
)
NETWORK = re.compile(r"https?://|^\s*(?:import|from) (?:urllib|requests|socket|http|httpx)\b", re.MULTILINE)
CLOCK = re.compile(r"\btimeit\b|\bperf_counter\b|\btime\.(?:time|monotonic|process_time)\b")
MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)
OUTPUT_WIDGET = re.compile(r"\b(?:interact|interactive|interactive_output|interact_manual|Output)\(")
SET_UP = "# Set-up: a click opens it."
SERVICE = re.compile(
    rf"^{SET_UP}$|### (?:BEGIN|END)|\bbrief\b|^print\(\"Exercise \d+: right\.\"\)$"
)  # not counted
LINK = re.compile(r"\]\(([^)\s]+)\)|<(?:img|a)\s[^>]*(?:src|href)=\"([^\"]+)\"")


def outputs(nb, *kinds):
    for cell in code_cells(nb):
        for output in cell.outputs:
            if output.output_type in kinds:
                yield cell, output


def data(nb, mime):
    for cell, output in outputs(nb, "display_data", "execute_result"):
        if mime in output.data:
            yield cell, output.data[mime]


def name(cell):
    return f"cell {cell.id} ({cell.source.partition(chr(10))[0][:50]!r})"


def is_executed_in_order(nb, path):
    counts = [cell.execution_count for cell in code_cells(nb)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1 to {len(counts)}"


def is_written_by_the_executor(nb, path):
    """What git has: a chapter that was opened in JupyterLab, run and saved is no defect of the book."""
    show = subprocess.run(["git", "show", f":./{path.name}"], cwd=path.parent, capture_output=True)
    text = path.read_text(encoding="utf-8") if show.returncode else show.stdout.decode()
    if text != serialize(nbformat.reads(text, as_version=4)):
        yield "the file is not as tools/execute.py writes it: make execute, then git add"


def has_no_error(nb, path):
    for cell, _ in outputs(nb, "error"):
        if not may_raise(cell):
            yield f"{name(cell)} shows an error and is not tagged raises-exception"
    for cell, output in outputs(nb, "stream"):
        if output.name == "stderr":
            yield f"{name(cell)} writes to stderr"


def keeps_what_the_frameworks_showed(nb, path):
    """Without them Run All gets an error in these cells and goes on, by a tag that JupyterLab knows."""
    for cell in filter(needs_frameworks, code_cells(nb)):
        if "raises-exception" not in cell.metadata.tags:
            yield f"{name(cell)} is tagged frameworks and not raises-exception"
        if any("application/vnd.jupyter.widget-view+json" in o.get("data", {}) for o in cell.outputs):
            yield f"{name(cell)} shows a player, which make execute would lose"
        if "print(" in cell.source and not cell.outputs:
            yield f"{name(cell)} has lost what it showed: make execute FRAMEWORKS=1"


def has_no_output_widget(nb, path):
    for cell in code_cells(nb):
        if OUTPUT_WIDGET.search(cell.source):
            yield f"{name(cell)} uses an Output widget; use the player"
    for model in nb.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {}).values():
        if model.get("model_name") == "OutputModel":
            yield "the saved state has an Output widget"


def has_the_state_of_its_widgets(nb, path):
    state = nb.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {})
    for cell, view in data(nb, "application/vnd.jupyter.widget-view+json"):
        if view["model_id"] not in state:
            yield f"{name(cell)} shows a widget whose state is not saved"


def describes_its_figures(nb, path):
    for cell, _ in data(nb, "image/png"):
        if len(cell.metadata.get("alt", "").strip()) < 30:
            yield f'{name(cell)} shows a figure; its metadata need {{"alt": "what the figure shows"}}'


def is_ready_for_slides(nb, path):
    for cell in nb.cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") not in SLIDE_TYPES:
            yield f"{name(cell)} has no slide_type of {', '.join(sorted(SLIDE_TYPES))} in its metadata"


def makes_a_deck(nb, path):
    if path.parent.name != "chapters" or path.stem[:2] == "00":
        return
    deck = decks.slides(nb)
    if not 12 <= len(deck) <= 25:
        yield f"{len(deck)} slides; a deck has 12 to 25"
    shown = {data for slide in deck for cell in slide for data in shown_in(cell)}
    if not {"application/vnd.jupyter.widget-view+json", "image/png"} <= shown:
        yield "the deck shows no player or no figure"
    last = [cell.source.lower() for slide in deck[-3:] for cell in slide if decks.kind(cell) != "skip"]
    for word in ("summary", "exercise"):
        if not any(word in source for source in last):
            yield f"the last slides have no {word}"


def shown_in(cell):
    return (
        [] if decks.kind(cell) == "skip" else [d for o in cell.get("outputs", []) for d in o.get("data", {})]
    )


def folds_its_set_up(nb, path):
    """In JupyterLab a folded cell shows its first line."""
    first = next(code_cells(nb))
    hidden = first.metadata.get("jupyter", {}).get("source_hidden")
    if path.parent.name == "chapters" and not (hidden and first.source.startswith(f"{SET_UP}\n")):
        yield f'{name(first)}: its first line is not "{SET_UP}", or its metadata lack {{"jupyter": {{"source_hidden": true}}}}'


def has_short_code(nb, path):
    for cell in nb.cells:
        lines = [line for line in cell.source.splitlines() if line.strip() and not SERVICE.search(line)]
        if cell.cell_type == "code" and not 1 <= len(lines) <= 15:
            yield f"{name(cell)} has {len(lines)} lines of code; 1 to 15 are allowed"


def is_as_long_as_a_chapter(nb, path):
    count = len(nb.cells)
    if path.parent.name == "chapters" and path.stem[:2] != "00" and not 40 <= count <= 92:
        yield f"{count} cells; a chapter has 40 to 92"


def needs_no_deeper_section(nb, path):
    """A reader who skips what is tagged deeper has every name, and no other thing under it."""
    deeper = {}
    for cell in code_cells(nb):
        if MAGIC.search(cell.source):
            continue  # no Python; another rule says so
        needed, left = names(compile(cell.source, "cell", "exec"))
        is_deeper = "deeper" in cell.metadata.get("tags", [])
        if not is_deeper and (missing := sorted(n for n in needed if deeper.get(n))):
            yield f"{name(cell)} takes {', '.join(missing)} from a deeper section"
        deeper |= dict.fromkeys(left, is_deeper)


def states_its_minutes(nb, path):
    """They are counted, and a main path takes 45 at most."""
    if path.parent.name != "chapters" or path.stem[:2] == "00":
        return
    if any(MAGIC.search(cell.source) for cell in code_cells(nb)):
        return  # no Python; another rule says so
    stated = [cell.source for cell in nb.cells if pace.SAID.search(cell.source)]
    if len(stated) != 1 or pace.with_minutes(stated[0], nb) != stated[0]:
        yield 'it does not state the minutes that are counted ("**Minutes** to read: 5; 60 for the exercises."): make execute'
    if (few := pace.minutes(nb, deeper=False)) > pace.LONGEST:
        yield f"the main path takes {few} minutes, {pace.LONGEST} are allowed: make a section deeper, or words fewer"


def names(code):
    """What a cell takes from those before it, and what it leaves."""
    needed, left, within = set(), set(), [c for c in code.co_consts if isinstance(c, CodeType)]
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            left.add(step.argval)
        elif step.opname == "LOAD_NAME" and step.argval not in left:
            needed.add(step.argval)
    for inner in within:
        within += [c for c in inner.co_consts if isinstance(c, CodeType)]
        reads = (s for s in dis.get_instructions(inner) if s.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
        needed |= {step.argval for step in reads} - left
    return needed, left


def links_its_neighbours(nb, path):
    first = nb.cells[0].source
    if path.parent.name == "chapters" and first != (wanted := with_links(first, path)):
        yield f"the first cell should end with {wanted.splitlines()[-1]!r}: make execute"


def links_what_exists(nb, path):
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for target in (a or b for a, b in LINK.findall(cell.source)):
                file = unquote(target.partition("#")[0])
                if re.match(r"\w+:", target) is None and not (path.parent / file).exists():
                    yield f"{name(cell)} links {target}, which does not exist"


def prints_at_most_six_digits(nb, path):
    texts = [(cell, text) for cell, text in data(nb, "text/plain")]
    texts += [(cell, output.text) for cell, output in outputs(nb, "stream")]
    for cell, text in texts:
        for number in NUMBER.findall(re.sub(r"digest [0-9a-f]+", "", text)):
            mantissa = number.partition("e")[0]
            digits = mantissa.replace(".", "").lstrip("0") if "." in mantissa else mantissa.strip("0")
            if len(digits) > 6:
                yield f"{name(cell)} prints {number}: more than 6 significant digits"


def names_no_machine(nb, path):
    shown = [(cell, cell.source) for cell in nb.cells]
    shown += [(cell, output.text) for cell, output in outputs(nb, "stream")]
    shown += [(cell, output.evalue) for cell, output in outputs(nb, "error")]
    shown += [item for mime in ("text/plain", "text/html") for item in data(nb, mime)]
    for cell, text in shown:
        if found := MACHINE_PATH.search(text):
            yield f"{name(cell)} has the path of a machine: {text[found.start() :][:40]!r}"


def runs_anywhere_the_same(nb, path):
    for cell in code_cells(nb):
        if NETWORK.search(cell.source):
            yield f"{name(cell)} asks the network"
        if CLOCK.search(cell.source):
            yield f"{name(cell)} measures time; bench/ does that"
        if MAGIC.search(cell.source):
            yield f"{name(cell)} uses a magic or the shell; plain Python only"


RULES = [
    is_executed_in_order,
    is_written_by_the_executor,
    has_no_error,
    keeps_what_the_frameworks_showed,
    has_no_output_widget,
    has_the_state_of_its_widgets,
    describes_its_figures,
    is_ready_for_slides,
    makes_a_deck,
    folds_its_set_up,
    has_short_code,
    is_as_long_as_a_chapter,
    needs_no_deeper_section,
    states_its_minutes,
    links_its_neighbours,
    links_what_exists,
    prints_at_most_six_digits,
    names_no_machine,
    runs_anywhere_the_same,
]


@functools.cache
def read(path):
    return nbformat.read(path, as_version=4)


def test_the_first_chapters_exist():
    names = {path.stem for path in notebooks()}
    assert {"00_start_here", "01_gradient_descent"} <= names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_notebook(path, rule):
    problems = list(rule(read(path), path))
    assert not problems, "\n".join(problems)


# Each rule rejects a notebook that breaks it.

PNG = "iVBORw0KGgo="
VIEW = {
    "application/vnd.jupyter.widget-view+json": {"model_id": "1" * 32},
    "text/plain": "Player, digest 12345678",
}


def cell(source, *outs, count=None, **metadata):
    metadata.setdefault("slideshow", {"slide_type": "-"})
    return v4.new_code_cell(source, outputs=list(outs), execution_count=count, metadata=metadata)


def text(source):
    return v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": "-"}})


def shows(bundle):
    return v4.new_output("display_data", bundle)


def prints(words, stream="stdout"):
    return v4.new_output("stream", name=stream, text=words)


@pytest.fixture
def sound():
    """A notebook that breaks no rule."""
    alt = "The loss falls by half at every step, on a straight line."
    nb = v4.new_notebook(
        cells=[
            text("# Go downhill"),
            cell(
                f"{SET_UP}\nprint(1 / 3)",
                prints("0.333333 1000000 5e-12"),
                count=1,
                jupyter={"source_hidden": True},
            ),
            cell("plt.plot(loss)", shows({"image/png": PNG, "text/plain": "<Figure>"}), count=2, alt=alt),
            cell("Player(run)", shows(VIEW), count=3),
            cell("1 / 0", v4.new_output("error", ename="E", evalue="no"), count=4, tags=["raises-exception"]),
            text("**Minutes** to read: 5; 60 for the exercises."),
            *(text(f"Words {n}.") for n in range(39)),
        ]
    )
    for one in nb.cells[1:14]:
        one.metadata.slideshow.update(slide_type="slide")
    for one, source in zip(nb.cells[13:15], ("## Summary", "## Exercises"), strict=True):
        one.update(source=source)
    nb.metadata.widgets = nbformat.from_dict({WIDGETS: {"state": {"1" * 32: {"model_name": "AnyModel"}}}})
    return nb


def broken_rules(nb, tmp_path):
    path = tmp_path / "chapters" / "01_go_downhill.ipynb"
    path.parent.mkdir()
    path.write_text(serialize(nb), encoding="utf-8")
    nb = nbformat.read(path, as_version=4)
    return {rule.__name__ for rule in RULES if list(rule(nb, path))}


def test_a_sound_notebook_breaks_no_rule(sound, tmp_path):
    assert broken_rules(sound, tmp_path) == set()


def insert(nb, *new):
    nb.cells[1:1] = new


BREAKS = [
    (is_executed_in_order, lambda nb: nb.cells[2].update(execution_count=None, outputs=[])),
    (is_executed_in_order, lambda nb: nb.cells[2].update(execution_count=7)),
    (has_no_error, lambda nb: nb.cells[4].metadata.update(tags=[])),
    (has_no_error, lambda nb: nb.cells[1].outputs.append(prints("RuntimeWarning", "stderr"))),
    (keeps_what_the_frameworks_showed, lambda nb: nb.cells[1].metadata.update(tags=["frameworks"])),
    (
        keeps_what_the_frameworks_showed,
        lambda nb: nb.cells[3].metadata.update(tags=["frameworks", "raises-exception"]),
    ),
    (
        keeps_what_the_frameworks_showed,
        lambda nb: (
            nb.cells[1].metadata.update(tags=["frameworks", "raises-exception"])
            or nb.cells[1].update(outputs=[])
        ),
    ),
    (has_no_output_widget, lambda nb: nb.cells[1].update(source="interact(f, x=3)")),
    (has_no_output_widget, lambda nb: nb.cells[1].update(source="out = widgets.Output()")),
    (
        has_no_output_widget,
        lambda nb: nb.metadata.widgets[WIDGETS].state.update({"2" * 32: {"model_name": "OutputModel"}}),
    ),
    (has_the_state_of_its_widgets, lambda nb: nb.metadata.pop("widgets")),
    (describes_its_figures, lambda nb: nb.cells[2].metadata.pop("alt")),
    (describes_its_figures, lambda nb: nb.cells[2].metadata.update(alt="a plot")),
    (is_ready_for_slides, lambda nb: nb.cells[0].metadata.pop("slideshow")),
    (is_ready_for_slides, lambda nb: nb.cells[1].metadata.slideshow.update(slide_type="page")),
    (
        makes_a_deck,
        lambda nb: (
            nb.cells[1].metadata.slideshow.update(slide_type="-")
            or nb.cells[2].metadata.slideshow.update(slide_type="-")
        ),
    ),
    (makes_a_deck, lambda nb: [c.metadata.slideshow.update(slide_type="slide") for c in nb.cells]),
    (makes_a_deck, lambda nb: nb.cells[3].metadata.slideshow.update(slide_type="skip")),
    (makes_a_deck, lambda nb: nb.cells[13].update(source="## The end")),
    (folds_its_set_up, lambda nb: nb.cells[1].metadata.pop("jupyter")),
    (folds_its_set_up, lambda nb: nb.cells[1].update(source="print(1 / 3)")),
    (has_short_code, lambda nb: nb.cells[1].update(source="x = 1\n" * 16)),
    (has_short_code, lambda nb: nb.cells.append(cell(""))),
    (is_as_long_as_a_chapter, lambda nb: nb.update(cells=nb.cells[:39])),
    (is_as_long_as_a_chapter, lambda nb: nb.cells.extend(text(f"More {n}.") for n in range(60))),
    (
        needs_no_deeper_section,
        lambda nb: insert(nb, cell("x = 1", tags=["deeper"]), cell("y = [lambda: x]")),
    ),
    (needs_no_deeper_section, lambda nb: insert(nb, cell("x = 1", tags=["deeper"]), cell("x = x + 1"))),
    (
        states_its_minutes,
        lambda nb: nb.cells[5].update(source="**Minutes** to read: 10; 60 for the exercises."),
    ),
    (states_its_minutes, lambda nb: nb.cells[5].update(source="Minutes: few.")),
    (states_its_minutes, lambda nb: nb.cells[6].update(source="Word after word. " * 3000)),
    (
        links_its_neighbours,
        lambda nb: nb.cells[0].update(source="# Go\n\n[← 00 Old title](00_start_here.ipynb)"),
    ),
    (links_what_exists, lambda nb: insert(nb, text("See [this](../lib/none.py#L3)."))),
    (links_what_exists, lambda nb: insert(nb, text('<img src="none.png">'))),
    (prints_at_most_six_digits, lambda nb: nb.cells[1].outputs[0].update(text="0.3333333")),
    (prints_at_most_six_digits, lambda nb: nb.cells[1].outputs[0].update(text="loss: 12345678")),
    (
        prints_at_most_six_digits,
        lambda nb: nb.cells[2].outputs[0].data.update({"text/plain": "[-1.0000000e-5]"}),
    ),
    (names_no_machine, lambda nb: nb.cells[1].outputs[0].update(text="in /" + "tmp/x.py")),
    (names_no_machine, lambda nb: nb.cells[4].outputs[0].update(evalue="/" + "home/me/x.py")),
    (names_no_machine, lambda nb: nb.cells[1].update(source="open('/" + "Users/me/x')")),
    (runs_anywhere_the_same, lambda nb: nb.cells[1].update(source="import requests")),
    (runs_anywhere_the_same, lambda nb: nb.cells[1].update(source="read_csv('https://example.org')")),
    (runs_anywhere_the_same, lambda nb: nb.cells[1].update(source="%timeit f()")),
    (runs_anywhere_the_same, lambda nb: nb.cells[1].update(source="start = time.perf_counter()")),
]


@pytest.mark.parametrize(("rule", "break_it"), BREAKS, ids=[rule.__name__ for rule, _ in BREAKS])
def test_a_broken_notebook_is_rejected(rule, break_it, sound, tmp_path):
    break_it(sound)
    assert rule.__name__ in broken_rules(sound, tmp_path)


def test_a_file_written_otherwise_is_rejected(sound, tmp_path):
    path = tmp_path / "x.ipynb"
    path.write_text(serialize(sound).replace('"ipython3"', '"ipython"'), encoding="utf-8")
    assert list(is_written_by_the_executor(nbformat.read(path, as_version=4), path))


# Exercises.

SOLUTIONS = sorted(CHAPTERS.glob("solutions/*.ipynb"))
solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)


@solution
def test_exercises_are_made_from_their_solutions(path):
    made = (CHAPTERS / "exercises" / path.name).read_text(encoding="utf-8")
    assert made == serialize(student_version(read(path))), "run tools/exercises.py (make execute does)"


def test_no_exercises_without_solutions():
    assert {p.name for p in CHAPTERS.glob("exercises/*.ipynb")} == {path.name for path in SOLUTIONS}


@solution
def test_exercises_are_complete(path):
    problems = list(incomplete(read(path)))
    assert not problems, "\n".join(problems)


@solution
def test_checks_tell_right_from_wrong(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    problems = list(weak_checks(read(path)))
    assert not problems, "\n".join(problems)


def incomplete(nb):
    """Yields what the exercises lack: five of them, each with an answer, each coded one with a check."""
    parts = re.split(r"^##+ ((?:Exercise )?\d+)", "\n".join(map(marked, nb.cells)), flags=re.MULTILINE)
    titles, bodies = parts[1::2], parts[2::2]
    if len(titles) < 5:
        yield f"{len(titles)} headings '## 1. …'; at least 5 are wanted"
    for title, body in zip(titles, bodies, strict=True):
        if "[answer]" not in body:
            yield f"exercise {title} has neither a cell tagged solution nor code between the solution marks"
    solved = {c.metadata.get("exercise") for c in code_cells(nb) if SOLUTION.search(c.source)}
    checked = {c.metadata.get("exercise") for c in code_cells(nb) if "wrong" in c.metadata}
    for cell in code_cells(nb):
        if "wrong" in cell.metadata and not re.search(r'\nprint\("Exercise \d+: right\."\)$', cell.source):
            yield f'{name(cell)} does not end with print("Exercise …: right.")'
    if "brief()" not in next(code_cells(nb)).source:
        yield "the first cell does not call brief() of lib.exercises"
    for exercise in solved ^ checked:
        yield f"{exercise} has not both a solution and a check with wrong answers (metadata exercise, wrong)"


def marked(cell):
    answers = "solution" in cell.metadata.get("tags", []) or SOLUTION.search(cell.source)
    return (cell.source if cell.cell_type == "markdown" else "") + ("\n[answer]" if answers else "")


def weak_checks(nb):
    """Run the notebook; yield the checks that pass a wrong answer, fail a right one or say little."""
    namespace = {"display": lambda *shown: None}
    answered = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a wrong answer may overflow
        for cell in code_cells(nb):
            exercise = cell.metadata.get("exercise")
            if SOLUTION.search(cell.source):
                answered[exercise] = cell.source, dict(namespace)
            if wrong := cell.metadata.get("wrong"):
                source, before = answered[exercise]
                for kind, answer in [("the stub", with_stub(source)), *((repr(w), w) for w in wrong)]:
                    if problem := verdict(answer, cell.source, dict(before)):
                        yield f"{exercise}, {kind}: {problem}"
            for answer in cell.metadata.get("right", []):
                if (problem := verdict(answer, cell.source, dict(answered[exercise][1]))) != "passes":
                    yield f"{exercise}, {answer!r}, which is right: {problem or 'rejected'}"
            try:
                exec(cell.source, namespace)
            except Exception as error:
                if not may_raise(cell):
                    yield f"{exercise}, the solution: {type(error).__name__}: {error}"
            plt.close("all")


def verdict(answer, check, namespace):
    try:
        exec(answer, namespace)
        exec(check, namespace)
    except AssertionError as error:
        return None if len(str(error)) >= 20 else f"the check's message does not help: {str(error)!r}"
    except Exception as error:
        return f"{type(error).__name__}, not an AssertionError that helps: {error}"
    return "passes"


def exercises(
    check, *wrong, right=(), body="    ### BEGIN SOLUTION\n    return lr * g\n    ### END SOLUTION"
):
    return v4.new_notebook(
        cells=[
            text("## 1. Code: a step"),
            cell(f"from lib.exercises import brief\nbrief()\ndef step(lr, g):\n{body}", exercise="step"),
            cell(
                f'{check}\nprint("Exercise 1: right.")', exercise="step", wrong=list(wrong), right=list(right)
            ),
            *[text(f"## {n}. Recall") for n in (2, 3, 4, 5)],
        ]
    )


STEP = "def step(lr, g): return {}"
GOOD = "assert step(0.5, 4) == 2, 'a step is the learning rate times the gradient'"


def test_a_good_check():
    right = [STEP.format("g * lr"), "import numpy as np\n" + STEP.format("np.array(lr * g)")]
    assert list(weak_checks(exercises(GOOD, STEP.format("g"), STEP.format("-lr * g"), right=right))) == []


@pytest.mark.parametrize(
    ("nb", "problem"),
    [
        (exercises(GOOD, STEP.format("g * lr")), "return g * lr': passes"),
        (exercises("assert step(0.5, 4) == 2, 'no'", STEP.format("g")), "does not help: 'no'"),
        (
            exercises("assert abs(step(0.5, 4) - 2) < 1e-9, 'a step is lr times g'", STEP.format("g")),
            "the stub: TypeError",
        ),
        (
            exercises("assert step(0.5, 4) == 3, 'a step is three, is it not?'", STEP.format("g")),
            "the solution: Assert",
        ),
        (exercises(GOOD, STEP.format("g"), right=[STEP.format("lr * g + 1e-9")]), "which is right: rejected"),
        (exercises(GOOD, STEP.format("g"), right=[STEP.format("lr * h")]), "which is right: NameError"),
    ],
    ids=[
        "accepts a wrong answer",
        "message too short",
        "stub breaks the check",
        "rejects the solution",
        "rejects a right answer",
        "breaks on a right answer",
    ],
)
def test_a_weak_check_is_rejected(nb, problem):
    assert any(problem in found for found in weak_checks(nb))


def test_incomplete_exercises_are_rejected():
    problems = list(incomplete(exercises(GOOD, STEP.format("g"))))
    assert problems == [
        f"exercise {n} has neither a cell tagged solution nor code between the solution marks"
        for n in (2, 3, 4, 5)
    ]
    unchecked = exercises(GOOD)
    del unchecked.cells[2].metadata["wrong"], unchecked.cells[3:]
    unchecked.cells[1].source = unchecked.cells[1].source.replace("brief()\n", "")
    problems = list(incomplete(unchecked))
    assert "1 headings '## 1. …'; at least 5 are wanted" in problems
    assert any("step has not both" in problem for problem in problems)
    assert "the first cell does not call brief() of lib.exercises" in problems
    silent = exercises(GOOD)
    silent.cells[2].source = GOOD
    assert any("does not end with print" in problem for problem in incomplete(silent))


@solution
def test_run_all_gets_past_untouched_stubs(path, monkeypatch):
    """Every check says that its answer is missing; no other cell fails for want of one."""
    monkeypatch.chdir(path.parent)
    namespace = {"display": lambda *shown: None}
    for cell in code_cells(student_version(read(path))):
        try:
            exec(cell.source, namespace)
        except AssertionError:
            assert may_raise(cell), f"{name(cell)} needs an answer; only a check may"
        else:
            assert not may_raise(cell), f"{name(cell)} passes without an answer"
        plt.close("all")


def test_a_failed_check_is_one_line():
    """In a notebook: the message alone; what says nothing, or is another error, is shown as ever."""
    sources = [
        "from lib.exercises import brief\nbrief()",
        "assert 1 == 2, 'one is not two'",
        "assert 1 == 2",
        "1 / 0",
    ]
    nb = v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources])
    NotebookClient(nb, kernel_name="python3", allow_errors=True).execute()
    shown = [output.traceback for cell in nb.cells for output in cell.outputs]
    assert shown[0] == ["one is not two"]
    assert all(len(way) > 1 for way in shown[1:]) and len(shown) == 3


def test_the_first_chapter_says_how_minutes_are_counted():
    said = (
        "two hundred words a minute, three seconds for a line of code, twenty for a formula or a figure, "
        "a minute for a player"
    )
    assert any(said in cell.source for cell in read(CHAPTERS / "00_start_here.ipynb").cells)
    assert (round(60 / pace.WORD), pace.LINE, pace.FORMULA, pace.FIGURE, pace.PLAYER) == (200, 3, 20, 20, 60)
