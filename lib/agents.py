"""A world to act in, a cart with a pole on it, and REINFORCE: a gradient for what can only be tried out.

>>> from lib.descend import descend
>>> from lib.networks import Linear
>>> from lib.optimizers import adam
>>> world = balance(Network(Linear(4, 1)))
>>> run = descend(world, np.zeros(5), adam(lr=0.3), 30, gradient=Reinforce(16), every=30)
>>> bool(-run.loss[0] < 30), bool(-run.loss[-1] > 150)  # steps until the pole falls, of 200
(True, True)

An agent sees the state of the cart, and a network makes of it the log-odds of pushing to the right. An
episode ends when the pole leans too far or the cart is too far out. What is minimized is minus the mean
length of some episodes: a problem, whose parameters are the network's and whose data are the luck of these
episodes, drawn beforehand. A length counts steps and has no slope to be computed; `Reinforce` estimates the
slope of its mean from what was tried. This module knows no optimizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from lib.checks import Array, brief, whole
from lib.networks import Back, Network, runs_first, through
from lib.problems import Estimate, Problem, views
from lib.surfaces import Surface

REACH, LEAN = 2.4, 12 * np.pi / 180
"""Metres from the middle and radians from upright at which an episode ends."""


def cart_pole(state: ArrayLike, right: ArrayLike) -> Array:
    """The state x, ẋ, φ, φ̇ (4, …) 0.02 s later, after a push of 10 N: to the right where `right`, else to
    the left (Barto, Sutton & Anderson 1983; constants and Euler's step as in Gymnasium's CartPole-v1).

    A cart of 1 kg, a pole of 0.1 kg and 1 m, no friction; φ is the pole's angle from upright.

    >>> cart_pole([0.0, 0.0, 0.0, 0.0], True).round(4)
    array([ 0.    ,  0.1951,  0.    , -0.2927])
    """
    _, v, angle, spin = state = np.asarray(state)
    push, sin, cos = np.where(right, 10.0, -10.0), np.sin(angle), np.cos(angle)
    pull = (push + 0.05 * spin * spin * sin) / 1.1
    turn = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
    slide = pull - 0.05 * turn * cos / 1.1
    return state + 0.02 * np.array([v, slide, spin, turn])


def fallen(state: Array) -> Array:
    """Whether an episode ends in the states (4, …)."""
    return (np.abs(state[0]) > REACH) | (np.abs(state[2]) > LEAN)


@dataclass(frozen=True)
class Episodes:
    """What happened in N episodes of each run: the states (runs, T, N, 4), the choices `right`, and `alive`
    (runs, T, N), True for the steps that an episode took; what comes after them does not count."""

    states: Array
    right: Array
    alive: Array

    @property
    def lengths(self) -> Array:
        """How many steps each episode took (runs, N)."""
        return self.alive.sum(axis=1)


@dataclass(frozen=True)
class Reinforce:
    """REINFORCE: the slope of minus the mean length, estimated from episodes that are drawn anew for every
    step and every run (Williams 1992).

        g = −1/(N−1) · Σᵢ Σₜ ∇ln π(aᵢₜ | sᵢₜ) · (Gᵢₜ − Ḡₜ)

    Gᵢₜ is how many steps episode i still takes from step t on, 0 once it is over, and Ḡₜ the mean of the N:
    what the others got is a baseline for each. With N − 1, as in a sample's variance, g has the slope itself
    as its mean. Any rule steps with it: `descend(balance(net), start, opt, 60, gradient=Reinforce(16))`.

    Parameters
    ----------
    episodes : N, at least 2
    baseline : without one Ḡ is 0, and N stands for N − 1: the same mean, and more noise
    whiten : divide G − Ḡ by the root of its mean square, and sum ∇ln π·(…) to a mean over all steps that were
        taken. So the size of g says nothing of the slope's size any more; where all are alike g is 0.

    Raises
    ------
    TypeError
        When what is to be minimized is no world of `balance`, or `baseline` or `whiten` not True or False.
    ValueError
        When episodes is not a whole number of 2 or more.
    """

    episodes: int
    baseline: bool = True
    whiten: bool = False

    def __call__(self, surface: Surface, rng: Generator) -> Estimate:
        world = getattr(surface, "function", None)
        if not (isinstance(world, Balance) and isinstance(surface, Problem)):
            raise TypeError(f"{surface.name} is no world to act in; give Reinforce one of balance(net)")
        whole("episodes", self.episodes, 2)
        for name in ("baseline", "whiten"):
            if not isinstance(value := getattr(self, name), bool):
                raise TypeError(f"{name} is {brief(value)}; give True or False")
        steps = surface.data[1].shape[1]

        def estimate(theta: Array) -> Array:
            parts = list(runs_first(views(theta, world.net.shapes).values(), world.net.shapes))
            episodes = world.play(parts, *draw(rng, len(parts[0]), self.episodes, steps))
            slopes = [slope.reshape(len(slope), -1) for slope in world.slopes(parts, episodes, self)]
            return np.concatenate(slopes, axis=1).T.reshape(theta.shape)

        return estimate


@dataclass(frozen=True)
class Balance:
    """Who drives the cart, and in which world. Where it is `swapped`, a push to the right goes left.

    Called as `Problem` does, with parameters, starts (N, 4) and luck (N, steps), it returns minus the mean
    length of these episodes, and what `Reinforce` would estimate from them.
    """

    net: Network
    swapped: bool = False

    def __call__(self, *given: Array) -> tuple[Array, tuple[Array, ...]]:
        *parts, starts, luck = given
        shapes = self.net.shapes
        runs = parts[0].shape[len(next(iter(shapes.values()))) :]
        first = list(runs_first(parts, shapes))
        episodes = self.play(first, starts[None], luck[None])
        slopes = self.slopes(first, episodes, Reinforce(len(starts)))
        return -episodes.lengths.mean(axis=1).reshape(runs), tuple(
            np.moveaxis(slope, 0, -1).reshape(part.shape) for slope, part in zip(slopes, parts, strict=True)
        )

    def play(self, parts: Sequence[Array], starts: Array, luck: Array) -> Episodes:
        """The episodes from starts (1 or runs, N, 4), with luck (1 or runs, N, steps) in [0, 1): a push goes
        right where it is below the probability of that. A parameter is (runs, *shape)."""
        shape = max(len(starts), len(parts[0])), starts.shape[1]
        state, alive, seen = np.broadcast_to(starts.transpose(2, 0, 1), (4, *shape)), np.ones(shape, bool), []
        for chance in luck.transpose(2, 0, 1):
            states = np.ascontiguousarray(state.transpose(1, 2, 0))
            right = chance < self.right(parts, states)[0]
            seen.append((states, right, alive))
            state = cart_pole(state, right != self.swapped)
            alive = alive & ~fallen(state)
            if not alive.any():
                break
        return Episodes(*(np.stack(each, axis=1) for each in zip(*seen, strict=True)))

    def right(self, parts: Sequence[Array], states: Array) -> tuple[Array, Back]:
        """The probability of a push to the right (runs, …) in the states (runs, …, 4), and the way back from
        the slope in its log-odds."""
        logit, back = through(self.net.layers, states, parts)
        return (1 + np.tanh(logit[..., 0] / 2)) / 2, lambda slope: back(slope[..., None])

    def slopes(self, parts: Sequence[Array], episodes: Episodes, how: Reinforce) -> tuple[Array, ...]:
        """What `how` estimates from these episodes, for each parameter (runs, *shape)."""
        alive, N = episodes.alive, episodes.alive.shape[2]
        left = alive[:, ::-1].cumsum(axis=1)[:, ::-1]
        weight = (left - left.mean(axis=2, keepdims=True) if how.baseline else left) * alive
        if how.whiten:
            taken = alive.sum(axis=(1, 2), keepdims=True)
            size = np.sqrt((weight * weight).sum(axis=(1, 2), keepdims=True) / taken)
            weight = weight / (taken * np.where(size > 0, size, 1))
        else:
            weight = weight / (N - how.baseline)
        p, back = self.right(parts, episodes.states)
        return back((p - episodes.right) * weight)[1]


def draw(rng: Generator, runs: int, episodes: int, steps: int) -> tuple[Array, Array]:
    """The luck of some episodes: where they start, uniform in ±0.05 as in Gymnasium, (runs, N, 4), and a
    number in [0, 1) for each choice (runs, N, steps)."""
    return rng.uniform(-0.05, 0.05, (runs, episodes, 4)), rng.random((runs, episodes, steps))


def balance(
    net: Network, *, swapped: bool = False, episodes: int = 32, steps: int = 200, seed: int = 0
) -> Problem:
    """The cart-pole as a problem: minus the mean length of some episodes that `seed` draws.

    Parameters
    ----------
    net : from the state (…, 4) to the log-odds of a push to the right (…, 1)
    swapped : whether right and left have changed places
    episodes : how many measure the length, at least 2; the same for all runs
    steps : the longest that an episode may take, at least 1

    Raises
    ------
    TypeError
        When net is no network, or swapped not True or False.
    ValueError
        When net does not take four numbers or does not make one; a whole number is out of its range.
    """
    if not isinstance(net, Network):
        raise TypeError(
            f"net is {brief(net)}; give a network, such as Network(Linear(4, 16), Tanh(), Linear(16, 1))"
        )
    if not isinstance(swapped, bool):
        raise TypeError(f"swapped is {brief(swapped)}; give True or False")
    sizes = whole("episodes", episodes, 2), whole("steps", steps, 1)
    starts, luck = draw(np.random.default_rng(whole("seed", seed, 0)), 1, *sizes)
    made = net(np.zeros(sum(map(prod, net.shapes.values()))), starts[0]).shape
    if made != (sizes[0], 1):
        raise ValueError(
            f"net makes {made[1:]} of a state; one number is wanted, the log-odds of a push to the right"
        )
    name = f"cart-pole{', swapped' * swapped}"
    return Problem(Balance(net, swapped), name, shapes=net.shapes, data=(starts[0], luck[0]))
