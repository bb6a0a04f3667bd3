"""The one table of optimizers that drives the tests: a new rule adds a row here and is tested everywhere.

A row says which hyperparameters to give where a rule has no default, and what the structure tests may ask
of it. NumPy and lib only.
"""

from dataclasses import dataclass, field
from typing import Any

from lib import optimizers
from lib.engine import Optimizer


@dataclass(frozen=True)
class Row:
    rule: Optimizer
    given: dict[str, Any] = field(default_factory=dict)
    scale_free: bool = True
    """With eps = 0 the path stays as it was, bit for bit, when every gradient is 2⁴⁰ times as large."""
    rtol: float = 1e-12
    """Batched against single: an array's power and a number's differ in the last bit, and what follows."""

    @property
    def opt(self) -> Optimizer:
        return self.rule(**self.given)

    @property
    def pace(self) -> str:
        """The hyperparameter to vary over runs and time: lr, where the rule has one."""
        return "lr" if "lr" in self.rule.hyperparameters else "rho"

    def without_decay(self, **given: Any) -> Optimizer:
        decay = {"weight_decay": 0.0} if "weight_decay" in self.rule.hyperparameters else {}
        return self.opt(**decay | given)


TABLE = [
    Row(optimizers.gd, {"lr": 0.1}, scale_free=False),
    Row(optimizers.momentum, {"lr": 0.1}, scale_free=False),
    Row(optimizers.nesterov, {"lr": 0.1}, scale_free=False),
    Row(optimizers.signsgd, {"lr": 0.1}),
    Row(optimizers.adagrad, {"lr": 0.1}),
    Row(optimizers.rmsprop),
    Row(optimizers.rmsprop_momentum),
    Row(optimizers.rmsprop_centered),
    Row(optimizers.adadelta, scale_free=False),  # with eps = 0 nothing moves at all
    Row(optimizers.adam),
    Row(optimizers.adamax),
    Row(optimizers.amsgrad),
    Row(optimizers.adamw, {"weight_decay": 0.01}),
    Row(optimizers.nadam),
    Row(optimizers.radam, scale_free=False, rtol=1e-9),  # its first steps are without the root
    Row(optimizers.yogi),
    Row(optimizers.lion, {"lr": 0.01, "weight_decay": 0.1}),
    Row(optimizers.schedule_free_sgd, {"lr": 0.1}, scale_free=False),
    Row(optimizers.schedule_free_adamw),
    Row(optimizers.lamb, {"weight_decay": 0.01}),
    Row(optimizers.muon, {"weight_decay": 0.1}, scale_free=False),  # 1e-7 stands in its norm; to 1e-12 it is
    Row(optimizers.shampoo, {"lr": 0.1}, scale_free=False),  # LAPACK scales; see test_optimizers.py
    Row(optimizers.soap, {"eps": 1e-3}, scale_free=False),  # LAPACK's axes; see test_optimizers.py
]
