"""The rules: hand arithmetic, and what theory says of rates, edges and bounds; types on the way."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from table import TABLE

from lib import dialects, optimizers
from lib.engine import REQUIRED, Optimizer
from lib.optimizers import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    amsgrad,
    gd,
    lamb,
    lion,
    momentum,
    muon,
    nadam,
    nesterov,
    radam,
    rmsprop,
    rmsprop_centered,
    rmsprop_momentum,
    schedule_free_adamw,
    schedule_free_sgd,
    shampoo,
    signsgd,
    soap,
    yogi,
)
from lib.surfaces import lessard, quadratic

P, G = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 6.0, 7.0, 2.0])
GOH = (0.01, 0.1, 1.0)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def steps_of(opt, gradients, start=0.0, state=None):
    """The steps down of one parameter under these gradients: −Δθ, positive for a positive gradient."""
    return -np.diff(path(opt, [start], np.asarray(gradients, float)[:, None], state)[:, 0])


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


DEFAULTS = [
    (gd, {}),
    (momentum, {"beta": 0.9}),
    (nesterov, {"beta": 0.9}),
    (signsgd, {}),
    (adagrad, {"eps": 1e-10}),  # Duchi leaves δ open
    (rmsprop, {"lr": 0.001, "rho": 0.9, "eps": 1e-8}),
    (rmsprop_momentum, {"lr": 0.001, "rho": 0.9, "beta": 0.9, "eps": 1e-8}),
    (rmsprop_centered, {"lr": 0.001, "rho": 0.9, "eps": 1e-8}),
    (adadelta, {"rho": 0.95, "eps": 1e-6}),
    (adam, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    (adamax, {"lr": 0.002, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    (amsgrad, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    (adamw, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "eta": 1.0}),
    (nadam, {"lr": 0.001, "beta1": 0.975, "beta2": 0.999, "eps": 1e-8, "psi": 0.004}),
    (radam, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}),
    (yogi, {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-3}),
    (lion, {"lr": 1e-4, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0}),
    (schedule_free_sgd, {"beta": 0.9}),
    (schedule_free_adamw, {"lr": 0.0025, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}),
    (lamb, {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 0.0}),
    (muon, {"lr": 0.02, "beta": 0.95, "weight_decay": 0.0}),
    (shampoo, {"eps": 1e-4}),
    (soap, {"lr": 0.003, "beta1": 0.95, "beta2": 0.95, "eps": 1e-8}),
]


def test_the_defaults_are_the_papers():
    assert {row.rule.name for row in TABLE} == {rule.name for rule, _ in DEFAULTS}
    for rule, papers in DEFAULTS:
        has = {name: value for name, value in rule.hyperparameters.items() if value is not REQUIRED}
        assert has == papers, rule.name


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


# Nesterov.


def test_nesterov_three_steps():
    np.testing.assert_allclose(
        steps_of(nesterov(lr=0.1), [0.5] * 3, 1.0), (0.095, 0.1355, 0.17195), rtol=1e-13
    )


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("curvature", [1.0, 25.0])
def test_nesterovs_edge(beta, curvature):
    # landmarks: lr·λ < (2 + 2β)/(1 + 2β), 1.35714 at β = .9; less than the heavy ball's 2 + 2β
    edge = (2 + 2 * beta) / (1 + 2 * beta)
    for factor in (0.99, 1.01):
        x = path(nesterov(lr=factor * edge / curvature, beta=beta), [1.0], (quadratic(curvature), 3000))
        assert (abs(x[-1, 0]) < 1e-3) if factor < 1 else (abs(x[-1, 0]) > 1e3)


@pytest.mark.parametrize(("beta", "lr"), [(0.81, 0.5), (0.9, 0.1), (0.5, 0.9)])
def test_nesterovs_rate_with_complex_roots(beta, lr):
    # the product of the two roots is β·(1 − lr·λ): nearer to 0 than the heavy ball's β
    x = path(nesterov(lr=lr, beta=beta), [1.0], (quadratic(1.0), 40))[:, 0]
    area = x[2:] * x[:-2] - x[1:-1] ** 2
    np.testing.assert_allclose(area[1:] / area[:-1], beta * (1 - lr), rtol=1e-8)


def test_nesterovs_critical_beta():
    # the roots meet at β = (1 − √(lr·λ))/(1 + √(lr·λ)), 1/3 here: below it x never changes sign
    for beta, crossings in ((0.32, False), (0.35, True)):
        x = path(nesterov(lr=0.25, beta=beta), [1.0], (quadratic(1.0), 80))[:, 0]
        assert (x < 0).any() == crossings


@pytest.mark.parametrize("kappa", [25, 100, 1000])
def test_nesterovs_rate_for_strongly_convex_functions(kappa):
    # Nesterov 2018, §2.2: lr = 1/L, β = (√κ − 1)/(√κ + 1): 1 − 1/√κ, a double root in the flat direction,
    # so x = (1 + b·k)·rateᵏ there; in the steep one lr·λ = 1 and x is 0 after two steps, to rounding
    root = np.sqrt(kappa)
    opt = nesterov(lr=1 / kappa, beta=(root - 1) / (root + 1))
    x = path(opt, [1.0, 1.0], (quadratic(1, kappa), 100))
    scaled = x[:, 0] / (1 - 1 / root) ** np.arange(101)
    np.testing.assert_allclose(np.diff(scaled), scaled[1] - scaled[0], rtol=1e-8)
    assert np.abs(x[2:, 1]).max() < 1e-12


def test_nesterov_comes_to_rest_on_lessards_function():
    assert abs(path(nesterov(lr=1 / 25, beta=2 / 3), [3.3], (lessard, 600))[-1, 0]) < 1e-12


def test_nesterov_is_the_papers_two_points_seen_at_the_look_ahead():
    # Sutskever et al. 2013: v ← βv − lr·∇f(θ + βv), θ ← θ + v; ours is y = θ + βv
    lr, beta, f = 0.05, 0.8, quadratic(1, 10)
    ours = path(nesterov(lr=lr, beta=beta), [1.0, -2.0], (f, 30))
    x, v = np.array([1.0, -2.0]), np.zeros(2)
    for row in ours:
        np.testing.assert_allclose(row, x + beta * v, rtol=0, atol=1e-14)
        v = beta * v - lr * f.grad(x + beta * v)
        x = x + v


def test_nesterov_without_memory_is_gd():
    g = noise(20, 4)
    assert (path(nesterov(lr=0.3, beta=0.0), P, g) == path(gd(lr=0.3), P, g)).all()


# Signs.


def test_signsgd_and_lion_one_step():
    assert path(signsgd(lr=0.5), P, [G])[1].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert path(lion(lr=0.5), P, [G])[1].tolist() == [0.5, 1.5, 2.5, 3.5]


@pytest.mark.parametrize("rule", [signsgd, lion])
def test_every_step_is_lr(rule):
    g = noise(100, 5) * 10 ** np.random.default_rng(1).uniform(-6, 6, (100, 5))
    assert (np.abs(np.diff(path(rule(lr=0.25), np.zeros(5), g), axis=0)) == 0.25).all()


@pytest.mark.parametrize(("g", "turns"), [(-0.0890, False), (-0.0892, True)])
def test_lions_two_betas(g, turns):
    # after 1 and 0, m = .99·.01 = .0099; β₁·m = .00891 outweighs .1·|g| up to |g| = .0891
    assert steps_of(lion(lr=1.0), [1.0, 0.0, g]).tolist() == [1, 1, -1 if turns else 1]


def test_lion_shrinks_weights_by_lr_lambda():
    theta = path(lion(lr=0.1, weight_decay=0.5), [2.0, -4.0], np.zeros((3, 2)))
    np.testing.assert_allclose(theta[-1], np.array([2.0, -4.0]) * 0.95**3, rtol=1e-14)
    assert path(lion(lr=0.1, weight_decay=0.5), [2.0], np.ones((1, 1)))[1, 0] == pytest.approx(1.8, rel=1e-14)


# AdaGrad.


def test_adagrad_one_step():
    # cases 4, PyTorch's: P − .5; 1e-10 outside the root is what is left of it
    moved = path(adagrad(lr=0.5), P, [G])[1]
    np.testing.assert_allclose(moved, P - 0.5, rtol=0, atol=1e-10)
    assert steps_of(adagrad(lr=1.0, eps=0.25), [0.75])[0] == 0.75  # .75/(.75 + .25)


def test_adagrads_steps_are_lr_over_the_root_of_t():
    np.testing.assert_allclose(
        steps_of(adagrad(lr=0.5, eps=0.0), [-7.0] * 1000), -0.5 / np.sqrt(np.arange(1, 1001)), rtol=1e-12
    )


def test_adagrads_rates_know_each_coordinate_alone():
    g = np.zeros((10, 2))
    g[:, 0], g[9, 1] = 5.0, 1e-3  # a rare feature gets the whole lr when it comes
    moved = np.diff(path(adagrad(lr=1.0), np.zeros(2), g), axis=0)[-1]
    np.testing.assert_allclose(moved, (-1 / np.sqrt(10), -1), rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_adagrads_regret(seed):
    # Duchi et al. 2011, Theorem 5 and Corollary 6: on a box of width D, with lr = D/√2, regret ≤ √2·D·Σ‖g₁:T,ᵢ‖
    rng = np.random.default_rng(seed)
    T, d, D = 2000, 6, 2.0
    targets = np.clip(rng.standard_normal((T, d)) + rng.uniform(-1, 1, d), -1, 1)
    weights = 10 ** rng.uniform(-3, 2, d)  # f_t = Σ wᵢ·|θᵢ − targetᵢ|
    opt, theta = adagrad(lr=D / np.sqrt(2), eps=1e-12), np.zeros(d)
    state, losses, norms = opt.init(theta), [], np.zeros(d)
    best = np.median(targets, axis=0)
    for y in targets:
        losses.append((weights * (np.abs(theta - y) - np.abs(best - y))).sum())
        g = weights * np.sign(theta - y)
        norms += g * g
        opt.step(theta, g, state)
        np.clip(theta, -1, 1, out=theta)
    regret, bound = np.cumsum(losses), np.sqrt(2) * D * np.sqrt(norms).sum()
    assert 0 < regret[-1] <= bound
    assert regret[-1] < 0.1 * D * T * weights.sum()  # and that says something


def test_adagrads_worst_regret_is_near_its_bound():
    # gradients that always push outwards, then back: a lr a few times off breaks the bound
    D, T = 2.0, 2000
    bounds = []
    for factor in (0.1, 1.0, 10.0):
        opt, theta = adagrad(lr=factor * D / np.sqrt(2), eps=0.0), np.zeros(1)
        state, regret = opt.init(theta), 0.0
        for t in range(T):
            g = np.where(theta > 0, 1.0, -1.0) if t < T / 2 else np.ones(1)
            regret += (g * theta).item()
            opt.step(theta, g, state)
            np.clip(theta, -1, 1, out=theta)
        total = np.where(np.arange(T) < T / 2, 0, 1).sum()
        bounds.append((regret + total) / (np.sqrt(2) * D * np.sqrt(T)))
    assert bounds[1] <= 1 < bounds[2]


# RMSprop and its kin.


def test_rmsprop_one_step():
    # keras's known answer has its eps, 1e-7, inside the root: 1e-7/(2·.1·g²) apart at most
    keras = np.array([-0.581138039515, 0.418861191876, 1.41886118605, 2.418861367558])
    moved = path(rmsprop(lr=0.5), P, [G])[1]
    np.testing.assert_allclose(moved, keras, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        path(rmsprop(lr=0.5, rho=0.99), P, [G])[1][:2], (-3.9999995, -2.999999916667), atol=5e-13
    )


@pytest.mark.parametrize(("rule", "factor"), [(rmsprop, 0.9), (amsgrad, 0.999)])
def test_the_first_step_without_bias_correction(rule, factor):
    # landmarks 9: 1/√(1 − .9) for rmsprop, (1 − β₁)/√(1 − β₂) for amsgrad: 3.162278 both
    assert steps_of(rule(lr=0.5, eps=0.0), [-3.0])[0] == pytest.approx(-0.5 * 3.16227766, rel=1e-8)


def test_rmsprop_is_adam_without_momentum_but_for_bias_correction():
    # cases 19: what adam divides v by, 1 − ρᵗ, put into rmsprop's lr and eps as schedules
    g = noise(300, 5) * 10 ** np.random.default_rng(1).uniform(-6, 3, 5)
    for rho, eps in ((0.9, 1e-8), (0.999, 1e-3), (0.0, 1e-8)):
        corrected = rmsprop(
            lr=lambda t, rho=rho: 0.1 * np.sqrt(1 - rho**t),
            rho=rho,
            eps=lambda t, rho=rho, eps=eps: eps * np.sqrt(1 - rho**t),
        )
        theirs = path(adam(lr=0.1, beta1=0.0, beta2=rho, eps=eps), np.zeros(5), g)
        np.testing.assert_allclose(path(corrected, np.zeros(5), g), theirs, rtol=1e-11, atol=1e-12)


def test_rmsprop_forgets():
    # a gradient c, after which v fades by ρ a step: gradients of c·ρ^(t/2) give steps that are all the same
    c = 3 * 0.8 ** (np.arange(30) / 2)
    steps = steps_of(rmsprop(lr=1.0, rho=0.8, eps=0.0), c)
    # v = (1 − ρ)·t·c_t², so the steps are 1/√((1 − ρ)·t)
    np.testing.assert_allclose(steps, 1 / np.sqrt(0.2 * np.arange(1, 31)), rtol=1e-12)


def test_rmsprop_with_momentum_is_momentum_of_rmsprops_steps():
    g = noise(50, 4)
    scaled = -np.diff(path(rmsprop(lr=1.0, rho=0.7, eps=0.01), np.zeros(4), g), axis=0)
    expected = path(momentum(lr=0.3, beta=0.6), np.ones(4), scaled)
    both = path(rmsprop_momentum(lr=0.3, rho=0.7, beta=0.6, eps=0.01), np.ones(4), g)
    np.testing.assert_allclose(both, expected, rtol=1e-12, atol=1e-13)


def test_rmsprop_with_momentum_tends_to_a_step_of_lr_over_one_minus_beta():
    assert steps_of(rmsprop_momentum(lr=0.1, eps=0.0), [-5.0] * 500)[-1] == pytest.approx(-1.0, rel=1e-9)


@pytest.mark.parametrize("rho", [0.5, 0.9, 0.99])
def test_centred_rmsprops_first_step(rho):
    # v − m² = (1 − ρ)g² − (1 − ρ)²g² = ρ(1 − ρ)g²
    assert steps_of(rmsprop_centered(lr=1.0, rho=rho, eps=0.0), [4.0])[0] == pytest.approx(
        1 / np.sqrt(rho * (1 - rho)), rel=1e-12
    )


def test_centred_rmsprops_state_is_the_two_means():
    # half of 4 and of 16, then half of that
    state = rmsprop_centered.init(np.zeros(1))
    path(rmsprop_centered(rho=0.5), [0.0], [np.array([4.0]), np.zeros(1)], state)
    assert (state["m"], state["v"]) == (1, 4)


@pytest.mark.parametrize("offset", [0.0, 3.0, -10.0])
def test_centred_rmsprop_divides_by_the_deviation_whatever_the_mean(offset):
    # c ± 1 in turn: m ends at c ± (1 − ρ)/(1 + ρ), the deviation at √(1 − (1 − ρ)²/(1 + ρ)²)
    rho = 0.8
    g = offset + (-1.0) ** np.arange(400)
    steps = steps_of(rmsprop_centered(lr=1.0, rho=rho, eps=0.0), g)
    np.testing.assert_allclose(g[-50:] / steps[-50:], np.sqrt(1 - (0.2 / 1.8) ** 2), rtol=1e-9)


@pytest.mark.parametrize("g", [7.0, 0.1, -1e3])
def test_centred_rmsprop_stays_finite_under_a_constant_gradient(g):
    # conventions.md: v − m² rounds below 0 and the frameworks have NaN at step 331
    with np.errstate(all="raise", under="ignore"):
        theta = path(rmsprop_centered(lr=0.01), [0.0], np.full((500, 1), g))
    assert np.isfinite(theta).all()
    assert steps_of(rmsprop_centered(lr=0.01, eps=0.5), [g] * 500)[-1] == pytest.approx(
        0.01 * g / 0.5, rel=1e-4
    )


# Adadelta.


@pytest.mark.parametrize(("rho", "eps"), [(0.95, 1e-6), (0.9, 1e-4)])
def test_adadeltas_first_step(rho, eps):
    # √ε/√((1 − ρ)g² + ε)·g, which for a g far above √ε is √(ε/(1 − ρ)): .004472 by default
    assert steps_of(adadelta(rho=rho, eps=eps), [-1e6])[0] == pytest.approx(
        -np.sqrt(eps / (1 - rho)), rel=1e-9
    )
    assert steps_of(adadelta(rho=rho, eps=eps), [np.sqrt(eps)])[0] == pytest.approx(
        np.sqrt(eps / (2 - rho)), rel=1e-12
    )


def test_adadeltas_steps_grow_as_the_root_of_t():
    # under a constant gradient Δ² = u + ε, once v is g², and so u grows by (1 − ρ)·ε a step
    squares = steps_of(adadelta(rho=0.9, eps=1e-4), [1e6] * 2000) ** 2
    np.testing.assert_allclose(np.diff(squares[500:]), 0.1 * 1e-4, rtol=1e-7)


def test_adadeltas_step_has_the_units_of_theta():
    # a gradient c times as large, far above √ε, leaves the path; in adagrad's terms eps = 0 would, but then
    # nothing starts to move
    g = 1e8 * noise(200, 5)
    plain = path(adadelta(), np.ones(5), g)
    np.testing.assert_allclose(path(adadelta(), np.ones(5), g * 1000), plain, rtol=1e-12)
    assert (path(adadelta(eps=0.0), np.ones(5), g) == 1).all()


def test_adadeltas_eps_is_a_square_of_theta_and_of_g():
    # it stands beside u (θ²) and beside v (g²): ε times c² and g times c make the whole path c times as long
    g = noise(100, 5)
    plain = path(adadelta(eps=1e-3), np.zeros(5), g)
    assert (path(adadelta(eps=1e-3 * 2.0**20), np.zeros(5), g * 2.0**10) == plain * 2.0**10).all()


def test_adadelta_goes_down():
    assert path(adadelta(), [1.0], (quadratic(1.0), 2000))[-1, 0] < 0.1  # optax without lr ascends


# AdaMax.


def test_adamaxs_steps_are_lr_while_gradients_do_not_fade():
    np.testing.assert_allclose(steps_of(adamax(lr=0.5, eps=0.0), [-3.0] * 200), -0.5, rtol=1e-12)
    growing = 1.01 ** np.arange(300) * np.random.default_rng(0).choice([-1, 1], 300)
    assert np.abs(steps_of(adamax(lr=0.5, eps=0.0), growing)).max() <= 0.5


def test_adamaxs_bound():
    # Kingma & Ba's |Δ| ≤ lr (§7.1) is a little short: gradients that fade as β₂ᵗ, as u does, reach
    # lr·(1 − β₁)/(1 − β₁/β₂) = 1.00909 lr, and by u ≥ β₂^(t−i)·|gᵢ| nothing goes further
    bound = 0.1 / (1 - 0.9 / 0.999)
    steps = steps_of(adamax(lr=1.0, eps=0.0), 0.999 ** np.arange(500.0))
    assert steps[-1] == pytest.approx(bound, rel=1e-9)
    rng = np.random.default_rng(0)
    wild = rng.standard_normal((500, 50)) * 10 ** rng.uniform(-6, 6, (500, 50))
    assert np.abs(np.diff(path(adamax(lr=1.0, eps=0.0), np.zeros(50), wild), axis=0)).max() <= bound


def test_adamaxs_u_is_the_largest_gradient_faded():
    opt, theta = adamax(lr=0.1, beta2=0.5, eps=0.0), np.zeros(1)
    state, seen = opt.init(theta), []
    for g in (8.0, 1.0, -1.0, -3.0, 0.0):
        opt.step(theta, np.array([g]), state)
        seen.append(state["u"][0])
    assert seen == [8, 4, 2, 3, 1.5]


def test_adamaxs_eps_adds_to_the_gradients_size():
    assert steps_of(adamax(lr=1.0, eps=1.0), [3.0])[0] == pytest.approx(0.75, rel=1e-12)
    assert steps_of(adamax(lr=1.0, beta1=0.0, beta2=0.5, eps=1.0), [7.0, 3.0]).tolist() == [0.875, 0.75]


# AMSGrad.


def test_amsgrads_denominator_never_shrinks():
    opt, theta, g = amsgrad(beta2=0.9), np.zeros(4), noise(100, 4) * np.linspace(3, 0.1, 100)[:, None]
    state, rows = opt.init(theta), []
    for row in g:
        opt.step(theta, row, state)
        rows.append(state["v_max"].copy())
        assert (state["v_max"] >= state["v"]).all()
    assert (np.diff(rows, axis=0) >= 0).all()
    assert (state["v"] < 0.5 * state["v_max"]).all()
    # once gradients are small the denominator stays: the step is lr·m/√v_max, v_max from long ago
    before, m = theta.copy(), state["m"].copy()
    opt(lr=2.0, eps=0.0).step(theta, np.zeros(4), state)
    np.testing.assert_allclose(before - theta, 2 * 0.9 * m / np.sqrt(rows[-1]), rtol=1e-12)


def test_amsgrad_under_growing_gradients_is_adam_but_for_bias_correction():
    g = np.sort(np.abs(noise(100, 5)), axis=0)
    corrected = amsgrad(
        lr=lambda t: 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.8**t), eps=0.0, beta1=0.8, beta2=0.99
    )
    theirs = path(adam(lr=0.1, beta1=0.8, beta2=0.99, eps=0.0), np.zeros(5), g)
    np.testing.assert_allclose(path(corrected, np.zeros(5), g), theirs, rtol=1e-11)


def test_amsgrads_eps_stands_outside_the_root():
    # the first step, (1 − β₁)·g/(√(1 − β₂)·|g| + ε), here .5/(.5 + .125)
    assert steps_of(amsgrad(lr=1.0, beta1=0.5, beta2=0.75, eps=0.125), [1.0])[0] == 0.8


def reddi(rule, steep, shallow, period, lr, steps, **hyperparameters):
    """Reddi et al. 2018, §3: −shallow but once in a period, on [−1, 1], best at −1. Where it ends; mean regret."""
    x, regret = 0.0, 0.0
    slots = [0.0] * len(rule.slots)
    for t in range(1, steps + 1):
        g = steep if t % period == 1 else -shallow
        regret += g * (x + 1)
        x, *slots = rule.rule(x, g, float(t), *slots, lr=lr / t**0.5, eps=1e-8, **hyperparameters)
        x = min(1.0, max(-1.0, float(x)))
        slots = list(map(float, slots))
    return x, regret / steps


@pytest.mark.parametrize(("rule", "end", "regret"), [(adam, 1.0, 0.6666), (amsgrad, -0.99987, 0.0008)])
def test_reddis_counterexample(rule, end, regret):
    # C = 3, β₁ = 0, β₂ = 1/(1 + C²); Adam's mean regret tends to 2/3
    x, mean = reddi(rule, 3.0, 1.0, 3, 0.1, 300_000, beta1=0.0, beta2=0.1)
    assert x == pytest.approx(end, abs=5e-6)
    assert mean == pytest.approx(regret, abs=5e-5)


# AdamW.


def test_adamw_one_step():
    # cases 5: the frameworks decay by lr·λ = .5·.004
    assert path(adamw(lr=0.5, weight_decay=0.002), P, [G])[1, 0] == pytest.approx(0.498000005, abs=5e-13)


@pytest.mark.parametrize(
    ("start", "decay", "steps", "end"), [(2.0, 0.004, 3, 1.976095872), (2.0, 0.01, 1, 1.98)]
)
def test_adamw_without_gradient_only_decays(start, decay, steps, end):
    assert path(adamw(weight_decay=decay), [start], np.zeros((steps, 1)))[-1, 0] == pytest.approx(
        end, abs=5e-13
    )


def test_adamw_without_decay_is_adam():
    g = noise(50, 4)
    given = {"lr": 0.1, "beta1": 0.7, "beta2": 0.9, "eps": 1e-2}
    np.testing.assert_allclose(
        path(adamw(weight_decay=0, **given), P, g), path(adam(**given), P, g), rtol=1e-14
    )


def test_adamws_decay_is_beside_the_gradient():
    # under a constant gradient Adam steps lr, so θ ← (1 − ηλ)θ − η·lr: it tends to −lr/λ, whatever η and g
    for eta, g in ((1.0, 5.0), (0.5, 5.0), (1.0, 1e-3)):
        theta = path(adamw(lr=0.2, weight_decay=0.1, eta=eta, eps=0.0), [1.0], np.full((600, 1), g))[:, 0]
        np.testing.assert_allclose(theta, -2 + 3 * (1 - 0.1 * eta) ** np.arange(601), rtol=1e-10, atol=1e-10)


def test_adamws_eta_is_the_schedule_of_both():
    stopped = adamw(lr=0.1, weight_decay=0.1, eta=lambda t: float(t != 2))
    theta = path(stopped, P, noise(5, 4))
    assert (theta[2] == theta[1]).all() and (theta[3] != theta[2]).all()


# NAdam.


def test_nadams_mu_warms_up():
    # 1 − c is the product of the μ: μ₁ = .975·(1 − ½·.96^.004) = .4875796, and 250,000 steps on μ = .975·(1 − tiny)
    opt = nadam()
    state = opt.init(np.zeros(1))
    opt.step(np.zeros(1), np.ones(1), state)
    assert 1 - state["c"][0] == pytest.approx(0.487579596391, abs=5e-13)
    before = 0.25
    state = {"t": 250_000, "m": np.ones(1), "v": np.ones(1), "c": np.array([1 - before])}
    opt.step(np.zeros(1), np.ones(1), state)
    assert (1 - state["c"][0]) / before == pytest.approx(0.975, rel=1e-12)


def test_nadam_with_constant_mu_is_optaxs_but_for_beta2():
    # cases 6: .263157902105 with μ = .9; the paper's β₂ under the root is a √.999 in lr and eps
    root = np.sqrt(0.999)
    opt = nadam(lr=0.5 * root, beta1=0.9, eps=1e-8 * root, psi=1e6)
    assert path(opt, P, [G])[1, 0] == pytest.approx(0.263157902105, abs=5e-13)


@pytest.mark.parametrize("psi", [0.0, 0.004, 0.5])
def test_nadam_under_a_constant_gradient(psi):
    # there m = (1 − Πμ)·g, so both parts of the look-ahead can be written down from the products alone
    g, lr, beta1 = -3.0, 0.1, 0.9
    steps = steps_of(nadam(lr=lr, beta1=beta1, beta2=0.99, eps=0.0, psi=psi), [g] * 60)
    mu = beta1 * (1 - 0.96 ** (psi * np.arange(1, 62)) / 2)
    left = 1 - np.cumprod(mu)
    ahead = mu[1:] * left[:-1] / left[1:] + (1 - mu[:-1]) / left[:-1]
    np.testing.assert_allclose(steps, -lr * ahead / np.sqrt(0.99), rtol=1e-11)
    if psi == 0:
        assert steps[-1] == pytest.approx(-lr / np.sqrt(0.99), rel=1e-9)


def test_nadam_without_momentum_is_adam_without_momentum_but_for_beta2():
    g = noise(50, 4)
    ours = path(nadam(lr=0.1 * np.sqrt(0.99), beta1=0.0, beta2=0.99, eps=0.0), np.zeros(4), g)
    theirs = path(adam(lr=0.1, beta1=0.0, beta2=0.99, eps=0.0), np.zeros(4), g)
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)


def test_nadam_looks_ahead():
    # late, with all corrections died out: m̄ = μ·m + (1 − μ)·g, in which the newest gradient weighs
    # 1 − μ² and not 1 − μ
    opt = nadam(lr=1.0, beta1=0.9, beta2=0.0, eps=0.0, psi=0.004)
    state = {"t": 250_000, "m": np.array([2.0]), "v": np.ones(1), "c": np.ones(1)}
    theta = np.zeros(1)
    with np.errstate(divide="ignore"):
        opt(beta2=0.75, eps=0.0).step(theta, np.zeros(1), state)
    assert -theta[0] == pytest.approx(0.9 * 0.9 * 2 / 0.75, rel=1e-9)  # v̂ = β₂·(β₂·1) = .75²
    theta = np.zeros(1)
    state = {"t": 250_000, "m": np.zeros(1), "v": np.zeros(1), "c": np.ones(1)}
    opt(beta2=0.75).step(theta, np.ones(1), state)
    assert -theta[0] == pytest.approx((1 - 0.81) / np.sqrt(0.75 * 0.25), rel=1e-9)


# RAdam.


def rho(t, beta2="0.999"):
    """RAdam's ρ_t and ρ∞ in exact arithmetic."""
    b = Fraction(beta2)
    top = 2 / (1 - b) - 1
    return top - 2 * t * b**t / (1 - b**t), top


