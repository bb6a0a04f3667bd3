"""Checkpoints: resumed = uninterrupted to the last bit, one error for every file that is not whole, atomic writing."""

import json
import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import bits

from lib import checkpoint, optimizers
from lib.checkpoint import BIT_GENERATORS, HEADER, LIBRARY, Checkpoint, CheckpointError, load, save
from lib.engine import REQUIRED, Optimizer, optimizer
from lib.optimizers import adam, gd, momentum
from lib.schedules import constant, cosine, join
from lib.wrappers import clip_by_norm, lookahead

RULES = {name: rule for name, rule in vars(optimizers).items() if isinstance(rule, Optimizer)}
rules = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
A = np.random.default_rng(7).standard_normal((20, 4, 3))
"""Twenty targets: a mini-batch is a few of them."""


@optimizer
def fading(theta, g, t, v, *, lr, beta=0.9):
    """A reader's own rule."""
    v = beta * v + g
    return theta - lr / t * v, v


def ready(rule, **given):
    """The rule with 0.1 for what has no default, and with what is given."""
    needed = {name: 0.1 for name, value in rule.hyperparameters.items() if value is REQUIRED}
    return rule(**needed | given)


def walk(theta, state, opt, rng, steps=10):
    """Steps on mini-batches of A, with noise, all drawn from one generator."""
    for _ in range(steps):
        batch = rng.choice(A, 3).mean(axis=0)
        if isinstance(theta, dict):
            g = {key: leaf - batch[:, : leaf[0].size].reshape(leaf.shape) for key, leaf in theta.items()}
        else:
            g = theta - batch.astype(theta.dtype)
        noise = rng.standard_normal()
        opt.step(theta, {k: v + noise for k, v in g.items()} if isinstance(g, dict) else g + noise, state)


def begun(opt, make=lambda: np.ones((4, 3)), rng=None, steps=10):
    """A run after some steps."""
    theta, rng = make(), rng or np.random.default_rng(1)
    state = opt.init(theta)
    walk(theta, state, opt, rng, steps)
    return Checkpoint(theta, state, opt, rng)


def assert_resumes(path, run, give=None):
    """Saved and loaded, the run goes on as it would have; the file is only read."""
    save(path, run.theta, run.state, run.opt, run.rng)
    before = path.read_bytes()
    resumed = load(path, give)
    assert bits(resumed.theta, resumed.state) == bits(run.theta, run.state)
    assert bits(resumed.opt.hyperparameters) == bits(run.opt.hyperparameters)
    walk(*run)
    walk(*resumed)
    assert bits(resumed.theta, resumed.state) == bits(run.theta, run.state)
    assert resumed.rng.bit_generator.state == run.rng.bit_generator.state
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.npz"


@pytest.fixture
def saved(path):
    """A checkpoint of everything: a dict of parameters, an array as hyperparameter, a generator."""
    rng = np.random.default_rng(3)
    theta = {"w": rng.standard_normal((2, 3)).astype(np.float32), "b": np.array([np.nan, -0.0, 5e-324])}
    state = {"t": 10, "m": {k: v * 2 for k, v in theta.items()}, "v": {k: v**2 for k, v in theta.items()}}
    save(path, theta, state, adam(lr=np.array(0.3), beta1=np.array([0.5])), rng)
    return path


# Resumed = uninterrupted.


@rules
@pytest.mark.parametrize(
    "make",
    [
        lambda: np.ones((4, 3)),
        lambda: np.ones((4, 3), np.float32),
        lambda: np.ones((4, 3), order="F"),
        lambda: np.ones((4, 6))[:, ::2],
        lambda: {"w": np.ones((4, 3)), "a/b ∇.npy": np.ones((4, 1), np.float32)},
        lambda: {
            "a\0b": np.ones((4, 2)),
            "a\0c": np.ones((4, 1)),
            "": np.ones((4, 1)),
            "schedule": np.ones((4, 1)),
        },
        lambda: {"npy": np.ones((4, 2))},
    ],
    ids=["float64", "float32", "fortran", "strided", "dict", "odd keys", "the format's own key"],
)
def test_resumed_is_uninterrupted(path, rule, make):
    assert_resumes(path, begun(ready(rule), make))


