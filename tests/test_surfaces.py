"""Surfaces: gradients by finite differences, values and critical points by the published tables."""

import inspect
import math

import numpy as np
import pytest

from lib import surfaces
from lib.surfaces import Surface, booth, quadratic, ravine, surface, turn, turned_ravine

ALL = [s for s in vars(surfaces).values() if isinstance(s, Surface)]
ALL += [quadratic(1, 10, 100), ravine(), ravine(kappa=30), turned_ravine(50, 20)]
BY_NAME = {s.name: s for s in ALL}
H = 2.0**-17  # 7.6e-6, and exact in binary

MINIMA = [(s, p) for s in ALL for p in s.minima]
SADDLES = [(s, p) for s in ALL for p in s.saddles]
name_of = lambda value: str(value)  # noqa: E731
every_surface = pytest.mark.parametrize("f", ALL, ids=name_of)


def points(f, n=60):
    low, high = np.array(f.window).T
    return np.random.default_rng(7).uniform(low, high, (n, len(low))).T


def central_differences(function, theta):
    """Derivatives of `function` along each coordinate of theta; the coordinate is the first axis."""
    steps = H * np.eye(len(theta)).reshape(len(theta), len(theta), *[1] * (theta.ndim - 1))
    return np.stack([(function(theta + step) - function(theta - step)) / (2 * H) for step in steps])


def curvatures(f, point):
    """The eigenvalues of the Hessian, from differences of the exact gradient."""
    hessian = central_differences(f.grad, np.array(point, float))
    return np.linalg.eigvalsh((hessian + hessian.T) / 2)


def ring(f, point, radius=1e-2):
    """Points of the window on a small sphere around a point."""
    directions = np.random.default_rng(3).standard_normal((len(point), 200))
    around = np.array(point)[:, None] + radius * directions / np.sqrt((directions**2).sum(axis=0))
    return around


@every_surface
def test_the_gradient_is_that_of_central_differences(f):
    theta = points(f)
    exact, differences = f.grad(theta), central_differences(f, theta)
    # truncation H²·f‴/6 and rounding 1e-16·f/H are both below 1e-8 of the largest slope in the window
    assert np.abs(exact - differences).max() < 1e-8 * np.abs(exact).max()


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("booth", (0, 0), 74),
        ("booth", (1, 3), 0),
        ("matyas", (1, 1), 0.04),
        ("rosenbrock", (-1.2, 1), 24.2),
        ("rosenbrock", (1, 1), 0),
        ("beale", (0, 0), 14.203125),
        ("beale", (3, 0.5), 0),
        ("beale", (0, 1), 909 / 64),
        ("himmelblau", (0, 0), 170),
        ("himmelblau", (3, 2), 0),
        ("rastrigin", (0, 0), 0),
        ("rastrigin", (1, 1), 2),
        ("rastrigin", (0.5, 0.5), 40.5),
        ("styblinski_tang", (-2.903534027771177, -2.903534027771177), -78.33233140754283),
        ("styblinski_tang", (1, 1), -10),
        ("ackley", (1, 1), 3.625384938440363),
        ("ackley", (0, 0), 0),
        ("six_hump_camel", (0.0898420131, -0.712656403021), -1.0316284534898774),
        ("six_hump_camel", (1, 1), 4 - 2.1 + 1 / 3 + 1),
        ("three_hump_camel", (0, 0), 0),
        ("three_hump_camel", (1, 1), 2 - 1.05 + 1 / 6 + 2),
        ("saddle", (1, 2), -3),
        ("monkey_saddle", (1, 1), -2),
        ("ravine(kappa=1000)", (1, 1), 500.5),
        ("parabola", (2,), 2),
        ("quartic", (2,), 4),
        ("absolute", (-1.5,), 1.5),
        ("double_well", (-1,), -0.3),
        ("plateau", (1,), 0.5),
        ("lessard", (1,), 12.5),
        ("lessard", (2,), 38),
        ("lessard", (3,), 76.5),
    ],
)
def test_a_known_value(name, point, value):
    assert BY_NAME[name](point) == pytest.approx(value, rel=1e-14, abs=1e-15)


