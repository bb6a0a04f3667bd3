"""Record what PyTorch, Optax and Keras make of a schedule into tests/data/schedules.npz, for test_schedules.py.

    python -m venv /tmp/frameworks && /tmp/frameworks/bin/pip install torch==2.13.0 optax==0.2.8 keras==3.15.1
    PYTHONPATH=. /tmp/frameworks/bin/python tests/record_schedules.py

`CASES` says for each row of the file which schedule of ours it is and how the framework spells it. Value i of
a row is what the framework uses at its count i, which is our step t = i + 1. In PyTorch it is read from the
optimizer before its step, so what is recorded is what a training loop gets. The file is the same, byte for
byte, each time.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lib import schedules as ours
from lib.schedules import Schedule

DATA = Path(__file__).parent / "data" / "schedules.npz"


class Case(NamedTuple):
    framework: str
    schedule: Schedule
    steps: int
    theirs: Callable[..., Any]
    """PyTorch: (lr_scheduler, an optimizer whose lr is the first value given) ↦ scheduler. Else module ↦ schedule."""
    lr: float = 0.1
    """What PyTorch's optimizer is made with; OneCycleLR takes its own."""


torch_case = partial(Case, "torch")
optax_case = partial(Case, "optax")
keras_case = partial(Case, "keras")


def sequence(s: Any, o: Any) -> Any:
    """Three PyTorch schedulers one after the other."""
    parts = [
        s.LinearLR(o, start_factor=0.25, total_iters=4),
        s.StepLR(o, 3, gamma=0.5),
        s.ExponentialLR(o, 0.9),
    ]
    return s.SequentialLR(o, parts, milestones=[4, 15])


def held_then_lowered(s: Any, o: Any, held: int, lowered: int) -> Any:
    """PyTorch's warm-up, stable, decay without the warm-up."""
    parts = [s.ConstantLR(o, factor=1.0), s.LinearLR(o, 1.0, 0.0, total_iters=lowered)]
    return s.SequentialLR(o, parts, milestones=[held])


def sgdr(x: Any, peak: float, end: float, lengths: list[int]) -> Any:
    """Optax's warm restarts from the lengths of the cosines."""
    common = {"init_value": peak, "peak_value": peak, "warmup_steps": 0, "end_value": end}
    return x.sgdr_schedule([common | {"decay_steps": n} for n in lengths])


# Smith's one cycle is straight lines: up, down, and on to nothing.
LINES = [ours.linear_warmup(0.5, 9, start=0.02), ours.polynomial(0.5, 9, end=0.02)]