@rules
def test_hyperparameters_over_the_runs_are_kept(path, rule):
    values = 0.3 if rule.matrix else np.linspace(0.1, 0.9, 3)  # matrices have no runs
    assert_resumes(path, begun(rule(**dict.fromkeys(rule.hyperparameters, values))))


@pytest.mark.parametrize("kind", BIT_GENERATORS.values(), ids=BIT_GENERATORS)
@pytest.mark.parametrize(
    "seed", [5, [5, 6], np.arange(3), np.random.SeedSequence(5, spawn_key=(1,))], ids=str
)
def test_every_bit_generator_goes_on_and_spawns_as_it_would(path, kind, seed):
    rng = np.random.Generator(kind(seed))
    rng.integers(9, size=3, dtype=np.uint32)  # half a word is left over
    rng.spawn(2)
    save(path, np.ones(2), {"t": 0}, gd(lr=0.1), rng)
    again = load(path).rng
    draws = [
        (r.integers(9, size=5, dtype=np.uint32), r.random(5), *(c.random() for c in r.spawn(2)))
        for r in (rng, again)
    ]
    assert bits(*draws[0]) == bits(*draws[1])


def test_a_generator_of_a_legacy_seed_goes_on(path):
    rng = np.random.Generator(np.random.RandomState(0)._bit_generator)
    save(path, np.ones(2), {"t": 0}, gd(lr=0.1), rng)
    assert load(path).rng.random() == rng.random()


def test_no_generator_is_none(path):
    save(path, np.ones(2), {"t": 0}, gd(lr=0.1))
    assert load(path).rng is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0), (5,), (1, 5)], ids=str)
def test_every_value_survives_bit_for_bit(path, dtype, shape):
    odd = np.array([np.nan, -np.inf, -0.0, np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max], dtype)
    odd[:1] = -odd[:1]  # a NaN with a sign
    theta = np.resize(odd, shape).astype(dtype)
    save(path, theta, momentum.init(theta), momentum(lr=0.1))
    run = load(path)
    assert bits(run.theta, run.state) == bits(theta, momentum.init(theta))
    assert type(run.theta) is np.ndarray and run.theta.flags.writeable
    assert np.load(path)["theta"].tobytes() == run.theta.tobytes()


def test_no_parameters_at_all_survive(path):
    save(path, {}, momentum.init({}), momentum(lr=0.1))
    assert load(path)[:2] == ({}, {"t": 0, "v": {}})


def test_fortran_order_is_kept(path):
    theta = np.arange(6.0).reshape(2, 3, order="F")
    save(path, theta, {"t": np.int64(3)}, gd(lr=0.1))
    run = load(path)
    assert run.theta.flags.f_contiguous and run.theta.tolist() == theta.tolist()
    assert run.state == {"t": 3}


def test_a_run_gives_the_same_file(path):
    run = begun(adam)
    save(path, *run)
    first = path.read_bytes()
    save(path, *run)
    assert path.read_bytes() == first


def test_a_symbolic_link_stays_one(path, saved):
    link = path.with_name("latest.npz")
    link.symlink_to(path)
    save(link, np.ones(2), {"t": 0}, gd(lr=0.5))
    assert link.is_symlink() and load(path).opt.name == "gd"


# Rules and schedules that have to be given.


def test_a_readers_own_rule_resumes_when_given(path):
    assert_resumes(path, begun(ready(fading, beta=0.5)), give=fading)
    with pytest.raises(CheckpointError) as error:
        load(path)
    assert str(error.value) == (
        f"{path} holds a run of fading from {__name__}; this library has no such rule. Give it: load(path, opt=fading)"
    )


def test_a_schedule_resumes_when_given(path):
    def slower(t):
        return 0.1 / t

    assert_resumes(path, begun(adam(lr=slower, beta1=0.5)), give=adam(lr=slower))
    for give in (None, adam, adam(lr=0.2)):
        with pytest.raises(CheckpointError) as error:
            load(path, give)
        assert str(error.value) == (
            f"{path} has of lr, a schedule, only the name. Give it: load(path, opt=adam(lr=slower))"
        )
    save(path, np.ones(2), {"t": 0}, gd(lr=slower))
    with pytest.raises(CheckpointError, match="only the name"):
        load(path, gd)  # lr is missing there, not given


