"""What README, NOTATION and the figures say is what the repository has."""

import re
from pathlib import Path

import matplotlib
import matplotlib.style
import nbformat
import pytest
from spellings import calls, rows

import lib.dialects
import lib.optimizers
import lib.surfaces
from lib.engine import Optimizer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTATION = (ROOT / "NOTATION.md").read_text(encoding="utf-8")
START = nbformat.read(ROOT / "chapters" / "00_start_here.ipynb", as_version=4)

DIALECTS = {name: rule for name, rule in vars(lib.dialects).items() if isinstance(rule, Optimizer)}
RULES = {name: rule for name, rule in vars(lib.optimizers).items() if isinstance(rule, Optimizer)}


def test_the_code_of_the_readme_runs_and_is_as_long_as_it_says():
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 6, "the heading says six lines"
    names = {}
    exec(code, names)
    assert names["run"].sizes["step"] == 201
    assert dict(names["grid"].loss.isel(step=-1).sizes) == {"lr": 21, "beta1": 2}


def test_the_readme_counts_the_rules_and_surfaces():
    surfaces = [value for value in vars(lib.surfaces).values() if isinstance(value, lib.surfaces.Surface)]
    families = [lib.surfaces.quadratic, lib.surfaces.ravine]
    assert f"{len(surfaces) + len(families)} surfaces" in README
    said = re.search(r"Today the library has (.*?) in \[", README)
    assert said is not None
    assert set(re.findall(r"`(\w+)`", said[1])) == set(RULES)


@pytest.mark.parametrize("where", ["README.md", "chapters/00_start_here.ipynb"])
def test_the_map_links_every_chapter_that_is_written(where):
    text = README if where == "README.md" else "\n".join(cell.source for cell in START.cells)
    rows = dict(re.findall(r"^\| \**(\d\d)\** \| (.*)$", text, re.MULTILINE))
    for chapter in (ROOT / "chapters").glob("*.ipynb"):
        if chapter.name[:2] == "00" and where.endswith("ipynb"):
            continue
        assert f"{chapter.name})" in rows[chapter.name[:2]]
    written = {number for number, row in rows.items() if ".ipynb" in row}
    assert written == {p.name[:2] for p in (ROOT / "chapters").glob("*.ipynb")} & set(rows)


def test_notation_gives_every_rule_and_dialect_with_its_defaults():
    shown = dict(calls("".join(row[0] for columns in (4, 3) for row in rows(NOTATION, columns))))
    assert shown == {name: rule.hyperparameters for name, rule in (RULES | DIALECTS).items()}


def test_notation_names_every_dialect_beside_its_rule():
    named = [re.findall(r"(?<!\()`((?:torch|optax|keras)_\w+)`", "".join(row)) for row in rows(NOTATION, 4)]
    assert {name for row in named for name in row} == DIALECTS.keys()


@pytest.mark.parametrize("row", rows(NOTATION, 3), ids=lambda row: row[0])
def test_a_dialect_has_the_defaults_of_its_framework(row):
    (_, ours), *_ = calls(row[0])
    theirs = {key: value for _, given in calls(row[1]) for key, value in given.items()}
    for key, value in re.findall(r"(\w+)=([\d.]+)", row[1].partition(" with ")[2]):
        theirs[key] = float(value)
    if row[0].startswith("`optax_adadelta"):
        assert theirs.pop("learning_rate") is None
    flat = []
    for value in theirs.values():
        if not isinstance(value, bool):
            flat += value if isinstance(value, tuple) else [0 if value is None else value]
    assert list(ours.values()) == flat


def test_the_moving_picture_races_with_the_settings_of_chapter_00():
    race = (ROOT / "figures" / "race.py").read_text(encoding="utf-8")
    cell = next(cell.source for cell in START.cells if cell.source.startswith("tuned ="))
    settings = re.findall(r"(?:gd|momentum|adam)\(.*?\)", cell.partition("\n")[0])
    assert len(settings) == 3
    for setting in settings:
        assert setting in race


def test_matplotlib_finds_the_style_of_the_book():
    with matplotlib.style.context("lib.downhill"):
        assert matplotlib.rcParams["image.cmap"] == "cividis"


def test_every_rule_says_its_source_and_shows_an_example():
    for name, rule in RULES.items():
        doc = rule.__doc__
        assert re.search(r"\(.*\d{4}.*\)", doc.partition("\n\n")[0], re.DOTALL), (
            f"{name}: no source at the head"
        )
        for part in (">>>", "Raises", "torch", "optax"):
            assert part.lower() in doc.lower(), f"{name}: {part} is missing"


def test_chapter_01_gives_the_default_rates_that_notation_has():
    chapter = (ROOT / "chapters" / "01_gradient_descent.ipynb").read_text(encoding="utf-8")
    row = next(line for line in NOTATION.splitlines() if line.startswith("| `gd(lr=none)`"))
    assert "SGD(lr=0.001" in row and "SGD(learning_rate=0.01" in row and "sgd(learning_rate=none" in row
    for said in ("`torch.optim.SGD` | 0.001 |", "`optax.sgd` | none: ", "`keras.optimizers.SGD` | 0.01 |"):
        assert said in chapter
