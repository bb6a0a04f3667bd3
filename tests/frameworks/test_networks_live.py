"""Networks beside PyTorch, live: the same parameters, the same loss and gradient in float64."""

from importlib.util import find_spec

import numpy as np
import pytest

from lib.networks import (
    Attention,
    BatchNorm,
    Embedding,
    Flatten,
    Linear,
    Network,
    Positions,
    ReLU,
    Residual,
    RMSNorm,
    Tanh,
    cross_entropy,
    squared_error,
)

if find_spec("torch") is None:
    pytest.skip("torch is not installed: make test-frameworks", allow_module_level=True)

import torch
from torch.nn import functional

RNG = np.random.default_rng(23)
X, LABELS = RNG.standard_normal((40, 6)), RNG.integers(0, 4, 40)
WORDS, NEXT = RNG.integers(0, 9, (2, 12, 5))


def mlp(p, x):
    return torch.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]


def normed(p, x):
    z = functional.batch_norm(x @ p["W1"] + p["b1"], None, None, p["gamma2"], p["beta2"], training=True)
    return torch.relu(z) @ p["W3"] + p["b3"]


def residual(p, x):
    h = torch.relu(x @ p["W1"] + p["b1"])
    return (h + 0.5 * (torch.relu(h @ p["W2.1"] + p["b2.1"]) @ p["W2.2"] + p["b2.2"])) @ p["W3"] + p["b3"]


def words(p, x):
    return torch.tanh(p["E1"][x].flatten(1) @ p["W2"] + p["b2"]) @ p["W3"] + p["b3"]


def transformer(p, x):
    h = p["E1"][x] + p["P2"]
    a = functional.rms_norm(h, (8,), eps=1e-6)
    q, k, v = (a @ p[f"{name}3.1"] for name in "QKV")
    h = h + functional.scaled_dot_product_attention(q, k, v, is_causal=True) @ p["O3.1"]
    h = h + torch.relu(functional.rms_norm(h, (8,), eps=1e-6) @ p["W4.1"] + p["b4.1"]) @ p["W4.2"] + p["b4.2"]
    return functional.rms_norm(h, (8,), eps=1e-6) @ p["W5"] + p["b5"]


BLOCK = Residual(RMSNorm(), Attention(8)), Residual(RMSNorm(), Linear(8, 16), ReLU(), Linear(16, 8))
CASES = {
    "mlp": (Network(Linear(6, 5), Tanh(), Linear(5, 4)), mlp, X, LABELS, cross_entropy),
    "squared error": (Network(Linear(6, 5), Tanh(), Linear(5, 6)), mlp, X, X, squared_error),
    "batch norm": (
        Network(Linear(6, 5), BatchNorm(5), ReLU(), Linear(5, 4)),
        normed,
        X,
        LABELS,
        cross_entropy,
    ),
    "residual": (
        Network(
            Linear(6, 5),
            ReLU(),
            Residual(Linear(5, 7), ReLU(), Linear(7, 5), scale=0.5),
            Linear(5, 4),
        ),
        residual,
        X,
        LABELS,
        cross_entropy,
    ),
    "words": (
        Network(Embedding(9, 3), Flatten(), Linear(15, 6), Tanh(), Linear(6, 9)),
        words,
        WORDS,
        NEXT[:, -1],
        cross_entropy,
    ),
    "transformer": (
        Network(Embedding(9, 8), Positions(5, 8), *BLOCK, RMSNorm(), Linear(8, 9)),
        transformer,
        WORDS,
        NEXT,
        cross_entropy,
    ),
}


@pytest.mark.parametrize(("net", "torchs", "x", "y", "loss"), CASES.values(), ids=CASES)
def test_loss_and_gradient_are_pytorchs(net, torchs, x, y, loss):
    problem, theta = net.problem(x, y, loss), net.start(np.random.default_rng(3), runs=2)
    value, grad = problem.value_and_grad(theta)
    for run in range(2):
        parts = {
            name: torch.tensor(part[..., run].copy(), requires_grad=True)
            for name, part in problem.views(theta).items()
        }
        z, wanted = torchs(parts, torch.tensor(x)), torch.tensor(y)
        if loss is cross_entropy:
            theirs = functional.cross_entropy(z.flatten(0, -2), wanted.flatten())
        else:
            theirs = (z - wanted).square().sum() / (2 * len(x))
        theirs.backward()
        assert abs(value[run] - theirs.item()) < 1e-12 * abs(theirs.item())
        for name, part in problem.views(grad).items():
            assert np.abs(part[..., run] - parts[name].grad.numpy()).max() < 1e-10, name
