"""The cart-pole by Lagrange's equations, REINFORCE against all that could happen, runs as each alone, words for bad input."""

import pickle
import re
from itertools import product

import numpy as np
import pytest

from lib.agents import Balance, Reinforce, balance, cart_pole, draw, fallen
from lib.descend import descend
from lib.networks import Linear, Network, Tanh
from lib.optimizers import adam, gd
from lib.problems import Minibatches
from lib.surfaces import booth

NET = Network(Linear(4, 3), Tanh(), Linear(3, 1))
D = 4 * 3 + 3 + 3 + 1
RNG = np.random.default_rng(17)
THETA = RNG.standard_normal(D)


def one_run(theta):
    """Parameters (1, *shape) of one run."""
    W1, b1, W2, b2 = np.split(np.asarray(theta, float), [12, 15, 18])
    return [W1.reshape(1, 4, 3), b1[None], W2.reshape(1, 3, 1), b2[None]]


# The world.


@pytest.mark.parametrize("right", [True, False])
def test_the_cart_obeys_lagrange(right):
    """(M + m)ẍ + ml cos φ φ̈ = F + ml sin φ φ̇² and cos φ ẍ + 4/3 l φ̈ = g sin φ, solved as they stand."""
    state = RNG.uniform(-1, 1, (4, 50))
    new = cart_pole(state, right)
    assert np.allclose(new[[0, 2]] - state[[0, 2]], 0.02 * state[[1, 3]], rtol=1e-12)
    for (_, _, angle, spin), faster in zip(state.T, (new - state)[[1, 3]].T / 0.02, strict=True):
        mass = [[1 + 0.1, 0.1 * 0.5 * np.cos(angle)], [np.cos(angle), 4 / 3 * 0.5]]
        force = [(10 if right else -10) + 0.1 * 0.5 * np.sin(angle) * spin**2, 9.8 * np.sin(angle)]
        assert np.allclose(np.linalg.solve(mass, force), faster, rtol=1e-11)


def test_a_pole_left_alone_falls_and_left_is_the_mirror_of_right():
    state = RNG.uniform(-1, 1, (4, 7))
    assert np.array_equal(cart_pole(-state, False), -cart_pole(state, True))
    choices = RNG.random(7) < 0.5
    apart = [cart_pole(state[:, i], choices[i]) for i in range(7)]
    assert np.array_equal(cart_pole(state, choices), np.transpose(apart))


def test_where_an_episode_ends():
    degree = np.pi / 180
    x = [0, 2.39, 2.41, -2.41, 0, 0, 0]
    angle = np.array([0, 0, 0, 0, 11.9, 12.1, -12.1]) * degree
    states = np.array([x, np.zeros(7), angle, np.zeros(7)])
    assert fallen(states).tolist() == [False, False, True, True, False, True, True]


def test_who_never_pushes_left_falls_at_once():
    """A constant push tips the pole over: by hand, 8 to 11 steps from any start."""
    world = balance(NET, episodes=32)
    lengths = world.function.play(
        one_run(np.append(np.zeros(18), 50.0)), world.data[0][None], world.data[1][None]
    )
    assert 8 <= lengths.lengths.min() <= lengths.lengths.max() <= 11


def test_swapped_is_the_other_push():
    starts, luck = draw(np.random.default_rng(0), 1, 4, 30)
    right = one_run(np.append(np.zeros(18), 50.0))
    left = one_run(np.append(np.zeros(18), -50.0))
    there, here = Balance(NET, swapped=True).play(right, starts, luck), Balance(NET).play(left, starts, luck)
    assert np.array_equal(there.states, here.states)
    assert there.right.all() and not here.right.any()


def test_an_episode_counts_its_steps():
    """Played one at a time and push by push."""
    starts, luck = draw(np.random.default_rng(3), 1, 6, 40)
    parts = one_run(THETA)
    episodes = Balance(NET).play(parts, starts, luck)
    for i in range(6):
        state, steps = starts[0, i], 0
        while steps < 40:
            logit = np.tanh(state @ parts[0][0] + parts[1][0]) @ parts[2][0] + parts[3][0]
            assert np.allclose(episodes.states[0, steps, i], state, rtol=1e-9)
            state, steps = cart_pole(state, luck[0, i, steps] < 1 / (1 + np.exp(-logit[0]))), steps + 1
            if fallen(state):
                break
        assert episodes.lengths[0, i] == steps


# The gradient.


def everything(theta, start, steps):
    """The mean length from one start over all that can happen, each with its probability."""
    parts, total = one_run(theta), 0.0
    for choices in product((0, 1), repeat=steps):
        state, chance, length = start, 1.0, 0
        for right in choices:
            if length < steps and (length == 0 or not fallen(state)):
                logit = np.tanh(state @ parts[0][0] + parts[1][0]) @ parts[2][0] + parts[3][0]
                p = 1 / (1 + np.exp(-logit[0]))
                chance *= p if right else 1 - p
                state, length = cart_pole(state, bool(right)), length + 1
            else:  # over: what is still chosen changes nothing
                chance *= 0.5
        total += chance * length
    return total


