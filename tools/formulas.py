"""Formulas of the site, set while it is built: Temml makes MathML of them, which browsers draw and
screen readers read. Their font is cut to the characters of formulas, and comes with the text's in one style
sheet, so that nothing moves when it arrives and a page needs no other file, from file:// too.
"""

import base64
import html
import io
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.writers.html5 import HTML5Translator

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError

BOOK = Path(__file__).resolve().parents[1] / "book"
FONTS = BOOK / "node_modules" / "@fontsource"
TAG = re.compile(r"\s*\\tag\{([^}]*)\}")
# Latin, Greek, their italics, script capitals, accents, arrows, operators, brackets.
CHARACTERS = """20-7E A0-FF 2B0-2FF 300-338 370-3FF 2010-2044 2070-209F 2100-214F 2190-21FF 2200-22FF
2308-230B 23DE-23DF 25A0-25CF 2605 27E8-27EB 27F5-27FA 2A7D-2A7E 1D434-1D467 1D49C-1D4CF 1D6A4-1D71B"""
TEXT = [("normal", 400, "400-normal"), ("italic", 400, "400-italic"), ("normal", 600, "600-normal")]


@cache
def temml(pid: int) -> subprocess.Popen[str]:
    """Temml in a process of its own, for this process."""
    command = ["node", str(BOOK / "formulas.mjs")]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")


@cache
def mathml(formula: str, displayed: bool = False) -> str:
    """MathML of a formula; raise BookError when Temml does not understand it."""
    process = temml(os.getpid())
    assert process.stdin and process.stdout
    process.stdin.write(f"{json.dumps([formula, displayed])}\n")
    process.stdin.flush()
    said = json.loads(process.stdout.readline())
    if "error" in said:
        raise BookError(f"the formula “{formula}” is not understood: {said['error']}")
    return said["mathml"]


def plain(formula: str) -> str:
    """A formula in one line of plain text, for titles and what the search shows: θt = θt−1 − ηg."""
    text = re.sub(r"<[^>]+>", "", mathml(TAG.sub("", formula)))
    return " ".join(html.unescape(text).split())


def in_text(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in the text."""
    translator.body.append(f'<span class="math">{mathml(node.astext())}</span>')
    raise nodes.SkipNode


def displayed(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a displayed formula; its number stands beside it and stays when the formula scrolls."""
    formula = node.astext()
    number = "".join(f'<span class="number">({name})</span>' for name in TAG.findall(formula))
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    drawn = mathml(TAG.sub("", formula), True)
    translator.body.append(f'<div class="equation"{name}><div class="math">{drawn}</div>{number}</div>\n')
    raise nodes.SkipNode


def faces() -> str:
    """A style sheet with the fonts in it."""
    options = subset.Options()
    options.flavor = "woff"
    options.layout_features = ["*"]
    font = subset.load_font(
        FONTS / "stix-two-math" / "files" / "stix-two-math-latin-400-normal.woff", options
    )
    subsetter = subset.Subsetter(options)
    ranges = (part.partition("-") for part in CHARACTERS.split())
    subsetter.populate(unicodes=[n for a, _, b in ranges for n in range(int(a, 16), int(b or a, 16) + 1)])
    subsetter.subset(font)
    narrow_roots(font)
    made = io.BytesIO()
    font.flavor, font.recalcTimestamp = "woff", False
    font.save(made)
    sheet = [face("STIX Two Math", "normal", 400, "woff", made.getvalue())]
    for style, weight, name in TEXT:
        file = FONTS / "stix-two-text" / "files" / f"stix-two-text-latin-{name}.woff2"
        sheet.append(face("STIX Two Text", style, weight, "woff2", file.read_bytes()))
    licence = (FONTS / "stix-two-text" / "LICENSE").read_text(encoding="utf-8").replace("*/", "")
    return "\n".join([f"/*! {licence.strip()} */", *sheet, ""])


def narrow_roots(font: TTFont) -> None:
    """Make the taller forms of √ as wide as the smallest: Chromium leaves room for the widest."""
    variants = font["MATH"].table.MathVariants
    root = font.getBestCmap()[ord("√")]
    forms = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    taller = {record.VariantGlyph for record in forms.MathGlyphVariantRecord} - {root}
    taller |= {part.glyph for part in forms.GlyphAssembly.PartRecords}
    wanted = font["hmtx"][root][0]
    for name in sorted(taller):
        wide, bearing = font["hmtx"][name]
        glyph = font["glyf"][name]
        glyph.coordinates.scale((wanted / wide, 1))
        glyph.coordinates.toInt()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = wanted, round(bearing * wanted / wide)


def face(family: str, style: str, weight: int, kind: str, font: bytes) -> str:
    source = f"url(data:font/{kind};base64,{base64.b64encode(font).decode()})"
    return (
        f'@font-face {{ font-family: "{family}"; font-style: {style}; font-weight: {weight}; '
        f'font-display: block; src: {source} format("{kind}") }}'
    )
