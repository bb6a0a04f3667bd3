"""Numbers in prose are tied to runs: each number in a chapter's text, slides, notes, alt texts and solutions
stands in an output or in code near it, in a formula, or in NOTATION.md.

A digit alone is let pass (a count, an exponent, the number of an exercise), and so is what cites: a year, a
section, an equation, a chapter, a version; and minutes, which are estimates.
"""

import re

import nbformat
import pytest
from nbformat import v4

from tools.execute import CHAPTERS, notebooks

NEAR = 6  # cells before and after; the opening, the summary and the practice are about the whole chapter
WHOLE = re.compile(r"^## (?:Summary|In practice|Exercises|Who this is for|The chapters)", re.MULTILINE)

# What nothing near it has, by chapter, each with the reason.
CITATION, BY_HAND, DESIGN, PICTURE, YEAR, ELSEWHERE, POLL, UNTIED = (
    "the work cited beside it says so",
    "a sum in the head, from the numbers beside it",
    "counts what the code beside it makes, from lengths it has not as a number",
    "read off the figure, roughly",
    "a year in a sentence",
    "an earlier cell or chapter has it",
    "a poll asks for it, and the solution of the exercise behind the poll has it",
    "of a run that no cell shows yet",
)
EXCEPT = {
    "chapters/02": {"13": CITATION, "8192": CITATION},
    "chapters/03": {"2.1": POLL, "24": BY_HAND},
    "chapters/05": {"64": DESIGN, "3.2": BY_HAND, "0.0002": BY_HAND},
    "chapters/06": {"100": BY_HAND, "0.006": PICTURE, "1900": PICTURE, "1400": BY_HAND},
    "chapters/07": {"30": ELSEWHERE, "45": BY_HAND, "4.6": POLL},
    "chapters/08": {
        "693": POLL,
        "63": BY_HAND,
        "31.6": BY_HAND,
        "10^6": ELSEWHERE,
        "24": DESIGN,
        "33": DESIGN,
        "1e-15": PICTURE,
        "1e-5": PICTURE,
    },
    "chapters/09": {
        "12": BY_HAND,
        "150": PICTURE,
        "1e-17": PICTURE,
        "6.569": ELSEWHERE,
        "2018": YEAR,
        "597": DESIGN,
        "600": BY_HAND,
        "2024": YEAR,
        "142323": CITATION,
        "31.6": BY_HAND,
        "1389": CITATION,
    },
    "chapters/10": {
        "700,000": BY_HAND,
        "12": CITATION,
        "100": BY_HAND,
        "110": DESIGN,
        "20": BY_HAND,
        "1.88": ELSEWHERE,
    },
    "chapters/11": {
        "300": PICTURE,
        **dict.fromkeys(("500", "21"), DESIGN),
        **dict.fromkeys(("441", "76", "108", "270"), BY_HAND),
        "0.25": ELSEWHERE,
        "80": CITATION,
    },
    "chapters/12": {
        "0.1": POLL,
        **dict.fromkeys(("1.15", "1.21"), ELSEWHERE),
        **dict.fromkeys(("32,868", "1.2"), CITATION),
        "24": BY_HAND,
        "30,000": DESIGN,
    },
    "chapters/13": {
        **dict.fromkeys(("1200", "32", "190", "597", "43", "200", "31", "300", "64"), DESIGN),
        **dict.fromkeys(("1000", "400", "60", "12"), DESIGN),
        **dict.fromkeys(("1.5", ".6244", ".4590", ".7784", ".7077", "15", "50,000"), CITATION),
        "2.4": PICTURE,
        **dict.fromkeys(("19", "59"), POLL),
    },
    "chapters/15": {"2.9": POLL},
    "chapters/16": {"23668": CITATION, "100": POLL},
    "chapters/17": {"458": POLL},
    "chapters/19": {"0.316": POLL},
    "chapters/20": dict.fromkeys(("96", "40", "128", "64", "32"), POLL),
    "solutions/05": {"1.46": ELSEWHERE, "0.96": UNTIED},
    "solutions/06": {"100": BY_HAND, "0.9931": BY_HAND, "11.7": BY_HAND},
    "solutions/07": {"0.2": ELSEWHERE},
    "solutions/08": {"899": BY_HAND, "7.09": ELSEWHERE},
    "solutions/09": {
        "0.9": ELSEWHERE,
        "0.999": ELSEWHERE,
        "8000": DESIGN,
        "0.001": ELSEWHERE,
        "10": BY_HAND,
        "63": ELSEWHERE,
    },
    "solutions/10": {"0.996": ELSEWHERE, "0.333": ELSEWHERE, "2.5": ELSEWHERE},
    "solutions/11": {
        "1.99": ELSEWHERE,
    },
    "solutions/12": {"15.3": BY_HAND, "5.02": BY_HAND},
    "solutions/13": {
        **dict.fromkeys(("0.001", "0.0001", "0.01", "0.131", "0.132", "50"), DESIGN),
        "59": BY_HAND,
        "0.9": ELSEWHERE,
    },
}

