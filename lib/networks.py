"""Networks: layers with exact gradients, put together into a problem that every rule here can train.

>>> from lib.descend import descend
>>> from lib.optimizers import adam
>>> from lib.problems import Minibatches, digits
>>> X, y = digits()
>>> net = Network(Linear(64, 32, gain=2), ReLU(), Linear(32, 10))
>>> start = net.start(np.random.default_rng(0))
>>> run = descend(net.problem(X, y), start, adam(lr=0.01), 100, every=100, gradient=Minibatches(64))
>>> right = net(run.theta.values[-1], X).argmax(axis=1) == y
>>> bool(right.mean() > 0.9)
True

**Backpropagation** is in two places. A layer's `forward` returns what it makes of its input, and a function
`back`: from the slope of the loss in the output to the slope in the input and in the layer's own parameters
(Rumelhart, Hinton & Williams 1986). `through` calls the layers one after the other, and their `back`s in the
opposite order. That is all of it.

Inside a layer the run is the *first* axis, because a matrix product takes the last two: x is (runs, N, …,
width), a parameter (runs, *shape), and data that all runs share have one run. Outside it is the last one, as
everywhere else in lib. To add a layer, write a class like those below; tests/test_networks.py checks its
gradient by finite differences. This module knows no optimizer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import prod
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from lib.checks import Array, brief, reals
from lib.problems import Problem, check_size, views

Back = Callable[[Array], tuple[Array, tuple[Array, ...]]]
Shapes = dict[str, tuple[int, ...]]


class Layer:
    """One step of a network: `shapes` names its parameters, `start` draws them, `forward` applies them."""

    @property
    def shapes(self) -> Shapes:
        """The parameters, name to shape; a layer without any has none."""
        return {}

    def start(self, rng: Generator) -> tuple[Array, ...]:
        """The parameters of one run before the first step."""
        return ()

    def forward(self, x: Array, *parameters: Array) -> tuple[Array, Back]:
        """The output, and `back`: the slope in the output ↦ the slopes in the input and in the parameters."""
        raise NotImplementedError


def through(layers: Sequence[Layer], x: Array, parameters: Sequence[Array]) -> tuple[Array, Back]:
    """Forward through all layers; the way back is theirs in the opposite order."""
    left, backs = iter(parameters), []
    for layer in layers:
        x, back = layer.forward(x, *islice(left, len(layer.shapes)))
        backs.append(back)

    def back_through(dy: Array) -> tuple[Array, tuple[Array, ...]]:
        parts: tuple[Array, ...] = ()
        for back in reversed(backs):
            dy, own = back(dy)
            parts = own + parts
        return dy, parts

    return x, back_through


@dataclass(frozen=True)
class Linear(Layer):
    """y = xW + b. W starts normal with variance gain/inputs, b at 0.

    With gain = 1 the outputs vary as much as the inputs do; before a ReLU, which drops half of the square,
    gain = 2 does (He et al. 2015, eq. 10).

    >>> net = Network(Linear(2, 1))
    >>> net([3.0, 4.0, 1.0], [[1.0, 2.0]])  # 1·3 + 2·4 + 1
    array([[12.]])
    """

    inputs: int
    outputs: int
    gain: float = 1.0

    @property
    def shapes(self) -> Shapes:
        return {"W": (self.inputs, self.outputs), "b": (self.outputs,)}

    def start(self, rng: Generator) -> tuple[Array, ...]:
        scale = np.sqrt(self.gain / self.inputs)
        return scale * rng.standard_normal((self.inputs, self.outputs)), np.zeros(self.outputs)

    def forward(self, x: Array, W: Array, b: Array) -> tuple[Array, Back]:  # type: ignore[override]
        takes(self, x, self.inputs)
        rows = x.reshape(len(x), -1, self.inputs)
        y = rows @ W + b[:, None]

        def back(dy: Array) -> tuple[Array, tuple[Array, ...]]:
            dy = dy.reshape(len(dy), -1, self.outputs)
            dx = dy @ W.swapaxes(1, 2)
            return dx.reshape(len(dx), *x.shape[1:]), (rows.swapaxes(1, 2) @ dy, dy.sum(axis=1))

        return y.reshape(len(y), *x.shape[1:-1], self.outputs), back


@dataclass(frozen=True)
class Tanh(Layer):
    """y = tanh x; its slope is 1 − y²."""

    def forward(self, x: Array) -> tuple[Array, Back]:  # type: ignore[override]
        y = np.tanh(x)
        return y, lambda dy: (dy * (1 - y * y), ())


@dataclass(frozen=True)
class ReLU(Layer):
    """y = max(x, 0); its slope is 1 where x > 0, else 0, at 0 too, as in PyTorch and JAX."""

    def forward(self, x: Array) -> tuple[Array, Back]:  # type: ignore[override]
        return np.maximum(x, 0), lambda dy: (dy * (x > 0), ())


@dataclass(frozen=True)
class BatchNorm(Layer):
    """y = γ x̂ + β, where x̂ is x less its mean over the batch, by its standard deviation there
    (Ioffe & Szegedy 2015, Algorithm 1). γ starts at 1, β at 0.

    The variance divides by N, and ε, 1e-5, stands inside the root, as in the paper and in PyTorch. The mean
    and the deviation are those of the examples given, always: this layer keeps no running averages, so it has
    no second mode for evaluation.
    """

    width: int
    eps: float = 1e-5

    @property
    def shapes(self) -> Shapes:
        return {"gamma": (self.width,), "beta": (self.width,)}

    def start(self, rng: Generator) -> tuple[Array, ...]:
        return np.ones(self.width), np.zeros(self.width)

    def forward(self, x: Array, gamma: Array, beta: Array) -> tuple[Array, Back]:  # type: ignore[override]
        takes(self, x, self.width)
        away = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((away * away).mean(axis=1, keepdims=True) + self.eps)
        hat = away / deviation

        def back(dy: Array) -> tuple[Array, tuple[Array, ...]]:
            d = dy * gamma[:, None]
            along = hat * (d * hat).mean(axis=1, keepdims=True)
            dx = (d - d.mean(axis=1, keepdims=True) - along) / deviation
            return dx, ((dy * hat).sum(axis=1), dy.sum(axis=1))

        return gamma[:, None] * hat + beta[:, None], back


@dataclass(frozen=True)
class RMSNorm(Layer):
    """y = x / √(mean of x² over the width + ε): each vector to one length (Zhang & Sennrich 2019, eq. 4).

    Without the paper's gain, which the next layer's W can take over; and with ε, 1e-6, inside the root.
    """

    eps: float = 1e-6

    def forward(self, x: Array) -> tuple[Array, Back]:  # type: ignore[override]
        scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.eps)
        y = x * scale
        return y, lambda dy: (scale * (dy - y * (y * dy).mean(axis=-1, keepdims=True)), ())


class Residual(Layer):
    """y = x + scale · f(x), where f is the layers inside, one after the other (He et al. 2016, eq. 1)."""

    def __init__(self, *inside: Layer, scale: float = 1.0) -> None:
        self.inside, self.scale = inside, scale

    @property
    def shapes(self) -> Shapes:
        return named(self.inside)

    def start(self, rng: Generator) -> tuple[Array, ...]:
        return tuple(part for layer in self.inside for part in layer.start(rng))

    def forward(self, x: Array, *parameters: Array) -> tuple[Array, Back]:
        f, back_inside = through(self.inside, x, parameters)
        if f.shape[1:] != x.shape[1:]:
            raise ValueError(
                f"{self!r} adds what is inside, {f.shape[1:]}, to its input, {x.shape[1:]} without the runs: "
                "both need one shape; let the last layer inside make it"
            )

        def back(dy: Array) -> tuple[Array, tuple[Array, ...]]:
            dx, parts = back_inside(self.scale * dy)
            return dy + dx, parts

        return x + self.scale * f, back

    def __repr__(self) -> str:
        return f"Residual({', '.join(map(repr, self.inside))})"


@dataclass(frozen=True)
class Embedding(Layer):
    """A vector for each word: whole numbers (N, L) become vectors (N, L, width), rows of E.

    E starts normal with standard deviation `scale`. It is the first layer of a network: the number of a word
    has no slope. The slope in E is 0 in the rows of words that the batch does not have.
    """

    words: int
    width: int
    scale: float = 1.0

    @property
    def shapes(self) -> Shapes:
        return {"E": (self.words, self.width)}

    def start(self, rng: Generator) -> tuple[Array, ...]:
        return (self.scale * rng.standard_normal((self.words, self.width)),)

    def forward(self, x: Array, E: Array) -> tuple[Array, Back]:  # type: ignore[override]
        (words,) = x
        if words.dtype.kind not in "iu" or words.min() < 0 or words.max() >= self.words:
            raise ValueError(f"{self!r} takes whole numbers of 0 to {self.words - 1}; given {brief(words)}")

        def back(dy: Array) -> tuple[Array, tuple[Array, ...]]:
            dE = np.zeros(E.shape)
            for run in range(len(dE)):
                np.add.at(dE[run], words, dy[run])
            return np.zeros(x.shape), (dE,)

        return E[:, words], back


@dataclass(frozen=True)
class Flatten(Layer):
    """The axes behind the example become one: (N, L, width) ↦ (N, L·width)."""

    def forward(self, x: Array) -> tuple[Array, Back]:  # type: ignore[override]
        return x.reshape(*x.shape[:2], -1), lambda dy: (dy.reshape(len(dy), *x.shape[1:]), ())


@dataclass(frozen=True)
class Positions(Layer):
    """A vector for each place is added: y = x + P, for x of shape (N, length, width). P starts as E does."""

    length: int
    width: int
    scale: float = 1.0

    @property
    def shapes(self) -> Shapes:
        return {"P": (self.length, self.width)}

    def start(self, rng: Generator) -> tuple[Array, ...]:
        return (self.scale * rng.standard_normal((self.length, self.width)),)

    def forward(self, x: Array, P: Array) -> tuple[Array, Back]:  # type: ignore[override]
        takes(self, x, self.length, self.width)
        return x + P[:, None], lambda dy: (dy, (dy.sum(axis=1),))


@dataclass(frozen=True)
class Attention(Layer):
    """One head that looks back: each place takes a mean of the values at its own place and those before it,
    weighted by softmax(qᵀk/√width) (Vaswani et al. 2017, eq. 1), times O.

    x is (N, L, width). The four matrices, for queries, keys, values and the output, start normal with
    variance 1/width.
    """

    width: int

    @property
    def shapes(self) -> Shapes:
        return dict.fromkeys(("Q", "K", "V", "O"), (self.width, self.width))

    def start(self, rng: Generator) -> tuple[Array, ...]:
        scale = np.sqrt(1 / self.width)
        return tuple(scale * rng.standard_normal(shape) for shape in self.shapes.values())

    def forward(self, x: Array, *parameters: Array) -> tuple[Array, Back]:
        takes(self, x, x.shape[-2], self.width)
        Q, K, V, O = (part[:, None] for part in parameters)
        q, k, v = x @ Q, x @ K, x @ V
        scores = q @ turned(k) / np.sqrt(self.width)
        scores += np.triu(np.full(scores.shape[-2:], -np.inf), 1)  # what comes later is not seen
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = weights @ v

        def back(dy: Array) -> tuple[Array, tuple[Array, ...]]:
            d_mixed = dy @ turned(O)
            d_weights = d_mixed @ turned(v)
            mean = (d_weights * weights).sum(axis=-1, keepdims=True)
            d_scores = weights * (d_weights - mean) / np.sqrt(self.width)
            dq, dk, dv = d_scores @ k, turned(d_scores) @ q, turned(weights) @ d_mixed
            dx = dq @ turned(Q) + dk @ turned(K) + dv @ turned(V)
            pairs = (x, dq), (x, dk), (x, dv), (mixed, dy)
            return dx, tuple((turned(a) @ d).sum(axis=1) for a, d in pairs)

        return mixed @ O, back


def turned(a: Array) -> Array:
    """The transposed matrices in the last two axes."""
    return a.swapaxes(-1, -2)


def takes(layer: Layer, x: Array, *last: int) -> None:
    """Refuse an input whose last axes are others than the layer's."""
    if x.shape[-len(last) :] != last or x.ndim < 2 + len(last):
        wanted = ", ".join(["examples", "…", *map(str, last)])
        raise ValueError(f"{layer!r} takes an input of shape ({wanted}); given {x.shape[1:]}")


