"""Problems with data: a loss that is a mean over examples, with its exact gradient on all or some of them.

>>> X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
>>> fit = linear_regression(X, np.array([5.0, 7.0, 12.0]))
>>> fit([5.0, 3.0]), fit.grad([5.0, 3.0])  # errors 0, 1, −1
(array(0.33333333), array([ 0.        , -0.33333333]))
>>> fit.grad([5.0, 3.0], [1])  # of the second example alone
array([1., 1.])

The parameters are one flat vector, of shape (d, *runs); `views` gives its parts by name. A problem is a
`Surface` whose coordinates are the parameters, so `descend` and `sweep` run on it as on any other.

What a step sees of the gradient is said beside the problem, by a gradient source: `Minibatches(32)`,
`Noise(0.5)` or `Worst(0.05)`. A source is a function of the problem and of a random generator; it returns
the function θ ↦ estimate of the gradient. Without one the gradient is exact.

>>> from lib.descend import descend
>>> from lib.optimizers import gd
>>> run = descend(fit, [0.0, 0.0], gd(lr=0.1), 500, gradient=Minibatches(1), seed=0)

To add a problem, write its loss and partial derivatives as below, with the source; tests/test_problems.py
checks gradients by finite differences. This module knows no optimizer.
"""

import functools
import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from lib.checks import Array, brief, reals, whole
from lib.surfaces import Surface, Window, points

BLOCK = 2**18
"""Examples × runs that are computed at once: few enough that what lies between them stays in cache."""

Estimate = Callable[[Array], Array]
Source = Callable[[Surface, Generator], Estimate]