def test_the_length_of_radams_average():
    assert rho(1)[1] == 1999
    assert (float(rho(4)[0]), float(rho(5)[0])) == (
        pytest.approx(3.997, abs=5e-4),
        pytest.approx(4.996, abs=5e-4),
    )


def test_radam_is_rectified_from_step_5_on():
    # landmarks 10; before, the step is lr·m̂, which here is lr·g, and then lr·r·sign(g)
    steps = steps_of(radam(lr=0.1, eps=0.0), [-7.0] * 3000)
    np.testing.assert_allclose(steps[:4], -0.7, rtol=1e-13)
    assert (steps[4:] > -0.1).all() and (np.diff(steps[4:]) < 0).all()  # r grows to 1
    for t in (5, 6, 100, 3000):
        length, top = rho(t)
        r2 = (length - 4) * (length - 2) * top / ((top - 4) * (top - 2) * length)
        assert (steps[t - 1] / -0.1) ** 2 == pytest.approx(float(r2), rel=1e-8)
    assert steps[4] == pytest.approx(-0.1 * 0.0173, abs=1e-5)


def test_radams_root_is_pytorchs():
    # With one gradient for ever m̂ and √v̂ are it: a step is lr·r. From torch.optim.RAdam of PyTorch 2.13, ε = 0.
    for beta2, known in (
        (0.9, {6: 0.255176806547, 10: 0.49268807104, 30: 0.898440666995, 200: 0.99999998972}),
        (0.999, {6: 0.0258211128019, 10: 0.0489980134471, 30: 0.110006274921, 200: 0.306621698718}),
    ):
        steps = steps_of(radam(lr=1.0, beta2=beta2, eps=0.0), [2.0] * 200)
        np.testing.assert_allclose([steps[t - 1] for t in known], list(known.values()), rtol=1e-9)


