"""A race that grows by a method a chapter: one small network on handwritten digits, everybody at its best.

    python figures/growing_race.py        runs the race and writes growing_race.json (six minutes)
    python figures/growing_race.py adam   runs this method again, and keeps the others

`make figures` draws what is recorded. The protocol is chapter 13's: 1000 digits to learn from, 400 to choose
settings by, 397 to show; 60 settings for each method, with the mean of three seeds to choose by, the best
inside its grid, and five other seeds to show. A seed draws the first weights and the order of the examples.
"""

import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from heroes import house_style, save

from lib.descend import descend
from lib.dialects import torch_adadelta, torch_adamw
from lib.networks import Linear, Network, Tanh
from lib.optimizers import adagrad, adam, amsgrad, gd, lion, momentum, nesterov, rmsprop
from lib.plotting import styles
from lib.problems import Minibatches, digits
from lib.schedules import polynomial

FOLDER = Path(__file__).parent
RECORD = FOLDER / "growing_race.json"
STEPS, EVERY, BATCH = 300, 10, 32
NETWORK = Network(Linear(64, 32), Tanh(), Linear(32, 10))
CHOOSE, SHOW = (100, 101, 102), (0, 1, 2, 3, 4)
BETAS = (0.5, 0.8, 0.9, 0.95, 0.98)
SECOND = (0.5, 0.8, 0.9, 0.97, 0.99)


def rates(low, high, count=12):
    return np.array([float(f"{rate:.6g}") for rate in np.geomspace(low, high, count)])


def falling(rule):
    """The rule with a rate that falls in a straight line to 0 at the last step."""
    return lambda lr, **others: rule(lr=polynomial(lr, STEPS), **others)


# chapter, rule, two settings with the values to try: 12 × 5 of two, or 60 of one
ALT = (
    "Loss on held-out digits against steps, 0 to 300, for eleven tuned methods, means of five seeds, on a "
    "logarithmic axis. All begin at 2.4 and end close together, between 0.07 and 0.11; Adam with a "
    "rate that falls to 0 ends lowest."
)
RACE = {
    "gd": ("01", gd, {"lr": rates(0.01, 10, 60)}),
    "momentum": ("03", momentum, {"lr": rates(0.003, 3), "beta": BETAS}),
    "nesterov": ("04", nesterov, {"lr": rates(0.003, 3), "beta": BETAS}),
    "adagrad": ("05", adagrad, {"lr": rates(0.003, 3, 60)}),
    "rmsprop": ("06", rmsprop, {"lr": rates(0.0003, 0.3), "rho": (0.9, 0.97, 0.99, 0.997, 0.999)}),
    "adadelta": ("07", torch_adadelta, {"lr": rates(0.3, 100), "rho": (0.9, 0.99, 0.999, 0.9999, 0.99999)}),
    "adam": ("08", adam, {"lr": rates(0.001, 0.3), "beta2": SECOND}),
    "amsgrad": ("09", amsgrad, {"lr": rates(0.001, 0.3), "beta1": BETAS}),
    "adamw": ("10", torch_adamw, {"lr": rates(0.001, 0.3), "weight_decay": (0.001, 0.003, 0.01, 0.03, 0.1)}),
    "adam, linear decay": (
        "11",
        falling(adam),
        {"lr": rates(0.001, 0.3), "beta2": (0.9, 0.97, 0.99, 0.997, 0.999)},
    ),
    "lion": ("12", lion, {"lr": rates(0.0003, 0.1), "beta2": SECOND}),
}
CONTROLS = {
    **{
        f"{name}, linear decay": ("13", falling(RACE[name][1]), RACE[name][2])
        for name in ("gd", "momentum", "amsgrad", "lion")
    },
    "lion, faster": ("12", lion, {"lr": [0.006], "beta2": [0.97]}),
}
"""What chapters 12 and 13 set beside the race: others with a falling rate; Lion at over twice its own."""


