"""Chapter 18's record is what its cells give here and now (`make test-frameworks`)."""

from importlib.util import find_spec

import numpy as np
import pytest

for name in ("torch", "optax", "jax", "keras"):
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed: make test-frameworks", allow_module_level=True)

import record_fits


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # PyTorch's own, where it compiles
def test_the_recorded_fits_are_the_live_ones():
    live = record_fits.live()
    with np.load(record_fits.FITS) as kept:
        assert kept.keys() == live.keys(), "run tests/record_fits.py"
        for name in ("arguments", "versions"):
            assert kept[name].tolist() == live.pop(name).tolist()
        apart = {name: float(np.abs(kept[name] - found).max()) for name, found in live.items()}
    assert {name: gap for name, gap in apart.items() if gap > 1e-12} == {}


def test_the_practice_table_names_what_there_is():
    """What chapter 18's last table says beyond the runs of its cells."""
    import inspect

    import keras
    import optax
    import torch

    given = inspect.signature(keras.optimizers.SGD).parameters
    assert {"global_clipnorm", "clipnorm", "gradient_accumulation_steps"} <= given.keys()
    assert keras.optimizers.LossScaleOptimizer and optax.MultiSteps and torch.amp.GradScaler
    pair = [keras.Variable(np.zeros(2)) for _ in range(2)]
    optimizer = keras.optimizers.SGD(learning_rate=1.0, clipnorm=1.0)
    optimizer.build(pair)
    optimizer.apply([np.array([3.0, 4.0]), np.array([6.0, 8.0])], pair)
    lengths = [np.linalg.norm(variable.value) for variable in pair]
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)  # each array by itself, not the two together
