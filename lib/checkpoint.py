"""Save a run, and go on from the file later as if it had never stopped: the same numbers to the last bit.

The file is a zip archive of `.npy` arrays, named by their place, and of `header.json`, which says the rest:
`np.load("run.npz")["theta"]` reads the parameters without this library. It holds no pickle and no code.
"""

import io
import json
import os
import uuid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.random import MT19937, PCG64, PCG64DXSM, SFC64, Generator, Philox, SeedSequence

from lib import dialects, optimizers
from lib.checks import REQUIRED, Array, Parameters, check_parameters
from lib.engine import Optimizer, State
from lib.recipe import default, text
from lib.schedules import Schedule

RULES = [*vars(optimizers).values(), *vars(dialects).values()]
LIBRARY = {rule.name: rule for rule in RULES if isinstance(rule, Optimizer)}
"""The rules that `load` finds by name; any other has to be given."""

FORMAT, VERSION, HEADER = "downhill checkpoint", 1, "header.json"
LARGEST_HEADER = 2**24
"""Bytes of `header.json` that are read, enough for the names of 50,000 arrays: a file cannot make more work
or take more memory than its own length."""
BIT_GENERATORS = {kind.__name__: kind for kind in (PCG64, PCG64DXSM, MT19937, Philox, SFC64)}
File = str | os.PathLike[str]


class CheckpointError(ValueError):
    """A file that does not hold a whole run of the rule asked for. It has been left as it was."""


class Checkpoint(NamedTuple):
    """What `save` was given, in arrays of its own."""

    theta: Parameters
    state: State
    opt: Optimizer
    rng: Generator | None


def save(path: File, theta: Parameters, state: State, opt: Optimizer, rng: Generator | None = None) -> None:
    """Write a run to one file, whole or not at all: until the new file is complete, the old one stays.

    Parameters
    ----------
    path : the file to write, in a folder that exists; a file of that name is replaced
    theta, state : the parameters, an array or a dict of arrays, and the state as the last step left it
    opt : the rule with its hyperparameters. Of a schedule only the name is saved: `load` asks for it again.
    rng : the generator that draws the mini-batches, if there is one

    Raises
    ------
    TypeError, ValueError, OSError
        When these do not belong to one run, or the file cannot be written. The old one is as it was.

    Notes
    -----
    `torch.save` pickles what one collects by hand (`state_dict()` of model, optimizer and scheduler, the
    generators' states), over the old file; `load_state_dict` matches state to parameters by their order.
    Optax's state is a pytree without the hyperparameters; Orbax writes such trees, to a folder it renames.

    Examples
    --------
    >>> import tempfile
    >>> from lib.optimizers import momentum
    >>> opt, theta = momentum(lr=0.1), np.array([1.0, -2.0])
    >>> state = opt.init(theta)
    >>> opt.step(theta, 2 * theta, state)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/run.npz", theta, state, opt)
    ...     run = load(f"{folder}/run.npz")
    >>> run.opt, run.state
    (momentum(lr=0.1, beta=0.9), {'t': 1, 'v': array([ 2., -4.])})
    """
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt is {opt!r}; give the rule that took the steps, such as adam(lr=0.1)")
    check_parameters(theta)
    opt.check_state(state, theta)
    for key in theta if isinstance(theta, dict) else ():
        if not isinstance(key, str):
            raise TypeError(f"theta has the key {key!r}; a checkpoint's keys are strings: {str(key)!r}")
    arrays: dict[str, Array] = {}
    library = opt.name in LIBRARY and LIBRARY[opt.name].rule is opt.rule  # not another of that name
    header = {"format": FORMAT, "version": VERSION, "rule": opt.name, "module": opt.__module__}
    run: dict[str, Any] = {"hyperparameters": opt.hyperparameters, "theta": theta, "state": state}
    run["rng"] = None if rng is None else _generator_state(rng)
    header |= {"library": library} | _pack(run, "", arrays)
    said = json.dumps(header, indent=1, default=lambda scalar: scalar.item())  # a NumPy number is no JSON
    if len(said.encode()) > LARGEST_HEADER:
        raise ValueError(f"theta has {len(arrays):,} arrays, more than a checkpoint names; join some of them")
    path = Path(path).resolve()
    temporary = path.with_name(f"downhill-{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            with ZipFile(file, "w") as archive:
                with archive.open(HEADER, "w") as member:
                    member.write(said.encode())
                for name, array in arrays.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: File, opt: Optimizer | None = None) -> Checkpoint:
    """Read what `save` wrote: theta, state, opt and rng, ready for the next step.

    Parameters
    ----------
    path : the file, which is only read
    opt : needed for a rule that is not this library's, `load(path, opt=my_rule)`, and for hyperparameters
        that were schedules, `load(path, opt=adam(lr=cosine))`. All others come from the file; to go on with
        another value, change it afterwards: `run.opt(lr=0.01)`.

    Raises
    ------
    CheckpointError
        When the file is cut short, damaged, foreign or of a newer format, holds a run of another rule than
        `opt` or of other hyperparameters, or needs a rule or a schedule to be given. A schedule of
        `lib.schedules` is compared with the saved one; of any other function only the name can be.
    TypeError, OSError
        When `opt` is not a rule; when the file cannot be opened.
    """
    if opt is not None and not isinstance(opt, Optimizer):
        raise TypeError(f"opt is {opt!r}; give a rule, such as adam or adam(lr=schedule)")
    with open(path, "rb") as file:
        try:
            with ZipFile(file) as archive:
                _check_sizes(archive, os.fstat(file.fileno()).st_size)
                header = json.loads(archive.read(HEADER))
                rule = _rule(header, opt)
                run = _unpack(header, archive, set())
            check_parameters(run["theta"])
            rule.check_state(run["state"], run["theta"])
            opt = _with_saved(rule, run["hyperparameters"])
            return Checkpoint(run["theta"], run["state"], opt, run["rng"] and _generator(run["rng"]))
        except CheckpointError as error:
            raise CheckpointError(f"{path} {error}") from None
        except Exception as error:  # what is damaged or foreign raises nearly anything
            found = f"{path} is not a whole checkpoint ({type(error).__name__}: {error})"
            raise CheckpointError(f"{found}. Give one that save() wrote; this was left as it was") from error