# Losses: from outputs (runs, N, …) and what is wanted, the mean loss (runs,) and its slope in the outputs.


def cross_entropy(z: Array, y: Array) -> tuple[Array, Array]:
    """The mean of −ln softmax(z)_y over all labels y; z is (runs, *y.shape, K) (Bishop 2006, eq. 4.108)."""
    labels = y[None, ..., None]
    if y.dtype.kind not in "iu" or z.shape[1:-1] != y.shape or y.min() < 0 or y.max() >= z.shape[-1]:
        raise ValueError(
            f"cross_entropy takes one whole number of 0 to {z.shape[-1] - 1} for each of the {z.shape[1:-1]} "
            f"outputs; given {brief(y)}, of shape {y.shape}"
        )
    z = z - z.max(axis=-1, keepdims=True)
    slope = np.exp(z)
    total = slope.sum(axis=-1, keepdims=True)
    wanted = np.take_along_axis(z, np.broadcast_to(labels, (*z.shape[:-1], 1)), axis=-1)
    slope /= total
    np.put_along_axis(slope, labels, np.take_along_axis(slope, labels, axis=-1) - 1, axis=-1)
    loss = (np.log(total) - wanted).reshape(len(z), -1).mean(axis=1)
    return loss, slope / y.size


def squared_error(z: Array, y: Array) -> tuple[Array, Array]:
    """Half the squared distance of z (runs, *y.shape) from y, the mean over the examples."""
    if z.shape[1:] != y.shape:
        raise ValueError(f"squared_error takes a y of the outputs' shape, {z.shape[1:]}; given {y.shape}")
    error = z - y
    return (error * error).reshape(len(z), -1).sum(axis=1) / (2 * len(y)), error / len(y)


