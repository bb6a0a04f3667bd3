"""The rules: hand arithmetic, PyTorch's recorded paths, and what theory says of rates, edges and bounds."""

import numpy as np
import pytest
from table import RECORDED, TABLE, TORCH

from lib import optimizers
from lib.engine import Optimizer
from lib.optimizers import adam, gd, momentum
from lib.surfaces import lessard, quadratic

P, G = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 6.0, 7.0, 2.0])
GOH = (0.01, 0.1, 1.0)


def path(opt, start, gradients, state=None):
    """The iterates, the start first. `gradients` is an array of them, or (a surface, how many steps)."""
    theta = np.array(start, float)
    state = opt.init(theta) if state is None else state
    surface, steps = gradients if isinstance(gradients, tuple) else (None, len(gradients))
    rows = [theta.copy()]
    for k in range(steps):
        opt.step(theta, surface.grad(theta) if surface else gradients[k], state)
        rows.append(theta.copy())
    return np.array(rows)


def test_the_table_has_a_row_for_every_rule():
    rules = {name for name, value in vars(optimizers).items() if isinstance(value, Optimizer)}
    assert {row.rule.name for row in TABLE} == rules


# Hand arithmetic: one or a few steps.


def test_gd_one_step():
    assert path(gd(lr=0.5), P, [G])[1].tolist() == [0.5, -1, -0.5, 3]


def test_momentum_three_steps():
    steps = path(momentum(lr=0.1, beta=0.9), [1.0], [np.array([0.5])] * 3)
    np.testing.assert_allclose(steps[1:, 0], (0.95, 0.855, 0.7195), rtol=1e-14)


def test_momentum_tends_to_a_step_of_lr_g_over_one_minus_beta():
    theta = path(momentum(lr=0.1, beta=0.9), [0.0], np.full((400, 1), 0.5))
    np.testing.assert_allclose(theta[-1] - theta[-2], -0.1 * 0.5 * 10, rtol=1e-12)


def test_momentum_without_memory_is_gd():
    g = np.random.default_rng(0).standard_normal((20, 4))
    assert (path(momentum(lr=0.3, beta=0.0), P, g) == path(gd(lr=0.3), P, g)).all()


