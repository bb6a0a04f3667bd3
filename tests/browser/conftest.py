"""What the browser tests share: one Chromium and one JupyterLab for the whole session."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
COURSE = HERE.parents[1]
sys.path.insert(0, str(HERE))

import lab as laboratory  # noqa: E402


@pytest.fixture(scope="session")
def browser():
    """Chromium; without one the test is skipped, or fails when REQUIRE_BROWSER is set."""
    try:
        with laboratory.chromium() as found:
            yield found
    except laboratory.NoChromium as error:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the course."""
    with laboratory.jupyterlab(COURSE, tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def visit(browser):
    """A page that refuses and records what would leave this machine."""
    with laboratory.visit(browser) as seen:
        yield seen
