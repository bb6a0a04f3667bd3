"""What chapter 11 records of the frameworks' schedulers, live (`make test-frameworks`)."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

for name in ("torch", "optax", "jax", "keras"):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: make test-frameworks", allow_module_level=True)

import record_frameworks as live

torch = live.torch
schedulers = torch.optim.lr_scheduler
CHAPTER = Path(__file__).parents[2] / "chapters" / "11_schedules.ipynb"


CELLS = nbformat.read(CHAPTER, as_version=4).cells


def recorded():
    """The dict literal of the chapter's cell tagged "recorded"."""
    (source,) = (cell.source for cell in CELLS if "recorded" in cell.metadata.get("tags", []))
    return ast.literal_eval(re.fullmatch(r"recorded = (\{.*\})", source, re.DOTALL)[1])


RECORDED = recorded()


def optimizer(rule=torch.optim.SGD):
    return rule([torch.zeros(1, requires_grad=True)], lr=1.0)


def used(opt, scheduler, steps, read=lambda group: group["lr"]):
    """What the optimizer's steps find."""
    found = []
    for _ in range(steps):
        found.append(read(opt.param_groups[0]))
        opt.step()
        scheduler.step()
    return found


def rises_again(steps):
    opt = optimizer()
    return used(opt, schedulers.CosineAnnealingLR(opt, 4), steps)


def begins_at_a_third(steps, scheduler):
    opt = optimizer()
    return used(opt, scheduler(opt), steps)


def two_are_built_and_one_is_stepped(steps):
    opt = optimizer()
    schedulers.LinearLR(opt, start_factor=0.1, total_iters=3)
    return used(opt, schedulers.ExponentialLR(opt, 0.9), steps)


def by_hand(steps):
    opt = optimizer()
    scheduler = schedulers.CosineAnnealingLR(opt, 4)
    found = used(opt, scheduler, 2)
    opt.param_groups[0]["lr"] = 0.01
    return found + used(opt, scheduler, steps - 2)


def stepped_first(steps):
    opt, found = optimizer(), []
    scheduler = schedulers.ExponentialLR(opt, 0.5)
    with pytest.warns(UserWarning, match="before"):
        scheduler.step()
    for _ in range(steps):
        found.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    return found


def one_cycle(steps, read=lambda group: group["lr"]):
    opt = optimizer(torch.optim.AdamW)
    scheduler = schedulers.OneCycleLR(opt, 1.0, total_steps=10)
    found = used(opt, scheduler, steps, read)
    with pytest.raises(ValueError, match="11 times"):
        scheduler.step()
    return found


def resumed(steps, keep):
    opt = optimizer()
    scheduler = schedulers.CosineAnnealingLR(opt, 10)
    used(opt, scheduler, 5)
    again = optimizer()
    after = schedulers.CosineAnnealingLR(again, 10)
    again.load_state_dict(opt.state_dict())
    if keep:
        after.load_state_dict(scheduler.state_dict())
    return used(again, after, steps)


TRAPS = {
    "CosineAnnealingLR(T_max=4)": rises_again,
    "LinearLR()": lambda steps: begins_at_a_third(steps, schedulers.LinearLR),
    "ConstantLR()": lambda steps: begins_at_a_third(steps, schedulers.ConstantLR),
    "LinearLR, then ExponentialLR, one step": two_are_built_and_one_is_stepped,
    "rate set by hand at step 3": by_hand,
    "scheduler before optimizer": stepped_first,
    "OneCycleLR": one_cycle,
    "OneCycleLR, beta1": lambda steps: one_cycle(steps, lambda group: group["betas"][0]),
    "resumed, scheduler loaded": lambda steps: resumed(steps, keep=True),
    "resumed, scheduler new": lambda steps: resumed(steps, keep=False),
}
COUNTED = {
    "optax, warm-up 10, decay_steps 50": live.optax.warmup_cosine_decay_schedule(0.0, 1.0, 10, 50),
    "keras, warm-up 10, decay_steps 50": live.keras.optimizers.schedules.CosineDecay(
        0.0, 50, warmup_target=1.0, warmup_steps=10
    ),
}


def test_every_record_is_compared():
    assert set(RECORDED) == {*TRAPS, *COUNTED}


@pytest.mark.parametrize("name", TRAPS)
def test_the_recorded_rates_are_pytorchs(name):
    assert [round(rate, 4) for rate in TRAPS[name](len(RECORDED[name]))] == RECORDED[name]


@pytest.mark.parametrize("name", COUNTED)
def test_the_recorded_rates_are_optax_and_keras(name):
    assert {count: round(float(COUNTED[name](count)), 4) for count in RECORDED[name]} == RECORDED[name]


def test_the_frameworks_have_what_the_table_names():
    (table,) = (cell.source for cell in CELLS if cell.source.startswith("## In practice"))
    rows = [line.split("|")[3:6] for line in table.splitlines() if line.startswith("| ")][1:]
    homes = schedulers, live.optax, live.keras.optimizers.schedules
    named = [
        (home, name)
        for row in rows
        for home, cell in zip(homes, row, strict=True)
        for name in re.findall(r"`(\w+)", cell)
    ]
    assert len(named) > 20
    assert [name for home, name in named if not hasattr(home, name)] == []
