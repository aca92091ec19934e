"""The public examples: every exercise has one, right answers give what it says, and the stub does not."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path

import pytest
import tiny_course

from grader.course import Course, Lesson, load
from grader.grading.grade import Asked, grade
from grader.grading.sessions import open_session
from grader.lessons import stubs as build
from grader.properties import examples
from grader.properties.finding import Finding
from grader.render import words
from grader.report.report import Report
from grader.student.inprocess import Here
from grader.submissions.read import Submission
from grader.submissions.work import Work

ROOT = Path(__file__).parents[3]
COURSE = load(ROOT)

each_lesson = pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)


def ask(lesson: Lesson, source: str) -> list[Finding]:
    sources = {**COURSE.references(lesson), lesson.name: source}
    return examples.run(
        lesson, build.pristine(COURSE, lesson), lambda: open_session(COURSE, lesson, sources, Here()), tell=None
    )


@each_lesson
def test_every_exercise_has_an_example(lesson: Lesson) -> None:
    shown = {example.exercise for example in examples.read(lesson, build.pristine(COURSE, lesson))}
    assert shown == {exercise.name for exercise in lesson.exercises}


@each_lesson
def test_what_the_examples_say_is_what_python_prints(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the letter: a learner who types them in compares with their eyes."""
    monkeypatch.syspath_prepend(str(ROOT / "solutions"))
    before = set(sys.modules)
    try:
        done = doctest.testmod(importlib.import_module(lesson.name))
    finally:
        for name in set(sys.modules) - before:
            if name.startswith("lesson"):
                del sys.modules[name]
    assert done.attempted >= len(lesson.exercises)
    assert done.failed == 0


@each_lesson
def test_the_stub_fails_every_example(lesson: Lesson) -> None:
    findings = ask(lesson, build.pristine(COURSE, lesson))
    assert {finding.exercise for finding in findings} == {exercise.name for exercise in lesson.exercises}
    assert {finding.verdict for finding in findings} <= {"fail", "skip"}
    assert all(not finding.written or "write me" in finding.got or finding.verdict == "skip" for finding in findings)


@each_lesson
def test_right_answers_in_other_styles_pass_them(lesson: Lesson) -> None:
    wheats = sorted((COURSE.tests(lesson) / "wheats").glob("*.py"))
    assert wheats
    for wheat in [COURSE.solution(lesson), *wheats]:
        wrong = [(f.name, f.got, f.needed) for f in ask(lesson, wheat.read_text()) if f.verdict != "pass"]
        assert not wrong, wheat.name


NUMBERS = '''\
"""Numbers."""

import numpy as np
from numpy import array as make


def double(x):
    """Twice the number.

    Example:
        >>> x = np.array([1.0, 2.0])
        >>> double(x)
        array([2., 4.])
        >>> double(0)
        0
    """
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def half(x):
    """Half the number.

    Example:
        >>> half(4)
        2.0
    """
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    tiny_course.make(tmp_path)
    (tmp_path / "solutions/lesson1_numbers.py").write_text(NUMBERS)
    return load(tmp_path)


def judge(course: Course, old: str, new: str) -> Report:
    source = NUMBERS.replace(old, new)
    assert source != NUMBERS
    return grade(course, Work("you", course.lesson("1"), Submission(source)), Here(), Asked(public=True))


def test_a_failing_example_is_shown_as_code_to_paste(course: Course) -> None:
    report = judge(course, "return 2 * x", "print('here'); return x * x")
    assert report.public
    assert report.notes[0] == examples.NOTE
    assert (report.score, report.max_score) == (1, 2)
    wrong, right = report.properties
    assert wrong.says == "The example of `double` gives what the lesson's file says."
    assert (wrong.got, wrong.needed) == ("array([1., 4.])", "array([2., 4.])")
    assert wrong.printed == "here\n"
    assert wrong.hint == "a nudge"
    assert right.verdict == "pass"
    assert words.script(wrong.counterexample) == (
        "import numpy as np\nfrom lesson1_numbers import double\n\nx = np.array([1.0, 2.0])\nprint(double(x))"
    )
    shown: dict[str, object] = {}
    script = words.script(wrong.counterexample).replace(
        "from lesson1_numbers import double", "double = lambda x: x * x"
    )
    exec(script.replace("print(", "shown = ("), shown)
    assert str(shown["shown"]) == "[1. 4.]"


def test_an_example_that_fails_behind_an_exercise_that_it_needs_waits(course: Course) -> None:
    both = NUMBERS.replace("return 2 * x", "return x * x").replace("return x / 2", "return double(x)")
    report = grade(course, Work("you", course.lesson("1"), Submission(both)), Here(), Asked(public=True))
    wrong, waits = report.properties
    assert (wrong.verdict, waits.verdict, waits.needed) == ("fail", "skip", "the exercise double")
    assert (waits.got, waits.counterexample, report.score) == ("", None, 0)


def test_an_exception_names_the_line_of_the_file(course: Course) -> None:
    report = judge(course, "return x / 2", "return x / nothing")
    assert [result.verdict for result in report.properties] == ["pass", "fail"]
    assert report.properties[1].got.startswith("raised NameError: name 'nothing' is not defined (line 30: return")


def test_what_is_not_written_is_said_to_be_so(course: Course) -> None:
    report = judge(course, "return x / 2", "raise NotImplementedError('half: write me')")
    assert not report.properties[1].written
    assert (report.properties[1].got, report.properties[1].counterexample) == ("", None)


def test_an_example_that_needs_another_exercise_names_it(course: Course) -> None:
    report = judge(course, "return x / 2", "raise NotImplementedError('third: write me')")
    assert report.properties[1].got.startswith("raised NotImplementedError: third: write me")
    assert report.properties[1].needed == "third, which is not written yet"


def test_a_loop_without_end_is_ended(course: Course) -> None:
    report = judge(course, "return x / 2", "while True: pass")
    assert "is there a loop that does not end" in report.properties[1].got


def test_the_docstring_of_the_learner_does_not_count(course: Course) -> None:
    report = judge(course, "        >>> half(4)\n        2.0\n", "")
    assert report.max_score == 2
    report = judge(course, '        2.0\n    """\n    ### BEGIN SOLUTION\n    return x / 2', '\n    """\n    return x')
    assert report.properties[1].verdict == "fail"


@pytest.mark.parametrize(
    ("answer", "right"), [("np.float64(2.0)", True), ("2", True), ("[2.0]", False), ("'2.0'", False), ("None", False)]
)
def test_numbers_count_and_not_how_python_shows_them(course: Course, answer: str, right: bool) -> None:
    report = judge(course, "return x / 2", f"return {answer}")
    assert report.properties[1].verdict == ("pass" if right else "fail")
