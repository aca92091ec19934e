"""One submission, one report: verdicts, points, counterexamples, diagnoses, and everything that can go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS

from grader.course import Course
from grader.errors import CourseError
from grader.grading.grade import Asked, grade
from grader.lessons.stubs import pristine
from grader.render import words
from grader.report.report import Counterexample, Misconception, Report
from grader.student.inprocess import Here
from grader.submissions.read import read_file
from grader.submissions.work import Work


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def judge(course: Course, text: str, lesson: str = "1", **options: object) -> Report:
    """The report on a module, read as it would be from a file."""
    imports = {"lesson1_numbers": NUMBERS} if lesson == "2" else {}
    path = course.root / "handed in.py"
    path.write_text(text)
    submission = read_file(path, course.lesson(lesson), pristine(course, course.lesson(lesson)))
    work = Work("student-001", course.lesson(lesson), submission, imports)
    return grade(course, work, Here(), Asked(**options))  # type: ignore[arg-type]


def test_right(course: Course) -> None:
    report = judge(course, NUMBERS)
    assert (report.status, report.score, report.max_score) == ("graded", 3, 3)
    assert [p.verdict for p in report.properties] == ["pass"] * 3
    assert [p.points for p in report.properties] == [1, 1, 1]
    assert report.properties[0].says == "`double` gives twice the number."


def test_wrong_is_shown_named_and_skips_what_needs_it(course: Course) -> None:
    report = judge(course, NUMBERS.replace("2 * x", "x * x"))
    first, second, third = report.properties
    assert (first.verdict, first.points, first.max_points) == ("fail", 0, 1)
    assert first.misconception == Misconception("squares", "squares the number")
    assert first.hint == "What is double of 3?"
    # The smallest case in which a square is not a double.
    assert first.counterexample == Counterexample((), "lesson1_numbers", ("double",), "print(double(1))")
    assert (first.got, first.needed) == ("1", "2")
    assert (second.verdict, second.needed) == ("skip", "`double` gives twice the number.")
    assert (third.verdict, third.points) == ("pass", 1)
    assert report.score == 1


def test_the_diagnosis_sees_behaviour_not_code(course: Course) -> None:
    report = judge(course, NUMBERS.replace("return 2 * x", "total = 1\n    total += x\n    return total + 1"))
    assert report.properties[0].misconception == Misconception("adds_two", "adds two to the number")


def test_an_unknown_mistake_gets_the_first_hint(course: Course) -> None:
    report = judge(course, NUMBERS.replace("2 * x", "7 * x + 1"))
    assert (report.properties[0].misconception, report.properties[0].hint) == (None, "a nudge")


def test_an_unknown_mistake_gets_the_hint_of_the_law_that_it_breaks(course: Course) -> None:
    half = judge(course, NUMBERS.replace("x / 2", "x / 3 + 1")).properties[-1]
    assert (half.verdict, half.misconception) == ("fail", None)
    assert half.hint == "Which number, taken twice, is the number that came in?"
    known = judge(course, NUMBERS.replace("x / 2", "x // 2")).properties[-1]
    assert known.hint == "What is half of 3?"
    fine = judge(course, NUMBERS).properties[-1]
    assert fine.hint == ""
    # Whoever has written nothing is not told of a mistake.
    unwritten = judge(
        course, NUMBERS.replace("return x / 2", 'raise NotImplementedError("half: write me")')
    ).properties[-1]
    assert (unwritten.written, unwritten.hint) == (False, "")


def test_words_in_an_assertion_are_what_is_needed(course: Course) -> None:
    report = judge(course, NUMBERS.replace("2 * x", "2 * x if x else '0'"))
    by_name = {p.name: p for p in report.properties}
    assert by_name["test_doubles"].verdict == "fail"
    report = judge(course, NUMBERS.replace("2 * x", "2 * x if x else 1e-9"))
    by_name = {p.name: p for p in report.properties}
    assert (by_name["test_doubles"].verdict, by_name["test_doubles_zero"].needed) == ("pass", "nothing at all")
    assert by_name["test_doubles_zero"].got == "1e-09"


KINDS = """

