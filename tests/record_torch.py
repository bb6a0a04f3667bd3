"""Record PyTorch's paths on fixed gradients into tests/data/torch.npz, for test_optimizers.py.

    python -m venv /tmp/torch && /tmp/torch/bin/pip install torch==2.13.0 numpy
    PYTHONPATH=. /tmp/torch/bin/python tests/record_torch.py

Fixed gradients, never a closed loop: on a surface a difference in the last bit grows without limit. The
file is the same, byte for byte, each time.
"""

import numpy as np
import torch
from table import RECORDED, TORCH

STEPS = 100


def gradients() -> np.ndarray:
    """(steps, 7): six coordinates of one scale each, 1e-6 to 1e3, a seventh of all; zero from 40 to 44."""
    rng = np.random.default_rng(20260713)
    scales = np.tile(np.append(10 ** np.linspace(-6, 3, 6), 1.0), (STEPS, 1))
    scales[:, 6] = 10 ** rng.uniform(-6, 3, STEPS)
    g = rng.standard_normal((STEPS, 7)) * scales
    g[40:45] = 0
    return g


def path(name: str, arguments: dict, g: np.ndarray) -> np.ndarray:
    """The iterates of torch.optim.<name> from 0, one row a step."""
    theta = torch.zeros(g.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = getattr(torch.optim, name)([theta], **arguments)
    rows = []
    for row in g:
        theta.grad = torch.from_numpy(row.copy())
        optimizer.step()
        rows.append(theta.detach().numpy().copy())
    return np.array(rows)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    g = gradients()
    paths = {key: path(name, arguments, g) for key, _, name, arguments in RECORDED}
    np.savez_compressed(TORCH, gradients=g, version=np.array(torch.__version__), **paths)
    print(f"{TORCH}: {', '.join(paths)} from torch {torch.__version__}, {TORCH.stat().st_size} bytes")
