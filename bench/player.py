"""Measure the player in a real JupyterLab: frames per second, a moved slider and a moved start to the paint.

    python bench/player.py

It prints rows for bench/RECORDS.md, each with what is asked of it. A paint is a frame of the browser that
drew the picture anew; times run from the input event to the task after that frame. Of times the median is
given and, for a machine that does something else too, the fastest tenth.

The page measures itself while nobody drives it, as a reader has it: a browser that is being driven reports
to the driver what happens in it, which takes time.
"""

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import nbformat
from playwright.sync_api import sync_playwright

COURSE = Path(__file__).parents[1]
sys.path[:0] = [str(COURSE), str(COURSE / "tests" / "browser")]

import lab as laboratory  # noqa: E402

IMPORTS = """import numpy as np
from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.surfaces import ravine, rosenbrock
"""
RACE = """opts = {"gd": gd(lr=0.09), "momentum": momentum(lr=0.02, beta=0.8), "adam": adam(lr=0.1)}
Player({name: descend(ravine(20), (-1.8, 1.6), opt, 200) for name, opt in opts.items()})"""
EIGHT = """opts = {f"momentum, {b:.2f}": momentum(lr=0.002, beta=b) for b in np.linspace(0.5, 0.99, 8)}
Player({name: descend(ravine(20), (-1.8, 1.6), opt, 1000) for name, opt in opts.items()})"""
INSIDE = """opts = {"momentum": momentum(lr=0.02, beta=0.8), "adam": adam(lr=0.1)}
runs = {name: descend(ravine(20), (-1.8, 1.6), opt, 200, record=["grad", *opt.slots])
        for name, opt in opts.items()}
Player(runs)"""
GRID = """lr, beta1 = np.geomspace(1e-3, 1, 21), np.linspace(0, 0.99, 11)
Player(sweep(rosenbrock, (-1.5, 2.0), adam, 200, lr=lr, beta1=beta1))"""
JSHTML = """from matplotlib.animation import FuncAnimation
from IPython.display import HTML
run = descend(rosenbrock, (-1.5, 2.0), adam(lr=0.1), 200)
figure = Figure(figsize=(5.2, 3.9))
axes = figure.subplots()
plotting.landscape(rosenbrock, axes)
line, = axes.plot([], [])
def draw(k):
    line.set_data(run.theta.values[: k + 1].T)
    return [line]
HTML(FuncAnimation(figure, draw, 201, interval=1000 / 60).to_jshtml())"""
PEER = """import io
import ipywidgets
from matplotlib.figure import Figure
from lib import plotting
run = descend(rosenbrock, (-1.5, 2.0), adam(lr=0.1), 200)
figure = Figure(figsize=(5.2, 3.9))
axes = figure.subplots()
plotting.landscape(rosenbrock, axes)
line, = axes.plot([], [])
image = ipywidgets.Image(format="png")
play = ipywidgets.Play(min=0, max=200, interval=16, repeat=True)
number = ipywidgets.IntText()
ipywidgets.link((number, "value"), (play, "value"))
def draw(change):
    line.set_data(run.theta.values[: change["new"] + 1].T)
    file = io.BytesIO()
    figure.savefig(file)
    image.value = file.getvalue()
play.observe(draw, "value")
draw({"new": 0})
ipywidgets.VBox([play, number, image])"""

