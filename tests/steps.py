"""What several test files need to take steps and to compare them."""

import copy

import numpy as np
import pytest


def each(rows):
    """A test's parameter `row`: these rows of the table."""
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.rule.name)


def frozen(array):
    """A copy that cannot be changed."""
    array = array.copy()
    array.flags.writeable = False
    return array


def run(opt, theta, gradients, state=None, layout=copy.deepcopy):
    """Steps on a copy of theta; the new theta and state."""
    theta = layout(theta)
    state = opt.init(theta) if state is None else state
    for g in gradients:
        opt.step(theta, g, state)
    return theta, state


def bits(*things):
    """What has to be equal for arrays, numbers and dicts of them to be equal to the last bit."""
    flat = []
    for thing in things:
        if isinstance(thing, dict):
            flat += [(key, *bits(value)) for key, value in thing.items()]
        else:
            array = np.asarray(thing)
            flat += [(array.dtype, array.shape, array.tobytes())]
    return flat
