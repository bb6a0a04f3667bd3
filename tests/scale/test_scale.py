"""Sweeps in blocks: what they are equal to, what is refused, and what is left when something is killed.

`make test-scale` runs these: they need the extra `scale`. Truth is the sweep without chunks, whose own tests know
no block.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import dask
import numpy as np
import pytest
import xarray as xr
from distributed import Client

import lib.surfaces
from lib.compiled import compiled
from lib.descend import sweep
from lib.engine import optimizer
from lib.optimizers import adam, gd, lamb, momentum, nadam
from lib.problems import Minibatches, Noise, Worst, linear_regression
from lib.recipe import recipe
from lib.scale import complete
from lib.schedules import cosine
from lib.surfaces import Surface, beale, booth, quadratic, ravine, rosenbrock, surface
from lib.wrappers import clip_by_norm

ROOT = Path(__file__).parents[2]
SURFACES = [value for value in vars(lib.surfaces).values() if isinstance(value, Surface)]
LONG = quadratic(*np.linspace(1, 30, 20))
DATA = linear_regression(np.random.default_rng(0).normal(size=(50, 12)), np.arange(50.0))
RATES = np.geomspace(1e-4, 2.0, 11)  # the largest diverge


@optimizer
def own(theta, g, t, *, lr, pull=0.0):
    return theta - lr * (g + pull * np.sin(theta))


def same(found, whole):
    """Equal to the last bit, with dimensions, types, coordinates and attributes."""
    assert not found.chunks
    xr.testing.assert_identical(found, whole)
    for name in whole.variables:
        assert found[name].dtype == whole[name].dtype
        assert found[name].values.tobytes() == whole[name].values.tobytes(), name


# Blocks are equal to the whole.


@pytest.mark.parametrize("this", SURFACES, ids=lambda this: this.name)
def test_on_every_surface(this):
    call = (this, (np.array([*this.window[0], 0.3]), *(b for _, b in this.window[1:])), adam, 30)
    given = {"lr": RATES, "beta1": [0.0, 0.5, 0.9]}
    whole = sweep(*call, **given)
    for size in (1, 4, 11):
        same(sweep(*call, **given, chunks={"lr": size, "start_x": 2}).compute(), whole)


OTHERS = {
    "a rule of a reader's": (booth, (1, 2), own, 20, {"lr": RATES, "pull": [0.0, 1.0]}),
    "many coordinates": (LONG, np.linspace(1, 2, 20), adam, 20, {"lr": RATES}),
    "coordinates that are mixed": (LONG, np.linspace(1, 2, 20), lamb, 20, {"lr": RATES}),
    "clipped": (LONG, np.linspace(1, 2, 20), clip_by_norm(momentum, 1.0), 20, {"lr": RATES, "beta": [0.5, 0.9]}),
    "a schedule": (beale, (1, [1, 2]), adam(lr=cosine(0.1, 20)), 20, {"beta2": [0.5, 0.9, 0.99]}),
    "an array in the rule": (beale, (1, 1), adam(beta1=[0.0, 0.5, 0.9]), 20, {"lr": RATES}),
    "stopped, some kept": (ravine(10), (1, 1), nadam, 50, {"lr": RATES, "tol": 0.1, "every": 7, "record": ["grad", "m"]}),
    "compiled": (rosenbrock, ([-1, 0, 1], 2), compiled(adam), 40, {"lr": RATES, "beta1": np.linspace(0, 0.9, 70)}),
    "compiled, all cores": (beale, (1, 1), compiled(adam, parallel=True), 40, {"lr": RATES, "beta1": np.linspace(0, 0.9, 700)}),
    "no axis": (booth, (1, 2), gd, 10, {"lr": 0.01}),
    "noise, by seeds": (booth, (1, 2), adam, 20, {"lr": RATES, "gradient": Noise(0.5), "seed": [3, 4, 2**40]}),
    "batches, by seeds": (DATA, np.zeros(12), adam, 20, {"lr": RATES[:4], "gradient": Minibatches(8), "seed": [0, 1, 2]}),
    "data, by seeds": (DATA, np.zeros(12), adam, 20, {"lr": RATES[:4], "seed": [0]}),
    "the worst nearby": (booth, (1, 2), gd, 20, {"lr": RATES, "gradient": Worst(0.1), "seed": [0]}),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", OTHERS)
def test_of_every_kind(name, size):
    *call, given = OTHERS[name]
    whole = sweep(*call, **given)
    chunks = {axis: max(size, n // 5) for axis, n in whole.diverged.sizes.items()}
    grid = sweep(*call, **given, chunks=chunks)
    same(grid.compute(), whole)
    assert recipe(grid).keys() == recipe(whole).keys()


def test_an_axis_that_is_not_named_stays_whole():
    grid = sweep(booth, ([0, 1, 2], 1), adam, 5, lr=[0.1] * 5, beta1=[0.5] * 3, chunks={"lr": 2})
    assert dict(grid.loss.chunksizes) == {"step": (6,), "start_x": (3,), "lr": (2, 2, 1), "beta1": (3,)}


# It is lazy, and a block is computed once for all its variables.


def watched():
    """A surface, and how many steps it was asked for at x = 0, 1, 2, …, where the runs start."""
    seen = []

    @surface(window=[(-2, 2), (-2, 2)])
    def bowl(x, y):
        seen.append(float(np.max(x)))
        return x * x + y * y, (2 * x, 2 * y)

    return bowl, seen


@pytest.mark.parametrize("ask", ["compute", "zarr", "complete", "one", "none"])
def test_each_block_once(ask, tmp_path):
    bowl, seen = watched()
    grid = sweep(bowl, (np.arange(8.0), 1), gd, 0, lr=0.1, record=["grad"], chunks={"start_x": 2})
    del seen[:]
    blocks = [1.0, 3.0, 5.0, 7.0]
    with dask.config.set(scheduler="synchronous"):
        if ask == "compute":
            grid.compute()
        elif ask == "zarr":
            grid.to_zarr(tmp_path / "grid", zarr_format=2)
        elif ask == "complete":
            complete(grid, tmp_path / "grid")
        elif ask == "one":
            grid.loss.isel(start_x=[4, 5]).compute()
            blocks = [5.0]
        else:
            blocks = []
    assert sorted(seen) == blocks


def test_a_store_of_zarr_has_it_all(tmp_path):
    *call, given = OTHERS["stopped, some kept"]
    grid = sweep(*call, **given, chunks={"lr": 4})
    grid.to_zarr(tmp_path / "grid", zarr_format=2)
    held = xr.open_zarr(tmp_path / "grid")
    assert held.loss.chunksizes["lr"] == (4, 4, 3)
    xr.testing.assert_identical(held.load(), sweep(*call, **given).assign_attrs(held.attrs))


# What is refused.


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"chunks": 250}, TypeError, "chunks is 250; give a dict"),
        ({"chunks": {"beta1": 2}}, ValueError, "chunks has 'beta1', which is no axis of this sweep; it has lr"),
        ({"chunks": {"step": 2}}, ValueError, "chunks has 'step'"),
        ({"chunks": {"lr": 0}}, ValueError, r"chunks\['lr'\] is 0; it has to be a whole number ≥ 1"),
        ({"chunks": {"lr": 2.0}}, ValueError, r"chunks\['lr'\] is 2.0"),
        ({"chunks": {}, "lr": 0.1}, None, ""),
        ({"chunks": {"lr": 1}, "lr": 0.1}, ValueError, "it has none: give a hyperparameter several values"),
        ({"gradient": Noise(0.5)}, ValueError, r"all runs share what Noise\(sigma=0.5\) draws.*seed=\[0\]"),
        ({"gradient": Noise(0.5), "seed": 7}, ValueError, r"seed=\[7\]"),
        ({"gradient": 3}, TypeError, "gradient is 3"),
        ({"gradient": Minibatches(3), "seed": [1]}, TypeError, "booth has no data"),
        ({"record": "nothing"}, ValueError, "cannot record 'nothing'"),
        ({"start": (1, np.nan)}, ValueError, "not finite"),
        ({"rule": gd, "lr": [0.1, -1]}, ValueError, "lr is -1"),
        ({"rule": gd, "lr": lambda t: -t}, ValueError, "lr is -1"),
        ({"steps": 10**9, "lr": np.ones(10**6)}, ValueError, "fewer runs at a time, with chunks="),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once(given, error, words):
    call = {
        "surface": booth,
        "start": (1, 2),
        "rule": adam,
        "steps": 3,
        "lr": [0.1, 0.2],
        "chunks": {},
    } | given
    if error is None:
        sweep(**call)
        return
    with pytest.raises(error, match=words):
        sweep(**call)


def test_a_missing_hyperparameter_is_said_at_once():
    with pytest.raises(TypeError, match="gd needs lr"):
        sweep(booth, ([1, 2], 1), gd, 3, chunks={})


def test_runs_with_data_need_a_seed_each():
    with pytest.raises(ValueError, match=r"linear_regression has data.*seed=\[0\]"):
        sweep(DATA, np.zeros(12), adam, 3, lr=RATES, chunks={"lr": 2})


def test_a_sweep_larger_than_the_memory_is_no_error_in_blocks():
    given = {"lr": np.ones(10**4), "beta1": np.zeros(10**4), "every": 1000}
    grid = sweep(rosenbrock, (-1.5, 2), adam, 10**6, **given, chunks={"lr": 500, "beta1": 100})
    assert grid.nbytes > 3e12


# Stores that are completed.


def pieces(path, name):
    return sorted(file.name for file in (path / name).iterdir() if file.name[0] != ".")


def test_a_store_that_lacks_pieces_gets_these_alone(tmp_path, capsys):
    bowl, seen = watched()
    grid = sweep(bowl, (np.arange(8.0), 1), gd, 0, lr=0.1, chunks={"start_x": 2})
    whole = sweep(bowl, (np.arange(8.0), 1), gd, 0, lr=0.1)
    path = tmp_path / "grid.zarr"
    with dask.config.set(scheduler="synchronous"):
        same(complete(grid, path).drop_attrs().load(), whole.drop_attrs())
        assert pieces(path, "diverged") == ["0", "1", "2", "3"], "zeros alone are a piece too"
        (path / "loss" / "0.1").unlink()
        (path / "theta" / "0.0.3").unlink()
        (path / "loss" / "0.3").unlink()
        del seen[:]
        same(complete(grid, path).drop_attrs().load(), whole.drop_attrs())
        assert sorted(seen) == [3.0, 7.0]
        del seen[:]
        complete(grid, path)
    assert seen == []
    said = capsys.readouterr().err
    assert "\r16 of 16 pieces of grid.zarr, on this machine\n" in said
    assert "\r13 of 16 pieces" in said and "\r12 of 16 pieces" in said.partition("\n")[0]


def test_what_was_made_of_a_sweep_can_be_completed(tmp_path):
    grid = sweep(rosenbrock, (-1.5, 2), adam, 50, lr=RATES, chunks={"lr": 3})
    ends = grid[["loss"]].isel(step=-1)
    same(complete(ends, tmp_path / "ends").drop_attrs().load(), ends.compute().drop_attrs())


def changed(**what):
    call = {
        "surface": booth,
        "start": ([1, 2], 2),
        "rule": gd,
        "steps": 3,
        "lr": [0.1, 0.2],
        "chunks": {"lr": 1},
    }
    return sweep(**call | what)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"surface": beale}, 'its surface is .*booth.*, and not .*beale'),
        ({"rule": adam}, "its rule is"),
        ({"start": ([1, 3], 2)}, "its start is"),
        ({"lr": [0.1, 0.3]}, "its hyperparameters is"),
        ({"tol": 0.5}, "its tol is"),
        ({"every": 2}, "its .* has .*'step': 4.*, and not .*'step': 3"),
        ({"record": ["grad"]}, "grad is only in what is asked for"),
        ({"chunks": {"lr": 2}}, r"its .* is in blocks of \(4, .*, 1\), and not \(4, .*, 2\)"),
    ],
)  # fmt: skip
def test_the_store_of_another_sweep_is_left_alone(what, words, tmp_path):
    path = tmp_path / "grid"
    complete(changed(), path)
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    with pytest.raises(ValueError, match=f"holds something else: {words}.*Give another path"):
        complete(changed(**what), path)
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_a_folder_that_is_no_store_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="is no store that complete"):
        complete(changed(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("grid", [3, sweep(booth, (1, 2), gd, 1, lr=0.1)])
def test_what_is_not_lazy_is_refused(grid, tmp_path):
    with pytest.raises(TypeError, match=r"with nothing to compute; give what sweep\(…, chunks=…\) returns"):
        complete(grid, tmp_path / "grid")
    assert not list(tmp_path.iterdir())


# Killed.


def bowl_that_kills(folder, driver):
    """A bowl on which the first run from x = 5 kills the process that computes it, if that is a worker.

    It is this text alone, without names of this module, so that workers can have it by value.
    """

    @surface(window=[(-2, 2), (-2, 2)])
    def bowl(x, y):
        import os

        if 5.0 in x and os.getpid() != driver and not os.path.exists(f"{folder}/killed"):
            with open(f"{folder}/killed", "x") as file:
                file.write(str(os.getpid()))
            os.kill(os.getpid(), 9)
        return x * x + y * y, (2 * x, 2 * y)

    return bowl


@pytest.fixture
def client():
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=":0") as made:
        yield made


@pytest.mark.parametrize("into", ["memory", "store"])
def test_a_worker_is_killed_in_the_middle(client, into, tmp_path, capsys):
    bowl = bowl_that_kills(str(tmp_path), os.getpid())
    call, given = (bowl, (np.arange(8.0), 1), adam, 50), {"lr": [0.01, 0.1]}
    before = {worker.pid for worker in client.cluster.workers.values()}
    grid = sweep(*call, **given, chunks={"start_x": 1})
    found = grid.compute() if into == "memory" else complete(grid, tmp_path / "grid").load()
    assert int((tmp_path / "killed").read_text()) in before
    same(found.drop_attrs(), sweep(*call, **given).drop_attrs())
    if into == "store":
        assert f"32 pieces of grid, on 2 workers of {client.scheduler.address}" in capsys.readouterr().err


DRIVER = """
import os
import pathlib
import sys
from contextlib import nullcontext

