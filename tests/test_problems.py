"""Problems with data: gradients by finite differences, values by hand and by scikit-learn, batches by counting."""

import gzip
import warnings
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from test_surfaces import central_differences

from lib import problems
from lib.descend import descend, sweep
from lib.optimizers import adam, gd
from lib.problems import (
    Minibatches,
    Noise,
    Problem,
    Worst,
    austen,
    digits,
    linear_regression,
    logistic_regression,
    numbered,
    signals,
    softmax_regression,
)
from lib.recipe import recipe
from lib.surfaces import quadratic, rosenbrock, surface

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(11)
X = RNG.standard_normal((12, 3))
PROBLEMS = [
    linear_regression(X, RNG.standard_normal(12)),
    linear_regression(X, RNG.standard_normal(12), names=("a", "b", "c")),
    logistic_regression(X, RNG.integers(0, 2, 12)),
    softmax_regression(X, np.arange(12) % 4),
]
every_problem = pytest.mark.parametrize("f", PROBLEMS, ids=["linear", "named", "logistic", "softmax"])


@pytest.mark.parametrize("rows", [None, [3], [0, 5, 5, 11]], ids=["all", "one", "some, one twice"])
@pytest.mark.parametrize("runs", [(), (5,), (2, 3)], ids=str)
@every_problem
def test_the_gradient_is_that_of_central_differences(f, runs, rows):
    theta = np.random.default_rng(2).standard_normal((len(f.coords), *runs))
    exact, differences = f.grad(theta, rows), central_differences(lambda theta: f(theta, rows), theta)
    assert exact.shape == theta.shape and f(theta, rows).shape == runs
    assert np.abs(exact - differences).max() < 1e-8 * np.abs(exact).max()


@every_problem
def test_many_runs_are_each_of_them_alone(f):
    theta = np.random.default_rng(3).standard_normal((len(f.coords), 4, 2))
    value, grad = f.value_and_grad(theta)
    for i, j in np.ndindex(4, 2):
        one = f.value_and_grad(theta[:, i, j])
        np.testing.assert_allclose(value[i, j], one[0], rtol=1e-14)
        np.testing.assert_allclose(grad[:, i, j], one[1], rtol=1e-12, atol=1e-15)


def test_blocks_of_runs_are_the_whole(monkeypatch):
    theta = np.random.default_rng(5).standard_normal((16, 3, 7))
    value, grad = PROBLEMS[-1].value_and_grad(theta)
    monkeypatch.setattr(problems, "BLOCK", 12 * 4)  # twelve examples, four runs
    in_blocks = PROBLEMS[-1].value_and_grad(theta)
    np.testing.assert_allclose(in_blocks[0], value, rtol=1e-14)
    np.testing.assert_allclose(in_blocks[1], grad, rtol=1e-12, atol=1e-15)


@every_problem
def test_the_mean_over_single_examples_is_the_whole(f):
    theta = np.random.default_rng(4).standard_normal(len(f.coords))
    parts = [f.value_and_grad(theta, [row]) for row in range(f.size)]
    np.testing.assert_allclose(np.mean([value for value, _ in parts]), f(theta), rtol=1e-14)
    np.testing.assert_allclose(
        np.mean([grad for _, grad in parts], axis=0), f.grad(theta), rtol=1e-12, atol=1e-15
    )


def test_least_squares_by_hand():
    line = linear_regression([[1, 0], [1, 1]], [1, 4], names=("a", "b"), window=[(0, 5), (-1, 4)])
    assert line([2, 5]) == ((2 - 1) ** 2 + (7 - 4) ** 2) / 4
    assert line.grad([2, 5]).tolist() == [(1 + 3) / 2, 3 / 2]
    assert np.allclose(line.minima, [(1, 3)], rtol=0, atol=1e-12) and line.window == ((0, 5), (-1, 4))


def test_the_minimum_of_logistic_and_softmax_regression_is_scikit_learns():
    from sklearn.linear_model import LogisticRegression

    y = np.arange(12) % 3
    for make, labels in [(logistic_regression, y == 0), (softmax_regression, y)]:
        given = np.c_[X, np.ones(12)] if make is logistic_regression else X
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # C = inf is spelt otherwise from release to release
            theirs = LogisticRegression(C=1e12, tol=1e-12, max_iter=10_000).fit(X, labels)
        p = theirs.predict_proba(X)
        f = make(given, labels)
        end = descend(f, np.zeros(len(f.coords)), gd(lr=0.5), 20_000, every=20_000)
        assert float(end.loss[-1]) == pytest.approx(
            -np.log(p[np.arange(12), labels.astype(int)]).mean(), rel=1e-9
        )


