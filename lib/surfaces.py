"""Test functions to walk down: value, exact gradient, minima and the window to look through.

A surface is written as in a paper, one name per coordinate, and returns its value together with its
partial derivatives:

>>> @surface(window=((-3, 3), (-3, 3)), minima=[(0, 0)])
... def bowl(x, y):
...     return x**2 + y**2, (2 * x, 2 * y)
>>> bowl((1.0, 2.0))
array(5.)
>>> bowl.grad((1.0, 2.0))
array([2., 4.])

The first axis of `theta` is the coordinate; all that follow are runs, evaluated at once. To add a
surface, write such a function here with its source; tests/test_surfaces.py checks its gradient by
finite differences and its minima by the gradient. NumPy only, and no knowledge of optimizers.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy import cos, e, exp, expm1, pi, sin, sqrt
from numpy.typing import ArrayLike

from lib.checks import Array, brief, pickled_by_name, reals

Point = tuple[float, ...]
Window = tuple[tuple[float, float], ...]

SIDE_BY_SIDE = (
    "A surface is given arrays, one number for each run: write np.sin(x) instead of math.sin(x), and "
    "np.where(x > 0, this, that) instead of if"
)
ARRAYS, SEVERAL, FLOAT = {np.ndarray, np.float64}, (tuple, list), np.dtype(float)
APART: "WeakSet[Surface]" = WeakSet()
"""The surfaces whose runs were seen not to touch each other."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A function to minimize: `surface(theta)` is its value, `surface.grad(theta)` its gradient.

    Parameters
    ----------
    function : callable
        `function(x, y, …)` returns the value and a tuple of the partial derivatives. An argument is an array
        with a number for each run, and what is returned has its shape; a constant may be a single number.
        What the function does to its arguments, or later to what it returned, changes nothing here.
    name : str
        What figures and messages call it.
    window : ((low, high), …)
        The part of the domain to look at, one pair per coordinate.
    minima, saddles : list of points
        Known minima (local ones too) and saddle points.

    Raises
    ------
    TypeError, ValueError
        When the window, a minimum or a saddle is not of that form; when `theta` is not made of real numbers
        or has another number of coordinates than the function; when the function fails, returns something
        else, or mixes the runs.
    """

    function: Callable[..., tuple[ArrayLike, tuple[ArrayLike, ...]]]
    name: str
    window: Window
    minima: tuple[Point, ...] = ()
    saddles: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"a surface is made of a function; this is {brief(self.function)}")
        form = "a pair (low, high) for each coordinate, finite and low < high: window=[(-2, 2), (-2, 2)]"
        window = reals("window", list(self.window) if np.iterable(self.window) else self.window, form)
        pairs = not window.size or window.shape[1:] == (2,)
        if not (pairs and np.isfinite(window).all() and (window.size == 0 or (np.diff(window) > 0).all())):
            raise ValueError(f"window is {brief(self.window)}; give {form}")
        object.__setattr__(self, "window", tuple(map(tuple, window.tolist())))
        d = self._dimension
        for kind in ("minima", "saddles"):
            form = f"a list of points, each of {d} coordinate{'s' * (d > 1)}: {kind}=[({'0, ' * (d - 1)}0)]"
            given = getattr(self, kind)
            known = reals(kind, given, form)
            if known.size and (known.shape[1:] != (d,) or not np.isfinite(known).all()):
                raise ValueError(f"{kind} is {brief(given)}; {self.name} takes {form}")
            object.__setattr__(self, kind, tuple(map(tuple, known.tolist())))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A pickle has the call that made it, or the name under which it stands in its module."""
        if made := self.__dict__.get("made_by"):
            return _again, made
        module = self.function.__module__
        if module != "__main__" and (name := _variable(module, self)):  # that a worker has, or can import
            return _stored, (module, name)
        pickled_by_name(self.function)
        return super().__reduce_ex__(protocol)

    @functools.cached_property
    def coords(self) -> tuple[str, ...]:
        """The names of the coordinates: those of the function's arguments."""
        return _arguments(self.function, len(self.window), self.name)

    def value_and_grad(self, theta: ArrayLike) -> tuple[Array, Array]:
        """Value, of shape (*runs), and gradient, of shape (d, *runs), at `theta` (d, *runs)."""
        theta = points(theta)
        if theta.ndim == 0 or len(theta) != len(self.window):
            raise ValueError(
                f"{self.name} has {len(self.window)} coordinates, ({', '.join(self.coords)}); "
                f"theta has shape {theta.shape}. The first axis of theta is the coordinate."
            )
        return self._evaluate(theta)

    def __call__(self, theta: ArrayLike) -> Array:
        return self.value_and_grad(theta)[0]

    def grad(self, theta: ArrayLike) -> Array:
        """The gradient alone, of the shape of `theta`."""
        return self.value_and_grad(theta)[1]

    def __repr__(self) -> str:
        return self.name

    # What the function is given, and what it returned.

    @property
    def _dimension(self) -> int:
        return len(self.window)

    def _split(self, theta: Array) -> list[Array]:
        """The function's arguments, each a part of theta."""
        return list(theta)

    def _fill(self, grad: Array, parts: Any, theta: Array) -> None:
        if len(parts) != len(theta):
            self._miscounts(parts, len(theta))
        runs = theta.shape[1:]
        for i, part in enumerate(parts):
            plain = type(part) in ARRAYS and part.dtype is FLOAT and part.shape == runs
            grad[i] = part if plain else self._fit(part, runs, theta)

    def _some(self) -> tuple[Array, ...]:
        """The data that are enough to see whether runs touch each other."""
        return ()

    def _evaluate(self, theta: Array, data: tuple[Array, ...] = ()) -> tuple[Array, Array]:
        numbers = theta.ndim == 1 and not data  # which nobody can write to, where there is one run
        try:
            returned = self.function(*self._split(theta if numbers else _locked(theta)), *map(_locked, data))
        except (Warning, FloatingPointError):  # asked for by np.errstate or a filter
            raise
        except Exception:  # it writes into its arguments, or needs arrays where one run has numbers
            own = theta[:, None] if theta.ndim == 1 else theta
            value, grad = self._read(self._call(own, data), own)
            return value.reshape(theta.shape[1:]), grad.reshape(theta.shape)
        return self._read(returned, theta)

    def _call(self, theta: Array, data: tuple[Array, ...]) -> Any:
        """What the function returns when its arguments are its own."""
        try:
            return self.function(*self._split(theta.copy()), *(array.copy() for array in data))
        except (Warning, FloatingPointError):
            raise
        except Exception as error:
            raise TypeError(f"{self.name} raised {type(error).__name__}: {error}. {SIDE_BY_SIDE}") from error

    def _read(self, returned: Any, theta: Array) -> tuple[Array, Array]:
        """Value and gradient, in arrays of their own."""
        if not isinstance(returned, SEVERAL) or len(returned) != 2:
            self._refuse(returned)
        value, parts = returned
        if not isinstance(parts, SEVERAL) and np.shape(parts) != theta.shape:
            self._refuse(returned)
        grad = np.empty_like(theta)
        self._fill(grad, parts, theta)
        return np.array(self._fit(value, theta.shape[1:], theta)), grad

    def _fit(self, given: Any, shape: tuple[int, ...], theta: Array) -> Any:
        """What was returned, if it is a real number for each run; a constant is the same in every run."""
        if type(given) in ARRAYS and given.dtype is FLOAT and given.shape == shape:
            return given
        try:
            numbers = np.asarray(given)
        except (TypeError, ValueError):  # rows of different lengths
            numbers = np.empty(0, object)
        if numbers.dtype.kind not in "fiub":
            raise TypeError(
                f"{self.name} returned {brief(given)}, where a real number for each run is wanted"
            )
        if numbers.shape == shape:
            return numbers if numbers.dtype.kind == "f" else numbers.astype(theta.dtype)
        if numbers.size != 1:
            raise ValueError(
                f"{self.name} returned an array of shape {numbers.shape}, where {shape} is wanted: a number "
                "for each run. Sum over coordinates only, x**2 + y**2, not over runs as np.sum(x**2) does"
            )
        self.check_runs(theta)
        return np.full(shape, numbers.item(), theta.dtype)

    def _miscounts(self, parts: Any, wanted: int) -> None:
        raise ValueError(f"{self.name} returned {len(parts)} partial derivatives for {wanted} coordinates")

    def _refuse(self, returned: Any) -> None:
        raise TypeError(
            f"{self.name} returned {brief(returned)}; a surface returns its value and a tuple of its partial "
            "derivatives: return x**2 + y**2, (2 * x, 2 * y), or x**2, (2 * x,)"
        )

    def check_runs(self, theta: Array) -> None:
        """Raise unless three runs side by side, one of `theta` and neighbours, get what each gets alone."""
        if self not in APART:
            APART.add(self)  # the comparison reads constants too
            apart = False
            try:
                apart = self._compare(np.array(theta, float).reshape(len(theta), -1)[:, :1])
            finally:
                if not apart:
                    APART.discard(self)

    def _compare(self, point: Array) -> bool:
        """Whether runs were seen not to touch each other; False where that cannot be seen."""
        three = point + 0.01 * (1 + np.abs(point)) * [1, 0, 2]  # in no order, so that sorting them shows

        def numbers(theta: Array) -> Array:
            return np.vstack(self._read(self._call(theta, self._some()), theta))

        with np.errstate(all="ignore"):
            try:
                self._call(three, self._some())
            except TypeError:  # one run at a time: said where there are more
                return False
            together = numbers(three)
            try:
                alone, again = (np.hstack([numbers(one[:, None]) for one in three.T]) for _ in range(2))
            except (TypeError, ValueError):  # only so many runs: where it matters it is said
                return False
        if not np.array_equal(alone, again):  # not defined there, or drawn at random
            return False
        size = np.abs(np.hstack([alone, together])).max(axis=1, keepdims=True)
        size[1:] += 1e-6 * size[1:].max()  # in a partial that is 0, one order of adding up may leave 1e-17
        with np.errstate(all="ignore"):
            near = (together == alone) | (np.abs(together - alone) <= 1e-6 * size)
        if not near.all():
            raise ValueError(
                f"{self.name} mixes its runs: side by side three get {together[0]}, alone {alone[0]}; their "
                f"gradients are {together[1:].tolist()} and {alone[1:].tolist()}. Sum over coordinates only, "
                "x**2 + y**2, not over runs as np.sum(x**2) does"
            )
        return True


