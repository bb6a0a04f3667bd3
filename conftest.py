"""Notebooks under pytest: nbval runs each chapter again and compares text; this file adds the figures."""

import base64
import io
import random
import re
from importlib.metadata import version
from pathlib import Path

import matplotlib
import nbval.plugin
import pytest
from nbval.kernel import RunningKernel
from PIL import Image, ImageChops, ImageStat

from tools.execute import isolate_kernels, needs_frameworks

ROOT = Path(__file__).parent
RMS_ALLOWED = 0.1  # of 0..255; a changed axis label is about 6

matplotlib.use("Agg")
isolate_kernels()
collect_ignore_glob = ["chapters/exercises/*"]  # not solved: test_chapters.py compares their text

locked = re.search(r"^matplotlib==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
compare_figures = locked is not None and locked[1] == version("matplotlib")


@pytest.fixture
def locked_matplotlib():
    """Skips a test of figures that another Matplotlib draws otherwise."""
    if not compare_figures:
        pytest.skip("another Matplotlib than the locked one")


def pytest_addoption(parser):
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="files, and the tests in each, in another order"
    )
    parser.addoption("--frameworks", action="store_true", help="notebooks' cells tagged frameworks as well")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Cells that need the frameworks only where asked for. Another order for each seed; the cells of a
    notebook stay in theirs."""
    if not config.getoption("--frameworks"):
        items[:] = [item for item in items if not (hasattr(item, "cell") and needs_frameworks(item.cell))]
    seed = config.getoption("--shuffle")
    if seed is None:
        return
    files = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    chance = random.Random(seed)
    for path in chance.sample(list(files), len(files)):
        items += chance.sample(files[path], len(files[path])) if path.suffix == ".py" else files[path]
    del items[: len(items) // 2]


def pytest_report_header():
    if not compare_figures:
        return (
            f"figures in notebooks are NOT compared: matplotlib {version('matplotlib')} draws them "
            f"otherwise than the locked {locked[1] if locked else '(none)'}; text is"
        )


def execute_cell_input(self, cell_input, allow_stdin=None):
    """As nbval's, but with store_history, without which IPython overlooks a trailing semicolon."""
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


RunningKernel.execute_cell_input = execute_cell_input
compare_text = nbval.plugin.IPyNbCell.compare_outputs


def compare_outputs(self, test, ref, skip_compare=None):
    """As nbval's, and figures too."""
    if not compare_text(self, test, ref, skip_compare):
        return False
    if not compare_figures:
        return True
    actual, expected = pictures(test), pictures(ref)
    if len(actual) != len(expected):
        message = f"{len(actual)} figures, the notebook has {len(expected)}"
        self.comparison_traceback.append(message)
        return False
    for number, pair in enumerate(zip(expected, actual, strict=True)):
        if difference := unlike(*pair):
            name = f"{self.path.stem}-cell{self.cell_num}-figure{number}"
            self.comparison_traceback.append(f"the figure differs: {difference}")
            self.comparison_traceback += [f"  {file}" for file in save(name, *pair)]
            return False
    return True


nbval.plugin.IPyNbCell.compare_outputs = compare_outputs


def pictures(outputs):
    """The PNG outputs as images, on white (the inline backend's are opaque; a still may not be)."""
    encoded = [output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    images = [Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA") for png in encoded]
    return [Image.alpha_composite(Image.new("RGBA", im.size, "white"), im).convert("RGB") for im in images]


def unlike(expected, actual):
    """What differs between two pictures, or None."""
    if expected.size != actual.size:
        return f"size {actual.size}, in the notebook {expected.size}"
    squares = ImageStat.Stat(ImageChops.difference(expected, actual)).sum2
    rms = (sum(squares) / (3 * expected.width * expected.height)) ** 0.5
    return f"RMS {rms:.3g} of 255, allowed {RMS_ALLOWED}" if rms > RMS_ALLOWED else None


def save(name, expected, actual):
    """Write both pictures and their difference; return where."""
    folder = ROOT / "test-results"
    folder.mkdir(exist_ok=True)
    size = max(expected.width, actual.width), max(expected.height, actual.height)
    canvases = [Image.new("RGB", size, "white") for _ in range(2)]
    for canvas, picture in zip(canvases, (expected, actual), strict=True):
        canvas.paste(picture)
    named = {"expected": expected, "actual": actual, "difference": ImageChops.difference(*canvases)}
    for kind, picture in named.items():
        picture.save(folder / f"{name}-{kind}.png")
    return [(folder / f"{name}-{kind}.png").relative_to(ROOT) for kind in named]
