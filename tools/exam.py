"""Write an exam and its key, book/_build/exams/SEED_paper.html and SEED_key.html, from the bank in exams/.

    python tools/exam.py SEED [CHAPTER ...]

Nine questions, of all four kinds, from the chapters named (two at least; all of 01 to 12 otherwise), each
with numbers that belong to the seed. A page needs nothing else: it prints from any browser.
"""

import html
import re
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))
from beside import BookError, build
from execute import CHAPTERS, write

from exams.asking import KINDS, Asked, Question
from exams.questions import BANK

EXAMS = CHAPTERS.parent / "book" / "_build" / "exams"
ASKED = ["arithmetic", "picture", "bug", "derive", "arithmetic", "picture", "bug", "derive", "arithmetic"]
MINUTES = 2  # a point
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 18mm 20mm; }}
body {{ font: 11pt/1.45 system-ui, "DejaVu Sans", sans-serif; color: #111; }}
body {{ max-width: 46em; margin: 2em auto; padding: 0 1em; }}
h1 {{ font-size: 16pt; margin: 0; }}
h2 {{ font-size: 11pt; margin: 1.6em 0 0.3em; }}
h2 small {{ float: right; font-weight: normal; }}
section {{ break-inside: avoid; }}
section.paper {{ padding-bottom: 32mm; }}
pre {{ font: 9.5pt/1.4 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; }}
pre {{ background: #f4f4f4; padding: 0.6em 1em; }}
code {{ font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }}
img {{ display: block; max-width: 100%; }}
.answer {{ border-left: 3px solid #0072b2; padding-left: 1em; }}
@media print {{ body {{ margin: 0; padding: 0; max-width: none; }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{head}</p>
{body}
</body>
</html>
"""


def chosen(seed: int, chapters: list[str]) -> list[tuple[Question, Asked]]:
    """The questions of an exam with their numbers: each chapter as often as another, none asked twice."""
    wrong = [name for name in chapters if name not in {q.chapter for q in BANK}]
    if wrong or len(set(chapters)) < 2:
        raise BookError(f"chapters {' '.join(chapters)}: name two or more of 01 to 12")
    rng = np.random.default_rng([seed, 24])
    questions: list[Question] = []
    for kind in ASKED:
        left = [q for q in BANK if q.chapter in chapters and q.kind == kind and q not in questions]
        left = left or [q for q in BANK if q.chapter in chapters and q not in questions]
        asked = [q.chapter for q in questions]
        fewest = min(asked.count(q.chapter) for q in left)
        left = [q for q in left if asked.count(q.chapter) == fewest]
        questions.append(left[int(rng.integers(len(left)))])
    questions.sort(key=lambda q: (q.chapter, q.points))
    return [(q, q.ask(np.random.default_rng([seed, BANK.index(q)]))) for q in questions]


def as_html(text: str) -> str:
    """Paragraphs, code between fences and `code` in a line.

    >>> as_html("Is `a` < 1?")
    '<p>Is <code>a</code> &lt; 1?</p>'
    """
    parts = []
    for i, part in enumerate(text.split("```")):
        plain = html.escape(part.strip("\n"), quote=False)
        if i % 2:
            parts.append(f"<pre>{plain}</pre>")
        else:
            lines = re.sub(r"`([^`]+)`", r"<code>\1</code>", plain)
            parts += [f"<p>{line.strip()}</p>" for line in lines.split("\n\n") if line.strip()]
    return "\n".join(parts)


def page(seed: int, questions: list[tuple[Question, Asked]], key: bool) -> str:
    points, body = sum(q.points for q, _ in questions), []
    for number, (q, asked) in enumerate(questions, start=1):
        parts = [f"<h2>{number}. Chapter {q.chapter}, {KINDS[q.kind]} <small>{q.points} points</small></h2>"]
        parts.append(as_html(asked.text))
        if asked.picture:
            parts.append(f'<img src="{asked.picture}" alt="the picture that the question speaks of">')
        if key:
            parts.append(f'<div class="answer">{as_html(asked.answer)}{as_html(asked.way)}</div>')
        kind = "key" if key else "paper"
        body.append(f'<section class="{kind}">\n' + "\n".join(parts) + "\n</section>")
    head = (
        f"{points} points, {MINUTES * points} minutes. A pocket calculator, no run. Four digits are enough. "
    )
    head += (
        "Half the points are for the way."
        if key
        else "Show the way: it counts. Name: ________________________"
    )
    title = f"Downhill, exam {seed}{', key' * key}"
    return PAGE.format(title=title, head=head, body="\n".join(body))


def main() -> None:
    if len(sys.argv) < 2 or not sys.argv[1].isdecimal():
        raise BookError("which exam? A whole number: make exam SEED=7")
    mpl.use("agg")
    seed, chapters = int(sys.argv[1]), sys.argv[2:] or sorted({q.chapter for q in BANK})
    questions = chosen(seed, chapters)
    EXAMS.mkdir(parents=True, exist_ok=True)
    for name, key in (("paper", False), ("key", True)):
        write(EXAMS / f"{seed}_{name}.html", page(seed, questions, key))
        print((EXAMS / f"{seed}_{name}.html").relative_to(CHAPTERS.parent))


if __name__ == "__main__":
    build("the exam", main)
