"""The grade of the term: groups of lessons, their weights, and lowest marks that do not count."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest
import tiny_course
from hypothesis import given
from hypothesis import strategies as st
from sample_reports import report as a_report

from grader.course import GradeGroup, load
from grader.errors import CourseError
from grader.export.csv import grades_csv, wide_csv
from grader.render import html, marks
from grader.report.grade import grade
from grader.report.mark import Case
from grader.report.report import Report, Status
from grader.report.settled import settled

FIRST = GradeGroup("Foundations", ("lesson1_x", "lesson2_x", "lesson3_x"), weight=40, drop_lowest=1)
LAST = GradeGroup("Deep", ("lesson4_x",), weight=60)


def report(number: int, score: float, maximum: float = 10.0, status: Status = "graded") -> Report:
    return a_report("ann", f"lesson{number}_x", score, max_score=maximum, status=status)


def test_the_mean_of_groups_by_their_weights() -> None:
    made = grade([FIRST, LAST], [report(1, 9), report(2, 4), report(3, 10, 20), report(4, 5)])
    # Lesson 2 is dropped: 19 of 30 points are 63.3 %, and lesson 4 is 50 %.
    assert made.parts[0].dropped == ("lesson2_x",)
    assert (made.parts[0].earned, made.parts[0].possible) == (19, 30)
    assert made.percent == pytest.approx((40 * 100 * 19 / 30 + 60 * 50) / 100)
    assert marks.of_term(made) == (
        "55.3 %: Foundations 63.3 % (19 of 30 points, weight 40, lesson 2 dropped), "
        "Deep 50 % (5 of 10 points, weight 60)"
    )


def test_of_equals_the_later_is_dropped_and_one_always_stays() -> None:
    assert grade([FIRST], [report(1, 5), report(2, 5)]).parts[0].dropped == ("lesson2_x",)
    alone = grade([FIRST], [report(2, 3)])
    assert (alone.parts[0].dropped, alone.percent) == ((), 30.0)


def test_a_group_of_which_nothing_counts_yet_says_nothing() -> None:
    assert grade([FIRST, LAST], [report(4, 5)]).percent == 50
    nothing = grade([FIRST, LAST], [])
    assert (nothing.percent, nothing.parts) == (None, ())
    assert marks.of_term(nothing) == ""
    assert marks.percent(nothing) == marks.percent(None) == "–"


def test_what_was_not_handed_in_is_nothing_earned_and_may_be_dropped() -> None:
    made = grade([FIRST], [report(1, 10), report(2, 0, status="missing"), report(3, 0, status="missing")])
    assert made.percent == 50


def test_who_is_excused_has_a_grade_of_the_rest() -> None:
    excused = settled(report(1, 0), Case("ann", "lesson1_x", excused="ill"))
    made = grade([msgspec.structs.replace(FIRST, drop_lowest=0)], [excused, report(2, 8)])
    assert made.percent == 80


def test_where_the_grader_has_failed_there_is_no_grade() -> None:
    made = grade([FIRST, LAST], [report(1, 10), report(4, 0, status="error")])
    assert made.percent is None
    assert marks.of_term(made).startswith("no grade yet, as the grader itself failed on a lesson: Foundations 100 %")
    assert grade([FIRST], [report(1, 10), report(4, 0, status="error")]).percent == 100, "it is in no group"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=3, max_size=3), st.integers(0, 2))
def test_dropping_takes_nothing_off_of_equal_lessons(marks_of: list[tuple[int, int]], drop: int) -> None:
    reports = [report(i + 1, min(score, 20), 20.0) for i, (score, _) in enumerate(marks_of)]
    without = grade([msgspec.structs.replace(FIRST, drop_lowest=0)], reports).percent
    dropped = grade([msgspec.structs.replace(FIRST, drop_lowest=drop)], reports).percent
    assert without is not None
    assert dropped is not None
    assert 0 <= without <= dropped + 1e-9 <= 100 + 2e-9


def test_it_stands_on_every_page_and_in_every_table() -> None:
    reports = [report(1, 9), report(2, 4)]
    page = html.student_page(reports, groups=[FIRST])
    assert "Grade of the term so far: 90 %: Foundations 90 % (9 of 10 points, weight 40, lesson 2 dropped)." in page
    assert "Grade of the term" not in html.student_page(reports)
    page = html.class_page(reports, title="A course", groups=[FIRST])
    assert '<td class="number">90 %</td>' in page
    assert ">Grade</th>" not in html.class_page(reports, title="A course")
    rows = list(csv.reader(io.StringIO(grades_csv(reports, [FIRST]))))
    assert rows[-1][:5] == ["ann", "grade", "90", "100", "graded"]
    assert "lesson 2 dropped" in rows[-1][-1]
    wide = list(csv.DictReader(io.StringIO(wide_csv(reports, [FIRST]))))
    assert (wide[0]["total"], wide[0]["grade"]) == ("13", "90")
    assert "grade" not in wide_csv(reports)


def test_a_name_is_text_wherever_it_stands() -> None:
    evil = msgspec.structs.replace(FIRST, name="<script>alert(1)</script>")
    page = html.student_page([report(1, 9)], groups=[evil])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


GROUP = "grade:\n  - {name: All, lessons: [lesson1_numbers], weight: 2}\n"
NUMBERS, BALANCE = "lesson1_numbers", "lesson2_balance"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"- {{name: A, lessons: [{NUMBERS}, lesson9_x]}}", "'lesson9_x' is not a lesson; write its whole name"),
        (f"- {{name: A, lessons: [{NUMBERS}, {NUMBERS}]}}", "lesson1_numbers is in the group 'A' already"),
        (f"- {{name: A, lessons: [{NUMBERS}]}}\n  - {{name: A, lessons: [{BALANCE}]}}", "a second group called 'A'"),
        (f"- {{name: ' ', lessons: [{NUMBERS}]}}", "a group without a name"),
        ("- {name: A, lessons: []}", "no lesson is in the group 'A'"),
        (f"- {{name: A, lessons: [{NUMBERS}], drop_lowest: 1}}", "1 of 1 lessons cannot be dropped; one has to stay"),
        (f"- {{name: A, lessons: [{NUMBERS}], weight: 0}}", "expected `float` > 0"),
        (f"- {{name: A, lessons: [{NUMBERS}], dropped: 1}}", "unknown field `dropped`"),
    ],
)
def test_a_mistake_in_course_yml_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    course = tiny_course.make(tmp_path / "course")
    path = course.root / "course.yml"
    good = path.read_text().replace("limits:", f"{GROUP}limits:")
    path.write_text(good)
    assert load(course.root).grade == (GradeGroup("All", (NUMBERS,), 2.0),)
    path.write_text(good.replace(GROUP, f"grade:\n  {text}\n"))
    with pytest.raises(CourseError, match=r"course\.yml, line \d+") as error:
        load(course.root)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
