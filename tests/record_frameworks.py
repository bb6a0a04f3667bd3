"""Record the paths of PyTorch, Optax and Keras on fixed gradients into data/frameworks.npz (about a minute).

    make test-frameworks                # installs the frameworks, and compares live
    .venv/bin/python tests/record_frameworks.py

Fixed gradients, never a closed loop: on a surface a difference in the last bit grows without limit.
"""

import os
import sys

os.environ["KERAS_HOME"] = os.path.join(sys.prefix, "keras")  # not the reader's
os.environ["KERAS_BACKEND"] = "jax"  # in PyTorch, Keras 3.15.1's ScheduleFreeAdamW overwrites what it needs

import unittest.mock
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import jax
import keras
import numpy as np
import optax
import torch
from spellings import FRAMEWORKS, KEPT, cases

jax.config.update("jax_enable_x64", True)
keras.config.set_floatx("float64")
torch.set_default_dtype(torch.float64)  # of NAdam's product of the μ

VERSIONS = {
    "torch": torch.__version__.partition("+")[0],
    "optax": optax.__version__,
    "keras": keras.__version__,
}


def of_torch(name, arguments, g):
    if not arguments.get("bfloat16", True):  # Muon as it stands, but with its iteration in float64
        with unittest.mock.patch.object(torch.Tensor, "bfloat16", torch.Tensor.clone):
            yield from of_torch(name, {k: v for k, v in arguments.items() if k != "bfloat16"}, g)
        return
    theta = torch.zeros(g.shape[1:], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([theta], **arguments)
    for row in g:
        theta.grad = torch.from_numpy(row.copy())
        optimizer.step()
        yield theta.detach().numpy().copy()


def of_optax(name, arguments, g):
    if name == "lookahead":
        return of_lookahead(arguments, g)
    optimizer = getattr(optax, name, None) or getattr(optax.contrib, name)
    optimizer = optimizer(**arguments)
    theta = jax.numpy.zeros(g.shape[1:])

    def step(carry, row):
        theta, state = carry
        updates, state = optimizer.update(row, state, theta)
        theta = optax.apply_updates(theta, updates)
        return (theta, state), theta

    return np.asarray(jax.lax.scan(step, (theta, optimizer.init(theta)), g)[1])


def of_lookahead(arguments, g):
    """Around sgd(0.1), as the row's rule is."""
    optimizer = optax.lookahead(optax.sgd(0.1), **arguments)
    theta = optax.LookaheadParams.init_synced(jax.numpy.zeros(g.shape[1:]))

    def step(carry, row):
        theta, state = carry
        updates, state = optimizer.update(row, state, theta)
        theta = optax.apply_updates(theta, updates)
        return (theta, state), theta.fast

    return np.asarray(jax.lax.scan(step, (theta, optimizer.init(theta)), g)[1])


def of_keras(name, arguments, g):
    theta = keras.Variable(np.zeros(g.shape[1:]), dtype="float64")
    optimizer = getattr(keras.optimizers, name)(**arguments)
    optimizer.build([theta])

    def step(carry, row):
        theta, state = optimizer.stateless_apply(carry[1], [row], carry[0])
        return (theta, state), theta[0]

    start = [theta.value], [variable.value for variable in optimizer.variables]
    return np.asarray(jax.lax.scan(step, start, g)[1])


def record(framework, name, arguments, g):
    """The iterates of a framework's optimizer from 0, at the steps kept."""
    run = {"torch": of_torch, "optax": of_optax, "keras": of_keras}[framework]
    return np.array(list(run(name, arguments, g)))[KEPT - 1]


if __name__ == "__main__":
    recorded = {case.key: record(case.row.framework, case.row.name, case.theirs, case.g) for case in cases()}
    np.savez_compressed(FRAMEWORKS, versions=np.array([f"{k} {v}" for k, v in VERSIONS.items()]), **recorded)
    print(f"{FRAMEWORKS.name}: {len(recorded)} paths, {FRAMEWORKS.stat().st_size} bytes, {VERSIONS}")