@dataclass(frozen=True, eq=False, repr=False)
class Problem(Surface):
    """A mean loss over N examples: `problem(theta)`, `problem.grad(theta)`, each also for some rows only.

    Parameters
    ----------
    function : callable
        `function(*parameters, *data)` returns the mean loss over the rows of `data`, of shape (*runs), and
        a tuple of its partial derivatives, each of the shape of its parameter, (*shape, *runs).
    name : str
        What figures and messages call it.
    window, minima, saddles : as for `Surface`; no window where there is nothing to look at
    shapes : dict
        The parameters in order, name to shape: {"w": (64, 10), "b": (10,)}.
    names : tuple of str, optional
        Of the coordinates, where they have names of their own.
    data : arrays
        The examples; the first axis of each is the example, N in all.

    Raises
    ------
    ValueError
        When the data are of different lengths or empty; when `theta` has another number of coordinates.
    """

    window: Window = ()
    shapes: Mapping[str, tuple[int, ...]] = field(kw_only=True)
    data: tuple[Array, ...] = field(kw_only=True)
    names: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", tuple(map(np.asarray, self.data)))
        lengths = [len(array) for array in self.data]
        if len(set(lengths)) != 1 or not lengths[0]:
            raise ValueError(f"the data of {self.name} have lengths {lengths}: one number ≥ 1 is wanted")
        super().__post_init__()
        if self.window and len(self.window) != len(self.coords):
            raise ValueError(
                f"window has {len(self.window)} pairs, and {self.name} {len(self.coords)} parameters; give "
                "one pair (low, high) for each, or no window"
            )

    @property
    def size(self) -> int:
        """N, the number of examples."""
        return len(self.data[0])

    @functools.cached_property
    def coords(self) -> tuple[str, ...]:
        """The names of the coordinates: `names`; else a, or w[0], w[1], … for a parameter with axes."""
        return self.names or tuple(
            f"{name}[{', '.join(map(str, index))}]" if index else name
            for name, shape in self.shapes.items()
            for index in np.ndindex(shape)
        )

    def views(self, theta: Array) -> dict[str, Array]:
        """The parameters by name, each a view of `theta` (d, *runs) with the shape (*shape, *runs)."""
        return views(theta, self.shapes)

    def value_and_grad(self, theta: ArrayLike, rows: ArrayLike | None = None) -> tuple[Array, Array]:
        """Mean loss (*runs) and gradient (d, *runs) at `theta` (d, *runs), over these rows of the data."""
        theta = points(theta)
        check_size(self.name, theta, self.shapes)
        data = self.data if rows is None else self._rows(rows)
        runs, together = theta.shape[1:], max(1, BLOCK // len(data[0]))
        if prod(runs) <= together:
            return self._evaluate(theta, data)
        flat = theta.reshape(len(theta), -1)
        starts = range(0, flat.shape[1], together)
        values, grads = zip(*(self._evaluate(flat[:, i : i + together], data) for i in starts), strict=True)
        return np.concatenate(values).reshape(runs), np.concatenate(grads, axis=1).reshape(theta.shape)

    def _rows(self, rows: ArrayLike) -> tuple[Array, ...]:
        try:
            return tuple(array[np.asarray(rows)] for array in self.data)
        except (IndexError, ValueError, TypeError):
            raise ValueError(
                f"rows is {brief(rows)}; {self.name} has the rows 0 to {self.size - 1}: give a list of these"
            ) from None

    @property
    def _dimension(self) -> int:
        return sum(map(prod, self.shapes.values()))

    def _split(self, theta: Array) -> list[Array]:
        return list(self.views(theta).values())

    def _fill(self, grad: Array, parts: Any, theta: Array) -> None:
        if len(parts) != len(self.shapes):
            self._miscounts(parts, len(self.shapes))
        for view, part in zip(self.views(grad).values(), parts, strict=True):
            view[...] = self._fit(part, view.shape, theta)

    def _some(self) -> tuple[Array, ...]:
        return tuple(array[:8] for array in self.data)

    def __call__(self, theta: ArrayLike, rows: ArrayLike | None = None) -> Array:
        return self.value_and_grad(theta, rows)[0]

    def grad(self, theta: ArrayLike, rows: ArrayLike | None = None) -> Array:
        """The gradient alone, of the shape of `theta`."""
        return self.value_and_grad(theta, rows)[1]


def views(theta: Array, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """The parts of theta (d, *runs) by name, each a view with the shape (*shape, *runs)."""
    found, first = {}, 0
    for name, shape in shapes.items():
        found[name] = theta[first : first + prod(shape)].reshape((*shape, *theta.shape[1:]))
        first += prod(shape)
    return found


def check_size(name: str, theta: Array, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise unless theta has a row for each parameter."""
    d = sum(map(prod, shapes.values()))
    if theta.ndim == 0 or len(theta) != d:
        raise ValueError(
            f"{name} has {d} parameters, {dict(shapes)}; theta has shape {theta.shape}. "
            "The first axis of theta is the parameter."
        )


# What a step sees of the gradient.


@dataclass(frozen=True)
class Minibatches:
    """The gradient over `size` examples drawn anew for every step; all runs see the same ones.

    Without replacement (the default, and what data loaders do) the examples are shuffled, gone through in
    order, and shuffled again: an epoch sees each of them once, and its last batch may be smaller. With
    replacement every batch is drawn from all examples.

    >>> fit = linear_regression(np.ones((5, 1)), np.arange(5.0))
    >>> [len(rows) for rows, _ in zip(Minibatches(2).rows(fit, np.random.default_rng(0)), range(4))]
    [2, 2, 1, 2]

    Raises
    ------
    TypeError
        When what is to be minimized has no data.
    ValueError
        When size is not a whole number of 1 to N.
    """

    size: int
    replace: bool = False

    def rows(self, problem: Any, rng: Generator) -> Iterator[Array]:
        """The rows of each batch, without end."""
        if not isinstance(problem, Problem):
            raise TypeError(f"{problem.name} has no data to draw batches of; give gradient=Noise(sigma)")
        n = problem.size
        whole("size", self.size, 1, n, f"{problem.name} allows a whole number")
        if not isinstance(self.replace, bool):
            raise TypeError(f"replace is {brief(self.replace)}; give True or False")

        def draw() -> Iterator[Array]:
            while True:
                if self.replace:
                    yield rng.integers(n, size=self.size)
                else:
                    order = rng.permutation(n)
                    yield from (order[i : i + self.size] for i in range(0, n, self.size))

        return draw()

    def __call__(self, problem: Any, rng: Generator) -> Estimate:
        batches = self.rows(problem, rng)
        return lambda theta: problem.grad(theta, next(batches))


@dataclass(frozen=True)
class Noise:
    """The exact gradient plus normal noise of standard deviation `sigma`, independent in every coordinate,
    run and step.

    Raises
    ------
    ValueError
        When sigma is negative or not finite.
    """

    sigma: float

    def __call__(self, surface: Surface, rng: Generator) -> Estimate:
        a_number = isinstance(self.sigma, int | float | np.number) and not isinstance(self.sigma, bool)
        if not a_number or not 0 <= self.sigma < np.inf:
            raise ValueError(f"sigma is {brief(self.sigma)}; it has to be one number, finite and ≥ 0")
        return lambda theta: surface.grad(theta) + self.sigma * rng.standard_normal(theta.shape)


@dataclass(frozen=True)
class Worst:
    """The gradient at the worst point nearby, to first order: SAM's (Foret et al. 2021, eq. 2 and 3).

        g = ∇f(θ + ρ·∇f(θ)/‖∇f(θ)‖)

    Any rule steps with it: `descend(f, start, gd(lr=0.1), 100, gradient=Worst(0.05))` is SAM around gradient
    descent. The norm is over the coordinates of each run; where it is 0, g is the gradient there.

    Raises
    ------
    ValueError
        When rho is negative or not finite.
    """

    rho: float

    def __call__(self, surface: Surface, rng: Generator) -> Estimate:
        a_number = isinstance(self.rho, int | float | np.number) and not isinstance(self.rho, bool)
        if not a_number or not 0 <= self.rho < np.inf:
            raise ValueError(f"rho is {brief(self.rho)}; it has to be one number, finite and ≥ 0")

        def estimate(theta: Array) -> Array:
            g = surface.grad(theta)
            largest = np.abs(g).max(axis=0)
            g = g / np.where(largest > 0, largest, 1)  # in this unit no square overflows, nor is it lost
            length = np.sqrt((g * g).sum(axis=0))
            return surface.grad(theta + self.rho * g / np.where(length > 0, length, 1))

        return estimate


SOURCES = (Minibatches, Noise, Worst)
"""The gradient sources of this library, which run as they are and whose text says all of them."""


# Problems. A sum over features is a tensordot: (N, d) · (d, *runs) → (N, *runs); `.T` puts the examples last.


def linear_regression(
    X: ArrayLike,
    y: ArrayLike,
    names: Sequence[str] = (),
    window: Iterable[tuple[float, float]] = (),
) -> Problem:
    """Least squares: half the mean of (Xw − y)², with the exact minimum known (Bishop 2006, §3.1.1).

    Parameters
    ----------
    X : (N, d), a row an example; for an intercept give it a column of ones
    y : (N,)
    names : of the parameters, one a column of X; w[0], w[1], … otherwise
    window : to look at it as a surface, (low, high) for each of two parameters

    >>> line = linear_regression([[1, 0], [1, 1], [1, 2]], [5, 7, 9], names=("a", "b"))
    >>> line.coords, np.round(line.minima, 12)
    (('a', 'b'), array([[5., 2.]]))
    """
    X, y = _examples("linear_regression", X, y)
    if names and len(names) != X.shape[1]:
        raise ValueError(f"names has {len(names)} names for the {X.shape[1]} columns of X; give one for each")
    lowest = np.linalg.lstsq(X, y)[0]
    return Problem(
        _squares,
        "linear_regression",
        window,  # type: ignore[arg-type]
        (tuple(map(float, lowest)),),
        shapes={"w": X.shape[1:]},
        data=(X, y),
        names=tuple(names),
    )


def _squares(w: Array, X: Array, y: Array) -> tuple[Array, tuple[Array]]:
    error = (np.tensordot(X, w, 1).T - y).T
    return (error**2).mean(0) / 2, (np.tensordot(X.T, error, 1) / len(y),)


def logistic_regression(X: ArrayLike, y: ArrayLike) -> Problem:
    """Two classes, y ∈ {0, 1}: the mean of ln(1 + exp z) − yz with z = Xw (Bishop 2006, eq. 4.90, 4.91).

    Parameters
    ----------
    X : (N, d), a row an example; for an intercept give it a column of ones
    y : (N,), 0 or 1

    Where a plane parts the classes there is no minimum: the loss goes to 0 as w grows without end.

    >>> fair = logistic_regression([[1.0], [1.0]], [0, 1])
    >>> fair([0.0]), fair.grad([0.0])  # ln 2 each; as likely as not
    (array(0.69314718), array([0.]))
    """
    X, y = _examples("logistic_regression", X, y)
    if not np.isin(y, (0, 1)).all():
        raise ValueError(f"y has the values {np.unique(y)[:5]}; logistic_regression takes 0 and 1")
    return Problem(_logistic, "logistic_regression", shapes={"w": X.shape[1:]}, data=(X, y))


def _logistic(w: Array, X: Array, y: Array) -> tuple[Array, tuple[Array]]:
    z = np.tensordot(X, w, 1)
    p = (1 + np.tanh(z / 2)) / 2  # 1 / (1 + exp(−z)), without overflow
    error = (p.T - y).T
    loss = np.logaddexp(0, z).T - y * z.T
    return loss.mean(-1).T, (np.tensordot(X.T, error, 1) / len(y),)


def softmax_regression(X: ArrayLike, y: ArrayLike) -> Problem:
    """K classes, y ∈ {0, …, K − 1}: the mean of −ln softmax(XW + b)_y (Bishop 2006, eq. 4.108, 4.109).

    Parameters
    ----------
    X : (N, d), a row an example; an intercept b is there already
    y : (N,), whole numbers from 0

    >>> guess = softmax_regression(np.eye(3), [0, 1, 2])
    >>> guess(np.zeros(12)), guess.shapes  # ln 3
    (array(1.09861229), {'W': (3, 3), 'b': (3,)})
    """
    X, y = _examples("softmax_regression", X, y)
    if not (y == np.abs(y).astype(int)).all():
        raise ValueError(f"y has the values {np.unique(y)[:5]}; softmax_regression takes 0, 1, …, K − 1")
    labels = y.astype(int)
    K = int(labels.max()) + 1
    return Problem(_softmax, "softmax_regression", shapes={"W": (X.shape[1], K), "b": (K,)}, data=(X, labels))


def _softmax(W: Array, b: Array, X: Array, y: Array) -> tuple[Array, tuple[Array, Array]]:
    z = np.tensordot(X, W, 1) + b  # (N, K, *runs)
    z = z - z.max(axis=1, keepdims=True)
    total = np.exp(z).sum(axis=1)
    rows = np.arange(len(y))
    loss = np.log(total) - z[rows, y]
    error = np.exp(z) / total[:, None]
    error[rows, y] -= 1
    return loss.mean(0), (np.tensordot(X.T, error, 1) / len(y), error.mean(0))


def digits() -> tuple[Array, Array]:
    """1797 handwritten digits of 8 × 8 pixels: X (1797, 64) in [0, 1], y (1797,) in 0 … 9.

    The test set of the UCI data by Alpaydin & Kaynak (1998), as it ships with scikit-learn: no download.

    >>> X, y = digits()
    >>> X.shape, np.bincount(y).tolist()
    ((1797, 64), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    """
    from sklearn.datasets import load_digits  # a second to import, and only this needs it

    X, y = load_digits(return_X_y=True)
    return X / 16, y


def signals(count: int = 2000, seed: int = 0) -> tuple[Array, Array]:
    """Ten shapes hidden in noisy lines of 40 numbers: X (count, 40), y (count,) in 0 … 9.

    After the recipe of MNIST-1D (Greydanus & Kobak 2024) and, like it, hard for a linear classifier: each
    line has one short shape, moved, stretched and scaled at random, on a random slope, under correlated
    noise. The shapes are our own: 0 and 1 are half a wave up or down, 2 and 3 a whole one, … 8 and 9 two and
    a half. X has the mean 0 and the standard deviation 1; the classes are equally frequent, to within one.

    Raises
    ------
    ValueError
        When count or seed is not a whole number, count ≥ 10.

    >>> X, y = signals(500)
    >>> X.shape, np.bincount(y).tolist()
    ((500, 40), [50, 50, 50, 50, 50, 50, 50, 50, 50, 50])
    """
    count, rng = whole("count", count, 10), np.random.default_rng(whole("seed", seed, 0))
    y = rng.permutation(np.arange(count) % 10)
    ranges = (0, 26), (20 / 3, 10), (0.8, 1.2), (-1, 1)
    first, width, height, slope = (rng.uniform(low, high, (count, 1)) for low, high in ranges)
    along = (np.arange(40) - first) / width
    halves, sign = (1 + y // 2)[:, None], np.where(y % 2, -1, 1)[:, None]
    shape = np.where((along > 0) & (along < 1), sign * np.sin(np.pi * halves * along), 0)
    white = rng.standard_normal((count, 46))
    noise = sum(white[:, i : i + 40] for i in range(7)) / np.sqrt(7)
    X = height * shape + slope * np.linspace(-1, 1, 40) + noise / 4
    return (X - X.mean()) / X.std(), y


def austen() -> list[str]:
    """The words and marks of Pride and Prejudice (Austen 1813), in order and in small letters.

    A word is made of letters and apostrophes, a mark is one of . , ; : ? and !; all else is left out. The
    text lies in `lib/data`, beside a note on where it comes from: no download.

    >>> text = austen()
    >>> len(text), " ".join(text[7:20])
    (140102, 'it is a truth universally acknowledged , that a single man in possession')
    """
    packed = Path(__file__).with_name("data") / "pride_and_prejudice.txt.gz"
    return re.findall(r"[a-z']+|[.,;:?!]", gzip.decompress(packed.read_bytes()).decode("ascii").lower())


def numbered(words: Sequence[str], size: int) -> tuple[list[str], Array]:
    """The `size` commonest words, and the whole text in numbers: each word's rank from 0, any other `size`.

    Of words that are equally common the one that comes first in the text has the lower rank.

    Raises
    ------
    ValueError
        When size is not a whole number from 1 to the number of different words.

    >>> numbered("to be or not to be , that is".split(), 3)
    (['to', 'be', 'or'], array([0, 1, 2, 3, 0, 1, 3, 3, 3]))
    """
    count = Counter(words)
    size = whole("size", size, 1, len(count), "this text allows a whole number")
    common = [word for word, _ in count.most_common(size)]
    rank = {word: i for i, word in enumerate(common)}
    return common, np.array([rank.get(word, len(common)) for word in words])


def pairs(numbers: ArrayLike, size: int) -> Array:
    """How often number i is followed by number j, (size, size); others are left out.

    >>> pairs([0, 1, 2, 3, 0, 1, 3, 3, 3], 2)
    array([[0., 2.],
           [0., 0.]])
    """
    numbers = np.asarray(numbers)
    before, after = numbers[:-1], numbers[1:]
    both = (before < size) & (after < size)
    flat = np.bincount(before[both] * size + after[both], minlength=size * size)
    return flat.reshape(size, size).astype(float)


def _examples(name: str, X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    X, y = (reals(what, given, "an array of numbers") for what, given in (("X", X), ("y", y)))
    if X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise ValueError(f"{name} takes X of shape (N, d) and y of shape (N,); given {X.shape} and {y.shape}")
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ValueError(f"{name} was given data that are not finite; drop or fill the examples with NaN")
    return X, y