def test_a_rule_of_the_same_name_is_not_taken_for_the_librarys(path):
    own = Optimizer(lambda theta, g, t, *, lr: theta - 2 * lr * g)
    own.name, own.__module__ = "gd", "lib.optimizers"
    save(path, np.ones(2), {"t": 0}, own(lr=0.1))
    with pytest.raises(CheckpointError, match="no such rule"):
        load(path)
    assert load(path, own).opt.rule is own.rule


def test_another_rule_than_the_saved_one(saved):
    for give, message in [
        (gd, "holds a run of adam from lib.optimizers; opt is gd. Give it: load(path, opt=adam)"),
        (fading, "holds a run of adam from lib.optimizers; opt is fading. Give it: load(path, opt=adam)"),
        (adam(lr=0.2), "was saved with lr = 0.3; opt is adam(lr=0.2, beta1=0.9, beta2=0.999, eps=1e-08). "
                       "Leave lr out, and change it in what load returns"),
        (adam(lr=np.cos), "was saved with lr = 0.3; opt is adam(lr=cos, beta1=0.9, beta2=0.999, eps=1e-08). "
                          "Leave lr out, and change it in what load returns"),
    ]:  # fmt: skip
        with pytest.raises(CheckpointError) as error:
            load(saved, give)
        assert str(error.value) == f"{saved} {message}"
    assert load(saved, adam(lr=0.3)).opt.hyperparameters["lr"] == 0.3


def test_a_rule_that_has_changed_since(path):
    def other(**changes):
        made = ready(fading)
        vars(made).update(changes)
        return made

    save(path, np.ones(2), fading.init(np.ones(2)), fading(lr=0.1))
    for give, found in [
        (other(slots=("v", "w")), "state is ['t', 'v'], not ['t', 'v', 'w']"),
        (other(slots=()), "state is ['t', 'v'], not ['t']"),
        (other(hyperparameters={"lr": 0.1}), "hyperparameters is ['beta', 'lr'], not ['lr']"),
    ]:
        with pytest.raises(CheckpointError) as error:
            load(path, give)
        assert (
            str(error.value)
            == f"{path} holds a run of another fading: its {found}. Give it: load(path, opt=fading)"
        )


def test_every_rule_of_the_library_is_found_by_name():
    modules = [
        p.stem for p in Path(checkpoint.__file__).parent.glob("*.py") if p.stem in ("optimizers", "dialects")
    ]
    for module in modules:
        namespace = vars(__import__(f"lib.{module}", fromlist=[module]))
        for rule in (value for value in namespace.values() if isinstance(value, Optimizer)):
            assert LIBRARY[rule.name] is rule


# What save refuses; nothing is written.


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (([1.0], {"t": 0}, gd(lr=1)), TypeError, "theta is of type list"),
        ((np.ones(2, int), {"t": 0}, gd(lr=1)), TypeError, "theta has dtype int64"),
        (
            ({1: np.ones(2)}, {"t": 0}, gd(lr=1)),
            TypeError,
            "theta has the key 1; a checkpoint's keys are strings: '1'",
        ),
        ((np.ones(2), {"t": 0}, adam), ValueError, "adam keeps a state of t, m, v; this one has t"),
        ((np.ones(2), momentum.init(np.ones(3)), momentum(lr=1)), ValueError, "the state's v has shape"),
        ((np.ones(2), {"t": 0}, gd), TypeError, "lr has no value yet: give the rule one"),
        (
            (np.ones(2), {"t": 0}, np.cos),
            TypeError,
            "opt is <ufunc 'cos'>; give the rule that took the steps",
        ),
        ((np.ones(2), {"t": 0}, gd(lr=1), 5), TypeError, "rng is 5; give the generator that draws"),
        (
            (np.ones(2), {"t": 0}, gd(lr=1), np.random.RandomState(0)),
            TypeError,
            "rng is RandomState(MT19937)",
        ),
    ],
)
def test_what_save_refuses(path, arguments, kind, message):
    with pytest.raises(kind) as error:
        save(path, *arguments)
    assert str(error.value).startswith(message)
    assert os.listdir(path.parent) == []


def test_load_refuses_a_function_as_rule(saved):
    with pytest.raises(TypeError) as error:
        load(saved, np.cos)
    assert str(error.value) == "opt is <ufunc 'cos'>; give a rule, such as adam or adam(lr=schedule)"


