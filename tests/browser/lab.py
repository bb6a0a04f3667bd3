"""A real JupyterLab, or Notebook 7, in a real Chromium, cut off from this user's settings and from the network.

    with chromium() as browser, jupyterlab(course, folder) as lab, visit(browser) as page:
        notebook = lab.open(page, "chapters/00_start_here.ipynb")
        notebook.run()

Nothing here waits for a time to pass: servers and pages are waited for by what they do.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Frame, Page, Playwright, sync_playwright

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "_build", "reading", "test-results")
ELSEWHERE = re.compile(r"^(?!(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:)")
ARGUMENTS = [
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


PATIENCE = 300
"""Seconds until what is waited for is called missing; chapter 18 alone ran for 150 on a slow machine under load."""


class NoChromium(RuntimeError):
    """There is no Chromium to drive."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium on this machine, or the one playwright has installed; its scrollbars take room, as a reader's do."""
    with sync_playwright() as playwright:
        path, arguments = chromium_command(playwright)
        browser = playwright.chromium.launch(
            executable_path=path, args=arguments, ignore_default_args=["--hide-scrollbars"]
        )
        yield browser
        browser.close()


def chromium_command(playwright: Playwright) -> tuple[str, list[str]]:
    """Where Chromium is, and how it is started."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = [shutil.which(name) for name in names] + [playwright.chromium.executable_path]
    path = next((path for path in found if path and Path(path).exists()), None)
    if path is None:
        raise NoChromium("no Chromium found: apt-get install chromium, or playwright install chromium")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return path, ARGUMENTS + (["--no-sandbox"] if root else [])


@dataclass
class Visit:
    """A page, with what it asked of other machines and what it complained of."""

    page: Page
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_quiet(self, but: Iterable[str] = ()) -> None:
        """Nothing was asked of other machines, nothing complained of but what is known of the page itself."""
        assert self.elsewhere == [], f"requests left this machine: {self.elsewhere}"
        complaints = [one for one in self.complaints if one not in but]
        assert complaints == [], "\n".join(complaints)


@contextlib.contextmanager
def visit(browser: Browser, **context: Any) -> Iterator[Visit]:
    """A page of its own profile; requests to other machines are recorded and refused."""
    opened = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    opened.set_default_timeout(PATIENCE * 1000)
    seen = Visit(opened.new_page())

    def refuse(route, request):
        seen.elsewhere.append(request.url)
        route.abort()

    opened.route(ELSEWHERE, refuse)
    seen.page.on("websocket", lambda ws: ELSEWHERE.match(ws.url) and seen.elsewhere.append(ws.url))
    seen.page.on("console", lambda m: m.type == "error" and seen.complaints.append(f"console: {m.text}"))
    seen.page.on("pageerror", lambda error: seen.complaints.append(f"page: {error}"))
    seen.page.on("dialog", lambda dialog: dialog.accept())
    try:
        yield seen
    finally:
        opened.close()


# What serves notebooks: its module, its class, where it shows a file. Each has a server of its own, for in
# one server a file of one is looked for where the other has a file of the same name, and refused.
HOSTS = {
    "lab": ("jupyterlab", "LabApp", "lab/workspaces/{new}/tree"),
    "notebook": ("notebook", "JupyterNotebookApp", "notebooks"),
}


@dataclass
class Lab:
    """A running JupyterLab or Notebook 7."""

    url: str
    token: str
    folder: Path
    data: Path
    place: str

    def open(self, page: Page, path: str) -> "Notebook":
        """Open a notebook of the copied course and wait for its kernel."""
        place = self.place.format(new=uuid.uuid4().hex)
        page.goto(f"{self.url}/{place}/{path}?token={self.token}")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        wait(
            page,
            """async () => {
                await jupyterapp.restored;
                window.panel = jupyterapp.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
                await panel.sessionContext.session.kernel.info;
            }""",
        )
        return Notebook(page)


RUN = """() => [...panel.content.model.cells].every(
    cell => cell.type !== "code" || !cell.sharedModel.getSource().trim() || cell.executionCount
)"""


@dataclass
class Notebook:
    """An open notebook; what it holds is read from its model, not from the page."""

    page: Page

    def run(self) -> None:
        """Run all cells, to the end."""
        wait(self.page, "() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(RUN)  # the command ends at the first error; the cells go on

    def code(self) -> list[dict[str, Any]]:
        """The code cells, as the notebook file has them."""
        cells = self.page.evaluate("panel.content.model.toJSON().cells")
        return [cell | {"at": i} for i, cell in enumerate(cells) if cell["cell_type"] == "code"]

    def show(self, at: int) -> None:
        """Scroll to a cell: JupyterLab makes the others only when they come near."""
        self.page.evaluate("at => panel.content.scrollToItem(at, 'center')", at)

    def close(self) -> None:
        """Shut the kernel down."""
        self.page.evaluate("panel.sessionContext.shutdown()")


def wait(page: Page | Frame, script: str, value: Any = None) -> None:
    """Wait for what an asynchronous function does in the page; fail rather than hang."""
    late = f"new Promise((_, fail) => setTimeout(() => fail(Error('not done after {PATIENCE} s')), {PATIENCE}e3))"
    page.evaluate(f"(value) => Promise.race([({script})(value), {late}])", value)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(course: Path, folder: Path, host: str = "lab") -> Iterator[Lab]:
    """Serve a copy of the course from `folder`, with this Python's kernel and no settings but ours."""
    copy = folder / "course"
    shutil.copytree(course, copy, ignore=LEFT_OUT)
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
              "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    own = {place: str(folder / place.lower()) for place in places}
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON", "MPLBACKEND"))
    }
    pages = Path(own["JUPYTER_CONFIG_DIR"]) / "labconfig" / "page_config.json"
    pages.parent.mkdir(parents=True)
    pages.write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    module, name, place = HOSTS[host]
    token, port = uuid.uuid4().hex, _free_port()
    command = [sys.executable, "-m", module, "--no-browser", "--ip=127.0.0.1",
               f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={copy}", f"--{name}.expose_app_in_browser=True",
               "--LabApp.extension_manager=readonly", "--ServerApp.allow_root=True"]  # fmt: skip
    server = subprocess.Popen(
        command,
        env=inherited | own | {"PYTHONPATH": str(copy)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    serving = threading.Event()

    def listen():
        with server.stderr:
            for line in server.stderr:
                log.append(line)
                if "is running at" in line:
                    serving.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        assert serving.wait(PATIENCE), f"{name} did not start:\n" + "".join(log)
        yield Lab(f"http://127.0.0.1:{port}", token, copy, Path(own["JUPYTER_DATA_DIR"]), place)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        listener.join(20)