def test_the_defaults_of_adam_are_the_papers():
    assert adam.hyperparameters == {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert momentum.hyperparameters["beta"] == 0.9


def test_adam_one_step():
    # P − .5·g/(g + 1e-8); the change, to more digits than P − .5 shows
    moved = path(adam(lr=0.5), P, [G])[1]
    np.testing.assert_allclose(moved[:2], (0.500000005, 1.500000000833), rtol=0, atol=5e-13)
    np.testing.assert_allclose((moved - (P - 0.5)) * G, 0.5e-8, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_adams_first_step_is_lr_times_the_sign(size):
    g = size * np.array([1.0, -2.0, 50.0])
    step = np.diff(path(adam(lr=0.25, eps=0.0), np.zeros(3), [g]), axis=0)[0]
    np.testing.assert_allclose(step, -0.25 * np.sign(g), rtol=1e-12)


def test_adams_eps_stands_outside_the_root():
    # at g = 1e-6, eps = 1e-8: 1e-6/(1e-6 + 1e-8) = .990099 of lr; inside the root it would be .01
    step = path(adam(lr=1.0), [0.0], np.full((1, 1), 1e-6))[1, 0]
    assert step == pytest.approx(-0.990099, abs=5e-7)


def test_adam_under_a_constant_gradient_always_steps_lr():
    # both means are of one number, so corrected they are that number, at t = 1 as at t = 2000
    theta = path(adam(lr=0.5, eps=0.0), [0.0], np.full((2000, 1), -7.0))
    np.testing.assert_allclose(np.diff(theta[:, 0]), 0.5, rtol=1e-11)


def late(opt, d=1):
    """A state of zeros at a step so late that the corrections have died out."""
    return opt.init(np.zeros(d)) | {"t": 40_000}


def test_adams_step_after_a_single_gradient_is_the_papers_bound():
    # Kingma & Ba 2015, §2.1: lr·(1 − β₁)/√(1 − β₂) = 3.162 lr, when every gradient before was zero
    opt = adam(lr=1.0, eps=0.0)
    step = path(opt, [0.0], np.ones((1, 1)), late(opt))[1, 0]
    assert step == pytest.approx(-3.162278, rel=1e-6)


def test_adams_largest_step_is_that_of_gradients_growing_by_beta2_over_beta1():
    # Cauchy–Schwarz: |m|/√v ≤ (1 − β₁)/√(1 − β₂)/√(1 − β₁²/β₂) = 7.27, reached when g ∝ (β₂/β₁)ᵗ
    bound = 0.1 / np.sqrt(0.001) / np.sqrt(1 - 0.81 / 0.999)
    opt = adam(lr=1.0, eps=0.0)
    growing = (0.999 / 0.9) ** np.arange(300.0)
    step = -np.diff(path(opt, [0.0], growing[:, None], late(opt))[:, 0])
    assert step[-1] == pytest.approx(bound, rel=1e-9)
    rng = np.random.default_rng(0)
    wild = rng.standard_normal((300, 50)) * 10 ** rng.uniform(-6, 6, (300, 50))
    steps = np.diff(path(opt, np.zeros(50), wild, late(opt, 50)), axis=0)
    assert np.abs(steps).max() < bound


def test_adams_path_does_not_change_with_the_scale_of_the_gradient():
    g = np.random.default_rng(0).standard_normal((200, 5))
    plain = path(adam(lr=0.1, eps=0.0), np.ones(5), g)
    assert (plain == path(adam(lr=0.1, eps=0.0), np.ones(5), g * 2.0**40)).all()
    assert not (plain == path(adam(lr=0.1), np.ones(5), g * 2.0**-40)).any(axis=1)[1:].any()


# PyTorch.


@pytest.mark.parametrize(("key", "opt", "name", "arguments"), RECORDED, ids=[row[0] for row in RECORDED])
def test_the_path_is_pytorchs(key, opt, name, arguments):
    with np.load(TORCH) as recorded:
        ours, theirs = path(opt, np.zeros(7), recorded["gradients"])[1:], recorded[key]
    size = np.abs(theirs).max(axis=0)  # coordinates of gradients from 1e-6 to 1e3, each by its own measure
    assert (np.abs(ours - theirs).max(axis=0) < 1e-12 * size).all()


# Gradient descent on a quadratic.


def test_gd_shrinks_each_eigendirection_by_one_minus_lr_lambda():
    theta = path(gd(lr=0.15), [1.0, 1.0, 1.0], (quadratic(1, 4, 10), 40))
    k = np.arange(41)[:, None]
    np.testing.assert_allclose(theta, np.array([0.85, 0.4, -0.5]) ** k, rtol=1e-12)


@pytest.mark.parametrize("curvature", [0.5, 1.0, 40.0])
def test_gds_edge_is_two_over_lambda(curvature):
    for factor, rate in ((0.99, 0.98), (1.0, 1.0), (1.01, 1.02)):
        theta = path(gd(lr=factor * 2 / curvature), [1.0], (quadratic(curvature), 100))
        assert abs(theta[-1, 0]) == pytest.approx(rate**100, rel=1e-10)


def test_gds_best_rate():
    # Goh 2017: at lr = 2/(λ₁ + λₙ) = 1.980198 the rate is (κ − 1)/(κ + 1) = .980198; no other lr has a better one
    def rate(lr):
        theta = path(gd(lr=lr), [1.0, 1.0, 1.0], (quadratic(*GOH), 2000))
        return (np.linalg.norm(theta[-1]) / np.linalg.norm(theta[1000])) ** (1 / 1000)

    assert rate(2 / 1.01) == pytest.approx(0.980198, abs=5e-7)
    assert min(rate(lr) for lr in (1.9, 1.95, 1.975, 1.985)) > 0.980198


@pytest.mark.parametrize(("kappa", "steps"), [(100, 691), (1000, 6908)])
def test_gds_steps_to_one_millionth(kappa, steps):
    theta = path(gd(lr=2 / (1 + kappa)), [1.0, 1.0], (quadratic(1, kappa), steps))
    distance = np.linalg.norm(theta, axis=1) / np.sqrt(2)
    assert distance[steps] <= 1e-6 < distance[steps - 1]


# The heavy ball.


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("curvature", [1.0, 25.0])
def test_the_heavy_balls_edge_is_two_plus_two_beta(beta, curvature):
    for factor in (0.99, 1.01):
        opt = momentum(lr=factor * (2 + 2 * beta) / curvature, beta=beta)
        theta = path(opt, [1.0], (quadratic(curvature), 1000))
        assert (abs(theta[-1, 0]) < 1e-3) if factor < 1 else (abs(theta[-1, 0]) > 1e3)


@pytest.mark.parametrize(("beta", "rate"), [(0.81, 0.9), (0.9025, 0.95), (0.25, 0.5)])
def test_the_heavy_balls_rate_with_complex_roots_is_the_root_of_beta(beta, rate):
    # x₊x₋ − x², of three iterates in a row, is multiplied by the product of the two roots, rate², each step
    x = path(momentum(lr=1.0, beta=beta), [1.0], (quadratic(1.0), 60))[:, 0]
    area = x[2:] * x[:-2] - x[1:-1] ** 2
    np.testing.assert_allclose(area[1:] / area[:-1], rate**2, rtol=1e-10)


@pytest.mark.parametrize(
    ("eigenvalues", "lr", "beta", "rate"),
    [(GOH, 3.305785, 0.669421, 0.818182), ((1.0, 30.0, 1000.0), None, 0.881145, 0.938693)],
)
def test_the_heavy_balls_best_rate(eigenvalues, lr, beta, rate):
    # Goh 2017: lr = (2/(√λ₁ + √λₙ))², β = ((√κ − 1)/(√κ + 1))², rate (√κ − 1)/(√κ + 1)
    low, high = np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1])
    best_lr, best_beta = (2 / (low + high)) ** 2, ((high - low) / (high + low)) ** 2
    assert best_beta == pytest.approx(beta, abs=5e-7)
    assert lr is None or best_lr == pytest.approx(lr, abs=5e-7)
    opt = momentum(lr=best_lr, beta=best_beta)
    x = path(opt, np.ones(3), (quadratic(*eigenvalues), 400))
    # the outermost roots are double there, so x = (a + k)·ρᵏ·const: fit log|x| = c + log(k + a) + k·log ρ
    k = np.array([100, 200, 400])
    y = np.log(np.abs(x[k][:, [0, -1]])).T
    for values in y:
        slopes = []
        for a in (guesses := np.linspace(-20, 60, 801)):
            flat = values - np.log(k + a)
            slopes.append(((flat[1] - flat[0]) / 100, (flat[2] - flat[1]) / 200))
        best = np.argmin([abs(first - second) for first, second in slopes])
        assert 0 < best < len(guesses) - 1
        assert np.exp(slopes[best][1]) == pytest.approx(rate, abs=2e-6)