def test_large_numbers_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert logistic_regression([[1.0]], [1])([-1e4]) == 1e4
        assert logistic_regression([[1.0]], [1])([1e4]) == 0
        assert softmax_regression([[1.0]], [1]).grad([1e4, -1e4, 0, 0]).tolist() == [1, -1, 1, -1]


def test_views_share_memory_and_name_the_coordinates():
    f = PROBLEMS[-1]
    theta = np.zeros((16, 2))
    f.views(theta)["W"][1, 2] = 7
    assert f.coords[6] == "W[1, 2]" and theta[6].tolist() == [7, 7]
    assert f.coords[-1] == "b[3]" and f.views(theta)["b"].shape == (4, 2)


def test_the_digits():
    X, y = digits()
    assert X.shape == (1797, 64) and X.dtype == float and X.max() == 1
    assert set(y) == set(range(10))


def test_the_text_is_as_it_was_taken():
    folder = ROOT / "lib" / "data"
    packed = (folder / "pride_and_prejudice.txt.gz").read_bytes()
    note = (folder / "README.md").read_text(encoding="utf-8")
    for data in (packed, gzip.decompress(packed)):
        assert sha256(data).hexdigest() in note


def test_the_words_of_austen():
    text = austen()
    assert text[:3] == ["pride", "and", "prejudice"] and text[-3:] == ["uniting", "them", "."]
    words = [word for word in text if word[0] not in ".,;:?!"]
    assert len(words) == 122_159 and len(set(words)) == 6378


def test_words_are_numbered_by_how_common_they_are():
    text = austen()
    common, numbers = numbered(text, 500)
    assert common[:5] == [",", ".", "the", "to", "of"] and len(common) == 500
    counts = np.bincount(numbers, minlength=501)
    assert len(numbers) == len(text) == counts.sum() and (np.diff(counts[:500]) <= 0).all()
    assert [text.count(word) for word in common[::50]] == counts[:500:50].tolist()
    assert [word for word, n in zip(text, numbers, strict=True) if n < 500][:99] == [
        common[n] for n in numbers if n < 500
    ][:99]
    assert numbered(["b", "a", "a", "b"], 2)[0] == ["b", "a"]  # equally common: the first one first


# Gradient sources.


def batches(source, count, n=10, seed=0):
    f = linear_regression(np.ones((n, 1)), np.zeros(n))
    return [rows for rows, _ in zip(source.rows(f, np.random.default_rng(seed)), range(count), strict=False)]