CASES = {
    "constant torch": torch_case(ours.constant(0.1), 5, lambda s, o: s.ConstantLR(o, factor=1.0)),
    "constant optax": optax_case(ours.constant(0.3), 5, lambda x: x.constant_schedule(0.3)),
    "step torch": torch_case(ours.step_decay(0.1, 7), 40, lambda s, o: s.StepLR(o, 7)),
    "step torch 2": torch_case(ours.step_decay(2.0, 3, 0.5), 40, lambda s, o: s.StepLR(o, 3, 0.5), 2.0),
    "step optax": optax_case(
        ours.step_decay(0.1, 7), 40, lambda x: x.exponential_decay(0.1, 7, 0.1, staircase=True)
    ),
    "step optax 2": optax_case(
        ours.step_decay(2.0, 3, 0.5), 40, lambda x: x.exponential_decay(2.0, 3, 0.5, staircase=True)
    ),
    "exponential torch": torch_case(ours.exponential(0.1, 0.97), 60, lambda s, o: s.ExponentialLR(o, 0.97)),
    "exponential torch 2": torch_case(
        ours.exponential(3.0, 0.5), 40, lambda s, o: s.ExponentialLR(o, 0.5), 3.0
    ),
    "exponential optax": optax_case(
        ours.exponential(0.1, 0.97), 60, lambda x: x.exponential_decay(0.1, 1, 0.97)
    ),
    "exponential optax 2": optax_case(
        ours.exponential(3.0, 0.1 ** (1 / 20)), 60, lambda x: x.exponential_decay(3.0, 20, 0.1)
    ),
    "inverse time keras": keras_case(ours.inverse_time(0.1), 50, lambda k: k.InverseTimeDecay(0.1, 1, 1.0)),
    "inverse time keras 2": keras_case(
        ours.inverse_time(0.7, rate=0.05), 50, lambda k: k.InverseTimeDecay(0.7, 10, 0.5)
    ),
    "polynomial torch": torch_case(ours.polynomial(0.1, 30), 40, lambda s, o: s.PolynomialLR(o, 30)),
    "polynomial torch 2": torch_case(
        ours.polynomial(2.0, 13, power=0.9), 20, lambda s, o: s.PolynomialLR(o, 13, power=0.9), 2.0
    ),
    "polynomial optax": optax_case(
        ours.polynomial(0.1, 30, end=0.01), 40, lambda x: x.polynomial_schedule(0.1, 0.01, 1, 30)
    ),
    "polynomial optax 2": optax_case(
        ours.polynomial(0.2, 13, power=2.5, end=0.7), 20, lambda x: x.polynomial_schedule(0.2, 0.7, 2.5, 13)
    ),
    "cosine torch": torch_case(ours.cosine(0.1, 50), 51, lambda s, o: s.CosineAnnealingLR(o, 50)),
    "cosine torch 2": torch_case(
        ours.cosine(3.0, 17, end=0.2), 18, lambda s, o: s.CosineAnnealingLR(o, 17, 0.2), 3.0
    ),
    "cosine optax": optax_case(ours.cosine(0.1, 50), 60, lambda x: x.cosine_decay_schedule(0.1, 50)),
    "cosine optax 2": optax_case(
        ours.cosine(3.0, 17, end=0.75), 30, lambda x: x.cosine_decay_schedule(3.0, 17, alpha=0.25)
    ),
    "restarts torch": torch_case(
        ours.warm_restarts(0.1, 10), 45, lambda s, o: s.CosineAnnealingWarmRestarts(o, 10)
    ),
    "restarts torch 2": torch_case(
        ours.warm_restarts(2.0, 5, mult=2, end=0.1),
        80,
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.1),
        2.0,
    ),
    "restarts torch 3": torch_case(
        ours.warm_restarts(0.1, 1, mult=3), 45, lambda s, o: s.CosineAnnealingWarmRestarts(o, 1, 3)
    ),
    "restarts optax": optax_case(
        ours.warm_restarts(0.1, 10), 40, lambda x: sgdr(x, 0.1, 0.0, [10, 10, 10, 10])
    ),
    "restarts optax 2": optax_case(
        ours.warm_restarts(2.0, 5, mult=2, end=0.1), 75, lambda x: sgdr(x, 2.0, 0.1, [5, 10, 20, 40])
    ),
    "warm-up torch": torch_case(ours.linear_warmup(0.1, 5, start=0.1 / 3), 20, lambda s, o: s.LinearLR(o)),
    "warm-up torch 2": torch_case(
        ours.linear_warmup(2.0, 12, start=0.02),
        20,
        lambda s, o: s.LinearLR(o, start_factor=0.01, total_iters=12),
        2.0,
    ),
    "warm-up optax": optax_case(ours.linear_warmup(0.1, 8), 20, lambda x: x.linear_schedule(0.0, 0.1, 8)),
    "warm-up optax 2": optax_case(
        ours.linear_warmup(2.0, 12, start=0.5), 20, lambda x: x.linear_schedule(0.5, 2.0, 12)
    ),
    "one cycle torch": torch_case(
        ours.one_cycle(0.1, 29, 70),
        100,
        lambda s, o: s.OneCycleLR(o, 0.1, total_steps=100, pct_start=0.3, cycle_momentum=False),
    ),
    "one cycle torch 2": torch_case(
        ours.one_cycle(2.0, 8, 32, div=10, final_div=100),
        41,
        lambda s, o: s.OneCycleLR(
            o,
            2.0,
            total_steps=41,
            pct_start=9 / 41,
            div_factor=10,
            final_div_factor=100,
            cycle_momentum=False,
        ),
    ),
    "one cycle optax": optax_case(
        ours.one_cycle(0.1, 30, 70), 120, lambda x: x.cosine_onecycle_schedule(100, 0.1)
    ),
    "one cycle optax 2": optax_case(
        ours.one_cycle(2.0, 8, 32, div=10, final_div=100),
        50,
        lambda x: x.cosine_onecycle_schedule(40, 2.0, 0.2, 10, 100),
    ),
    "one cycle in lines torch": torch_case(
        ours.join([*LINES, ours.polynomial(0.02, 11, end=2e-4)], [9, 18]),
        30,
        lambda s, o: s.OneCycleLR(
            o,
            0.5,
            total_steps=30,
            pct_start=10 / 30,
            anneal_strategy="linear",
            three_phase=True,
            final_div_factor=100,
            cycle_momentum=False,
        ),
    ),
    "one cycle in lines optax": optax_case(
        ours.join([*LINES, ours.polynomial(0.02, 12, end=2e-4)], [9, 18]),
        40,
        lambda x: x.linear_onecycle_schedule(30, 0.5, 0.3, 0.6, 25, 100),
    ),
    "wsd torch": torch_case(ours.wsd(0.1, 30, 12), 40, lambda s, o: held_then_lowered(s, o, 18, 12)),
    "wsd torch 2": torch_case(ours.wsd(2.0, 9, 7), 15, lambda s, o: held_then_lowered(s, o, 2, 7), 2.0),
    "wsd optax": optax_case(
        ours.wsd(0.1, 30, 12),
        40,
        lambda x: x.join_schedules([x.constant_schedule(0.1), x.linear_schedule(0.1, 0.0, 12)], [18]),
    ),
    "wsd optax 2": optax_case(
        ours.wsd(2.0, 9, 7),
        15,
        lambda x: x.join_schedules([x.constant_schedule(2.0), x.linear_schedule(2.0, 0.0, 7)], [2]),
    ),
    "join torch": torch_case(
        ours.join(
            [
                ours.linear_warmup(0.1, 4, start=0.025),
                ours.step_decay(0.1, 3, 0.5),
                ours.exponential(0.1, 0.9),
            ],
            [4, 15],
        ),
        40,
        sequence,
    ),
    "join optax": optax_case(
        ours.join([ours.linear_warmup(0.1, 10), ours.cosine(0.1, 40, end=0.01)], [10]),
        60,
        lambda x: x.warmup_cosine_decay_schedule(0.0, 0.1, 10, 50, 0.01),
    ),
    "join optax 2": optax_case(
        ours.join([ours.cosine(1.0, 3), ours.constant(0.5), ours.polynomial(2.0, 6, power=2)], [5, 6]),
        20,
        lambda x: x.join_schedules(
            [
                x.cosine_decay_schedule(1.0, 3),
                x.constant_schedule(0.5),
                x.polynomial_schedule(2.0, 0.0, 2, 6),
            ],
            [5, 6],
        ),
    ),
}


