"""The one table of optimizers that drives the tests: a new rule adds a row here and is tested everywhere.

A row says which hyperparameters to give where a rule has no default, and how PyTorch spells the same rule,
for `record_torch.py`, which records its paths into tests/data/torch.npz. NumPy and lib only.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib import optimizers
from lib.engine import Optimizer

TORCH = Path(__file__).parent / "data" / "torch.npz"


@dataclass(frozen=True)
class Row:
    rule: Optimizer
    given: dict[str, Any] = field(default_factory=dict)
    torch: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = ()
    """(class in torch.optim, its arguments, the rule's arguments) for each path to record."""

    @property
    def opt(self) -> Optimizer:
        return self.rule(**self.given)


TABLE = [
    Row(
        optimizers.gd,
        {"lr": 0.1},
        (("SGD", {"lr": 0.1}, {"lr": 0.1}),),
    ),
    Row(
        optimizers.momentum,
        {"lr": 0.1},
        (
            ("SGD", {"lr": 0.1, "momentum": 0.9}, {"lr": 0.1}),
            ("SGD", {"lr": 0.01, "momentum": 0.5}, {"lr": 0.01, "beta": 0.5}),
        ),
    ),
    Row(
        optimizers.adam,
        {},
        (
            ("Adam", {}, {}),
            (
                "Adam",
                {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3},
                {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3},
            ),
        ),
    ),
]

RECORDED = [
    (f"{row.rule.name}{number}", row.rule(**ours), name, theirs)
    for row in TABLE
    for number, (name, theirs, ours) in enumerate(row.torch)
]
"""(key in torch.npz, our optimizer, class in torch.optim, its arguments)."""