def test_radam_at_first_is_momentum():
    # m̂ is momentum's v with β₁ and the weights (1 − β₁)/(1 − β₁ᵗ)
    g = noise(4, 3)
    like = momentum(lr=lambda t: 0.3 * 0.1 / (1 - 0.9**t), beta=0.9)
    np.testing.assert_allclose(path(radam(lr=0.3), np.ones(3), g), path(like, np.ones(3), g), rtol=1e-12)


@pytest.mark.parametrize(
    ("beta2", "first"), [(0.999, 5), (0.9, 5), (0.61, 11), (0.6, None), (0.5, None), (0.0, None)]
)
def test_when_radam_begins_depends_on_beta2(beta2, first):
    steps = steps_of(radam(lr=1.0, beta2=beta2, eps=0.0), [1e6] * 30)
    rectified = np.flatnonzero(steps < 1e3) + 1
    begins = [t for t in range(1, 31) if rho(t, str(beta2))[0] > 4]
    assert rectified.tolist() == begins
    assert begins[:1] == ([first] if first else [])  # at .61 ρ∞ = 4.13 is just above 4


def test_where_radams_average_has_length_4_in_the_end_it_is_never_rectified():
    # β₂ = 0.6: ρ∞ is 4, and ρ, which comes up to it, has to be above 4
    np.testing.assert_allclose(steps_of(radam(lr=1.0, beta2=0.6, eps=0.0), [1e6] * 200), 1e6, rtol=1e-12)


