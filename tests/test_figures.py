"""The figures in figures/ are what their scripts draw now."""

import re
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image, ImageSequence

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "figures"
SCRIPTS = sorted(path.stem for path in FIGURES.glob("*.py"))
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
LINE = re.compile(r'\bd="[^"]*"')
CLIP = re.compile(r'\burl\(#\w+\)|\bid="p\w+"')  # named for the last digits of what is clipped


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder with all figures, drawn again."""
    folder = tmp_path_factory.mktemp("figures")
    sys.path.insert(0, str(FIGURES))
    try:
        for script in SCRIPTS:
            import_module(script).main(folder)
    finally:
        sys.path.remove(str(FIGURES))
    return folder


def frames(path):
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB"), float) for frame in ImageSequence.Iterator(image)]


def unlike(old, new):
    """What differs between two figures, or None: a bit more than rounding on another processor does."""
    if old.suffix == ".svg":
        texts = [path.read_text(encoding="utf-8") for path in (old, new)]
        texts = [CLIP.sub("", text) for text in texts]
        rests = [LINE.sub("", text) for text in texts]
        if len({NUMBER.sub("#", text) for text in rests}) > 1:
            return "other text or shapes"
        lines = list(zip(*map(LINE.findall, texts), strict=True))
        # Rounding can move a point of a simplified line by 0.03, or leave one out: a line with more or fewer
        # points is compared in the PNG beside it alone.
        alike = [rests, *(pair for pair in lines if len({NUMBER.sub("#", line) for line in pair}) == 1)]
        numbers = [np.array(NUMBER.findall("".join(part)), float) for part in zip(*alike, strict=True)]
        return None if np.allclose(*numbers, atol=0.05) else "other coordinates"
    pairs = list(zip(*map(frames, (old, new)), strict=True))
    if any(a.shape != b.shape for a, b in pairs):
        return "another size"
    rms = max(float(np.sqrt(((a - b) ** 2).mean())) for a, b in pairs)
    return None if rms <= 0.5 else f"RMS {rms:.3g} of 255"


@pytest.mark.usefixtures("locked_matplotlib")
def test_figures_are_what_their_scripts_draw(drawn):
    kept = {path.name: path for path in FIGURES.iterdir() if path.suffix in {".svg", ".png", ".gif"}}
    del kept["player.gif"]  # a film of the page: tools/film.py
    new = {path.name: path for path in drawn.iterdir()}
    assert kept.keys() == new.keys(), "make figures draws what is missing; delete what no script draws"
    differ = {name: unlike(kept[name], new[name]) for name in kept}
    assert not any(differ.values()), f"make figures: {differ}"


def test_a_changed_figure_is_seen(tmp_path):
    changed = tmp_path / "changed"
    svg = (FIGURES / "race.svg").read_text(encoding="utf-8")
    changed.with_suffix(".svg").write_text(svg.replace("momentum", "inertia"), encoding="utf-8")
    assert unlike(FIGURES / "race.svg", changed.with_suffix(".svg")) == "other text or shapes"
    with Image.open(FIGURES / "race.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(changed.with_suffix(".png"))
    assert unlike(FIGURES / "race.png", changed.with_suffix(".png")).startswith("RMS")


def test_every_figure_carries_its_description():
    for path in FIGURES.glob("*.svg"):
        described = re.search("<dc:description>(.*?)</dc:description>", path.read_text("utf-8"), re.DOTALL)
        with Image.open(path.with_suffix(".png")) as image:
            assert image.text["Description"].strip(), path.name
        assert described and len(described[1]) > 30, path.name


def test_every_chapter_but_the_first_has_a_hero():
    numbers = {path.stem[:2] for path in (ROOT / "chapters").glob("*.ipynb")} - {"00"}
    assert {path.name[:2] for path in FIGURES.glob("*_hero.svg")} == numbers
    for path in (ROOT / "chapters").glob("*.ipynb"):
        shown = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        cells = [cell for cell in shown if not cell.metadata.get("jupyter", {}).get("source_hidden")]
        tagged = [i for i, cell in enumerate(cells) if "hero" in cell.metadata.get("tags", [])]
        hero = path.stem[:2] != "00"
        assert len(tagged) == hero and all(i <= 1 for i in tagged), (
            f"{path.name}: of the code cells that are not folded, one of the first two is the hero"
        )


def test_the_readme_describes_its_moving_picture_as_its_script_does():
    sys.path.insert(0, str(FIGURES))
    try:
        alt = import_module("race").ALT
    finally:
        sys.path.remove(str(FIGURES))
    assert f"![{alt}](figures/race.gif)" in (ROOT / "README.md").read_text(encoding="utf-8")