def test_the_critical_beta():
    # landmarks: (1 − √(lr·λ))²: below it the roots are real and x never changes sign, above it x does
    for beta, crossings in ((0.24, False), (0.26, True)):
        x = path(momentum(lr=0.25, beta=beta), [1.0], (quadratic(1.0), 60))[:, 0]
        assert (x < 0).any() == crossings


@pytest.mark.parametrize("start", [3.07, 3.3, 3.46])
def test_the_heavy_ball_never_comes_to_rest_on_lessards_function(start):
    x = path(momentum(lr=1 / 9, beta=4 / 9), [start], (lessard, 600))[:, 0]
    np.testing.assert_allclose(np.sort(x[-3:]), (-1.802449, 0.646531, 2.115918), atol=5e-7)
    np.testing.assert_allclose(x[-3:], x[-6:-3], rtol=1e-12)


@pytest.mark.parametrize("start", [3.0, 3.6])
def test_from_elsewhere_the_heavy_ball_does_come_to_rest(start):
    assert abs(path(momentum(lr=1 / 9, beta=4 / 9), [start], (lessard, 600))[-1, 0]) < 1e-12


def test_gd_comes_to_rest_on_lessards_function():
    assert abs(path(gd(lr=2 / 26), [3.3], (lessard, 600))[-1, 0]) < 1e-12