def test_radam_in_the_end_is_adam():
    g = noise(20, 3)
    paths = [path(rule(lr=0.1), np.ones(3), g, late(rule, 3)) for rule in (radam, adam)]
    np.testing.assert_allclose(*paths, rtol=1e-9)


# Yogi.


def test_yogis_v_moves_by_a_part_of_g_squared_and_towards_it():
    opt, theta, v = yogi(beta2=0.9), np.zeros(6), np.zeros(6)
    state = opt.init(theta)
    for g in noise(200, 6) * 10 ** np.random.default_rng(1).uniform(-2, 2, (200, 6)):
        opt.step(theta, g, state)
        change = state["v"] - v
        np.testing.assert_allclose(np.abs(change), 0.1 * g * g, rtol=1e-6, atol=1e-11)
        assert (np.sign(change) == np.sign(g * g - v)).all() and (state["v"] >= 0).all()
        v = state["v"].copy()


def test_yogi_forgets_slowly_what_adam_forgets_fast():
    # after large gradients g² = 1e4, a hundred small ones of g² = 1: v falls by 100·(1 − β₂)·1, not by β₂¹⁰⁰
    opt, theta = yogi(beta2=0.9), np.zeros(1)
    state = {"t": 10, "m": np.zeros(1), "v": np.array([1e4])}
    for _ in range(100):
        opt.step(theta, np.ones(1), state)
    assert state["v"][0] == pytest.approx(1e4 - 10, rel=1e-12)