@exercise("double")
def test_all_kinds(student):
    \"\"\"`double` doubles whatever stands for a number.\"\"\"
    for x in (1, 2, -3):
        assert student.double(x) == 2 * x
"""


def test_answers_that_were_right_are_left_out_where_the_last_question_says_it_all(course: Course) -> None:
    path = course.tests(course.lessons[0]) / "test_numbers.py"
    path.write_text(path.read_text() + KINDS)

    def shown(source: str) -> tuple[str, str]:
        result = next(each for each in judge(course, source).properties if each.name == "test_all_kinds")
        assert result.counterexample is not None
        return result.counterexample.code, result.got

    assert shown(NUMBERS.replace("2 * x", "2 * abs(x)")) == ("print(double(-3))", "6")
    # What remembers earlier questions answers another way without them, and so does what counts them.
    counts = "asked = []\n\n\n" + NUMBERS.replace("return 2 * x", "asked.append(x)\n    return 2 * x + len(asked) // 3")
    assert shown(counts) == ("double(1)\ndouble(2)\nprint(double(-3))", "-5")


def test_an_exception_is_shown_with_its_line(course: Course) -> None:
    report = judge(course, NUMBERS.replace("2 * x", "x.double"))
    assert report.properties[0].got == (
        "raised AttributeError: 'int' object has no attribute 'double' (line 7: return x.double)"
    )


def test_what_was_printed_is_kept(course: Course) -> None:
    report = judge(course, NUMBERS.replace("return 2 * x", "print('x is', x)\n    return 3 * x"))
    assert report.properties[0].printed == "x is 1\n"


def test_half_written(course: Course) -> None:
    stub = (course.root / "exercises/lesson1_numbers.py").read_text()
    begun = stub.replace('raise NotImplementedError("double: write me; lesson1_numbers.md tells how")', "return 2 * x")
    assert begun != stub
    report = judge(course, begun)
    assert [p.verdict for p in report.properties] == ["pass", "pass", "fail"]
    assert [(p.written, p.got, p.counterexample) for p in report.properties[2:]] == [(False, "", None)]
    assert all(p.written for p in report.properties[:2])
    assert report.score == 2


def test_the_stub_is_not_started(course: Course) -> None:
    stub = (course.root / "exercises/lesson1_numbers.py").read_text()
    report = judge(course, f"# my name\n{stub}")
    assert (report.status, report.score) == ("not started", 0)
    assert "double" in report.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_this_name", "line 1 imports nothing_of_this_name, which is not installed where"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_imported(course: Course, text: str, words: str) -> None:
    report = judge(course, text)
    assert (report.status, report.score) == ("graded", 0)
    assert words in report.message


def test_nothing_defined(course: Course) -> None:
    report = judge(course, "pass")
    assert report.score == 0
    assert "has no attribute 'double'" in report.properties[0].got


def test_training_counts(course: Course) -> None:
    report = judge(course, BALANCE, "2")
    assert report.training is not None
    assert (report.score, report.max_score, report.training.verdict) == (7, 7, "pass")
    assert (
        report.training.seeds[0].steps == 40 - 2 * report.training.seeds[0].episodes
        or report.training.seeds[0].steps > 0
    )
    assert judge(course, BALANCE, "2", train=False).max_score == 3


def test_training_waits_for_what_it_needs(course: Course) -> None:
    report = judge(course, BALANCE.replace("double(double(x))", "x"), "2")
    assert report.training is not None
    assert (report.training.verdict, report.training.points, report.score) == ("skip", 0, 0)
    assert "four_times" in report.training.message


def test_one_exercise_alone(course: Course) -> None:
    report = judge(course, NUMBERS, only=frozenset({"double"}))
    assert (report.score, report.max_score) == (2, 2)
    assert {p.exercise for p in report.properties} == {"double"}


def test_the_same_twice(course: Course) -> None:
    wrong = NUMBERS.replace("2 * x", "x * x")
    one, other = judge(course, wrong), judge(course, wrong)
    assert one.to_json() == other.to_json()
    assert Report.from_json(one.to_json()) == one


def test_an_exercise_that_nothing_judges_is_the_course_s_fault(course: Course) -> None:
    path = course.root / "tests/lesson2_balance/test_balance.py"
    path.write_text(path.read_text().replace('"four_times"', '"five_times"'))
    with pytest.raises(CourseError, match="five_times"):
        judge(course, BALANCE, "2")


def test_a_test_file_that_is_not_python_is_the_course_s_fault(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    (tmp_path / "tests/lesson1_numbers/test_numbers.py").write_text("def")
    with pytest.raises(CourseError, match="test_numbers"):
        judge(course, NUMBERS)


def test_the_question_that_was_never_answered_is_shown(course: Course) -> None:
    report = judge(course, NUMBERS.replace("return 2 * x", "while True:\n        pass"))
    first, second, third = report.properties
    assert "still computing after 2 seconds" in first.got
    assert words.script(first.counterexample) == "from lesson1_numbers import double\n\ndouble(0)"
    assert (second.verdict, third.verdict) == ("skip", "pass")


def test_the_way_to_an_exception_inside_other_functions(course: Course) -> None:
    report = judge(course, NUMBERS.replace("return 2 * x", "return twice(x)") + "\n\ndef twice(x):\n    return x / 0\n")
    assert "ZeroDivisionError" in report.properties[0].got
    assert "in double" in report.properties[0].trace
    assert "in twice" in report.properties[0].trace


def test_what_holds_although_an_exercise_that_it_needs_has_failed_counts(course: Course) -> None:
    wrong = NUMBERS.replace("2 * x", "3 * x")
    report = judge(course, wrong)
    assert [p.verdict for p in report.properties] == ["fail", "skip", "pass"]
    assert report.score == 1


@pytest.mark.parametrize("body", ["return double(x) / 4", "return x / 3", "raise ValueError(x)", "while True: pass"])
def test_what_does_not_hold_then_waits_and_blames_nobody(course: Course, body: str) -> None:
    report = judge(course, NUMBERS.replace("2 * x", "3 * x").replace("return x / 2", body))
    half = report.properties[-1]
    assert (half.verdict, half.needed, half.points) == ("skip", "the exercise double", 0)
    assert (half.got, half.counterexample, half.misconception, half.hint, half.trace) == ("", None, None, "", "")
    assert half.written


LATER = """\
from grader.testing import exercise


