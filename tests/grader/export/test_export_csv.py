"""The CSV table: what it says, that its numbers are clean, and that a spreadsheet executes nothing of it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.export.csv import HEADER, cell, grades_csv
from grader.report.report import PropertyResult, Report, Status


def report(student: str, number: int, score: float, status: Status = "graded", max_score: float = 10) -> Report:
    """A report with nothing in it but what the table needs."""
    return Report(student, f"lesson{number}_x", "Title", status, score, max_score, None, "cpu")


def table(reports: list[Report]) -> list[list[str]]:
    """The table read back as a spreadsheet would."""
    return list(csv.reader(io.StringIO(grades_csv(reports))))


def test_the_whole_table() -> None:
    reports = [
        report("student10", 2, 0.1 + 0.2, max_score=2.5),
        report("student2", 10, 7),
        report("student2", 9, 3.50),
        report("student10", 1, 0, "missing"),
    ]
    assert grades_csv(reports) == (
        "student,lesson,score,max_score,status,earned,adjusted,why\n"
        "student2,lesson9_x,3.5,10,graded,3.5,0,\n"
        "student2,lesson10_x,7,10,graded,7,0,\n"
        "student2,total,10.5,20,graded,10.5,0,\n"
        "student10,lesson1_x,0,10,missing,0,0,\n"
        "student10,lesson2_x,0.3,2.5,graded,0.3,0,\n"
        "student10,total,0.3,12.5,missing,0.3,0,\n"
    )


def test_no_reports_give_the_header_alone() -> None:
    assert grades_csv([]) == ",".join(HEADER) + "\n"


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["graded", "not started"], "not started"),
        (["not started", "missing", "graded"], "missing"),
        (["missing", "unreadable"], "unreadable"),
        (["unreadable", "error", "graded"], "error"),
        (["graded", "graded"], "graded"),
    ],
)
def test_a_total_has_the_worst_status(statuses: list[Status], worst: str) -> None:
    assert table([report("a", i + 1, 1, status) for i, status in enumerate(statuses)])[-1][4] == worst


def test_a_fault_of_the_grader_is_never_called_graded() -> None:
    broken = PropertyResult("test_x", "f", "says", "error", 0, 1)
    row, total = table([Report("a", "lesson1_x", "", "graded", 0, 1, None, "", (broken,))])[1:]
    assert row[4:] == total[4:] == ["error", "", "", ""]


@pytest.mark.parametrize(
    "name", ["anna", "o'neil", "+4915112345", "@anna", "-x", "s-1.2@uni", "Zoë", "007", "a=b", "'a'"]
)
def test_ids_come_through(name: str) -> None:
    assert table([report(name, 1, 1)])[1][0] == name


@pytest.mark.parametrize(
    "name",
    ["=cmd", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1+cmd|x", '-HYPERLINK("x")', " =1", "\t=1", "'=cmd", "＝1", "--=1"],
)
def test_formulas_are_defused(name: str) -> None:
    written = table([report(name, 1, 1)])[1][0]
    assert written.startswith("'") or written.startswith("\\x")


@given(st.lists(st.text("=+-@'\t\r\n ,;\"a1(\udcff", max_size=6), min_size=2, max_size=2, unique=True))
def test_no_two_students_share_an_id(names: list[str]) -> None:
    # A literal backslash is not drawn: escapes of control characters are readable, not reversible.
    first, second = map(cell, names)
    assert first != second


@given(st.text(max_size=20))
def test_any_folder_name_gives_one_storable_line_a_row(name: str) -> None:
    text = grades_csv([report(name, 1, 1)])
    text.encode("utf-8")
    assert text.count("\n") == 3
    assert all(len(row) == len(HEADER) for row in csv.reader(io.StringIO(text)))


def test_numbers_have_no_float_noise() -> None:
    rows = table([report("a", i, 1 / 3, max_score=1.005) for i in (1, 2, 3)])
    assert [row[2] for row in rows[1:]] == ["0.33", "0.33", "0.33", "1"]
