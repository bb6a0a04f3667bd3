"""The moving picture of the README: gradient descent, momentum and Adam race down a ravine.

The settings are those of chapter 00, where a sweep finds them. Writes race.gif and its last frame, race.svg
and race.png.
"""

from pathlib import Path

import matplotlib.pyplot as plt
from heroes import house_style, save
from matplotlib.animation import FuncAnimation, PillowWriter

from lib.descend import descend
from lib.optimizers import adam, gd, momentum
from lib.plotting import landscape, style
from lib.surfaces import ravine

STEPS = 40
FOLDER = Path(__file__).parent
ALT = (
    "Three paths in a narrow valley, beside their losses. Gradient descent zig-zags, then creeps along "
    "the floor and is still far from the minimum after 40 steps. Momentum swings wide between the walls "
    "and arrives. Adam takes an almost straight way and is there first."
)


def main(folder: Path = FOLDER) -> None:
    house_style()
    valley, start = ravine(kappa=50), (-1.8, 0.8)
    runs = {
        "gd": descend(valley, start, gd(lr=0.0387), STEPS),
        "momentum": descend(valley, start, momentum(lr=0.0531, beta=0.6), STEPS),
        "adam": descend(valley, start, adam(lr=0.2304, beta1=0.4), STEPS),
    }
    names = {"gd": "gradient descent", "momentum": "momentum", "adam": "Adam"}
    fig, (left, right) = plt.subplots(1, 2, figsize=(7.8, 3.4), width_ratios=(1.25, 1))
    landscape(valley, left, window=((-2.0, 0.5), (-1.6, 1.6)))
    right.set(yscale="log", xlim=(0, STEPS), ylim=(1e-16, 1e3), xlabel="step", ylabel="f")
    moving = []
    for name, run in runs.items():
        look = style(name)
        head = {"marker": look.pop("marker"), "color": look["color"], "markeredgecolor": "white"}
        points = run.theta.transpose("coord", "step").values
        trail = left.plot([], [], **look)[0]
        curve = right.plot([], [], **look, label=names[name])[0]
        heads = [axes.plot([], [], markersize=9, clip_on=False, **head)[0] for axes in (left, right)]
        moving.append((points, run.loss.values, trail, curve, heads))
    right.legend(loc="lower left")

    def draw(step: int) -> list[plt.Artist]:
        for points, loss, trail, curve, heads in moving:
            trail.set_data(points[:, : step + 1])
            curve.set_data(range(step + 1), loss[: step + 1])
            heads[0].set_data(points[:, step : step + 1])
            heads[1].set_data([step], [loss[step]])
        return []

    frames = [*range(STEPS + 1), *[STEPS] * 12]  # rest on the last frame before the loop begins again
    FuncAnimation(fig, draw, frames).save(folder / "race.gif", PillowWriter(fps=8), dpi=80)
    save(fig, folder / "race", ALT)
    plt.close(fig)


if __name__ == "__main__":
    main()
