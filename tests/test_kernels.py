"""Compiled loops are kept between processes; where nothing can be written, each process compiles for itself."""

import subprocess
import sys
import traceback
from importlib.util import find_spec

import numpy as np
import pytest

if find_spec("numba") is None:
    pytest.skip("Numba is not installed: .venv/bin/pip install -e '.[fast]'", allow_module_level=True)

from lib.compiled import kernels

SOURCE = "def kernel(a):\n    return a + {}\n"
PROCESS = """
from lib.compiled.kernels import kernel
found = kernel({source!r})
print(found(1), sum(found.stats.cache_hits.values()), sum(found.stats.cache_misses.values()))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DOWNHILL_CACHE", str(tmp_path / "kept"))
    kernels.kernel.cache_clear()
    yield tmp_path / "kept"
    kernels.kernel.cache_clear()


def process(source):
    code = PROCESS.format(source=source)
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_another_process_compiles_nothing(folder):
    source = SOURCE.format(1)
    assert process(source) == ["2", "0", "1"]
    assert process(source) == ["2", "1", "0"]
    assert kernels.kernel(source)(1.5) == 2.5
    assert len(list(folder.glob("*.py"))) == 1


@pytest.mark.parametrize("broken", ["a file in the way", "another text"])
def test_what_cannot_be_kept_is_compiled(broken, folder):
    source = SOURCE.format(2)
    if broken == "a file in the way":
        folder.write_text("")
    else:
        kernels.kernel(source)
        (path,) = folder.glob("*.py")
        path.write_text("def kernel(a):\n    return 0\n")
        kernels.kernel.cache_clear()
    assert kernels.kernel(source)(1) == 3


def test_a_traceback_shows_the_line(folder):
    folder.write_text("")
    source = "def kernel(a):\n    return a / np.zeros(3)[:4].sum().nothing\n"
    with pytest.raises(AttributeError) as error:
        kernels.kernel(source).py_func(np.ones(1))
    assert "return a / np.zeros(3)[:4].sum().nothing" in "".join(traceback.format_tb(error.tb))


@pytest.mark.parametrize(
    ("platform", "given", "place"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/downhill"),
        ("linux", {}, "/me/.cache/downhill"),
        ("darwin", {}, "/me/Library/Caches/downhill"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/downhill"),
    ],
)
def test_where_kernels_are_kept(platform, given, place, monkeypatch):
    for name in ("DOWNHILL_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/me"} | given).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert kernels.folder().as_posix() == place
