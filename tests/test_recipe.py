"""What a run says of itself goes through files and processes, and is the same object again."""

import copy
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from lib import problems, surfaces, wrappers
from lib.agents import Reinforce, balance
from lib.descend import descend, sweep
from lib.engine import Optimizer, optimizer
from lib.networks import Linear, Network
from lib.optimizers import adam, gd, lamb, momentum
from lib.player import Player
from lib.problems import Minibatches, Noise, Worst, linear_regression, logistic_regression, softmax_regression
from lib.recipe import LIBRARY, MAKERS, Said, read, recipe, text
from lib.schedules import constant, cosine, join, linear_warmup, warm_restarts
from lib.surfaces import booth, family, parabola, quadratic, ravine, rosenbrock, surface, turned_ravine
from lib.wrappers import clip_by_norm, clip_by_value, lookahead

WRAPPED = clip_by_norm(lookahead(clip_by_value(adam(lr=0.1), 2.0), k=3), 1.5)
JOINED = join([linear_warmup(0.1, 5), constant(0.1), cosine(0.1, 95)], [5, 7])
MADE = [
    quadratic(1, 1e6 + 0.1),
    ravine(kappa=1 / 3),
    WRAPPED,
    JOINED,
    Minibatches(4, True),
    Noise(1 / 3),
    Worst(1 / 3),
    Reinforce(16, whiten=True),
]
MADE += [warm_restarts(np.array([0.1, 1 / 3]), 5, mult=2), lookahead(gd), Noise(np.float64(0.1))]


@pytest.mark.parametrize("name", LIBRARY)
def test_what_the_library_has_is_read_by_its_name(name):
    assert text(LIBRARY[name]) == name
    assert read(name) is LIBRARY[name]


@pytest.mark.parametrize("thing", MADE, ids=text)
def test_what_was_made_is_made_again_from_its_text(thing):
    again = read(text(thing))
    assert text(again) == text(thing) and type(again) is type(thing)
    if isinstance(thing, surfaces.Surface):
        point = np.array([0.3, -0.7])
        assert np.array_equal(again.grad(point), thing.grad(point))


def test_every_maker_of_the_library_is_known():
    from lib import schedules

    found = {
        name for name, value in vars(schedules).items() if hasattr(value, "__wrapped__") and name[0] != "_"
    }
    assert found <= MAKERS.keys()
    makers = (quadratic, ravine, turned_ravine, Minibatches, Noise, Worst, Reinforce)
    assert {maker.__name__ for maker in makers} <= MAKERS.keys()
    assert {"lookahead", "clip_by_norm", "clip_by_value"} <= MAKERS.keys()


@pytest.mark.parametrize(
    "said",
    ["__import__('os').getcwd()", "quadratic(*[1] * 10**9)", "open('x')", "adam.rule", "f'{adam}'", "[x for x in 'ab']",
     "quadratic(1", "9**9**9", "(" * 5000, "quadratic('a')", "nobody", "adam(lr=0.1)", ""],
)  # fmt: skip
def test_no_text_is_run(said):
    assert read(said) is None


def test_a_readers_own_is_not_taken_for_the_librarys():
    @optimizer
    def adam(theta, g, t, *, lr):
        return theta - lr * g

    @surface(window=[(-1, 1)])
    def parabola(x):
        return x, (1.0,)

    run = descend(parabola, [0.0], adam(lr=0.1), 2)
    assert recipe(run)["surface"] is parabola and recipe(run)["rule"].rule is adam.rule
    loaded = run.assign_attrs({name: str(value) for name, value in run.attrs.items()})
    assert not {"surface", "rule"} & recipe(loaded).keys()
    with pytest.raises(
        ValueError,
        match=r"does not say its surface; .*parabola' is not one of lib's; set run.attrs\['surface'\]",
    ):
        Player(loaded)
    Player(loaded.assign_attrs(surface=parabola))


def test_a_readers_own_family_is_not_taken_for_the_librarys():
    @family
    def quadratic(*eigenvalues):
        return surface([(-1, 1)])(lambda x: (x, (1.0,)))

    assert text(quadratic(3.0)).endswith(".quadratic(3.0)") and read(text(quadratic(3.0))) is None


# Files.

