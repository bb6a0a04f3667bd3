"""Presets and links: by mouse, touch and keyboard, with no kernel."""

import shutil
from pathlib import Path

import lab as laboratory
import numpy as np
import pytest
from page import Screen

from lib.descend import sweep
from lib.optimizers import gd
from lib.player import Player
from lib.surfaces import booth
from tools.book import widget
from tools.scripts import put_script

COURSE = Path(__file__).parents[2]
CREEP = {"lr": 0.02, "start": (4, -6), "step": 7, "view": "whole"}


@pytest.fixture
def led():
    grid = sweep(booth, (-8, 0), gd, 30, lr=np.geomspace(0.01, 0.1, 5))
    return Player(grid, presets={"creep": CREEP, "edge": {"lr": 0.1, "view": 4}})


def standing(on):
    told = on.start.get_attribute("aria-valuetext").replace("−", "-")
    slider = on.root.get_by_role("slider", name="η").get_attribute("aria-valuetext")
    view = on.root.get_by_label("map shows").input_value()
    return [float(part.split()[1]) for part in told.split(", ")], float(slider), on.step, view


@pytest.mark.parametrize("how", ["mouse", "touch", "keyboard"])
def test_a_preset_leads_there(browser, led, how):
    with laboratory.visit(browser, has_touch=how == "touch") as seen:
        on = Screen(seen.page, led)
        button = on.button("creep")
        {"mouse": button.click, "touch": button.tap, "keyboard": lambda: button.press("Enter")}[how]()
        assert standing(on) == ([4, -6], 0.02, 7, "whole")
        on.wait_for_status("Step 7 of 30")
        on.button("edge").click()
        assert standing(on) == ([4, -6], 0.1, 7, "4")
        seen.assert_quiet()


def test_presets_lead_there_from_a_file(visit, led, tmp_path):
    """On a page that is opened from a disk, alive as the site's players are."""
    state = {name: getattr(led, name) for name in ("meta", "landscape")} | {
        "_esm": str(led._esm),
        "_css": str(led._css),
    }
    put_script(state, tmp_path)
    shutil.copy(COURSE / "book" / "_static" / "players.js", tmp_path)
    buffers = [{"path": ["data"], "encoding": "base64", "data": ""}]
    page = widget({"state": {"one": {"state": state, "buffers": buffers}}}, {"model_id": "one"})
    file = tmp_path / "page.html"
    file.write_text(
        f"<!doctype html><meta charset=utf-8><title>A page</title><body>{page}<script src=players.js></script>",
        "utf-8",
    )
    visit.page.context.unroute_all()
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.page.goto(file.as_uri())
    visit.page.locator(".downhill-player").wait_for()
    on = Screen.__new__(Screen)
    on.look(visit.page, led)
    on.button("creep").click()
    assert standing(on) == ([4, -6], 0.02, 7, "whole")
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    visit.assert_quiet()


def test_there_is_no_row_of_buttons_without_presets(screen, grid):
    on = screen(grid)
    assert on.root.locator(".presets").count() == 0
    assert on.root.locator(".link").is_hidden()  # a page without an address of its own


FRAGMENT = "#link=1&player=2&lr=0.05&start=4,-6&step=7&view=whole"


def opened(visit, player, fragment):
    page = visit.page
    page.route(
        "http://127.0.0.1:9/", lambda route: route.fulfill(body="<html></html>", content_type="text/html")
    )
    page.goto(f"http://127.0.0.1:9/{fragment}")
    page.set_content('<!doctype html><div id="host" style="width: 900px"></div>')
    on = Screen.__new__(Screen)
    on.mount(page, player, which=2)
    return on


def test_a_link_opens_there_and_is_made_there(visit, led):
    on = opened(visit, led, FRAGMENT)
    assert standing(on) == ([4, -6], 0.05, 7, "whole")
    on.page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    on.button("edge").click()
    on.button("Link").click()
    assert on.page.evaluate("copied").endswith("/#link=1&player=2&lr=0.1&start=4,-6&step=7&view=4")
    on.page.evaluate("location.hash = '#link=1&player=2&step=0'")
    on.page.wait_for_function("document.querySelector('.scrub input').value === '0'")


@pytest.mark.parametrize(
    ("fragment", "says"),
    [
        ("#link=2&player=2", "it was made by another version of this page"),
        ("#link=1&player=2&lr=7", "lr is 7, its slider goes from 0.01 to 0.1"),
        ("#link=1&player=2&lr=", "lr is , its slider"),
        ("#link=1&player=2&beta=0.9", "this player has no beta"),
        ("#link=1&player=2&start=1", "it cannot start at 1"),
        ("#link=1&player=2&start=1,x", "it cannot start at 1,x"),
        ("#link=1&player=2&start=99,0", "it cannot start at 99,0"),
        ("#link=1&player=2&step=1.5", "there is no step 1.5"),
        ("#link=1&player=2&step=31", "there is no step 31"),
        ("#link=1&player=2&view=%F0%9F", "the map has no view"),
    ],
)
def test_what_a_link_has_wrong_is_said(visit, led, fragment, says):
    on = opened(visit, led, fragment)
    where = standing(on)
    on.wait_for_status(f"The link could not be followed: {says}")
    assert where[0] == [-8, 0] and where[2] == 30
    visit.assert_quiet()


@pytest.mark.parametrize("fragment", ["", "#a-heading", "#link=1&player=1&step=0"])
def test_what_is_not_for_this_player_changes_nothing(visit, led, fragment):
    on = opened(visit, led, fragment)
    assert standing(on)[2] == 30 and on.status.inner_text() == ""