FRAME = 1000 / 60  # milliseconds
# In the page. `frame` resolves as a frame begins, before it is painted; `painted`, called there, after it.
TOOLS = """() => {
    const { port1, port2 } = new MessageChannel();
    window.painted = () => new Promise((done) => {
        port1.onmessage = () => done(performance.now());
        port2.postMessage(0);
    });
    window.frame = () => new Promise(requestAnimationFrame);
    window.asked = [];
    const list = new PerformanceObserver((seen) => asked.push(...seen.getEntries().map(({ name }) => name)));
    list.observe({ type: 'resource' });
    const make = (socket, [url, ...more]) => (asked.push(String(url)), new socket(url, ...more));
    window.WebSocket = new Proxy(WebSocket, { construct: make });
    window.drawn = [];
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.className === 'paths') drawn.push(performance.now());
        return clear.apply(this, box);
    };
}"""
FRAMES = """async ([root, seconds]) => {
    root.querySelector('select').value = '0.5';
    const scrub = root.querySelector('.scrub input');
    scrub.value = 0.7 * scrub.max;  // where trails are long
    scrub.dispatchEvent(new Event('input'));
    root.querySelector('.play').click();
    const begin = performance.now();
    drawn.length = 0;
    while (performance.now() < begin + 1000 * seconds) await frame();
    root.querySelector('.play').click();
    return (drawn.length - 1) / (drawn.at(-1) - drawn[0]) * 1000;
}"""
SLIDER = """async ([root, times]) => {
    const found = [];
    const slider = root.querySelector('.axes input');
    for (let i = 0; i < times; i++) {
        await frame();
        const begin = performance.now();
        slider.value = i % (1 + Number(slider.max));
        slider.dispatchEvent(new Event('input'));
        found.push((await painted()) - begin);
    }
    return found;
}"""
# A start goes ten steps right and ten left, as the arrow keys move it.
START = """async ([root, times]) => {
    const found = [];
    const start = root.querySelector('.start');
    for (let i = 0; i < times; i++) {
        await frame();
        const begin = performance.now();
        start.dispatchEvent(new KeyboardEvent('keydown', { key: i % 20 < 10 ? 'ArrowRight' : 'ArrowLeft' }));
        found.push((await painted()) - begin);
    }
    return found;
}"""
# A slider and a start in turns with a slider that moves nothing but itself, in the same player: the least
# that either takes there. A slow minute falls on all three. Beside the player that slider takes longer: for
# what stands between layers the browser makes all layers anew when it changes.
MOVES = """async ([root, turns]) => {
    const bare = document.createElement('div');
    bare.innerHTML = '<div class="axes"><input type="range" max="20"></div>';
    root.append(bare);
    bare.scrollIntoView({ block: 'nearest' });
    const found = [[], [], []];
    for (let i = 0; i < turns; i++) {
        found[0].push(...(await (SLIDER)([root, 42])));
        found[1].push(...(await (START)([root, 40])));
        found[2].push(...(await (SLIDER)([bare, 42])));
    }
    bare.remove();
    return found;
}""".replace("SLIDER", SLIDER).replace("START", START)
# What the browser gives where nothing is drawn: the most that a player can have.
IDLE = """async ([root, seconds]) => {
    const begin = performance.now();
    let frames = 0;
    for (; performance.now() < begin + 1000 * seconds; frames++) await frame();
    return frames / seconds;
}"""
INNER = """async ([root, seconds]) => {
    for (const box of root.querySelectorAll('fieldset input')) box.checked || box.click();
    return (FRAMES)([root, seconds]);
}""".replace("FRAMES", FRAMES)
FOLLOW = """async ([root, seconds]) => {
    const view = root.querySelector('.view select');
    view.value = '16';
    view.dispatchEvent(new Event('change', { bubbles: true }));
    return (FRAMES)([root, seconds]);
}""".replace("FRAMES", FRAMES)
# How often players draw that play outside the window, a second.
UNSEEN = """async ([root, seconds]) => {
    root.querySelector('.play').click();
    await frame();
    root.style.marginTop = '5000px';
    for (let i = 0; i < 10; i++) await frame();
    drawn.length = 0;
    const begin = performance.now();
    while (performance.now() < begin + 1000 * seconds) await frame();
    const count = drawn.length;
    root.style.marginTop = '';
    root.querySelector('.play').click();
    return count / seconds;
}"""
IMAGES = """async ([image, button, seconds]) => {
    let frames = 0;
    image.addEventListener('load', () => frames++);
    button.click();
    const begin = performance.now();
    while (performance.now() < begin + 1000 * seconds) await frame();
    return frames / seconds;
}"""

