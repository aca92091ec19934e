"""What has not changed since a report was made is not read again; what may have changed is."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course, load
from grader.grading import desk, one_student, unchanged, workers
from grader.grading.classroom import Options, grade_class
from grader.grading.one_student import grade_student, kept
from grader.grading.run import Run
from grader.report.report import Report
from grader.report.seal import path_of, read, sealed
from grader.report.step import silent
from grader.report.thin import Thinner
from grader.student.inprocess import Here

STUDENT, FIRST, SECOND = "student-001", "lesson1_numbers", "lesson2_balance"


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled as soon as they are there."""
    monkeypatch.setattr(unchanged, "_SETTLED_SECONDS", -1e9)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    hand_in(tmp_path / "in", STUDENT, FIRST, NUMBERS)
    hand_in(tmp_path / "in", STUDENT, SECOND, BALANCE)
    return tmp_path / "in"


def a_run(course: Course, submissions: Path, **more: Any) -> Run:
    return Run(course, submissions, submissions.parent / "out", more.pop("lessons", (FIRST, SECOND)), False, **more)


def judged(course: Course, submissions: Path, **more: Any) -> list[Report]:
    return grade_student(a_run(course, submissions, **more), STUDENT, Here(), silent)


def thin(reports: list[Report]) -> list[Report]:
    """The reports as a run has them that keeps them."""
    return [Thinner().thin(each) for each in reports]


