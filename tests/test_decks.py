"""The decks as they are written, and the plans of a course that are computed from them."""

import copy
import re

import nbformat
import pytest

from tools import plans
from tools.decks import WAYS, kind, lecture, minutes, notes, shown_text, slides, title
from tools.execute import CHAPTERS

DECKS = {
    path.stem[:2]: slides(nbformat.read(path, as_version=4)) for path in sorted(CHAPTERS.glob("*.ipynb"))
}


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


# How a deck is written.

WORDS = 40
PACE = 100  # words a minute
TO_DO = re.compile(r"\*\*(?:Predict|Poll|By hand)\b|# (?:Predict|Poll|Watch it)\b")
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)


def shown(slide):
    return [cell for cell in slide if kind(cell) != "skip"]


def pictures(slide):
    return [
        cell
        for cell in shown(slide)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]


def words(slide):
    text = " ".join(FORMULA.sub(" ", shown_text(cell)) for cell in shown(slide))
    return len(re.findall(r"[^\W_][^\s|]*", text))


def faults(deck):
    """Yields what is not as a slide should be, one sentence each."""
    timeless = [
        i for i, slide in enumerate(deck, 1) if not {"minutes", "way"} <= slide[0].metadata.slideshow.keys()
    ]
    yield from (f"{i}: no minutes, or no way" for i in timeless)
    for i, slide in enumerate(deck, start=1):
        if not title(slide):
            yield f"{i}: no title"
        if words(slide) > WORDS:
            yield f"{i}: {words(slide)} words"
        if len(pictures(slide)) > 1:
            yield f"{i}: more than one figure"
        for cell in shown(slide):
            if cell.get("outputs") and not pictures([cell]) and not shown_text(cell):
                yield f"{i}: raw output"
        if not len(notes(slide).split()) > 7:
            yield f"{i}: no notes"
    if 3 * sum(bool(pictures(slide)) for slide in deck) < len(deck):
        yield "figures on less than a third"
    if timeless:
        return
    for i, slide in enumerate(deck, start=1):
        if len(notes(slide).split()) + words(slide) > PACE * minutes(slide):
            yield f"{i}: more to say than in {minutes(slide)} minutes"
    for most in WAYS:
        idle = 0
        for slide in lecture(deck, most):
            idle += minutes(slide)
            if any(TO_DO.search(shown_text(cell)) for cell in shown(slide)):
                idle = 0
            if idle > 12:
                yield f"nothing to do for {idle} minutes of {most}, up to {title(slide)!r}"
                idle = 0


@pytest.mark.parametrize("number", DECKS)
def test_a_deck_is_written_as_slides(number):
    assert list(faults(DECKS[number])) == []


def test_faults_are_found():
    deck = copy.deepcopy(DECKS["03"])
    deck[3][0].metadata = nbformat.from_dict({"slideshow": {"slide_type": "slide", "text": "word " * 41}})
    del deck[3][1:]
    deck[6][0].metadata = nbformat.from_dict({"slideshow": {"slide_type": "slide", "notes": "Say it."}})
    found = list(faults(deck))
    deck = copy.deepcopy(DECKS["03"])
    deck[5][0].metadata.slideshow.update(notes="word " * 100 * minutes(deck[5]))
    assert [one for one in faults(deck) if "more to say" in one] == [
        f"6: more to say than in {minutes(deck[5])} minutes"
    ]
    assert {"4: no title", "4: 41 words", "4: no minutes, or no way", "7: no notes"} <= set(found)
