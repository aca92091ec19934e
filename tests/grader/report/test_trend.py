"""Attempts, and the class from run to run: what a mark was before follows from what it is, and from the history."""

from __future__ import annotations

import random
import statistics

import pytest
import sample_reports

from grader.render import html
from grader.report.moves import REASONS
from grader.report.report import Report
from grader.report.spent import Spent, together
from grader.report.trend import Entry, attempts, by_lesson, trend

FIRST, SECOND = "lesson1_agent_loop", "lesson2_value_functions"
AGAIN, NEW = REASONS["work"], REASONS["first"]
HOSTILE = "<script>alert(1)</script>"


def report(student: str, score: float, lesson: str = FIRST, **more: object) -> Report:
    return sample_reports.report(student, lesson, **{"score": score, "max_score": 10.0, "properties": (), **more})


def entry(date: str, student: str, before: str, after: str, why: str = AGAIN, lesson: str = FIRST) -> Entry:
    return Entry(date, student, lesson, before, "10" if before else "", after, "10", why)


def test_one_run_has_no_way() -> None:
    assert trend([report("a", 1.0)], []) == []
    assert by_lesson(attempts([report("a", 1.0), report("b", 1.0)], [])) == []
    page = html.class_page([report("a", 1.0)], title="A course")
    assert 'id="runs"' not in page
    assert 'id="attempts"' not in page


def test_marks_are_taken_back_run_by_run() -> None:
    reports = [report("a", 10.0), report("b", 4.0), report("a", 8.0, SECOND), report("b", 2.0, SECOND)]
    lines = [
        entry("1", "a", "5", "7"),
        entry("2", "a", "", "8", NEW, SECOND),
        entry("2", "b", "", "2", NEW, SECOND),
        entry("3", "a", "7", "10"),
        entry("3", "b", "4", "4"),  # another try, and the same mark
    ]
    points = trend(reports, lines)
    assert [(each.date, each.new, each.moved) for each in points] == [("", 0, 0), ("1", 0, 1), ("2", 2, 0), ("3", 0, 1)]
    means = [((50 + 40) / 2), ((70 + 40) / 2), ((75 + 30) / 2), ((90 + 30) / 2)]
    assert [each.mean for each in points] == pytest.approx(means)
    times = attempts(reports, lines)
    assert times == {("a", FIRST): 3, ("b", FIRST): 2, ("a", SECOND): 1, ("b", SECOND): 1}
    lesson, other = by_lesson(times)
    assert (lesson.lesson, lesson.times, lesson.most, lesson.who) == (FIRST, ((2, 1), (3, 1)), 3, ("a",))
    assert (other.times, other.most, other.who) == (((1, 2),), 1, ())


def test_forwards_and_backwards_are_the_same_way() -> None:
    """A made-up term: marks that were drawn run by run, and what follows from the last of them and the history."""
    draw = random.Random(1)
    marks: dict[str, int] = {f"s{i}": draw.randint(0, 10) for i in range(9)}
    means, medians, lines = [], [], []
    for run in range(8):
        for student in draw.sample(sorted(marks), 4 if run else 0):
            was, marks[student] = marks[student], draw.randint(0, 10)
            lines.append(entry(str(run), student, str(was), str(marks[student])))
        means.append(10 * statistics.mean(marks.values()))
        medians.append(10 * statistics.median(marks.values()))
    points = trend([report(student, float(mark)) for student, mark in marks.items()], lines)
    assert [each.mean for each in points] == pytest.approx(means)
    assert [each.median for each in points] == pytest.approx(medians)


def test_what_does_not_count_or_is_no_number_takes_no_part() -> None:
    reports = [report("a", 10.0), report("b", 5.0, status="error")]
    lines = [
        entry("1", "b", "1", "5"),
        entry("2", "c", "1", "5"),
        entry("3", "a", "nan", "10"),
        entry("4", "a", "10", "10", "the salt of the class is another one"),
    ]
    points = trend(reports, lines)
    assert [(each.date, each.moved, each.mean) for each in points] == [("", 0, None), ("3", 1, 100.0)]
    assert attempts([report("a", 0.0, status="missing")], lines) == {}


def test_the_page_shows_runs_and_attempts_and_nothing_in_them_acts() -> None:
    reports = [report(HOSTILE, 10.0), report("b", 4.0)]
    lines = [entry(f"2026-10-{day:02}T10:00:00Z", HOSTILE, "5", "10", f"{AGAIN}; {HOSTILE}") for day in range(1, 21)]
    page = html.class_page(reports, title="A course", history=lines)
    assert "<script" not in page
    assert "2026-10-20 10:00" in page
    assert "2026-10-01 10:00" not in page, "the last runs are enough"
    assert "1 ×1, 1 ×21" in page
    assert '<span class="of">×21</span>' in page


def test_the_time_of_all_lessons_is_that_of_each_together() -> None:
    one = Spent(FIRST, 2, 10.0, (("training", 0.8), ("reading", 0.2)), "2", "3")
    two = Spent(SECOND, 1, 30.0, (("properties", 0.5), ("reading", 0.5)), "1", "2")
    whole = together([one, two])
    assert (whole.reports, whole.seconds, whole.first, whole.last) == (3, 40.0, "1", "3")
    assert dict(whole.stages) == pytest.approx({"reading": 17 / 40, "properties": 15 / 40, "training": 8 / 40})
    assert whole.stages[0][0] == "reading"