# Files that are no whole checkpoint: CheckpointError and nothing else, and the file stays.


def refuse(path, message):
    before = path.read_bytes()
    with pytest.raises(CheckpointError) as error:
        load(path)
    assert message in str(error.value) and str(error.value).startswith(f"{path} ")
    assert path.read_bytes() == before


def rewrite(path, change=lambda header: None, leave=()):
    """The archive with another header or without some members, checksums and all."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name not in leave}
    header = json.loads(members[HEADER])
    change(header)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {HEADER: json.dumps(header)}).items():
            archive.writestr(name, content)


WHAT_TO_DO = ". Give one that save() wrote; this was left as it was"


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04K\x01.", b"PK", b"PK\3\4" + bytes(99)])
def test_no_zip_archive(path, content):
    path.write_bytes(content)
    refuse(path, f"is not a whole checkpoint (BadZipFile: File is not a zip file){WHAT_TO_DO}")


def test_a_zip_archive_of_something_else(path):
    np.savez(path, theta=np.ones(2))
    refuse(path, "There is no item named 'header.json' in the archive")
    for header, message in [("{}", "KeyError"), ("[]", "TypeError"), ("{", "JSONDecodeError"),
                            ('{"format": "glTF"}', "its header.json is of another kind, 'glTF'")]:  # fmt: skip
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(HEADER, header)
        refuse(path, message)


def test_a_pickle_inside_is_never_opened(saved):
    rewrite(saved, leave=["theta/w.npy"])
    with zipfile.ZipFile(saved, "a") as archive, archive.open("theta/w.npy", "w") as member:
        np.lib.format.write_array(member, np.array([print], object))
    refuse(saved, "allow_pickle=False")


def test_a_newer_format(saved):
    rewrite(saved, lambda header: header.update(version=2, theta="what a later version writes"))
    refuse(
        saved,
        "has format version 2; this Downhill reads up to 1. Update Downhill; the file has been left as it was",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda h: h.update(rule="adamant"),
            "holds a run of adamant from lib.optimizers; this library has no such rule",
        ),
        (
            lambda h: h["state"].pop("v"),
            "holds a run of another adam: its state is ['m', 't'], not ['m', 't', 'v']",
        ),
        (lambda h: h["hyperparameters"].pop("eps"), "its hyperparameters is ['beta1', 'beta2', 'lr'], not"),
        (lambda h: h["state"]["v"].pop("w"), "the state's v has shape"),
        (lambda h: h["state"].update(t=-1), "the state's t is -1"),
        (lambda h: h.update(theta=[1.0]), "theta is of type list"),
        (lambda h: h["hyperparameters"].update(eps=-1), "eps is -1"),
        (lambda h: h["rng"]["state"].update(bit_generator="seed"), "KeyError: 'seed'"),
        (lambda h: h["rng"].pop("seed"), "KeyError: 'seed'"),
        (lambda h: h.pop("theta"), "KeyError: 'theta'"),
    ],
)
def test_a_header_that_is_not_whole(saved, change, message):
    rewrite(saved, change)
    refuse(saved, message)


def test_every_array_is_needed(saved):
    whole = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
    assert {"theta/w.npy", "state/m/b.npy", "hyperparameters/beta1.npy"} < set(names)
    for name in names:
        saved.write_bytes(whole)
        rewrite(saved, leave=[name])
        refuse(saved, f"There is no item named '{name}' in the archive")


def test_a_damaged_array_is_named(saved):
    data = saved.read_bytes()
    with zipfile.ZipFile(saved) as archive:
        array = archive.read("theta/w.npy")[-24:]
    saved.write_bytes(data.replace(array, bytes(24), 1))
    refuse(saved, "Bad CRC-32 for file 'theta/w.npy'")


def test_a_damaged_shape_is_noticed(path):
    """A smaller shape reads less than the member: only its checksum, compared at its end, tells."""
    save(path, np.arange(9000.0), {"t": 0}, gd(lr=0.1))
    data = path.read_bytes()
    assert data.count(b"(9000,)") == 1
    path.write_bytes(data.replace(b"(9000,)", b"(1000,)"))
    refuse(path, "Bad CRC-32 for file 'theta.npy'")


def test_a_file_cut_short_anywhere(saved):
    whole = saved.read_bytes()
    for length in {*range(0, len(whole), 53), *range(len(whole) - 60, len(whole))}:
        saved.write_bytes(whole[:length])
        refuse(saved, WHAT_TO_DO)


def everything(run):
    return bits(run.theta, run.state, run.opt.hyperparameters, str(run.rng.bit_generator.state))


def assert_equal_or_refused(path, whole, damaged):
    path.write_bytes(whole)
    expected = everything(load(path))
    path.write_bytes(damaged)
    try:
        run = load(path)
    except CheckpointError:
        pass
    else:
        assert everything(run) == expected
    assert path.read_bytes() == damaged


@settings(derandomize=True, deadline=None, database=None, max_examples=300)
@given(data=st.data())
def test_flipped_bytes_never_load_other_numbers(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "flipped.npz"
    rng = np.random.default_rng(0)
    save(
        path,
        {"w": rng.standard_normal(3)},
        {"t": 2, "v": {"w": rng.standard_normal(3)}},
        momentum(lr=0.1),
        rng,
    )
    whole = path.read_bytes()
    places = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4))
    damaged = bytearray(whole)
    for place in places:
        damaged[place] ^= data.draw(st.integers(1, 255))
    assert_equal_or_refused(path, whole, bytes(damaged))


def test_a_flip_of_any_byte_never_loads_other_numbers(path):
    save(path, np.array([1.5]), {"t": 2}, gd(lr=0.1), np.random.default_rng(0))
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        assert_equal_or_refused(path, whole, bytes(damaged))


def test_no_file_is_the_systems_own_error(path):
    with pytest.raises(FileNotFoundError):
        load(path)


# Atomic: the old file or the new one, nothing in between and nothing beside.


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stopped"]
)
@pytest.mark.parametrize(
    "where", ["os.replace", "os.fsync", "zipfile.ZipFile.open", "numpy.lib.format.write_array"]
)
def test_an_interrupted_save_leaves_the_old_file(saved, monkeypatch, where, error):
    before = saved.read_bytes()

    def fail(*arguments, **named):
        assert len(os.listdir(saved.parent)) == 2, "not written beside the old file"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        with pytest.raises(type(error)):
            save(saved, np.ones(2), {"t": 0}, gd(lr=0.1))
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_the_new_file_is_on_disk_and_whole_before_it_replaces_the_old(saved, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def synced(descriptor):
        done.append(("fsync", os.fstat(descriptor).st_size))
        fsync(descriptor)

    def replaced(source, target):
        done.append(("replace", os.path.getsize(source)))
        assert load(source).opt.name == "gd" and load(target).opt.name == "adam"
        assert Path(source).parent == Path(target).parent
        replace(source, target)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("os.replace", replaced)
    save(saved, np.ones(2), {"t": 0}, gd(lr=0.1))
    assert [what for what, _ in done] == ["fsync", "replace"]
    assert done[0][1] == done[1][1] == saved.stat().st_size


def test_a_folder_that_is_not_there(path):
    with pytest.raises(FileNotFoundError):
        save(path.parent / "none" / "run.npz", np.ones(2), {"t": 0}, gd(lr=0.1))


def same_everywhere(path):
    """Which writer's file this is; a mixture of two would show."""
    run = load(path)
    (value,) = {*run.theta, *run.state["v"]}
    return value


