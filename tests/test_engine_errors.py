"""What the engine refuses: each message says what was given, what is allowed and what to try; nothing has moved."""

import copy
import re

import numpy as np
import pandas
import pytest
import xarray as xr
from steps import bits, each, frozen, run
from table import TABLE

from lib import optimizers
from lib.engine import WRITTEN, Optimizer, optimizer
from lib.optimizers import adam, gd, momentum, muon, shampoo

NUMBER = "; it has to be a finite number ≥ 0"
FRACTION = "; it has to be a number in [0, 1)"
KIND = "; give a number, an array of numbers, or a schedule: a function of the step number t"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: gd(lr=-1), ValueError, "lr is -1" + NUMBER),
        (lambda: gd(lr=-1e-9), ValueError, "lr is -1e-09" + NUMBER),
        (lambda: gd(lr=np.nan), ValueError, "lr is nan" + NUMBER),
        (lambda: gd(lr=np.inf), ValueError, "lr is inf" + NUMBER),
        (lambda: gd(lr=[0.1, -0.2, -3]), ValueError, "lr is -0.2" + NUMBER),
        (lambda: adam(eps=-1e-8), ValueError, "eps is -1e-08" + NUMBER),
        (lambda: adam(beta1=1), ValueError, "beta1 is 1" + FRACTION),
        (lambda: adam(beta2=-0.1), ValueError, "beta2 is -0.1" + FRACTION),
        (lambda: adam(beta2=np.nan), ValueError, "beta2 is nan" + FRACTION),
        (lambda: momentum(beta=[0.5, 1.0]), ValueError, "beta is 1.0" + FRACTION),
        (lambda: optimizers.nesterov(beta=-0.9), ValueError, "beta is -0.9" + FRACTION),
        (lambda: optimizers.rmsprop(rho=1.1), ValueError, "rho is 1.1" + FRACTION),
        (lambda: optimizers.adadelta(rho=1), ValueError, "rho is 1" + FRACTION),
        (lambda: optimizers.adamw(weight_decay=-0.1), ValueError, "weight_decay is -0.1" + NUMBER),
        (lambda: optimizers.adamw(eta=-1), ValueError, "eta is -1" + NUMBER),
        (lambda: optimizers.adamw(eta=np.inf), ValueError, "eta is inf" + NUMBER),
        (lambda: optimizers.nadam(psi=-0.004), ValueError, "psi is -0.004" + NUMBER),
        (lambda: shampoo(eps=-1), ValueError, "eps is -1" + NUMBER),
        (
            lambda: optimizers.adadelta(lr=1.0),
            TypeError,
            "adadelta has no hyperparameter 'lr'; it has rho, eps. Did you mean rho?",
        ),
        (lambda: gd(lr="0.1"), TypeError, "lr is '0.1'" + KIND),
        (lambda: gd(lr=[[1], [1, 2]]), TypeError, "lr is [[1], [1, 2]]" + KIND),
        (
            lambda: gd(lr=lambda: 0.1),
            TypeError,
            "lr is <lambda>, which cannot be called with one number; a schedule is a function of the step number t "
            "alone: lambda t: 0.1 / t",
        ),
        (lambda: gd(lr=True), TypeError, "lr is True" + KIND),
        (lambda: gd(lr=None), TypeError, "lr is None" + KIND),
        (lambda: gd(lr=1j), TypeError, "lr is 1j" + KIND),
        (lambda: gd(lr=[True]), TypeError, "lr is [True]" + KIND),
        (lambda: gd(0.1), TypeError, "gd takes its hyperparameters by name: gd(lr=0.1)"),
        (lambda: adam(0.1), TypeError, "adam takes its hyperparameters by name: adam(lr=0.1)"),
        (
            lambda: adam(betta1=0.9),
            TypeError,
            "adam has no hyperparameter 'betta1'; it has lr, beta1, beta2, eps. Did you mean beta1?",
        ),
        (lambda: gd(momentum=0.9), TypeError, "gd has no hyperparameter 'momentum'; it has lr."),
    ],
)
def test_a_hyperparameter_out_of_its_range(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


ONE, TWO = np.ones(1), np.ones((2, 3))
FLOATS = "; a step is a fraction, so parameters are floats: theta.astype(float)"


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        ([1.0], "theta is of type list; parameters are changed in place, so give an array"),
        (1.0, "theta is of type float; parameters"),
        (np.array([1, 2]), "theta has dtype int64" + FLOATS),
        (np.array([True]), "theta has dtype bool" + FLOATS),
        (
            np.array([1j]),
            "theta has dtype complex128; parameters are real numbers: give the real and the imaginary part",
        ),
        (
            np.ones(2, np.float16),
            "theta has dtype float16, in which 1 − 0.0002 is 1 and (1e-4)² is 0: small steps",
        ),
        ({"w": np.ones(2, np.float16)}, "theta['w'] has dtype float16, in which"),
        (np.array([1.0], object), "theta has dtype object" + FLOATS),
        (np.array(["1"]), "theta has dtype <U1" + FLOATS),
        ("theta", "theta is of type str; parameters"),
        (None, "theta is of type NoneType; parameters"),
        (np.zeros((1, 1)).view(np.matrix), "theta is of type matrix; parameters"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "theta is of type MaskedArray; parameters"),
        (pandas.Series([1.0]), "theta is of type Series; parameters"),
        (xr.DataArray([1.0]), "theta is of type DataArray; parameters"),
        ({"layer": {"w": ONE}}, "theta['layer'] is of type dict; parameters"),
        ({"w": ONE, "b": np.array([1])}, "theta['b'] has dtype int64; a step is a fraction"),
        ({"w": [1.0]}, "theta['w'] is of type list; parameters"),
    ],
)
def test_parameters_of_a_wrong_type(theta, message):
    for call in (lambda: adam.init(theta), lambda: gd(lr=0.1).step(theta, theta, {"t": 0})):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
            call()


