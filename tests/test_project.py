"""The project's files agree with each other, and lib/ keeps its order."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = [Requirement(line) for line in PROJECT["dependencies"]]
TEST, SITE = (list(map(Requirement, PROJECT["optional-dependencies"][name])) for name in ("test", "site"))
LOCKS = {
    "requirements.lock": BASE + TEST,
    "book/requirements.lock": BASE + TEST + SITE,
}  # what `make lock` locks
ORDER = [
    *(
        "checks",
        "tape",
        "surfaces",
        "problems",
        "networks",
        "agents",
        "engine",
        "optimizers",
        "wrappers",
        "dialects",
        "schedules",
        "audit",
    ),
    *(
        "recipe",
        "scale",
        "descend",
        "checkpoint",
        "compiled.kernels",
        "compiled.text",
        "compiled.fused",
        "compiled",
    ),
    *(
        "race",
        "plotting",
        "player.bundle",
        "player.document",
        "player.presets",
        "player.wire",
        "player",
        "player.playground",
        "exercises",
    ),
]
LIB = {f"lib.{name}" for name in ORDER}
NUMPY_ONLY = {"checks", "tape", "surfaces", "engine", "wrappers", "optimizers", "schedules", "audit"}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def ranges(requirements):
    return {normal(r.name): r.specifier for r in requirements}


def test_environment_has_the_dependencies_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    lines = [line for line in environment["dependencies"] if isinstance(line, str)]
    stated = ranges(Requirement(line) for line in lines if line != "pip")
    assert stated == ranges([Requirement(f"python{PROJECT['requires-python']}"), *BASE])


def test_binder_finds_what_it_runs():
    script = ROOT / "postBuild"
    assert os.access(script, os.X_OK), "Binder runs postBuild: chmod +x postBuild"
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in text
    subprocess.run(["bash", "-n", script], check=True)
    for pattern in re.findall(r"\S+\.ipynb", text):
        assert list(ROOT.glob(pattern)), f"postBuild names {pattern}: nothing"
    for folder in ("binder", ".binder"):
        assert not (ROOT / folder).exists(), (
            f"Binder would read {folder}/ in place of environment.yml and postBuild"
        )
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert {"pip": ["-e ."]} in environment["dependencies"], "lib/ is not installed"


@pytest.mark.parametrize("requirement", BASE, ids=lambda requirement: requirement.name)
def test_installed_versions_are_in_range(requirement):
    assert requirement.specifier.contains(version(requirement.name))


def locked(lock):
    """(requirement, how many hashes) for each entry of a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    return [(Requirement(e.partition(" --hash=")[0].strip()), e.count("--hash=sha256:")) for e in entries]


def pins(lock):
    """The locked versions of each package."""
    pinned = {}
    for requirement, _ in locked(lock):
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        pinned.setdefault(normal(requirement.name), []).append(pin.version)
    return pinned


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_every_dependency_in_range(lock):
    pinned = pins(lock)
    for requirement in LOCKS[lock]:
        versions = pinned.get(normal(requirement.name), [])
        assert versions, f"{requirement.name} is not in {lock}: make lock"
        assert all(map(requirement.specifier.contains, versions)), f"{requirement} is locked to {versions}"


