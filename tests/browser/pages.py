"""What the tests of the site and of the slides share: pages served or opened, players tried, axe asked."""

import contextlib
import functools
import json
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

BOOK = Path(__file__).parents[2] / "book"
HTML = BOOK / "_build" / "html"
AXE = BOOK / "node_modules" / "axe-core" / "axe.min.js"
PICTURE = "root => [...root.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL()).join()"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def open_page(page: Page, address: str) -> None:
    """Go there and wait for players."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    views = page.locator("script[type='application/vnd.jupyter.widget-view+json']").count()
    page.wait_for_function("n => document.querySelectorAll('.downhill-player').length === n", arg=views)


KINDS = {
    "text": r"\.html$",
    "style": r"\.css$",
    "scripts": r"\.js$",
    "pictures": r"\.(png|gif|svg)$",
}
LOADED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .map((one) => [new URL(one.name).pathname, one.decodedBodySize])"""
STATE = """() => [...document.querySelectorAll("script[type='application/vnd.jupyter.widget-state+json']")]
    .reduce((sum, one) => sum + new TextEncoder().encode(one.textContent).length, 0)"""


def weight(page: Page) -> dict[str, int]:
    """The bytes that an opened page has loaded, by kind: unpacked, players' saved runs and pictures apart."""
    loaded = dict(page.evaluate(LOADED))
    found = {
        kind: sum(n for path, n in loaded.items() if re.search(end, path)) for kind, end in KINDS.items()
    }
    found["other"] = sum(loaded.values()) - sum(found.values())
    found["runs"] = page.evaluate(STATE)
    found["text"] -= found["runs"]
    return found


MOVED = """() => new Promise((done) => { let sum = 0;
    new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
      .observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => done(sum))); })"""


def moved(page: Page) -> float:
    """How far what is in sight has moved by itself since the page came: Chromium's sum of layout shifts."""
    found: float = page.evaluate(MOVED)
    return found


def try_player(page: Page, player: Locator) -> None:
    """It plays, each of its sliders changes its picture, and so does its start, where that can be moved."""
    handle = player.element_handle()
    page.wait_for_function("root => root.querySelector('canvas').width > 100", arg=handle)
    moved = (
        "([root, before]) => [...root.querySelectorAll('canvas')].map((c) => c.toDataURL()).join() !== before"
    )
    before = player.evaluate(PICTURE)
    player.get_by_role("button", name="Play").click()
    page.wait_for_function(moved, arg=[handle, before])
    player.get_by_role("button", name="Pause").click()
    start = player.locator(".start")
    if start.is_visible():
        before = player.evaluate(PICTURE)
        start.press("ArrowLeft")
        assert player.evaluate(PICTURE) != before, "the start moves nothing"
        start.press("ArrowRight")
    sliders = player.locator("input[type=range]").all()
    assert sliders, "a player has at least the slider of its steps"
    for slider in sliders:
        pictures, stood = [], slider.input_value()
        for key in ("Home", "End"):
            slider.press(key)
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            pictures.append(player.evaluate(PICTURE))
        assert pictures[0] != pictures[1], f"the slider {slider.get_attribute('aria-label')} moves nothing"
        if slider.evaluate("slider => !slider.closest('.scrub')"):  # the step stays the last
            slider.fill(stood)  # where it leaves something for the next one to move


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical."""
    return violations(page, "html", ("serious", "critical"))


def violations(
    page: Page,
    where: str,
    impacts: tuple[str, ...] = ("minor", "moderate", "serious", "critical"),
    rules: list[str] | None = None,
) -> list[str]:
    """What axe-core finds in a part of a page, by all its rules or by some."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    only = f"runOnly: {json.dumps(rules)}, " if rules else ""
    run = f"where => axe.run(where, {{ {only}resultTypes: ['violations'], preload: false }})"
    return [
        f"{one['id']}: {one['help']}: {json.dumps([node['html'][:120] for node in one['nodes'][:4]])}"
        for one in page.evaluate(run, where)["violations"]
        if one["impact"] in impacts
    ]
