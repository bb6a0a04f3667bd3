"""The moving picture of chapter 15: a network bounces, and its curvature stays at 2/η.

Network and sharpness are the chapter's, from its cells before the hero's. Writes edge.gif and one frame of
it, edge.svg and edge.png.
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from heroes import heroes, house_style, save
from matplotlib.animation import FuncAnimation, PillowWriter

from lib.descend import descend
from lib.optimizers import gd

RATE, LAST, SHOWN = 0.25, 1000, 644
STEPS = [*range(410, 600, 7), *range(603, 670), *range(671, LAST, 5)]
FOLDER = Path(__file__).parent
ALT = (
    "Left, a cut through a network's loss along its sharpest direction, a valley with a ball in it that "
    "jumps from wall to wall at each step. Right, above, the sharpness against the step: it climbs, "
    "passes the line 2/η, and while the ball jumps it falls back and stays near the line. Below, the "
    "loss falls, with a spike where the jumps are widest."
)


def cuts() -> dict[str, Any]:
    """For each step: the sharpness, the loss, where on the cut the iterate is, and the cut."""
    names: dict[str, Any] = {}
    for code in next(cells for number, cells, _ in heroes() if number == "15")[:-1]:
        exec(code, names)
    net, sharpness = names["net"], names["sharpness"]
    run = descend(net, names["start"], gd(lr=RATE), LAST + 1)
    theta, at = run.theta.values, np.array(STEPS)
    middle = (theta[at - 1] + 2 * theta[at] + theta[at + 1]).T / 4
    S, u = sharpness(middle)
    for i in range(1, len(at)):  # an eigenvector has two directions: keep one
        u[:, i] *= np.sign(u[:, i] @ u[:, i - 1])
    across = np.linspace(-0.13, 0.13, 53)
    lowest = net(middle)
    valley = np.array([net(middle + z * u) for z in across]) - lowest
    x = ((theta[at].T - middle) * u).sum(0)
    return {"S": S, "loss": run.loss.values, "x": x, "height": net(middle + x * u) - lowest} | {
        "across": across,
        "valley": valley,
    }


def main(folder: Path = FOLDER) -> None:
    house_style()
    seen, edge = cuts(), 2 / RATE
    fig = plt.figure(figsize=(7.8, 3.6))
    parts = fig.add_gridspec(2, 2, width_ratios=(1, 1.25), height_ratios=(1.6, 1))
    left, above, below = (fig.add_subplot(part) for part in (parts[:, 0], parts[0, 1], parts[1, 1]))
    left.set(xlim=(-0.13, 0.13), ylim=(-0.004, 0.065), yticks=[], xlabel="along the top eigenvector")
    (cut,) = left.plot([], [], color="#0072B2")
    (jump,) = left.plot([], [], color="#D55E00", linewidth=1)
    (ball,) = left.plot([], [], "o", color="#D55E00", markersize=10, markeredgecolor="white")
    above.axhline(edge, color="#888888", linestyle=":")
    above.text(STEPS[0], edge + 0.15, "2/η", color="#555555")
    above.set(xlim=(STEPS[0], LAST), ylim=(6, 9.9), ylabel="sharpness", xticklabels=[])
    below.set(xlim=(STEPS[0], LAST), ylim=(0.03, 0.13), ylabel="loss", xlabel="step", yscale="log")
    below.set(yticks=[0.03, 0.1], yticklabels=["0.03", "0.1"])
    below.minorticks_off()
    (sharp,) = above.plot([], [], color="#0072B2")
    (loss,) = below.plot([], [], color="#000000")
    (head,) = above.plot([], [], "o", color="#0072B2", markersize=7, markeredgecolor="white")

    def draw(frame: int) -> list[plt.Artist]:
        step, now = STEPS[frame], slice(max(0, frame - 1), frame + 1)
        cut.set_data(seen["across"], seen["valley"][:, frame])
        jump.set_data(seen["x"][now], seen["height"][now])
        ball.set_data(seen["x"][frame : frame + 1], seen["height"][frame : frame + 1])
        sharp.set_data(STEPS[: frame + 1], seen["S"][: frame + 1])
        head.set_data(STEPS[frame : frame + 1], seen["S"][frame : frame + 1])
        loss.set_data(range(STEPS[0], step + 1), seen["loss"][STEPS[0] : step + 1])
        left.set_title(f"the loss, step {step}")
        return []

    frames = [*range(len(STEPS)), *[len(STEPS) - 1] * 12]
    FuncAnimation(fig, draw, frames).save(folder / "edge.gif", PillowWriter(fps=10), dpi=80)
    draw(STEPS.index(SHOWN))
    save(fig, folder / "edge", ALT)
    plt.close(fig)


if __name__ == "__main__":
    main()