Loss = Callable[[Array, Array], tuple[Array, Array]]


class Network:
    """Layers, one after the other; parameters are one flat vector (d, *runs), as for every problem.

    Raises
    ------
    TypeError
        When something given is no layer.
    ValueError
        In `problem` and on a call, when a layer cannot take what the one before it makes.

    >>> net = Network(Linear(2, 3), Tanh(), Linear(3, 1))
    >>> net.shapes
    {'W1': (2, 3), 'b1': (3,), 'W2': (3, 1), 'b2': (1,)}
    >>> net.start(np.random.default_rng(0), runs=5).shape
    (13, 5)
    """

    def __init__(self, *layers: Layer) -> None:
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"{brief(layer)} is no layer; give layers such as Linear(64, 32), Tanh()")
        if not layers:
            raise TypeError(
                "Network() has no layers; give some, such as Linear(64, 32), Tanh(), Linear(32, 10)"
            )
        self.layers = layers

    @cached_property
    def shapes(self) -> Shapes:
        """The parameters in order, name to shape; layers with parameters are counted from 1."""
        return named(self.layers)

    def start(self, rng: Generator, runs: int | None = None) -> Array:
        """Parameters before the first step, (d,), or (d, runs), drawn run by run."""

        def one() -> Array:
            return np.concatenate([part.ravel() for layer in self.layers for part in layer.start(rng)])

        return one() if runs is None else np.stack([one() for _ in range(runs)], axis=-1)

    def problem(
        self, X: ArrayLike, y: ArrayLike, loss: Loss = cross_entropy, name: str = "network"
    ) -> Problem:
        """The mean loss over the examples X (N, …), y (N, …), with its exact gradient."""
        X, y = np.asarray(X), np.asarray(y)
        if not (X.ndim and y.ndim and len(X) == len(y) and len(X)):
            raise ValueError(
                f"X and y are examples along their first axis; given shapes {X.shape}, {y.shape}"
            )
        objective = Objective(self, loss)
        problem = Problem(objective, name, shapes=self.shapes, data=(X, y))
        problem.value_and_grad(self.start(np.random.default_rng(0)), range(min(2, len(X))))
        return problem

    def __call__(self, theta: ArrayLike, X: ArrayLike) -> Array:
        """The outputs (N, …, *runs) for the inputs X (N, …)."""
        theta = reals("theta", theta, "an array of numbers")
        check_size("the network", theta, self.shapes)
        z, _ = self.forward(views(theta, self.shapes).values(), np.asarray(X))
        z = np.moveaxis(np.broadcast_to(z, (prod(theta.shape[1:]), *z.shape[1:])), 0, -1)
        return z.reshape(*z.shape[:-1], *theta.shape[1:])

    def forward(self, parts: Iterable[Array], X: Array) -> tuple[Array, Back]:
        """The outputs (runs, N, …) for parameters (*shape, *runs), and the way back to them."""
        return through(self.layers, X[None], list(runs_first(parts, self.shapes)))

    def __repr__(self) -> str:
        return f"Network({', '.join(map(repr, self.layers))})"