def test_known_values_of_less_digits():
    assert BY_NAME["himmelblau"]((-0.270845, -0.923039)) == pytest.approx(181.61652, abs=5e-6)
    for sign in (1, -1):
        local = BY_NAME["three_hump_camel"]((sign * 1.74755, -sign * 0.87378))
        assert local == pytest.approx(0.298638442, abs=1e-9)


def test_rosenbrocks_gradient_at_its_classical_start():
    np.testing.assert_allclose(BY_NAME["rosenbrock"].grad((-1.2, 1)), (-215.6, -88), rtol=1e-13)


@pytest.mark.parametrize(
    ("name", "point", "eigenvalues", "rel"),
    [
        ("beale", (3, 0.5), (0.3015, 48.98), 2e-4),
        ("booth", (1, 3), (2, 18), 1e-9),
        ("matyas", (0, 0), (0.04, 1), 1e-9),
        ("saddle", (0, 0), (-2, 2), 1e-9),
        ("monkey_saddle", (0, 0), (0, 0), 1e-9),
        ("ravine(kappa=1000)", (0, 0), (1, 1000), 1e-9),
        ("quadratic(1, 10, 100)", (0, 0, 0), (1, 10, 100), 1e-9),
    ],
)
def test_the_hessians_eigenvalues(name, point, eigenvalues, rel):
    assert curvatures(BY_NAME[name], point) == pytest.approx(eigenvalues, rel=rel, abs=1e-9)


def test_rosenbrocks_condition_number():
    low, high = curvatures(BY_NAME["rosenbrock"], (1, 1))
    assert high / low == pytest.approx(2508.0096, rel=1e-6)


@pytest.mark.parametrize(("f", "point"), MINIMA + SADDLES, ids=name_of)
def test_the_gradient_vanishes_at_minima_and_saddles(f, point):
    # the points stand with 8 digits or more, and no curvature there is above 2·10³
    assert np.abs(f.grad(point)).max() < 1e-6


@pytest.mark.parametrize(("f", "point"), MINIMA, ids=name_of)
def test_a_minimum_is_lower_than_all_around_it(f, point):
    assert (f(ring(f, point)) > f(point)).all()


@pytest.mark.parametrize("f", [s for s in ALL if s.minima], ids=name_of)
def test_the_first_minimum_is_the_lowest_of_the_window(f):
    assert f(points(f, 20_000)).min() > f(f.minima[0]) - 1e-12


@pytest.mark.parametrize(("f", "point"), SADDLES, ids=name_of)
def test_a_saddle_goes_up_and_down(f, point):
    around = f(ring(f, point)) - f(point)
    assert around.min() < 0 < around.max()
    if f.name != "monkey_saddle":  # flat to second order
        low, high = curvatures(f, point)
        assert low < 0 < high


def test_the_published_number_of_minima():
    assert len(BY_NAME["himmelblau"].minima) == len(BY_NAME["himmelblau"].saddles) == 4
    published = (-2.805118086953, 3.131312518251), (-3.779310253378, -3.283185991286)
    for point in (*published, (3.584428340330, -1.848126526964), (3, 2)):
        assert np.min([np.abs(np.subtract(m, point)).max() for m in BY_NAME["himmelblau"].minima]) < 1e-11


def test_lessards_function_is_convex():
    slope = BY_NAME["lessard"].grad(np.linspace(-4, 4, 2001)[None])
    assert (np.diff(slope) > 0).all()


def test_lessards_slope_on_both_sides_of_its_kinks():
    slope = BY_NAME["lessard"].grad([[0.9995, 1.0, 1.0005, 1.9995, 2.0, 2.0005]])[0]
    np.testing.assert_allclose(slope, [24.9875, 25, 25.0005, 25.9995, 26, 26.0125], rtol=1e-14)


