"""The rules and the dialects against the frameworks: recorded paths, and the frameworks' own known answers."""

import re

import numpy as np
import pytest
from spellings import FRAMEWORKS, TABLE, cases, error, walk

from lib import dialects, optimizers
from lib.engine import Optimizer
from lib.optimizers import adam, gd, lamb, lion
from lib.wrappers import lookahead

P, G = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 6.0, 7.0, 2.0])
DIALECTS = {name: rule for name, rule in vars(dialects).items() if isinstance(rule, Optimizer)}
RULES = {name: rule for name, rule in vars(optimizers).items() if isinstance(rule, Optimizer)}
CASES = cases()


def end(opt, start, gradients):
    theta = np.array(start, float)
    state = opt.init(theta)
    for g in gradients:
        opt.step(theta, np.array(g), state)
    return theta


def test_the_table_has_a_row_for_every_dialect_and_none_of_what_is_no_rule():
    names = {row.rule.name for row in TABLE}  # rules that a framework has: see test_stations
    assert DIALECTS.keys() <= names <= DIALECTS.keys() | RULES.keys() | {"lookahead(gd)"}


def test_a_looser_tolerance_says_why():
    assert [row.rule.name for row in TABLE if (row.rtol > 1e-12) != bool(row.why)] == []


def test_the_paths_of_a_dialect_change_every_hyperparameter():
    for name, rule in DIALECTS.items():
        given = set().union(*(ours for row in TABLE if row.rule is rule for _, ours in row.settings))
        assert given == rule.hyperparameters.keys() - ({"initial"} if name == "optax_yogi" else set()), name


@pytest.fixture(scope="module")
def recorded():
    with np.load(FRAMEWORKS) as file:
        return dict(file)


def test_every_path_is_recorded(recorded):
    assert recorded.keys() - {"versions"} == {case.key for case in CASES}, "run tests/record_frameworks.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.key)
def test_the_path_is_the_frameworks(case, recorded):
    assert error(walk(case.opt, case.g), recorded[case.key]) <= case.row.rtol


def test_the_dialects_name_the_versions_they_were_recorded_with(recorded):
    said = dict(
        zip(("torch", "optax", "keras"), re.findall(r"(\d+\.\d+\.\d+)", dialects.__doc__), strict=True)
    )
    assert [f"{name} {version}" for name, version in said.items()] == recorded["versions"].tolist()


def test_torch_momentum_is_not_damped_unless_told(recorded):
    (plain,) = (case for case in CASES if case.key == "momentum-torch0")  # SGD(momentum=0.9)
    assert error(walk(dialects.torch_momentum(), plain.g), recorded[plain.key]) <= 1e-12


# The frameworks' own suites and documentation, one step from P along G with lr = 0.5 unless it is said.

