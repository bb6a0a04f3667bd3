"""Networks: values by hand, gradients by finite differences, many runs as each of them alone, words for bad input."""

import pickle

import numpy as np
import pytest
from test_surfaces import central_differences

from lib.descend import descend, sweep
from lib.networks import (
    Attention,
    BatchNorm,
    Embedding,
    Flatten,
    Layer,
    Linear,
    Network,
    Positions,
    ReLU,
    Residual,
    RMSNorm,
    Tanh,
    cross_entropy,
    squared_error,
)
from lib.optimizers import adam, momentum
from lib.problems import Minibatches

RNG = np.random.default_rng(17)
X, LABELS = RNG.standard_normal((6, 4)), np.array([0, 2, 1, 1, 0, 2])
WORDS = np.array([[0, 3, 3], [1, 0, 4], [2, 2, 2], [4, 1, 0], [3, 3, 1]])
NEXT = np.array([[3, 3, 1], [0, 4, 4], [2, 2, 0], [1, 0, 2], [3, 1, 4]])
BLOCK = Residual(RMSNorm(), Attention(4)), Residual(RMSNorm(), Linear(4, 8, gain=2), ReLU(), Linear(8, 4))
PROBLEMS = {
    "one layer": Network(Linear(4, 3)).problem(X, LABELS),
    "tanh": Network(Linear(4, 5), Tanh(), Linear(5, 3)).problem(X, LABELS),
    "ReLU": Network(Linear(4, 5, gain=2), ReLU(), Linear(5, 3)).problem(X, LABELS),
    "squared error": Network(Linear(4, 5), Tanh(), Linear(5, 3)).problem(X, X[:, :3], squared_error),
    "batch norm": Network(Linear(4, 5), BatchNorm(5), Tanh(), Linear(5, 3)).problem(X, LABELS),
    "residual": Network(Residual(Linear(4, 6), Tanh(), Linear(6, 4), scale=0.5), Linear(4, 3)).problem(
        X, LABELS
    ),
    "embedding": Network(Embedding(5, 2), Flatten(), Linear(6, 5)).problem(WORDS, NEXT[:, -1]),
    "transformer": Network(Embedding(5, 4), Positions(3, 4), *BLOCK, RMSNorm(), Linear(4, 5)).problem(
        WORDS, NEXT
    ),
}
every_problem = pytest.mark.parametrize("f", PROBLEMS.values(), ids=PROBLEMS)


def somewhere(f, runs, seed=2):
    return 0.7 * np.random.default_rng(seed).standard_normal((len(f.coords), *runs))


@pytest.mark.parametrize("rows", [None, [3, 0, 2], [0, 4, 4, 1]], ids=["all", "three", "some, one twice"])
@pytest.mark.parametrize("runs", [(), (3,), (2, 2)], ids=str)
@every_problem
def test_the_gradient_is_that_of_central_differences(f, runs, rows):
    theta = somewhere(f, runs)
    exact, differences = f.grad(theta, rows), central_differences(lambda theta: f(theta, rows), theta)
    assert exact.shape == theta.shape and f(theta, rows).shape == runs
    assert np.abs(exact - differences).max() < 1e-7 * np.abs(exact).max()


@every_problem
def test_many_runs_are_each_of_them_alone(f):
    theta = somewhere(f, (4, 2))
    value, grad = f.value_and_grad(theta)
    for i, j in np.ndindex(4, 2):
        one = f.value_and_grad(theta[:, i, j])
        np.testing.assert_allclose(value[i, j], one[0], rtol=1e-13)
        np.testing.assert_allclose(grad[:, i, j], one[1], rtol=1e-11, atol=1e-14)


@every_problem
def test_it_can_be_kept(f):
    again, theta = pickle.loads(pickle.dumps(f)), somewhere(f, (2,))
    assert np.array_equal(again(theta), f(theta)) and again.shapes == f.shapes


def test_one_neuron_by_hand():
    net = Network(Linear(1, 1), Tanh(), Linear(1, 1))
    half = np.arctanh(0.5)  # tanh is 0.5 there, and its slope 1 − 0.25
    f = net.problem([[1.0]], [[2.0]], squared_error)
    theta = np.array([half, 0.0, 4.0, 1.0])  # z = 4 · 0.5 + 1 = 3, error 1
    assert np.allclose(net(theta, [[1.0]]), [[3.0]]) and np.isclose(f(theta), 0.5)
    assert np.allclose(f.grad(theta), [4 * 0.75, 4 * 0.75, 0.5, 1.0])


def test_relu_by_hand_and_its_kink():
    f = Network(ReLU(), Linear(2, 1)).problem([[-1.0, 3.0]], [[0.0]], squared_error)
    assert np.allclose(f.grad([5.0, 2.0, 0.0]), [0, 18, 6])  # z = 6: slopes 0 · 6, 3 · 6, 6
    _, back = ReLU().forward(np.array([[[-1.0, 0.0, 2.0]]]))
    assert back(np.ones((1, 1, 3)))[0].tolist() == [[[0, 0, 1]]]


def test_equal_scores_cost_the_logarithm_of_their_number():
    loss, slope = cross_entropy(np.zeros((2, 3, 4)), np.array([0, 1, 3]))
    assert np.allclose(loss, np.log(4))
    assert np.allclose(slope[1, 0], np.array([0.25 - 1, 0.25, 0.25, 0.25]) / 3)


