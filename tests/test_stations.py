"""Where a rule of the book has to stand: each place that lacks it is told by file and line, and what to write.

`make test` runs this with the rest; for a new rule, .venv/bin/python -m pytest tests/test_stations.py
"""

import re
from pathlib import Path

import numpy as np
import pytest

from lib import dialects, optimizers
from lib.checks import ALLOWED, REQUIRED, stem
from lib.engine import Optimizer

ROOT = Path(__file__).parents[1]
RULES = {name: rule for name, rule in vars(optimizers).items() if isinstance(rule, Optimizer)}
DIALECTS = {name: rule for name, rule in vars(dialects).items() if isinstance(rule, Optimizer)}
CITED = re.compile(r"(?<!\w)([A-Z][\w'-]+)[^;()]*? (\d{4})")


def call(rule):
    """A rule as NOTATION writes it: `gd(lr=none)`."""
    given = (f"{k}={'none' if v is REQUIRED else f'{v:g}'}" for k, v in rule.hyperparameters.items())
    return f"`{rule.name}({', '.join(given)})`"


def missing(rule, texts=None):
    """file:line and what to write there, for each station that lacks a rule. `texts`: file ↦ its text."""
    texts = texts or {}

    def text(file):
        return texts[file] if file in texts else (ROOT / file).read_text(encoding="utf-8")

    def lacks(file, has, anchor, write):
        if not re.search(has, text(file), re.MULTILINE):
            before = text(file).partition(anchor)[0]
            found.append(f"{file}:{before.count(chr(10)) + 1}: {write}")

    found = []
    name, ours = rule.name, rule.name in RULES
    module = "optimizers" if ours else "dialects"
    needed = {k: 0.1 for k, v in rule.hyperparameters.items() if v is REQUIRED}
    defaults = {k: v for k, v in rule.hyperparameters.items() if v is not REQUIRED}
    head = "| Downhill | PyTorch |" if ours else "| Downhill | there |"
    lacks("NOTATION.md", rf"^\| `{name}\(", head, f"| {call(rule)} | … |, a row of this table")
    if ours:
        lacks(
            "tests/table.py", rf"Row\(optimizers\.{name}\b", "TABLE = [", f"Row(optimizers.{name}, {needed}),"
        )
        file = "tests/test_optimizers.py"
        lacks(file, rf"^    \({name}, ", "DEFAULTS = [", f"({name}, {defaults}), the paper's defaults")
        lacks(
            file, rf"\b{name}\(", "# Hand arithmetic",
            f"a test of {name}(…) with a truth from elsewhere: by hand, a rate, a bound",
        )  # fmt: skip
        lacks("README.md", rf"`{name}`", "Today the library has", f"`{name}` in the list of rules")
        lacks(
            "lib/plotting.py", rf'^    "{name}": ', "STYLES",
            f'"{name}": (colour, line, marker), in STYLES, unlike every other row in colour and line',
        )  # fmt: skip
        for author, year in CITED.findall(rule.__doc__.partition("\n\n")[0]):
            key = f"{author.lower()}{year}"
            lacks(
                "chapters/references.bib",
                rf"^@\w+\{{{key}\w*,",
                "@",
                f"the entry @article{{{key}…, {author} {year}",
            )
    for unknown in {stem(k): None for k in rule.hyperparameters if stem(k) not in ALLOWED}:
        lacks("lib/checks.py", rf'^    "{unknown}": ', "ALLOWED", f'"{unknown}": its range, in ALLOWED')
    row = re.search(rf"^\| `{name}\(.*$", text("NOTATION.md"), re.MULTILINE)
    elsewhere = row and re.search(r"`\w+\(", row[0].partition(" | ")[2])
    if elsewhere or not ours:
        at = "# The dialects." if ours else "]  # fmt: skip"
        lacks(
            "tests/spellings.py", rf"\({module}\.{name}\b", at,
            f"Row({module}.{name}, framework, its name there, two pairs of settings, theirs and ours),",
        )  # fmt: skip
        if not any(key.startswith(f"{name}-") for key in np.load(ROOT / "tests/data/frameworks.npz")):
            found.append(
                "tests/data/frameworks.npz: record it: .venv/bin/python tests/record_frameworks.py (make .venv/frameworks)"
            )
    return found


@pytest.mark.parametrize("rule", (RULES | DIALECTS).values(), ids=lambda rule: rule.name)
def test_a_rule_stands_in_every_station(rule):
    found = missing(rule)
    assert not found, f"{rule.name} is missing in\n" + "\n".join(f"  {line}" for line in found)


@pytest.mark.parametrize(("what", "rules"), [("lib/", RULES), ("lib/dialects.py", DIALECTS)])
def test_the_changelog_counts_the_rules(what, rules):
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    line = text.partition(f"- `{what}`")[0].count("\n") + 1
    entry = re.search(rf"^- `{what}`(.*\n){{1,3}}", text, re.MULTILINE)
    assert entry and f" {len(rules)} rules" in entry[0], (
        f"CHANGELOG.md:{line}: {len(rules)} rules, and what is new"
    )


def test_a_new_rule_is_told_every_station():
    @optimizers.optimizer
    def newcomer(theta, g, t, m, *, lr, nu=0.9):
        """Newcomer: nobody's (Nobody & Other 2031, Algorithm 1).

        θ ← θ
        """
        return theta, m

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RULES, "newcomer", newcomer)
        notation = "| Downhill | PyTorch |\n| `newcomer(lr=none, nu=0.9)` | `New(lr=0.1)` | – | – |\n"
        files = [line.partition(":")[0] for line in missing(newcomer)]
        told = missing(newcomer, {"NOTATION.md": notation})
    assert files == [
        "NOTATION.md", "tests/table.py", "tests/test_optimizers.py", "tests/test_optimizers.py", "README.md",
        "lib/plotting.py", "chapters/references.bib", "lib/checks.py",
    ]  # fmt: skip
    assert [line.partition(":")[0] for line in told][-2:] == [
        "tests/spellings.py",
        "tests/data/frameworks.npz",
    ]
    assert re.fullmatch(r"tests/table\.py:\d+: Row\(optimizers\.newcomer, \{'lr': 0\.1\}\),", told[0])
