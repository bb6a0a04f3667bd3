"""The audit on PyTorch's own optimizers, live (`make test-frameworks`)."""

from importlib.util import find_spec

import pytest

from lib import dialects
from lib.audit import audit
from lib.optimizers import gd, momentum

if find_spec("torch") is None:
    pytest.skip("torch is not installed: make test-frameworks", allow_module_level=True)

import torch

GIVEN = {
    "Adam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1},
        {"amsgrad": True},
        {"foreach": True},
        {"capturable": False},
    ],
    "SGD": [
        {},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ],
    "RMSprop": [{}, {"centered": True, "momentum": 0.9}],
    "Adagrad": [{}, {"lr_decay": 0.1}],
}
OTHERS = {"LBFGS", "SparseAdam"}  # they ask for the loss itself, or for sparse gradients
CLASSES = [
    name
    for name, kind in sorted(vars(torch.optim).items())
    if isinstance(kind, type)
    and issubclass(kind, torch.optim.Optimizer)
    and kind is not torch.optim.Optimizer
]


def test_all_classes_are_asked():
    assert len(CLASSES) >= 15 and set(CLASSES) > OTHERS


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name in CLASSES if name not in OTHERS for given in GIVEN.get(name, [{}])],
    ids=str,
)
def test_pytorch_is_not_accused(name, given):
    report = audit(getattr(torch.optim, name), **given)
    assert not report.failed, report


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_cannot_be_audited_is_said(name):
    with pytest.raises(TypeError, match=f"{name} raised .* Its first step fails"):
        audit(getattr(torch.optim, name))


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Adam", dialects.torch_adam(lr=0.01)),
        ("AdamW", dialects.torch_adamw(lr=0.01)),
        ("RMSprop", dialects.torch_rmsprop(lr=0.01)),
        ("Adagrad", dialects.torch_adagrad(lr=0.01)),
        ("Adadelta", dialects.torch_adadelta(lr=0.01)),
        ("SGD", dialects.torch_momentum(lr=0.01, beta=0.0)),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_pytorch_beside_its_dialect(name, like):
    report = audit(getattr(torch.optim, name), like=like, lr=0.01)
    assert not report.failed, report


class Forgetful(torch.optim.SGD):
    """Momentum whose buffers are not in what it saves."""

    def state_dict(self):
        return super().state_dict() | {"state": {}}


class Greedy(torch.optim.SGD):
    """Decay that is written into the parameter's own .grad."""

    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad.add_(parameter.detach(), alpha=0.1)
        super().step()


@pytest.mark.parametrize(("kind", "check"), [(Forgetful, "saved"), (Greedy, "gradient")])
def test_a_wrong_class_is_named(kind, check):
    assert audit(kind, lr=0.1, momentum=0.9).failed == [check]


def test_a_function_around_optax_is_asked_like_any_other():
    optax = pytest.importorskip("optax")
    import jax

    jax.config.update("jax_enable_x64", True)
    tx = optax.adam(0.1)

    def step(theta, g, state):
        updates, state["optax"] = tx.update(g, state.get("optax", tx.init(theta)), theta)
        return optax.apply_updates(theta, updates)

    report = audit(step, like=dialects.torch_adam(lr=0.1))
    assert not report.failed and report["arrays"].passed, report


class Rebinds(torch.optim.SGD):
    """A parameter's memory is another after each step."""

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.data = p.data - group["lr"] * p.grad


class KeepsFloat32(torch.optim.SGD):
    """Momentum whose state is float32 beside float64 parameters."""

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].get("m", torch.zeros(p.shape, dtype=torch.float32))
                self.state[p]["m"] = 0.9 * m + p.grad.float()
                p -= group["lr"] * self.state[p]["m"]


class CountsOutside(torch.optim.SGD):
    """A rate that falls with a count which is not in the state."""

    t = 0

    def step(self):
        self.t += 1
        for group in self.param_groups:
            group["lr"] = 0.1 / self.t
        super().step()


class FirstOnly(torch.optim.SGD):
    """The loop ends after one parameter."""

    @torch.no_grad()
    def step(self):
        p = self.param_groups[0]["params"][0]
        p -= 0.1 * p.grad


@pytest.mark.parametrize(
    ("kind", "like", "failed"),
    [
        (Rebinds, gd(lr=0.1), []),
        (KeepsFloat32, momentum(lr=0.1), []),
        (CountsOutside, None, ["saved"]),
        (FirstOnly, gd(lr=0.1), ["arrays"]),
    ],
)
def test_classes_of_ones_own_are_judged_by_what_they_do(kind, like, failed):
    report = audit(kind, like=like, lr=0.1)
    assert report.failed == failed, report
