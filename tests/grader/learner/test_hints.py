"""One hint at a time, remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course

from grader.course import Course
from grader.errors import CourseError
from grader.learner.hints import take
from grader.learner.own import judge, read
from grader.render import words
from grader.report.report import Hint


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def test_from_a_nudge_to_nearly_the_answer(course: Course) -> None:
    lesson = course.lesson("1")
    first = Hint("double", 1, 3, "a nudge")
    assert take(course, lesson, "double") == first
    assert [take(course, lesson, "double").number for _ in range(3)] == [2, 3, 3]
    assert take(course, lesson, "double", again=True) == first


def test_a_hint_says_how_many_are_left_and_how_to_begin_again() -> None:
    assert words.hint(Hint("double", 1, 3, "a nudge"), "--again") == "double, hint 1 of 3: a nudge\n(2 more)"
    last = words.hint(Hint("double", 3, 3, "all"), "again=True")
    assert last == "double, hint 3 of 3: all\n(that was the last one; again=True begins anew)"
    assert words.hint(Hint("half", 0, 0, ""), "--again") == "half: there are no hints for this one."


def test_without_a_name_the_first_with_hints_left(course: Course) -> None:
    taken = [take(course, course.lesson("1"), "") for _ in range(4)]
    assert [(hint.exercise, hint.number) for hint in taken] == [
        ("double", 1),
        ("double", 2),
        ("double", 3),
        ("half", 0),
    ]


def test_without_a_name_the_first_that_fails(course: Course) -> None:
    lesson = course.lesson("1")
    stub = course.stub(lesson)
    stub.write_text(tiny_course.NUMBERS.replace("x / 2", "x // 3"))
    # Nothing has been checked yet: the first exercise.
    assert take(course, lesson, "").exercise == "double"
    judge(course, read(course, lesson))
    assert take(course, lesson, "").exercise == "half"
    assert take(course, lesson, "", again=True).exercise == "half"
    assert take(course, lesson, "double").exercise == "double"
    # What has changed since may fail elsewhere.
    stub.write_text(tiny_course.NUMBERS.replace("2 * x", "3 * x"))
    assert take(course, lesson, "").exercise == "double"
    stub.unlink()
    assert take(course, lesson, "", again=True).exercise == "double"


def test_an_unknown_exercise_lists_the_known(course: Course) -> None:
    with pytest.raises(CourseError, match="double, half"):
        take(course, course.lesson("1"), "triple")
    with pytest.raises(CourseError, match="four_times, train"):
        take(course, course.lesson("2"), "triple")


def test_a_damaged_memory_is_no_obstacle(course: Course) -> None:
    for damage in ("{", "[]", '{"a": "b"}'):
        (course.root / ".hints.json").write_text(damage)
        assert take(course, course.lesson("1"), "double").number == 1
