"""Bring the reader's own copy of the chapters, reading/, up to date.

    python tools/reading.py

It lies beside chapters/, so links and imports work in it as they do there. A notebook counts as touched when
its cells were changed, added or removed; to run and save it does not. What the reader has not touched becomes
what chapters/ has now; what they touched stays, and the terminal says where the newer version lies.
`reading/.laid.json` remembers what was laid down: for each file a digest of its text and one of its cells.
"""

import hashlib
import json
import sys
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

sys.path.insert(0, str(Path(__file__).parent))
from execute import CHAPTERS, write

READING = CHAPTERS.parent / "reading"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def written(data: bytes) -> str:
    """A digest of what a reader writes in a notebook: its cells without their outputs."""
    try:
        cells = json.loads(data)["cells"]
        return digest(json.dumps([[c["cell_type"], "".join(c["source"])] for c in cells]).encode())
    except (ValueError, LookupError, TypeError):
        return digest(data)  # no notebook any more


def originals(chapters: Path) -> dict[str, bytes]:
    """Chapters, exercises and solutions by their names in `chapters`."""
    folders = (chapters, chapters / "exercises", chapters / "solutions")
    files = [path for folder in folders for path in sorted(folder.glob("[!.]*.ipynb"))]
    return {path.relative_to(chapters).as_posix(): path.read_bytes() for path in files}


def refresh(chapters: Path, reading: Path) -> tuple[list[str], list[str]]:
    """The files that were laid down, and those that a reader has touched and that have a newer version."""
    record = reading / ".laid.json"
    try:
        laid = dict(json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        laid = {}  # then only what equals its original counts as untouched
    fresh, newer = [], []
    files = originals(chapters)
    for name, data in files.items():
        mine = reading / name
        kept = mine.read_bytes() if mine.is_file() else None
        now = [digest(data), written(data)]
        if kept is None or (laid.get(name) != now and written(kept) in (laid.get(name, now)[1], now[1])):
            if kept != data:
                mine.parent.mkdir(parents=True, exist_ok=True)
                write(mine, data.decode())
                fresh.append(name)
            laid[name] = now
        elif laid.get(name) != now:
            newer.append(name)
    for name in laid.keys() - files.keys():  # it has another name now, or is gone
        mine = reading / name
        if mine.is_file() and written(mine.read_bytes()) == laid[name][1]:
            mine.unlink()
        del laid[name]
    write(record, json.dumps(laid, indent=1) + "\n")
    return fresh, newer


def main(chapters: Path = CHAPTERS, reading: Path = READING) -> None:
    fresh, newer = refresh(chapters, reading)
    notary = NotebookNotary()  # a trusted notebook shows its saved players before any cell has run
    for name in fresh:
        notary.sign(nbformat.read(reading / name, as_version=4))
    notary.store.close()
    for name in newer:
        print(f"reading/{name} is as you changed it. A newer version lies at chapters/{name};")
        print("  to have that one instead, rename or delete yours and start again.")


if __name__ == "__main__":
    main()
