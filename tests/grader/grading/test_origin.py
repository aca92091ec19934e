"""A report says what it was made from: enough to make it again, and to see why another one differs."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course
from grader.grading.one_student import grade_student, kept
from grader.grading.run import Run
from grader.render import html
from grader.report import seal
from grader.report.report import Origin, Report, without_times
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.version import versions


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hand_in(tmp_path / "class", "student-001", "lesson1_numbers", NUMBERS)
    hand_in(tmp_path / "class", "student-001", "lesson2_balance", BALANCE)
    return tmp_path / "class"


def run(course: Course, folder: Path, **more: Any) -> Run:
    return Run(course, folder, folder.parent / "out", ("lesson1_numbers", "lesson2_balance"), **more)


def made(course: Course, folder: Path) -> list[Report]:
    return grade_student(run(course, folder, train=True), "student-001", Here(), silent)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_report_says_when_of_what_and_with_what(course: Course, folder: Path) -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    _, report = made(course, folder)
    after = datetime.datetime.now(datetime.UTC)
    origin = report.origin
    assert origin is not None
    assert before <= datetime.datetime.fromisoformat(origin.made_at) <= after
    path = folder / "student-001" / origin.file
    assert path.name == "lesson2_balance.py"
    assert origin.file_sha256 == sha256(path.read_bytes())
    # Of the other lesson, the student's own was imported: it had passed.
    assert origin.judged.keys() == {"lesson1_numbers", "lesson2_balance"}
    assert origin.versions == versions()
    assert {"reading", "properties", "training"} <= origin.stage_seconds.keys()
    assert sum(origin.stage_seconds.values()) < (after - before).total_seconds() + 1
    written = (folder.parent / "out" / "student-001" / "lesson2_balance.json").read_bytes()
    assert json.loads(written)["origin"]["file_sha256"] == origin.file_sha256


def test_what_the_course_put_in_the_place_of_an_import_has_another_hash(course: Course, folder: Path) -> None:
    _, own = made(course, folder)
    hand_in(folder, "student-001", "lesson1_numbers", NUMBERS.replace("2 * x", "x * x"))
    _, other = made(course, folder)
    assert own.origin is not None
    assert other.origin is not None
    assert own.origin.judged["lesson2_balance"] == other.origin.judged["lesson2_balance"]
    solution = course.solution(course.lessons[0]).read_text()
    assert other.origin.judged["lesson1_numbers"] == sha256(solution.encode())


def test_the_same_work_has_the_same_origin_but_for_times(course: Course, folder: Path) -> None:
    first, _ = made(course, folder)
    again, _ = grade_student(run(course, folder, train=True, fresh=True), "student-001", Here(), silent)
    assert without_times(json.loads(first.to_json())) == without_times(json.loads(again.to_json()))
    assert "made_at" not in json.dumps(without_times(json.loads(first.to_json())))


def test_a_report_that_is_kept_keeps_its_date(course: Course, folder: Path) -> None:
    reports = made(course, folder)
    old = [
        msgspec.structs.replace(each, origin=msgspec.structs.replace(each.origin, made_at="2026-01-02T03:04:05Z"))
        for each in reports
    ]
    for report in old:
        path = seal.path_of(folder.parent / "out", "student-001", report.lesson)
        path.write_bytes(seal.sealed(course, report).to_json())
    again = kept(run(course, folder, train=True), "student-001", [Here.isolation])
    assert again is not None
    assert [each.origin and each.origin.made_at for each in again] == ["2026-01-02T03:04:05Z"] * 2


@pytest.mark.parametrize("kind", ["missing", "link", "pipe", "broken"])
def test_what_cannot_be_read_has_no_hash_or_that_of_what_was_there(kind: str, course: Course, folder: Path) -> None:
    path = next(folder.rglob("lesson1_numbers.py"))
    path.unlink()
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "broken":
        path.write_bytes(b"def double(x:")
    report = made(course, folder)[0]
    assert report.origin is not None
    assert report.origin.file_sha256 == (sha256(b"def double(x:") if kind == "broken" else "")


def test_folders_that_are_named_from_the_current_one(
    course: Course, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    run = Run(course, Path(folder.name), Path("out"), ("lesson1_numbers",), train=False)
    (report,) = grade_student(run, "student-001", Here(), silent)
    assert report.origin is not None
    assert report.origin.file == made(course, folder)[0].origin.file  # type: ignore[union-attr]
    assert not report.origin.file.startswith("/")


def test_a_students_page_shows_it_and_a_hostile_name_stays_text(course: Course, folder: Path) -> None:
    report = made(course, folder)[0]
    page = html.student_page([report])
    assert "What this was made from" in page
    assert report.origin is not None
    assert report.origin.file_sha256 in page
    assert f"grader {versions()['grader']}" in page
    odd = Origin(
        "2026-01-02T03:04:05Z", "<script>\x1b[2J\u202e", "0" * 64, {"m": "1" * 64}, "", "", {"grader": "0"}, "Linux"
    )
    page = html.student_page([msgspec.structs.replace(report, origin=odd)])
    assert "<script>" not in page
    assert "2026-01-02 03:04:05 UTC" in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert "What this was made from" not in html.student_page([msgspec.structs.replace(report, origin=None)])
