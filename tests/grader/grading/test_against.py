"""A run beside an earlier one: every mark that moved is there, with what moved it and why."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny_course
from rich.console import Console
from tiny_course import BALANCE, NUMBERS, hand_in
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course, load
from grader.errors import ClassError
from grader.export.csv import moves_csv
from grader.grading.against import read, summary, write_moves
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.render.class_terminal import print_moves
from grader.report.moves import REASONS, moves
from grader.report.report import PropertyResult, Report
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError

LESSONS = ("lesson1_numbers", "lesson2_balance")
WRONG = NUMBERS.replace("x / 2", "x // 2")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    for student in ("student-001", "student-002"):
        hand_in(tmp_path / "class", student, "lesson1_numbers", NUMBERS)
        hand_in(tmp_path / "class", student, "lesson2_balance", BALANCE)
    return tmp_path / "class"


def graded(course: Course, submissions: Path, out: str, **more: Any) -> list[Report]:
    """The reports on both students."""
    run = Run(load(course.root), submissions, submissions.parent / out, LESSONS, **{"train": False, **more})
    return [
        report
        for student in ("student-001", "student-002")
        for report in grade_student(run, student, Here(), silent)
    ]  # fmt: skip


def test_nothing_moves_where_nothing_has_changed(course: Course, submissions: Path) -> None:
    before, after = graded(course, submissions, "before"), graded(course, submissions, "after")
    assert moves(before, after) == []
    assert summary([], 4) == "None of 4 marks moved."


def test_other_work_moves_one_mark_and_says_by_which_law(course: Course, submissions: Path) -> None:
    before = graded(course, submissions, "before")
    hand_in(submissions, "student-002", "lesson1_numbers", WRONG)
    (move,) = moves(before, graded(course, submissions, "after"))
    assert (move.student, move.lesson, move.difference, move.why) == ("student-002", "lesson1_numbers", -1, ("work",))
    ((exercise, says, was, now),) = move.changes
    assert (exercise, was, now) == ("half", "pass", "fail")
    assert says


def test_each_reason_is_told_from_the_others(course: Course, submissions: Path) -> None:
    before = graded(course, submissions, "before")
    path = course.root / "course.yml"
    text = path.read_text()
    path.write_text(text.replace("name: half, points: 1", "name: half, points: 2"))
    assert {move.why for move in moves(before, graded(course, submissions, "points"))} == {("points",)}
    path.write_text(text)
    tests = course.tests(course.lessons[0]) / "test_numbers.py"
    kept = tests.read_text()
    tests.write_text(kept.replace("half(x) ==", "half(x) + 1 =="))
    harder = moves(before, graded(course, submissions, "tests"))
    assert {move.why for move in harder if move.lesson == "lesson1_numbers"} == {("tests",)}
    tests.write_text(kept)
    trained = moves(before, graded(course, submissions, "trained", train=True))
    assert {move.why for move in trained} == {("training",)}
    assert [move.lesson for move in trained] == ["lesson2_balance"] * 2


def other(report: Report, **parts: Any) -> Report:
    return msgspec.structs.replace(report, **parts)


def test_what_was_made_with_other_means_says_so(course: Course, submissions: Path) -> None:
    before = graded(course, submissions, "before")[0]
    assert before.origin is not None
    lower = other(before, score=1.0)

    def why(**parts: Any) -> tuple[str, ...]:
        (move,) = moves([before], [other(lower, origin=msgspec.structs.replace(before.origin, **parts))])
        return move.why

    assert why() == ("unknown",)
    assert why(grader="0" * 64) == ("grader",)
    assert why(versions={**before.origin.versions, "torch": "1.0"}) == ("libraries",)
    assert why(versions={**before.origin.versions, "grader": "0.0.1"}) == ("unknown",)  # the code says that
    assert why(judged={**before.origin.judged, "lesson0": "0"}) == ("imports",)
    assert why(judged={"lesson1_numbers": "0"}, tests="0") == ("work", "tests")
    assert moves([before], [other(lower, origin=None)])[0].why == ("unknown",)
    assert moves([before], [other(lower, held="why")])[0].why == ("held",)
    assert moves([before], [other(lower, isolation=Isolation("strong"))])[0].why == ("walls",)  # type: ignore[arg-type]


def test_marks_that_come_and_go_and_faults_have_no_difference(course: Course, submissions: Path) -> None:
    one, two, *_ = graded(course, submissions, "before")
    found = moves([one], [two])
    assert [(move.lesson, move.before, move.after, move.difference) for move in found] == [
        ("lesson1_numbers", one, None, None),
        ("lesson2_balance", None, two, None),
    ]
    (fault,) = moves([one], [other(one, status="error", message="why")])
    assert fault.difference is None
    up, down = (moves([one], [other(one, score=score)])[0] for score in (4.0, 0.5))
    assert summary([up, down, *found, fault], 9) == (
        "5 of 9 marks moved: 1 up, 1 down, 3 new, gone, or out of other points."
    )


def test_the_table_and_the_page_hold_every_move_and_hostile_words_stay_text(
    course: Course, submissions: Path, tmp_path: Path
) -> None:
    evil = "=cmd|' /C x'!A0 <script>\x1b[2J\u202e"
    law = PropertyResult("test_a", evil, evil, "pass", 1, 1)
    before = other(graded(course, submissions, "before")[0], student=evil, properties=(law,))
    after = other(before, score=0.0, properties=(msgspec.structs.replace(law, verdict="fail"),))
    moved = moves([before], [after])
    (row,) = csv.DictReader(io.StringIO(moves_csv(moved)))
    assert row["student"].startswith("'=cmd")
    assert (row["before"], row["after"], row["max_after"], row["difference"]) == ("3", "0", "3", "-3")
    assert row["why"] == "unknown"
    assert "pass → fail" in row["verdicts"]
    out = tmp_path / "out"
    out.mkdir()
    said = write_moves(course, out, tmp_path / "before", moved, 1)
    page = (out / "changes.html").read_text()
    assert said in page
    assert "<script>" not in page
    assert not {"\x1b", "\u202e"} & set(page)
    assert "\x1b" not in (out / "changes.csv").read_text()  # ids stay what they are, as in grades.csv
    console = Console(file=io.StringIO(), width=80)
    print_moves(moved * 25, console, said, out / "changes.html")
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "… and 5 more" in shown
    assert "3/3 → 0/3" in shown
    assert not {"\x1b", "\u202e"} & set(shown)


def test_a_folder_that_makes_no_sense_is_refused_before_anything_is_graded(
    course: Course, submissions: Path, tmp_path: Path
) -> None:
    graded(course, submissions, "before")
    students = ["student-001"]
    with pytest.raises(ClassError, match="not a folder"):
        read(course, tmp_path / "nowhere", tmp_path / "out", students, LESSONS)
    for out in (tmp_path / "before", tmp_path / "before" / "inside"):
        with pytest.raises(ClassError, match="copy it first"):
            read(course, tmp_path / "before", out, students, LESSONS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ClassError, match="no report on these students"):
        read(course, tmp_path / "empty", tmp_path / "out", students, LESSONS)
    salted = msgspec.structs.replace(course, class_salt="another salt than that of the run")
    with pytest.raises(ClassError, match="with this salt"):
        read(salted, tmp_path / "before", tmp_path / "out", students, LESSONS)
    assert len(read(course, tmp_path / "before", tmp_path / "out", students, LESSONS[:1])) == 1


def test_as_it_is_typed(course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    monkeypatch.chdir(course.root)
    out, before = tmp_path / "report", tmp_path / "report-before"
    words = ["grade", str(submissions), "--out", str(out), "--no-training", "--no-rehearsal", "--lesson", "1"]
    assert CliRunner().invoke(app, words).exit_code == 0
    shutil.copytree(out, before)
    hand_in(submissions, "student-002", "lesson1_numbers", WRONG)
    done = CliRunner().invoke(app, [*words, "--against", str(before)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "1 of 2 marks moved: 1 down." in said
    assert f"student-002, lesson1_numbers: 3/3 → 2/3 ({REASONS['work']}; 1 verdict differs)" in said
    assert (out / "changes.csv").read_text().count("\n") == 2
    again = CliRunner().invoke(app, [*words, "--against", str(out)])
    assert isinstance(again.exception, ClassError)
