"""What `make mutants` plugs into poodle, the mutation tester: how a mutant is tried, and the report.

Poodle changes one place of lib/optimizers.py, dialects.py or schedules.py at a time, an operator, a number (a
default too), a comparison, a call, a return, …, in a copy of the project under .mutants/; its settings are in
pyproject.toml. A mutant is killed when one of the module's tests, TESTS below, fails on it, or loops.
`make mutants MODULE=optimizers RULE=adam` changes that rule alone (a minute or two).

While it runs, FOUND counts the killed. The last lines count them for each module, and it fails when less than
95 % of a module's are killed, when one survives that tests/survivors.toml does not explain, or when one that
is explained there is killed or gone. What to do about a survivor: write a test that kills it, with a truth
from elsewhere; where no test can tell it from the rule, explain it in tests/survivors.toml.
"""

import ast
import gc
import importlib
import multiprocessing
import os
import resource
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from poodle import PoodleTestingFailedError
from poodle.data_types import Mutant, MutantTrialResult, TestingResults

ENOUGH = 0.95
SECONDS = 60  # of the processor for one mutant: a loop without end is cut off; the tests take 2 to 6, or 30
SURVIVORS = Path("tests/survivors.toml")
RULE = os.environ.get("RULE", "")  # the one function that is changed; all of them where it is empty
EXTREMES = [
    f"tests/test_extremes.py::test_{name}"
    for name in (
        "a_norm_is_right_for_every_size",
        "a_norm_of_many_and_of_none_and_of_what_is_not_finite",
        "lambs_step_is_lr_times_the_length_of_the_weights",
        "orthogonalize_does_not_overflow",
        "rho",
        "radam_waits_for_its_root_as_long_as_it_should",
    )
]
TESTS = {  # those with a truth from elsewhere; what only compares a rule with itself is left out
    "optimizers": ["tests/test_optimizers.py", "tests/test_dialects.py", *EXTREMES, "lib/optimizers.py"],
    "dialects": ["tests/test_dialects.py", *EXTREMES, "lib/dialects.py"],
    "schedules": ["tests/test_schedules.py", "lib/schedules.py"],
}
OPTIONS = ["-x", "--failed-first", "--tb=no", "--assert=plain", "--noconftest", "-oaddopts="]
OPTIONS += ["--doctest-modules", "--import-mode=importlib"]
IMPORTS = ["numpy.testing", "pytest", "xarray", "doctest"]  # slow ones, done once and not for each mutant


def run(run_folder: Path, mutant: Mutant, timeout: float | None, **_: Any) -> MutantTrialResult:
    """Poodle's runner: the tests of one mutant, in a fork of a process that has the imports behind it."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in IMPORTS:
        importlib.import_module(name)
    gc.freeze()
    file = mutant.source_file  # None: poodle tries first what is not mutated
    if file and not (chosen(place(mutant)) and is_python((run_folder / file).read_bytes())):
        return MutantTrialResult(False, MutantTrialResult.RC_INCOMPLETE)
    tests = TESTS[file.stem] if file else sorted({path for paths in TESTS.values() for path in paths})
    # pytest remembers which test killed the last mutant of the function, and begins with it.
    cache = run_folder.resolve().parent / f"{place(mutant)}.cache"
    child = multiprocessing.get_context("fork").Process(
        target=_pytest, args=(run_folder, [*OPTIONS, f"-ocache_dir={cache}", *tests])
    )
    child.start()
    child.join(timeout)
    if child.exitcode is None:
        child.kill()
        child.join()
        return MutantTrialResult(True, MutantTrialResult.RC_TIMEOUT)
    if child.exitcode == 0:
        return MutantTrialResult(False, MutantTrialResult.RC_NOT_FOUND)
    said = (run_folder / "said.txt").read_text(encoding="utf-8", errors="replace")
    return MutantTrialResult(True, MutantTrialResult.RC_FOUND, None if file else said)


def _pytest(folder: Path, arguments: list[str]) -> None:
    """In the fork: pytest in the mutant's folder, its words in a file there."""
    import pytest

    os.chdir(folder)
    said = os.open("said.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(said, 1)
    os.dup2(said, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.dont_write_bytecode = True
    os._exit(pytest.main(arguments))


def is_python(source: bytes) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def chosen(where: str) -> bool:
    """Whether what stands there, such as optimizers.adam, is to be changed."""
    return not RULE or where.partition(".")[2] == RULE


class Change(NamedTuple):
    """What identifies a mutant, wherever its line stands: optimizers.adam, the line before and after."""

    where: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.where}\n  - {self.old}\n  + {self.new}"


def place(mutant: Mutant) -> str:
    """Where it is: optimizers.adam, or schedules for what stands in no function or class there."""
    if not mutant.source_file:
        return "nowhere"
    for node in ast.parse(mutant.source_file.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= mutant.lineno <= (node.end_lineno or first):
                return f"{mutant.source_file.stem}.{node.name}"
    return mutant.source_file.stem


def change(mutant: Mutant) -> Change:
    lines = (mutant.unified_diff or "").splitlines()[2:]
    old, new = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return Change(place(mutant), old, new)


def explained() -> set[Change]:
    """The mutants of tests/survivors.toml."""
    entries = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivors"]
    return {Change(entry["where"], entry["old"], new) for entry in entries for new in entry["new"]}


def report(echo: Callable[..., None], testing_results: TestingResults, **_: Any) -> None:
    """Poodle's reporter: a line for each module; raises when something is to be done."""
    faults = []
    every = testing_results.mutant_trials
    trials = [t for t in every if t.result.reason_code != MutantTrialResult.RC_INCOMPLETE]
    echo("\nmodule      mutants  killed  survived")
    for module in TESTS:
        found = [t.result.found for t in trials if t.mutant.source_file.stem == module]
        if found:
            part = sum(found) / len(found)
            survived = len(found) - sum(found)
            echo(f"{module:<10}  {len(found):>7}  {sum(found):>6}  {survived:>8}  {part:>6.1%} killed")
            if part < ENOUGH:
                faults.append(f"{module}: {part:.1%} of the mutants are killed; {ENOUGH:.0%} have to be")
    if RULE and not trials:
        faults.append(f"there is no function {RULE} to change")
    elif not RULE and len(trials) < len(every):
        echo(f"not counted: {len(every) - len(trials)} that are no Python")
    tried = {trial.mutant.source_file.stem for trial in trials}
    known = {k for k in explained() if k.where.partition(".")[0] in tried and chosen(k.where)}
    survivors = {change(trial.mutant) for trial in trials if not trial.result.found}
    faults += [f"Survived, and {SURVIVORS} does not explain it: {s}" for s in sorted(survivors - known)]
    faults += [f"{SURVIVORS} has it, but it did not survive: {s}" for s in sorted(known - survivors)]
    if faults:
        raise PoodleTestingFailedError(*faults)
