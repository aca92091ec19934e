"""A lesson's calibration.yml: what is in it, when it is out of date, and what texts and reports say by it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import tiny_course
from rich.console import Console

from grader.course import Course, Lesson, TrainingRule, load
from grader.course.salt import VARIABLE
from grader.errors import CourseError
from grader.grading.digest import digest as report_digest
from grader.render import terminal
from grader.render.fragment import training as page
from grader.report.report import Report
from grader.training import calibration, check, odds
from grader.training.calibration import Calibration, Lowest, Middle, Runs

COURSE = load(Path(__file__).parents[3])
THAT_TRAIN = [lesson for lesson in COURSE.lessons if lesson.training]
lessons = pytest.mark.parametrize("lesson", THAT_TRAIN, ids=lambda lesson: lesson.name)

LONG = Runs(120, 119, Middle(26_406, 126_665), Middle(1.61, 6.7), Lowest(460.5, 499.9))
SMALL = Runs(120, 118, Middle(6000, 6000), Middle(0.4, 0.5), Lowest(7.9, 10.0))


# The course's own


@lessons
def test_what_was_measured_is_of_the_lesson_as_it_is(lesson: Lesson) -> None:
    found = calibration.read(COURSE, lesson)
    assert found is not None
    why = calibration.outdated(COURSE, lesson, found)
    assert not why, f"{why}: grader calibrate {lesson.number}"
    assert found.long_runs.runs >= odds.RUNS


@lessons
def test_right_answers_fail_less_often_than_once_in_a_thousand(lesson: Lesson) -> None:
    found = calibration.read(COURSE, lesson)
    assert found is not None
    assert lesson.training is not None
    assert odds.fails(lesson.training, found.rates) <= 1 / odds.PROMISE


@lessons
def test_the_text_has_the_figures(lesson: Lesson) -> None:
    found = calibration.read(COURSE, lesson)
    assert found is not None
    assert calibration.is_quoted(COURSE, lesson, found), calibration.in_words(lesson, found)
    text = " ".join(COURSE.stub(lesson).with_suffix(".md").read_text(encoding="utf-8").split())
    assert "95 % sure of this: an answer that learns as well as the reference fails by bad luck less often than" in text
    assert "once in 1,000 checks" in text


@lessons
def test_the_text_counts_the_mistakes_that_training_does_not_notice(lesson: Lesson) -> None:
    counted = re.match(r"# .*: (\d+) of (\d+) chaffs reach", (COURSE.tests(lesson) / "bar.yml").read_text("utf-8"))
    assert counted is not None
    text = " ".join(COURSE.stub(lesson).with_suffix(".md").read_text(encoding="utf-8").split())
    assert f"Of {counted[2]} known mistakes in this lesson's functions, {counted[1]} pass the training check" in text


# The file


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def kept(course: Course, lesson: Lesson, **other: Any) -> Calibration:
    assert lesson.training is not None
    small = SMALL if lesson.training.control_steps else None
    found = Calibration(
        long_runs=LONG,
        small_tasks=small,
        rule=calibration.deciding(lesson.training),
        digest=calibration.digest(course, lesson),
        made_with="Python",
    )
    found = msgspec.structs.replace(found, **other)
    calibration.keep(course, lesson, found)
    return found


def test_what_is_kept_is_read_back(course: Course) -> None:
    lesson = course.lesson("2")
    assert calibration.read(course, lesson) is None
    found = kept(course, lesson)
    assert calibration.read(course, lesson) == calibration.of_lesson(course, lesson) == found
    assert [path.name for path in course.tests(lesson).glob("*calib*")] == ["calibration.yml"]
    assert course.calibration(lesson).read_text().startswith("# Written by `grader calibrate 2`")


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (("  runs: 120", "  runs: many"), "line 5: Expected `int`, got `str`; make it anew: grader calibrate 2"),
        (("  runs: 120", "  runs: 0"), "line 5: Expected `int` >= 1"),
        (("  passes: 119", "  passes: 121"), "line 6: 121 of 120 runs cannot pass"),
        (("long_runs:", "runs:"), "line 4: Object contains unknown field `runs`"),
        (("long_runs:", "long_runs: ["), "expected"),
    ],
)
def test_a_damaged_file_is_one_line(course: Course, edit: tuple[str, str], says: str) -> None:
    lesson = course.lesson("2")
    kept(course, lesson)
    path = course.calibration(lesson)
    path.write_text(path.read_text().replace(*edit))
    with pytest.raises(CourseError) as caught:
        calibration.read(course, lesson)
    assert str(caught.value).startswith("tests/lesson2_balance/calibration.yml, line ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("solutions/lesson2_balance.py", "% 2", "% 3", "the solution"),
        ("solutions/lesson1_numbers.py", "2 * x", "x * 2", "one that it imports"),
        ("course.yml", "max_steps: 200", "max_steps: 300", "the rule has changed since (max_steps)"),
        ("course.yml", "cpu_seconds: 10", "control_steps: 9", "(cpu_seconds, control, control_steps)"),
        ("solutions/lesson2_balance.py", "now left, now right", "right, left", ""),
        ("solutions/lesson2_balance.py", "    env.reset(", "\n    # begin\n    env.reset(", ""),
        ("course.yml", "seeds: 2", "seeds: 5", ""),
        ("course.yml", "points: 4", "points: 5", ""),
    ],
)
def test_it_is_out_of_date_when_another_program_or_another_task_would_run(
    course: Course, file: str, old: str, new: str, why: str
) -> None:
    found = kept(course, course.lesson("2"))
    path = course.root / file
    assert path.read_text().count(old) >= 1
    path.write_text(path.read_text().replace(old, new))
    changed = load(course.root)
    said = calibration.outdated(changed, changed.lesson("2"), found)
    assert why in said
    assert bool(why) == bool(said)
    assert (calibration.of_lesson(changed, changed.lesson("2")) is None) == bool(why)


def test_other_tasks_make_it_out_of_date(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept(course, course.lesson("2"))
    monkeypatch.setattr(calibration, "_TASKS", ("tasks",))
    assert "the tasks of grader/training" in calibration.outdated(course, course.lesson("2"), found)


def test_another_salt_gives_other_seeds_of_the_same_kind(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    found = kept(course, course.lesson("2"))
    monkeypatch.setenv(VARIABLE, "another salt, long enough")
    assert calibration.outdated(course, course.lesson("2"), found) == ""


def test_a_report_depends_on_it(course: Course) -> None:
    lesson = course.lesson("2")
    digests = {report_digest(course, lesson, {})}
    kept(course, lesson)
    digests.add(report_digest(course, lesson, {}))
    course.released_calibration(lesson).parent.mkdir(parents=True)
    course.calibration(lesson).rename(course.released_calibration(lesson))
    digests.add(report_digest(course, lesson, {}))
    assert len(digests) == 3


# Words


def test_a_text_says_all_of_it() -> None:
    lesson = COURSE.lesson("6")
    assert lesson.training is not None
    found = Calibration(long_runs=LONG, small_tasks=SMALL, rule={}, digest="", made_with="")
    text = calibration.in_words(lesson, found)
    for part in (
        "passes 119 of 120 training runs, and learns 118 of 120 small tasks",
        "takes 26,406 environment steps in the median and 126,665 in the worst case",
        "1.6 seconds of processor time in the median (6.7 in the worst case)",
        "95 % sure of this: an answer that learns as well as the reference fails by bad luck less often than once in "
        "920 checks.",
    ):
        assert part in text
    alone = msgspec.structs.replace(found, long_runs=msgspec.structs.replace(LONG, steps=Middle(8000, 8000)))
    assert "It makes 8,000 environment steps each time, in 1.6 seconds" in calibration.in_words(lesson, alone)


RULE = TrainingRule(
    "train", 5, "CartPole-v1", 475, 100, environments=2, episodes=4, control_steps=100, passes=2, seeds=3
)


def reported(course: Course, rule: TrainingRule, train: Any, *, calibrated: bool = True, **other: Any) -> Any:
    lesson = msgspec.structs.replace(course.lesson("2"), training=rule)
    if calibrated:
        kept(course, lesson, **other)

    class Module:
        pass

    @contextlib.contextmanager
    def open_student() -> Iterator[Module]:
        module = Module()
        module.train = train  # type: ignore[attr-defined]
        yield module

    return check.check(rule, course=course, lesson=lesson, open_student=open_student)


def nothing_learnt(env: Any, **_: Any) -> Any:
    return lambda observations: np.zeros(len(observations), dtype=int)


def signs_alone(env: Any, **_: Any) -> Any:
    right = getattr(env._env, "_right", None)
    return lambda o: np.zeros(len(o), dtype=int) if right is None else right[o.argmax(axis=1)]


def test_a_failed_check_says_how_often_the_reference_does_as_badly(course: Course) -> None:
    result = reported(course, RULE, signs_alone)
    at = odds.rates((2, 120), (1, 120))
    never = at.small**3
    often = odds.one_in(never + (1 - never) * at.run**2)
    sentence = f"The reference solution does as badly in fewer than 1 of {often:,} such checks."
    assert result.message == f"0 of 2 runs reached 475; 2 had to. {sentence}"
    assert sentence in page(result)
    assert sentence.encode() in msgspec.json.encode(result)
    report = Report("", "lesson2_balance", "Balance", "graded", 0, 4, None, "cpu", training=result)
    console = Console(file=io.StringIO(), width=100)
    terminal.print_check(report, console)
    assert isinstance(console.file, io.StringIO)
    assert sentence in " ".join(console.file.getvalue().split())


def test_so_does_one_that_fails_every_small_task(course: Course) -> None:
    result = reported(course, RULE, nothing_learnt)
    often = odds.one_in(odds.upper_bound(2, 120, 0.025) ** 3)
    assert result.control.verdict == "fail"
    assert result.message.endswith(f"does as badly in fewer than 1 of {often:,} such checks.")


def raises(env: Any, **_: Any) -> Any:
    raise check.ActionError("an exception")


@pytest.mark.parametrize("control_steps", [0, 100])
def test_an_exception_is_no_bad_luck(course: Course, control_steps: int) -> None:
    result = reported(course, msgspec.structs.replace(RULE, control_steps=control_steps), raises)
    assert result.verdict == "fail"
    assert "reference" not in result.message


@pytest.mark.parametrize("train", [signs_alone, nothing_learnt])
def test_where_nothing_was_measured_nothing_is_said(course: Course, train: Any) -> None:
    assert "reference" not in reported(course, RULE, train, calibrated=False).message


@pytest.mark.parametrize("train", [signs_alone, nothing_learnt])
def test_nor_where_it_is_out_of_date(course: Course, train: Any) -> None:
    assert "reference" not in reported(course, RULE, train, digest="of another program").message


def test_nor_where_so_few_runs_say_nothing(course: Course) -> None:
    one = msgspec.structs.replace(LONG, runs=1, passes=0)
    assert "reference" not in reported(course, RULE, signs_alone, long_runs=one).message


def test_a_copy_for_students_has_the_figures_and_no_solution(course: Course) -> None:
    lesson = msgspec.structs.replace(course.lesson("2"), training=RULE)
    kept(course, lesson)
    course.released_calibration(lesson).parent.mkdir(parents=True)
    course.calibration(lesson).rename(course.released_calibration(lesson))
    course.solution(lesson).unlink()
    assert "does as badly in fewer than 1 of" in reported(course, RULE, signs_alone, calibrated=False).message


def test_a_damaged_file_stops_a_check_before_any_run(course: Course) -> None:
    lesson = course.lesson("2")
    course.calibration(lesson).write_text("runs: 3\n")
    ran: list[Any] = []
    with pytest.raises(CourseError, match=r"calibration\.yml"):
        reported(course, RULE, lambda env, **_: ran.append(env), calibrated=False)
    assert ran == []
