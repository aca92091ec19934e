"""Marks that a regrade has lowered come back by entries of marks.yml, and by nothing else."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest
import tiny_course
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import report as a_report
from tiny_course import NUMBERS, hand_in
from typed import grader

from grader.errors import ClassError
from grader.ledger.never_lower import add, entries, raises
from grader.ledger.reading import read
from grader.report.mark import Case, Points
from grader.report.moves import Move, moves
from grader.report.report import Origin, Report
from grader.report.settled import settled
from grader.student.isolation import choose
from grader.student.levels import IsolationError

LESSON = "lesson1_numbers"
DAY = datetime.date(2026, 10, 12)


def report(score: float, maximum: float = 10.0, *, work: str = "a", student: str = "ann", **more: object) -> Report:
    made = Origin("", "", "", {LESSON: work}, "", "", {}, "")
    return a_report(student, LESSON, score, max_score=maximum, origin=made, **more)


def moved(before: Report, after: Report) -> list[Move]:
    return moves([before], [after])


def added(before: Report, after: Report) -> list[float]:
    return [each.points for each in raises(moved(before, after))]


def test_what_has_fallen_with_the_same_work_is_added() -> None:
    assert added(report(9), report(7.5)) == [1.5]
    assert added(report(7), report(9)) == []
    assert added(report(9), report(7, work="b")) == []
    assert added(report(9), report(0, status="error")) == []
    assert raises(moves([report(9)], [])) == []


def test_of_other_points_the_same_part_is_kept() -> None:
    assert added(report(9, 10), report(9, 20)) == [9.0]
    assert added(report(9, 20), report(4.5, 10)) == []


def test_what_people_have_taken_off_stays_off() -> None:
    fine = settled(report(9), Case("ann", LESSON, additions=(Points(-2, "no text"),)))
    assert added(report(9), fine) == []
    worse = settled(report(8), Case("ann", LESSON, additions=(Points(-2, "no text"),)))
    assert added(report(9), worse) == [1.0]
    fixed = settled(report(8), Case("ann", LESSON, score=Points(5, "oral")))
    assert added(report(9), fixed) == []


def test_what_was_added_once_is_not_added_again() -> None:
    before, after = report(9), report(7)
    (first,) = raises(moved(before, after))
    held = settled(after, Case("ann", LESSON, additions=(Points(first.points, "kept"),)))
    assert moved(before, held) == []
    # A second change that lowers it further costs no more than that.
    lower = settled(report(6), Case("ann", LESSON, additions=(Points(first.points, "kept"),)))
    assert added(before, lower) == [1.0]


@given(st.floats(0, 10), st.floats(0, 10))
def test_no_mark_is_lower_than_before_by_a_hair(was: float, now: float) -> None:
    for points in added(report(was), report(now)):
        assert was <= now + points <= was + 2e-4


def test_the_lines_are_entries_whoever_they_are_about(tmp_path: Path) -> None:
    names = ["student-001", "a: b", "#x", 'say "hi"', "é", "- {", "null", "1"]
    found = raises([each for name in names for each in moved(report(9, student=name), report(7, student=name))])
    path = tmp_path / "marks.yml"
    path.write_text("# by hand\n- {student: '1', lesson: 1, add: 1, why: talk}")
    add(path, entries(found, DAY))
    read_again = read(path, tiny_course.shared(), names)
    assert [each.students for each in read_again] == [("1",), *((name,) for name in names)]
    assert {each.points for each in read_again[1:]} == {2.0}
    assert read_again[1].why == "a regrade lowers no mark: it was 9 of 10"
    path.unlink()
    add(path, entries(found, DAY))
    assert len(read(path, tiny_course.shared(), names)) == len(names)


def test_a_file_to_which_no_line_can_be_added(tmp_path: Path) -> None:
    path = tmp_path / "marks.yml"
    path.write_text("[]\n")
    with pytest.raises(ClassError, match="write each entry on a line of its own"):
        add(path, "- {}\n")
    assert path.read_text() == "[]\n"


def test_a_class_regraded_by_a_stricter_test(tmp_path: Path) -> None:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    course = tiny_course.make(tmp_path / "course")
    root, work = course.root, tmp_path / "work"
    hand_in(work, "student-001", LESSON, NUMBERS)
    hand_in(work, "student-002", LESSON, NUMBERS.replace("2 * x", "3 * x"))

    def grade(out: str, *more: str) -> dict[str, tuple[str, str]]:
        done = grader(root, "grade", str(work), "--lesson", "1", "--no-rehearsal", "--out", out, *more)
        assert done.returncode == 0, done.stderr
        said.append(done.stderr + done.stdout)
        rows = list(csv.DictReader((root / out / "grades.csv").open()))
        return {row["student"]: (row["score"], row["why"]) for row in rows if row["lesson"] == LESSON}

    said: list[str] = []
    before = grade("before")
    test = course.tests(course.lesson("1")) / "test_numbers.py"
    test.write_text(test.read_text().replace("student.half(x) == near(x / 2)", "student.half(x) == near(x / 2 + 1)"))
    assert grade("lower", "--against", "before")["student-001"][0] != before["student-001"][0]
    kept = grade("after", "--against", "before", "--never-lower")
    assert {who: mark for who, (mark, _) in kept.items()} == {who: mark for who, (mark, _) in before.items()}
    assert "a regrade lowers no mark: it was 3 of 3" in kept["student-001"][1]
    assert "raised by entries in" in said[-1]
    assert "None of 2 marks moved." in said[-1]
    lines = (work / "marks.yml").read_text()
    assert grade("after", "--against", "before", "--never-lower") == kept
    assert (work / "marks.yml").read_text() == lines
    done = grader(root, "grade", str(work), "--never-lower")
    assert (done.returncode, done.stderr) == (2, "grader: --never-lower goes with --against: lower than what?\n")
