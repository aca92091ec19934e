"""The ledger as an instructor uses it: a file beside the submissions, one command, and the same marks everywhere."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import tiny_course
from tiny_course import NUMBERS, hand_in
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course
from grader.errors import ClassError
from grader.student.isolation import choose
from grader.student.levels import IsolationError

WRONG = NUMBERS.replace("x / 2", "x // 2")
MARKS = """\
- {student: student-001, lesson: 1, handed in: 2026-01-07T12:00:00+01:00}
- {student: student-002, lesson: 1, add: 0.5, why: a typo in the text}
- {student: student-003, lesson: 1, excused: yes, why: joined late}
"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    course = tiny_course.make(tmp_path / "course")
    path = course.root / "course.yml"
    text = path.read_text().replace("title: Numbers", "title: Numbers\n    due: 2026-01-05T23:59:00+01:00")
    path.write_text(text.replace("salt: grains", "salt: grains\nlate: {percent_per_day: 10}"))
    for student, work in (("student-001", NUMBERS), ("student-002", WRONG), ("student-003", WRONG)):
        hand_in(course.root / "work", student, "lesson1_numbers", work)
    monkeypatch.chdir(course.root)
    return course


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), catch_exceptions=True)


def grade(*more: str) -> str:
    done = run("grade", "work", "--no-training", "--no-rehearsal", "--lesson", "1", *more)
    assert done.exit_code == 0, (done.output, done.exception)
    return " ".join(done.stdout.split())


def marks(folder: Path) -> dict[str, tuple[str, str, str]]:
    with (folder / "report" / "grades.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["lesson"] != "total"]
    return {row["student"]: (row["score"], row["status"], row["why"]) for row in rows}


def test_an_entry_moves_a_mark_and_grades_nothing_anew(course: Course) -> None:
    said = grade()
    assert "adjusted" not in said
    assert "It is not known when 3 of 3 submissions on lesson 1 came in" in said
    assert "marks.yml" in (course.root / "report" / "index.html").read_text()
    before = {path: path.read_bytes() for path in (course.root / "report").rglob("lesson*.json")}
    assert marks(course.root)["student-001"] == ("3", "graded", "")

    (course.root / "work" / "marks.yml").write_text(MARKS)
    said = grade()
    assert {path: path.read_bytes() for path in before} == before, "no report has changed"
    late = "two days late (10 % per day)"
    assert marks(course.root) == {
        "student-001": ("2.4", "graded", f"0.6 taken off: {late}"),
        "student-002": ("2.5", "graded", "0.5 added: a typo in the text"),
        "student-003": ("", "excused", "excused: joined late"),
    }
    assert "marks.yml or the late rule has moved 3 marks since the last run:" in said
    assert f"student-001, lesson1_numbers: 3 → 2.4 (2.4 of 3 points: 3 earned, 0.6 taken off: {late})" in said
    assert "* 3 marks are adjusted:" in said
    assert "2.4*" in said
    assert "It is not known when 2 of 3 submissions" in said
    assert "has moved" not in grade(), "the second time nothing has moved"

    wide = run("export", "csv", "report", "--wide", "--lesson", "1").stdout.splitlines()
    assert wide[1].startswith("student-001,2.4,2.4,-0.6,")
    (course.root / "work" / "marks.yml").unlink()
    said = grade()
    assert "student-001, lesson1_numbers: 2.4 → 3 (as earned)" in said
    assert marks(course.root)["student-003"] == ("2", "graded", "")


def test_against_says_that_it_was_the_ledger(course: Course) -> None:
    grade()
    (course.root / "report").rename(course.root / "before")
    (course.root / "work" / "marks.yml").write_text(MARKS)
    said = grade("--against", "before")
    assert "3 of 3 marks moved: 1 up, 1 down, 1 new, gone, or out of other points." in said
    assert "student-003, lesson1_numbers: 2/3 → excused (marks.yml, or a penalty for being late" in said
    page = (course.root / "report" / "changes.html").read_text()
    assert "0.5 added: a typo in the text" in page
    assert "Excused" in page


def test_a_mistake_ends_the_run_before_anything_is_graded(course: Course) -> None:
    (course.root / "work" / "marks.yml").write_text(MARKS.replace("student-002", "student-02"))
    done = run("grade", "work", "--no-rehearsal", "--no-training")
    assert isinstance(done.exception, ClassError)
    told = "work/marks.yml, line 2: no student is called 'student-02'; did you mean 'student-002'?"
    assert str(done.exception) == told
    assert not (course.root / "report").exists()


def test_a_file_elsewhere_comes_before_the_one_that_lies_there(course: Course) -> None:
    (course.root / "work" / "marks.yml").write_text("- nonsense\n")
    (course.root / "mine.yml").write_text(MARKS)
    assert "* 3 marks are adjusted:" in grade("--marks", "mine.yml")


def test_what_a_student_hands_in_is_never_the_ledger(course: Course) -> None:
    own = course.root / "work" / "student-002"
    for folder in (own, own / "lesson1_numbers"):
        (folder / "marks.yml").write_text("- {student: student-002, lesson: 1, score: 3, why: x}\n")
    said = grade()
    assert "adjusted" not in said
    assert marks(course.root)["student-002"][0] == "2"


def test_a_regrade_of_one_student_loses_nothing_of_the_others(course: Course) -> None:
    (course.root / "work" / "marks.yml").write_text(MARKS)
    grade()
    before = marks(course.root)
    hand_in(course.root / "work", "student-002", "lesson1_numbers", NUMBERS)
    grade("--student", "student-002")
    score, status, why = marks(course.root)["student-002"]
    assert (score, status) == ("3", "graded")
    assert "+0.5 was given, but a mark is at least 0 and at most 3" in why
    for student in ("student-001", "student-003"):
        assert marks(course.root)[student] == before[student]
