"""Pictures of printed pages, and where things are in a picture of a player, on paper or on the screen."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageColor, ImageFilter

NEAR = 0.01  # of the window, or of the width of what is compared
INK, GAP = 190, 60  # of 255; pixels, between two maps or more
SHADES, UNLIKE, PART = (
    40,
    4,
    0.02,
)  # rows and columns of the ground; of 255, half of the least from band to band


def sheets(pdf: bytes | Path) -> list[tuple[Image.Image, str]]:
    """The pages of a PDF: the picture of each, two pixels a point, and its words."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [
            (page.render(scale=2).to_pil().convert("RGB"), page.get_textpage().get_text_bounded())
            for page in document
        ]


def printed(page, **how) -> list[tuple[Image.Image, str]]:
    return sheets(page.pdf(**how))


def pictured(locator) -> Image.Image:
    """What is on the screen."""
    return Image.open(io.BytesIO(locator.screenshot())).convert("RGB")


@dataclass
class Seen:
    """What can be seen of a map: coordinates run from 0 to 1 over its ground, to the right and down."""

    box: tuple[int, int, int, int]
    marks: dict[str, tuple[float, float]]
    ticks: list[float]
    levels: list[float]
    ground: np.ndarray


def look(picture: Image.Image, colors: dict[str, str]) -> Seen:
    """Look at the map in a picture; `colors` are those of the marks to find."""
    pixels = np.asarray(picture, int)
    red, blue = pixels[..., 0], pixels[..., 2]
    ground = eroded((red > 100) & (blue > red + 5), 5)  # an area, no line and no letter
    (left, right), (top, bottom) = [ends(ground.sum(axis)) for axis in (0, 1)]
    width, height = right - left, bottom - top
    ink = pixels.mean(-1) < INK
    side = width // 20
    below = fullest(ink[bottom + 3 : bottom + height // 9, left - side : right + side])
    beside = ink[top + height // 20 : bottom, max(0, left - width // 6) : left - width // 60]
    inside = np.s_[top:bottom, left:right]
    marks = {
        name: middle((np.abs(pixels[inside] - ImageColor.getrgb(color)) < 40).all(-1))
        for name, color in colors.items()
    }
    return Seen(
        (left, top, right, bottom),
        marks,
        [float((x - side) / width) for x in words(below.any(0), width // 40)],
        [float(y / height + 0.05) for y in words(beside.any(1), 1)],
        shades(picture.crop((left, top, right, bottom))),
    )


def eroded(mask: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(mask).convert("L").filter(ImageFilter.MinFilter(size))) > 0


def shades(ground: Image.Image) -> np.ndarray:
    """The ground's colours, coarsely; none where there is something else."""
    red, _, blue = np.moveaxis(np.asarray(ground, int), -1, 0)
    other = Image.fromarray((red > blue) | (blue - red > 60) | (red < 80)).convert("L")
    other = other.filter(ImageFilter.MaxFilter(9)).resize((SHADES, SHADES), Image.Resampling.BOX)
    found = ground.filter(ImageFilter.MedianFilter(5)).resize((SHADES, SHADES), Image.Resampling.BOX)
    return np.where(np.asarray(other)[..., None] > 0, np.nan, np.asarray(found, float))


def fullest(ink: np.ndarray) -> np.ndarray:
    """Of a text's lines the one with most on it."""
    rows = np.flatnonzero(ink.any(1))
    lines = [ink[part] for part in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)]
    return max(lines, key=lambda line: line.any(0).sum())


def ends(counts: np.ndarray) -> tuple[int, int]:
    """Where the first long stretch of large counts begins and ends."""
    large = np.flatnonzero(counts > counts.max() / 2)
    stretches = np.split(large, np.flatnonzero(np.diff(large) > GAP) + 1)
    stretch = next(one for one in stretches if len(one) > 60)
    return int(stretch[0]) - 2, int(stretch[-1]) + 3


def middle(mask: np.ndarray) -> tuple[float, float]:
    """Where a colour is densest: at a mark, not on a line."""
    height, width = mask.shape
    image = Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(width / 70))
    dense = np.asarray(image, float)
    assert dense.max() > 100, "a mark is missing"
    rows, columns = np.nonzero(dense > 0.9 * dense.max())
    return float((columns.mean() + 0.5) / width), float((rows.mean() + 0.5) / height)


def words(ink: np.ndarray, gap: int) -> list[float]:
    """The middles of stretches of ink, with gaps between them."""
    at = np.flatnonzero(ink)
    return [(part[0] + part[-1] + 1) / 2 for part in np.split(at, np.flatnonzero(np.diff(at) > gap) + 1)]


def assert_same(paper: Seen, screen: Seen) -> None:
    """Marks, ticks and ground are at the same places of the window."""
    for name, place in screen.marks.items():
        assert np.allclose(paper.marks[name], place, atol=NEAR), f"{name}: {paper.marks[name]}, not {place}"
    for axis in ("ticks", "levels"):
        a, b = getattr(paper, axis), getattr(screen, axis)
        assert len(a) == len(b) and np.allclose(a, b, atol=NEAR), f"{axis}: {a}, not {b}"
    apart = np.abs(paper.ground - screen.ground).max(-1)
    known = np.isfinite(apart)
    assert known.mean() > 0.5, "hardly any ground is seen"
    part = (apart[known] > UNLIKE).mean()
    assert part < PART, f"{part:.1%} of the ground has another colour"