@pytest.mark.parametrize("how", [Reinforce(3), Reinforce(3, baseline=False)], ids=["baseline", "none"])
def test_the_estimate_has_the_gradient_as_its_mean(how):
    """Against central differences of the mean over all 2⁶ sequences of choices, from a pole about to fall."""
    start, steps, many = np.array([0.0, 0.3, 0.15, 0.5]), 6, 20_000
    exact = [
        -(everything(THETA + d, start, steps) - everything(THETA - d, start, steps)) / 2e-5
        for d in 1e-5 * np.eye(D)
    ]
    assert 2 < everything(THETA, start, steps) < 6 and np.abs(exact).max() > 0.05
    world = Balance(NET)
    parts = [np.repeat(part, many, axis=0) for part in one_run(THETA)]
    luck = np.random.default_rng(5).random((many, 3, steps))
    slopes = world.slopes(parts, world.play(parts, np.broadcast_to(start, (1, 3, 4)), luck), how)
    found = np.concatenate([slope.reshape(many, -1) for slope in slopes], axis=1)
    error = found.std(axis=0) / np.sqrt(many)
    assert (np.abs(found.mean(axis=0) - exact) < 4 * error).all()
    assert np.linalg.norm(error) < 0.1 * np.linalg.norm(exact)  # so the test sees a tenth


def test_whitening_forgets_the_size():
    """By hand from (17.7): advantages of mean square 1 over all steps taken, and a mean over these."""
    world = balance(NET, episodes=5, steps=60)
    parts = one_run(THETA)
    episodes = world.function.play(parts, world.data[0][None], world.data[1][None])
    left = np.array([[max(n - t, 0) for n in episodes.lengths[0]] for t in range(episodes.alive.shape[1])])
    away = (left - left.mean(axis=1, keepdims=True)) * (left > 0)
    taken = (left > 0).sum()
    scale = 4 / (taken * np.sqrt((away**2).sum() / taken))  # of what 1/(N − 1) gives
    plain = world.function.slopes(parts, episodes, Reinforce(5))
    white = world.function.slopes(parts, episodes, Reinforce(5, whiten=True))
    for one, other in zip(plain, white, strict=True):
        assert np.allclose(scale * one, other, rtol=1e-12)


@pytest.mark.parametrize("whiten", [False, True])
def test_where_all_episodes_are_alike_nothing_is_learnt(whiten):
    g = Reinforce(8, whiten=whiten)(balance(NET, steps=3), np.random.default_rng(0))(THETA)
    assert np.array_equal(g, np.zeros(D))


def test_the_loss_is_minus_the_mean_length_and_the_slope_that_of_the_same_episodes():
    world = balance(NET, episodes=6, steps=50, seed=4)
    parts = one_run(THETA)
    episodes = world.function.play(parts, world.data[0][None], world.data[1][None])
    slopes = world.function.slopes(parts, episodes, Reinforce(6))
    value, grad = world.value_and_grad(THETA)
    assert value == -episodes.lengths.mean()
    assert np.allclose(grad, np.concatenate([slope.ravel() for slope in slopes]), rtol=1e-12)


# As a problem and as a source.


def test_many_runs_are_each_of_them_alone():
    world, theta = balance(NET, episodes=4, steps=60), 0.7 * RNG.standard_normal((D, 3, 2))
    value, grad = world.value_and_grad(theta)
    assert value.shape == (3, 2) and grad.shape == theta.shape
    for i, j in np.ndindex(3, 2):
        one = world.value_and_grad(theta[:, i, j])
        assert value[i, j] == one[0]
        np.testing.assert_allclose(grad[:, i, j], one[1], rtol=1e-10, atol=1e-12)


def test_runs_have_luck_of_their_own_and_a_seed_repeats_it():
    world, theta = balance(NET), np.repeat(THETA[:, None], 3, axis=1)
    g = Reinforce(4)(world, np.random.default_rng(0))(theta)
    assert not np.allclose(g[:, 0], g[:, 1])
    run, again = (descend(world, theta, adam(lr=0.1), 3, gradient=Reinforce(4), seed=5) for _ in range(2))
    assert run.identical(again)


def test_a_driver_learns():
    run = descend(balance(NET), np.zeros(D) + THETA / 4, adam(lr=0.1), 40, gradient=Reinforce(16), every=40)
    assert -run.loss[0] < 40 and -run.loss[-1] > 150


def test_it_can_be_kept_and_takes_minibatches():
    world = balance(NET, episodes=8, steps=30)
    again = pickle.loads(pickle.dumps(world))
    assert again(THETA) == world(THETA) and world.name == "cart-pole"
    assert balance(NET, swapped=True).name == "cart-pole, swapped"
    assert not descend(world, THETA, gd(lr=0.01), 3, gradient=Minibatches(4)).diverged


# Words for bad input.


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: balance("net"), TypeError, "net is 'net'; give a network, such as Network(Linear(4, 16)"),
        (lambda: balance(Network(Linear(3, 1))), ValueError, "takes an input of shape"),
        (lambda: balance(Network(Linear(4, 2))), ValueError, "net makes (2,) of a state; one number is wanted"),
        (lambda: balance(NET, swapped=1), TypeError, "swapped is 1; give True or False"),
        (lambda: balance(NET, episodes=1), ValueError, "episodes is 1; it has to be a whole number ≥ 2"),
        (lambda: balance(NET, steps=0), ValueError, "steps is 0; it has to be a whole number ≥ 1"),
        (lambda: balance(NET, seed=-1), ValueError, "seed is -1; it has to be a whole number ≥ 0"),
        (lambda: Reinforce(1)(balance(NET), RNG), ValueError, "episodes is 1; it has to be a whole number ≥ 2"),
        (lambda: Reinforce(4, baseline=0.5)(balance(NET), RNG), TypeError, "baseline is 0.5; give True or False"),
        (lambda: Reinforce(4, whiten="yes")(balance(NET), RNG), TypeError, "whiten is 'yes'; give True or False"),
        (
            lambda: descend(booth, (0, 0), gd(lr=0.1), 3, gradient=Reinforce(4)),
            TypeError,
            "booth is no world to act in; give Reinforce one of balance(net)",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_told_what_is_allowed(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
