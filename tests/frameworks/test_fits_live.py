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


def test_torch_sums_parts_where_the_others_take_their_mean():
    import keras
    import optax
    import torch

    parts = np.array([1.0]), np.array([3.0])
    mean = optax.MultiSteps(optax.sgd(1.0), every_k_schedule=2)
    state = mean.init(np.zeros(1))
    for part in parts:
        change, state = mean.update(part, state, np.zeros(1))
    variable, parameter = keras.Variable(np.zeros(1)), torch.nn.Parameter(torch.zeros(1))
    averaging = keras.optimizers.SGD(1.0, gradient_accumulation_steps=2)
    averaging.build([variable])
    for part in parts:
        averaging.apply([part], [variable])
        (parameter * torch.tensor(part)).sum().backward()
    torch.optim.SGD([parameter], lr=1.0).step()
    assert (float(change[0]), float(variable.value[0]), parameter.item()) == (-2, -2, -4)


def test_torch_decouples_decay_in_three():
    """A gradient of 0 leaves the decay alone: 1 − 0.1·0.5, where it goes round the rule."""
    import torch

    for name in ("AdamW", "Adafactor", "Muon", "Adam", "NAdam", "Adagrad", "RMSprop", "Adadelta", "Adamax"):
        parameter = torch.nn.Parameter(torch.ones(2, 2))
        parameter.grad = torch.zeros(2, 2)
        getattr(torch.optim, name)([parameter], lr=0.1, weight_decay=0.5).step()
        decoupled = np.allclose(parameter.detach(), 0.95, rtol=1e-6)
        assert decoupled == (name in ("AdamW", "Adafactor", "Muon")), name


def test_keras_takes_an_optimizers_state_to_the_next_model():
    import keras

    def fitted(optimizer):
        layer = keras.layers.Dense(1, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((1,)), layer])
        model.compile(optimizer, "mse")
        model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=1, verbose=0)
        return float(np.asarray(layer.kernel).item())

    used = keras.optimizers.Adam(0.05)
    fresh, again = fitted(used), fitted(used)  # no error, no warning
    assert int(used.iterations) == 16 and abs(again - fresh) > 1e-3
    assert abs(fitted(keras.optimizers.Adam(0.05)) - fresh) < 1e-9
