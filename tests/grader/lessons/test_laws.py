"""Every law has a hint of its own, which leads to the learner's line and does not say what to write there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tiny_course

from grader.course import Lesson, find_root, load
from grader.lessons.laws import law, laws
from grader.verify.missing import missing

COURSE = load(find_root(Path(__file__)))
_REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
_COMMENT = re.compile(r"#.*")


def plain(code: str) -> str:
    """Code as far as it matters whether a hint says it: without spaces and quotes."""
    return re.sub(r"[\s`'\"]", "", code)


def lines_to_write(lesson: Lesson) -> set[str]:
    """What a learner has to write: each line of the solution's regions that says something, and its right-hand side."""
    source = COURSE.solution(lesson).read_text(encoding="utf-8")
    lines = {_COMMENT.sub("", line).strip() for region in _REGION.findall(source) for line in region.splitlines()}
    sides = {re.sub(r"^return |^[\w\[\], .]+ [-+*]?= ", "", line) for line in lines}
    return {plain(code) for code in lines | sides if len(plain(code)) > 12}


def test_a_docstring_has_a_law_and_then_a_hint() -> None:
    text = """Twice the number, also
    where it is negative.

    Hint: What is twice
    minus one?
    """
    assert law("test_doubles", text) == (
        "test_doubles",
        "Twice the number, also where it is negative.",
        "What is twice minus one?",
    )
    assert law("test_doubles", "Twice.") == ("test_doubles", "Twice.", "")
    assert law("test_doubles", None) == ("test_doubles", "test_doubles", "")


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_every_law_has_a_hint_that_is_no_answer(lesson: Lesson) -> None:
    found, answers = list(laws(COURSE, lesson)), lines_to_write(lesson)
    assert len(found) > 10
    for name, says, hint in found:
        assert says, name
        assert 20 < len(hint) <= 240, f"{name}: a sentence or two"
        assert hint[-1] in ".?", f"{name}: a whole sentence"
        given_away = [code for code in answers if code in plain(hint)]
        assert not given_away, f"{name} says what to write: {given_away}"
    hints = [each.hint for each in found]
    assert len(set(hints)) == len(hints), "each law has a hint of its own"


def test_what_gives_the_answer_away_is_noticed() -> None:
    lesson = COURSE.lesson("9")
    last = plain(lesson.exercise("minibatches").hints[-1])
    assert any(code in last for code in lines_to_write(lesson))


def test_a_law_without_a_hint_is_missing_one() -> None:
    course = tiny_course.shared()
    lines = list(missing(course, course.lesson("1"), ["double", "half"]))
    assert [line.split()[0] for line in lines if "has no hint:" in line] == ["test_doubles", "test_doubles_zero"]
