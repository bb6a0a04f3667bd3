"""Presets: where buttons lead, and what is refused before anything is shown."""

import numpy as np
import pytest

from lib.descend import descend, sweep
from lib.optimizers import adam, gd
from lib.player import Player
from lib.problems import Noise
from lib.surfaces import booth, rosenbrock

GRID = sweep(rosenbrock, (-1.5, 2), gd, 30, lr=[1e-3, 2e-3, 4e-3])


def test_a_preset_says_where_it_leads():
    presets = {
        "creep": {"lr": 0.0015, "start": (1, 2), "step": np.int64(7), "view": 16},
        "edge": {"lr": 4e-3},
    }
    player = Player(GRID, presets=presets)
    assert player.meta["presets"] == [
        {"name": "creep", "at": {"lr": 0.0015}, "start": [1.0, 2.0], "step": 7, "view": "16"},
        {"name": "edge", "at": {"lr": 0.004}},
    ]
    plain = Player(GRID)
    assert plain.meta["presets"] == [] and plain.text() == player.text()


@pytest.mark.parametrize(
    ("presets", "says"),
    [
        (["creep"], "presets is .*give a dict of dicts"),
        ({"creep": 0.1}, "the preset 'creep' is 0.1; give a dict"),
        ({3: {}}, "the preset 3 needs a name"),
        ({" ": {}}, "needs a name"),
        ({"creep": {"beta": 0.9}}, "'creep' sets beta; this player has lr, start, step, view"),
        ({"creep": {"lr": 0.1}}, "sets lr to 0.1; its slider goes from 0.001 to 0.004"),
        ({"creep": {"lr": np.nan}}, "sets lr to nan"),
        ({"creep": {"lr": "fast"}}, "lr of the preset 'creep' is 'fast'"),
        ({"creep": {"start": (1, 2, 3)}}, r"has the start \(1, 2, 3\); give a number for each of x, y"),
        ({"creep": {"start": (9, 0)}}, "starts at x = 9; the map shows x from"),
        ({"creep": {"start": (np.nan, 0)}}, "starts at x = nan"),
        ({"creep": {"step": 31}}, "has the step 31; give a whole number from 0 to 30"),
        ({"creep": {"step": True}}, "has the step True"),
        ({"creep": {"view": "near"}}, "has the view 'near'; give 'whole', 'runs', 4, 16 or 64"),
    ],
)
def test_what_the_player_does_not_have_is_refused(presets, says):
    with pytest.raises((TypeError, ValueError), match=says):
        Player(GRID, presets=presets)


def test_a_start_needs_runs_that_are_computed():
    noisy = descend(booth, (1, 2), adam(lr=0.1), 5, gradient=Noise(0.1))
    with pytest.raises(ValueError, match="has a start, but these runs play as recorded"):
        Player(noisy, presets={"a": {"start": (1, 2)}})