def test_batch_norm_by_hand():
    y, _ = BatchNorm(1, eps=0.0).forward(
        np.array([[[1.0], [3.0], [5.0]]]), np.array([[2.0]]), np.array([[10.0]])
    )
    assert np.allclose(y.ravel(), 10 + 2 * np.array([-2, 0, 2]) / (8 / 3) ** 0.5)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_batch_norm_forgets_the_scale_before_it(factor):
    net = Network(Linear(4, 5), BatchNorm(5, eps=0.0), Linear(5, 3))
    f, theta = net.problem(X, LABELS), net.start(np.random.default_rng(1))
    larger = theta.copy()
    larger[:25] *= factor
    assert np.isclose(f(larger), f(theta), rtol=1e-12)
    assert np.allclose(f.grad(larger)[:20], f.grad(theta)[:20] / factor, rtol=1e-6, atol=1e-12 / factor)


def test_attention_looks_at_nothing_that_comes_later():
    layer, x = Attention(4), RNG.standard_normal((1, 2, 5, 4))
    parts = [part[None] for part in layer.start(np.random.default_rng(0))]
    other = x.copy()
    other[:, :, 3:] = 9.0
    assert np.array_equal(layer.forward(x, *parts)[0][:, :, :3], layer.forward(other, *parts)[0][:, :, :3])


def test_attention_to_equal_keys_is_the_mean_of_what_was_seen():
    eye, x = np.eye(2)[None], np.array([[[[1.0, 0.0], [3.0, 2.0], [5.0, 4.0]]]])
    y, _ = Attention(2).forward(x, 0 * eye, eye, eye, eye)
    assert np.allclose(y[0, 0], [[1, 0], [2, 1], [3, 2]])


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_the_start_keeps_the_size_of_what_passes(gain):
    layers = [layer for _ in range(20) for layer in (Linear(400, 400, gain=gain), ReLU())]
    net = Network(*layers[: 20 if gain == 2 else 40])
    out = net(net.start(np.random.default_rng(0)), np.random.default_rng(1).standard_normal((8, 400)))
    size = (out**2).mean()
    assert (
        0.3 < size < 3 if gain == 2 else size < 1e-5
    )  # He et al. 2015: gain 1 halves the square in every layer


def test_runs_are_drawn_one_after_the_other_and_differ():
    net = Network(Linear(3, 2), Tanh(), Linear(2, 2))
    three = net.start(np.random.default_rng(5), runs=3)
    assert three.shape == (14, 3) and np.array_equal(three[:, 0], net.start(np.random.default_rng(5)))
    assert not np.allclose(three[:, 0], three[:, 1])


def test_it_learns_with_every_part_of_the_library():
    net = Network(Linear(4, 8), Tanh(), Linear(8, 3))
    f, start = net.problem(X, LABELS), net.start(np.random.default_rng(0))
    run = descend(f, start, adam(lr=0.05), 200, gradient=Minibatches(3), seed=1)
    assert float(run.loss[-1]) < 0.01 and (net(run.theta.values[-1], X).argmax(axis=1) == LABELS).all()
    grid = sweep(f, start, momentum, 20, lr=[0.01, 0.1])
    assert np.allclose(grid.loss[:, 1], descend(f, start, momentum(lr=0.1), 20).loss, rtol=1e-12)
    assert net(grid.theta.values[-1], X).shape == (6, 3, 2)


def test_a_layer_of_a_reader():
    class Square(Layer):
        def forward(self, x):
            return x * x, lambda dy: (2 * x * dy, ())

    f = Network(Linear(4, 2), Square(), Linear(2, 3)).problem(X, LABELS)
    theta = somewhere(f, (2,))
    assert np.allclose(f.grad(theta), central_differences(f, theta), rtol=1e-6, atol=1e-8)


def test_parameters_are_counted_by_layers():
    net = Network(Linear(2, 2), Residual(Linear(2, 2), Tanh(), BatchNorm(2)), Tanh(), Linear(2, 1))
    assert list(net.shapes) == ["W1", "b1", "W2.1", "b2.1", "gamma2.2", "beta2.2", "W3", "b3"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Network(), "has no layers"),
        (lambda: Network(Linear(2, 2), np.tanh), "is no layer; give layers such as"),
        (
            lambda: Network(Linear(4, 5), Linear(4, 3)).problem(X, LABELS),
            r"Linear\(inputs=4.*takes an input .*\(2, 5\)",
        ),
        (
            lambda: Network(Linear(4, 5), BatchNorm(3)).problem(X, LABELS),
            "BatchNorm.*takes an input of shape",
        ),
        (lambda: Network(Residual(Linear(4, 3))).problem(X, LABELS), "both need one shape"),
        (lambda: Network(Linear(4, 3)).problem(X, LABELS[:4]), "examples along their first axis"),
        (lambda: Network(Linear(4, 2)).problem(X, LABELS), "whole number of 0 to 1"),
        (lambda: Network(Linear(4, 3)).problem(X, LABELS + 0.5), "whole number of 0 to 2"),
        (lambda: Network(Linear(4, 3)).problem(X, LABELS, squared_error), "outputs' shape"),
        (
            lambda: Network(Embedding(3, 2), Flatten(), Linear(6, 5)).problem(WORDS, NEXT[:, 0]),
            "whole numbers of 0 to 2",
        ),
        (lambda: Network(Linear(4, 3))(np.zeros(7), X), "15 parameters"),
    ],
)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make()
