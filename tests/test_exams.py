"""The bank of questions makes sense for a hundred seeds, and an exam is made of it, with its key."""

import re
from collections import Counter

import numpy as np
import pytest

from exams.asking import KINDS, faulty, match, num
from exams.questions import BANK
from tools import exam

SEEDS = range(100)
CHAPTERS = [f"{n:02}" for n in range(1, 13)]


def test_the_bank_has_five_questions_for_each_chapter_and_every_kind_among_them():
    assert len(BANK) >= 60 and len({q.name for q in BANK}) == len(BANK)
    for chapter in CHAPTERS:
        kinds = [q.kind for q in BANK if q.chapter == chapter]
        assert len(kinds) >= 5 and set(kinds) == set(KINDS)
    assert {q.chapter for q in BANK} == set(CHAPTERS)


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures are not drawn: a hundred would take minutes."""
    for module in ("asking", "questions"):
        monkeypatch.setattr(f"exams.{module}.drawn", lambda draw, size=None: "a picture")


@pytest.mark.parametrize("question", BANK, ids=lambda q: f"{q.chapter}-{q.name}")
def test_a_question_makes_sense_for_a_hundred_seeds(question, undrawn):
    asked = [question.ask(np.random.default_rng([seed, 5])) for seed in SEEDS]
    for seed, one in zip(SEEDS, asked, strict=True):
        assert one.text.count("?") >= 1 or "Derive" in one.text, seed
        assert one.answer and len(one.way) > 15
        assert not re.search(r"\b(?:nan|inf|None)\b|array|float64", one.text + one.answer + one.way), (
            seed,
            one,
        )
        assert one.agree or question.kind == "picture", "nothing says that the answer is right"
        assert (one.picture == "a picture") == (question.kind == "picture")
        for hand, library in one.agree:
            hand, library = np.asarray(hand, float), np.asarray(library, float)
            assert np.isfinite(hand).all() and hand.shape == library.shape, (seed, hand, library)
            assert np.allclose(hand, library, rtol=one.within, atol=0), (seed, hand, library)
    assert len({one.answer for one in asked}) >= 6, "the same answers again and again"
    assert len({(one.text, one.answer) for one in asked}) >= (6 if question.kind == "picture" else 12)
    again = question.ask(np.random.default_rng([SEEDS[0], 5]))
    assert again == asked[0], "a seed gives the same question each time"


@pytest.mark.parametrize("question", [q for q in BANK if q.kind == "bug"], ids=lambda q: q.name)
def test_what_a_fault_returns_is_not_what_is_right(question):
    for seed in SEEDS:
        one = question.ask(np.random.default_rng([seed, 5]))
        wrong = re.search(r"returns (.+?)\. Which line", one.text)[1]
        right = re.search(r"returns (.+)\.$", one.answer)[1]
        assert wrong != right, seed


@pytest.mark.parametrize("question", [q for q in BANK if q.kind == "picture"], ids=lambda q: q.name)
def test_curves_can_be_told_apart(question, monkeypatch):
    shown = []
    monkeypatch.setattr("exams.asking.drawn", lambda draw, size=None: shown.append(draw) or "")
    monkeypatch.setattr("exams.questions.drawn", lambda draw, size=None: "")

    class Axes:
        def __init__(self):
            self.lines, self.log = [], False

        def plot(self, x, y, **look):
            self.lines.append(np.asarray(y, float))

        def set_yscale(self, scale):
            self.log = True

        set = legend = lambda self, *_, **__: None

    for seed in SEEDS[:20]:
        question.ask(np.random.default_rng([seed, 5]))
    for draw in shown:
        draw(ax := Axes())
        lines = [np.log10(np.maximum(line, 1e-12)) if ax.log else line for line in ax.lines]
        high = max(map(np.max, lines)) - min(map(np.min, lines))
        assert np.isfinite(high)
        for i, a in enumerate(lines):
            for b in lines[:i]:
                assert abs(a[1:] - b[1:]).max() > 0.06 * high


def test_num_is_read_by_people():
    assert num(0.1 + 0.2) == "0.3" and num(-2.0) == "−2" and num([0.5, 1e5]) == "0.5, 100000"


def test_what_cannot_be_asked_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="has to stand in the code, once"):
        faulty(rng, "x", "def steps(x):\n    return x", [("y", "z", "")], {"x": 1}, 1, "")
    assert match(rng, {"one": [1, 2], "two": [2, 1]}, "Two lines.", "One rises.").picture.startswith(
        "data:image/svg"
    )


@pytest.mark.parametrize("seed", range(100))
def test_an_exam_has_nine_questions_of_all_kinds(seed, undrawn):
    for chapters in (CHAPTERS, ["01", "03", "06", "08"], ["02", "12"]):
        questions = exam.chosen(seed, chapters)
        assert len(questions) == len({q.name for q, _ in questions}) == 9
        assert {q.kind for q, _ in questions} == set(KINDS)
        count = Counter(q.chapter for q, _ in questions)
        assert set(count) <= set(chapters) and max(count.values()) - min(count[c] for c in chapters) <= 1
        assert 28 <= sum(q.points for q, _ in questions) <= 46


def test_paper_and_key_differ_in_the_answers():
    questions = exam.chosen(7, CHAPTERS)
    paper, key = exam.page(7, questions, False), exam.page(7, questions, True)
    for _, one in questions:
        assert exam.as_html(one.answer) in key and exam.as_html(one.answer) not in paper
        assert exam.as_html(one.text) in key and exam.as_html(one.text) in paper
    assert key.count("data:image/svg") == paper.count("data:image/svg") == 2
    assert "http" not in paper and exam.page(7, exam.chosen(7, CHAPTERS), False) == paper
    assert paper != exam.page(8, exam.chosen(8, CHAPTERS), False)


@pytest.mark.parametrize("chapters", [["01"], ["01", "01"], ["01", "99"], ["13", "01"]])
def test_an_exam_from_too_little_is_refused(chapters):
    with pytest.raises(exam.BookError, match="name two or more of 01 to 12"):
        exam.chosen(1, chapters)
