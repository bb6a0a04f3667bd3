"""The audit accuses nobody who is right, names every bug of chapter 19's museum, and fails wrong optimizers it never saw."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from lib import dialects, optimizers
from lib.audit import CHECKS, audit, audit_gradient
from lib.checks import REQUIRED
from lib.engine import Optimizer
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

CHAPTER = Path(__file__).parents[1] / "chapters" / "19_bug_museum.ipynb"
RULES = [
    rule
    for module in (optimizers, dialects)
    for rule in vars(module).values()
    if isinstance(rule, Optimizer) and rule.rule.__module__ == module.__name__
]
TRUE = {
    "optax_adadelta": ["downhill", "bowl"],  # it walks uphill, as its docstring says
    "optax_yogi": ["mirror", "still"],  # both its averages start at 1e-6, that of gradients too
}
WRAPPED = [
    clip_by_norm(optimizers.adam(lr=0.1), 1.0),
    clip_by_value(optimizers.momentum(lr=0.1), 0.1),
    lookahead(optimizers.adam(lr=0.1)),
    lookahead(clip_by_norm(optimizers.gd(lr=0.1), 1.0), k=3),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_of_the_library_is_accused(rule):
    opt = rule(**{k: 0.01 for k, v in rule.hyperparameters.items() if v is REQUIRED})
    report = audit(opt, like=opt)
    assert report.failed == TRUE.get(rule.name, []), report


@pytest.mark.parametrize("opt", WRAPPED, ids=repr)
def test_no_wrapper_is_accused(opt):
    report = audit(opt, like=opt)
    assert not report.failed, report


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_decay_of_either_kind_is_no_bug(decay):
    for rule in (dialects.torch_adam, dialects.torch_adamw, dialects.torch_momentum):
        report = audit(rule(lr=0.1, weight_decay=decay))
        assert not report.failed, report


# The museum: what chapter 19 shows is what is asked here.

NAMED = {
    "no_power": ("steady", "without the power t"),
    "forgets": ("second", "memory that is not kept"),
    "no_correction": ("first", "bias correction that is missing"),
    "multiplies": ("first", "multiplied"),
    "one_minus_twice": ("first", "rooted wrongly"),
    "in_place": ("second", "corrected in place"),
    "never_counted": ("steady", "t that is never counted"),
    "counted_per_array": ("arrays", "t counted once an array"),
    "eps_outside": ("still", "ε outside the quotient"),
    "minus_eps": ("downhill", "−ε"),
    "times_root": ("first", "a root or a bracket in the wrong place"),
    "no_square": ("downhill", "the root of something negative"),
    "one_root": ("first", "a root or a bracket in the wrong place"),
    "bracket": ("second", "memory that is not kept"),
    "plus_equals": ("second", "+= where = does"),
    "first_ones_sum": ("arrays", "one state for all arrays"),
    "t_left_behind": ("saved", "often t"),
    "v_from_one": ("first", "a state from 1"),
    "decays_the_callers": ("gradient", "weight decay"),
    "l2_called_decay": ("decay", "L2 in the gradient called weight decay"),
    "clips_in_one_go": ("huge", "a norm that overflows"),
}


@pytest.fixture(scope="module")
def museum():
    """The chapter's wrong rules, from its own cells."""
    plt.switch_backend("agg")
    names = {"print": lambda *shown, **more: None}
    for cell in nbformat.read(CHAPTER, as_version=4).cells:
        made = any(word in cell.source for word in ("import ", "wrong(", "museum", "def adam_by_hand"))
        if cell.cell_type == "code" and made and "imshow" not in cell.source:
            exec(cell.source, names)
    plt.close("all")
    return names["museum"]


def test_every_bug_of_the_museum_is_named(museum):
    assert museum.keys() == NAMED.keys()
    for name, (report, what, like) in museum.items():
        found = audit(what, like=like)
        check, cause = NAMED[name]
        assert report and check in found.failed and cause in CHECKS[check].cause, f"{name}\n{found}"
        assert not audit(like, like=like).failed


# Wrong in ways that the audit was not written for.


