"""Marks in one folder as tables: CSV, Moodle, Autolab, and what all of them make of reports without a mark."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import tiny_course
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import GOLDEN, broken, mixed, report, store

from grader.course import Course, Exercise, Lesson, TrainingRule, load
from grader.errors import ClassError
from grader.export import autolab, moodle
from grader.export.csv import grades_csv, wide_csv
from grader.export.ids import Ids, read
from grader.export.marks import add_up, of_class, of_student, pick
from grader.grading.register import Register
from grader.report.seal import sealed

RULE = TrainingRule("train", 4, "CartPole-v1", 475, 9000)
LESSON = Lesson(
    "lesson5_replay_buffer",
    "Experience replay",
    (Exercise("ReplayBuffer.push", 5), Exercise("ReplayBuffer.sample", 5)),
    training=RULE,
)
CLASS = [
    report("student-010@school.edu", score=2.0),
    report("student-010@school.edu", "lesson10_x", 1 / 3),
    report("student-002@school.edu", score=7.5),
    report("student-002@school.edu", "lesson10_x", 0.0, status="missing"),
]


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_golden_tables() -> None:
    assert wide_csv(CLASS) == (GOLDEN / "wide.csv").read_text(encoding="utf-8")
    assert moodle.export(CLASS).data == (GOLDEN / "moodle.csv").read_bytes()
    assert autolab.export([mixed()], lesson=LESSON).data == (GOLDEN / "autolab.txt").read_bytes()


def test_wide_has_a_row_a_student_and_blanks_where_there_is_no_mark() -> None:
    assert rows(wide_csv([*CLASS, broken("=cmd|x")])) == [
        ["student", "lesson5_replay_buffer", "lesson10_x", "total", "adjusted", "why"],
        ["'=cmd|x", "", "", "", "", ""],
        ["student-002@school.edu", "7.5", "0", "7.5", "0", ""],
        ["student-010@school.edu", "2", "0.33", "2.33", "0", ""],
    ]


def test_a_fault_of_the_grader_is_never_a_mark_in_the_long_table_either() -> None:
    assert rows(grades_csv([report("a", "lesson1_x"), broken("a")]))[1:] == [
        ["a", "lesson1_x", "7.5", "10", "graded", "7.5", "0", ""],
        ["a", "lesson5_replay_buffer", "", "10", "error", "", "", ""],
        ["a", "total", "", "20", "error", "", "", ""],
    ]


def test_moodle_has_a_mark_in_every_cell() -> None:
    """An empty cell takes away a grade, and one unknown id aborts the import (gradeimport_csv_load_data)."""
    more = [
        *CLASS,
        report("student-003@school.edu"),
        broken("student-004@school.edu"),
        report("student-004@school.edu", "lesson10_x"),
    ]
    table = moodle.export(more)
    assert rows(table.data.decode()) == [
        ["Email address", "lesson5_replay_buffer", "lesson10_x"],
        ["student-002@school.edu", "7.5", "0"],
        ["student-010@school.edu", "2", "0.33"],
    ]
    assert "student-003@school.edu: no report on lesson10_x" in table.said


def test_moodle_ids() -> None:
    ids = Ids({"a": "0012", "c": "0099"}, given=True)
    table = moodle.export([report("a"), report("b")], by="idnumber", ids=ids)
    assert rows(table.data.decode()) == [["ID number", "lesson5_replay_buffer"], ["0012", "7.5"]]
    assert table.said == ("b: no id in the file of ids", "c: in the file of ids, but not graded")
    with pytest.raises(ClassError, match="'a' is not an e-mail address"):
        moodle.export([report("a")])
    with pytest.raises(ClassError, match="no student to export"):
        moodle.export([broken("a@b")])


def test_autolab_s_last_line_is_the_scores() -> None:
    """Guide for Lab Authors: the last text line on stdout is a JSON string with a hash called scores."""
    *_, presentation, last = autolab.export([mixed()], lesson=LESSON).data.splitlines()
    assert json.loads(last) == {"scores": {"ReplayBuffer.push": 3.33, "ReplayBuffer.sample": 0.0, "train": 4.0}}
    shown = json.loads(presentation)
    assert shown["_presentation"] == "semantic"
    assert all(isinstance(test["passed"], bool) for stage in shown["stages"] for test in shown[stage].values())
    nothing = report("a", score=0.0, status="missing", message="nothing was\nhanded in")
    assert json.loads(autolab.export([nothing], lesson=LESSON).data.splitlines()[-1])["scores"] == {
        "ReplayBuffer.push": 0.0,
        "ReplayBuffer.sample": 0.0,
        "train": 0.0,
    }
    assert autolab.export([mixed()], lesson=LESSON, problem="All").data.splitlines()[-1] == b'{"scores": {"All": 7.33}}'
    with pytest.raises(ClassError, match="no mark, because the grader failed"):
        autolab.export([broken()], lesson=LESSON)


@given(st.lists(st.fractions(0, 5, max_denominator=12), max_size=12))
def test_parts_add_up_and_stay_close(parts: list) -> None:  # type: ignore[type-arg]
    values = [float(part) for part in parts]
    total = round(sum(values), 2)
    whole = add_up(values, total)
    assert round(sum(whole), 6) == total
    assert all(abs(a - b) <= 0.01 + 1e-9 for a, b in zip(whole, values))
    assert all(a == 0 for a, b in zip(whole, values) if b == 0), "nothing gets a hundredth for nothing"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def test_a_folder_of_reports(course: Course, tmp_path: Path) -> None:
    out = store(course, tmp_path / "report", *CLASS)
    (out / "index.html").write_text("")
    (out / "submitted").mkdir()
    found = of_class(course, out)
    assert [(each.student, each.lesson) for each in found] == [
        ("student-002@school.edu", "lesson5_replay_buffer"),
        ("student-002@school.edu", "lesson10_x"),
        ("student-010@school.edu", "lesson5_replay_buffer"),
        ("student-010@school.edu", "lesson10_x"),
    ]
    assert (
        {each.lesson for each in pick(found, "5")} == {each.lesson for each in pick(found, "lesson5")} == {LESSON.name}
    )
    for name in ("7", "lesson", "nothing"):
        with pytest.raises(ClassError, match="there are: lesson5_replay_buffer, lesson10_x"):
            pick(found, name)


def test_a_damaged_report_is_not_passed_over(course: Course, tmp_path: Path) -> None:
    out = store(course, tmp_path / "report", *CLASS)
    (out / "student-002@school.edu" / "lesson10_x.json").write_text('{"student": "stu')
    with pytest.raises(ClassError, match=r"lesson10_x\.json is not a report"):
        of_class(course, out)
    for folder in (tmp_path / "nowhere", out / "student-002@school.edu"):
        with pytest.raises(ClassError, match="grader grade"):
            of_class(course, folder)


def test_a_report_that_the_grader_did_not_make_is_none(course: Course, tmp_path: Path) -> None:
    out = store(course, tmp_path / "report", report("student-001"), report("student-002", score=9.0))
    made = {student: out / student / "lesson5_replay_buffer.json" for student in ("student-001", "student-002")}
    right = made["student-001"].read_bytes()
    better = right.replace(b'"score": 7.5', b'"score": 10.0')
    assert better != right
    another = tiny_course.make(tmp_path / "another")
    (another.root / "course.yml").write_text((another.root / "course.yml").read_text().replace("grains", "sugar"))
    forged = {
        "changed": better,
        "without a seal": report("student-001", score=10.0).to_json(),
        "a classmate's": made["student-002"].read_bytes(),
        "another course's": sealed(load(another.root), report("student-001")).to_json(),
        "too deep": b"[" * 100_000,
    }
    for what, data in forged.items():
        made["student-001"].write_bytes(data)
        assert of_student(course, out, "student-001", ["lesson5_replay_buffer"]) == [], what
        register = Register(course, out)
        students = ["student-001", "student-002"]
        assert [len(register.of(student, ["lesson5_replay_buffer"])) for student in students] == [0, 1]
        assert register.strange(students) == [made["student-001"]]
        with pytest.raises(ClassError, match="grade again"):
            of_class(course, out)
    # What was said is sealed, and not how: in another order, or by another clock, it is the grader's.
    data = dict(reversed(json.loads(right).items()))
    made["student-001"].write_bytes(json.dumps({**data, "seconds": 5.0}).encode())
    assert [each.score for each in of_class(course, out)] == [7.5, 9.0]


def test_ids_are_read_with_or_without_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    for text in ("student,id\r\na,1\r\n\r\nb,2\r\n", "a;1\nb;2\n", "\ufeffa,1\nb, 2\n"):
        path.write_text(text, encoding="utf-8", newline="")
        assert read(path) == Ids({"a": "1", "b": "2"}, given=True)
    assert Ids().of("a") == "a"
    assert read(path).of("c") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,1\na,2\n", "line 2: 'a' comes twice"),
        ("a,1\nb,1\n", "line 2: a second student with the id '1'"),
        ("a,1\nb\n", "line 2: two columns expected"),
        ("student,id\n", "names no students"),
        (None, "cannot be read"),
    ],
)
def test_a_mistake_in_the_ids_names_its_line(text: str | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ClassError, match=says):
        read(path)
