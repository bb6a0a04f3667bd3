"""Record the long runs that chapter 13 replays: tests/data/comparison.json.

    pip install -e '.[tuning]'
    python tests/record_comparison.py          all of it (a quarter of an hour)
    python tests/record_comparison.py widths   one part of it

Each function below is one part and says what it ran. tests/test_comparison.py runs a piece of each again.
"""

import json
import sys
from pathlib import Path

import numpy as np

from lib.descend import descend
from lib.optimizers import adagrad, adam, gd, lion, momentum, rmsprop
from lib.problems import Minibatches, digits, softmax_regression

KEPT = Path(__file__).parent / "data" / "comparison.json"
FAIL = 9.0
"""What counts for a run that diverged: more than four times the ln 10 of guessing."""

RATES = np.array([float(f"{lr:.6g}") for lr in np.geomspace(1e-5, 1e2, 43)])
METHODS = {
    "gd": (gd, 1e-3),
    "momentum": (momentum, 1e-3),
    "adagrad": (adagrad, 1e-2),
    "rmsprop": (rmsprop(rho=0.99), 1e-2),
    "adam": (adam, 1e-3),
    "lion": (lion, 1e-4),
}
"""Rule and default rate: PyTorch's, and the paper's for Lion."""


def split():
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    return [softmax_regression(X[rows], y[rows]) for rows in np.split(order, [1200])]


def ends(problem, opt, runs, steps, seed, judge=None):
    """Loss after the last step, one for each run."""
    how = {"gradient": Minibatches(32), "seed": seed, "every": steps}
    run = descend(problem, np.zeros((len(problem.coords), *runs)), opt, steps, **how)
    loss = (judge or problem)(run.theta.values[-1])
    return np.where(run.diverged.values | ~np.isfinite(loss), FAIL, np.minimum(loss, FAIL))


def table(seeds=10):
    """Softmax on 1200 digits, 190 steps (5 epochs) of 32: loss on the other 597; 43 rates, then the default."""
    learn, judge = split()
    return {
        name: [ends(learn, rule(lr=np.append(RATES, rate)), (44,), 190, seed, judge) for seed in range(seeds)]
        for name, (rule, rate) in METHODS.items()
    }


BEST = {
    "gd": 1.4678,
    "momentum": 0.681292,
    "adagrad": 0.681292,
    "rmsprop": 0.0316228,
    "adam": 0.14678,
    "lion": 0.01,
}
"""The rate of least mean loss in `table`."""


def more_seeds(seeds=range(10, 70)):
    """Sixty other seeds of `table`, each method at its best rate there."""
    learn, judge = split()
    return {
        name: [float(ends(learn, METHODS[name][0](lr=lr), (), 190, seed, judge)) for seed in seeds]
        for name, lr in BEST.items()
    }


def plane():
    """Adam on all digits, 150 steps: training loss over 61 rates and 9 values of β₂."""
    learn = softmax_regression(*digits())
    lr, beta2 = np.geomspace(1e-4, 1e1, 61), 1 - np.geomspace(1e-1, 1e-3, 9)
    return ends(learn, adam(lr=lr[:, None], beta2=beta2), (61, 9), 150, 0)


def drawn(count=300):
    """What random search draws: log-uniform settings, the same range of rates for all."""
    rng = np.random.default_rng(13)

    def log(low, high):
        return np.exp(rng.uniform(np.log(low), np.log(high), count))

    return {
        "gd": {"lr": log(1e-4, 1e2)},
        "momentum": {"lr": log(1e-4, 1e2), "beta": 1 - log(1e-3, 1)},
        "adam": {"lr": log(1e-4, 1e2)},
        "adam (4 knobs)": {
            "lr": log(1e-4, 1e2),
            "beta1": 1 - log(1e-3, 1),
            "beta2": 1 - log(1e-4, 1),
            "eps": log(1e-10, 1),
        },
    }


RULES = {"gd": gd, "momentum": momentum, "adam": adam, "adam (4 knobs)": adam}


def draws():
    """Random search: 300 settings a method, each run 190 steps as in `table`, seed 0; loss on the other 597."""
    learn, judge = split()
    return {
        name: {k: v.tolist() for k, v in setting.items()}
        | {"loss": ends(learn, RULES[name](**setting), (300,), 190, 0, judge)}
        for name, setting in drawn().items()
    }


def strangers(count=120, rates=40):
    """Rates and settings at random for `others`, from the ranges of the four knobs in `drawn`."""
    rng = np.random.default_rng(5)
    lr = np.exp(rng.uniform(np.log(1e-4), np.log(1e2), rates))
    low, high = np.log([[1e-3], [1e-4], [1e-10]]), np.log([[1.0], [1.0], [1.0]])
    beta1, beta2, eps = np.exp(rng.uniform(low, high, (3, count)))
    return lr, {"beta1": 1 - beta1, "beta2": 1 - beta2, "eps": eps}