@dataclass(frozen=True)
class Objective:
    """A network's mean loss over some examples and its slopes, as `Problem` asks for them: runs last."""

    network: Network
    loss: Loss

    def __call__(self, *given: Array) -> tuple[Array, tuple[Array, ...]]:
        *parts, X, y = given
        shapes = self.network.shapes
        runs = parts[0].shape[len(next(iter(shapes.values()))) :]
        z, back = self.network.forward(parts, X)
        loss, slope = self.loss(z, y)
        _, slopes = back(slope)
        return loss.reshape(runs), tuple(
            part.transpose(*range(1, part.ndim), 0).reshape(*shape, *runs)
            for part, shape in zip(slopes, shapes.values(), strict=True)
        )


def runs_first(parts: Iterable[Array], shapes: Shapes) -> Iterator[Array]:
    """Parameters (*shape, *runs) as (runs, *shape), which matrix products want side by side in memory."""
    for part, shape in zip(parts, shapes.values(), strict=True):
        yield np.ascontiguousarray(part.reshape(*shape, -1).transpose(-1, *range(len(shape))))


def named(layers: Sequence[Layer]) -> Shapes:
    """The shapes of all parameters; the layers that have some are counted, one inside another 2.1, 2.2."""
    found: dict[str, Any] = {}
    for number, layer in enumerate((layer for layer in layers if layer.shapes), start=1):
        inside = isinstance(layer, Residual)
        for name, shape in layer.shapes.items():
            letters = name.rstrip("0123456789.")
            found[f"{letters}{number}.{name[len(letters) :]}" if inside else f"{name}{number}"] = shape
    return found