@every_surface
def test_many_points_at_once_are_the_points_one_by_one(f):
    theta = points(f, 12)
    value, grad = f.value_and_grad(theta.reshape(-1, 3, 4))
    assert value.shape == (3, 4)
    assert grad.shape == (len(theta), 3, 4)
    singles = [f.value_and_grad(point) for point in theta.T]
    np.testing.assert_allclose(value.ravel(), [v for v, _ in singles], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        grad.reshape(len(theta), -1).T, [g for _, g in singles], rtol=1e-12, atol=1e-12
    )
    np.testing.assert_array_equal(f(theta), f.value_and_grad(theta)[0])
    np.testing.assert_array_equal(f.grad(theta), f.value_and_grad(theta)[1])


@every_surface
def test_float32_stays_float32_and_lists_and_integers_become_floats(f):
    value, grad = f.value_and_grad(points(f).astype(np.float32))
    assert value.dtype == grad.dtype == np.float32
    value, grad = f.value_and_grad([1] * len(f.window))
    assert value.dtype == grad.dtype == np.float64


@every_surface
def test_evaluating_leaves_theta_as_it_was_and_returns_new_arrays(f):
    theta = points(f)
    before = theta.copy()
    grad = f.grad(theta)
    grad[:] = 0
    np.testing.assert_array_equal(theta, before)


def test_ackleys_gradient_at_its_minimum_is_finite():
    np.testing.assert_array_equal(BY_NAME["ackley"].grad((0.0, 0.0)), (0, 0))
    # beside it the funnel 4r falls with slope 4/√2 along x; the ripples' slope there is 2π²e·x
    beside = BY_NAME["ackley"].grad([[-1e-150, 1e-150, 1e-9], [0.0, 0.0, 0.0]])
    assert beside[0] == pytest.approx(np.array([-1, 1, 1]) * 4 / np.sqrt(2), rel=1e-7)


@every_surface
def test_the_wrong_number_of_coordinates_is_named(f):
    d, names = len(f.window), ", ".join(f.coords)
    with pytest.raises(ValueError) as error:
        f(np.zeros((d + 1, 5)))
    assert str(error.value) == (
        f"{f.name} has {d} coordinates, ({names}); theta has shape ({d + 1}, 5). "
        "The first axis of theta is the coordinate."
    )
    with pytest.raises(ValueError, match=r"theta has shape \(\)"):
        f.grad(1.0)


def test_a_surface_of_ones_own():
    @surface(window=[(-1, 1), (0, 2)], minima=[(0, 1)], saddles=[(1, 1)])
    def mine(u, w):
        """Mine."""
        return u**2 + 3 * w, (2 * u, 3)

    assert repr(mine) == mine.name == "mine"
    assert mine.coords == ("u", "w")
    assert mine.window == ((-1, 1), (0, 2))
    assert (mine.minima, mine.saddles) == (((0, 1),), ((1, 1),))
    assert mine.__doc__ == "Mine."
    assert "return u**2 + 3 * w" in inspect.getsource(mine)
    np.testing.assert_array_equal(mine.grad(np.ones((2, 3))), [[2, 2, 2], [3, 3, 3]])
    assert surface(window=[(0, 1)], name="other")(lambda x: (x, (1,))).name == "other"


def test_a_surface_with_a_partial_derivative_missing_is_named():
    @surface(window=[(-1, 1), (-1, 1)])
    def half(x, y):
        return x * y, (y,)

    with pytest.raises(ValueError, match="half returned 1 partial derivatives for 2 coordinates"):
        half.grad((1, 1))


def test_a_quadratic_has_a_coordinate_for_each_eigenvalue():
    assert quadratic(1, 10, 100).coords == ("x1", "x2", "x3")
    assert repr(quadratic(1, 100)) == "quadratic(1, 100)"
    assert repr(quadratic(5)) == "quadratic(5)"
    with pytest.raises(ValueError, match=r"give one per coordinate: quadratic\(1, 100\)"):
        quadratic()


def test_the_surfaces_of_one_coordinate():
    assert {s.name for s in ALL if len(s.window) == 1} == {
        "parabola", "quartic", "absolute", "double_well", "plateau", "lessard",
    }  # fmt: skip