PEER_NUMBER = """async ([image, number, times]) => {
    const found = [];
    for (let i = 0; i < times; i++) {
        await frame();
        const loaded = new Promise((done) => image.addEventListener('load', done, { once: true }));
        const begin = performance.now();
        number.value = 20 + 7 * i;
        number.dispatchEvent(new Event('change', { bubbles: true }));
        await loaded;
        await frame();
        found.push((await painted()) - begin);
    }
    return found;
}"""
JSHTML_FRAMES = """async ([cell, seconds]) => {
    const image = cell.querySelector('.animation img');
    let frames = 0;
    cell.querySelector('.animation button[title=Play]').click();
    new MutationObserver(() => frames++).observe(image, { attributes: true, attributeFilter: ['src'] });
    const begin = performance.now();
    while (performance.now() < begin + 1000 * seconds) await frame();
    return frames / seconds;
}"""
JSHTML_SLIDER = """async ([cell, times]) => {
    const found = [];
    const [image, slider] = ['img', 'input'].map((name) => cell.querySelector(`.animation ${name}`));
    cell.querySelector('.animation button[title=Pause]').click();
    for (let i = 0; i < times; i++) {
        await frame();
        const begin = performance.now();
        slider.value = 3 * i;
        slider.dispatchEvent(new Event('input'));
        await image.decode();
        found.push((await painted()) - begin);
    }
    return found;
}"""

READY = "() => [...document.querySelectorAll('.downhill-player .start')].every((start) => !start.hidden)"
ELSEWHERE = "() => asked.filter((url) => /^(https?|wss?):/.test(url) && new URL(url).host !== location.host)"
# A measurement is given elements of a cell, by their selectors. It begins when the driver has gone, and says
# in the page's title when it is done: that can be read from outside.
DONE = "measured"
MEASURE = """([at, selectors, amount]) => {
    const cell = document.querySelector(`.jp-Cell[data-windowed-list-index='${at}']`);
    const parts = selectors.map((selector) => cell.querySelector(selector));
    clearInterval(window.saying);
    [document.title, window.found] = ['', null];
    setTimeout(async () => {
        window.found = await (SCRIPT)([...parts, amount]).catch(String);
        window.saying = setInterval(() => (document.title = 'DONE'), 100);
    }, 1000);
}""".replace("DONE", DONE)


class Reader:
    """A Chromium with one page, driven only between the measurements."""

    def __init__(self, playwright, port):
        self.playwright, self.address = playwright, f"http://127.0.0.1:{port}"

    @contextlib.contextmanager
    def page(self):
        """The page, to drive."""
        browser = self.playwright.chromium.connect_over_cdp(self.address)
        yield browser.contexts[0].pages[0]
        browser.close()  # lets go of it; the page stays

    def measure(self, at, script, amount, selectors=(".downhill-player",)):
        """What a script finds for these elements of a cell."""
        with self.page() as page:
            laboratory.Notebook(page).show(at)
            page.locator(f".jp-Cell[data-windowed-list-index='{at}'] {selectors[0]}").first.wait_for()
            page.wait_for_function(READY)
            page.evaluate(MEASURE.replace("SCRIPT", script), [at, list(selectors), amount])
        for _ in range(240):
            time.sleep(0.5)
            with urlopen(f"{self.address}/json/list") as targets:
                if any(target["title"] == DONE for target in json.load(targets)):
                    break
        with self.page() as page:
            found = page.evaluate("found")
        if found is None or isinstance(found, str):
            raise RuntimeError(f"cell {at}: {found or 'still not measured after two minutes'}")
        return found


@contextlib.contextmanager
def reader(folder):
    """Chromium with its profile in this folder; of the window's height 900 pixels are the page's."""
    with sync_playwright() as playwright:
        path, arguments = laboratory.chromium_command(playwright)
        arguments += ["--headless", "--window-size=1280,1043", f"--user-data-dir={folder}"]
        arguments += ["--remote-debugging-port=0", "about:blank"]
        chromium = subprocess.Popen([path, *arguments], stderr=subprocess.DEVNULL)
        try:
            told = folder / "DevToolsActivePort"
            while not (told.exists() and told.read_text()):
                if chromium.poll() is not None:
                    raise RuntimeError(f"{path} ended with {chromium.returncode} before it could be driven")
                time.sleep(0.1)
            yield Reader(playwright, told.read_text().split()[0])
        finally:
            chromium.terminate()
            chromium.wait()


def size_of_grid():
    """What the grid's player adds to a saved page besides the text of the player, in KB."""
    names: dict = {}
    exec(IMPORTS + GRID.replace("Player(", "player = Player(", 1), names)
    player = names["player"]
    return (len(json.dumps([player.meta, player.landscape])) + len(player.data) * 4 / 3) / 1000


def median(times):
    return f"{statistics.median(times):.1f} ({statistics.quantiles(times, n=10)[0]:.1f})"