def points(theta: ArrayLike) -> Array:
    """`theta` as a float array."""
    if isinstance(theta, np.ndarray) and theta.dtype.kind == "f":
        return theta
    return reals("theta", theta, "an array of numbers, of shape (d, *runs)")


def _finite(name: str, value: Any) -> float:
    number = reals(name, value, "a finite number")
    if number.shape != () or not np.isfinite(number):
        raise ValueError(f"{name} is {brief(value)}; give a finite number")
    return float(number)


def _locked(array: Array) -> Array:
    """The same numbers, not to be written to."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.setflags(write=False)
    return view


def _arguments(function: Callable[..., Any], count: int, name: str) -> tuple[str, ...]:
    """The names of a function's first arguments, if it takes so many: one for each pair of the window."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # compiled code does not say
        return tuple(f"x{i}" for i in range(1, count + 1))
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return tuple(f"x{i}" for i in range(1, count + 1))
    taken = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in taken)
    if not needed <= count <= len(taken):
        names = ", ".join(p.name for p in taken)
        raise ValueError(
            f"{name} has the coordinates ({names}), and its window {count} pair{'s' * (count != 1)}; write "
            "one coordinate after the other, def f(x, y), and give the window a pair (low, high) for each"
        )
    return tuple(p.name for p in taken[:count])


