"""How PyTorch, Optax and Keras spell each rule and each dialect: the table of test_dialects.py.

A row gives two settings, each as the framework's arguments and ours. `record_frameworks.py` records the
framework's path on `gradients` into data/frameworks.npz, tests/frameworks compares the same live. NumPy and
lib only.
"""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lib import dialects, optimizers
from lib.checks import REQUIRED
from lib.engine import Optimizer
from lib.wrappers import lookahead

FRAMEWORKS = Path(__file__).parent / "data" / "frameworks.npz"
STEPS = 1000
KEPT = np.array([1, 2, 3, 5, 10, *range(50, STEPS + 1, 50)])
"""The steps of a path that are recorded."""

Settings = dict[str, Any]


class Row(NamedTuple):
    rule: Optimizer
    framework: str
    name: str
    settings: tuple[tuple[Settings, Settings], ...]
    rtol: float = 1e-12
    why: str = ""
    """Why rtol is not 1e-12."""


def gradients(matrix: bool = False, number: int = 0, seed: int = 20260713) -> np.ndarray:
    """Fixed gradients, one row a step: of 7 coordinates, or as matrices of 9×4 (number 0) or 4×9 (1).

    Six coordinates have a scale each, 1e-6 to 1e3, the seventh and the matrices one drawn at every step; all
    are 0 from step 41 to 45. Only operations that are the same on every machine: no power, no logarithm.
    """
    rng = np.random.default_rng([seed, matrix])
    scales = np.tile([1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e3, 1.0], (STEPS, 1))
    drawn = np.ldexp(1.0, rng.integers(-20, 11, STEPS))
    scales[:, 6] = drawn
    if matrix:
        g = rng.uniform(-1, 1, (STEPS, 36)).reshape(STEPS, *((9, 4), (4, 9))[number])
        g *= drawn[:, None, None]
    else:
        g = rng.uniform(-1, 1, (STEPS, 7)) * scales
    g[40:45] = 0
    return g


def betas(beta1: float, beta2: float) -> tuple[Settings, ...]:
    """Two betas as PyTorch, Optax, Keras and we call them."""
    return (
        {"betas": (beta1, beta2)},
        {"b1": beta1, "b2": beta2},
        {"beta_1": beta1, "beta_2": beta2},
        {"beta1": beta1, "beta2": beta2},
    )


T, O, K, B = betas(0.8, 0.95)
NEAR_5 = betas(0.8, 0.84)  # RAdam's ρ is 5.0015 at t = 6
LR = ({"learning_rate": 0.1}, {"lr": 0.1})
FLOAT32 = "Keras takes the norm of a matrix in float32"

