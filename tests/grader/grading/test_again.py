"""A run that makes more again than was handed in since says so before it begins: how many, and by which cause."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course, load, salt
from grader.grading import again, digest
from grader.grading.again import Again, Cause, find, said
from grader.grading.desk import Desk
from grader.grading.one_student import grade_student
from grader.grading.register import Register
from grader.grading.run import Run
from grader.report import seal
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError

FIRST, SECOND = LESSONS = ("lesson1_numbers", "lesson2_balance")
STUDENTS = ("student-001", "student-002", "student-003")
WRONG = NUMBERS.replace("x / 2", "x // 2")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def graded(course: Course, tmp_path: Path) -> Path:
    """Two students have handed in both lessons, a third the first one alone; the folder of their reports."""
    for student in STUDENTS:
        hand_in(tmp_path / "in", student, FIRST, NUMBERS)
    for student in STUDENTS[:2]:
        hand_in(tmp_path / "in", student, SECOND, BALANCE)
    for student in STUDENTS:
        grade_student(run(course, tmp_path), student, Here(), silent)
    return tmp_path / "out"


def run(course: Course, folder: Path, **more: Any) -> Run:
    return Run(load(course.root), folder / "in", folder / "out", **{"lessons": LESSONS, "train": False, **more})


def found(course: Course, folder: Path, *, walls: Isolation = Here.isolation, **more: Any) -> Again:
    made = run(course, folder, **more)
    return find(made, (walls,), Register(made.course, made.out), STUDENTS, STUDENTS)


def causes(*each: tuple[Cause, str, int]) -> Counter[tuple[Cause, str]]:
    return Counter({(cause, lesson): times for cause, lesson, times in each})


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_where_nothing_has_changed_nothing_is_made_again(course: Course, graded: Path) -> None:
    assert found(course, graded.parent) == Again(5, {})
    assert said(found(course, graded.parent)) == ""


def test_what_was_handed_in_since_is_no_news(course: Course, graded: Path) -> None:
    hand_in(graded.parent / "in", STUDENTS[2], SECOND, BALANCE)
    assert found(course, graded.parent) == Again(5, {}), "there was no work, so nothing is made again"
    hand_in(graded.parent / "in", STUDENTS[0], FIRST, WRONG)
    now = found(course, graded.parent)
    assert now == Again(5, causes(("work", FIRST, 1)), perhaps=1)
    assert said(now) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (f"tests/{FIRST}/test_numbers.py", "Twice nothing", "Twice nought", (("tests", FIRST, 3),)),
        (f"tests/{FIRST}/chaffs.yml", "rounds down", "rounds off", (("tests", FIRST, 3),)),
        ("course.yml", "name: half, points: 1", "name: half, points: 2", (("points", FIRST, 3),)),
        ("course.yml", "points: 4", "points: 5", (("points", SECOND, 2),)),
        ("course.yml", "title: Numbers", "title: More numbers", (("rules", FIRST, 3),)),
        ("course.yml", "cpu_seconds: 2", "cpu_seconds: 3", (("rules", FIRST, 3), ("rules", SECOND, 2))),
        (f"exercises/{FIRST}.yml", "a nudge", "a better nudge", (("rules", FIRST, 3),)),
        (f"solutions/{SECOND}.py", "Balance", "Still balance", (("solutions", SECOND, 2),)),
    ],
)
def test_each_cause_is_read_off_the_report(
    course: Course, graded: Path, file: str, old: str, new: str, expected: tuple[tuple[Cause, str, int], ...]
) -> None:
    change(course.root / file, old, new)
    assert found(course, graded.parent).causes == causes(*expected)


def test_the_grader_the_machine_and_the_options_are_causes_too(
    course: Course, graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = ((FIRST, 3), (SECOND, 2))
    there = graded.parent
    assert found(course, there, train=True).causes == causes(*(("training", *each) for each in every))
    walls = Isolation("strong")  # type: ignore[arg-type]
    assert found(course, there, walls=walls).causes == causes(*(("walls", *each) for each in every))
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_of_the_grader", lambda: "another one")
        assert found(course, there).causes == causes(*(("grader", *each) for each in every))
    with monkeypatch.context() as patch:
        patch.setattr(digest, "machine", lambda: "torch 1.0")
        assert found(course, there).causes == causes(*(("libraries", *each) for each in every))
    # Whoever says --fresh knows.
    assert found(course, there, fresh=True, train=True).causes == {}


def test_a_report_of_an_earlier_version_and_one_of_a_fault_say_so(course: Course, graded: Path) -> None:
    for student, change in (
        (STUDENTS[0], {"origin": None}),
        (STUDENTS[1], {"incomplete": True}),
    ):
        report = seal.read(course, graded, student, FIRST)
        assert report is not None
        changed = seal.sealed(course, msgspec.structs.replace(report, **change))
        seal.path_of(graded, student, FIRST).write_bytes(changed.to_json())
    assert found(course, graded.parent).causes == causes(("earlier", FIRST, 1), ("failed", FIRST, 1))


def test_work_that_is_imported_is_told_from_work(course: Course, graded: Path) -> None:
    """The earlier lesson is judged in this run, passes as before, and is another text: the later one gets it."""
    hand_in(graded.parent / "in", STUDENTS[0], FIRST, f"{NUMBERS}\nZERO = 0\n\ndouble(ZERO)\n")
    hand_in(graded.parent / "in", STUDENTS[1], SECOND, BALANCE.replace("double(double(x))", "4 * x"))
    now = found(course, graded.parent)
    assert now.causes.get(("work", SECOND)) == 1
    assert sum(now.causes.values()) + now.perhaps <= 3
    # In a run on the later lesson alone, the earlier one is judged in passing.
    assert found(course, graded.parent, lessons=(SECOND,)).causes == causes(("work", SECOND, 1))


def test_a_submission_that_cannot_be_read_keeps_nobody_else_from_being_graded(
    course: Course, graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = again.work_of

    def work_of(run: Run, desk: Desk, *more: Any) -> Any:
        if desk.student == STUDENTS[0]:
            raise RecursionError("a file that no reader likes")
        return real(run, desk, *more)

    monkeypatch.setattr(again, "work_of", work_of)
    for student in STUDENTS[:2]:
        hand_in(graded.parent / "in", student, FIRST, WRONG)
    assert found(course, graded.parent).causes == causes(("work", FIRST, 1))


def test_the_sentence_begins_with_what_is_most_and_was_not_asked_for() -> None:
    many = causes(
        ("tests", "lesson3_c", 20), ("tests", "lesson1_a", 5), ("work", "lesson2_b", 12), ("points", FIRST, 1)
    )
    assert said(Again(40, many, perhaps=2)) == (
        "38 of 40 reports are to be made again: the hidden tests of lessons 1, 3 have changed (25); the points of "
        "lesson 1 have changed (1); the work has changed (12); 2 more may be, as they import such a lesson"
    )
    assert said(Again(1, causes(("grader", FIRST, 1)))) == (
        "1 of 1 report is to be made again: the grader has changed (1)"
    )


def test_as_it_is_typed(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    monkeypatch.chdir(course.root)
    for student in STUDENTS[:2]:
        hand_in(tmp_path / "in", student, FIRST, NUMBERS)
    words = ["grade", str(tmp_path / "in"), "--lesson", "1", "--no-rehearsal", "--jobs", "1"]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    assert "made again" not in first.stderr
    change(course.root / f"tests/{FIRST}/test_numbers.py", "Twice nothing", "Twice nought")
    second = CliRunner().invoke(app, words).stderr.splitlines()
    line = "grader: 2 of 2 reports are to be made again: the hidden tests of lesson 1 have changed (2)"
    assert line in second
    assert second.index(line) < second.index("[1/2] student-001")
    assert "made again" not in CliRunner().invoke(app, words).stderr
