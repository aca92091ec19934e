"""Canvas: exactly one column changes, every other byte stays, and whatever cannot be told is asked for."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import CANVAS_TEMPLATE, GOLDEN, broken, report

from grader.errors import ClassError
from grader.export.canvas import fill
from grader.export.ids import Ids
from grader.export.table import cells

# As lib/gradebook_exporter.rb in canvas-lms writes it: a custom column, two assignments, totals that are read only.
REPORTS = [report(f"student-00{i}", score=score) for i, score in ((1, 7.5), (2, 10.0), (3, 1.0), (5, 2.0))]


def columns(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_golden_table() -> None:
    assert fill(CANVAS_TEMPLATE, REPORTS).data == (GOLDEN / "canvas.csv").read_bytes()


def test_one_column_changes_and_nothing_else() -> None:
    filled = fill(CANVAS_TEMPLATE, REPORTS)
    assert (filled.column, filled.by) == ("Experience replay (101)", "SIS Login ID")
    assert (filled.filled, filled.replaced) == (2, ("Two, Student (student-002): 3.5 → 10",))
    before, after = columns(CANVAS_TEMPLATE), columns(filled.data)
    changed = {(i, j) for i, row in enumerate(before) for j, value in enumerate(row) if after[i][j] != value}
    assert changed == {(3, 6), (4, 6)}
    assert [row[6] for row in after[3:]] == ["7.5", "10", "EX", "", ""]
    assert filled.data.startswith("\ufeff".encode())
    # Byte for byte: what was put in taken out again is the template.
    assert filled.data.replace(b'",7.5,4', b'",,4').replace(b",,10,,35", b",,3.5,,35") == CANVAS_TEMPLATE


def test_who_is_missing_on_either_side_is_said() -> None:
    said = "\n".join(fill(CANVAS_TEMPLATE, REPORTS).said)
    assert "Four, Student (student-004): in Canvas, but not graded" in said
    assert "student-005: graded, but not in Canvas" in said
    assert "student-003: excused (EX) in Canvas, left as it is" in said


def test_an_error_of_the_grader_leaves_the_cell_alone() -> None:
    filled = fill(CANVAS_TEMPLATE, [REPORTS[0], broken("student-002")])
    assert columns(filled.data)[4][6] == "3.5"
    assert not [line for line in filled.said if "student-002" in line], "said by the command, as for every system"


def test_semicolons_and_decimal_commas() -> None:
    template = (
        b"Student;ID;SIS Login ID;Section;Experience replay (101);Final Score\n"
        b"    Points Possible;;;;10,0;(read only)\n"
        b"One;11;student-001;A;7,50;7,5\n"
        b'Two;12;student-002;A;"1,25";1\n'
    )
    filled = fill(template, [report("student-001"), report("student-002", score=2.75)])
    assert filled.data == template.replace(b'"1,25"', b'"2,75"'), "7,50 is 7.5 already"


def test_points_are_scaled_only_when_asked() -> None:
    template = CANVAS_TEMPLATE.replace(b",,,,,,10,5,", b",,,,,,40,5,")
    filled = fill(template, REPORTS)
    assert columns(filled.data)[3][6] == "7.5"
    assert "Canvas has 40 points possible, the lesson 10; not scaled (--scale does)" in filled.said
    assert columns(fill(template, REPORTS, scale=True).data)[3][6] == "30"
    assert not [line for line in fill(CANVAS_TEMPLATE, REPORTS).said if "points" in line]
    with pytest.raises(ClassError, match="no points"):
        fill(CANVAS_TEMPLATE.replace(b",,,,,,10,5,", b",,,,,,,5,"), REPORTS, scale=True)


@pytest.mark.parametrize("name", ["Experience replay (101)", "Experience replay", "101"])
def test_the_column_may_be_named(name: str) -> None:
    template = CANVAS_TEMPLATE.replace(b"Essay, short", b"Lesson 5")
    with pytest.raises(ClassError, match=re.escape("one of: Experience replay (101); Lesson 5 (102)")):
        fill(template, REPORTS)
    assert fill(template, REPORTS, column=name).column == "Experience replay (101)"


@pytest.mark.parametrize(
    "name", ["Final Score", "Notes", "Student", "Experience replay (999)", "Experience replay Current Score"]
)
def test_no_column_is_made_up_and_none_that_is_read_only_is_filled(name: str) -> None:
    with pytest.raises(
        ClassError, match=re.escape("choose with --column one of: Experience replay (101); Essay, short (102)")
    ):
        fill(CANVAS_TEMPLATE, REPORTS, column=name)


def test_a_total_of_a_grading_period_is_no_assignment() -> None:
    template = CANVAS_TEMPLATE.replace(b"Experience replay Current Score", b"Override Score (2026)")
    template = template.replace(b"Final Score", b"Experience replay (2026)").replace(
        b"(read only),(read only)", b",(read only)"
    )
    assert fill(template, REPORTS).column == "Experience replay (101)"
    with pytest.raises(ClassError, match=re.escape("one of: Experience replay (101); Essay, short (102)")):
        fill(template, REPORTS, column="2026")


def test_ids() -> None:
    numbers = Ids({"student-001": "11", "student-002": "12"}, given=True)
    filled = fill(CANVAS_TEMPLATE, REPORTS, ids=numbers)
    assert (filled.by, filled.filled) == ("ID", 2)
    assert "student-003: no id in the file of ids" in filled.said
    assert fill(CANVAS_TEMPLATE, [report("s-001")]).by == "SIS User ID"
    with pytest.raises(ClassError, match="none of the graded students is found"):
        fill(CANVAS_TEMPLATE, [report("nobody")])
    with pytest.raises(ClassError, match="choose with --by one of: ID, SIS User ID, SIS Login ID"):
        fill(CANVAS_TEMPLATE, REPORTS, by="Email")
    with pytest.raises(ClassError, match="twice"):
        fill(CANVAS_TEMPLATE.replace(b"student-002", b"student-001"), REPORTS)


@pytest.mark.parametrize(
    "template",
    [b"", b"name,mark\nx,1\n", b"Student,ID,Section,X (1)\n", b'Student,ID,Section,X (1)\n"    Points Possible,,,1\n'],
)
def test_another_table_is_refused(template: bytes) -> None:
    with pytest.raises(ClassError):
        fill(template, REPORTS)


def test_bytes_that_are_not_utf8_come_out_as_they_went_in() -> None:
    template = CANVAS_TEMPLATE.replace(b"Four", b"F\xfcr")
    assert b"F\xfcr, Student" in fill(template, REPORTS).data


@given(st.lists(st.lists(st.text(st.sampled_from('ab";,\n\r '), max_size=4), min_size=1, max_size=4), min_size=1))
def test_cells_are_where_they_say(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    text = out.getvalue()
    found = cells(text, ",")
    assert [[cell.value for cell in row] for row in found] == rows
    for row in found:
        for cell in row:
            assert next(csv.reader(io.StringIO(text[cell.start : cell.end], newline="")), [""])[0] == cell.value