def test_the_windows_of_the_literature():
    symmetric = {"beale": 4.5, "booth": 10, "rosenbrock": 2.048, "rastrigin": 5.12, "himmelblau": 5}
    symmetric |= {"styblinski_tang": 5, "ackley": 32.768, "three_hump_camel": 5, "matyas": 10}
    for name, half in symmetric.items():
        assert BY_NAME[name].window == ((-half, half),) * 2


# A reader's own function: what it does to what it is given, and what it returns.


def shifted(x):
    x -= 3
    return x**2, (2 * x,)


def masked(x):
    s = np.ones_like(x)
    s[x < 0] = -1
    x[x < 0] *= -1
    return x, (s,)


def filled(x):
    return np.abs(x, out=x), (np.copysign(1.0, x),)  # by then x is |x|


def slopes_first(x, y):
    gx, gy = 2 * x, 20 * y
    np.multiply(x, x, out=x)
    y *= y
    return x + 10 * y, (gx, gy)


OWN = {
    "in place": (shifted, lambda x: ((x - 3) ** 2, (2 * (x - 3),))),
    "by masks": (masked, lambda x: (abs(x), (np.where(x < 0, -1.0, 1.0),))),
    "into its argument": (filled, lambda x: (abs(x), (np.ones_like(x),))),
    "returned": (lambda x: (x, (x,)), lambda x: (x + 0, (x + 0,))),
    "as a view": (lambda x: (x[...], [x[...]]), lambda x: (x + 0, (x + 0,))),
    "products": (slopes_first, lambda x, y: (x * x + 10 * (y * y), (2 * x, 20 * y))),
    "with constants": (lambda x, y: (3, (0, 0.0)), lambda x, y: (3 + 0 * x, (0 * x, 0 * y))),
    "with NumPy's constants": (
        lambda x, y: (2 * x - y, (np.float64(2), np.array(-1.0))),
        lambda x, y: (2 * x - y, (2 + 0 * x, -1 + 0 * y)),
    ),
    "as whole numbers": (lambda x: (abs(x), ((x > 0).astype(int),)), lambda x: (abs(x), (np.where(x > 0, 1.0, 0.0),))),
    "as an array": (lambda x, y: (x * y, np.array([y, x])), lambda x, y: (x * y, (y, x))),
}  # fmt: skip


@pytest.mark.parametrize("runs", [(), (1,), (2,), (3,), (2, 3)], ids=str)
@pytest.mark.parametrize("name", OWN)
def test_what_a_function_does_to_its_arguments_changes_nothing(name, runs):
    function, right = OWN[name]
    d = 2 if "y" in function.__code__.co_varnames[:2] else 1
    f = surface(window=[(-2, 2)] * d)(function)
    theta = np.random.default_rng(1).standard_normal((d, *runs))
    given = theta.copy()
    value, slopes = right(*theta.copy())
    found, grad = f.value_and_grad(theta)
    assert np.array_equal(theta, given)
    assert found.shape == runs and grad.shape == theta.shape
    np.testing.assert_array_equal(found, value)
    np.testing.assert_array_equal(grad, np.array(slopes))
    assert not np.shares_memory(found, theta) and not np.shares_memory(grad, theta)
    f.check_runs(theta)


def test_one_buffer_for_every_answer():
    value, slopes = np.empty(3), np.empty((2, 3))

    @surface(window=[(-2, 2)] * 2)
    def reuse(x, y):
        value[:] = x * x + y * y
        slopes[0], slopes[1] = 2 * x, 2 * y
        return value, slopes

    one, two = (reuse.value_and_grad(np.full((2, 3), c)) for c in (1.0, 2.0))
    assert one[0].tolist() == [2, 2, 2] and one[1].tolist() == [[2, 2, 2]] * 2
    assert two[0].tolist() == [8, 8, 8] and two[1].tolist() == [[4, 4, 4]] * 2
    one[0][:] = 0
    assert two[0].tolist() == [8, 8, 8]


def test_constants_at_points_where_a_surface_is_not_defined():
    f = surface(window=[(-2, 2)] * 2)(lambda x, y: (np.sqrt(x) + y, (0.5 / np.sqrt(x), 1.0)))
    with np.errstate(invalid="ignore"):
        assert f.grad([[-1.0, 4.0], [0.0, 0.0]])[1].tolist() == [1, 1]


