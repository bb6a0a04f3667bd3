"""The players' JavaScript as files of the site and of the decks.

A saved notebook holds it as text, which a page would have to evaluate. Here it becomes a plain script in a
file, and the state has the file's name instead: it runs from file:// too, and where a page allows only its
own scripts (``Content-Security-Policy: script-src 'self'``). Many players share one file.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError
from execute import CHAPTERS, WIDGETS
from nbformat import NotebookNode

BOOK = CHAPTERS.parent / "book"
DEFAULT = re.compile(r"^export default (.*?);?\s*\Z", re.MULTILINE | re.DOTALL)


def script(esm: str) -> tuple[str, str]:
    """A player's module as a plain script, and the file's name.

    >>> name, text = script("const a = 1;\\nexport default { a };\\n")
    >>> print(name, text, sep="\\n")
    player-dca5a429.js
    (() => {
    const a = 1;
    (window.downhillPlayers ??= {})["player-dca5a429.js"] = { a };
    })();
    <BLANKLINE>
    """
    name = f"player-{hashlib.sha256(esm.encode()).hexdigest()[:8]}.js"
    text, found = DEFAULT.subn(
        lambda m: f'(window.downhillPlayers ??= {{}})["{name}"] = {m[1]};\n', esm, count=1
    )
    if not found or re.search(r"^(import|export)\b", text, re.MULTILINE):
        raise BookError("a player's JavaScript is no module with one default export and no import")
    return name, f"(() => {{\n{text}}})();\n"


def put_scripts(nb: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with the names of its players' scripts, which are written to the folder."""
    for model in nb.metadata.get("widgets", {}).get(WIDGETS, {}).get("state", {}).values():
        put_script(model.get("state", {}), folder)
    return nb


def put_script(state: dict[str, Any], folder: Path) -> None:
    """The same for one widget's state."""
    if "_esm" in state:
        name, text = script(state["_esm"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        state["_esm"] = name


def three(folder: Path) -> str:
    """Three.js, whole and with its licence, as a plain script that sets `THREE`; its file's name."""
    package = BOOK / "node_modules" / "three"
    name = f"three-{json.loads((package / 'package.json').read_text(encoding='utf-8'))['version']}.js"
    licence = (package / "LICENSE").read_text(encoding="utf-8").strip()
    command = [
        *(str(BOOK / "node_modules" / ".bin" / "esbuild"), "--bundle", "--minify", "--log-level=error"),
        *("--format=iife", "--global-name=THREE", "--legal-comments=none", f"--outfile={folder / name}"),
        f"--banner:js=/*! three.js\n{licence}\n*/",
    ]
    run = subprocess.run(command, input='export * from "three"', cwd=BOOK, capture_output=True, text=True)
    if run.returncode:
        raise BookError(f"three.js could not be put into one file: {run.stderr.strip()}")
    return name
