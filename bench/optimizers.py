"""Measure the optimizers beside PyTorch and Optax: a grid of runs, one step, every rule, memory, curves.

    python bench/optimizers.py                  all groups
    python bench/optimizers.py grid step        some of: grid, sweeps, fresh, step, cores, rules, roof,
                                                curves, memory, blocks, networks
    python bench/optimizers.py --rows           without the table's head

It prints rows for bench/RECORDS.md, each with what is asked of it. In a row, ours and the peer's take turns
in one process, and the median of the repeats counts; of sweeps and first calls the shortest, for on a machine
with other work it varies least. Each group runs in a process of its own, those of one
thread on one core. Steps are of float32 unless it says otherwise; grids are of float64 on both sides. A peer
that is not installed is named, and its rows are left out.
"""

import ctypes
import datetime
import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

COURSE = Path(__file__).parents[1]
sys.path.insert(0, str(COURSE))

from lib import engine, optimizers  # noqa: E402
from lib.descend import descend, sweep  # noqa: E402
from lib.engine import Optimizer  # noqa: E402
from lib.networks import Linear, Network, ReLU  # noqa: E402
from lib.optimizers import adam  # noqa: E402
from lib.problems import Minibatches, digits  # noqa: E402
from lib.surfaces import beale, rosenbrock  # noqa: E402

PEERS = {
    "torch": "pip install torch==2.13.0",
    "optax": "pip install optax",
    "numba": "pip install -e '.[fast]'",
    "distributed": "pip install -e '.[scale]'",
}
ONE_CORE = {"step", "rules", "roof", "curves"}
MISSING = {name for name in PEERS if find_spec(name) is None}
START = (-1.5, 2.0)
N = 10**7


def compiled(opt, parallel=False):
    from lib.compiled import compiled

    return compiled(opt, parallel)


def together(repeats, *functions, take=statistics.median, clock=perf_counter):
    """The median time of each function, or the one to `take`, in seconds; they take turns, after one round
    that does not count."""
    times = [[] for _ in functions]
    for repeat in range(repeats + 1):
        for function, found in zip(functions, times, strict=True):
            gc.collect()
            begin = clock()
            result = function()
            if repeat:
                found.append(clock() - begin)
            del result
    return [take(found) for found in times]


# A grid of runs.


def grid_of(rows, columns):
    return {"lr": np.geomspace(1e-3, 1, rows), "beta1": np.linspace(0, 0.99, columns)}


def ours_grid(shape, steps, rule=adam, surface=rosenbrock, **options):
    return sweep(surface, START, rule, steps, **grid_of(*shape), **options)


THEIRS = {
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
}


