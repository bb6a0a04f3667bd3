"""The pages of lib/ in reStructuredText: docstrings as they are written here, and the source below each.

Read from the files, not imported: a module whose extra is not installed has its page too.
"""

import ast
import copy
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from links import with_citations

SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
LISTED = {"Parameters", "Attributes", "Raises", "Returns", "Yields"}
SHOWN = {"optimizer", "surface"}  # whose source is the point; others fold it away


def pages(folder: Path, keys: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(file name, text) of the page of each module, and of the list of them."""
    toc = ["The library", "===========", "", "Every name in `lib/`, with its docstring and its source.", ""]
    toc += [".. toctree::", "   :maxdepth: 1", ""]
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix("__init__").rstrip(".")
        if name:
            yield f"{name}.rst", module_page(f"lib.{name}", path, keys)
            toc.append(f"   {name}")
    yield "index.rst", "\n".join(toc) + "\n"


def module_page(name: str, path: Path, keys: dict[str, str]) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lines = path.read_text(encoding="utf-8").splitlines()
    parts = [
        name,
        "=" * len(name),
        "",
        f".. py:module:: {name}",
        "",
        prose(ast.get_docstring(tree) or "", keys),
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            parts += ["", function(node, lines, keys)]
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            parts += ["", class_(node, lines, keys)]
    return "\n".join(parts) + "\n"


def directive(head: str, *parts: str) -> str:
    return f".. {head}\n\n" + textwrap.indent("\n\n".join(filter(None, parts)), "   ")


def class_(node: ast.ClassDef, lines: list[str], keys: dict[str, str]) -> str:
    """A class: how it is made, its docstring, its methods."""
    methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
    fields = [
        f.target.id for f in node.body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)
    ]
    given = next((signature(m) for m in methods if m.name == "__init__"), "")
    if "dataclass" in marks(node):
        given = ", ".join(fields)
    shown = [function(m, lines, keys, "py:method") for m in methods if not m.name.startswith("_")]
    return directive(f"py:class:: {node.name}({given})", prose(ast.get_docstring(node) or "", keys), *shown)


def function(node: ast.FunctionDef, lines: list[str], keys: dict[str, str], kind: str = "py:function") -> str:
    """A function or a rule: signature, docstring, source."""
    code = directive("code-block:: python", source(node, lines))
    if not marks(node) & SHOWN:
        fold = ("<details><summary>Source</summary>", "</details>")
        code = f"\n\n{code}\n\n".join(directive("raw:: html", tag) for tag in fold)
    given = f"({signature(node, rule='optimizer' in marks(node))})"
    head = f"py:property:: {node.name}" if "property" in marks(node) else f"{kind}:: {node.name}{given}"
    return directive(head, prose(ast.get_docstring(node) or "", keys), code)


def marks(node: ast.FunctionDef | ast.ClassDef) -> set[str]:
    """The names of what decorates a definition."""
    return {re.split(r"[.(]", ast.unparse(mark))[0] for mark in node.decorator_list}


def signature(node: ast.FunctionDef, rule: bool = False) -> str:
    """The arguments, without annotations; of a rule what a reader gives it."""
    given = copy.deepcopy(node.args)
    given.args = [] if rule else [argument for argument in given.args if argument.arg != "self"]
    for argument in ast.walk(given):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.unparse(given)


def source(node: ast.FunctionDef, lines: list[str]) -> str:
    """A function's text without its docstring."""
    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    body = lines[first - 1 : node.end_lineno]
    if ast.get_docstring(node) is not None:
        said = node.body[0]
        assert said.end_lineno is not None
        del body[said.lineno - first : said.end_lineno - first + 1]
    return textwrap.dedent("\n".join(body))


def prose(docstring: str, keys: dict[str, str]) -> str:
    """A docstring as reStructuredText: headings as rubrics, "name : text" as a list, formulas as they are."""
    head, *sections = SECTION.split(inspect.cleandoc(docstring))
    done = [paragraphs(head, keys)]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        done += [f".. rubric:: {title}", (listed if title in LISTED else paragraphs)(body.strip("\n"), keys)]
    return "\n\n".join(done)


def paragraphs(text: str, keys: dict[str, str]) -> str:
    """Paragraphs; one that is indented is a formula, one that begins with >>> an example."""
    done: list[str] = []
    for part in re.split(r"\n(?: *\n)+", text.strip("\n")):
        if part.startswith("    "):
            done.append(part if done and done[-1].endswith("::") else f"::\n\n{part}")
        else:
            done.append(part if part.startswith(">>>") else escape(part, keys))
    return "\n\n".join(done)


def listed(text: str, keys: dict[str, str]) -> str:
    r"""Entries of a numpydoc section as a list.

    >>> print(listed("lr : ≥ 0, a\n    rate.\nValueError\n    Never.", {}))
    - **lr**: ≥ 0, a
      rate.
    - **ValueError**:
      Never.
    """
    lines = []
    for line in escape(text, keys).splitlines():
        if line and not line.startswith(" "):
            name, _, rest = line.partition(" : ")
            line = f"- **{name}**: {rest}".rstrip()
        lines.append(re.sub("^ +", "  ", line))
    return "\n".join(lines)


def escape(text: str, keys: dict[str, str]) -> str:
    """Stars, bars and underscores that mean themselves, and citations as links, outside of `code`.

    >>> print(escape("(*runs) *is* |x| of `*x`", {}))
    (\\*runs) *is* \\|x\\| of `*x`
    """

    def plain(part: str) -> str:
        part = re.sub(r"(?<![\w*])\*(?=\w)([^*\n]*\w)?\*(?!\w)", lambda m: m[0].replace("*", "\0"), part)
        part = re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", part).replace("\0", "*")
        return with_citations(part, keys, lambda words, target: f":ref:`{words} <{target}>`")

    parts = re.split(r"(``[^`]+``|`[^`]+`)", text)
    parts[::2] = map(plain, parts[::2])
    parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]  # "`schedule`s"
    return "".join(parts)
