"""What chapter 13 replays is what its scripts still make: a piece of every recorded part is run again."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import record_comparison as record

from lib.optimizers import adam

ROOT = Path(__file__).parents[1]
KEPT = json.loads(record.KEPT.read_text(encoding="utf-8"))


def test_the_parts_are_all_there():
    assert KEPT.keys() == record.PARTS.keys()


@pytest.mark.parametrize("name", record.METHODS)
def test_the_table_of_rates(name):
    learn, judge = record.split()
    rule, default = record.METHODS[name]
    at = int(np.argmin(np.mean(KEPT["table"][name], axis=0)[:-1]))
    again = record.ends(learn, rule(lr=np.array([record.RATES[at], default])), (2,), 190, 3, judge)
    assert np.allclose(again, np.array(KEPT["table"][name][3])[[at, -1]], rtol=1e-4)


@pytest.mark.parametrize("name", record.BEST)
def test_the_sixty_other_seeds(name):
    learn, judge = record.split()
    assert record.BEST[name] == record.RATES[int(np.argmin(np.mean(KEPT["table"][name], axis=0)[:-1]))]
    again = record.ends(learn, record.METHODS[name][0](lr=record.BEST[name]), (), 190, 40, judge)
    assert len(KEPT["more_seeds"][name]) == 60 and np.isclose(again, KEPT["more_seeds"][name][30], rtol=1e-4)


def test_the_plane():
    lr, beta2 = np.geomspace(1e-4, 1e1, 61)[30], 1 - np.geomspace(1e-1, 1e-3, 9)[4]
    learn = record.softmax_regression(*record.digits())
    again = record.ends(learn, adam(lr=lr, beta2=beta2), (), 150, 0)
    assert np.isclose(again, KEPT["plane"][30][4], rtol=1e-4)


@pytest.mark.parametrize("name", record.RULES)
def test_the_draws(name):
    kept, drawn = KEPT["draws"][name], record.drawn()[name]
    assert all(np.allclose(kept[knob], values, rtol=1e-5) for knob, values in drawn.items())
    best = int(np.argmin(kept["loss"]))
    learn, judge = record.split()
    setting = {knob: values[best] for knob, values in drawn.items()}
    assert np.isclose(
        record.ends(learn, record.RULES[name](**setting), (), 190, 0, judge), kept["loss"][best], rtol=1e-4
    )


def test_one_knob_among_strangers():
    learn, judge = record.split()
    lr, settings = record.strangers()
    row, best = 17, int(np.argmin(KEPT["others"][17]))
    opt = adam(lr=lr[best], **{knob: values[row] for knob, values in settings.items()})
    assert np.isclose(record.ends(learn, opt, (), 190, 0, judge), KEPT["others"][row][best], rtol=1e-4)


@pytest.mark.parametrize("name", record.SCALED)
def test_the_widths(name):
    again = np.mean([record.trained(128, 2.0**-6, record.SCALED[name], seed) for seed in range(4)])
    assert np.isclose(again, KEPT["widths"][name]["128"][7], rtol=1e-3)


def test_the_gradients_of_the_three_layers():
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(shape) / 2 for shape in ((4, 5), (5, 5), (5, 3))]
    x, y, h = rng.standard_normal((7, 4)), np.arange(7) % 3, 1e-6
    for w, grad in zip(weights, record.mlp(weights, x, y)[1], strict=True):
        for at in ((0, 0), (3, 2)):
            w[at] += h
            up = record.mlp(weights, x, y)[0]
            w[at] -= 2 * h
            down = record.mlp(weights, x, y)[0]
            w[at] += h
            assert np.isclose((up - down) / (2 * h), grad[at], rtol=1e-5, atol=1e-8)


def test_the_searches_have_sixty_trials_and_end_at_their_best():
    for name in ("tpe", "random"):
        assert np.shape(KEPT["search"][name]) == (5, 60)
    first = np.array(KEPT["search"]["tpe"])[:, :10], np.array(KEPT["search"]["random"])[:, :10]
    assert np.array_equal(*first)  # TPE's first ten are random, with the same seed


def race():
    spec = importlib.util.spec_from_file_location("growing_race", ROOT / "figures" / "growing_race.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_growing_race(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "figures")
    growing = race()
    kept = json.loads(growing.RECORD.read_text(encoding="utf-8"))
    assert list(kept["methods"]) == list(growing.RACE)
    learn, choose, show = growing.parts()
    assert (learn.size, choose.size, show.size) == (1000, 400, 397)
    for name, entry in kept["methods"].items():
        chapter, _, grid = growing.RACE[name]
        assert entry["chapter"] == chapter and entry["inside"]
        assert np.prod([len(values) for values in grid.values()]) == 60
        for knob, value in entry["setting"].items():
            assert min(grid[knob]) < value < max(grid[knob]), f"{name}: {knob} = {value} is on the edge"
    assert list(kept["controls"]) == list(growing.CONTROLS)
    fast, own = (
        kept[group][name]["setting"] for group, name in (("controls", "lion, faster"), ("methods", "lion"))
    )
    assert fast["beta2"] == own["beta2"] and 2 < fast["lr"] / own["lr"] < 3
    for name in ("gd, linear decay", "lion, faster"):
        entry = kept["controls"][name]
        rule, how = growing.CONTROLS[name][1], (entry["setting"], 2, learn, show, growing.EVERY)
        assert np.allclose(growing.run(rule, *how)[:11], entry["loss"][2][:11], rtol=1e-3)
    for name in ("momentum", "adam"):
        entry = kept["methods"][name]
        again = growing.run(growing.RACE[name][1], entry["setting"], 2, learn, show, growing.EVERY)
        assert np.allclose(again[:11], entry["loss"][2][:11], rtol=1e-3)