def test_two_threads_leave_one_whole_file(path):
    def write(value):
        for _ in range(20):
            save(path, np.full(5000, value), {"t": 1, "v": np.full(5000, value)}, momentum(lr=0.1))
            assert same_everywhere(path) in {1.0, 2.0}

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, [1.0, 2.0]))
    assert os.listdir(path.parent) == [path.name]


def test_two_processes_leave_one_whole_file(path):
    save(path, np.zeros(5000), {"t": 1, "v": np.zeros(5000)}, momentum(lr=0.1))
    script = (
        "import sys, numpy as np; from lib.checkpoint import save; from lib.optimizers import momentum\n"
        "x = np.full(5000, float(sys.argv[2]))\n"
        "for _ in range(40): save(sys.argv[1], x, {'t': 1, 'v': x}, momentum(lr=0.1))"
    )
    root = Path(checkpoint.__file__).parents[1]
    writers = [subprocess.Popen([sys.executable, "-c", script, path, str(n)], cwd=root) for n in (1, 2)]
    while any(writer.poll() is None for writer in writers):
        assert same_everywhere(path) in {0.0, 1.0, 2.0}
    assert [writer.returncode for writer in writers] == [0, 0]
    assert same_everywhere(path) in {1.0, 2.0}
    assert os.listdir(path.parent) == [path.name]