def optax_grid(shape, steps, recorded, nested=False, surface="rosenbrock"):
    """The same grid in Optax: jit(vmap(scan)) over all pairs, or a vmap for each of the two axes."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax

    def f(theta):
        return THEIRS[surface](*theta)

    def one(lr, beta1):
        opt = optax.adam(lr, b1=beta1)
        start = jnp.array(START)

        def step(carry, _):
            theta, state = carry
            value, g = jax.value_and_grad(f)(theta)
            updates, state = opt.update(g, state)
            kept = (theta, value, jnp.sqrt((g * g).sum())) if recorded else None
            return (optax.apply_updates(theta, updates), state), kept

        (theta, _), path = jax.lax.scan(step, (start, opt.init(start)), None, steps)
        value, g = jax.value_and_grad(f)(theta)
        return theta, value, jnp.sqrt((g * g).sum()), path

    given = [jnp.array(values) for values in grid_of(*shape).values()]
    if nested:
        run = jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))
    else:
        run = jax.jit(jax.vmap(one))
        given = [values.ravel() for values in jnp.meshgrid(*given, indexing="ij")]
    return lambda: jax.block_until_ready(run(*given))


def torch_run(steps):
    """One run in a PyTorch loop, which keeps θ, value and norm."""
    import torch

    theta = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    opt = torch.optim.Adam([theta], lr=0.1)
    path = []
    for _ in range(steps):
        opt.zero_grad()
        value = (1 - theta[0]) ** 2 + 100 * (theta[1] - theta[0] ** 2) ** 2
        value.backward()
        path.append((theta.detach().clone(), value.item(), theta.grad.norm().item()))
        opt.step()
    return path


def grid():
    big, what = (100, 100), "100×100 Adam runs × 1000 steps"
    rules = {"readable": adam}
    if "numba" not in MISSING:
        rules |= {"compiled": compiled(adam), "compiled, all cores": compiled(adam, parallel=True)}
    peers = {}
    if "optax" not in MISSING:
        peers |= {"Optax jit(vmap(scan))": False, "Optax jit(vmap(vmap(scan)))": True}
    for every, kept, asked in [(1, "all recorded", "≥ 4"), (1000, "only the end", "")]:
        calls = [lambda rule=rule: ours_grid(big, 1000, rule, every=every) for rule in rules.values()]  # noqa: B023
        calls += [optax_grid(big, 1000, every == 1, nested) for nested in peers.values()]
        times = dict(zip([*rules, *peers], together(7, *calls), strict=True))
        for way in rules:
            yield f"{what}, {kept}: {way}, s", times[way], ""
            for peer in peers:
                said = asked if way == [*rules][-1] and not peers[peer] else ""
                yield f"{what}, {kept}: {peer}, warm, of {way}", times[peer] / times[way], said
        if every == 1 and "torch" not in MISSING:
            (loop,) = together(3, lambda: torch_run(1000))
            for way in rules:
                yield (
                    f"one PyTorch loop of 1000 steps × 10,000 runs, of {way}",
                    loop * 10_000 / times[way],
                    "state",
                )


PEER_GRIDS = ["Optax jit(vmap(scan))", "Optax jit(vmap(vmap(scan)))"]
# What is kept, the shape, the steps, and what is asked of all cores beside each of these two.
SWEEPS = [
    ("all recorded", (100, 100), 1000, "≥ 4", "≥ 2.5"),
    ("only the end", (100, 100), 1000, "", "≥ 1.2"),
    ("only the end", (1000, 1000), 200, "", "≥ 1.2"),
]


def sweeps():
    """Compiled, all cores, beside one vmap and two: Rosenbrock, and Beale, for which nothing was tuned."""
    if {"numba", "optax"} & MISSING:
        return
    rule = compiled(adam, parallel=True)
    for surface in (rosenbrock, beale):
        for kept, shape, steps, *asked in SWEEPS:
            every = 1 if kept == "all recorded" else steps
            calls = [lambda: ours_grid(shape, steps, rule, surface, every=every)]  # noqa: B023
            for nested in (False, True):
                calls.append(optax_grid(shape, steps, every == 1, nested, surface.name))
            ours, *theirs = together(5, *calls, take=min)
            what = f"{surface.name}, {shape[0]}×{shape[1]} Adam runs × {steps} steps, {kept}"
            yield f"{what}: compiled, all cores, s", ours, ""
            for peer, time, said in zip(PEER_GRIDS, theirs, asked, strict=True):
                yield f"{what}: {peer}, warm, of compiled, all cores", time / ours, said


def fresh():
    """First calls, each in a process of its own, without the imports; and how much more than second ones."""
    code = (
        "import sys, time; sys.path[:0] = [{folder!r}]; import optimizers as b\n"
        "{prepare}\n"
        "for _ in range(2): begin = time.perf_counter(); {call}; print(time.perf_counter() - begin)"
    )

    def first(prepare, call, kept="kept"):
        text = code.format(folder=str(Path(__file__).parent), prepare=prepare, call=call)
        runs = []
        with tempfile.TemporaryDirectory() as folder:
            for i in range(6):
                cache = {**os.environ, "DOWNHILL_CACHE": f"{folder}/{kept or i}"}
                run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=cache)
                runs.append([float(line) for line in run.stdout.split()])
        firsts = [one - two for one, two in runs[1:]]
        return min(one for one, _ in runs[1:]), min(firsts)

    what = "21×11 Adam runs × 200 steps, first call in a process"
    ours, _ = first("pass", "b.ours_grid((21, 11), 200)")
    yield f"{what}: readable, ms", 1000 * ours, ""
    if "optax" not in MISSING:
        peer, _ = first("import jax, optax; jax.numpy.zeros(2) + 1", "b.optax_grid((21, 11), 200, True)()")
        yield f"{what}: Optax, of readable", peer / ours, "≥ 30"
    if "numba" not in MISSING:
        call = "b.ours_grid((21, 11), 200, rule)"
        slow, _ = first("rule = b.compiled(b.adam)", call, "")
        yield f"{what}: compiled, which compiles, ms", 1000 * slow, ""
        _, more = first("rule = b.compiled(b.adam); b.ours_grid((2, 2), 2)", call)
        yield f"{what}: compiled, with the code kept, more than the second call, ms", 1000 * more, "≤ 500"


# One step.


def arrays(n, dtype):
    rng = np.random.default_rng(0)
    return rng.standard_normal(n, dtype), rng.standard_normal(n, dtype)


def ours_step(opt, n=N, dtype=np.float32):
    theta, g = arrays(n, dtype)
    state = opt.init(theta)
    return lambda: opt.step(theta, g, state)


def torch_step(name, n=N, dtype=np.float32, **options):
    import torch

    theta, g = map(torch.from_numpy, arrays(n, dtype))
    parameter = torch.nn.Parameter(theta)
    parameter.grad = g
    return getattr(torch.optim, name)([parameter], **options).step


def optax_step(make, n=N, jit=True):
    import jax
    import optax

    opt = make(optax)
    theta, g = map(jax.numpy.asarray, arrays(n, np.float32))
    kept = [theta, opt.init(theta)]

    def step(theta, state):
        updates, state = opt.update(g, state, theta)
        return optax.apply_updates(theta, updates), state

    if jit:
        step = jax.jit(step, donate_argnums=(0, 1))

    def once():
        kept[:] = jax.block_until_ready(step(*kept))

    return once


def steps(asked, parallel):
    for dtype in (np.float32, np.float64):
        name = np.dtype(dtype).name
        fused, ours = together(
            15, torch_step("Adam", dtype=dtype, fused=True), ours_step(compiled(adam, parallel), dtype=dtype)
        )
        yield f"compiled Adam step, 10⁷ {name}: ns an element", 1e9 * ours / N, ""
        yield f"compiled Adam step, 10⁷ {name}: of PyTorch fused", ours / fused, f"≤ {asked}"


def step():
    if "torch" in MISSING:
        return
    if "numba" not in MISSING:
        yield from steps("1.0", False)
    for dtype in (np.float32, np.float64):
        name = np.dtype(dtype).name
        ours, loop, foreach = together(
            9,
            ours_step(adam, dtype=dtype),
            torch_step("Adam", dtype=dtype, foreach=False),
            torch_step("Adam", dtype=dtype, foreach=True),
        )
        yield f"readable Adam step, 10⁷ {name}: ns an element", 1e9 * ours / N, ""
        yield f"readable Adam step, 10⁷ {name}: of PyTorch's default loop", ours / loop, "≤ 0.65"
        yield f"readable Adam step, 10⁷ {name}: of PyTorch foreach", ours / foreach, "≤ 0.9"


def cores():
    if not {"torch", "numba"} & MISSING:
        for what, value, asked in steps("1.1", True):
            yield what.replace("step,", "step, all cores,"), value, asked


# Every other rule.

TORCH = {
    "gd": ("SGD", {"lr": 0.01}),
    "momentum": ("SGD", {"lr": 0.01, "momentum": 0.9}),
    "nesterov": ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", {"momentum": 0.9}),
    "rmsprop_centered": ("RMSprop", {"centered": True}),
    "adadelta": ("Adadelta", {}),
    "adamax": ("Adamax", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
    "adamw": ("AdamW", {}),
    "nadam": ("NAdam", {}),
    "radam": ("RAdam", {}),
}
OPTAX = {
    "signsgd": lambda optax: optax.sign_sgd(0.01),
    "yogi": lambda optax: optax.yogi(0.01),
    "lion": lambda optax: optax.lion(1e-4),
    "lamb": lambda optax: optax.lamb(1e-3),
    "schedule_free_sgd": lambda optax: optax.contrib.schedule_free_sgd(0.01),
    "schedule_free_adamw": lambda optax: optax.contrib.schedule_free_adamw(0.0025),
    "muon": lambda optax: optax.contrib.muon(0.02),
}
MATRIX = (1000, 1000)


def rules():
    for rule in (value for value in vars(optimizers).values() if isinstance(value, Optimizer)):
        needed = [name for name, value in rule.hyperparameters.items() if not isinstance(value, float)]
        opt = rule(**dict.fromkeys(needed, 0.01))
        n = MATRIX if rule.matrix else N
        ways = {"readable": ours_step(opt, n)}
        if rule.elementwise and "numba" not in MISSING:
            ways["compiled"] = ours_step(compiled(opt), n)
        peers = {}
        if rule.name in TORCH and "torch" not in MISSING:
            name, options = TORCH[rule.name]
            peers[f"torch.optim.{name}"] = torch_step(name, n, **options)
        elif rule.name in OPTAX and "optax" not in MISSING:
            peers["Optax"] = optax_step(OPTAX[rule.name], n, jit=False)
            peers["Optax under jit"] = optax_step(OPTAX[rule.name], n)
        times = dict(zip([*peers, *ways], together(5, *peers.values(), *ways.values()), strict=True))
        for way in ways:
            what = f"{rule.name}, {way}, {'1000×1000' if rule.matrix else '10⁷'}"
            yield f"{what}: ms", 1000 * times[way], ""
            for peer in peers:
                asked = "" if way == "readable" and peer == "Optax under jit" else "≤ 1"
                yield f"{what}: of {peer}", times[way] / times[peer], asked


def keep_pages():
    """Let this process keep the memory it frees, and say whether it will: else each large array is of new
    pages, which the system clears first. With glibc alone."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt, trim_threshold, mmap_max = ctypes.CDLL(None).mallopt, -1, -4
    return bool(mallopt(trim_threshold, 2**31 - 1) and mallopt(mmap_max, 0))


