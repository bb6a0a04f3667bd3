"""What a page shows of a cell's code, what draws its figure, and what checks it: the last two are folded.

Only the page is arranged so: the notebook runs as it stands. Code draws when it speaks of Matplotlib's
objects and makes nothing that is needed later; folded is the end of a cell that only draws.
"""

import ast
from itertools import pairwise

PLOTS = {"landscape", "path", "losses", "heatmap"}  # of lib/plotting.py
WORKS = {"print", "descend", "sweep", "feed", "Player", "so_far"}
FEW = 3  # so many lines are not worth a fold


def parts(source: str, later: set[str]) -> tuple[str, str, str]:
    '''The code that is shown, that draws and that checks; `later` are the names that other cells need.

    >>> cell = """# A walk.
    ... x = walk()
    ... fig, ax = plt.subplots()
    ... for y in x:
    ...     ax.plot(y)
    ... ax.set(xlabel='t')
    ... assert len(x) == 3"""
    >>> shown, drawn, checked = parts(cell, later=set())
    >>> print(shown)
    # A walk.
    x = walk()
    >>> print(drawn, checked, sep="\\n---\\n")
    fig, ax = plt.subplots()
    for y in x:
        ax.plot(y)
    ax.set(xlabel='t')
    ---
    assert len(x) == 3
    '''
    lines, body = source.splitlines(), ast.parse(source).body
    begins = [0, *(node.end_lineno or node.lineno for node in body)]
    text = ["\n".join(lines[a:b]) for a, b in pairwise(begins)]
    rest = "\n".join(lines[begins[-1] :])
    checks = [isinstance(node, ast.Assert) for node in body]
    draws = [False] * len(body)
    canvas = {"plt"}
    for k, node in enumerate(body):
        draws[k] = drawing(node, canvas, any(draws))
    first = len(body)  # of the end that only draws
    while first and (draws[first - 1] or checks[first - 1]):
        first -= 1
    ends = [k for k in range(first, len(body)) if not checks[k]]
    before = {name for k in range(len(body)) if k < first or checks[k] for name in names(body[k], ast.Load)}
    made = {name for k in ends if isinstance(body[k], ast.Assign) for name in names(body[k], ast.Store)}
    if made & (later | before) or sum(text[k].count("\n") + 1 for k in ends) < FEW:
        ends = []
    put: dict[str, list[str]] = {"shown": [], "drawn": [], "checked": []}
    for k, part in enumerate(text):
        put["checked" if checks[k] else "drawn" if k in ends else "shown"].append(part)
    put["drawn" if ends else "shown"].append(rest)
    shown, drawn, checked = ("\n".join(one).strip("\n") for one in put.values())
    return shown, drawn, checked


def drawing(node: ast.stmt, canvas: set[str], begun: bool) -> bool:
    """Whether a statement draws; the names that it gives to Matplotlib's objects are added to `canvas`."""
    if any(
        isinstance(one, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        for one in ast.walk(node)
    ):
        return False
    called = {root(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
    if called & WORKS or any(isinstance(one, ast.Assert | ast.AugAssign) for one in ast.walk(node)):
        return False
    touches = bool(called & (canvas | PLOTS)) or bool(names(node, ast.Load) & (canvas - {"plt"}))
    if isinstance(node, ast.Assign) and touches:
        canvas |= names(node, ast.Store)
    elif isinstance(node, ast.For) and names(node.iter, ast.Load) & canvas:
        canvas |= names(node.target, ast.Store)
        touches = True
    return touches or (begun and isinstance(node, ast.Assign))


def root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """The names that a piece of code reads (ast.Load) or makes (ast.Store)."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, context)}


def needs(source: str) -> set[str]:
    """The names that a cell reads and does not make itself."""
    tree = ast.parse(source)
    return names(tree, ast.Load) - names(tree, ast.Store)