def record(case: Case) -> np.ndarray:
    """The framework's values at its counts 0, 1, …, steps − 1."""
    if case.framework == "torch":
        import torch

        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=case.lr)
        scheduler = case.theirs(torch.optim.lr_scheduler, optimizer)
        values = []
        for i in range(case.steps):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if i < case.steps - 1:
                scheduler.step()
        return np.array(values, np.float64)
    if case.framework == "optax":
        import optax

        schedule = case.theirs(optax)
    else:
        import keras

        schedule = case.theirs(keras.optimizers.schedules)
    values = [np.asarray(schedule(i)) for i in range(case.steps)]
    assert all(value.dtype == np.float64 for value in values), {value.dtype for value in values}
    return np.array(values)


if __name__ == "__main__":
    os.environ |= {"JAX_ENABLE_X64": "1", "KERAS_BACKEND": "jax"}
    import keras
    import optax
    import torch

    torch.set_default_dtype(torch.float64)
    keras.config.set_floatx("float64")
    versions = np.array([f"{m.__name__} {m.__version__}" for m in (torch, optax, keras)])
    rows = {key: record(case) for key, case in CASES.items()}
    np.savez_compressed(DATA, versions=versions, **rows)
    print(f"{DATA}: {len(rows)} rows from {', '.join(versions)}, {DATA.stat().st_size} bytes")
