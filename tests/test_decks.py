"""The decks as they are written, and the plans of a course that are computed from them."""

import nbformat
import pytest

from tools import plans
from tools.decks import WAYS, lecture, minutes, slides, title
from tools.execute import CHAPTERS

DECKS = {
    path.stem[:2]: slides(nbformat.read(path, as_version=4)) for path in sorted(CHAPTERS.glob("*.ipynb"))
}


def test_counted_minutes_are_those_of_a_trial():
    deck = [[cell.copy() for cell in slide] for slide in DECKS["08"]]
    assert abs(sum(map(minutes, deck)) / 125 - 1) < 0.11


@pytest.mark.parametrize("number", DECKS)
def test_each_lecture_fits_and_has_what_a_shorter_one_has(number):
    deck, before = DECKS[number], []
    assert all(minutes(slide) >= 1 for slide in deck)
    for most in WAYS:
        now = lecture(deck, most)
        total, whole = sum(map(minutes, now)), sum(map(minutes, deck))
        assert 0.66 * min(most, whole) < total <= most
        assert [slide for slide in before if slide not in now] == []
        assert now[0] is deck[0] and title(now[-1]) in ("Summary", "Exercises", "The chapters"), "no end"
        before = now


def test_a_plan_has_the_time_that_it_needs():
    assert 165 <= sum(plans.needs(what) for what, *_ in plans.THREE_HOURS) <= 180
    for week in plans.TEN_WEEKS:
        assert 60 <= sum(plans.needs(what) for what, *_ in week) + plans.EXERCISES <= 90
