"""The moving picture of chapter 01: a line turns into its data while its cost goes downhill.

The data and the start are the chapter's. Writes 01_fit.gif and its last frame, 01_fit.svg and 01_fit.png.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from heroes import house_style, save
from matplotlib.animation import FuncAnimation, PillowWriter

from lib.descend import descend
from lib.optimizers import gd
from lib.plotting import landscape
from lib.problems import linear_regression

STEPS = 40
FOLDER = Path(__file__).parent
ALT = (
    "Left, a hundred points and the line fitted to them, with the lines of earlier steps, paler the older. "
    "Right, the path of the same steps over the contours of the cost. In three steps the line is as high as "
    "the points and too steep; in forty it has turned into them, while the path creeps along the valley."
)


def main(folder: Path = FOLDER) -> None:
    house_style()
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 2, 100)
    y = 5 + 2 * x + rng.normal(0, 0.5, 100)
    cost = linear_regression(
        np.stack([np.ones(100), x], axis=1), y, names=("theta0", "theta1"), window=[(-0.5, 8), (-1, 6)]
    )
    points = descend(cost, (0, 0), gd(lr=0.5), STEPS).theta.values
    ends = np.array([0.0, 2.0])
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.4))
    left.scatter(x, y, s=10, color="#888888")
    past = [left.plot([], [], color="#E69F00", linewidth=1)[0] for _ in range(STEPS)]
    line = left.plot([], [], color="#D55E00", linewidth=2.5)[0]
    left.set(xlim=(0, 2), ylim=(-0.5, 12), xlabel="x", ylabel="y")
    landscape(cost, right)
    right.set(xlabel="θ₀", ylabel="θ₁", title="the cost")
    trail = right.plot([], [], color="#E69F00", linewidth=1.2, marker="o", markersize=3)[0]
    head = right.plot([], [], "o", color="#D55E00", markersize=8, markeredgecolor="white")[0]

    def draw(step: int) -> list[plt.Artist]:
        for age, old in enumerate(past):
            known = age < step
            old.set_data(ends, points[age] @ [np.ones(2), ends] if known else [np.nan, np.nan])
            old.set_alpha(max(0.08, 0.6 * 0.8 ** (step - age)) if known else 0.0)
        line.set_data(ends, points[step] @ [np.ones(2), ends])
        trail.set_data(*points[: step + 1].T)
        head.set_data(*points[step : step + 1].T)
        left.set_title(f"step {step}")
        return []

    frames = [*[0] * 4, *range(STEPS + 1), *[STEPS] * 12]
    FuncAnimation(fig, draw, frames).save(folder / "01_fit.gif", PillowWriter(fps=6), dpi=80)
    save(fig, folder / "01_fit", ALT)
    plt.close(fig)


if __name__ == "__main__":
    main()
