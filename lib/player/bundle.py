"""A widget's JavaScript as one text, which is what it is given.

The modules in ``js/`` stand one after the other, each after those it imports, without their imports and
exports, but for the default export of the one asked for: they share one scope, so no two of them may declare
the same name. No other program is needed, and nothing is written.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).with_name("js")
MAIN = "main.js"
HEAD = "// Put together from lib/player/js: change the modules there.\n"
IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
DEFAULT = re.compile(r"^export default .*\n", re.MULTILINE)
DECLARED = re.compile(
    r"^(?:export )?(?:async )?(?:function|class|const|let) ([\w$]+|[\[{][^=]*)", re.MULTILINE
)


def bundle(folder: Path = FOLDER, main: str = MAIN) -> str:
    """The module `main` and all that it needs as one text."""
    texts: dict[str, str] = {}
    gather(folder, main, texts)
    texts = {module: text if module == main else DEFAULT.sub("", text) for module, text in texts.items()}
    names: dict[str, str] = {}
    for module, text in texts.items():
        for name in re.findall(r"[\w$]+", " ".join(DECLARED.findall(text))):
            if name in names:
                raise ValueError(f"{module} and {names[name]} both declare {name}; they share one scope")
            names[name] = module
    parts = [
        f"\n// {module}\n\n{EXPORT.sub('', IMPORT.sub('', text)).strip()}\n" for module, text in texts.items()
    ]
    left = re.search(r"^import\b.*", "".join(parts), re.MULTILINE)
    if left:
        raise ValueError(f'write import {{ names }} from "./module.js"; on one line; not {left[0]}')
    return HEAD + "".join(parts)


def gather(folder: Path, module: str, texts: dict[str, str]) -> None:
    """Add `module` to `texts`, after what it imports."""
    text = (folder / module).read_text(encoding="utf-8")
    for names, other in IMPORT.findall(text):
        if other not in texts:
            gather(folder, other, texts)
        missing = set(names.split(", ")) - set(
            re.findall(EXPORT.pattern + r".*?(\w+)(?= [=({]|\()", texts[other], re.MULTILINE)
        )
        if missing:
            raise ValueError(f"{module} imports {', '.join(missing)}, which {other} does not export")
    texts[module] = text
