"""How far a learner is: from what earlier checks found, by content."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import tiny_course
from rich.console import Console

from grader.course import Course
from grader.learner import memory
from grader.learner.check import check, train
from grader.learner.status import print_status, standings

NOBODY = Console(file=io.StringIO())


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def states(course: Course) -> list[str]:
    return [f"{each.state}: {each.detail}".rstrip(": ") for each in standings(course)]


def test_from_not_begun_to_trained(course: Course) -> None:
    first, second = (course.stub(course.lesson(number)) for number in "12")
    assert states(course) == ["not begun", "not begun"]
    first.write_text(tiny_course.NUMBERS.replace("x / 2", "x // 2"))
    assert states(course)[0] == "begun: not checked since its last change"
    check(course, "1", None, NOBODY)
    assert states(course)[0] == "begun: 2 of 3 laws; first, half"
    first.write_text(tiny_course.NUMBERS)
    assert states(course)[0] == "begun: not checked since its last change"
    check(course, "1", None, NOBODY)
    assert states(course) == ["right: 3 laws", "not begun"]
    second.write_text(course.solution(course.lesson("2")).read_text())
    check(course, "2", None, NOBODY)
    assert states(course)[1] == "right: 1 law; not trained yet"
    train(course, course.lesson("2"), None, NOBODY, "cpu")
    assert states(course)[1] == "trained: 1 law"
    out = io.StringIO()
    assert print_status(course, Console(file=out, width=60))
    assert "Every lesson is done" in out.getvalue()
    # What a lesson imports is a part of it.
    first.write_text(tiny_course.NUMBERS.replace("2 * x", "x + x"))
    assert [each.command for each in standings(course)] == ["grader check 1", "grader check 2"]


def test_a_file_that_is_none_or_no_python_is_begun(course: Course) -> None:
    course.stub(course.lesson("1")).write_text("def double(:\n")
    assert states(course)[0].startswith("begun: lesson1_numbers.py is not Python, line 1")


def test_another_file_says_nothing_about_the_lesson(course: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "lesson1_numbers.py"
    elsewhere.parent.mkdir()
    elsewhere.write_text(tiny_course.NUMBERS)
    assert check(course, "1", elsewhere, NOBODY)
    assert memory.read(course).checked == {}


@pytest.mark.parametrize("damage", ["", "{", '{"checked": 3}', "\xff"])
def test_a_damaged_memory_is_forgotten(course: Course, damage: str) -> None:
    (course.root / ".checked.json").write_bytes(damage.encode("latin-1"))
    assert memory.read(course) == memory.Memory()