def others():
    """Adam with one knob, its rate, and the three others not at their defaults but at random: 120 such, 40 rates,
    runs as in `draws`."""
    learn, judge = split()
    lr, settings = strangers()
    opt = adam(lr=lr, **{knob: values[:, None] for knob, values in settings.items()})
    return ends(learn, opt, (120, 40), 190, 0, judge)


def range_test():
    """The best constant rate after 300 steps, training loss, mean of two seeds, of 31 rates."""
    learn, found = softmax_regression(*digits()), {}
    for name, rule, low, high in (
        ("gd", gd, 1e-3, 1e2),
        ("momentum", momentum, 1e-4, 1e1),
        ("adam", adam, 1e-5, 1e1),
    ):
        lr = np.geomspace(low, high, 31)
        found[name] = {
            "lr": lr,
            "loss": np.mean([ends(learn, rule(lr=lr), (31,), 300, s) for s in (0, 1)], axis=0),
        }
    return found


def mlp(weights, x, y):
    """Loss and gradients of 64-d-d-10 with ReLU, no intercepts."""
    a = x @ weights[0]
    h = np.maximum(a, 0)
    b = h @ weights[1]
    k = np.maximum(b, 0)
    z = k @ weights[2]
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y] + 1e-300).mean()
    p[rows, y] -= 1
    p /= len(y)
    gk = (p @ weights[2].T) * (b > 0)
    gh = (gk @ weights[1].T) * (a > 0)
    return loss, [x.T @ gh, h.T @ gk, k.T @ p]


SCALED = {"ordinary": "", "muP": "rates start", "rates only": "rates", "start only": "start"}
"""What of μP is done at another width: rates of all but the first matrix × base/d, last matrix × √(base/d)."""


def trained(d, lr, scaled, seed, base=32):
    """Training loss after 60 Adam steps of 64 digits; `scaled` as in `SCALED` (Yang et al. 2021, table 3, Adam)."""
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    x, y = (X[order] - X.mean(0))[:1200], y[order][:1200]
    r = np.random.default_rng(seed)
    shapes = ((64, d), 1 / 8), ((d, d), np.sqrt(2 / d)), ((d, 10), 1 / np.sqrt(d))
    weights = [r.standard_normal(shape) * size for shape, size in shapes]
    if "start" in scaled:
        weights[2] = weights[2] * np.sqrt(base / d)
    opts = [adam(lr=rate) for rate in (lr, *[lr * (base / d if "rates" in scaled else 1)] * 2)]
    states = [opt.init(w) for opt, w in zip(opts, weights, strict=True)]
    r = np.random.default_rng(seed + 100)
    for _ in range(60):
        rows = r.integers(1200, size=64)
        for opt, w, g, state in zip(opts, weights, mlp(weights, x[rows], y[rows])[1], states, strict=True):
            opt.step(w, g, state)
    return float(mlp(weights, x, y)[0])


def widths():
    """Loss over 12 rates 2⁻¹³ … 2⁻² at widths 32, 128, 512, mean of four seeds: ordinary, μP, and its two halves."""
    rates = 2.0 ** np.arange(-13, -1)
    return {
        name: {
            str(d): [np.mean([trained(d, lr, scaled, s) for s in range(4)]) for lr in rates]
            for d in (32, 128, 512)
        }
        for name, scaled in SCALED.items()
    }


def searched(sampler, seed, trials=60):
    """Losses of the trials, in order, that an Optuna sampler makes of Adam's four settings."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    learn, judge = split()

    def objective(trial):
        setting = {
            "lr": trial.suggest_float("lr", 1e-4, 1e2, log=True),
            "beta1": 1 - trial.suggest_float("1-beta1", 1e-3, 1, log=True),
            "beta2": 1 - trial.suggest_float("1-beta2", 1e-4, 1, log=True),
            "eps": trial.suggest_float("eps", 1e-10, 1, log=True),
        }
        return float(ends(learn, adam(**setting), (), 190, 0, judge))

    study = optuna.create_study(sampler=sampler(seed=seed))
    study.optimize(objective, n_trials=trials)
    return [trial.value for trial in study.trials]


def search():
    """Optuna's TPE and its random sampler, 60 trials, 5 seeds each."""
    import optuna

    samplers = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    found = {name: [searched(sampler, seed) for seed in range(5)] for name, sampler in samplers.items()}
    return {"version": optuna.__version__} | found


PARTS = {
    part.__name__: part for part in (table, more_seeds, plane, draws, others, range_test, widths, search)
}


def short(value):
    """Numbers at six significant digits, lists for arrays."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [short(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float | np.floating) else value


def main(names):
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in names or PARTS:
        kept[name] = short(PARTS[name]())
        rows = [f"{json.dumps(part)}: {json.dumps(kept[part])}" for part in PARTS if part in kept]
        KEPT.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