ONE_STEP = [
    (dialects.keras_rmsprop, {"lr": 0.5}, [-0.581138039515, 0.418861191876, 1.41886118605, 2.418861367558]),
    (dialects.torch_rmsprop, {"lr": 0.5}, [-3.9999995, -2.999999916667]),
    (dialects.optax_adagrad, {"lr": 0.5}, [0.523268727047, 1.500693001718, 2.500509424991, 3.506135207698]),
    (dialects.keras_adagrad, {"lr": 0.5}, [0.523268727047, 1.500693001718, 2.500509424991, 3.506135207698]),
    (dialects.torch_adagrad, {"lr": 0.5}, P - 0.5),
    (adam, {"lr": 0.5}, [0.500000005, 1.500000000833]),
    (dialects.torch_adamw, {"lr": 0.5, "weight_decay": 0.004}, [0.498000005]),
    (dialects.optax_adamw, {"lr": 0.5, "weight_decay": 0.004}, [0.498000005]),
    (dialects.optax_nadam, {"lr": 0.5}, [0.263157902105]),
    (dialects.torch_nadam, {"lr": 0.5}, [0.471774116105]),
    (dialects.keras_nadam, {"lr": 0.5}, [0.468606151485]),
    (lion, {"lr": 0.5}, [0.5, 1.5, 2.5, 3.5]),
    (lamb, {"lr": 0.5}, [-0.369305643905, 0.630693215007]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given", "answer"), ONE_STEP, ids=lambda value: getattr(value, "name", ""))
def test_one_step(rule, given, answer):
    np.testing.assert_allclose(
        end(rule(**given), P, [G])[: len(answer)],
        answer,
        rtol=0,
        atol=6e-13 if rule is not dialects.torch_adagrad else 1e-9,
    )


@pytest.mark.parametrize(
    ("opt", "answer"),
    [
        (dialects.torch_adamw(lr=1.0, weight_decay=0.004), 1.976095872),
        (dialects.optax_adamw(lr=1.0, weight_decay=0.004), 1.976095872),
        (dialects.keras_adamw(lr=1.0, weight_decay=0.004), 1.976095872),
        (dialects.keras_momentum(lr=1.0, weight_decay=0.004), 1.976095872),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_without_a_gradient_the_weights_shrink_by_lr_lambda(opt, answer):
    np.testing.assert_allclose(end(opt, [2.0], np.zeros((3, 1))), answer, rtol=1e-14)


def test_l2_and_decoupled_decay():
    assert end(dialects.torch_adam(lr=0.1, weight_decay=0.1), [2.0], np.zeros((1, 1))) == pytest.approx(
        1.9, abs=1e-8
    )
    assert end(dialects.torch_adamw(lr=0.1, weight_decay=0.1), [2.0], np.zeros((1, 1))) == pytest.approx(
        1.98, rel=1e-15
    )


@pytest.mark.parametrize("rule", [lamb, dialects.keras_lamb], ids=lambda rule: rule.name)
def test_lambs_step_is_lr_times_the_length_of_the_weights_however_small(rule):
    start, lengths = 1e-5 * P, []
    for g in (G, 1e-12 * G):  # the second far below ε
        lengths.append(np.linalg.norm(end(rule(lr=0.5), start, [g]) - start))
    np.testing.assert_allclose(lengths, 0.5 * np.linalg.norm(start), rtol=1e-12)


@pytest.mark.parametrize("rule", [lamb, dialects.keras_lamb], ids=lambda rule: rule.name)
def test_lambs_length_is_that_of_all_weights_however_many(rule):
    # the first step goes along the signs: the small weights take as long a one as the large ones
    start = np.repeat([1.0, 7.0], 50_000)
    np.testing.assert_allclose(end(rule(lr=0.5), start, [np.ones(100_000)]), start - 0.5 * 5, rtol=1e-5)


def test_optaxs_centred_rmsprop_keeps_the_two_means():
    # half of 4 and of 16, then half of that
    theta, opt = np.zeros(1), dialects.optax_rmsprop_centered(lr=0.1, rho=0.5)
    state = opt.init(theta)
    for g in (4.0, 0.0):
        opt.step(theta, np.array([g]), state)
    assert (state["m"], state["v"]) == (1, 4)


@pytest.mark.parametrize("g", [7.0, 0.1, -1e3])
def test_optaxs_centred_rmsprop_stays_finite_under_a_constant_gradient(g):
    # v − m² goes to 0 and rounds below it
    assert np.isfinite(end(dialects.optax_rmsprop_centered(lr=0.01, eps=1e-30), [0.0], np.full((500, 1), g)))


def test_lookahead_around_gd():
    opt = lookahead(gd(lr=0.5), k=3, alpha=1 / 3)
    for steps, answer in enumerate((2, 1, 2, 1, 0, 1), start=1):
        assert end(opt, [3.0], np.full((steps, 1), 2.0)) == pytest.approx(answer, abs=1e-14)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_zero_gradient_and_no_decay_moves_nothing(name):
    rule = DIALECTS[name]
    given = {key: 0.0 for key in rule.hyperparameters if key in ("weight_decay",)}
    given |= {"lr": 0.1} if "lr" in rule.hyperparameters else {}
    given |= {"initial": 0.0} if name == "optax_yogi" else {}  # whose m starts at initial, and moves
    given |= {"initial": 0.0, "eps": 0.0} if name == "optax_adagrad" else {}  # no 0/0
    start = P.reshape(2, 2) if rule.matrix else P
    assert (end(rule(**given), start, [0 * start] * 3) == start).all()


@pytest.mark.parametrize("name", [name for name, rule in DIALECTS.items() if not rule.matrix])
def test_a_grid_of_runs_is_its_single_runs(name):
    over = "rho" if name == "optax_adadelta" else "lr"
    values, g = (0.1, 0.2, 0.3), np.random.default_rng(5).standard_normal((12, 4))
    grid = end(
        DIALECTS[name](**{over: np.array(values)}),
        np.tile(P[:, None], 3),
        np.repeat(g[:, :, None], 3, axis=2),
    )
    assert [column.tolist() for column in grid.T] == [
        end(DIALECTS[name](**{over: value}), P, g).tolist() for value in values
    ]


@pytest.mark.parametrize(
    ("rule", "name", "value", "message"),
    [
        (dialects.torch_adagrad, "lr_decay", -1, "a finite number ≥ 0"),
        (dialects.torch_momentum, "dampening", 1.5, r"a number in \[0, 1\]"),
        (dialects.keras_adagrad, "initial", -0.1, "a finite number ≥ 0"),
    ],
)
def test_a_wrong_hyperparameter_is_named(rule, name, value, message):
    with pytest.raises(ValueError, match=f"{name} is {value}; it has to be {message}"):
        rule(**{name: value})


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_names_the_function_it_is(name):
    framework = {"torch": "torch.optim.", "optax": "optax.", "keras": "keras.optimizers."}[
        name.partition("_")[0]
    ]
    assert f"`{framework}" in dialects.__dict__[name].__doc__.partition("\n\n")[0].replace("\n", "")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
@pytest.mark.parametrize("name", ["torch_muon", "optax_muon", "keras_muon"])
def test_a_matrix_without_elements_is_stepped(name, shape):
    rule = getattr(dialects, name)
    opt = rule(lr=0.1)
    theta = np.ones(shape)
    state = opt.init(theta)
    opt.step(theta, np.ones(shape), state)
    assert theta.shape == shape and state["t"] == 1


@pytest.mark.parametrize(
    ("name", "shape", "factor"),
    [("torch_muon", (16, 1), 4), ("optax_muon", (1, 16), 4), ("optax_muon", (16, 1), 1)],
)
def test_muon_scales_a_matrix_of_one_row_or_column_by_the_root_of_its_length(name, shape, factor):
    opt = getattr(dialects, name)(lr=1.0, weight_decay=0.0)
    theta = np.zeros(shape)
    opt.step(theta, np.arange(1.0, 17.0).reshape(shape), opt.init(theta))
    length = 1.0  # the only singular value, then five times Jordan's quintic
    for _ in range(5):
        length = 3.4445 * length - 4.7750 * length**3 + 2.0315 * length**5
    assert np.linalg.norm(theta) == pytest.approx(factor * length, rel=1e-5)