import dask
import numpy as np
from distributed import Client

from lib.descend import sweep
from lib.optimizers import adam
from lib.scale import complete
from lib.surfaces import surface

folder, way = sys.argv[1:]


def main():
    driver = os.getpid()

    @surface(window=[(-2, 2), (-2, 2)])
    def bowl(x, y):
        import glob
        import os

        start = max(map(float, x.flat))
        if start in range(24):  # a block begins
            open(f"{folder}/{driver}-{start:.0f}", "a").close()
            written = [len(glob.glob(f"{folder}/grid/{name}/*.0")) for name in ("theta", "loss", "grad_norm", "diverged")]
            if min(written) >= 8 and not os.path.exists(f"{folder}/killed"):
                open(f"{folder}/killed", "x").close()
                os.kill(driver, 9)
        return x * x + y * y, (2 * x, 2 * y)

    grid = sweep(bowl, (np.arange(24.0), 1), adam, 50, lr=[0.01, 0.1], chunks={"start_x": 1})
    for mark in pathlib.Path(folder).glob(f"{driver}-*"):
        mark.unlink()  # of looking at the surface, not of running
    dask.config.set(scheduler="synchronous")
    two = Client(n_workers=2, threads_per_worker=1, dashboard_address=":0") if way == "client" else nullcontext()
    with two:
        complete(grid, f"{folder}/grid")


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("way", ["here", "client"])
def test_the_driver_is_killed_and_goes_on(way, tmp_path):
    script, folder, store = tmp_path / "driver.py", tmp_path / "work", tmp_path / "work" / "grid"
    script.write_text(DRIVER)
    folder.mkdir()

    def start():
        """Run the driver to its end, and that of its workers, who hold the same pipe."""
        command = [sys.executable, "-W", "error", script, folder, way]
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
        begun = {int(file.name.partition("-")[2]) for file in folder.glob("[0-9]*-*")}
        for file in folder.glob("[0-9]*-*"):
            file.unlink()
        return done, begun

    killed, begun = start()
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    names = "theta", "loss", "grad_norm", "diverged"
    written = [{int(piece.name.split(".")[-2]) for piece in (store / name).glob("*.0")} for name in names]
    there = set.intersection(*written)
    assert 0 < len(there) < len(begun) <= 24
    ended, again = start()
    assert ended.returncode == 0, ended.stderr
    assert again == {*range(24)} - there
    bowl = surface(window=[(-2, 2), (-2, 2)])(lambda x, y: (x * x + y * y, (2 * x, 2 * y)))
    whole = sweep(bowl, (np.arange(24.0), 1), adam, 50, lr=[0.01, 0.1])
    same(xr.open_zarr(store).load().drop_attrs(), whole.drop_attrs())