# Loaded with another setting; and files made to be slow.


def test_another_schedule_than_the_saved_one_is_refused(path):
    def slower(t):
        return 0.1 / t

    def faster(t):
        return 0.1

    for saved, other in [
        (cosine(0.1, 95), cosine(0.1, 96)),
        (cosine(0.1, 95), cosine(0.2, 95)),
        (cosine(np.array([0.1, 0.2]), 95), cosine(np.array([0.1, 0.3]), 95)),
        (join([constant(0.1), cosine(0.1, 95)], [5]), join([constant(0.1), cosine(0.1, 95)], [6])),
        (cosine(0.1, 95), slower),
        (slower, faster),
        (slower, cosine(0.1, 95)),
    ]:
        save(path, np.ones((2, 2)), {"t": 0}, gd(lr=saved))
        assert load(path, gd(lr=saved)).opt.hyperparameters["lr"] is saved
        with pytest.raises(CheckpointError, match=r"was saved with lr = .*; opt has .* Give the "):
            load(path, gd(lr=other))


def test_a_wrapped_rule_of_another_setting_is_refused(path):
    theta = np.ones(2)
    for saved, other in [
        (lookahead(gd(lr=0.1)), lookahead(gd(lr=0.5))),
        (lookahead(gd(lr=0.1), k=3), lookahead(gd(lr=0.1), k=7)),
        (lookahead(gd(lr=0.1), alpha=0.3), lookahead(gd(lr=0.1), alpha=0.8)),
        (lookahead(momentum(lr=0.1)), lookahead(momentum(lr=0.1, beta=0.5))),
        (clip_by_norm(gd(lr=0.1), 1.0), clip_by_norm(gd(lr=0.1), 2.0)),
        (clip_by_norm(gd(lr=0.1), 1.0), gd(lr=0.1)),
        (clip_by_norm(lookahead(gd(lr=0.1)), 1.0), clip_by_norm(lookahead(gd(lr=0.5)), 1.0)),
    ]:
        save(path, theta, saved.init(theta), saved)
        assert repr(load(path, saved).opt) == repr(saved)
        with pytest.raises(CheckpointError, match="opt is"):
            load(path, other)
    save(path, theta, lookahead(gd(lr=0.1)).init(theta), lookahead(gd(lr=0.1), k=3))
    assert load(path, lookahead(gd)).opt.hyperparameters == {"lr": 0.1, "k": 3, "alpha": 0.5}


def rewritten(saved, change, **options):
    """The file again, with another header."""
    with zipfile.ZipFile(saved) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(parts["header.json"])
    parts["header.json"] = json.dumps(change(header) or header).encode()
    with zipfile.ZipFile(saved, "w", **options) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


HOSTILE = {
    "a long header": (lambda h: h | {"x": "a" * 2**25}, {}, "longer than"),
    "a compressed one": (lambda h: h | {"x": "a" * 2**23}, {"compression": zipfile.ZIP_DEFLATED}, "compressed"),
    "one array for all": (lambda h: h | {"theta": {str(i): {"npy": "theta/w"} for i in range(10**4)}}, {}, "there twice"),
    "a large pool": (lambda h: h["rng"]["seed"].update(pool_size=10**9), {}, "too long"),
    "a long seed": (lambda h: h["rng"]["seed"].update(entropy=[1] * 10**5), {}, "too long"),
    "a long key": (lambda h: h["rng"]["seed"].update(spawn_key=[1] * 10**5), {}, "too long"),
    "deep": (lambda h: h | {"theta": json.loads("[" * 900 + "]" * 900)}, {}, "not a whole checkpoint"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_header_cannot_ask_for_more_than_the_file_has(saved, name):
    change, options, message = HOSTILE[name]
    rewritten(saved, change, **options)
    begin = time.perf_counter()
    with pytest.raises(CheckpointError, match=message):
        load(saved)
    took = time.perf_counter() - begin
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=message):
        load(saved)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert took < 5 and most < 20 * saved.stat().st_size + 10**7
