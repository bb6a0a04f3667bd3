"""Measure the player in a real JupyterLab: frames per second, slider to paint, dragged start to paint.

    python bench/player.py

It prints rows for bench/RECORDS.md, each with what is asked of it. A paint is a frame of the browser that
drew the picture anew; times run from the input event to the task after that frame.
"""

import datetime
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

COURSE = Path(__file__).parents[1]
sys.path.insert(0, str(COURSE / "tests" / "browser"))

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
GRID = """lr, beta1 = np.geomspace(1e-3, 1, 21), np.linspace(0, 0.99, 11)
Player(sweep(rosenbrock, (-1.5, 2.0), adam, 200, lr=lr, beta1=beta1))"""
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
def draw(change):
    line.set_data(run.theta.values[: change["new"] + 1].T)
    file = io.BytesIO()
    figure.savefig(file)
    image.value = file.getvalue()
play.observe(draw, "value")
draw({"new": 0})
ipywidgets.VBox([play, image])"""

# In the page. `frame` resolves as a frame begins, before it is painted; `painted`, called there, after it.
TOOLS = """() => {
    window.painted = () => new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(0);
    });
    window.frame = () => new Promise(requestAnimationFrame);
    window.drawn = [];
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.parentElement.className.includes('map')) drawn.push(performance.now());
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
DRAG = """async ([root, times]) => {
    const found = [];
    const [canvas, cell] = [root.querySelector('canvas'), root.querySelector('tbody td')];
    for (let i = 0; i < times; i++) {
        await frame();
        const [begin, old] = [performance.now(), cell.textContent];
        canvas.dispatchEvent(new KeyboardEvent('keydown', { key: i % 20 < 10 ? 'ArrowRight' : 'ArrowLeft' }));
        while (cell.textContent === old) await frame();
        found.push((await painted()) - begin);
    }
    return found;
}"""
IMAGES = """async ([image, button, seconds]) => {
    let frames = 0;
    image.addEventListener('load', () => frames++);
    button.click();
    const begin = performance.now();
    while (performance.now() < begin + 1000 * seconds) await frame();
    return frames / seconds;
}"""


def main():
    cells = [nbformat.v4.new_code_cell(source) for source in (IMPORTS + RACE, EIGHT, GRID, PEER)]
    with (
        tempfile.TemporaryDirectory() as folder,
        laboratory.chromium() as browser,
        laboratory.jupyterlab(COURSE, Path(folder)) as lab,
        laboratory.visit(browser) as seen,
    ):
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / "bench.ipynb")
        page = seen.page
        notebook = lab.open(page, "bench.ipynb")
        page.evaluate(TOOLS)
        notebook.run()

        def ask(cell, script, amount):
            notebook.show(cell)
            player = page.locator(f".jp-Cell[data-windowed-list-index='{cell}'] .downhill-player")
            player.wait_for()
            page.wait_for_function(
                "root => root.querySelector('canvas').tabIndex === 0", arg=player.element_handle()
            )
            return page.evaluate(script, [player.element_handle(), amount])

        rows = [
            ("frames/s, race of three, 200 steps", ask(0, FRAMES, 3), "60"),
            ("frames/s, race of eight, 1000 steps", ask(1, FRAMES, 3), "60"),
            ("frames/s, grid 21 × 11, 200 steps", ask(2, FRAMES, 3), "60"),
            ("slider to paint, median ms", statistics.median(ask(2, SLIDER, 60)), "≤ 10"),
            (
                "start of a 21 × 11 × 200 Adam grid to paint, median ms",
                statistics.median(ask(2, DRAG, 40)),
                "≤ 60",
            ),
        ]
        notebook.show(3)
        cell = page.locator(".jp-Cell[data-windowed-list-index='3']")
        cell.locator("img").wait_for()
        peer = [
            cell.locator("img").element_handle(),
            cell.locator(".jupyter-button").first.element_handle(),
            3,
        ]
        rows.append(
            ("frames/s, ipywidgets.Play with a Matplotlib redraw", page.evaluate(IMAGES, peer), "peer")
        )
        notebook.close()
        seen.assert_quiet()
    command = ["git", "describe", "--always", "--dirty=+"]
    commit = subprocess.run(command, cwd=COURSE, capture_output=True, text=True).stdout.strip()
    where = f"{os.cpu_count()} cores, no GPU, {platform.system()} {platform.machine()} | {commit}"
    print("| what | measured | asked | machine | commit | date | command |\n|---|---|---|---|---|---|---|")
    for what, value, asked in rows:
        print(f"| {what} | {value:.1f} | {asked} | {where} | {datetime.date.today()} | `make bench` |")


if __name__ == "__main__":
    main()