TAG = re.compile(r"\\tag\{([\d.]+)\}")
EQUATIONS = {
    tag for path in notebooks() for tag in TAG.findall(path.read_text("utf-8").replace("\\\\", "\\"))
}
NUMBER = re.compile(
    r"10(?:\^\{?|\*\*\(?)(?P<power>[−-]?\d+)\}?|10(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?<![\w.])(?P<plain>\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?!\d)|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(?![\d])"
)
FRACTION = re.compile(r"(\d+(?:\.\d+)?) ?/ ?(\d+(?:\.\d+)?)|\\t?frac\{?(\d+)\}?\{?(\d+)\}?")
LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
CITED = re.compile(
    r"\[(?:← )?\d\d [^\]]*\](?:\([^)]*\))?|\]\([^)]*\)|<[^>]*>"  # links
    r"|\*\*Minutes\*\*[^\n]*|\d+ minutes"
    r"|(?:\b(?!At|By|From|In|Of|Over|Step|To|With)[A-Z][\w’'-]*(?:'s)?,? \(?|al\. \(?|\*\* \(|\((?=\d{4}, [§F]))"
    r"(?:(?:1[6-9]|20)\d\d[a-z]?\b(?:[,;] (?=\d{4}))?)+"  # years, after a name
    r"|(?:§|[Tt]heorem|[Ll]emma|[Aa]lgorithm|[Pp]roposition|[Ss]ection|eqs?\.|[Tt]able|[Ff]igure|[Pp]p?\.)[ ~]?§?"
    r"[\d.]+(?:(?:,| and| to|–)[ ~][\d.]+)*"
    r"|[Cc]hapters? \d\d(?:(?:,| and| to|,? or) (?:chapter )?\d\d)*|^\| \**\d\d(?:–\d\d)?\**"
    r"|(?:PyTorch|Optax|Keras|NumPy|Python|SciPy|JAX)(?:'s)? \d[\d.]*\d",
    re.MULTILINE,
)
REFERENCE = re.compile(r"\((\d+\.\d+)\)|[Ff]ormulas? (\d+\.\d+)(?: and (\d+\.\d+))?")
EQUATION = re.compile(r"\$\$.*?\$\$", re.DOTALL)


def value(match):
    if power := match["power"] or (match["raised"] or "").translate(LOWERED):
        return 10.0 ** int(power.replace("−", "-"))
    return float(re.sub(r"[,_{}\\]", "", match["plain"]))


def evidence(text):
    """The numbers that a text of code, of an output or of a formula has."""
    found = [value(match) for match in NUMBER.finditer(text)]
    for a, b, c, d in FRACTION.findall(text):
        if float(b or d):
            found.append(float(a or c) / float(b or d))
    return found