def test_yogis_steps():
    # v = t·(1 − β₂)·g² while that is below g², m = (1 − β₁ᵗ)·g: both without correction
    t = np.arange(1, 10)
    steps = steps_of(yogi(lr=1.0, beta1=0.8, beta2=0.9, eps=0.5), [2.0] * 9)
    np.testing.assert_allclose(steps, 2 * (1 - 0.8**t) / (2 * np.sqrt(0.1 * t) + 0.5), rtol=1e-12)


# Schedule-free.


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_schedule_frees_average_is_the_mean_of_gds_points(beta):
    # z goes as gd goes on the gradients at y; x is the mean of z₁ to z_t
    f, opt, y = quadratic(1, 3), schedule_free_sgd(lr=0.1, beta=beta), np.array([2.0, -1.0])
    state, zs, z = opt.init(y), [], y.copy()
    for t in range(1, 41):
        g = f.grad(y)
        gd(lr=0.1).step(z, g, {"t": t})
        zs.append(z.copy())
        opt.step(y, g, state)
        x = y - (1 - beta) * state["d"]
        np.testing.assert_allclose(x, np.mean(zs, axis=0), rtol=0, atol=1e-14)
        np.testing.assert_allclose(y + beta * state["d"], z, rtol=0, atol=1e-14)
        np.testing.assert_allclose(y, (1 - beta) * z + beta * x, rtol=0, atol=1e-14)