@each([row for row in TABLE if row.rule.matrix])
@pytest.mark.parametrize(
    ("theta", "has"),
    [
        (np.ones(3), "theta has shape (3,)"),
        (np.array(1.0), "theta has shape ()"),
        ({"w": np.ones((2, 3)), "b": np.ones(3)}, "theta['b'] has shape (3,)"),
        (np.ones((2, 3, 4)), "theta has shape (2, 3, 4)"),
    ],
)
def test_a_rule_of_matrices_begins_with_nothing_else(row, theta, has):
    with pytest.raises(ValueError) as error:
        row.opt.init(theta)
    assert str(error.value) == (
        f"{row.rule.name} steps matrices; {has}. Give it (rows, columns), and step vectors with another rule"
    )


@pytest.mark.parametrize(
    ("opt", "theta", "g", "state", "error", "message"),
    [
        (gd, TWO, TWO, None, TypeError, "gd needs lr, which has no default: gd(lr=0.1)"),
        (gd(lr=0.1), frozen(TWO), TWO, {"t": 0}, ValueError, "theta is read-only, and a step changes it in place"),
        (
            momentum(lr=0.1), TWO, np.ones((3, 2)), None, ValueError,
            "the gradient has shape (3, 2) and dtype float64; theta has shape (2, 3). Give one number for each",
        ),
        (
            momentum(lr=0.1), {"w": TWO}, {"w": TWO, "b": ONE}, None, ValueError,
            "theta has the keys 'w', so g needs them; it has 'w', 'b'",
        ),
        (gd(lr=0.1), TWO, TWO, {"t": -1}, ValueError, "the state's t is -1; it counts the steps taken"),
        (gd(lr=0.1), TWO, TWO, {"t": 0.5}, ValueError, "the state's t is 0.5; it counts the steps taken"),
        (momentum(lr=0.1), TWO, np.ones((2, 1)), None, ValueError, "the gradient has shape (2, 1)"),
        (momentum(lr=0.1), TWO, 1.0, None, ValueError, "the gradient has shape ()"),
        (momentum(lr=0.1), TWO, None, None, ValueError, "the gradient is of type NoneType, which is no"),
        (momentum(lr=0.1), TWO, TWO + 1j, None, ValueError, "the gradient has shape (2, 3) and dtype complex128"),
        (momentum(lr=0.1), TWO, {"w": TWO}, None, ValueError, "the gradient is of type dict, which is no array of numbers"),
        (momentum(lr=0.1), TWO, np.ma.array(TWO, mask=TWO), None, ValueError, "the gradient is of type MaskedArray, which is"),
        (momentum(lr=0.1), TWO, [[1], [1, 2]], None, ValueError, "the gradient is of type list, which is no array"),
        (momentum(lr=0.1), TWO, TWO.astype(object), None, ValueError, "the gradient is of type ndarray, which is no"),
        (momentum(lr=0.1), TWO, "g", None, ValueError, "the gradient has shape () and dtype <U1"),
        (
            momentum(lr=0.1), {"w": TWO, "b": ONE}, {"w": TWO}, None, ValueError,
            "theta has the keys 'w', 'b', so g needs them; it has 'w'",
        ),
        (momentum(lr=0.1), {"w": TWO}, TWO, None, ValueError, "theta has the keys 'w', so g needs them; it is a ndarray"),
        (
            momentum(lr=0.1), {"w": TWO, "b": ONE}, {"w": TWO, "b": np.ones(2)}, None, ValueError,
            "the gradient of 'b' has shape (2,) and dtype float64; theta has shape (1,)",
        ),
        (
            gd(lr=[0.1, 0.2]), TWO, TWO, None, ValueError,
            "lr has shape (2,), which does not broadcast to the runs (3,). theta has shape (d, *runs): give lr a",
        ),
        (gd(lr=[0.1] * 3), np.ones(3), np.ones(3), None, ValueError, "lr has shape (3,), which does not broadcast to"),
        (gd(lr=[0.1]), np.ones(3), np.ones(3), None, ValueError, "lr has shape (1,), which does not broadcast to the"),
        (adam(beta1=np.full((4, 1), 0.5)), TWO, TWO, None, ValueError, "beta1 has shape (4, 1), which does not"),
        (gd(lr=[0.1] * 3), {"w": TWO}, {"w": TWO}, None, ValueError, "lr has shape (3,), which does not"),
        (gd(lr=lambda t: np.nan), TWO, TWO, None, ValueError, "lr is nan at t = 1" + NUMBER),
        (gd(lr={}.__getitem__), TWO, TWO, None, ValueError, "lr is __getitem__, which fails at t = 1: 1"),
        (gd(lr=lambda t: "fast"), TWO, TWO, None, TypeError, "lr is 'fast' at t = 1" + KIND),
        (gd(lr=lambda t: None), TWO, TWO, None, TypeError, "lr is None at t = 1" + KIND),
        (momentum(lr=0.1, beta=lambda t: 1.0), TWO, TWO, None, ValueError, "beta is 1.0 at t = 1" + FRACTION),
        (gd(lr=lambda t: np.ones(2)), TWO, TWO, None, ValueError, "lr has shape (2,), which does not broadcast"),
        (
            adam, TWO, TWO, {"t": 3, "v": np.ones((2, 3))}, ValueError,
            "adam keeps a state of t, m, v; this one has t, v. A state belongs to its rule: make one with adam.init(",
        ),
        (gd(lr=0.1), TWO, TWO, "new", ValueError, "gd keeps a state of t; this one has 'new'"),
        (
            momentum(lr=0.1), TWO, TWO, {"t": 3, "v": np.ones(3)}, ValueError,
            "the state's v has shape (3,), for theta it is (2, 3). A state belongs to its parameters: make one with momentum",
        ),
        (momentum(lr=0.1), {"w": ONE}, {"w": ONE}, {"t": 3, "v": ONE}, ValueError, "the state's v has shape (1,), for theta it is {"),
        (momentum(lr=0.1), {"w": ONE}, {"w": ONE}, {"t": 3, "v": {"b": ONE}}, ValueError, "the state's v has shape {'b'"),
        (momentum(lr=0.1), TWO, TWO, {"t": 3, "v": frozen(TWO)}, ValueError, "state['v'] is read-only"),
        (momentum(lr=0.1), TWO, TWO, {"t": 3, "v": np.zeros((2, 3), int)}, TypeError, "state['v'] has dtype int64"),
        (optimizers.adamw, TWO, TWO, None, TypeError, "adamw needs weight_decay, which has no default: adamw(weight_decay=0.1)"),
        (
            muon, np.ones(3), np.ones(3), {"t": 0, "b": np.zeros(3)}, ValueError,
            "muon steps matrices; theta has shape (3,). Give it (rows, columns), and step vectors with another rule",
        ),
        (muon, {"w": TWO, "b": ONE}, {"w": TWO, "b": ONE}, {"t": 0, "b": {"w": TWO, "b": ONE}}, ValueError,
         "muon steps matrices; theta['b'] has shape (1,). Give it (rows, columns)"),
        (muon, np.ones((2, 3, 4)), np.ones((2, 3, 4)), {"t": 0, "b": np.ones((2, 3, 4))}, ValueError,
         "muon steps matrices; theta has shape (2, 3, 4). Give it"),
        (
            shampoo(lr=0.1), TWO, TWO, {"t": 0, "left": TWO.copy(), "right": np.zeros((3, 3))}, ValueError,
            "the state's left has shape (2, 3), for theta it is (2, 2). A state belongs to its parameters",
        ),
        (
            muon(lr=[0.1, 0.2, 0.3]), TWO, TWO, None, ValueError,
            "lr has shape (3,); muon steps matrices, which have no runs: give lr a number",
        ),
    ],
)  # fmt: skip
def test_a_step_that_fails_says_why_and_changes_nothing(opt, theta, g, state, error, message):
    theta = theta if isinstance(theta, np.ndarray) and not theta.flags.writeable else copy.deepcopy(theta)
    state = opt.init(theta) if state is None else state
    before = copy.deepcopy((theta, state))
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        opt.step(theta, g, state)
    if isinstance(state, dict):
        assert bits(theta, state) == bits(*before)