# The page of the site.

PAGE = (ROOT / "book" / "scale.md").read_text(encoding="utf-8")


@pytest.fixture
def script(tmp_path):
    """A function that runs some lines as a script, beside the store that they write, and compares what that holds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__PORT": "0"}

    def run(lines):
        (tmp_path / "sweep.py").write_text(lines)
        subprocess.run([sys.executable, "sweep.py"], cwd=tmp_path, env=environment, check=True)
        names = {}
        exec(FIRST, names)
        whole = sweep(rosenbrock, (-1.5, 2), adam, 100, every=50, **names["axes"])
        same(xr.open_zarr(tmp_path / "grid.zarr").load().drop_attrs(), whole.drop_attrs())

    return run


FIRST, THREE_WAYS, WORKSTATION, CLUSTER = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("lines", [THREE_WAYS, WORKSTATION], ids=["laptop", "workstation"])
def test_the_page_runs(lines, script):
    script(FIRST + lines)


def test_the_page_runs_on_a_cluster(script, tmp_path):
    """Its commands, with all machines this one."""
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    *started, last = (shlex.split(line, comments=True) for line in commands.splitlines())
    assert last == ["python", "sweep.py"]
    processes = []
    try:
        for dask, *command in started:
            beside = Path(sys.executable).with_name(dask)
            processes.append(subprocess.Popen([beside, *command, "--dashboard-address", ":0"], cwd=tmp_path))
        script(FIRST + "from distributed import Client\n" + CLUSTER)
    finally:
        for process in processes:
            process.kill()
            process.wait()