def roof():
    """One core's two ceilings, for chapter 20, and how near to the first some steps come: what they have to
    move, (3 + 2 slots) numbers an element, over the time they take; and what a readable step takes in blocks
    that the cache does not hold, where each large array is of new pages and where none is. Times are the
    core's own, without what others take of it, and the fastest of the repeats."""
    n, size = 4 * 10**7, 1000
    a, b = arrays(n, np.float32)
    A, B = (x[: size * size].reshape(size, size) for x in (a, b))
    rules = [optimizers.gd(lr=0.01), optimizers.momentum(lr=0.01), adam] if "numba" not in MISSING else []
    made = [ours_step(compiled(rule), n) for rule in rules]
    best = {"take": min, "clock": process_time}
    stream, product, *times = together(40, lambda: np.add(a, b, out=a), lambda: A @ B, *made, **best)
    yield "one core: GB/s of a ← a + b, 4·10⁷ float32", 12e-9 * n / stream, ""
    yield "one core: 10⁹ operations/s of a product, 1000×1000 float32", 2e-9 * size**3 / product, ""
    for rule, time in zip(rules, times, strict=True):
        moved = 4e-9 * n * (3 + 2 * len(rule.slots))
        yield f"one core: GB/s of compiled {rule.name}, 4·10⁷ float32", moved / time, ""
    step, kept = ours_step(adam), engine.BLOCK

    def step_in(block):
        engine.BLOCK = block
        step()
        engine.BLOCK = kept

    calls = [lambda block=block: step_in(block) for block in (kept, 2**22, N)]
    for pages in ("", ", pages kept"):
        if pages and not keep_pages():
            continue
        first, *more = together(10, *calls, **best)
        for ways, time in zip(("blocks of 2²²", "whole arrays"), more, strict=True):
            yield f"one core: readable Adam, 10⁷ float32, {ways} over blocks of 2¹⁵{pages}", time / first, ""