def test_schedule_free_with_beta_0_is_gd():
    g = noise(30, 4)
    np.testing.assert_allclose(
        path(schedule_free_sgd(lr=0.1, beta=0.0), P, g), path(gd(lr=0.1), P, g), rtol=1e-13, atol=1e-14
    )
    np.testing.assert_allclose(
        path(schedule_free_adamw(lr=0.1, beta1=0.0), P, g),
        path(adam(lr=0.1, beta1=0.0), P, g),
        rtol=1e-12,
        atol=1e-13,
    )


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_schedule_free_is_as_good_as_theory_says(beta):
    # Defazio et al. 2024, Theorem 1: convex, gradients ≤ G: f(x_T) − f* ≤ D·G/√T at lr = D/(G·√T)
    for T in (10, 100, 1000):
        opt, y = schedule_free_sgd(lr=2 / np.sqrt(T), beta=beta), np.array([2.0])  # f = |θ|, D = 2, G = 1
        state = opt.init(y)
        for _ in range(T):
            opt.step(y, np.sign(y), state)
        assert abs(y - (1 - beta) * state["d"])[0] <= 2 / np.sqrt(T)


def test_schedule_free_adamws_points():
    # on fixed gradients z is adam without momentum, wherever gradients are taken, and x its mean
    g, beta = noise(30, 4), 0.7
    opt, y = schedule_free_adamw(lr=0.1, beta1=beta, beta2=0.9, eps=0.01), P.copy()
    zs = path(adam(lr=0.1, beta1=0.0, beta2=0.9, eps=0.01), P, g)[1:]
    state = opt.init(y)
    for t, row in enumerate(g, start=1):
        opt.step(y, row, state)
        np.testing.assert_allclose(y + beta * state["d"], zs[t - 1], rtol=1e-12)
        np.testing.assert_allclose(y - (1 - beta) * state["d"], zs[:t].mean(axis=0), rtol=1e-12)


def test_schedule_free_adamw_decays_where_the_gradient_is_taken():
    # g = 0: z loses lr·λ·y each step. y₁ = z₁ = x₁ = .9; z₂ = .81, x₂ = .855, y₂ = .8415 at β₁ = .7
    theta = path(schedule_free_adamw(lr=0.2, beta1=0.7, weight_decay=0.5), [1.0], np.zeros((2, 1)))
    np.testing.assert_allclose(theta[:, 0], (1, 0.9, 0.8415), rtol=1e-14)


# LAMB.


def test_lamb_one_step():
    # cases 8: optax's, of which the first two are given; the direction is sign(g), nearly
    moved = path(lamb(lr=0.5), P, [G])[1]
    np.testing.assert_allclose(moved[:2], (-0.369305643905, 0.630693215007), rtol=0, atol=5e-13)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_lambs_step_is_lr_times_the_parameters_own_length(decay):
    theta = path(lamb(lr=0.1, weight_decay=decay), noise(6), noise(40, 6, seed=1))
    step, length = np.linalg.norm(np.diff(theta, axis=0), axis=1), np.linalg.norm(theta[:-1], axis=1)
    np.testing.assert_allclose(step, 0.1 * length, rtol=1e-12)


def test_lambs_direction_is_adams():
    theta, g = noise(6), noise(30, 6, seed=1)
    ours = path(lamb(lr=1e-8, beta1=0.8, beta2=0.9, eps=0.1), theta, g)
    theirs = path(adam(lr=1e-8, beta1=0.8, beta2=0.9, eps=0.1), theta, g)
    step, like = np.diff(ours, axis=0), np.diff(theirs, axis=0)
    ratio = step / like  # one number for all coordinates of a step
    np.testing.assert_allclose(ratio, ratio[:, :1] * np.ones(6), rtol=1e-5)


def test_lambs_decay_is_inside_the_ratio():
    # with no gradient r = λθ, and the ratio takes λ out again: θ ← (1 − lr)·θ
    for decay in (1e-3, 10.0):
        theta = path(lamb(lr=0.1, weight_decay=decay), P, np.zeros((3, 4)))
        np.testing.assert_allclose(theta[-1], 0.9**3 * P, rtol=1e-12)
    # r = sign(g) + λ·θ = (7, 9)
    moved = path(lamb(lr=1.0, eps=0.0, weight_decay=2.0), [3.0, 4.0], [np.array([2.0, 5.0])])[1]
    np.testing.assert_allclose([3.0, 4.0] - moved, 5 / np.sqrt(130) * np.array([7, 9]), rtol=1e-12)


def test_lambs_ratio_is_1_where_a_norm_is_0():
    np.testing.assert_allclose(
        path(lamb(lr=0.1, eps=0.0), np.zeros(3), [np.array([5.0, -1, 2])])[1], (-0.1, 0.1, -0.1)
    )
    assert (path(lamb(lr=0.1), P, [np.zeros(4)])[1] == P).all()


# Muon.


def orthogonal(n, seed=0):
    return np.linalg.qr(noise(n, n, seed=seed))[0]


def singular(a):
    return np.linalg.svd(a, compute_uv=False)


def first_step(opt, g):
    return -path(opt, np.zeros_like(g), [g])[1]


