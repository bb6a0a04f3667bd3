"""What the browser tests share: one Chromium, one JupyterLab and one Notebook 7 for the whole session."""

import os
from pathlib import Path

import lab as laboratory
import numpy as np
import pytest
from page import Screen

from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.player import Player
from lib.surfaces import booth, ravine, rosenbrock

COURSE = Path(__file__).parents[2]


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


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory):
    """Notebook 7 on another."""
    with laboratory.jupyterlab(COURSE, tmp_path_factory.mktemp("notebook"), "notebook") as running:
        yield running


@pytest.fixture
def visit(browser):
    """A page that refuses and records what would leave this machine."""
    with laboratory.visit(browser) as seen:
        yield seen


@pytest.fixture
def race():
    opts = {"gd": gd(lr=0.05), "momentum": momentum(lr=0.01), "adam": adam(lr=0.5)}
    return Player({name: descend(booth, (-8, 0), opt, 60) for name, opt in opts.items()})


@pytest.fixture
def grid():
    runs = sweep(rosenbrock, (-1.5, 2.0), adam, 100, lr=np.geomspace(1e-3, 1, 7), beta1=[0.5, 0.9, 0.99])
    return Player(runs)


@pytest.fixture
def inside():
    runs = sweep(ravine(10), (-1.8, 1.0), adam, 40, lr=[0.05, 0.1, 0.2], record=["grad", "m", "v"])
    return Player(runs)


@pytest.fixture
def screen(visit):
    """Puts a player on the page; when the test is over the page must not have complained."""
    yield lambda player, **how: Screen(visit.page, player, **how)
    visit.assert_quiet()
