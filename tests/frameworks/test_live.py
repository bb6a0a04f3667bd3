"""PyTorch, Optax and Keras, live (`make test-frameworks`): the table of test_dialects.py, and NOTATION's."""

import inspect
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from spellings import FRAMEWORKS, calls, cases, error, rows, walk

from lib.checks import REQUIRED

for name in ("torch", "optax", "jax", "keras"):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: make test-frameworks", allow_module_level=True)

import record_frameworks as live

NOTATION = (Path(__file__).parents[2] / "NOTATION.md").read_text(encoding="utf-8")
HOMES = {
    "torch": [live.torch.optim],
    "optax": [live.optax, live.optax.contrib],
    "keras": [live.keras.optimizers],
}
CELLS = [
    *((name, cell) for row in rows(NOTATION, 4) for name, cell in zip(HOMES, row[1:], strict=True)),
    *((row[0].strip("`").partition("_")[0], row[1]) for row in rows(NOTATION, 3)),
]


def live_path(case):
    return live.record(case.row.framework, case.row.name, case.theirs, case.g)


@pytest.mark.parametrize("case", cases(seed=1), ids=lambda case: case.key)
def test_the_path_is_the_frameworks(case):
    """On other gradients than the recorded ones."""
    assert error(walk(case.opt, case.g), live_path(case)) <= case.row.rtol


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.key)
def test_the_recorded_path_is_the_live_one(case):
    with np.load(FRAMEWORKS) as recorded:
        assert error(recorded[case.key], live_path(case)) <= case.row.rtol


@pytest.mark.parametrize(
    ("framework", "name", "given"),
    [(framework, *call) for framework, cell in CELLS for call in calls(cell)],
    ids=str,
)
def test_notation_has_the_defaults(framework, name, given):
    found = next(getattr(home, name) for home in HOMES[framework] if hasattr(home, name))
    parameters = inspect.signature(found).parameters
    assert given == {argument: parameters[argument].default for argument in given}, REQUIRED


def test_keras_on_pytorch_overwrites_what_schedule_free_adamw_needs():
    """What NOTATION says; when this fails, Keras has mended it."""
    source = inspect.getsource(live.keras.optimizers.ScheduleFreeAdamW.update_step)
    assert "momentum_old = momentum.value\n" in source


def test_torchs_muon_refuses_what_is_no_matrix():
    """What chapter 12 says."""
    vector = live.torch.nn.Parameter(live.torch.zeros(3))
    with pytest.raises(ValueError, match="2D"):
        live.torch.optim.Muon([vector])


def test_the_recorded_path_of_sam_is_the_live_one():
    from test_problems import OPTAX_SAM

    def slope(point, _=None):
        return live.jax.grad(lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2)(point)

    optax = live.optax
    up = optax.chain(optax.contrib.normalize(), optax.sgd(0.1))
    sam = optax.contrib.sam(optax.sgd(1e-3), up, opaque_mode=True)
    point, seen = live.jax.numpy.array([-1.0, 1.5]), []
    state = sam.init(point)
    for _ in OPTAX_SAM:
        step, state = sam.update(slope(point), state, point, grad_fn=slope)
        point = optax.apply_updates(point, step)
        seen.append(np.array(point))
    np.testing.assert_allclose(seen, OPTAX_SAM, rtol=1e-12)