def without_reading(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> list[Report] | None:
    """The reports that are kept by a run that may read nothing."""

    def refuse(*_: object) -> None:
        raise AssertionError("read")

    with monkeypatch.context() as patch:
        patch.setattr(desk, "read_work", refuse)
        try:
            return kept(a_run(course, submissions, **more), STUDENT, [Here.isolation])
        except AssertionError:
            return None


def test_what_is_as_it_was_is_not_read(course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = judged(course, submissions)
    assert without_reading(course, submissions, monkeypatch) == thin(made)
    # Nor is one lesson that needs another, which this run does not ask for.
    assert without_reading(course, submissions, monkeypatch, lessons=(SECOND,)) == thin(made[1:])
    assert without_reading(course, submissions, monkeypatch, fresh=True) is None


def same_size_same_time(folder: Path) -> None:
    """Another file in the place of the old one, as large and as old: only the file system's own record tells."""
    path = folder / FIRST / f"{FIRST}.py"
    before = path.stat()
    beside = path.with_name("beside")
    beside.write_text(path.read_text().replace("2 * x", "3 * x"))
    beside.rename(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


CHANGES: dict[str, Callable[[Path], object]] = {
    "another file in its place": same_size_same_time,
    "an edit": lambda folder: (folder / FIRST / f"{FIRST}.py").write_text(NUMBERS + "\n# more\n"),
    "a file more": lambda folder: (folder / "notes.txt").write_text("see lesson 1"),
    "a file less": lambda folder: (folder / SECOND / f"{SECOND}.py").unlink(),
    "another name": lambda folder: (folder / FIRST).rename(folder / "lesson 1"),
    "other rights": lambda folder: (folder / FIRST / f"{FIRST}.py").chmod(0o444),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_may_have_changed_is_read(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    judged(course, submissions)
    CHANGES[change](submissions / STUDENT)
    assert without_reading(course, submissions, monkeypatch) is None


@pytest.mark.parametrize("file", [f"tests/{FIRST}/test_numbers.py", f"solutions/{FIRST}.py", "course.yml"])
def test_so_is_all_if_the_course_has_changed(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    judged(course, submissions)
    path = course.root / file
    path.write_text(path.read_text().replace("points: 2", "points: 5") + "\n# another\n")
    assert without_reading(load(course.root), submissions, monkeypatch) is None
    # A lesson depends on what the one that it imports is judged by, too.
    if file != "course.yml":
        assert without_reading(load(course.root), submissions, monkeypatch, lessons=(SECOND,)) is None


def test_so_it_is_if_a_deadline_has_passed_meanwhile(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From then on the reference may stand in for earlier work that is not right."""
    path = course.root / "course.yml"
    path.write_text(path.read_text().replace("title: Numbers", "title: Numbers\n    due: 2026-10-05T23:59:00+02:00"))
    course = load(course.root)
    before, after = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    made = judged(course, submissions, now=before)
    assert without_reading(course, submissions, monkeypatch, now=before) == thin(made)
    assert without_reading(course, submissions, monkeypatch, now=after) is None


def test_an_old_report_is_not_made_new_by_the_mark_of_another(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = judged(course, submissions)[0]
    hand_in(submissions, STUDENT, FIRST, NUMBERS.replace("2 * x", "3 * x"))
    bad = judged(course, submissions)[0]
    assert good.score > bad.score
    path = path_of(submissions.parent / "out", STUDENT, FIRST)
    path.write_bytes(msgspec.structs.replace(good, folder_state=bad.folder_state).to_json())
    assert read(course, submissions.parent / "out", STUDENT, FIRST) is not None, "the mark is no part of the seal"
    assert without_reading(course, submissions, monkeypatch) is None
    assert judged(course, submissions)[0].score == bad.score


@pytest.mark.parametrize("change", [{"incomplete": True}, {"status": "error"}, {"folder_state": ""}])
def test_a_report_that_is_made_again_is_not_kept(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    report = msgspec.structs.replace(judged(course, submissions)[0], **change)
    path_of(submissions.parent / "out", STUDENT, FIRST).write_bytes(sealed(course, report).to_json())
    assert without_reading(course, submissions, monkeypatch) is None


def test_what_was_made_beside_a_fault_of_ours_is_looked_at_again(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lesson that builds on one at which the grader failed had the reference in its place."""
    with monkeypatch.context() as patch:
        patch.setattr("grader.grading.grade.points_of", lambda *values: 1 / 0)
        alone = judged(course, submissions, lessons=(FIRST,))
    assert alone[0].status == "error"
    with monkeypatch.context() as patch:
        real = one_student.is_right
        patch.setattr(one_student, "is_right", lambda report: report.lesson != FIRST and real(report))
        patch.setattr("grader.grading.grade._Grading.results", _fails_once())
        made = judged(course, submissions, lessons=(SECOND,))
    assert (made[0].status, made[0].folder_state) == ("graded", "")
    assert without_reading(course, submissions, monkeypatch, lessons=(SECOND,)) is None


def _fails_once() -> Callable[..., Any]:
    from grader.grading.grade import _Grading

    real, faults = _Grading.results, iter([ZeroDivisionError()])

    def results(self: _Grading, *arguments: Any) -> Any:
        for fault in faults:
            raise fault
        return real(self, *arguments)

    return results


def test_a_class_that_was_copied_is_read_once(
    course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = judged(course, submissions)
    path = submissions / STUDENT / FIRST / f"{FIRST}.py"
    beside = path.with_name("beside")
    beside.write_bytes(path.read_bytes())
    beside.rename(path)
    assert without_reading(course, submissions, monkeypatch) is None
    again = kept(a_run(course, submissions), STUDENT, [Here.isolation])
    assert again is not None
    assert [(each.digest, each.seconds) for each in again] == [(each.digest, each.seconds) for each in made]
    assert without_reading(course, submissions, monkeypatch) == again


def test_a_folder_that_was_changed_just_now_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("1")
    assert unchanged.state(tmp_path) is not None
    monkeypatch.setattr(unchanged, "_SETTLED_SECONDS", 60.0)
    assert unchanged.state(tmp_path) is None
    # A clock that was put back makes everything look as if it came later.
    monkeypatch.setattr(unchanged, "_SETTLED_SECONDS", 2.0)
    monkeypatch.setattr(unchanged.time, "time", lambda: 1e9)
    assert unchanged.state(tmp_path) is None


def test_nor_does_a_link_a_file_or_more_than_anybody_looks_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").touch()
    assert unchanged.state(folder) is not None
    assert [unchanged.state(tmp_path / name) for name in ("link", "file", "nothing")] == [None] * 3
    monkeypatch.setattr(unchanged, "_MOST", 3)
    for name in "abc":
        (folder / name).touch()
    assert unchanged.state(folder) is None


def test_a_whole_class(course: Course, submissions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run of a class starts no process and reads nothing but the reports."""
    hand_in(submissions, "student-002", FIRST, "def double(:\n")
    options = Options(train=False, rehearse=False, processes=1)
    from grader.student.isolation import choose
    from grader.student.levels import IsolationError

    try:
        isolation = choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    out = submissions.parent / "out"
    first = grade_class(course, submissions, out, isolation, options)
    pages = {path: path.read_bytes() for path in out.rglob("*.html")}
    monkeypatch.setattr(desk, "read_work", lambda *_: pytest.fail("read"))
    monkeypatch.setattr(workers, "_Worker", lambda *_: pytest.fail("started"))
    assert grade_class(course, submissions, out, isolation, options) == first
    assert {path: path.read_bytes() for path in out.rglob("*.html")} == pages
