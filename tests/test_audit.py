"""The audit accuses nobody who is right, names every bug of chapter 19's museum, and fails wrong optimizers it never saw."""

from pathlib import Path
from types import SimpleNamespace

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

ADAM = optimizers.adam(lr=0.1)


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


def adam_with(theta, g, state, m_of=None, v_of=None, t_of=None):
    """Adam, with one thing done otherwise."""
    t = state["t"] = t_of(state.get("t", 0) + 1) if t_of else state.get("t", 0) + 1
    old = state.get("m", 0 * g)
    m = state["m"] = 0.9 * old + 0.1 * g
    v = state["v"] = 0.999 * state.get("v", 0) + 0.001 * (v_of(g * g) if v_of else g * g)
    m = m_of(old) if m_of else m
    return theta - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def one_v(theta, g, state):
    """One second moment for the whole layer."""
    return adam_with(theta, g, state, v_of=np.mean)


def too_old(theta, g, state):
    """The mean of gradients is used before the gradient is in it."""
    return adam_with(theta, g, state, m_of=lambda old: old)


def counts_in_a_byte(theta, g, state):
    """After step 255 comes step 0."""
    return adam_with(theta, g, state, t_of=lambda t: t % 256)


def averages(theta, g, state):
    """AdaGrad with the mean of squares."""
    t = state["t"] = state.get("t", 0) + 1
    s = state["s"] = state.get("s", 0) + g * g
    return theta - 0.1 * g / (np.sqrt(s / t) + 1e-10)


def whole_look_ahead(theta, g, state):
    """Nesterov that adds the whole velocity, and not β of it."""
    v = state["v"] = 0.9 * state.get("v", 0) + g
    return theta - 0.1 * (g + v)


def turns_over(theta, g, state):
    """The rows of the state change places at each step."""
    m = state["m"] = 0.9 * state.get("m", 0 * g)[::-1] + g
    return theta - 0.1 * m


def betas_swapped(theta, g, state):
    """Lion with its two memories in each other's place."""
    m = state.get("m", 0 * g)
    state["m"] = 0.9 * m + 0.1 * g
    return theta - 0.1 * np.sign(0.99 * m + 0.01 * g)


def deaf(theta, g, state):
    """A threshold below which gradients count as 0."""
    return theta - 0.1 * np.where(np.abs(g) < 1e-4, 0, g)


def state_by_shape(theta, g, state):
    """Two arrays of one shape find each other's momentum."""
    if isinstance(theta, dict):
        return {key: state_by_shape(theta[key], g[key], state) for key in theta}
    m = state[np.shape(g)] = 0.9 * state.get(np.shape(g), 0) + g
    return theta - 0.1 * m