def parts():
    """The network on the digits to learn from, to choose by, and to show."""
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    return [NETWORK.problem(X[rows], y[rows]) for rows in np.split(order, [1000, 1400])]


def run(rule, setting, seed, learn, judge, every=STEPS):
    """The judge's loss every so many steps, (steps, *runs), infinite where a run diverged."""
    values = [np.asarray(value, float) for value in setting.values()]
    shape = np.broadcast_shapes(*(value.shape for value in values))
    first = NETWORK.start(np.random.default_rng([seed, 13])).reshape(-1, *[1] * len(shape)) * np.ones(
        (1, *shape)
    )
    how = {"gradient": Minibatches(BATCH), "seed": seed, "every": every}
    end = descend(learn, first, rule(**setting), STEPS, **how)
    loss = np.array([judge(theta) for theta in end.theta.values[(0 if every < STEPS else 1) :]])
    return np.where(end.diverged.values | ~np.isfinite(loss), np.inf, loss)


def best(rule, grid, learn, judge):
    """Setting of least mean loss over the seeds to choose by, that loss, and whether it is inside."""
    names, axes = list(grid), np.meshgrid(*grid.values(), indexing="ij")
    setting = dict(zip(names, axes, strict=True))
    loss = np.mean([run(rule, setting, seed, learn, judge)[-1] for seed in CHOOSE], axis=0)
    at = np.unravel_index(np.argmin(loss), loss.shape)
    inside = all(0 < i < n - 1 for i, n in zip(at, loss.shape, strict=True))
    return {name: float(axis[at]) for name, axis in setting.items()}, float(loss[at]), inside


def record(names=()):
    """Run these methods, or all, and write what they did beside what is there."""
    learn, choose, show = parts()
    before = json.loads(RECORD.read_text(encoding="utf-8")) if names else {}
    kept = {"steps": [*range(0, STEPS, EVERY), STEPS], "methods": {}, "controls": {}}
    for name, (chapter, rule, grid) in (RACE | CONTROLS).items():
        group = "methods" if name in RACE else "controls"
        if names and name not in names:
            kept[group][name] = before[group][name]
            continue
        setting, loss, inside = best(rule, grid, learn, choose)
        curves = [run(rule, setting, seed, learn, show, EVERY) for seed in SHOW]
        ends = [curve[-1] for curve in curves]
        print(
            f"{name:20} {setting} {loss:.4f}", f"shown {np.mean(ends):.4f}", "" if inside else "ON THE EDGE"
        )
        kept[group][name] = {
            "chapter": chapter,
            "setting": setting,
            "inside": inside,
            "chosen_by": round(loss, 6),
            "loss": [[float(f"{x:.6g}") for x in curve] for curve in curves],
        }
    text = f'{{"steps": {json.dumps(kept["steps"])}'
    for group in ("methods", "controls"):
        rows = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in kept[group].items()]
        text += f',\n "{group}": {{\n' + ",\n".join(rows) + "\n }"
    RECORD.write_text(text + "}\n", encoding="utf-8")


def draw(methods, steps, ax):
    """The mean line of each method over its seeds."""
    for (name, entry), look in zip(methods.items(), styles(methods).values(), strict=True):
        label = f"{entry['chapter']} {name}"
        ax.plot(steps, np.mean(entry["loss"], axis=0), **look | {"marker": ""}, label=label)
    ax.set(yscale="log", xlabel="step", ylabel="loss on 397 digits, mean of 5 seeds", ylim=(0.06, 2.6))
    ax.legend(fontsize=8, ncols=2)


def main(folder=FOLDER):
    house_style()
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    fig, ax = plt.subplots(figsize=(7.8, 4.2))
    draw(kept["methods"], kept["steps"], ax)
    save(fig, folder / "growing_race", ALT)
    plt.close(fig)


if __name__ == "__main__":
    record(sys.argv[1:])
