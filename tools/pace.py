"""How long a chapter takes to read, counted: `make execute` writes it into the chapter.

What is folded does not count: proofs, answers, the set-up, what only draws and what only checks; nor do the
lists of exercises and of further reading, nor what a reader does with a pencil.
"""

import re
import sys
from pathlib import Path

from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from parts import needs, parts

WORD, FORMULA, LINE, FIGURE, PLAYER, PREDICTION = 0.3, 20, 3, 20, 60, 30  # seconds
LONGEST = 45  # minutes of a main path
SAID = re.compile(r"(?<=\*\*Minutes\*\* to read: )\d+(?: on the main path, \d+ for what is deeper)?(?=; )")


def minutes(nb: NotebookNode, deeper: bool) -> int:
    """Minutes to read the main path or the deeper sections, rounded up to five.

    >>> from nbformat import v4
    >>> words = "A step. " * 200 + "<details><summary>Prove it</summary>Long.</details> $$x = 1$$"
    >>> minutes(v4.new_notebook(cells=[v4.new_markdown_cell(words)]), deeper=False)
    5
    """
    seconds = 0.0
    needed = [needs(cell.source) if cell.cell_type == "code" else set() for cell in nb.cells]
    for k, cell in enumerate(nb.cells):
        if cell.source.startswith("## Exercises"):
            break
        if ("deeper" in cell.metadata.get("tags", [])) != deeper:
            continue
        if cell.cell_type == "markdown":
            text = re.sub(r"<details>.*?</details>|(?<=\])\([^)]*\)", "", cell.source, flags=re.DOTALL)
            words, formulas = re.subn(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
            seconds += WORD * len(words.split()) + FORMULA * formulas + PREDICTION * ("**Predict" in words)
        elif not cell.metadata.get("jupyter", {}).get("source_hidden"):
            shown = parts(cell.source, set().union(*needed[k + 1 :]))[0]
            seconds += LINE * sum(bool(line.strip()) for line in shown.splitlines())
            kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
            seconds += FIGURE * kinds.count("image/png")
            seconds += PLAYER * sum(kind.endswith("widget-view+json") for kind in kinds)
    return -int(-seconds // 300) * 5


def with_minutes(source: str, nb: NotebookNode) -> str:
    """The text of a chapter's cell, with the minutes that are counted where it states any."""
    if not SAID.search(source):
        return source
    few, more = (minutes(nb, deeper) for deeper in (False, True))
    return SAID.sub(f"{few} on the main path, {more} for what is deeper" if more else f"{few}", source)