@pytest.mark.parametrize("size", [1, 3, 5, 10])
def test_an_epoch_sees_every_example_once(size):
    per_epoch = -(-10 // size)
    drawn = batches(Minibatches(size), 3 * per_epoch)
    for epoch in range(3):
        seen = np.concatenate(drawn[epoch * per_epoch : (epoch + 1) * per_epoch])
        assert sorted(seen) == list(range(10))
    assert size == 10 or drawn[0].tolist() != drawn[per_epoch].tolist()


def test_with_replacement_every_batch_is_drawn_from_all():
    drawn = np.array(batches(Minibatches(4, replace=True), 5000))
    assert drawn.shape == (5000, 4)
    counts = np.bincount(drawn.ravel(), minlength=10)
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(20_000 * 0.1 * 0.9)
    twice = np.mean([len(set(rows)) < 4 for rows in drawn.tolist()])
    assert twice == pytest.approx(1 - 10 * 9 * 8 * 7 / 10**4, abs=0.03)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("size", [1, 4])
def test_the_variance_of_a_batch(size, replace):
    """s²/B with replacement; without, times (N − B)/(N − 1) (Cochran 1977, §2.6)."""
    f = PROBLEMS[0]
    theta = np.array([1.0, -1.0, 0.5])
    single = np.stack([f.grad(theta, [row]) for row in range(12)])
    rows = batches(Minibatches(size, replace), 30_000, n=12)
    found = np.stack([f.grad(theta, r) for r in rows])
    expected = single.var(axis=0) / size * (1 if replace else (12 - size) / 11)
    np.testing.assert_allclose(found.mean(axis=0), f.grad(theta), atol=5 * np.sqrt(expected.max() / 30_000))
    np.testing.assert_allclose(((found - f.grad(theta)) ** 2).mean(axis=0), expected, rtol=0.06)


def test_a_seed_is_a_run():
    runs = [
        descend(PROBLEMS[0], [0, 0, 0], adam(lr=0.1), 30, gradient=Minibatches(4), seed=s) for s in (5, 5, 6)
    ]
    assert runs[0].theta.identical(runs[1].theta) and not runs[0].theta.equals(runs[2].theta)
    assert runs[0].attrs["seed"] == 5 and runs[0].attrs["gradient"] == "Minibatches(size=4, replace=False)"
    assert recipe(runs[0])["gradient"] == Minibatches(4)


def test_all_of_the_data_is_the_exact_gradient():
    exact = descend(PROBLEMS[0], [0, 0, 0], gd(lr=0.1), 30)
    batch = descend(PROBLEMS[0], [0, 0, 0], gd(lr=0.1), 30, gradient=Minibatches(12))
    np.testing.assert_allclose(batch.theta, exact.theta, rtol=0, atol=1e-14)
    still = descend(rosenbrock, [-1, 1], adam(lr=0.1), 30, gradient=Noise(0), record="grad")
    assert still.theta.equals(descend(rosenbrock, [-1, 1], adam(lr=0.1), 30).theta)


def test_what_is_recorded_is_exact_and_what_is_seen_is_not():
    run = descend(
        quadratic(1.0), [[3.0, 3.0]], gd(lr=0.5), 20, gradient=Noise(2.0), seed=1, record="grad", every=5
    )
    x = run.theta.values[:, 0]
    assert np.allclose(run.loss, x**2 / 2) and np.allclose(run.grad_norm, abs(x))
    assert abs(run.grad.values[:, 0] - x).min() > 0.01
    assert x[1, 0] != x[1, 1]  # each run has noise of its own
    fine = descend(quadratic(1.0), [[3.0, 3.0]], gd(lr=0.5), 20, gradient=Noise(2.0), seed=1, record="grad")
    assert fine.isel(step=slice(None, None, 5)).drop_attrs().identical(run.drop_attrs())
    seen = fine.grad.values[:-1]
    assert np.allclose(fine.theta.values[1:], fine.theta.values[:-1] - 0.5 * seen, rtol=0, atol=1e-15)


def test_the_noise_floor_of_gradient_descent():
    """E[x²] = ησ²/(λ(2 − ηλ)): x′ = (1 − ηλ)x − ησξ, solved for a variance that stays."""
    lr, curvature, sigma = 0.3, 2.0, 0.7
    run = descend(quadratic(curvature), np.zeros((1, 40_000)), gd(lr=lr), 60, gradient=Noise(sigma), every=60)
    floor = lr * sigma**2 / (curvature * (2 - lr * curvature))
    assert float((run.theta[-1] ** 2).mean()) == pytest.approx(floor, rel=5 * np.sqrt(2 / 40_000))


def test_the_gradient_at_the_worst_point_nearby():
    # (3, 4) is 5 long: ρ = ½ goes on to (3.3, 4.4), and half of x² + 4y² has the gradient (x, 4y) there;
    # it starts along (3, 16), which is √265 long
    run = descend(quadratic(1.0, 4.0), [3, 4], gd(lr=1.0), 1, gradient=Worst(0.5), record="grad")
    length = np.sqrt(265)
    np.testing.assert_allclose(run.grad[0], [3 + 1.5 / length, 16 + 32 / length], rtol=1e-14)
    assert run.attrs["gradient"] == "Worst(rho=0.5)" and recipe(run)["gradient"] == Worst(0.5)


OPTAX_SAM = [
    [-1.2569446107089697, 1.3568670317949654],
    [-0.9809366874870084, 1.4573252642283776],
    [-1.2296219702873539, 1.3158423508308847],
    [-0.9761457211186604, 1.4098947507813515],
    [-1.2097149351322165, 1.276189112859455],
]
"""Five steps of optax.contrib.sam (0.2.8) around sgd(1e-3) from (−1, 1.5) on Rosenbrock's function, ρ = 0.1."""


def test_gradient_descent_at_the_worst_point_is_optax_sam():
    run = descend(rosenbrock, [-1, 1.5], gd(lr=1e-3), 5, gradient=Worst(0.1))
    np.testing.assert_allclose(run.theta[1:], OPTAX_SAM, rtol=1e-12)


def test_worst_takes_each_run_for_itself_stands_at_a_minimum_and_is_exact_without_radius():
    starts = np.array([[3.0, 0.0, -1.0], [4.0, 0.0, 2.0]])
    run = descend(quadratic(1.0, 4.0), starts, gd(lr=0.1), 20, gradient=Worst(0.3))
    for i in range(3):
        alone = descend(quadratic(1.0, 4.0), starts[:, i], gd(lr=0.1), 20, gradient=Worst(0.3))
        np.testing.assert_array_equal(run.theta.values[:, :, i], alone.theta.values)
    assert (run.theta.values[:, :, 1] == 0).all()
    exact = descend(rosenbrock, [-1, 1], adam(lr=0.1), 30)
    assert descend(rosenbrock, [-1, 1], adam(lr=0.1), 30, gradient=Worst(0)).theta.equals(exact.theta)


@pytest.mark.parametrize("size", [1e-200, 1e-300, 1e200])
def test_sam_looks_as_far_whatever_the_gradients_size(size):
    tilted = quadratic(1.0, 3.0)

    @surface(window=[(-1, 1), (-1, 1)])
    def small(x, y):
        value, grad = tilted.value_and_grad(np.array([x, y]))
        return size * value, tuple(size * grad)

    seen = Worst(0.5)(small, np.random.default_rng(0))(np.array([4.0, -1.0])) / size
    g = np.array([4.0, -3.0])  # of length 5
    np.testing.assert_allclose(seen, [1, 3] * (np.array([4.0, -1.0]) + 0.5 * g / 5), rtol=1e-12)


def test_a_sweep_sees_the_same_batches_in_every_run():
    grid = sweep(PROBLEMS[0], (0, 0, 0), gd, 25, gradient=Minibatches(3), seed=2, lr=[0.01, 0.1])
    one = descend(PROBLEMS[0], (0, 0, 0), gd(lr=0.1), 25, gradient=Minibatches(3), seed=2)
    np.testing.assert_allclose(grid.theta.sel(lr=0.1), one.theta, rtol=1e-12)


def test_a_noisy_run_that_diverges_is_frozen_where_it_was_kept():
    grid = sweep(
        quadratic(1.0), (1.0,), gd, 3000, gradient=Noise(0.1), every=100, lr=[0.1, 5.0], record="grad"
    )
    assert grid.diverged.values.tolist() == [False, True]
    assert all(np.isfinite(grid[name]).all() for name in ("theta", "loss", "grad_norm", "grad"))
    last = grid.theta.sel(lr=5.0).values[:, 0]
    assert (last[-5:] == last[-1]).all() and abs(last[-1]) > 1e100
    alone = sweep(quadratic(1.0), (1.0,), gd, 3000, gradient=Noise(0.1), every=100, lr=[0.1, 0.1])
    np.testing.assert_array_equal(grid.theta.sel(lr=0.1), alone.theta.isel(lr=0))


# Bad input.

LINE = linear_regression(np.ones((3, 1)), np.zeros(3))


def test_signals_are_ten_shapes_that_a_line_hardly_tells_apart_and_their_recipe_does():
    X, y = signals(4000, seed=3)
    assert (
        abs(X.mean()) < 1e-12 and abs(X.std() - 1) < 1e-12 and not np.array_equal(X, signals(4000, seed=4)[0])
    )
    assert np.array_equal(signals(4000, seed=3)[0], X) and np.ptp(np.bincount(signals(1003)[1])) == 1
    ends = np.stack(
        [np.ones(40), np.arange(40)], axis=1
    )  # a least-squares classifier, by the labels' columns
    design = np.column_stack([np.ones(4000), X])
    answer = np.linalg.lstsq(design[:3000], np.eye(10)[y[:3000]])[0]
    assert (
        0.15 < np.mean((design[3000:] @ answer).argmax(axis=1) == y[3000:]) < 0.35
    )  # the recipe's paper: 32 %
    shapes, labels, place = [], [], np.arange(40)
    for k in range(10):  # every place and three widths of each, whatever the slope
        for first in range(27):
            for width in (7, 8, 9.5):
                u = (place - first) / width
                shapes.append((-1) ** k * np.sin(np.pi * (k // 2 + 1) * u) * ((u > 0) & (u < 1)))
                labels.append(k)
    away = np.eye(40) - ends @ np.linalg.pinv(ends)
    shapes = np.array(shapes) @ away
    likeness = X[3000:] @ (shapes / np.linalg.norm(shapes, axis=1, keepdims=True)).T
    assert np.mean(np.array(labels)[likeness.argmax(axis=1)] == y[3000:]) > 0.8


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: linear_regression([1, 2], [1, 2]), ValueError, r"X of shape \(N, d\).*given \(2,\)"),
        (lambda: linear_regression([[1, 2]], [1, 2]), ValueError, r"y of shape \(N,\).*\(2,\)"),
        (lambda: linear_regression([[np.nan]], [1]), ValueError, "not finite; drop or fill"),
        (lambda: linear_regression([[1, 2]], [1], names=("a",)), ValueError, "1 names for the 2 columns"),
        (
            lambda: numbered(["to", "be"], 3),
            ValueError,
            "size is 3; this text allows a whole number of 1 to 2",
        ),
        (lambda: numbered(["to", "be"], 0), ValueError, "size is 0"),
        (lambda: numbered(["to", "be"], 1.5), ValueError, "size is 1.5"),
        (lambda: numbered(["to", "be"], True), ValueError, "size is True"),
        (lambda: logistic_regression([[1], [1]], [-1, 1]), ValueError, "takes 0 and 1"),
        (lambda: softmax_regression([[1], [1]], [0.5, 1]), ValueError, "takes 0, 1, …, K − 1"),
        (lambda: softmax_regression([[1], [1]], [-1, 1]), ValueError, "takes 0, 1, …, K − 1"),
        (
            lambda: LINE.grad([1.0, 2.0]),
            ValueError,
            r"has 1 parameters, \{'w': \(1,\)\}; theta has shape \(2,\)",
        ),
        (lambda: LINE(3.0), ValueError, r"theta has shape \(\)"),
        (
            lambda: Problem(max, "bad", shapes={"w": ()}, data=(np.ones(2), np.ones(3))),
            ValueError,
            r"bad have lengths \[2, 3\]",
        ),
        (
            lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Minibatches(4)),
            ValueError,
            "whole number of 1 to 3",
        ),
        (
            lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Minibatches(0)),
            ValueError,
            "whole number of 1 to 3",
        ),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Minibatches(1.5)), ValueError, "size is 1.5"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Minibatches(True)), ValueError, "size is True"),
        (
            lambda: descend(rosenbrock, [0, 0], gd(lr=1), 1, gradient=Minibatches(2)),
            TypeError,
            r"rosenbrock has no data.*Noise\(sigma\)",
        ),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Noise(-1)), ValueError, "sigma is -1"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Worst(-1)), ValueError, "rho is -1"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Worst(np.inf)), ValueError, "finite and ≥ 0"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Worst(True)), ValueError, "rho is True"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Worst("a")), ValueError, "rho is 'a'"),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Noise(np.nan)), ValueError, "finite and ≥ 0"),
        (
            lambda: descend(LINE, [0], gd(lr=1), 1, gradient=32),
            TypeError,
            r"gradient is 32.*Minibatches\(32\)",
        ),
        (lambda: descend(LINE, [0], gd(lr=1), 1, gradient=Noise(1), seed=-1), ValueError, "seed is -1"),
        (lambda: signals(9), ValueError, "count is 9"),
        (lambda: signals(20.5), ValueError, "count is 20.5"),
        (lambda: signals(seed=-1), ValueError, "seed is -1"),
        (
            lambda: descend(PROBLEMS[-1], [0], gd(lr=1), 1),
            ValueError,
            r"16 coordinates, \(W\[0, 0\], W\[0, 1\], W\[0, 2\], …, b\[3\]\)",
        ),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_partials_that_are_zero_but_for_rounding_do_not_count_as_mixing():
    problem = softmax_regression(
        *digits()
    )  # at 0 the edges of the pictures, always dark, have a gradient of 0
    problem.check_runs(np.zeros(650))