# What a pickle holds of a surface.


def _again(maker: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return maker(*given, **named)


def _stored(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _variable(module: str, value: Any) -> str | None:
    """The name under which a module has a value."""
    found = (name for name, other in vars(sys.modules.get(module, object)).items() if other is value)
    return next(found, None)


def family(maker: Callable[..., Surface]) -> Callable[..., Surface]:
    """Let the surfaces that a function makes remember the call: it says in files and pickles what they are.

    >>> @family
    ... def steep(slope):
    ...     return surface(window=[(-1, 1)])(lambda x: (slope * x, (slope,)))
    >>> steep(3.0).made_by[1:]
    ((3.0,), {})
    """

    @functools.wraps(maker)
    def make(*given: Any, **named: Any) -> Surface:
        made = maker(*given, **named)
        object.__setattr__(made, "made_by", (make, given, named))
        return made

    return make


def surface(
    window: Iterable[tuple[float, float]],
    minima: Iterable[Point] = (),
    saddles: Iterable[Point] = (),
    name: str | None = None,
) -> Callable[[Callable[..., Any]], Surface]:
    """Make a `Surface` of the function below this decorator; its name is the function's.

    >>> @surface(window=[(-1, 1)])
    ... def line(x):
    ...     return 3 * x, (3.0,)
    >>> line, line.coords, line.grad([[0.0, 1.0]])
    (line, ('x',), array([[3., 3.]]))
    """
    if callable(window):
        raise TypeError(
            "surface needs a window: write @surface(window=[(-2, 2), (-2, 2)]) above the function"
        )

    def make(function: Callable[..., Any]) -> Surface:
        called = name or getattr(function, "__name__", "surface")
        made = Surface(function, called, window, minima, saddles)  # type: ignore[arg-type]
        object.__setattr__(made, "__doc__", function.__doc__)
        object.__setattr__(made, "__wrapped__", function)  # inspect.getsource(made) prints it
        return made

    return make


# Quadratics: the surfaces on which everything can be proved.


@family
def quadratic(*eigenvalues: float) -> Surface:
    """f(x) = ½ Σ λᵢ xᵢ², with the given eigenvalues λᵢ: one coordinate for each.

    >>> quadratic(1, 100).grad((2.0, 3.0))
    array([  2., 300.])
    """
    lam = tuple(_finite("an eigenvalue of quadratic", value) for value in eigenvalues)
    if not lam:
        raise ValueError("quadratic() has no eigenvalue; give one per coordinate: quadratic(1, 100)")

    name = f"quadratic({', '.join(f'{value:g}' for value in lam)})"

    @surface([(-2, 2)] * len(lam), [(0,) * len(lam)], name=name)
    def quadratic(*x):
        parts = tuple(value * xi for value, xi in zip(lam, x, strict=True))
        return sum(part * xi for part, xi in zip(parts, x, strict=True)) / 2, parts

    return quadratic


@family
def ravine(kappa: float = 1000.0) -> Surface:
    """f(x, y) = ½ (x² + κ y²): a valley, flat along x and steep along y, of condition number κ.

    >>> ravine(kappa=100)((1.0, 1.0))
    array(50.5)
    """
    kappa = _finite("kappa", kappa)

    @surface([(-2, 2), (-2, 2)], [(0, 0)], name=f"ravine(kappa={kappa:g})")
    def ravine(x, y):
        return (x * x + kappa * y * y) / 2, (x, kappa * y)

    return ravine


@family
def turned_ravine(kappa: float = 100.0, degrees: float = 45.0) -> Surface:
    """f(x, y) = ½ (u² + κ v²), the ravine of (u, v), which are (x, y) turned back by an angle.

    `turn(point, degrees)` is where a point of the ravine lies after the turn.

    >>> turned_ravine(100, 45)((1.0, 1.0)).round(12)  # along the floor
    np.float64(1.0)
    """
    kappa, degrees = _finite("kappa", kappa), _finite("degrees", degrees)
    c, s = turn((1.0, 0.0), degrees).tolist()

    @surface([(-2, 2), (-2, 2)], [(0, 0)], name=f"turned_ravine(kappa={kappa:g}, degrees={degrees:g})")
    def turned_ravine(x, y):
        u, v = c * x + s * y, c * y - s * x
        w = kappa * v
        return (u * u + v * w) / 2, (c * u - s * w, s * u + c * w)

    return turned_ravine


def turn(point: ArrayLike, degrees: float) -> Array:
    """Where a point (2, *runs) of the plane lies after a turn about 0 by an angle, counterclockwise.

    >>> turn((1.0, 0.0), 90).round(12)
    array([0., 1.])
    """
    (x, y), c, s = np.asarray(point), cos(np.radians(degrees)), sin(np.radians(degrees))
    return np.array([c * x - s * y, s * x + c * y])


@surface([(-10, 10), (-10, 10)], [(1, 3)])
def booth(x, y):
    """f = (x + 2y − 7)² + (2x + y − 5)²: a tilted quadratic, eigenvalues 2 and 18."""
    a, b = x + 2 * y - 7, 2 * x + y - 5
    return a**2 + b**2, (2 * a + 4 * b, 4 * a + 2 * b)


@surface([(-10, 10), (-10, 10)], [(0, 0)])
def matyas(x, y):
    """f = 0.26 (x² + y²) − 0.48 xy: a long diagonal valley, eigenvalues 0.04 and 1."""
    return 0.26 * (x**2 + y**2) - 0.48 * x * y, (0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x)


# Curved valleys and plateaus.


@surface([(-2.048, 2.048), (-2.048, 2.048)], [(1, 1)])
def rosenbrock(x, y):
    """f = (1 − x)² + 100 (y − x²)² (Rosenbrock 1960): a curved valley, κ ≈ 2508 at its minimum."""
    a, b = 1 - x, y - x * x
    return a**2 + 100 * b**2, (-2 * a - 400 * x * b, 200 * b)


@surface([(-4.5, 4.5), (-4.5, 4.5)], [(3, 0.5)], [(0, 1)])
def beale(x, y):
    """f = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)² (Beale 1958): steep corners, a flat
    plateau, and a saddle at (0, 1) where f = 909/64."""
    y2 = y * y
    y3 = y2 * y
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y2, 2.625 - x + x * y3
    fx = 2 * (a * (y - 1) + b * (y2 - 1) + c * (y3 - 1))
    fy = 2 * x * (a + 2 * b * y + 3 * c * y2)
    return a**2 + b**2 + c**2, (fx, fy)


# Many minima.


@surface(
    [(-5, 5), (-5, 5)],
    [
        (3, 2),
        (-2.805118086953, 3.131312518251),
        (-3.779310253378, -3.283185991286),
        (3.584428340330, -1.848126526964),
    ],
    [
        (-3.073025750764, -0.081353044288),
        (-0.127961346731, -1.953714980245),
        (0.086677504556, 2.884254701175),
        (3.385154183607, 0.073851879838),
    ],
)
def himmelblau(x, y):
    """f = (x² + y − 11)² + (x + y² − 7)² (Himmelblau 1972): four equal minima, four saddles."""
    a, b = x * x + y - 11, x + y * y - 7
    return a**2 + b**2, (4 * x * a + 2 * b, 2 * a + 4 * y * b)


@surface([(-5.12, 5.12), (-5.12, 5.12)], [(0, 0)])
def rastrigin(x, y):
    """f = Σ (xᵢ² − 10 cos 2πxᵢ + 10) (Rastrigin 1974): an egg box in a bowl."""
    value = x**2 - 10 * cos(2 * pi * x) + y**2 - 10 * cos(2 * pi * y) + 20
    return value, (2 * x + 20 * pi * sin(2 * pi * x), 2 * y + 20 * pi * sin(2 * pi * y))


@surface([(-5, 5), (-5, 5)], [(-2.903534027771177, -2.903534027771177)])
def styblinski_tang(x, y):
    """f = ½ Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ) (Styblinski & Tang 1990): four basins of unequal depth."""

    def term(u):
        return (u * u * u * u - 16 * u * u + 5 * u) / 2

    def slope(u):
        return 2 * u * u * u - 16 * u + 2.5

    return term(x) + term(y), (slope(x), slope(y))


@surface([(-32.768, 32.768), (-32.768, 32.768)], [(0, 0)])
def ackley(x, y):
    """f = 20 (1 − exp(−0.2 r)) + e − exp(½ (cos 2πx + cos 2πy)), r = √(½ (x² + y²)) (Ackley 1987): ripples
    on a funnel. Its gradient does not exist at the origin, its minimum; 0 stands there."""
    r = sqrt((x * x + y * y) / 2)
    ripples = exp((cos(2 * pi * x) + cos(2 * pi * y)) / 2)
    funnel = 2 * exp(-0.2 * r) / np.where(r > 0, r, 1)
    parts = (funnel * x + pi * sin(2 * pi * x) * ripples, funnel * y + pi * sin(2 * pi * y) * ripples)
    return -20 * expm1(-0.2 * r) + (e - ripples), parts


@surface(
    [(-3, 3), (-2, 2)],
    [(0.089842013100, -0.712656403021), (-0.089842013100, 0.712656403021)],
    [(0, 0)],
)
def six_hump_camel(x, y):
    """f = (4 − 2.1x² + x⁴/3) x² + xy + (4y² − 4) y² (Dixon & Szegő 1978): six minima, two of them deepest."""
    x2, y2 = x * x, y * y
    value = (4 - 2.1 * x2 + x2 * x2 / 3) * x2 + x * y + (4 * y2 - 4) * y2
    return value, ((8 - 8.4 * x2 + 2 * x2 * x2) * x + y, x + (16 * y2 - 8) * y)


@surface([(-5, 5), (-5, 5)], [(0, 0), (1.7475523, -0.87377615), (-1.7475523, 0.87377615)])
def three_hump_camel(x, y):
    """f = 2x² − 1.05x⁴ + x⁶/6 + xy + y²: one global minimum between two local ones of height 0.2986."""
    x2 = x * x
    value = (2 - 1.05 * x2 + x2 * x2 / 6) * x2 + x * y + y * y
    return value, ((4 - 4.2 * x2 + x2 * x2) * x + y, x + 2 * y)


# Where the gradient vanishes and no minimum is near.


@surface([(-2, 2), (-2, 2)], saddles=[(0, 0)])
def saddle(x, y):
    """f = x² − y²: down along y, up along x, flat in the middle; it has no minimum."""
    return x**2 - y**2, (2 * x, -2 * y)


@surface([(-2, 2), (-2, 2)], saddles=[(0, 0)])
def monkey_saddle(x, y):
    """f = x³ − 3xy²: three ways down (two legs and a tail); at the origin the Hessian is 0 too."""
    return x * x * x - 3 * x * y * y, (3 * x * x - 3 * y * y, -6 * x * y)


# One dimension: curves.


@surface([(-2, 2)], [(0,)])
def parabola(x):
    """f = ½ x²: curvature 1 everywhere."""
    return x**2 / 2, (x,)


@surface([(-2, 2)], [(0,)])
def quartic(x):
    """f = ¼ x⁴: so flat at its minimum that gradient descent slows down for ever."""
    return x * x * x * x / 4, (x * x * x,)


@surface([(-2, 2)], [(0,)])
def absolute(x):
    """f = |x|: the slope never shrinks, and at the minimum there is none; 0 stands there."""
    return np.abs(x), (np.sign(x),)


@surface([(-2, 2)], [(-1.0355787140888542,), (0.9601495555191059,)])
def double_well(x):
    """f = (x² − 1)² + 0.3 x: two valleys, the left one deeper."""
    return (x * x - 1) ** 2 + 0.3 * x, (4 * x * (x * x - 1) + 0.3,)


@surface([(-6, 6)], [(0,)])
def plateau(x):
    """f = x² / (1 + x²): a pit in a plain; far out the slope falls as 2/x³."""
    s = 1 + x * x
    return x * x / s, (2 * x / (s * s),)


@surface([(-4, 4)], [(0,)])
def lessard(x):
    """The convex f with f′ = 25x for x < 1, x + 24 for 1 ≤ x < 2, 25x − 24 for x ≥ 2, and f(0) = 0 (Lessard,
    Recht & Packard 2016, §4.6), on which the best heavy ball for quadratics need not come to rest."""
    left, middle, right = x < 1, (x >= 1) & (x < 2), x >= 2
    slope = np.select([left, middle, right], [25 * x, x + 24, 25 * x - 24], np.nan)
    value = np.select(
        [left, middle, right],
        [12.5 * x * x, 0.5 * x * x + 24 * x - 12, 12.5 * x * x - 24 * x + 36],
        np.nan,
    )
    return value, (slope,)