@pytest.mark.parametrize(
    ("what", "like", "check", "said", "cause"),
    [
        (one_v, ADAM, "first", "as long as that of adam, and 0.174", "a mean over all coordinates"),
        (too_old, ADAM, "first", "step 1 is 0 times", "used before g is in it"),
        (counts_in_a_byte, None, "bowl", "not finite after 256 steps", "a counter that overflows"),
        (averages, optimizers.adagrad(lr=0.1), "steady", "31.6 times", "a sum that is a mean"),
        (whole_look_ahead, optimizers.nesterov(lr=0.1), "huge", "step 1 is 1.05 times", "lr, "),
        (
            turns_over,
            optimizers.momentum(lr=0.1),
            "second",
            "step 2 is 1.17 times",
            "memory that is not kept",
        ),
        (betas_swapped, optimizers.lion(lr=0.1), "second", "1.41 of its length beside", "betas that changed"),
        (deaf, None, "downhill", "a hundred gradients of size 1e-09 move it nowhere", "a threshold"),
        (state_by_shape, None, "arrays", "the first of two arrays", "one state for all arrays"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_others_that_it_never_saw_are_told_what_that_means(what, like, check, said, cause):
    report = audit(what, like=like)
    causes = " ".join(CHECKS[name].cause for name in report.failed)
    assert said in report[check].said and cause in causes, report


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


# What only one check sees.


def uphill_in_a_row(theta, g, state):
    return theta + (0.1 if np.ndim(g) == 1 else -0.1) * g


def slow_in_a_row(theta, g, state):
    return theta - (0.05 if np.ndim(g) == 1 else 0.1) * g


def other_number(theta, g, state):
    """0 * g of a number is a number, which += does not change."""
    v = state.setdefault("v", 0 * g)
    v += g - 0.1 * v
    return theta - 0.1 * v


def stops(theta, g, state):
    state["t"] = state.get("t", 0) + 1
    return theta - 1e-3 * g * (state["t"] <= 12)


def stops_halfway(theta, g, state):
    """A schedule that is over when nine tenths of the loss are left."""
    state["t"] = state.get("t", 0) + 1
    return theta - 1e-4 * g * (state["t"] <= 600)


def clips_numbers(theta, g, state):
    """Louder gradients than 5 are cut, when they are numbers."""
    return theta - 0.1 * (np.clip(g, -5, 5) if np.ndim(g) == 0 else g)


def hardly_moves(theta, g, state):
    return theta - 1e-12 * g


def other_keys(theta, g, state):
    return {"c": theta["a"]} if isinstance(theta, dict) else theta - 0.1 * g


def no_dict(theta, g, state):
    return 0.0 if isinstance(theta, dict) else theta - 0.1 * g


GD, MOMENTUM = optimizers.gd(lr=0.1), optimizers.momentum(lr=0.1)


@pytest.mark.parametrize(
    ("what", "like", "check", "said"),
    [
        (uphill_in_a_row, None, "downhill", r"of size 1 and shape \(5,\) its first move is uphill"),
        (slow_in_a_row, GD, "path", r"of shape \(5,\) it leaves gd at step 1"),
        (other_number, MOMENTUM, "path", r"of shape \(\) it leaves momentum at step 2"),
        (stops, None, "bowl", "after step 12 of 1000 it moves no more, with 0.976 of the loss left"),
        (stops_halfway, None, "bowl", "after step 600 of 1000 it moves no more, with 0.887 of the loss left"),
        (clips_numbers, GD, "path", r"of shape \(\) it leaves gd at step"),
        (hardly_moves, None, "bowl", "1000 steps on a bowl take 2e−09 of the loss away"),
        (other_keys, GD, "arrays", r"gives back a dict with the keys \['c'\] for a dict with the keys"),
        (no_dict, GD, "arrays", "gives back a float for a dict"),
        (keeps_the_callers, MOMENTUM, "buffer", "with one buffer for all gradients"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_one_check_alone_sees_it_and_says_what(what, like, check, said):
    import re

    report = audit(what, like=like)
    assert report.failed == [check] and re.search(said, report[check].said), report


# Right, and unlike the library's own.


def adam_as_in(dtype):
    def step(theta, g, state):
        t = state["t"] = state.get("t", 0) + 1
        g, theta = dtype(g), dtype(theta)
        m = state["m"] = dtype(0.9) * state.get("m", dtype(0)) + dtype(0.1) * g
        v = state["v"] = dtype(0.999) * state.get("v", dtype(0)) + dtype(0.001) * g * g
        m, v = m / dtype(1 - 0.9**t), v / dtype(1 - 0.999**t)
        return theta - dtype(0.1) * m / (np.sqrt(v) + dtype(1e-8))

    return step


def test_float32_is_compared_to_what_it_can_do():
    report = audit(adam_as_in(np.float32), like=optimizers.adam(lr=0.1))
    assert not report.failed and "It works in float32" in str(report).splitlines()[1], report
    assert not audit(adam_as_in(np.float64), like=optimizers.adam(lr=0.1)).notes
    slow = audit(adam_as_in(np.float32), like=optimizers.adam(lr=0.101))
    assert {"first", "steady", "path"} <= {*slow.failed}, slow

    def out_of_sight(theta, g, state):  # float32 in an object, which nobody looks into
        inner = state.setdefault("inner", SimpleNamespace(state={}))
        return theta + np.float64(adam_as_in(np.float32)(0 * theta, g, inner.state))

    report = audit(out_of_sight, like=ADAM)
    assert report.failed == ["steady"] and "beside it, as float32 would" in report["steady"].said, report


def in_float32(lr):
    def step(theta, g, state):
        return np.float32(theta) - np.float32(lr) * np.float32(g)

    return step


@pytest.mark.parametrize("lr", [1e-2, 1e-3, 1e-4])
def test_a_small_rate_in_float32_is_no_bug(lr):
    """θ − ηg is rounded to what θ can be: far from 0 that is more than a thousandth of a short step."""
    report = audit(in_float32(lr), like=optimizers.gd(lr=lr))
    assert not report.failed, report
    report = audit(in_float32(1.1 * lr), like=optimizers.gd(lr=lr))
    assert {"first", "second", "steady", "path", "tiny"} <= {*report.failed}, report


def float32_in_place(theta, g, state):
    theta[...] = np.float32(theta) - np.float32(0.01) * np.float32(g)


def float32_state(theta, g, state):
    m = state["m"] = np.float32(0.9) * state.get("m", np.float32(0)) + np.float32(g)
    return theta - 0.01 * m


def float32_state_inside(theta, g, state):
    slots = state.setdefault("slots", [{"m": np.zeros(np.shape(g), np.float32)}])
    slots[0]["m"] = np.float32(0.9) * slots[0]["m"] + np.float32(g)
    return theta - 0.01 * slots[0]["m"]


def products_for_powers(theta, g, state):
    """Adam that multiplies its betas up and has no t."""
    p, q = (state[k] * b if k in state else b for k, b in (("p", 0.9), ("q", 0.999)))
    m, v = state.get("m", 0), state.get("v", 0)
    state.update(p=p, q=q, m=m + 0.1 * (g - m), v=v + 0.001 * (g * g - v))
    return theta - 0.1 * (state["m"] / (1 - p)) / (np.sqrt(state["v"] / (1 - q)) + 1e-8)


def remembers_all(theta, g, state):
    """Momentum as a sum over all gradients that there were, and no velocity."""
    state.setdefault("all", []).insert(0, np.array(g))
    return theta - 0.1 * sum(0.9**k * old for k, old in enumerate(state["all"]))


def number_by_number(theta, g, state):
    """AdaGrad in plain Python, on lists."""
    s = state.setdefault("s", [0.0] * np.size(g))
    new = np.ravel(theta).tolist()
    for i, x in enumerate(np.ravel(g).tolist()):
        s[i] += x * x
        new[i] -= 0.1 * x / (s[i] ** 0.5 + 1e-10)
    return np.reshape(new, np.shape(theta)).tolist()


def closed_over(lr):
    def step(theta, g, state):
        v = state.setdefault("v", np.zeros_like(theta))
        v *= 0.9
        v += g
        theta -= lr * v

    return step


def over_when_done(theta, g, state):
    """A cosine of 400 steps, after which it stands still; the loss is at 1e-5 by then."""
    t = state["t"] = state.get("t", 0) + 1
    return theta - 0.05 * (1 + np.cos(np.pi * min(t / 400, 1))) * g


def collects(theta, g, state):
    """The mean of 16 gradients makes one step."""
    state.setdefault("kept", []).append(np.array(g))
    if len(state["kept"]) == 16:
        theta = theta - 0.1 * np.mean(state.pop("kept"), axis=0)
    return theta


def last_key_first(theta, g, state):
    """Dicts in another order, a state of its own for each key."""
    if isinstance(theta, dict):
        return {k: last_key_first(theta[k], g[k], state.setdefault(k, {})) for k in reversed(theta)}
    m = state["m"] = 0.9 * state.get("m", 0) + g
    return theta - 0.1 * m


@pytest.mark.parametrize(
    ("what", "like"),
    [
        (float32_in_place, optimizers.gd(lr=0.01)),
        (float32_state, optimizers.momentum(lr=0.01)),
        (float32_state_inside, optimizers.momentum(lr=0.01)),
        (products_for_powers, ADAM),
        (remembers_all, optimizers.momentum(lr=0.1)),
        (number_by_number, optimizers.adagrad(lr=0.1)),
        (closed_over(0.1), optimizers.momentum(lr=0.1)),
        (over_when_done, None),
        (collects, None),
        (last_key_first, optimizers.momentum(lr=0.1)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_unusual_right_ones_are_not_accused(what, like):
    report = audit(what, like=like)
    assert not report.failed and ("float32" in what.__name__) == bool(report.notes), report


def test_noise_and_constraints_are_named_where_the_report_begins():
    def shaken(theta, g, state):
        noise = state.setdefault("noise", np.random.default_rng(0))
        return theta - 0.01 * (g + 0.01 * noise.standard_normal(np.shape(g)))

    for what, failed in (
        (shaken, ["mirror", "still"]),
        (lambda theta, g, state: np.clip(theta - 0.1 * g, 0, 1), ["mirror", "bowl"]),
    ):
        report = audit(what)
        assert report.failed == failed and "noise or a constraint of its own?" in str(report).splitlines()[1]


def test_what_goes_with_the_past_says_so():
    assert "One run is not like the next" in str(audit(Counted())).splitlines()[1]


def test_shapes_and_dicts_at_which_it_raises_are_not_asked():
    def matrices(theta, g, state):
        rows, columns = g.shape
        return theta - 0.1 * g.reshape(rows, columns)

    report = audit(matrices, like=GD)
    assert (
        not report.failed
        and report["arrays"].said == "not asked: given a dict of arrays it raised AttributeError"
    )


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
        (lambda theta, g, state: theta[0], None, r"gives back shape \(2,\) for theta of shape \(3, 2\)"),
        (
            lambda theta, g, state: (theta, state),
            None,
            "gives back a tuple that is no array. A step function",
        ),
        (Counted, None, r"If Counted\(\) makes a step function, give that"),
        (optimizers.adam(), "adam", "like is the optimizer that this one is meant to be"),
        (optimizers.gd, None, "gd needs lr"),
    ],
    ids=["number", "class", "arguments", "shape", "tuple", "made", "like", "required"],
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
    assert lines[0] == "still_wrong: 2 of 8 checks fail"
    wrong = [i for i, line in enumerate(lines) if line.startswith("WRONG")]
    assert [lines[i].split()[1] for i in wrong] == report.failed
    assert all(lines[i + 1].startswith("       usually   ") for i in wrong)
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
        (lambda p: right(p) * [1, 0], r"another way .*: at theta\[1\] it is −?0, they are −0.274"),
        (lambda p: right(p) * np.nan, "NaN"),
        (lambda p: 0 * right(p), "another way"),
        (lambda p: right(p)[:1], r"shape \(1,\), theta has \(2,\)"),
    ],
)
def test_a_wrong_gradient_is_told(gradient, said):
    import re

    report = audit_gradient(loss, gradient, [0.5, 0.2])
    assert report.failed == ["slope"] and re.search(said, report["slope"].said), report


@pytest.mark.parametrize(
    ("loss", "gradient", "theta", "why"),
    [
        (lambda w: 1e10 + (w * w).sum(), lambda w: 2 * w, [1.0, 2.0], "drown in its round-off"),
        (lambda w: np.abs(w).sum(), np.sign, [1.0, 1e-7], "kink"),
        (lambda w: (w * w).sum(), lambda w: 2 * w, [0.0, 0.0], "flat"),
        (lambda w: np.nan, lambda w: 2 * w, [1.0, 2.0], "the loss is nan there"),
        (lambda w: np.sqrt(w).sum(), lambda w: 0.5 / np.sqrt(w), [1e-6], "not finite beside it"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_where_differences_tell_nothing_nobody_is_accused(loss, gradient, theta, why):
    report = audit_gradient(loss, gradient, theta)
    assert report["slope"].passed is None and why in report["slope"].said, report


@pytest.mark.parametrize("kind", [np.float32, lambda value: float(np.float32(value))], ids=["array", "float"])
def test_a_loss_in_float32_is_compared_to_what_it_can_do(kind):
    x, y = np.float32(X), np.float32(Y)

    def narrow(p):
        a, b = np.float32(p)
        return kind(((a * x + b - y) ** 2).mean())

    report = audit_gradient(narrow, right, [0.5, 0.2])
    assert not report.failed and "computed in float32" in str(report).splitlines()[1], report
    for factor, said in ((-1, "−1 times"), (0.5, "2 times"), ([1, 1.01], r"at theta[1] it is")):
        report = audit_gradient(narrow, lambda p, factor=factor: factor * right(p), [0.5, 0.2])
        assert said in report["slope"].said, report
    assert not audit_gradient(loss, right, [0.5, 0.2]).notes


def test_what_bends_has_no_kink():
    """Near a minimum a loss bends more than it falls, and a wrong gradient is wrong there too."""

    def bowl(w):
        return (w * w).sum()

    near = [1e-6, 2e-6]
    assert not audit_gradient(bowl, lambda w: 2 * w, near).failed
    assert audit_gradient(bowl, lambda w: 2.1 * w, near).failed


@pytest.mark.parametrize("at", np.linspace(-3e-5, 3e-5, 13))
def test_a_kink_beside_theta_is_no_bug(at):
    report = audit_gradient(lambda w: np.abs(w - at).sum(), lambda w: np.sign(w - at), [0.0, 1.0])
    assert not report.failed, report


def test_a_small_part_of_a_gradient_is_seen():
    def small(w):
        return w[0] + 1e-7 * w[1]

    assert not audit_gradient(small, lambda w: np.array([1, 1e-7]), [1.0, 1.0]).failed
    report = audit_gradient(small, lambda w: np.array([1, -1e-7]), [1.0, 1.0])
    assert report["slope"].said.endswith("at theta[1] it is −1e−07, they are 1e−07"), report
    assert audit_gradient(lambda w: np.abs(w).sum(), lambda w: -np.sign(w), [1.0, 1e-7]).failed


@pytest.mark.parametrize(
    ("loss", "gradient", "theta", "error", "words"),
    [
        (
            lambda w: w * w,
            lambda w: 2 * w,
            [1.0, 2.0],
            TypeError,
            "loss has to give one number; it gave float64 of",
        ),
        (2, lambda w: 2 * w, [1.0], TypeError, "loss has to be a function of theta; got 2"),
        (lambda w: w @ w, 2, [1.0], TypeError, "gradient has to be a function of theta; got 2"),
        (lambda w: w @ w, lambda w: 2 * w, "a", ValueError, "theta has to be numbers, such as"),
        (lambda w: w @ w, lambda w: 2 * w, [], ValueError, "one at least"),
        (lambda w: w @ w, lambda w: 2 * w, [np.nan], ValueError, "finite numbers"),
    ],
)
def test_what_is_no_loss_and_no_gradient_is_told(loss, gradient, theta, error, words):
    with pytest.raises(error, match=words):
        audit_gradient(loss, gradient, theta)