MIXED = {
    "sum": lambda x, y: (np.sum(x * x + y * y), (2 * x, 2 * y)),
    "mean": lambda x, y: (np.mean(x * x + y * y), (2 * x, 2 * y)),
    "a sum in one term": lambda x, y: (x * x + np.sum(y * y), (2 * x, 2 * y)),
    "a sum as partial": lambda x, y: (x * x + y * y, (np.sum(2 * x), 2 * y)),
    "norm": lambda x, y: (np.linalg.norm([x, y]) ** 2, (2 * x, 2 * y)),
    "a float of a sum": lambda x, y: (float(np.sum(x * x + y * y)), (2 * x, 2 * y)),
    "in order": lambda x, y: (x * x + y * y, (2 * np.sort(x), 2 * y)),
    "in the opposite order": lambda x, y: (x * x + y * y, (-2 * np.sort(-x), 2 * y)),
    "over the largest": lambda x, y: (x * x / np.max(np.abs(x)), (2 * x, 0 * y)),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_a_function_that_mixes_runs_is_refused(name):
    f = surface(window=[(-2, 2)] * 2, name="mine")(MIXED[name])
    with pytest.raises(ValueError, match=r"^mine mixes its runs: .* Sum over coordinates only"):
        f.check_runs(np.ones((2, 1)))
    if np.ndim(MIXED[name](np.ones(3), np.ones(3))[0]) == 0:
        with pytest.raises(ValueError, match=r"^mine mixes its runs"):
            f(np.ones((2, 3)))


def test_what_draws_random_numbers_does_not_count_as_mixing():
    rng = np.random.default_rng(0)
    f = surface(window=[(-2, 2)])(lambda x: (x * x + rng.standard_normal(x.shape), (2 * x,)))
    f.check_runs(np.ones((1, 1)))


WRONG = {
    "only a value": (lambda x, y: x * x, TypeError, "mine returned array"),
    "nothing": (lambda x, y: None, TypeError, "mine returned None; a surface returns its value and a tuple"),
    "value and partials in a row": (lambda x, y: (x, 1.0, 1.0), TypeError, r"return x\*\*2 \+ y\*\*2, \(2 \* x, 2 \* y\)"),
    "a bare gradient": (lambda x, y: (x * x, 2 * x), TypeError, "mine returned .*tuple of its partial"),
    "one partial too many": (lambda x, y: (x, (1.0, 2.0, 3.0)), ValueError, "mine returned 3 partial derivatives for 2 coordinates"),
    "a complex partial": (lambda x, y: (x, (2j * x, y)), TypeError, "mine returned .*real number for each run"),
    "a word": (lambda x, y: ("low", (x, y)), TypeError, "mine returned 'low', where a real number"),
    "no partial": (lambda x, y: (x, (x, None)), TypeError, "mine returned None, where a real number"),
    "too long": (lambda x, y: (np.ones(7), (x, y)), ValueError, r"mine returned an array of shape \(7,\)"),
    "ragged": (lambda x, y: ([[1.0], [1.0, 2.0]], (x, y)), TypeError, "mine returned"),
    "math.sin": (lambda x, y: (math.sin(x), (math.cos(x), 0 * y)), TypeError, r"mine raised TypeError.*np\.sin\(x\) instead of math\.sin"),
    "if": (lambda x, y: (x if x > 0 else -x, (x, y)), TypeError, r"mine raised ValueError.*np\.where\(x > 0, this, that\) instead of if"),
    "its own error": (lambda x, y: {}["low"], TypeError, "mine raised KeyError: 'low'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_a_function_returns_is_told(name):
    function, error, message = WRONG[name]
    f = surface(window=[(-2, 2)] * 2, name="mine")(function)
    with pytest.raises(error, match=message) as raised:
        f(np.ones((2, 3)))
    assert type(raised.value) is error


def test_warnings_and_floating_point_errors_that_were_asked_for_come_through():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        surface(window=[(-2, 2)])(lambda x: (np.log(x), (1 / x,)))([[0.0, 1.0]])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: surface(lambda x: (x, (1.0,))), TypeError, r"write @surface\(window="),
        (lambda: surface(window=(-2, 2))(len), ValueError, r"window is \(-2, 2\); give a pair"),
        (lambda: surface(window=5)(len), ValueError, "window is 5; give a pair"),
        (lambda: surface(window="ab")(len), TypeError, "window is .*give a pair"),
        (lambda: surface(window=[(2, -2)])(len), ValueError, "low < high"),
        (lambda: surface(window=[(2, 2)])(len), ValueError, "low < high"),
        (lambda: surface(window=[(0, np.inf)])(len), ValueError, "finite"),
        (lambda: surface(window=[(0, 1, 2)])(len), ValueError, "give a pair"),
        (lambda: surface(window=[(0, 1), (2,)])(len), TypeError, "give a pair"),
        (lambda: surface(window=[(0, 1)], minima=[1])(len), ValueError, "minima is .*a list of points"),
        (lambda: surface(window=[(0, 1)], minima=[(np.nan,)])(len), ValueError, "minima is .*a list of points"),
        (lambda: surface(window=[(0, 1)] * 2, minima=(1, 1))(len), ValueError, "minima is .*each of 2 coordinates"),
        (lambda: surface(window=[(0, 1)], saddles=["a"])(len), TypeError, "saddles is"),
        (lambda: surface(window=[(0, 1)])(5), TypeError, "made of a function; this is 5"),
        (lambda: surface(window=[(0, 1)], name="mine")(lambda x, y: (x, (1.0, 1.0)))([1.0]), TypeError, "mine raised"),
        (lambda: surface(window=[(0, 1)], name="mine")(lambda x, y: (x, (1.0, 1.0))).coords, ValueError, r"mine has the coordinates \(x, y\), and its window 1 pair;"),
        (lambda: surface(window=[(0, 1)] * 2, name="mine")(lambda p: (p, (1.0,))).coords, ValueError, r"mine has the coordinates \(p\), and its window 2 pairs;"),
        (lambda: booth(None), TypeError, "theta is None; give an array"),
        (lambda: booth({"x": 1, "y": 2}), TypeError, "theta is {'x': 1"),
        (lambda: booth("12"), TypeError, "theta is '12'"),
        (lambda: booth([1j, 2]), TypeError, "theta is"),
        (lambda: booth([[1], [2, 3]]), TypeError, "theta is"),
        (lambda: quadratic("a"), TypeError, "an eigenvalue of quadratic is 'a'"),
        (lambda: quadratic([1, 2]), ValueError, "an eigenvalue of quadratic is"),
        (lambda: quadratic(np.nan), ValueError, "finite"),
        (lambda: ravine("steep"), TypeError, "kappa is 'steep'"),
        (lambda: turned_ravine(10, np.inf), ValueError, "degrees is inf"),
    ],
)  # fmt: skip
def test_a_surface_of_a_wrong_form_is_told(make, error, message):
    with pytest.raises(error, match=message) as raised:
        make()
    assert type(raised.value) is error


def test_arguments_with_defaults_are_no_coordinates():
    f = surface(window=[(-1, 1)] * 2)(lambda x, y, a=3, *, b=2: (a * x + b * y, (a, b)))
    assert f.coords == ("x", "y") and f.grad((1.0, 1.0)).tolist() == [3, 2]


def test_a_turned_ravine_is_the_ravine_seen_from_elsewhere():
    points = np.random.default_rng(5).uniform(-2, 2, (2, 50))
    for degrees in (0, 30, 90, -200):
        there = turn(points, degrees)
        np.testing.assert_allclose((there**2).sum(axis=0), (points**2).sum(axis=0))  # lengths stay
        value, slope = turned_ravine(70, degrees).value_and_grad(there)
        np.testing.assert_allclose(value, ravine(70)(points), rtol=1e-12)
        np.testing.assert_allclose(slope, turn(ravine(70).grad(points), degrees), atol=1e-11)
    assert turned_ravine(70, 90)((1.0, 0.0)) == pytest.approx(35)  # a quarter turn: now x is steep
