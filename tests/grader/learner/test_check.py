"""`grader check` and `grader train` in a terminal: what happened, what is known from before, what to read next."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
import tiny_course
from rich.console import Console

from grader.course import Course
from grader.learner import check as learner
from grader.learner.others import NUMBER, others

SLOW = '''\
"""One step at a time, as in a tutorial. More."""


def double(x):
    total = x
    total += x
    return total
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = tiny_course.make(tmp_path)
    for number in "12":
        lesson = course.lesson(number)
        course.stub(lesson).write_text(course.solution(lesson).read_text())
    return course


def checked(course: Course, lesson: str, *, every: bool = False) -> str:
    out = io.StringIO()
    learner.check(course, lesson, None, Console(file=out, width=80), every=every)
    return out.getvalue()


def trained(course: Course, lesson: str) -> str:
    out = io.StringIO()
    learner.train(course, course.lesson(lesson), None, Console(file=out, width=80), "cpu")
    return out.getvalue()


def test_a_training_that_passed_is_remembered_for_this_very_code(course: Course) -> None:
    assert "Next: watch it learn with  grader train 2" in checked(course, "2")
    out = trained(course, "2")
    assert out.index("run 1: mean return") < out.index("four_times"), "what happened comes first"
    assert "1 run reached 5, as many as have to, so the last one of 2 was not needed." in " ".join(out.split())
    assert "The rule:" not in out, "it was met"
    again = checked(course, "2")
    assert "✓ train has reached its bar with this very code" in again
    assert "grader train" not in again
    stub = course.stub(course.lesson("2"))
    stub.write_text(stub.read_text() + "\n# another program\n")
    assert "grader train 2" in checked(course, "2")


def test_what_is_not_written_is_no_mistake(course: Course) -> None:
    stub = course.stub(course.lesson("2"))
    text = stub.read_text()
    body = text.index("    env.reset(")
    stub.write_text(text[:body] + '    raise NotImplementedError("train: write me; the text tells how")\n')
    line = stub.read_text().count("\n")
    assert "Next: write train, then  grader train 2" in checked(course, "2")
    out = trained(course, "2")
    assert f"train is not written yet (line {line})" in out
    assert "NotImplementedError" not in out
    assert "The rule:" not in out
    assert "Next: write train, then  grader train 2" in out


def test_laws_of_what_is_right_are_counted_and_can_be_read(course: Course) -> None:
    out = checked(course, "1")
    assert "✓ double   2 laws" in out
    assert "Twice" not in out
    assert sum(line.startswith("  ✓ ") for line in checked(course, "1", every=True).splitlines()) == 3


def test_a_finished_lesson_names_other_right_answers_and_what_to_read(course: Course) -> None:
    wheats = course.tests(course.lesson("1")) / "wheats"
    shutil.rmtree(wheats)
    wheats.mkdir()
    assert "Right answers in other styles" not in checked(course, "1")
    (wheats / "slow.py").write_text(SLOW)
    out = checked(course, "1")
    assert "Next: lesson 2, Balance (lesson2_balance)" in out
    assert "slow.py\n    One step at a time, as in a tutorial\n" in out
    stub = course.stub(course.lesson("1"))
    stub.write_text(stub.read_text().replace("2 * x", "3 * x"))
    assert "slow.py" not in checked(course, "1"), "whoever is not done gets no answers"


def test_the_others_are_those_that_are_least_alike(course: Course) -> None:
    lesson = course.lesson("1")
    own = course.stub(lesson).read_text()
    wheats = course.tests(lesson) / "wheats"
    shutil.rmtree(wheats)
    assert others(course, lesson, own) == []
    wheats.mkdir()
    (wheats / "slow.py").write_text(SLOW)
    for name in ("a", "b"):
        (wheats / f"{name}.py").write_text(own.replace("Numbers", "The same again"))
    found = others(course, lesson, own)
    assert len(found) == NUMBER
    assert [each.file.name for each in found] == ["slow.py", "a.py"]