def test_muons_steps_have_singular_values_near_one():
    # landmarks 14: [.005, 1] of the norm goes to [.682, 1.154]
    values = np.geomspace(0.00501, 1, 400)
    for beside in (1.0, 1000.0, 2.0**40):
        for value in values[::8]:
            g = orthogonal(2, 1) @ np.diag([value, np.sqrt(1 - min(1, value**2))]) @ orthogonal(2, 2) * beside
            got = singular(first_step(muon(lr=1.0), g))
            low = min(value, np.sqrt(1 - min(1, value**2)))
            assert got.max() < 1.16 and (got.min() > 0.68 or low < 0.005)


def test_newton_and_schulzs_polynomial_once_through():
    # a vector as a matrix has one singular value, 1 of its norm: p(1) = 3.4445 − 4.775 + 2.0315 = .701, and on:
    # p(.701) = 1.113, p(1.113) = .7219, p(.7219) = 1.0894, p(1.0894) = .6998 by hand to four digits
    step = first_step(muon(lr=1.0), np.array([[3.0, 4.0]]))
    np.testing.assert_allclose(step, np.array([[0.6, 0.8]]) * 0.70, atol=0.01)


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3)])
def test_muon_and_shampoo_do_not_depend_on_the_axes(shape):
    # U·g·Vᵀ gives U·step·Vᵀ, over several steps
    u, v = orthogonal(shape[0], 1), orthogonal(shape[1], 2)
    g = noise(8, *shape, seed=3)
    for opt in (muon(lr=0.1), muon(lr=0.1, weight_decay=0.5), shampoo(lr=0.1)):
        start = noise(*shape, seed=4) if "weight_decay" in opt.hyperparameters else np.zeros(shape)
        plain = path(opt, start, g)
        turned = path(opt, u @ start @ v.T, u @ g @ v.T)
        np.testing.assert_allclose(turned, u @ plain @ v.T, rtol=0, atol=1e-8)


def test_muon_and_shampoo_of_the_transposed():
    wide = noise(5, 2, 8)
    tall = wide.transpose(0, 2, 1)
    for opt, factor in ((muon(lr=0.1), 2.0), (shampoo(lr=0.1), 1.0)):  # √(8/2) for the tall one
        np.testing.assert_allclose(
            path(opt, np.zeros((8, 2)), tall),
            factor * path(opt, np.zeros((2, 8)), wide).transpose(0, 2, 1),
            rtol=0,
            atol=1e-9,
        )


def test_muons_step_does_not_depend_on_the_gradients_size():
    g = noise(6, 3, 4)
    for scale in (1e3, 2.0**40):
        np.testing.assert_allclose(
            path(muon(), np.ones((3, 4)), g * scale), path(muon(), np.ones((3, 4)), g * 1e3), rtol=1e-7
        )


def test_muon_takes_a_tiny_gradient_for_a_smaller_one():
    # 1e-7 is added to the norm, so a number 1e-7 counts as .5, as the first of (.5, √.75) does
    half = first_step(muon(lr=1.0, beta=0.0), np.diag([0.5, np.sqrt(0.75)]))[0, 0]
    assert first_step(muon(lr=1.0, beta=0.0), np.array([[1e-7]]))[0, 0] == pytest.approx(half, rel=1e-5)


def test_a_column_is_a_row_times_the_root_of_its_length():
    g = noise(9, 1)
    np.testing.assert_allclose(first_step(muon(), g), 3 * first_step(muon(), g.T).T, rtol=1e-12)


@pytest.mark.parametrize("shape", [(1000, 2), (2, 1000)])
def test_muon_multiplies_the_short_side(shape):
    # a product of the long side with itself would be 8 MB
    tracemalloc.start()
    first_step(muon(), noise(*shape))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.parametrize("shape", [(3, 0), (0, 3)])
def test_muon_and_shampoo_take_a_matrix_without_elements(shape):
    for opt in (muon(), shampoo(lr=0.1)):
        assert path(opt, np.zeros(shape), [np.zeros(shape)])[1].shape == shape


def test_muons_momentum_looks_ahead():
    # g = (A, B): the second step is along B + β(βA + B), which a muon without memory can be given at once
    a, b, beta = noise(3, 4), noise(3, 4, seed=1), 0.7
    theta = path(muon(lr=1.0, beta=beta), np.zeros((3, 4)), [a, b])
    np.testing.assert_allclose(
        theta[1] - theta[2], first_step(muon(lr=1.0, beta=0.0), 0.49 * a + 1.7 * b), atol=1e-6
    )
    np.testing.assert_allclose(-theta[1], first_step(muon(lr=1.0, beta=0.0), a), atol=1e-6)


def test_muons_decay_is_by_lr_lambda():
    start = noise(3, 4)
    theta = path(muon(lr=0.1, weight_decay=0.5), start, np.zeros((3, 3, 4)))
    np.testing.assert_allclose(theta[-1], start * 0.95**3, rtol=1e-13)


# Shampoo.


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3)])
def test_shampoos_first_step_is_the_nearest_orthogonal_matrix(shape):
    g = noise(*shape)
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    # the zero eigenvalues of the longer side are at ε: it must not be too small for their rounding
    np.testing.assert_allclose(first_step(shampoo(lr=1.0, eps=1e-9), g), u @ vt, atol=1e-5)


def test_shampoo_on_one_number_is_adagrad_and_on_a_diagonal_one_for_each():
    g = noise(30, 3)
    matrices = g[:, :, None] * np.eye(3)
    theirs = path(adagrad(lr=0.1, eps=0.0), np.zeros(3), g)
    ours = path(shampoo(lr=0.1, eps=0.0), np.zeros((3, 3)), matrices)
    np.testing.assert_allclose(ours, theirs[:, :, None] * np.eye(3), rtol=1e-9, atol=1e-12)
    one = path(shampoo(lr=0.1, eps=0.0), np.zeros((1, 1)), g[:, :1, None])
    np.testing.assert_allclose(one[:, 0, 0], theirs[:, 0], rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_shampoo_takes_an_eigenvalue_rounded_below_0_for_0(seed):
    # of rank one and large: the other eigenvalues are 0 but for rounding, which is far larger than ε
    g = 1e4 * np.outer(*noise(2, 5, seed=seed))
    np.testing.assert_allclose(singular(first_step(shampoo(lr=1.0, eps=1e-12), g))[0], 1, rtol=1e-2)


def test_shampoos_eps_is_what_each_side_starts_with():
    # one number: g/((g² + ε)^¼·(g² + ε)^¼); 3 with ε = 16 is 3/5
    assert first_step(shampoo(lr=1.0, eps=16.0), np.array([[3.0]]))[0, 0] == pytest.approx(0.6, rel=1e-14)
    state = shampoo.init(np.zeros((2, 3)))
    assert state["left"].shape == (2, 2) and state["right"].shape == (3, 3)


def test_shampoos_steps_are_lr_over_the_root_of_t_under_a_constant_gradient():
    g = noise(4, 4)
    steps = -np.diff(path(shampoo(lr=1.0, eps=1e-12), np.zeros((4, 4)), [g] * 9), axis=0)
    np.testing.assert_allclose(
        steps * np.sqrt(np.arange(1, 10))[:, None, None], steps[:1] * np.ones((9, 1, 1)), atol=1e-6
    )
    np.testing.assert_allclose(singular(steps[8]), 1 / 3, rtol=1e-6)


def test_shampoos_path_does_not_change_with_the_scale_of_the_gradient():
    g = noise(10, 4, 4)
    plain = path(shampoo(lr=0.1, eps=0.0), np.zeros((4, 4)), g)
    np.testing.assert_allclose(
        path(shampoo(lr=0.1, eps=0.0), np.zeros((4, 4)), g * 2.0**40), plain, rtol=0, atol=1e-9
    )


# SOAP.


@pytest.mark.parametrize("shape", [(4, 4), (3, 6), (6, 3)])
def test_soaps_first_step_is_the_nearest_orthogonal_matrix(shape):
    g = noise(*shape)
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    np.testing.assert_allclose(first_step(soap(lr=1.0), g), u @ vt, atol=1e-6)


def test_soap_does_not_depend_on_the_axes():
    u, v, g = orthogonal(3, 1), orthogonal(3, 2), noise(8, 3, 3, seed=3)
    plain, turned = path(soap(), np.zeros((3, 3)), g), path(soap(), np.zeros((3, 3)), u @ g @ v.T)
    np.testing.assert_allclose(turned, u @ plain @ v.T, rtol=0, atol=1e-8)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3)])
