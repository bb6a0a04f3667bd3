"""From a loop's text to a function in machine code, kept between processes; and all cores at work on it.

Numba takes half a second and more for a loop. It keeps what it made beside the file that holds the text, so
each text is written into a file of its own, named for what it says, and another process finds both. The
folder is DOWNHILL_CACHE, or downhill in the place for caches of the reader's account; where nothing can be
written, every process compiles for itself.
"""

import hashlib
import linecache
import os
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

try:
    from numba import njit
    from numba.core.errors import NumbaError
except ImportError as error:
    raise ImportError(
        "a compiled rule needs Numba, which is not installed here: .venv/bin/pip install -e '.[fast]'"
    ) from error

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CHUNK = 2**16
"""The fewest elements that are worth a thread."""
CANNOT = (TypeError, AttributeError, NumbaError)
"""What is raised when a text cannot be written or compiled."""


@cache
def kernel(source: str) -> Any:
    """The compiled function that a source defines under this name."""
    name = f"downhill_kernel_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
    path = _write(folder() / f"{name}.py", source)
    file = str(path or f"<{name}>")
    if not path:  # a traceback shows the lines of what has no file, too
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    module = ModuleType(name)
    module.__dict__.update(np=np, __file__=file)
    sys.modules[name] = module  # Numba imports it by its name when it loads what it has kept
    exec(compile(source, file, "exec"), module.__dict__)
    return njit(module.kernel, error_model="numpy", nogil=True, cache=path is not None)


def folder() -> Path:
    """Where kernels are kept."""
    if os.environ.get("DOWNHILL_CACHE"):
        return Path(os.environ["DOWNHILL_CACHE"])
    home = "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"
    own = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    return Path(own or home).expanduser() / "downhill"


def _write(path: Path, source: str) -> Path | None:
    """The file with this text; None where it cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # what Numba has kept counts while the file's time is the same
            with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
                new.write(source)
            Path(new.name).replace(path)  # another process sees all of it or nothing
        kept = path.parent / "__pycache__"
        kept.mkdir(exist_ok=True)
        return path if os.access(kept, os.W_OK) and path.read_text("utf-8") == source else None
    except (OSError, RuntimeError):  # RuntimeError: an account without a home
        return None


def share(size: int, work: Callable[[int, int], Any]) -> None:
    """Let each core do its part of `size`."""
    edges = [size * i // CORES for i in range(CORES + 1)]
    list(_pool(os.getpid()).map(lambda edge: work(*edge), pairwise(edges)))


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """A process has one; a forked one has its own."""
    return ThreadPoolExecutor(CORES)
