"""The cart beside Gymnasium's CartPole-v1, live: the same pushes, the same states, and the same end."""

from importlib.util import find_spec

import numpy as np
import pytest

from lib.agents import cart_pole, fallen

if find_spec("gymnasium") is None:
    pytest.skip("gymnasium is not installed: make test-frameworks", allow_module_level=True)

import gymnasium


def test_the_cart_is_gymnasiums():
    there, rng, steps = gymnasium.make("CartPole-v1").unwrapped, np.random.default_rng(0), 0
    for seed in range(20):
        there.reset(seed=seed)
        state, over = np.array(there.state, float), False
        assert np.abs(state).max() <= 0.05
        while not over:
            right = bool(rng.random() < 0.5)
            _, _, over, _, _ = there.step(int(right))
            state, steps = cart_pole(state, right), steps + 1
            assert np.abs(state - there.state).max() <= 1e-15
            assert bool(fallen(state)) == over
    assert steps > 300