def said(text):
    """The numbers that prose says, as written, with their values: without what it cites and defines."""
    text = EQUATION.sub(" ", text)
    text = CITED.sub(" ", text)
    text = REFERENCE.sub(lambda m: m[0] if set(filter(None, m.groups())) - EQUATIONS else " ", text)
    for match in NUMBER.finditer(text):
        written = match[0]
        if not re.fullmatch(r"\d", written):
            yield written, value(match), bool(re.match(r"\s?\\?%", text[match.end() :]))


LATEX = [
    (r"\\[td]?frac\s?\{?([\d.]+)\}?\s?\{?([\d.]+)\}?", r"(\1/\2)"),
    (r"\\sqrt\s?\{([^{}]*\^\{?\d+\}?|[^{}]*)\}", r"(\1)**0.5"),
    (r"\\sqrt\s?(\d)", r"\1**0.5"),
    (r"\^\{([^{}]*)\}|\^(\d)", r"**(\1\2)"),
    (r"\\cdot|\\times|·|×", "*"),
    (r"\\,|\{,\}", ""),
    ("−", "-"),
]
SUM = re.compile(r"(?<![\w.}])([\d(][\d.+\-*/() ]*?[\d)]) ?(?==)")


def worked(text):
    """The numbers of each sum in a text that comes out: in "30/1.1 = 27.3" three, in a wrong one none."""
    for pattern, plain in LATEX:
        text = re.sub(pattern, plain, text)
    found = []
    for match in SUM.finditer(text):
        right = re.match(r"= ?([\d.]*\d)", text[match.end() :])
        if not right or not re.search(r"[*/+-]", match[1]):
            continue
        try:
            result = eval(match[1])  # digits, dots, brackets and + - * /, nothing else
        except (SyntaxError, TypeError, ArithmeticError):
            continue
        if has([float(result)], right[1], float(right[1]), False):
            found += [*evidence(match[1]), float(right[1])]
    return found


def has(found, written, wanted, percent):
    """Whether one of the numbers found is the one that is written, at the digits it is written with."""
    digits = len(written.partition(".")[2]) if re.fullmatch(r"\d*\.\d+", written) else 0
    half = 0.5 * 10.0**-digits * (1 + 1e-9)
    for number in found:
        for scaled in (number, 100 * number) if percent else (number,):
            if scaled == wanted or abs(scaled - wanted) <= 1e-9 * wanted:
                return True
            if wanted >= 1e-4 and scaled % 1 and abs(scaled - wanted) <= half:
                return True
    return False


def shown(cell):
    """What a cell computes and shows, and the formulas of a text."""
    if cell.cell_type == "markdown":
        return "\n".join(re.sub(TAG, "", equation) for equation in EQUATION.findall(cell.source))
    parts = [cell.source]
    for output in cell.outputs:
        parts += [output.get("text", ""), output.get("evalue", "")]
        parts.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(parts)


def loose(nb, beside=""):
    """Yield each number of the prose that nothing near it has: the number, and where it stands."""
    texts = [evidence(shown(cell)) for cell in nb.cells]
    everything = sum(texts, evidence(beside))
    opening = True
    for i, cell in enumerate(nb.cells):
        own = cell.source if cell.cell_type == "markdown" else ""
        if own.startswith("## Further reading"):
            continue
        opening = opening and not own.startswith("## ")
        if opening or WHOLE.search(own):
            near = everything
        else:
            near = [number for text in texts[max(0, i - NEAR) : i + NEAR + 1] for number in text]
        slide = cell.metadata.get("slideshow", {})
        proses = {
            "alt": cell.metadata.get("alt", ""),
            "slide": slide.get("text", ""),
            "notes": slide.get("notes", ""),
        }
        for where, prose in {"text": own, **proses}.items():
            for written, wanted, percent in said(prose):
                if not has(near + worked(prose), written, wanted, percent):
                    yield written, f"{where} of cell {cell.id}"


