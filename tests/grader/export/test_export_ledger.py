"""What marks.yml and the late rule have done to marks, in every table that leaves the house."""

from __future__ import annotations

import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import CANVAS_TEMPLATE, broken, mixed, report

from grader.course import Exercise, Lesson
from grader.errors import ClassError
from grader.export import autolab, github, moodle
from grader.export.canvas import fill
from grader.export.csv import grades_csv, wide_csv
from grader.export.marks import mark, without_mark
from grader.render import fragment
from grader.report.mark import Case, Late, Points
from grader.report.report import Report
from grader.report.settled import settled

FIVE, SIX = "lesson5_replay_buffer", "lesson6_deep_q_learning"
EXERCISES = (Exercise("ReplayBuffer.push", 5), Exercise("ReplayBuffer.sample", 5))


def given_to(one: Report, **parts: object) -> Report:
    return settled(one, Case(one.student, one.lesson, **parts))  # type: ignore[arg-type]


LATE = Late(2, 1, 10, 10)
CLASS = [
    given_to(report("student-001", FIVE, 8.5), late=LATE),
    given_to(report("student-001", SIX, 4), excused="=joined; late"),
    given_to(report("student-002", FIVE, 0, status="missing"), score=Points(6, "oral exam")),
    report("student-002", SIX, 4),
]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_long_table_says_what_was_earned_by_how_much_it_changed_and_why() -> None:
    assert rows(grades_csv(CLASS))[1:] == [
        ["student-001", FIVE, "7.5", "10", "graded", "8.5", "-1", why := CLASS_WHY],
        ["student-001", SIX, "", "0", "excused", "4", "0", "excused: =joined; late"],
        ["student-001", "total", "7.5", "10", "graded", "8.5", "-1", ""],
        ["student-002", FIVE, "6", "10", "missing", "0", "6", "set to 6: oral exam"],
        ["student-002", SIX, "4", "10", "graded", "4", "0", ""],
        ["student-002", "total", "10", "20", "missing", "4", "6", ""],
    ]
    assert why


CLASS_WHY = "1 taken off: two days late (10 % per day, 1 free late day spent)"


def test_the_wide_table_says_so_at_the_end() -> None:
    assert rows(wide_csv(CLASS)) == [
        ["student", FIVE, SIX, "total", "adjusted", "why"],
        ["student-001", "7.5", "", "7.5", "-1", f"{FIVE}: {CLASS_WHY}; {SIX}: excused: =joined; late"],
        ["student-002", "6", "4", "10", "6", f"{FIVE}: set to 6: oral exam"],
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 10), st.booleans()), max_size=6))
def test_without_a_ledger_the_first_five_columns_are_all_there_is(marks: list[tuple[str, float, bool]]) -> None:
    reports = [
        settled(broken(s, f"lesson{i}_x") if fault else report(s, f"lesson{i}_x", score), None)
        for i, (s, score, fault) in enumerate(marks)
    ]
    for row in rows(grades_csv(reports))[1:]:
        assert row[5:] == [row[2], "0" if row[2] else "", ""]


def test_canvas_gets_the_final_mark_and_who_is_excused() -> None:
    before = CANVAS_TEMPLATE.decode("utf-8-sig")
    excused = given_to(report("student-002", score=3.5), excused="joined late")
    filled = fill(CANVAS_TEMPLATE, [CLASS[0], excused, report("student-004", score=1)], scale=True)
    assert [row[6] for row in rows(filled.data.decode("utf-8-sig"))[3:]] == ["7.5", "EX", "EX", "1", ""]
    assert f"student-001, {FIVE}: 7.5 of 10 points: 8.5 earned, {CLASS_WHY}" in filled.said
    assert any("student-002" in line and "excused: joined late" in line for line in filled.said)
    assert filled.replaced == ("Two, Student (student-002): 3.5 → EX",)
    assert before.count("EX") == 1
    # Where everybody is excused there is still a lesson with its points.
    assert b"EX" in fill(CANVAS_TEMPLATE, [excused], scale=True).data


def test_moodle_leaves_out_who_is_excused_and_says_so() -> None:
    made = moodle.export(CLASS, by="username")
    assert made.data.decode() == f"Username,{FIVE},{SIX}\r\nstudent-002,6,4\r\n"
    assert f"student-001: left out, because {SIX} does not count for this student" in made.said
    assert f"student-002, {FIVE}: 6 of 10 points: 0 earned, set to 6: oral exam" in made.said
    assert without_mark(CLASS) == [], "nobody's fault"


@pytest.mark.parametrize("points", [0, 3, 7.33, 12])
def test_autolab_s_problems_add_up_to_the_final_mark(points: float) -> None:
    for one in (mixed(), report("student-001", score=0, status="missing", max_score=14.0)):
        lesson = Lesson(FIVE, "Experience replay", EXERCISES)
        said = autolab.export([given_to(one, score=Points(points, "oral exam"))], lesson=lesson).data.decode()
        scores = json.loads(said.splitlines()[-1])["scores"]
        assert sum(scores.values()) == pytest.approx(points)
        assert min(scores.values()) >= 0
        assert f"set to {points:g}: oral exam." in said


def test_autolab_gives_no_mark_to_who_is_excused() -> None:
    with pytest.raises(ClassError, match="student-001: no mark on lesson6_deep_q_learning; excused: =joined; late"):
        autolab.export([CLASS[1]], lesson=Lesson(SIX, "X", EXERCISES))


def test_the_workflow_s_result_adds_up_to_the_final_mark() -> None:
    one = given_to(mixed(), late=LATE)
    result = github.result(one)
    assert sum(test["score"] for test in result["tests"]) == pytest.approx(one.score)
    assert result["tests"][-1]["name"].startswith("The mark: 5.93 of 14 points: 7.33 earned, 1.4 taken off: two days")
    assert github.result(mixed())["tests"] == result["tests"][:-1]
    excused = github.result(given_to(mixed(), excused="joined late"))
    assert (excused["max_score"], sum(test["score"] for test in excused["tests"])) == (0, pytest.approx(0))
    assert "7.33 earned, 1.4 taken off" in fragment.summary(one)
    assert "earned" not in fragment.summary(mixed())


def test_a_fault_has_no_mark_unless_one_is_given_by_hand() -> None:
    assert mark(given_to(broken(), late=LATE)) is None
    assert mark(given_to(broken(), score=Points(6, "read by hand"))) == 6
    assert mark(msgspec.structs.replace(given_to(report("student-001"), late=LATE))) == 6.5
