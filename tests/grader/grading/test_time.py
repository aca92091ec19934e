"""Time for one submission: by the clock for all of it, and of the grader's own to judge what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS

from grader.course import Course, load
from grader.grading import naming
from grader.grading.grade import Asked, grade
from grader.properties import diagnosis, layout
from grader.report.report import Report
from grader.student.inprocess import Here
from grader.student.places import Place
from grader.submissions.read import Submission
from grader.submissions.work import Work

WHOLE = "the time for a whole submission"


def course_with(folder: Path, limits: str, tests: str = "") -> Course:
    """The tiny course with other limits, and more properties of lesson 1; `half` does not need `double`."""
    tiny_course.make(folder)
    path = folder / "course.yml"
    text = path.read_text().replace("call_seconds: 5", f"call_seconds: 5, {limits}").replace(", needs: [double]", "")
    path.write_text(text)
    with (folder / "tests/lesson1_numbers/test_numbers.py").open("a") as file:
        file.write(tests)
    return load(folder)


def judge(course: Course, place: Place, text: str, lesson: str = "1", *, train: bool = False) -> Report:
    imports = {"lesson1_numbers": NUMBERS} if lesson == "2" else {}
    work = Work("student-001", course.lesson(lesson), Submission(text), imports)
    return grade(course, work, place, Asked(train=train))


def test_code_that_sleeps_just_below_each_deadline(tmp_path: Path, any_split: Place) -> None:
    """A call of 5 seconds is allowed, and none of these takes longer than a tenth of it."""
    course = course_with(tmp_path, "submission_seconds: 3")
    report = judge(course, any_split, NUMBERS.replace("return 2 * x", "import time; time.sleep(0.5); return 2 * x"))
    first, second, third = report.properties
    assert (report.status, report.score) == ("graded", 0)
    assert (first.verdict, first.got) == ("fail", f"no answer before the end of 3 seconds by the clock, {WHOLE}")
    assert second.verdict == "skip"
    assert third.verdict == "skip"
    assert third.needed == (
        f"an end of all before it within 3 seconds by the clock, {WHOLE}; "
        "the last that was asked: `double` gives twice the number."
    )


def test_points_earned_before_the_end_stay(tmp_path: Path, any_split: Place) -> None:
    course = course_with(tmp_path, "submission_seconds: 4")
    report = judge(course, any_split, NUMBERS.replace("return x / 2", "import time; time.sleep(4); return x / 2"))
    assert [result.verdict for result in report.properties] == ["pass", "pass", "fail"]
    assert report.properties[2].got.endswith(WHOLE)
    assert report.score == 2


def test_training_that_sleeps(tmp_path: Path, any_split: Place) -> None:
    """Each run may take 50 seconds by the clock, and there are two of them."""
    course = course_with(tmp_path, "submission_seconds: 5")
    sleeps = BALANCE.replace("    env.reset(seed=seed)\n", "    import time\n    time.sleep(45)\n")
    report = judge(course, any_split, sleeps, "2", train=True)
    assert report.training is not None
    assert (report.score, report.training.verdict, report.training.points) == (3, "fail", 0)
    assert report.training.message == f"0 of 1 runs reached 5 within 5 seconds by the clock, {WHOLE}"
    assert [run.message for run in report.training.seeds] == [
        f"no answer before the end of 5 seconds by the clock, {WHOLE}"
    ]


def test_a_learner_at_a_breakpoint_is_not_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = course_with(tmp_path, "submission_seconds: 0.001, judging_seconds: 0.001")
    assert judge(course, Here(), NUMBERS).score == 3


JUDGED_SLOWLY = '''

@exercise("half")
@given(x=st.integers(1, 99))
def test_all_differ(student, x):
    """What `half` gives differs from one another."""
    got = student.half(x)
    if isinstance(got, list):
        assert all(a is b or a != b for a in got for b in got)
    else:
        assert got == near(x / 2)
'''


def test_an_answer_that_takes_long_to_judge(tmp_path: Path, any_split: Place) -> None:
    course = course_with(tmp_path, "judging_seconds: 1", JUDGED_SLOWLY)
    report = judge(course, any_split, NUMBERS.replace("return x / 2", "return list(range(20_000)) if x > 0 else x / 2"))
    judged = {result.name: result for result in report.properties}
    assert report.status == "graded"
    assert judged["test_all_differ"].verdict == "fail"
    assert judged["test_all_differ"].got == (
        "answers that take the grader more than 1 second of its own processor time to judge"
    )
    assert judged["test_doubles"].verdict == "pass"
    assert report.score == 2


def test_a_failure_is_shown_though_it_cannot_be_made_smaller(tmp_path: Path, any_split: Place) -> None:
    course = course_with(tmp_path, "judging_seconds: 1", JUDGED_SLOWLY)
    wrong_at_first = "CALLS = []\n\n\n" + NUMBERS.replace(
        "    return x / 2", "    CALLS.append(x)\n    return -5 if len(CALLS) == 1 else list(range(20_000))"
    )
    result = {each.name: each for each in judge(course, any_split, wrong_at_first).properties}["test_all_differ"]
    assert result.verdict == "fail"
    assert result.got == "-5"
    assert result.needed.endswith(
        " (the case may be larger than it has to be: to make it smaller took more than 1 second)"
    )
    assert result.counterexample is not None
    assert result.counterexample.code.startswith("print(half(")


NEVER_DRAWN = '''

@st.composite
def never(draw):
    while draw(st.just(True)):
        pass


@exercise("half")
@given(x=never())
def test_of_what_is_never_there(student, x):
    """`half` gives half of a number that is never drawn."""
    assert student.half(x) == near(x / 2)
'''


def test_an_example_that_is_never_drawn_costs_no_student_a_mark(tmp_path: Path, any_split: Place) -> None:
    """With some salts a hidden property looked for an example that its seed did not have, for ever."""
    course = course_with(tmp_path, "judging_seconds: 1", NEVER_DRAWN)
    work = Work("student-001", course.lesson("1"), Submission(NUMBERS), {})
    report = grade(course, work, any_split, Asked(), failed=lambda error: None)
    assert report.status == "error"
    assert report.message.endswith("test_of_what_is_never_there: drawing an example took more than 1 second")


def endless(*_: object, **__: object) -> None:
    while True:
        pass


def test_names_that_take_long_to_find_are_left_out(
    tmp_path: Path, any_split: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_with(tmp_path, "judging_seconds: 1")
    wrong = NUMBERS.replace("2 * x", "x * x")
    assert judge(course, any_split, wrong).properties[0].misconception is not None
    monkeypatch.setattr(diagnosis, "alike", endless)
    report = judge(course, any_split, wrong)
    first = report.properties[0]
    assert (report.status, first.verdict, first.misconception) == ("graded", "fail", None)
    assert first.counterexample is not None
    assert report.notes == ("no misconception is named: to compare the answers with known ones takes too long",)


def test_so_are_names_if_the_students_code_takes_long(
    tmp_path: Path, any_split: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_with(tmp_path, "")
    monkeypatch.setattr(naming, "_SECONDS", 0.2)
    report = judge(course, any_split, NUMBERS.replace("2 * x", "(__import__('time').sleep(0.05), x * x)[1]"))
    assert report.properties[0].misconception is None
    assert report.notes == ("no misconception is named: to compare the answers with known ones takes too long",)


def test_no_student_pays_for_what_is_found_out_about_known_programs(
    tmp_path: Path, any_split: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one of a class would have no names, and the next one, with the same mistake, would."""
    course = course_with(tmp_path, "judging_seconds: 1")
    chaffs = tmp_path / "tests/lesson1_numbers/chaffs.yml"
    slow = "sum(range(3_000_000)) * 0 + (__import__('time').sleep(0.2), x * x)[1]"
    chaffs.write_text(chaffs.read_text().replace('new: "x * x"', f'new: "{slow}"'))
    monkeypatch.setattr(naming, "_SECONDS", 1.0)
    report = judge(course, any_split, NUMBERS.replace("2 * x", "x * x"))
    assert report.notes == ()
    assert report.properties[0].misconception is not None


def test_an_example_that_takes_long_to_write_is_left_out(
    tmp_path: Path, any_split: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_with(tmp_path, "judging_seconds: 1")
    monkeypatch.setattr(layout, "_as_loops", endless)
    report = judge(course, any_split, NUMBERS.replace("2 * x", "x * x"))
    first = report.properties[0]
    assert (first.verdict, first.counterexample, first.got, first.needed) == ("fail", None, "1", "2")
    assert report.notes == ("test_doubles: its example takes too long to write",)


def test_the_time_of_honest_work_is_not_counted_as_judging(tmp_path: Path, any_split: Place) -> None:
    """What the student's own process takes is for its own limits."""
    course = course_with(tmp_path, "judging_seconds: 1")
    slow = NUMBERS.replace("return x / 2", f"import time; time.sleep({1.5 / 25}); return x / 2")
    assert judge(course, any_split, slow).score == 3