def test_a_schedule_that_fails_later_leaves_the_steps_before_as_they_were():
    opt = adam(lr=lambda t: 0.1 if t < 4 else np.nan)
    theta, state = run(opt, np.ones(2), [np.ones(2)] * 3)
    before = copy.deepcopy((theta, state))
    with pytest.raises(ValueError, match=f"^{re.escape('lr is nan at t = 4' + NUMBER)}$"):
        opt.step(theta, np.ones(2), state)
    assert bits(theta, state) == bits(*before)


def rule_with_another_order(g, theta, t):
    return theta


def rule_with_too_little(theta, g):
    return theta


def rule_without_its_star(theta, g, t, lr=0.1):
    return theta


def rule_with_any_slots(theta, g, t, *slots, lr):
    return theta


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            rule_with_another_order,
            "rule_with_another_order(g, theta, t): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_with_too_little,
            "rule_with_too_little(theta, g): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_without_its_star,
            "rule_without_its_star(theta, g, t, lr=0.1): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        (
            rule_with_any_slots,
            "rule_with_any_slots(theta, g, t, *slots, lr): a rule is written (theta, g, t, its slots, *, its hyperparameters)",
        ),
        ("adam", f"'adam' is no function that a rule can be read from: {WRITTEN}"),
        (None, f"None is no function that a rule can be read from: {WRITTEN}"),
        (
            adam,
            f"adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)(*, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08): {WRITTEN}",
        ),
        (dict, f"dict is no function that a rule can be read from: {WRITTEN}"),
    ],
)
def test_a_rule_of_a_wrong_form(rule, message):
    with pytest.raises(TypeError) as caught:
        Optimizer(rule)
    assert str(caught.value) == message


def test_a_default_that_is_not_allowed():
    def uphill(theta, g, t, *, lr=-0.1):
        return theta - lr * g

    with pytest.raises(ValueError, match=r"^lr is -0\.1; it has to be a finite number ≥ 0$"):
        optimizer(uphill)


@pytest.mark.parametrize("returned", [1, 3])
def test_a_rule_that_returns_too_few_or_too_many_arrays_is_named_and_moves_nothing(returned):
    @optimizer
    def wrong(theta, g, t, v, *, lr):
        return (theta - lr * g, v + g, g)[:returned]

    theta = np.ones(3)
    state = wrong.init(theta)
    with pytest.raises(ValueError, match=r"^wrong returned [13] arrays; a rule returns theta, v$"):
        wrong(lr=0.1).step(theta, np.ones(3), state)
    assert bits(theta, state) == bits(np.ones(3), {"t": 0, "v": np.zeros(3)})
