"""The recorded race, read as labelled arrays. What it recorded is run again in test_comparison."""

import json
from pathlib import Path

import numpy as np
import pytest

from lib.race import so_far

KEPT = json.loads((Path(__file__).parents[1] / "figures" / "growing_race.json").read_text(encoding="utf-8"))


def test_it_has_the_methods_up_to_a_chapter_and_their_numbers():
    assert list(so_far("01")) == ["gd"]
    assert list(so_far("05")) == ["gd", "momentum", "nesterov", "adagrad"]
    race = so_far("12")
    assert list(race) == list(KEPT["methods"])
    for name, run in race.items():
        np.testing.assert_array_equal(run.loss.transpose("seed", "step"), KEPT["methods"][name]["loss"])
        assert run.step.values.tolist() == KEPT["steps"]
        assert run.setting == KEPT["methods"][name]["setting"]


@pytest.mark.parametrize("wrong", [4, "4", "four", None, "004"])
def test_a_chapter_is_two_digits(wrong):
    with pytest.raises(ValueError, match=r'^chapter is .*; give its number in two digits, such as "04"'):
        so_far(wrong)