TABLE = [
    # The paper's form.
    Row(optimizers.gd, "torch", "SGD", (({}, {"lr": 0.001}), ({"lr": 0.1}, {"lr": 0.1}))),
    Row(optimizers.gd, "optax", "sgd", (LR, ({"learning_rate": 0.01}, {"lr": 0.01}))),
    Row(optimizers.gd, "keras", "SGD", (({}, {"lr": 0.01}), LR)),
    Row(optimizers.momentum, "torch", "SGD", (({"momentum": 0.9}, {"lr": 0.001}), ({"lr": 0.1, "momentum": 0.5}, {"lr": 0.1, "beta": 0.5}))),
    Row(optimizers.momentum, "optax", "sgd", (({"momentum": 0.9, **LR[0]}, LR[1]), ({"learning_rate": 0.01, "momentum": 0.99}, {"lr": 0.01, "beta": 0.99}))),
    Row(optimizers.nesterov, "torch", "SGD", (({"momentum": 0.9, "nesterov": True}, {"lr": 0.001}), ({"lr": 0.1, "momentum": 0.5, "nesterov": True}, {"lr": 0.1, "beta": 0.5}))),
    Row(optimizers.nesterov, "optax", "sgd", (({"momentum": 0.9, "nesterov": True, **LR[0]}, LR[1]), ({"learning_rate": 0.01, "momentum": 0.99, "nesterov": True}, {"lr": 0.01, "beta": 0.99}))),
    Row(optimizers.signsgd, "optax", "sign_sgd", (LR, ({"learning_rate": 0.01}, {"lr": 0.01}))),
    Row(optimizers.adagrad, "torch", "Adagrad", (({}, {"lr": 0.01}), ({"lr": 0.1, "eps": 1e-3}, {"lr": 0.1, "eps": 1e-3}))),
    Row(optimizers.rmsprop, "torch", "RMSprop", (({}, {"lr": 0.01, "rho": 0.99}), ({"lr": 0.1, "alpha": 0.9, "eps": 1e-3}, {"lr": 0.1, "eps": 1e-3}))),
    Row(optimizers.rmsprop, "optax", "rmsprop", (({"eps_in_sqrt": False, **LR[0]}, LR[1]), ({"learning_rate": 0.01, "decay": 0.5, "eps": 1e-3, "eps_in_sqrt": False}, {"lr": 0.01, "rho": 0.5, "eps": 1e-3}))),
    Row(optimizers.rmsprop_momentum, "torch", "RMSprop", (({"momentum": 0.9}, {"lr": 0.01, "rho": 0.99}), ({"lr": 0.1, "alpha": 0.9, "eps": 1e-3, "momentum": 0.5}, {"lr": 0.1, "beta": 0.5, "eps": 1e-3}))),
    Row(optimizers.rmsprop_centered, "torch", "RMSprop", (({"centered": True}, {"lr": 0.01, "rho": 0.99}), ({"lr": 0.1, "alpha": 0.9, "eps": 1e-3, "centered": True}, {"lr": 0.1, "eps": 1e-3}))),
    Row(optimizers.adadelta, "torch", "Adadelta", (({"rho": 0.95}, {}), ({"eps": 1e-3}, {"rho": 0.9, "eps": 1e-3}))),
    Row(optimizers.adadelta, "optax", "adadelta", (({"learning_rate": 1.0, "rho": 0.95}, {}), ({"learning_rate": 1.0, "eps": 1e-3}, {"rho": 0.9, "eps": 1e-3}))),
    Row(optimizers.adadelta, "keras", "Adadelta", (({"learning_rate": 1.0, "epsilon": 1e-6}, {}), ({"learning_rate": 1.0, "rho": 0.9, "epsilon": 1e-3}, {"rho": 0.9, "eps": 1e-3}))),
    Row(optimizers.adam, "torch", "Adam", (({}, {}), ({"lr": 0.1, "eps": 1e-3, **T}, {"lr": 0.1, "eps": 1e-3, **B}))),
    Row(optimizers.adam, "optax", "adam", ((LR[0], LR[1]), ({"learning_rate": 0.01, "eps": 1e-3, **O}, {"lr": 0.01, "eps": 1e-3, **B}))),
    Row(optimizers.adamax, "torch", "Adamax", (({}, {}), ({"lr": 0.1, "eps": 1e-3, **T}, {"lr": 0.1, "eps": 1e-3, **B}))),
    Row(optimizers.adamax, "optax", "adamax", ((LR[0], LR[1]), ({"learning_rate": 0.01, "eps": 1e-3, **O}, {"lr": 0.01, "eps": 1e-3, **B}))),
    Row(optimizers.amsgrad, "optax", "amsgrad", tuple(({"bias_correction_mu": False, "bias_correction_nu": False, **theirs}, ours) for theirs, ours in (LR, ({"learning_rate": 0.01, "eps": 1e-3, **O}, {"lr": 0.01, "eps": 1e-3, **B})))),
    Row(optimizers.adamw, "torch", "AdamW", (({"lr": 0.5}, {"lr": 0.5, "weight_decay": 0.005}), ({"lr": 0.25, "eps": 1e-3, "weight_decay": 0.5, **T}, {"lr": 0.25, "eps": 1e-3, "weight_decay": 0.125, **B}))),
    Row(optimizers.radam, "optax", "radam", (({"threshold": 4.0, **LR[0]}, LR[1]), ({"learning_rate": 0.01, "eps": 1e-3, "threshold": 4.0, **O}, {"lr": 0.01, "eps": 1e-3, **B}))),
    Row(optimizers.lion, "optax", "lion", (({**LR[0]}, {"weight_decay": 0.001, **LR[1]}), ({"learning_rate": 0.01, "weight_decay": 0.1, **O}, {"lr": 0.01, "weight_decay": 0.1, **B}))),
    Row(optimizers.lion, "keras", "Lion", (({}, {"lr": 0.001}), ({"learning_rate": 0.01, "weight_decay": 0.1, **K}, {"lr": 0.01, "weight_decay": 0.1, **B}))),
    Row(optimizers.lamb, "optax", "lamb", (LR, ({"learning_rate": 0.01, "eps": 1e-3, "weight_decay": 0.1, **O}, {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(lookahead(optimizers.gd(lr=0.1)), "optax", "lookahead", (({"sync_period": 5, "slow_step_size": 0.5}, {}), ({"sync_period": 3, "slow_step_size": 0.25}, {"k": 3, "alpha": 0.25}))),
    Row(optimizers.schedule_free_sgd, "optax", "schedule_free_sgd", (({}, {"lr": 1.0}), ({"b1": 0.5, **LR[0]}, {"beta": 0.5, **LR[1]}))),
    Row(optimizers.schedule_free_adamw, "optax", "schedule_free_adamw", (({}, {}), ({"learning_rate": 0.1, "eps": 1e-3, "weight_decay": 0.1, **O}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(optimizers.schedule_free_adamw, "keras", "ScheduleFreeAdamW", (({}, {}), ({"learning_rate": 0.1, "epsilon": 1e-3, **K}, {"lr": 0.1, "eps": 1e-3, **B}))),
    # The dialects.
    Row(dialects.torch_momentum, "torch", "SGD", (({"momentum": 0.9, "dampening": 0.9}, {"dampening": 0.9}), ({"lr": 0.1, "momentum": 0.5, "dampening": 0.25, "weight_decay": 0.1}, {"lr": 0.1, "beta": 0.5, "dampening": 0.25, "weight_decay": 0.1}))),
    Row(dialects.torch_adagrad, "torch", "Adagrad", (({}, {}), ({"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.5, "eps": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "lr_decay": 0.01, "initial": 0.5, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.torch_rmsprop, "torch", "RMSprop", (({}, {}), ({"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "eps": 1e-3, "weight_decay": 0.01}, {"lr": 0.01, "rho": 0.9, "beta": 0.5, "eps": 1e-3, "weight_decay": 0.01}))),
    Row(dialects.torch_adadelta, "torch", "Adadelta", (({}, {}), ({"lr": 0.1, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.torch_adadelta, "optax", "adadelta", (({"learning_rate": 0.5}, {"lr": 0.5}), ({"learning_rate": 0.1, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.torch_adam, "torch", "Adam", (({}, {}), ({"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **T}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.torch_adamw, "torch", "AdamW", (({}, {}), ({"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **T}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.torch_amsgrad, "torch", "Adam", (({"amsgrad": True}, {}), ({"amsgrad": True, "lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **T}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.torch_nadam, "torch", "NAdam", (({}, {}), ({"lr": 0.1, "eps": 1e-3, "momentum_decay": 0.1, "weight_decay": 0.1, **T}, {"lr": 0.1, "eps": 1e-3, "psi": 0.1, "weight_decay": 0.1, **B}))),
    Row(dialects.torch_radam, "torch", "RAdam", (({}, {}), ({"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **NEAR_5[0]}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **NEAR_5[3]}))),
    Row(dialects.torch_muon, "torch", "Muon", (({"bfloat16": False}, {}), ({"bfloat16": False, "lr": 0.1, "momentum": 0.5, "weight_decay": 0.01}, {"lr": 0.1, "beta": 0.5, "weight_decay": 0.01})), 1e-11, "ours has an ε of 1e-15 in the norm, which is 1e-10 of the smallest matrices"),
    Row(dialects.torch_muon, "torch", "Muon", (({}, {}), ({"lr": 0.1, "momentum": 0.5, "weight_decay": 0.01}, {"lr": 0.1, "beta": 0.5, "weight_decay": 0.01})), 5e-2, "torch orthogonalizes in bfloat16: 5e-3 of the largest coordinate, more of the smallest"),
    Row(dialects.optax_adagrad, "optax", "adagrad", (LR, ({"learning_rate": 0.01, "initial_accumulator_value": 0.0, "eps": 1e-3}, {"lr": 0.01, "initial": 0.0, "eps": 1e-3}))),
    Row(dialects.optax_rmsprop, "optax", "rmsprop", (LR, ({"learning_rate": 0.01, "decay": 0.5, "momentum": 0.8, "eps": 1e-3, "initial_scale": 0.5}, {"lr": 0.01, "rho": 0.5, "beta": 0.8, "eps": 1e-3, "initial": 0.5}))),
    Row(dialects.optax_rmsprop_centered, "optax", "rmsprop", (({"centered": True, **LR[0]}, LR[1]), ({"centered": True, "learning_rate": 0.01, "decay": 0.5, "momentum": 0.8, "eps": 1e-3}, {"lr": 0.01, "rho": 0.5, "beta": 0.8, "eps": 1e-3}))),
    Row(dialects.optax_rmsprop_centered, "keras", "RMSprop", (({"centered": True}, {"lr": 0.001, "eps": 1e-7}), ({"centered": True, "learning_rate": 0.01, "rho": 0.5, "momentum": 0.8, "epsilon": 1e-3}, {"lr": 0.01, "rho": 0.5, "beta": 0.8, "eps": 1e-3}))),
    Row(dialects.optax_adadelta, "optax", "adadelta", (({}, {}), ({"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}, {"rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.optax_amsgrad, "optax", "amsgrad", (LR, ({"learning_rate": 0.01, "eps": 1e-3, **O}, {"lr": 0.01, "eps": 1e-3, **B}))),
    Row(dialects.optax_adamw, "optax", "adamw", (LR, ({"learning_rate": 0.01, "eps": 1e-3, "weight_decay": 0.1, **O}, {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.optax_nadam, "optax", "nadam", (LR, ({"learning_rate": 0.01, "eps": 1e-3, **O}, {"lr": 0.01, "eps": 1e-3, **B}))),
    Row(dialects.optax_radam, "optax", "radam", (LR, ({"learning_rate": 0.01, "eps": 1e-3, **NEAR_5[1]}, {"lr": 0.01, "eps": 1e-3, **NEAR_5[3]}))),
    Row(dialects.optax_yogi, "optax", "yogi", (LR, ({"learning_rate": 0.01, "eps": 1e-5, **O}, {"lr": 0.01, "eps": 1e-5, **B}))),
    Row(dialects.optax_muon, "optax", "muon", (LR, ({"learning_rate": 0.01, "beta": 0.5, "weight_decay": 0.1}, {"lr": 0.01, "beta": 0.5, "weight_decay": 0.1}))),
    Row(dialects.keras_momentum, "keras", "SGD", (({"momentum": 0.9}, {}), ({"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1}, {"lr": 0.1, "beta": 0.5, "weight_decay": 0.1}))),
    Row(dialects.keras_nesterov, "keras", "SGD", (({"nesterov": True, "momentum": 0.9}, {}), ({"nesterov": True, "learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1}, {"lr": 0.1, "beta": 0.5, "weight_decay": 0.1}))),
    Row(dialects.keras_adagrad, "keras", "Adagrad", (({}, {}), ({"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "initial": 0.5, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.keras_rmsprop, "keras", "RMSprop", (({}, {}), ({"learning_rate": 0.1, "rho": 0.8, "momentum": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "rho": 0.8, "beta": 0.5, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.keras_adadelta, "keras", "Adadelta", (({}, {}), ({"learning_rate": 0.1, "rho": 0.8, "epsilon": 1e-3, "weight_decay": 0.1}, {"lr": 0.1, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1}))),
    Row(dialects.keras_adam, "keras", "Adam", (({}, {}), ({"learning_rate": 0.1, "epsilon": 1e-3, **K}, {"lr": 0.1, "eps": 1e-3, **B}))),
    Row(dialects.keras_adamw, "keras", "AdamW", (({}, {}), ({"learning_rate": 0.1, "epsilon": 1e-3, "weight_decay": 0.1, **K}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.keras_amsgrad, "keras", "Adam", (({"amsgrad": True}, {}), ({"amsgrad": True, "learning_rate": 0.1, "epsilon": 1e-3, "weight_decay": 0.1, **K}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.keras_adamax, "keras", "Adamax", (({}, {}), ({"learning_rate": 0.1, "epsilon": 1e-3, "weight_decay": 0.1, **K}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.keras_nadam, "keras", "Nadam", (({}, {}), ({"learning_rate": 0.1, "epsilon": 1e-3, "weight_decay": 0.1, **K}, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.keras_lamb, "keras", "Lamb", (({}, {}), ({"learning_rate": 0.01, "epsilon": 1e-3, "weight_decay": 0.1, **K}, {"lr": 0.01, "eps": 1e-3, "weight_decay": 0.1, **B}))),
    Row(dialects.keras_muon, "keras", "Muon", (({}, {}), ({"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.1}, {"lr": 0.1, "beta": 0.5, "weight_decay": 0.1})), 5e-7, FLOAT32),
    Row(optimizers.muon, "keras", "Muon", (({"rms_rate": 0.5, "weight_decay": None}, {"lr": 0.001}), ({"learning_rate": 0.01, "momentum": 0.5, "weight_decay": 0.1, "rms_rate": None}, {"lr": 0.01, "beta": 0.5, "weight_decay": 0.1})), 5e-7, FLOAT32),
]  # fmt: skip


class Case(NamedTuple):
    key: str
    row: Row
    theirs: Settings
    opt: Optimizer
    g: np.ndarray


def cases(seed: int = 20260713) -> list[Case]:
    """Every path to record: its key, its row, the framework's arguments, our optimizer, the gradients."""
    count = Counter[str]()
    found = []
    for row in TABLE:
        for number, (theirs, ours) in enumerate(row.settings):
            name = f"{row.rule.name}-{row.framework}"
            g = gradients(row.rule.matrix, number, seed)
            found.append(Case(f"{name}{count[name]}", row, theirs, row.rule(**ours), g))
            count[name] += 1
    return found


def calls(text: str) -> list[tuple[str, Settings]]:
    """The calls in a cell of NOTATION's tables, each with its arguments' defaults; REQUIRED for none.

    >>> calls("`SGD(lr=none, betas=(0.9, 0.999))` with `nesterov=True`")
    [('SGD', {'lr': <class 'inspect._empty'>, 'betas': (0.9, 0.999)})]
    """
    found = []
    for name, arguments in re.findall(r"`(\w+)\((.*?)\)`", text):
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        given = {
            str(k.arg): REQUIRED if ast.unparse(k.value) == "none" else ast.literal_eval(k.value)
            for k in call.keywords
        }
        found.append((name, given))
    return found


def rows(notation: str, columns: int) -> list[list[str]]:
    """The rows of NOTATION's tables that begin with a call and have so many columns."""
    lines = notation.partition("## Names elsewhere")[2].splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    return [row for row in cells if len(row) == columns]


def walk(opt: Optimizer, g: np.ndarray) -> np.ndarray:
    """Our path on these gradients from 0, at the steps kept."""
    theta = np.zeros(g.shape[1:])
    state = opt.init(theta)
    rows = []
    for row in g:
        opt.step(theta, row, state)
        rows.append(theta.copy())
    return np.array(rows)[KEPT - 1]


def error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference in any coordinate, relative to the largest value on that coordinate's path."""
    return float(np.max(np.abs(ours - theirs).max(axis=0) / np.abs(theirs).max(axis=0)))