NOISY = linear_regression(np.eye(2), [1, 2], names=("a", "b"), window=[(-3, 3)] * 2)
RUNS = {
    "one": lambda: descend(rosenbrock, (-1.5, 2), adam(lr=0.1), 50),
    "a family": lambda: descend(quadratic(1.0, 25.0), np.array([1.0, 2.0]), momentum(lr=0.01), 20, record=["grad", "v"]),
    "a schedule": lambda: descend(booth, (0, 0), adam(lr=JOINED), 20, every=5),
    "wrapped": lambda: descend(booth, (0, 0), WRAPPED, 20),
    "a grid": lambda: sweep(booth, ([0, 1], 2), adam, 20, lr=[0.01, 0.1, 1e3], beta1=np.array([0, 0.9])),
    "diverged": lambda: sweep(rosenbrock, (-1.5, 2), gd, 30, lr=[1e-3, 1.0]),
    "seeds": lambda: sweep(booth, (0, 0), gd, 20, lr=[0.01, 0.02], gradient=Noise(0.5), seed=[3, 4]),
    "many": lambda: descend(booth, np.arange(6.0).reshape(2, 3), gd(lr=[0.01, 0.02, 0.03]), 20),
    "stopped": lambda: descend(parabola, 1.0, gd(lr=0.5), 20, tol=0.1),
    "a large seed": lambda: descend(booth, (0, 0), gd(lr=0.01), 5, seed=2**100, gradient=Noise(1.0)),
}  # fmt: skip


def through(run, path, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the format, not of the run
        if kind == "zarr":
            run.to_zarr(path)
            return xr.open_zarr(path).load()
        run.to_netcdf(path, engine=kind)
        return xr.load_dataset(path, engine=kind)


@pytest.mark.parametrize("kind", ["scipy", "netcdf4", "zarr"])
@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_through_a_file(name, kind, tmp_path):
    pytest.importorskip({"netcdf4": "netCDF4"}.get(kind, kind))
    run = RUNS[name]()
    loaded = through(run, tmp_path / "run", kind)
    xr.testing.assert_equal(loaded, run)
    assert {key: str(value) for key, value in loaded.attrs.items()} == {
        key: str(value) for key, value in run.attrs.items()
    }
    made, before = recipe(loaded), recipe(run)
    assert made.keys() == before.keys() == {"tol", *made} - ({"tol"} if name != "stopped" else set())
    assert text(made["surface"]) == text(before["surface"]) and text(made["rule"]) == text(before["rule"])
    assert made["gradient"] == before["gradient"]
    assert text(made["start"]) == text(before["start"])
    hyperparameters = made.pop("hyperparameters")
    if name != "many":  # not made by a sweep
        again = sweep(
            **made,
            every=5 if name == "a schedule" else 1,
            record=[k for k in ("grad", "v") if k in run],
            **hyperparameters,
        )
        assert np.array_equal(again.theta, run.theta)
    assert Player(loaded).text() == Player(run).text()
    assert Player(loaded).meta == Player(run).meta
    assert Player(loaded).still() == Player(run).still()


def test_the_default_file_is_one_that_scipy_reads(tmp_path):
    """SciPy comes with scikit-learn: to_netcdf needs nothing more."""
    run = RUNS["a grid"]()
    run.to_netcdf(tmp_path / "run.nc", engine="scipy")
    assert (tmp_path / "run.nc").read_bytes()[:3] == b"CDF"


def test_a_run_of_a_readers_own_goes_through_a_file_and_says_whose_it_was(tmp_path):
    own = surface(window=[(-1, 1)], name="my hill")(lambda x: (x * x, (2 * x,)))
    run = descend(own, [1.0], gd(lr=lambda t: 0.1 / t), 5, gradient=lambda surface, rng: surface.grad)
    loaded = through(run, tmp_path / "run", "scipy")
    xr.testing.assert_equal(loaded, run)
    assert loaded.attrs["surface"] == f"{__name__}.my hill"
    assert recipe(loaded).keys() == {"start", "rule", "steps", "seed", "gradient"}
    assert "<lambda>" in recipe(loaded)["gradient"], "not None: it was not exact"
    player = Player(loaded.assign_attrs(surface=own))
    assert "recorded" in player.meta["series"][0], (
        "its gradients are not the surface's: the page cannot compute it"
    )


def test_a_run_of_an_agent_says_how_its_gradient_was_made(tmp_path):
    how = Reinforce(3, baseline=False)
    run = descend(balance(Network(Linear(4, 1)), steps=9), np.zeros(5), gd(lr=0.1), 2, gradient=how)
    loaded = through(run, tmp_path / "run", "scipy")
    assert loaded.attrs["gradient"] == "Reinforce(episodes=3, baseline=False, whiten=False)"
    assert recipe(loaded)["gradient"] == how


# Processes.

PROBLEMS = [
    NOISY,
    logistic_regression([[1.0], [2.0]], [0, 1]),
    softmax_regression(np.eye(3), [0, 1, 2]),
]


@pytest.mark.parametrize(
    "thing",
    [*LIBRARY.values(), *MADE, *PROBLEMS],
    ids=lambda thing: getattr(thing, "name", None) or text(thing),
)
def test_everything_can_be_pickled_and_copied(thing):
    for again in (pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing)):
        assert type(again) is type(thing) and text(again) == text(thing)
        if isinstance(thing, Optimizer):
            assert repr(again) == repr(thing)
        if isinstance(thing, surfaces.Surface):
            points = np.linspace(-1, 1, 3 * len(thing.coords)).reshape(-1, 3)
            assert np.array_equal(again.grad(points), thing.grad(points))
            assert (again.window, again.minima, again.coords) == (thing.window, thing.minima, thing.coords)