# Curves and memory.


def curves():
    ways = {"readable": lambda n: ours_step(adam, n)}
    if "numba" not in MISSING:
        ways["compiled"] = lambda n: ours_step(compiled(adam), n)
    if "torch" not in MISSING:
        ways["PyTorch fused"] = lambda n: torch_step("Adam", n, fused=True)
    costs = {way: [] for way in ways}
    for power in range(3, 9):
        many = 10 ** max(0, 7 - power)
        steps = [make(10**power) for make in ways.values()]
        calls = [lambda step=step, many=many: [step() for _ in range(many)] for step in steps]
        for way, time in zip(ways, together(5, *calls), strict=True):
            costs[way].append(1e9 * time / many / 10**power)
            yield f"Adam step, {way}, 10^{power} parameters: ns an element", costs[way][-1], ""
    for way, flat in costs.items():
        yield f"Adam step, {way}, 10^5 to 10^8: largest over smallest", max(flat[2:]) / min(flat[2:]), "≤ 1.5"
    rules = {"readable": adam} | ({} if "numba" in MISSING else {"compiled": compiled(adam)})
    for way, rule in rules.items():
        many = [{"lr": np.geomspace(1e-3, 1, 10**power), "every": 1000} for power in (3, 5)]
        calls = [
            lambda given=given, rule=rule: sweep(rosenbrock, START, rule, 1000, **given) for given in many
        ]
        some, more = (
            1e6 * time / n for time, n in zip(together(5, *calls, take=min), (10**3, 10**5), strict=True)
        )
        yield f"Adam sweep × 1000 steps, {way}, 10^3 runs: ns a run and step", some, ""
        yield f"Adam sweep × 1000 steps, {way}, 10^3 runs: of a run of 10^5", some / more, "≤ 2"
        flat = []
        for power in range(1, 7):
            given = {"lr": np.geomspace(1e-3, 1, 10**power), "every": 100}
            (time,) = together(3, lambda given=given, rule=rule: sweep(rosenbrock, START, rule, 100, **given))
            flat.append(1e9 * time / 100 / 10**power)
            yield f"Adam sweep, {way}, 10^{power} runs × 100 steps: ns a run and step", flat[-1], ""
        yield (
            f"Adam sweep, {way}, 10^3 to 10^6: largest over smallest",
            max(flat[2:]) / min(flat[2:]),
            "≤ 1.5",
        )


