"""One hint at a time, remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course

from grader.course import Course
from grader.errors import CourseError
from grader.learner.hints import take


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def test_from_a_nudge_to_nearly_the_answer(course: Course) -> None:
    lesson = course.lesson("1")
    assert take(course, lesson, "double") == "double, hint 1 of 3: a nudge\n(2 more)"
    assert take(course, lesson, "double").startswith("double, hint 2 of 3: more")
    assert "that was the last one" in take(course, lesson, "double")
    assert take(course, lesson, "double").startswith("double, hint 3 of 3")
    assert take(course, lesson, "double", again=True).startswith("double, hint 1 of 3")


def test_without_a_name_the_first_with_hints_left(course: Course) -> None:
    assert take(course, course.lesson("1"), "").startswith("double, hint 1")
    take(course, course.lesson("1"), "")
    take(course, course.lesson("1"), "")
    assert take(course, course.lesson("1"), "") == "half: there are no hints for this one."


def test_an_unknown_exercise_lists_the_known(course: Course) -> None:
    with pytest.raises(CourseError, match="double, half"):
        take(course, course.lesson("1"), "triple")
    with pytest.raises(CourseError, match="four_times, train"):
        take(course, course.lesson("2"), "triple")


def test_a_damaged_memory_is_no_obstacle(course: Course) -> None:
    for damage in ("{", "[]", '{"a": "b"}'):
        (course.root / ".hints.json").write_text(damage)
        assert "hint 1 of 3" in take(course, course.lesson("1"), "double")