@exercise("double", needs=("test_halves",))
def test_doubles_a_half(student):
    \"\"\"`double` of `half` is the number.\"\"\"
    assert student.double(student.half(3)) == 3


@exercise("half")
def test_halves(student):
    \"\"\"`half` gives half the number.\"\"\"
    assert student.half(4) == 2
"""


def with_laws(course: Course, laws: str) -> None:
    (course.root / "tests/lesson1_numbers/test_numbers.py").write_text(laws)


def test_a_property_may_need_one_of_a_later_exercise(course: Course) -> None:
    with_laws(course, LATER)
    report = judge(course, NUMBERS.replace("x / 2", "x / 4"))
    # In the order of the exercises, whichever was asked first.
    assert [(p.name, p.verdict, p.needed) for p in report.properties] == [
        ("test_doubles_a_half", "skip", "`half` gives half the number."),
        ("test_halves", "fail", "2"),
    ]
    assert [p.verdict for p in judge(course, NUMBERS).properties] == ["pass", "pass"]


def test_what_needs_an_exercise_that_was_not_asked_for_is_judged(course: Course) -> None:
    with_laws(course, LATER)
    report = judge(course, NUMBERS.replace("2 * x", "3 * x"), only=frozenset({"double"}))
    assert [(p.name, p.verdict) for p in report.properties] == [("test_doubles_a_half", "fail")]


def test_another_exercise_that_is_not_written_is_said_to_be(course: Course) -> None:
    with_laws(course, LATER.replace(', needs=("test_halves",)', ""))
    stub = 'raise NotImplementedError("half: write me; lesson1_numbers.md tells how")'
    first, second = judge(course, NUMBERS.replace("return x / 2", stub)).properties
    assert (first.verdict, first.needed) == ("skip", "the exercise half, which is not written yet")
    assert (second.verdict, second.written) == ("fail", False)