def memory():
    for rule in [adam] + ([] if "numba" in MISSING else [compiled(adam)]):
        ours_grid((100, 100), 10, rule)  # compiles
        tracemalloc.start()
        run = ours_grid((100, 100), 1000, rule)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        kept = sum(run[name].nbytes for name in ("theta", "loss", "grad_norm"))
        way = "readable" if rule is adam else "compiled"
        yield f"peak memory of the recorded 100×100×1000 sweep, {way}, of its arrays", peak / kept, "≤ 1.2"


def blocks():
    """10⁸ runs in blocks, in a process of its own: a number is left of them, and how much memory it took."""
    if {"numba", "distributed"} & MISSING:
        return
    code = (
        f"import resource, sys, time; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        "import optimizers as b\n"
        "begin = time.perf_counter()\n"
        "grid = b.ours_grid((10**4, 10**4), 20, b.compiled(b.adam), every=20, chunks={'lr': 25})\n"
        "float(grid.loss.isel(step=-1).min().compute())\n"
        "print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, run.stdout.split())
    yield "10⁸ Adam runs × 20 steps in 400 blocks, compiled: MB of memory at most", megabytes, "≤ 700"
    yield "10⁸ Adam runs × 20 steps in 400 blocks, compiled: s", seconds, ""


def networks():
    """A small network on handwritten digits, 25 runs at once, beside a PyTorch loop over the runs."""
    X, y = digits()
    net = Network(Linear(64, 32, gain=2), ReLU(), Linear(32, 10))
    problem, start = net.problem(X, y), net.start(np.random.default_rng(0), runs=25)
    batches = {"gradient": Minibatches(64), "every": 400}
    calls = [lambda: descend(problem, start, adam(lr=0.01), 400, **batches)]
    if "torch" not in MISSING:
        import torch
        from torch.nn.functional import cross_entropy

        inputs, labels = torch.tensor(X), torch.tensor(y)

        def loop():
            for _ in range(25):
                layers = torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
                model = torch.nn.Sequential(*layers).double()
                opt = torch.optim.Adam(model.parameters(), lr=0.01)
                rows = Minibatches(64).rows(problem, np.random.default_rng(0))
                for _, some in zip(range(400), rows, strict=False):
                    opt.zero_grad()
                    cross_entropy(model(inputs[some]), labels[some]).backward()
                    opt.step()

        calls.append(loop)
    ours, *theirs = together(3, *calls)
    yield "25 runs of a 64-32-10 network × 400 Adam steps, batches of 64: s", ours, ""
    for time in theirs:
        yield "the same, of a PyTorch loop over the runs", ours / time, "≤ 1"


GROUPS = {
    group.__name__: group
    for group in (grid, sweeps, fresh, step, cores, rules, roof, curves, memory, blocks, networks)
}


def measure(name):
    """One group, in this process: rows, as they are found."""
    if name in ONE_CORE and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if "torch" not in MISSING:
        import torch

        torch.set_num_threads(1 if name in ONE_CORE else len(os.sched_getaffinity(0)))
    command = "python bench/optimizers.py"
    describe = ["git", "describe", "--always", "--dirty=+"]
    commit = subprocess.run(describe, cwd=COURSE, capture_output=True, text=True).stdout.strip()
    where = f"{os.cpu_count()} cores, no GPU, {platform.system()} {platform.machine()} | {commit}"
    for what, value, asked in GROUPS[name]():
        row = f"| {what} | {value:.3g} | {asked} | {where} | {datetime.date.today()} | `{command} {name}` |"
        print(row, flush=True)


def main(names):
    rows_only = "--rows" in names
    names = [name for name in names if name != "--rows"]
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: the groups are {', '.join(GROUPS)}")
    for name in sorted(MISSING):
        print(f"{name} is not installed, its rows are left out: .venv/bin/{PEERS[name]}", file=sys.stderr)
    if not rows_only:
        head = (
            "| what | measured | asked | machine | commit | date | command |\n|---|---|---|---|---|---|---|"
        )
        print(head, flush=True)
    for name in names or GROUPS:
        subprocess.run([sys.executable, __file__, "--measure", name], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:])