def _rule(header: dict[str, Any], opt: Optimizer | None) -> Optimizer:
    """The rule whose name, slots and hyperparameters the file has: `opt`, or one of the library's."""
    if header["format"] != FORMAT:
        raise ValueError(f"its {HEADER} is of another kind, {header['format']!r}")
    if header["version"] > VERSION:
        found = f"has format version {header['version']}; this Downhill reads up to {VERSION}"
        raise CheckpointError(f"{found}. Update Downhill; the file has been left as it was")
    name = header["rule"]
    rule = LIBRARY.get(name) if opt is None and header["library"] else opt
    again = f"Give it: load(path, opt={name})"
    if rule is None or rule.name != name:
        found = f"opt is {rule.name}" if rule else "this library has no such rule"
        raise CheckpointError(f"holds a run of {name} from {header['module']}; {found}. {again}")
    for what, needed in ("state", {"t", *rule.slots}), ("hyperparameters", set(rule.hyperparameters)):
        if (saved := set(header[what])) != needed:
            found = f"holds a run of another {name}: its {what} is {sorted(saved)}, not {sorted(needed)}"
            raise CheckpointError(f"{found}. {again}")
    return rule


def _with_saved(rule: Optimizer, saved: dict[str, Any]) -> Optimizer:
    """The rule with the saved hyperparameters, and its own where those were schedules."""
    changed = {}
    for name, value in saved.items():
        given = rule.hyperparameters[name]
        if isinstance(value, dict):
            if given is REQUIRED or not callable(given):
                again = f"load(path, opt={rule.name}({name}={value['schedule']}))"
                raise CheckpointError(f"has of {name}, a schedule, only the name. Give it: {again}")
            if _schedule_name(given) != value["schedule"]:
                found = f"was saved with {name} = {value['schedule']}; opt has {_schedule_name(given)}"
                raise CheckpointError(
                    f"{found}. Give the one it was saved with, and change it in what load returns"
                )
        elif not np.array_equal(given, value):
            if not np.array_equal(given, default(rule, name)):
                found = f"was saved with {name} = {value!r}; opt is {rule!r}"
                raise CheckpointError(f"{found}. Leave {name} out, and change it in what load returns")
            changed[name] = value
    return rule(**changed)


def _schedule_name(schedule: Any) -> str:
    """What a checkpoint holds of a schedule: of one of `lib.schedules` all of it, of any other its name."""
    if isinstance(schedule, Schedule):
        return text(schedule)
    return str(getattr(schedule, "__name__", type(schedule).__name__))


def _check_sizes(archive: ZipFile, size: int) -> None:
    """Raise unless what is in the archive is as long as it says, and in its file once."""
    members = archive.infolist()
    if archive.getinfo(HEADER).file_size > LARGEST_HEADER:
        raise ValueError(f"its {HEADER} is longer than {LARGEST_HEADER:,} bytes")
    if (
        any(member.compress_type != ZIP_STORED for member in members)
        or sum(m.file_size for m in members) > size
    ):
        raise ValueError("its parts are compressed, or share their bytes; save() writes each as it is")


def _pack(value: Any, name: str, arrays: dict[str, Array]) -> Any:
    """A value for JSON; its arrays are moved to `arrays`, under names such as theta/weight."""
    if isinstance(value, dict):
        return {key: _pack(part, f"{name}{quote(key, safe='')}/", arrays) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        arrays[name[:-1]] = np.asarray(value)
        return {"npy": name[:-1]}
    if value is REQUIRED:
        raise TypeError(f"{name.split('/')[1]} has no value yet: give the rule one")
    return {"schedule": _schedule_name(value)} if callable(value) else value


def _unpack(value: Any, archive: ZipFile, seen: set[str]) -> Any:
    if not isinstance(value, dict):
        return value
    if value.keys() == {"npy"} and isinstance(value["npy"], str):
        if value["npy"] in seen:
            raise ValueError(f"its array {value['npy']} is there twice")
        seen.add(value["npy"])
        member = archive.read(f"{value['npy']}.npy")  # whole: only then is its checksum compared
        return np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
    return {key: _unpack(part, archive, seen) for key, part in value.items()}


def _generator_state(rng: Generator) -> dict[str, Any]:
    """What the generator draws next (its state) and what it spawns next (its seed)."""
    bits: Any = getattr(rng, "bit_generator", None)
    if type(bits) not in BIT_GENERATORS.values():
        raise TypeError(f"rng is {rng!r}; give the generator that draws, np.random.default_rng(seed)")
    return {"state": bits.state, "seed": getattr(bits.seed_seq, "state", None)}


def _generator(saved: dict[str, Any]) -> Generator:
    said = saved["seed"] or {}
    if (
        max(said.get("pool_size", 4), *(np.size(said.get(name, 0)) for name in ("entropy", "spawn_key")))
        > 1000
    ):
        raise ValueError("the seed of its generator is too long")  # to mix it could take hours
    seed = saved["seed"] and SeedSequence(**saved["seed"])
    bits = BIT_GENERATORS[saved["state"]["bit_generator"]](seed)
    bits.state = saved["state"]
    return Generator(bits)