def least(theta, g, state, lr=0.1):
    """AMSGrad that remembers the smallest v."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * g * g
    low = state["low"] = np.minimum(state.get("low", np.inf), v)
    return theta - lr / t**0.5 * m / (np.sqrt(low) + 1e-8)


def looks_behind(theta, g, state):
    """Nesterov with a minus where the plus is."""
    v = state["v"] = 0.9 * state.get("v", 0) + g
    return theta - 0.1 * (g - 0.9 * v)


def in_half(theta, g, state):
    """RMSprop whose state is kept in float16, where the square of a small gradient is 0."""
    v = 0.9 * state.get("v", np.float16(0)) + 0.1 * g * g
    state["v"] = np.asarray(v).astype(np.float16)
    return theta - 0.1 * g / (np.sqrt(state["v"].astype(float)) + 1e-8)


def grows(theta, g, state):
    """Decay that pushes away from 0."""
    return theta * (1 + 0.1 * 0.01) - 0.1 * g


def warms_up_for_ever(theta, g, state):
    """A rate that rises with each step."""
    t = state["t"] = state.get("t", 0) + 1
    return theta - 0.003 * t * g


def mixes(theta, g, state):
    """The sum of squares over a row, kept under one name for all that is stepped."""
    whole = theta if isinstance(theta, dict) else {"": theta}
    grads = g if isinstance(theta, dict) else {"": g}
    for key in whole:
        state["s"] = state.get("s", 0) + (grads[key] ** 2).sum(axis=0)
        whole[key] -= 0.1 * grads[key] / np.sqrt(state["s"] + 1e-12)


@pytest.mark.parametrize(
    ("what", "like", "check"),
    [
        (least, optimizers.amsgrad(lr=0.1), "path"),
        (looks_behind, optimizers.nesterov(lr=0.1), "first"),
        (in_half, optimizers.rmsprop(lr=0.1), "tiny"),
        (grows, None, "still"),
        (warms_up_for_ever, None, "bowl"),
        (mixes, None, "arrays"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_wrong_optimizers_that_it_never_saw_fail(what, like, check):
    report = audit(what, like=like)
    assert check in report.failed, report


# Duties of a program, each broken once: the check that is made for it, and no other.


def keeps_the_callers(theta, g, state):
    """The first gradient becomes the state, itself and not a copy."""
    v = state.setdefault("v", g)
    if v is not g:
        v *= 0.9
        v += g
    theta -= 0.1 * v


class Counted:
    t = 0

    def __call__(self, theta, g, state):
        Counted.t += 1
        return theta - 0.1 / Counted.t * g


@pytest.mark.parametrize(
    ("what", "check"), [(keeps_the_callers, "buffer"), (Counted(), "fresh")], ids=["buffer", "fresh"]
)
def test_a_duty_that_is_broken_is_named(what, check):
    assert check in audit(what).failed


def test_in_place_and_returned_are_the_same():
    def returns(theta, g, state):
        return theta - 0.1 * g

    def in_place(theta, g, state):
        theta -= 0.1 * g

    for what in (returns, in_place, lambda theta, g, state: (theta - 0.1 * g).tolist()):
        report = audit(what, like=optimizers.gd(lr=0.1))
        assert not report.failed and report["arrays"].passed is None, report


def test_what_cannot_be_asked_is_said():
    report = audit(optimizers.adam(lr=0.1))
    assert {result.check for result in report.results if result.passed is None} == {
        name for name, check in CHECKS.items() if check.beside
    }
    assert "like" in report["first"].said
    clipped = audit(clip_by_norm(optimizers.gd(lr=0.1), 1.0))
    assert clipped["arrays"].passed is None and "clips" in clipped["arrays"].said
    assert "adam" in audit(optimizers.adam(), like=optimizers.adam())["huge"].said


@pytest.mark.parametrize(
    ("what", "like", "words"),
    [
        (
            3,
            None,
            r"3 is no step function, no class of torch.optim and no Optimizer. A step function is step",
        ),
        (dict, None, "no step function"),
        (
            lambda theta, g: theta,
            None,
            "raised TypeError.*A step function is step",
        ),
        (lambda theta, g, state: theta[0], None, r"theta has shape \(3, 2\); after the step it is \(2,\)"),
        (optimizers.adam(), "adam", "like is the optimizer that this one is meant to be"),
        (optimizers.gd, None, "gd needs lr"),
    ],
    ids=["number", "class", "arguments", "shape", "like", "required"],
)
def test_what_is_no_optimizer_is_told_what_to_try(what, like, words):
    with pytest.raises(TypeError, match=words):
        audit(what, like=like)


def test_the_report_prints_what_it_found():
    def still_wrong(theta, g, state):
        return theta - 0.1 * (g / np.abs(g) + 1e-3)

    report = audit(still_wrong)
    assert report.failed == ["mirror", "still"]
    lines = str(report).splitlines()
    assert (
        lines[0] == "still_wrong: 2 of 8 checks fail" and f"       usually   {CHECKS['still'].cause}" in lines
    )
    assert audit(optimizers.gd(lr=0.1)).failed == [] and str(report["bowl"]) == "right  bowl"


# The gradient


X, Y = np.random.default_rng(0).standard_normal((2, 30))


def loss(p):
    return ((p[0] * X + p[1] - Y) ** 2).mean()


def right(p):
    rest = p[0] * X + p[1] - Y
    return 2 * np.array([(rest * X).mean(), rest.mean()])


@pytest.mark.parametrize("start", [[0.5, 0.2], (3, -1), np.array([1e3, 1e-3])])
def test_a_right_gradient_passes(start):
    assert audit_gradient(loss, right, start).failed == []


@pytest.mark.parametrize(
    ("gradient", "said"),
    [
        (lambda p: -right(p), "−1 times"),
        (lambda p: right(p) / 2, "2 times"),
        (lambda p: 30 * right(p), "0.0333 times"),
        (lambda p: np.array([right(p)[0], loss(p)]), "another way"),
        (lambda p: right(p)[::-1], "another way"),
        (lambda p: right(p) * [1, 1.001], "another way"),
        (lambda p: right(p) * np.nan, "another way"),
        (lambda p: 0 * right(p), "another way"),
        (lambda p: right(p)[:1], r"shape \(1,\), theta has \(2,\)"),
    ],
)
def test_a_wrong_gradient_is_told(gradient, said):
    import re

    report = audit_gradient(loss, gradient, [0.5, 0.2])
    assert report.failed == ["slope"] and re.search(said, report["slope"].said), report
