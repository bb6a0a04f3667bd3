"""Make chapters/exercises/NN_*.ipynb, what a student gets, from chapters/solutions/NN_*.ipynb.

    python tools/exercises.py

Code between `### BEGIN SOLUTION` and `### END SOLUTION` becomes a stub; cells tagged `solution`, outputs,
alternative texts and the answers kept beside a check (`wrong`, `right`) are dropped. A check may fail:
"Run All" goes on.
"""

import ast
import copy
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))
from execute import CHAPTERS, clear, serialize, write

SOLUTION = re.compile(
    r"^(?P<indent>[ ]*)### BEGIN SOLUTION\n(?P<code>.*?)^(?P=indent)### END SOLUTION$",
    re.MULTILINE | re.DOTALL,
)


def with_stub(source: str, answer: bool = False) -> str:
    """Put a stub that runs in place of the marked code, or before it: `...` for each new name it assigns.

    >>> print(with_stub("### BEGIN SOLUTION\\nedge = 2 / 40\\n### END SOLUTION"))
    edge = ...  # your code here
    """

    def stub(match: re.Match[str]) -> str:
        names = [] if match["indent"] else assigned(match["code"])
        known = [] if match["indent"] else assigned(source[: match.start()])
        new = [f"{name} = " for name in names if name not in known]
        lines = [f"{match['indent']}{name}...  # your code here" for name in new or [""]]
        return "\n".join([*lines, match[0]] if answer else lines)

    return SOLUTION.sub(stub, source)


def assigned(code: str) -> list[str]:
    """The names that a piece of code assigns at its top level, in order.

    >>> assigned("a = 1; b, c = a, 2; a = 3")
    ['a', 'b', 'c']
    """
    targets = [t for node in ast.parse(code).body if isinstance(node, ast.Assign) for t in node.targets]
    names = [node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(names))


def student_version(solution: NotebookNode) -> NotebookNode:
    nb = copy.deepcopy(solution)
    clear(nb)
    nb.cells = [cell for cell in nb.cells if "solution" not in cell.metadata.get("tags", [])]
    for cell in nb.cells:
        if "wrong" in cell.metadata:
            cell.metadata.tags = [*cell.metadata.get("tags", []), "raises-exception"]
        for kept in ("alt", "wrong", "right"):
            cell.metadata.pop(kept, None)
        if cell.cell_type == "code":
            cell.source = with_stub(cell.source)
    return nb


def main() -> None:
    for path in sorted(CHAPTERS.glob("solutions/*.ipynb")):
        text = serialize(student_version(nbformat.read(path, as_version=4)))
        target = CHAPTERS / "exercises" / path.name
        target.parent.mkdir(exist_ok=True)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            write(target, text)
            print(f"exercises/{path.name}: written")


if __name__ == "__main__":
    main()