def test_the_site_is_built_with_the_versions_that_are_tested():
    site = pins("book/requirements.lock")
    assert {name: site.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_hashes_and_no_address(lock):
    assert [str(requirement) for requirement, hashes in locked(lock) if not hashes] == []
    assert re.search(r"://|^-", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE) is None


@pytest.mark.parametrize("folder", ["book", "tests/player"])
def test_npm_lock_has_hashes_and_no_address(folder):
    wanted = json.loads((ROOT / folder / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del lock[""]
    for name, pin in (wanted.get("dependencies", {}) | wanted["devDependencies"]).items():
        assert lock[f"node_modules/{name}"]["version"] == pin, f"{name}: npm install in {folder}/"
    assert all(
        entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in lock.values()
    )


def imports(source):
    """The modules that a module of lib/ imports: "numpy", "lib.engine", …"""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["lib" if node.level else "", node.module]))
            inside = [f"{module}.{alias.name}" for alias in node.names]
            yield from inside if module == "lib" or {*inside} <= LIB else [module]


def misplaced(module, source):
    """What `module` may not import: lib's modules not above it; beyond NumPy where nothing else may be."""
    above = {f"lib.{name}" for name in ORDER[: ORDER.index(module)]}
    for name in imports(source):
        top = name.partition(".")[0]
        if top == "lib":
            if name not in above:
                yield name
        elif module in NUMPY_ONLY and top not in {"numpy", *sys.stdlib_module_names}:
            yield name


MODULES = {
    ".".join(path.relative_to(ROOT / "lib").with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "lib").rglob("*.py"))
    if path != ROOT / "lib" / "__init__.py"
}


@pytest.mark.parametrize("module", MODULES)
def test_lib_imports_only_from_above(module):
    assert module in ORDER, f"lib.{module} has no place in the order of lib/"
    assert list(misplaced(module, MODULES[module].read_text(encoding="utf-8"))) == []


def test_no_module_and_folder_of_one_name():
    folders = {path.name for path in (ROOT / "lib").rglob("*") if path.is_dir()}
    assert [str(path) for path in (ROOT / "lib").rglob("*.*") if path.stem in folders] == []


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("surfaces", "from lib.engine import optimizer", ["lib.engine"]),
        ("surfaces", "def f():\n    from .engine import optimizer", ["lib.engine"]),
        ("engine", "from . import optimizers, surfaces", ["lib.optimizers"]),
        ("engine", "import lib.player as p", ["lib.player"]),
        ("compiled", "from lib.compiled import fused", []),
        ("compiled.text", "from lib.compiled import fused", ["lib.compiled.fused"]),
        ("compiled.text", "from lib.compiled import compiled", ["lib.compiled"]),
        ("optimizers", "import xarray", ["xarray"]),
        ("engine", "from scipy.special import erf", ["scipy.special"]),
        ("descend", "import xarray\nfrom lib.engine import optimizer", []),
        ("optimizers", "import numpy.linalg, math\nfrom lib.engine import optimizer", []),
    ],
)
def test_the_order_is_checked(module, source, found):
    assert list(misplaced(module, source)) == found


# Assembled from parts that do not match, so that this file passes its own test.
PLACES = re.compile(
    rb"(?<![\w.])/(?:home|Users|root|work)/\w"
    rb"|pypi\.org|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)|deb\.debian\.org"
    rb"|--(?:extra-)?index-url|file:///\w"
)


def test_no_file_names_a_machine_or_a_registry():
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository: no list of the project's files")
    files = [ROOT / name for name in listing.decode().split("\0") if name]
    found = {str(f): PLACES.findall(f.read_bytes()) for f in files if f.is_file()}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "place", ["/" + "home/me", "https://" + "pypi" + ".org/simple", "--" + "index-url x"]
)
def test_places_are_recognized(place):
    assert PLACES.search(f"see {place} there".encode())


def test_readme_names_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make lab" in readme
    assert "make test" in readme


def test_one_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\]", changes, re.MULTILINE)
    assert citation["version"] == released[0] == PROJECT["version"]


def test_each_survivor_is_explained_on_a_line_that_is_there():
    entries = tomllib.loads((ROOT / "tests" / "survivors.toml").read_text(encoding="utf-8"))["survivors"]
    for entry in entries:
        assert entry.keys() == {"where", "old", "new", "why"} and entry["new"] and entry["why"]
        module, _, name = entry["where"].partition(".")
        source = (ROOT / "lib" / f"{module}.py").read_text(encoding="utf-8")
        places = {getattr(node, "name", ""): node for node in ast.parse(source).body}
        text = ast.get_source_segment(source, places[name]) if name else source
        assert entry["old"] in map(str.strip, text.splitlines()), entry["old"]