def run(lab, chromium, *sources):
    """Open a notebook of these cells, and run them."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "bench.ipynb")
    with chromium.page() as page:
        notebook = lab.open(page, "bench.ipynb")
        page.evaluate(TOOLS)
        notebook.run()


def end(chromium):
    """Shut the kernel down; what the code cells showed, and what the page asked of other machines."""
    with chromium.page() as page:
        notebook = laboratory.Notebook(page)
        notebook.close()
        return [cell["outputs"] for cell in notebook.code()], page.evaluate(ELSEWHERE)


def ours(lab, chromium):
    """The players' rows. Their peers have a notebook of their own: 21 MB in one cell of it slow the page."""
    run(lab, chromium, IMPORTS + RACE, EIGHT, GRID, INSIDE)
    measure = chromium.measure
    yield "frames/s, race of three, 200 steps", measure(0, FRAMES, 3), "≥ 55"
    yield "frames/s, race of eight, 1000 steps", measure(1, FRAMES, 3), "≥ 55"
    yield "frames/s, grid 21 × 11, 200 steps", measure(2, FRAMES, 3), "≥ 55"
    yield "frames/s, nothing drawn, in the same page", measure(1, IDLE, 3), "peer"
    yield "frames/s, two runs with all arrows and bars", measure(3, INNER, 3), "≥ 55"
    yield "frames/s, the same, following the head at 16×", measure(3, FOLLOW, 3), "≥ 55"
    yield "frames/s, a player that plays outside the window", measure(0, UNSEEN, 1), "0"
    slider, start, bare = measure(2, MOVES, 10)
    most = f"≤ {max(2.5 * statistics.median(bare), 2 * FRAME):.1f}"
    yield "a slider of the grid to paint, median (tenth) ms", median(slider), most
    yield "a start of the grid to paint, median (tenth) ms", median(start), most
    yield "the same of a slider that does nothing, in the same player", median(bare), "peer"
    yield "KB on the page, grid 21 × 11, the player", size_of_grid(), "≤ 60"
    _, elsewhere = end(chromium)
    yield "requests to other machines, the player", str(len(elsewhere)), "0"


def peers(lab, chromium):
    """The rows of what the players are compared with."""
    run(lab, chromium, IMPORTS + PEER, JSHTML)
    what, play = "ipywidgets.Play with a Matplotlib redraw", ".jupyter-button"
    yield f"frames/s, {what}", chromium.measure(0, IMAGES, 3, ("img", play)), "peer"
    with chromium.page() as page:
        page.locator(play).first.click()
    times = chromium.measure(0, PEER_NUMBER, 20, ("img", "input[type=number]"))
    yield f"step to paint, {what}, median (tenth) ms", median(times), "peer"
    what, made = "FuncAnimation.to_jshtml", (".jp-OutputArea:has(.animation img)",)
    yield f"frames/s, {what}", chromium.measure(1, JSHTML_FRAMES, 3, made), "peer"
    times = chromium.measure(1, JSHTML_SLIDER, 40, made)
    yield f"step to paint, {what}, median (tenth) ms", median(times), "peer"
    (_, outputs), elsewhere = end(chromium)
    (text,) = (out["data"]["text/html"] for out in outputs if "data" in out)
    yield f"MB on the page, one run, {what}", len("".join(text)) / 1e6, "peer"
    yield f"requests to other machines, {what}", str(len(elsewhere)), "peer"


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        laboratory.jupyterlab(COURSE, Path(folder)) as lab,
        reader(Path(folder) / "chromium") as chromium,
    ):
        rows = [*ours(lab, chromium), *peers(lab, chromium)]
    command = ["git", "describe", "--always", "--dirty=+"]
    commit = subprocess.run(command, cwd=COURSE, capture_output=True, text=True).stdout.strip()
    where = f"{os.cpu_count()} cores, no GPU, {platform.system()} {platform.machine()} | {commit}"
    print("| what | measured | asked | machine | commit | date | command |\n|---|---|---|---|---|---|---|")
    for what, value, asked in rows:
        value = value if isinstance(value, str) else f"{value:.1f}"
        print(f"| {what} | {value} | {asked} | {where} | {datetime.date.today()} | `make bench` |")


if __name__ == "__main__":
    main()