@pytest.mark.parametrize(
    "opt", [WRAPPED, lookahead(lamb(lr=0.1)), adam(lr=JOINED, beta1=np.array([0.5, 0.9]))], ids=repr
)
def test_what_was_pickled_takes_the_same_steps(opt):
    again = pickle.loads(pickle.dumps(opt))
    thetas = [np.array([[1.0, 2.0], [3.0, -4.0]]) for _ in range(2)]
    for theta, one in zip(thetas, (opt, again), strict=True):
        state = one.init(theta)
        for _ in range(7):
            one.step(theta, theta**3, state)
    assert np.array_equal(*thetas)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_can_be_pickled_and_copied(name):
    run = RUNS[name]()
    for again in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run), copy.copy(run)):
        assert again.identical(run)
        assert text(recipe(again)["surface"]) == text(recipe(run)["surface"])
        assert Player(again).text() == Player(run).text()


def test_a_run_of_what_cannot_be_pickled_leaves_its_text():
    hill = surface(window=[(-1, 1)])(lambda x: (x * x, (2 * x,)))
    run = descend(hill, [1.0], gd(lr=0.1), 3)
    again = pickle.loads(pickle.dumps(run))
    assert again.identical(run) and "surface" not in recipe(again)
    assert type(again.attrs["surface"]) is str and isinstance(run.attrs["surface"], Said)
    assert recipe(copy.deepcopy(run))["surface"] is hill


SCRIPT = """
import multiprocessing, numpy as np
from functools import partial
from joblib import Parallel, delayed
from lib.descend import descend
from lib.engine import optimizer
from lib.optimizers import adam
from lib.surfaces import family, quadratic, rosenbrock, surface

@surface(window=[(-2, 2)] * 2)
def hill(x, y):
    return x * x + y**4, (2 * x, 4 * y**3)

lower = surface(window=[(-2, 2)] * 2)(lambda x, y: (x * x + y * y, (2 * x, 2 * y)))

@optimizer
def walk(theta, g, t, *, lr):
    return theta - lr * g

def ends(run):
    return run.theta.values[-1].tolist()

if __name__ == "__main__":
    for f in (rosenbrock, quadratic(1, 3), hill):
        for rule in (adam, walk):
            here = [ends(descend(f, (1, 1), rule(lr=lr), 20)) for lr in (0.01, 0.02)]
            given = [(f, (1, 1), rule(lr=lr), 20) for lr in (0.01, 0.02)]
            there = Parallel(n_jobs=2)(delayed(descend)(*one) for one in given)
            assert [ends(run) for run in there] == here, (f, rule)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                assert [ends(run) for run in pool.starmap(descend, given)] == here, (f, rule)
    run = Parallel(n_jobs=2)(delayed(descend)(lower, (1, 1), walk(lr=0.1), 20) for _ in range(2))[0]
    assert ends(run) == ends(descend(lower, (1, 1), walk(lr=0.1), 20))
    print("done")
"""


def test_runs_in_the_processes_of_a_pool(tmp_path):
    """joblib pickles a script's own functions whole, multiprocessing by name: both find them."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    found = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=300, cwd=tmp_path,
        env={"PYTHONPATH": str(Path(wrappers.__file__).parents[1]), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert found.stdout == "done\n", found.stderr


def test_the_modules_of_problems_have_no_hidden_function():
    for problem in PROBLEMS:
        assert getattr(problems, problem.function.__name__) is problem.function
