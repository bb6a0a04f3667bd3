"""The moving picture of chapter 17: eight carts learn to balance, and again when left and right are swapped.

Network, rule and starts are the chapter's. Writes 17_carts.gif and its last frame, 17_carts.svg and .png.
"""

from itertools import count
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from heroes import house_style, save
from matplotlib.animation import FuncAnimation, PillowWriter

from lib.agents import Reinforce, balance, draw
from lib.descend import descend
from lib.networks import Linear, Network, Tanh, runs_first
from lib.optimizers import rmsprop
from lib.plotting import style
from lib.problems import views

SHOWN, EACH = (0, 8, 16, 40, 60, 66, 80, 118), 10
FOLDER = Path(__file__).parent
ALT = (
    "Eight carts with poles above the curve of their length. By iteration 40 all poles stay up. At iteration "
    "60 left and right are swapped, and all fall within ten steps; by iteration 118 all stay up again."
)


def main(folder: Path = FOLDER) -> None:
    house_style()
    driver = Network(Linear(4, 8), Tanh(), Linear(8, 1))
    old, new = (balance(driver, swapped=s, episodes=8, steps=100) for s in (False, True))
    starts = driver.start(np.random.default_rng(7), runs=8)

    def changing(surface, rng):
        before, after, step = *(Reinforce(10)(world, rng) for world in (old, new)), count()
        return lambda theta: before(theta) if next(step) < 60 else after(theta)

    run = descend(old, starts, rmsprop(lr=0.1, rho=0.5), 120, gradient=changing)
    run.loss[60:] = new(run.theta[60:].transpose("coord", "step", "run").values)
    length = -run.loss.mean("run").values
    films = []
    for at in SHOWN:
        world = (old if at < 60 else new).function
        parts = list(runs_first(views(run.theta.values[at], driver.shapes).values(), driver.shapes))
        played = world.play(parts, *draw(np.random.default_rng(1), 8, 1, 100))
        up = np.minimum(np.arange(100), played.lengths - 1)  # a fallen one stays as it fell
        films.append(played.states[np.arange(8)[:, None], up, 0])

    fig, (road, curve) = plt.subplots(2, 1, figsize=(7.2, 3.9), height_ratios=(1, 1.5))
    middle = 1.4 * np.arange(8)
    road.axhline(0, color="#888888", linewidth=1)
    poles = [road.plot([], [], color="#D55E00", linewidth=3, solid_capstyle="round")[0] for _ in middle]
    carts = road.plot([], [], "s", color="#333333", markersize=9)[0]
    road.set(xlim=(-1, middle[-1] + 1), ylim=(-0.25, 1.25), aspect="equal")
    road.axis("off")
    curve.plot(run.step, length, color=style("rmsprop")["color"])
    curve.axvline(60, color="#888888", linestyle=":")
    curve.text(61, 5, "left and right swapped")
    head = curve.plot([], [], "o", color="#D55E00", markersize=8, markeredgecolor="white")[0]
    curve.set(xlabel="iteration", ylabel="steps, of 100", xlim=(-2, 122), ylim=(0, 105))

    def frame(number: int) -> list[plt.Artist]:
        film, t = divmod(number, EACH)
        x, _, angle, _ = films[film][:, 11 * t].T
        x = middle + x / 5
        for i, pole in enumerate(poles):
            pole.set_data([x[i], x[i] + np.sin(3 * angle[i])], [0.05, 0.05 + np.cos(3 * angle[i])])
        carts.set_data(x, np.zeros(8))
        head.set_data([SHOWN[film]], [length[SHOWN[film]]])
        road.set_title(f"iteration {SHOWN[film]}, step {11 * t}; angles three times as large", fontsize=10)
        return []

    frames = range(EACH * len(SHOWN))
    FuncAnimation(fig, frame, frames).save(folder / "17_carts.gif", PillowWriter(fps=8), dpi=70)
    save(fig, folder / "17_carts", ALT)
    plt.close(fig)


if __name__ == "__main__":
    main()
