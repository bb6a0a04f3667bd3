"""The player's main states beside the pictures in tests/browser/pictures, which somebody has looked at.

    UPDATE_PICTURES=1 pytest tests/browser/test_pictures.py     writes them anew: look at them, then commit

They are half as large as the screen. Matplotlib's own font makes them the same on every machine.
"""

import base64
import io
import os
from pathlib import Path

import lab as laboratory
import numpy as np
import pytest
from matplotlib import get_data_path
from page import Screen
from PIL import Image

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.surfaces import booth, double_well, himmelblau, ravine

PICTURES = Path(__file__).parent / "pictures"
RESULTS = Path(__file__).parents[2] / "test-results"
FONT = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
BLOCK, UNLIKE, ALLOWED = 8, 16, 0.004  # pixels; of 255, a block's mean; part of all blocks
DARK = """html { color-scheme: dark; --jp-ui-font-color1: #ddd; --jp-ui-font-color2: #aaa;
    --jp-layout-color0: #111; --jp-border-color2: #444; background: #111; }"""


def race():
    opts = {"gd": gd(lr=0.05), "momentum": momentum(lr=0.01), "adam": adam(lr=0.5)}
    return {name: descend(booth, (-8, 0), opt, 60) for name, opt in opts.items()}


def inside():
    return sweep(ravine(10), (-1.8, 1.0), adam, 40, lr=[0.05, 0.1, 0.2], record=["grad", "m", "v"])


def show_inside(on):
    on.wake()
    for control in on.root.get_by_role("checkbox").all():
        control.check()
    on.scrub.fill("6")


def pin(on):
    on.button("Keep to compare").click()
    on.root.get_by_role("slider", name="lr").fill("2")
    on.scrub.fill("25")


def enlarge(on):
    show_inside(on)
    on.button("Full screen").click()
    on.page.wait_for_selector(".downhill-player.large")
    on.page.wait_for_function("document.querySelector('canvas.paths').clientWidth > 700")


def follow(on):
    on.root.get_by_label("map shows").select_option("16")
    on.scrub.fill("50")


def ball():
    return descend(double_well, [1.8], momentum(lr=0.02, beta=0.8), 40, record=["grad", "v"])


STATES = {
    "race": (race, lambda on: on.scrub.fill("31"), {}),
    "race_dark": (race, lambda on: on.scrub.fill("31"), {"style": DARK}),
    "race_360": (race, lambda on: None, {"width": "360px"}),
    "inside": (inside, show_inside, {}),
    "inside_dark": (inside, show_inside, {"style": DARK}),
    "inside_360": (inside, show_inside, {"width": "360px"}),
    "pinned": (inside, pin, {}),
    "follow": (race, follow, {}),
    "ball": (ball, show_inside, {}),
    "diverged": (lambda: descend(himmelblau, (-1, 1), gd(lr=0.05), 60), lambda on: None, {}),
    "lecture": (inside, enlarge, {"screen": (1920, 1080)}),
    "race_forced": (race, lambda on: None, {"context": {"forced_colors": "active"}}),
}


@pytest.mark.parametrize("state", STATES)
def test_picture(state, browser):
    runs, act, how = STATES[state]
    font = base64.b64encode(FONT.read_bytes()).decode()
    style = f"""@font-face {{ font-family: Plain; src: url(data:font/ttf;base64,{font}); }}
        html {{ --jp-ui-font-family: Plain; }} * {{ caret-color: transparent; }}
        .status {{ visibility: hidden; }} /* it speaks when some time has passed */ {how.get("style", "")}"""
    with laboratory.visit(browser, **how.get("context", {})) as seen:
        width, height = how.get("screen", (1280, 900))
        seen.page.set_viewport_size({"width": width, "height": height})
        on = Screen(seen.page, Player(runs()), width=how.get("width", "900px"), style=style)
        act(on)
        seen.page.evaluate("document.activeElement.blur()")
        target = seen.page if "screen" in how else on.root
        data = target.screenshot()
        seen.assert_quiet()
    compare(state, Image.open(io.BytesIO(data)).convert("RGB"))


def compare(state, picture):
    picture = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)
    file = PICTURES / f"{state}.png"
    if os.environ.get("UPDATE_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        picture.save(file, optimize=True)
        return
    wanted = Image.open(file).convert("RGB")
    if message := unlike(wanted, picture):
        RESULTS.mkdir(exist_ok=True)
        picture.save(RESULTS / file.name)
        pytest.fail(f"{file.name}: {message}; this one is in test-results")


def unlike(wanted, picture):
    """What differs between two pictures, or None."""
    if wanted.size != picture.size:
        return f"size {picture.size}, in the picture {wanted.size}"
    blocks = [
        np.asarray(one.resize((one.width // BLOCK, one.height // BLOCK), Image.Resampling.BOX), float)
        for one in (wanted, picture)
    ]
    part = (np.abs(blocks[0] - blocks[1]).max(axis=-1) > UNLIKE).mean()
    return f"{part:.2%} of it differs, allowed {ALLOWED:.2%}" if part > ALLOWED else None


def test_a_missing_path_is_noticed():
    """The comparison itself: without one of three paths, or with the legend gone, a picture is another."""
    wanted = Image.open(PICTURES / "race.png").convert("RGB")
    shifted = Image.new("RGB", wanted.size, "white")
    shifted.paste(wanted, (0, 3))
    bare = wanted.copy()
    bare.paste("white", (240, 180, 450, 232))
    assert unlike(wanted, wanted) is None
    assert unlike(wanted, shifted) and unlike(wanted, bare)
