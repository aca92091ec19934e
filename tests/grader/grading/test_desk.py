"""A student's work that was sent as a parcel is graded as it is where the folders are."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course
from grader.grading import desk
from grader.grading.classroom import _Parcels
from grader.grading.desk import Made
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.report import seal
from grader.report.report import Report, without_times
from grader.report.step import silent
from grader.student.errors import GraderFault
from grader.student.inprocess import Here

STUDENT = "student-001"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    hand_in(tmp_path / "submitted", STUDENT, "lesson1_numbers", NUMBERS.replace("2 * x", "x * x"))
    hand_in(tmp_path / "submitted", STUDENT, "lesson2_balance", BALANCE)
    return tmp_path / "submitted"


def a_run(course: Course, submissions: Path, out: str, lessons: tuple[str, ...], fresh: bool = False) -> Run:
    return Run(course, submissions, submissions.parent / out, lessons, train=False, fresh=fresh)


def by_parcel(run: Run) -> list[Report]:
    """As on another machine: nothing of the folders is there."""
    parcels = _Parcels(run, [STUDENT])
    job = pickle.loads(pickle.dumps(parcels[STUDENT]))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("read_work", "write", "file_of"):
            patch.setattr(desk, name, lambda *_: pytest.fail("there is no folder here"))
        made = job(Here(), silent)
    return parcels.received(STUDENT, pickle.loads(pickle.dumps(made)))


def written(out: Path) -> dict[str, object]:
    return {path.name: without_times(json.loads(path.read_bytes())) for path in out.rglob("*.json")}


BOTH = ("lesson1_numbers", "lesson2_balance")


@pytest.mark.parametrize("lessons", [BOTH, BOTH[1:]])
def test_a_parcel_makes_the_same_reports(course: Course, submissions: Path, lessons: tuple[str, ...]) -> None:
    here, there = (a_run(course, submissions, out, lessons) for out in ("here", "there"))
    grade_student(here, STUDENT, Here(), silent)
    reports = by_parcel(there)
    assert [report.lesson for report in reports] == list(lessons)
    assert written(there.out) == written(here.out)
    for report in reports:
        assert seal.read(course, there.out, STUDENT, report.lesson) == report
        assert report.origin is not None
        assert report.origin.file == f"{report.lesson}/{report.lesson}.py"


def test_what_an_earlier_run_has_made_is_kept_there_too(course: Course, submissions: Path) -> None:
    grade_student(a_run(course, submissions, "out", BOTH[:1]), STUDENT, Here(), silent)
    path = submissions.parent / "out" / STUDENT / f"{BOTH[0]}.json"
    before = path.read_bytes()
    first, second = by_parcel(a_run(course, submissions, "out", BOTH))
    assert path.read_bytes() == before
    assert first == seal.read(course, submissions.parent / "out", STUDENT, BOTH[0])
    assert second.score == 3
    by_parcel(a_run(course, submissions, "out", BOTH, fresh=True))
    assert path.read_bytes() != before


def test_what_cannot_be_read_here_costs_the_lessons_that_need_it(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = desk.read_work

    def read(course: Course, lesson: object, folder: Path) -> object:
        if getattr(lesson, "name", "") == BOTH[1]:
            raise GraderFault("the process that reads has ended")
        return real(course, lesson, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "read_work", read)
    first, second = by_parcel(a_run(course, submissions, "out", BOTH))
    assert not first.has_error
    assert (second.status, second.message) == ("error", "the grader itself failed: the process that reads has ended")
    log = submissions.parent / "out" / STUDENT / f"{BOTH[1]}.log"
    assert "the process that reads has ended" in log.read_text()


def test_a_fault_there_takes_no_mark_away_here(course: Course, submissions: Path) -> None:
    run = a_run(course, submissions, "out", BOTH[:1])
    (before,) = grade_student(run, STUDENT, Here(), silent)
    parcels = _Parcels(run, [STUDENT])
    parcels[STUDENT]
    fault = desk.faults.report(course, BOTH[0], STUDENT, "the grader itself failed: over there", train=False)
    (after,) = parcels.received(STUDENT, [Made(fault, Here.isolation, "Traceback: over there")])
    assert after.score == before.score
    assert "over there" in after.held
    assert "over there" in (run.out / STUDENT / f"{BOTH[0]}.log").read_text()