def read(path):
    return nbformat.read(path, as_version=4)


NOTATION = (CHAPTERS.parent / "NOTATION.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_number_of_the_prose_is_computed_near_it(path):
    known = EXCEPT.get(f"{path.parent.name}/{path.stem[:2]}", {})
    found = list(loose(read(path), NOTATION))
    problems = [f"{number} ({where})" for number, where in found if number not in known]
    assert not problems, "\n".join(["no output, code or formula near it has:", *problems])
    assert set(known) == {number for number, _ in found}, "an exception that nothing needs any more"


# A changed digit is found.


def book(
    text,
    alt="A map.",
    printed="6908 steps, 0.1234567 left",
    code="run = descend(f, (1, 1), gd(lr=0.05), 400)",
):
    """A chapter of one section: a text, and a figure with its description."""
    drawn = v4.new_code_cell(code, outputs=[v4.new_output("stream", text=printed)], metadata={"alt": alt})
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Go"),
            v4.new_markdown_cell("## Run"),
            v4.new_markdown_cell(text),
            drawn,
        ]
    )


@pytest.mark.parametrize(
    "right",
    [
        "It takes 6,908 steps at $\\eta = 0.05$ and leaves 0.12, that is 12 %, or $10^{-1}$ and 23.46 · 3.",
        "As in chapter 01 and Polyak (1964; 1987, §3.2), by Theorem 2.1.15, after 10 minutes.",
        "By hand $2/11 = 0.1818$ and $\\tfrac12 \\cdot 0.05 = 0.025$, and $\\sqrt{10^{4}} = 100$.",
    ],
)
def test_what_is_computed_or_cited_passes(right):
    code = "x = 0.1 * 23.4567  # 4 / 40"
    assert list(loose(book(right, code=f"{code}; lr = 0.05"))) == []


@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ("It takes 6,907 steps.", "6,907"),
        ("It leaves 0.13.", "0.13"),
        ("It leaves 13 %.", "13"),
        ("At $\\eta = 0.06$.", "0.06"),
        ("From $10^{-7}$ on.", "10^{-7}"),
        ("By hand $2/11 = 0.1918$.", "0.1918"),
        ("As (3.999) says.", "3.999"),
    ],
)
def test_a_wrong_number_is_found(wrong, number):
    assert number in [written for written, _ in loose(book(wrong))]
    assert number in [written for written, _ in loose(book("Words.", alt=wrong))]


def test_a_number_far_from_what_computes_it_is_found():
    nb = book("Words.")
    nb.cells += [v4.new_markdown_cell("More words.") for _ in range(NEAR)]
    nb.cells.append(v4.new_markdown_cell("It takes 6908 steps."))
    assert [written for written, _ in loose(nb)] == ["6908"]
    nb.cells[-1].source = "## Summary\n\nIt takes 6908 steps."
    assert list(loose(nb)) == []


@pytest.mark.parametrize(
    ("name", "there", "changed"),
    [
        ("03_momentum", "it turns 6908 steps into 315", "it turns 6908 steps into 316"),  # the opening
        ("01_gradient_descent", "needs 1602 steps", "needs 1603 steps"),  # text
        ("02_stochastic_gradients", "at 0.149 of the", "at 0.147 of the"),  # a slide
        ("03_momentum", "0.65 and minus 1.80", "0.65 and minus 1.81"),  # an alt text
        ("solutions/03_momentum", "2.914", "2.915"),  # a solution
    ],
)
def test_a_digit_changed_in_the_book_is_found(name, there, changed):
    nb = read(CHAPTERS / f"{name}.ipynb")
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(there, changed)
        elif "alt" in cell.metadata:
            cell.metadata.alt = cell.metadata.alt.replace(there, changed)
    before = list(loose(read(CHAPTERS / f"{name}.ipynb"), NOTATION))
    assert len(list(loose(nb, NOTATION))) == len(before) + 1