def test_soap_where_the_axes_are_the_coordinates_is_adam(shape):
    # diagonal gradients whose sizes keep their order: the eigenvectors are the axes
    sizes = 10.0 ** np.arange(shape[0])
    g = sizes * np.random.default_rng(0).uniform(0.5, 1.5, (30, shape[0])) * np.array([1, -1, 1])[: shape[0]]
    given = {"lr": 0.1, "beta1": 0.7, "beta2": 0.9, "eps": 1e-3}
    ours = path(soap(**given), np.zeros(shape), g[:, :, None] * np.eye(shape[0]))
    theirs = path(adam(**given), np.zeros(shape[0]), g)
    np.testing.assert_allclose(ours, theirs[:, :, None] * np.eye(shape[0]), rtol=1e-10, atol=1e-12)


def test_soaps_second_step_in_axes_that_have_turned():
    # g₁ = diag(1, 2), then g₂ = [[0, 1], [1, 0]]: with β₁ = 0 and β₂ = ½, L = R = diag(¼ + ½, 1 + ½): the axes stay,
    # v = ½·diag(½, 2) + ½·g₂² and v̂ = v/(1 − ¼), so u = g₂/√(½/¾) = g₂·√1.5
    one, two = np.diag([1.0, 2.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    theta = path(soap(lr=1.0, beta1=0.0, beta2=0.5, eps=1e-12), np.zeros((2, 2)), [one, two])
    np.testing.assert_allclose(theta[1] - theta[2], two * np.sqrt(1.5), atol=1e-9)


def test_soap_without_memory_is_the_nearest_orthogonal_matrix_at_every_step():
    g = noise(5, 3, 3)
    steps = -np.diff(path(soap(lr=1.0, beta1=0.0, beta2=0.0), np.zeros((3, 3)), g), axis=0)
    for one, step in zip(g, steps, strict=True):
        u, _, vt = np.linalg.svd(one)
        np.testing.assert_allclose(step, u @ vt, atol=1e-6)


def test_soaps_slots_and_what_is_not_finite():
    state = soap.init(np.zeros((2, 3)))
    assert [state[name].shape for name in soap.slots] == [(2, 2), (3, 3), (2, 3), (2, 3)]
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(path(soap(lr=0.1), np.zeros((2, 2)), [np.full((2, 2), 1e200)])[1]).all()


# Where squares overflow.


@pytest.mark.parametrize(
    "rule", [adagrad, rmsprop, adam, adadelta, amsgrad, nadam, schedule_free_adamw, adamw]
)
def test_a_gradient_whose_square_overflows_stands_still(rule):
    # conventions.md: from |g| = 1.34e154 on; an infinite root divides every step to 0, in adagrad for ever
    row = next(row for row in TABLE if row.rule is rule)
    for g, still in ((1.3e154, False), (1e157, True)):
        with np.errstate(over="ignore"):
            assert (steps_of(row.without_decay(), [g])[0] == 0) == still


def test_shampoo_has_nan_where_a_product_overflows():
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(path(shampoo(lr=0.1), np.zeros((2, 2)), [np.full((2, 2), 1e200)])[1]).all()


def test_signs_and_the_largest_gradient_do_not_overflow():
    assert (steps_of(adamax(lr=0.1), [1e300] * 3) > 0.099).all()
    assert (steps_of(lion(lr=0.5), [1e300] * 3) == 0.5).all()
    assert (steps_of(signsgd(lr=0.5), [-5e-324] * 3) == -0.5).all()


# Types.

RULES = [
    rule
    for library in (optimizers, dialects)
    for rule in vars(library).values()
    if isinstance(rule, Optimizer)
]


@pytest.mark.parametrize("shape", [(8, 6), (8,)])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_float32_stays_float32_on_the_way(rule, shape):
    found = set()

    class Watched(np.ndarray):
        def __array_ufunc__(self, function, method, *values, **options):
            values = [v.view(np.ndarray) if isinstance(v, Watched) else v for v in values]
            result = getattr(function, method)(*values, **options)
            found.update({result.dtype} if result.dtype.kind == "f" else ())
            return result.view(Watched) if result.ndim else result

    if rule.matrix and len(shape) == 1:
        return
    rng = np.random.default_rng(0)
    opt = rule(**{name: 0.01 for name, value in rule.hyperparameters.items() if value is REQUIRED})
    sizes = [opt.shapes[slot](*shape) if slot in opt.shapes else shape for slot in opt.slots]
    theta, g = rng.normal(size=(2, *shape)).astype(np.float32)
    arrays = [array.view(Watched) for array in (theta, g, *(np.zeros(size, np.float32) for size in sizes))]
    for t in (1.0, 7.0):  # radam's two ways
        opt.rule(*arrays[:2], t, *arrays[2:], **opt.values(int(t)))
    assert found == {np.dtype(np.float32)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_float32_follows_float64(rule):
    rng = np.random.default_rng(1)
    opt = rule(**{name: 0.01 for name, value in rule.hyperparameters.items() if value is REQUIRED})
    opt = opt(eps=1e-3) if rule is soap else opt  # its first gradient has only rounding beside the diagonal
    theta = rng.normal(size=(8, 6))
    near, gradients = theta.astype(np.float32), rng.normal(size=(20, 8, 6)).astype(np.float32)
    states = opt.init(theta), opt.init(near)
    for g in gradients:
        opt.step(theta, g.astype(float), states[0])
        opt.step(near, g, states[1])
    np.testing.assert_allclose(near, theta, rtol=2e-4, atol=2e-4)
