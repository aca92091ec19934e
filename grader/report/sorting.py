"""The order and the standing of reports, the same in every view: students as people sort them, lessons by number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from grader.course.names import lesson_number as lesson_number
from grader.report.report import PropertyResult, Report, Status
from grader.report.settled import uncounted

Standing = Status | Literal["excused", "open"]
"""A status, or the reason why the lesson does not count for the student: ``open`` while an extension has not passed."""

UNCOUNTED: tuple[Standing, ...] = ("excused", "open")
_WORST_FIRST: tuple[Standing, ...] = ("error", "unreadable", "missing", "not started", "graded")


def natural(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """A sort key under which ``student2`` comes before ``student10``, and case decides only between equals.

    Runs of digits are compared by length, then as text: this is their order as numbers without making a number of
    them, which Python refuses for very long ones.
    """
    parts: list[tuple[int, int, str]] = []
    for part in re.findall(r"[0-9]+|[^0-9]+", name):
        if part[0] in "0123456789":
            digits = part.lstrip("0")
            parts.append((0, len(digits), digits))
        else:
            parts.append((1, 0, part.casefold()))
    return parts, name


def sort_lessons(reports: Iterable[Report]) -> list[Report]:
    """Reports in the order of their lessons."""
    return sorted(reports, key=lambda report: (lesson_number(report.lesson), report.lesson))


def by_student(reports: Iterable[Report]) -> dict[str, list[Report]]:
    """Each student's reports in lesson order; students in natural order."""
    found: dict[str, list[Report]] = {}
    for report in sort_lessons(reports):
        found.setdefault(report.student, []).append(report)
    return {student: found[student] for student in sorted(found, key=natural)}


def standing(report: Report) -> Standing:
    """The report's status, but ``error`` if the grader itself failed anywhere, so that such marks are not used.

    What does not count for the student says so instead.
    """
    return "error" if report.has_error else uncounted(report) or report.status


def overall(reports: Sequence[Report]) -> Standing:
    """``graded`` if all that count are, otherwise the worst standing among them."""
    found = {standing(report) for report in reports}
    return next((status for status in _WORST_FIRST if status in found), "graded")


def exercises(report: Report) -> dict[str, list[PropertyResult]]:
    """The properties of a report by the exercise that they judge, in the order in which these first appear."""
    found: dict[str, list[PropertyResult]] = {}
    for result in report.properties:
        found.setdefault(result.exercise, []).append(result)
    return found


def first_failure(report: Report) -> PropertyResult | None:
    """The first thing to fix: properties are listed so that earlier ones are needed by later ones."""
    return next((result for result in report.properties if result.verdict == "fail"), None)


def fault(report: Report) -> str:
    """The grader's own failure, as reported where it happened; empty if there was none."""
    if report.status == "error":
        return report.message
    for result in report.properties:
        if result.verdict == "error":
            return f"{result.exercise}: {result.got or result.needed or result.name}"
    if report.training is not None and report.training.verdict == "error":
        return f"{report.training.exercise}: {report.training.message}"
    return ""


def is_full(report: Report) -> bool:
    """Whether every point was earned. Scores are sums of floats, so the comparison leaves room for rounding."""
    return standing(report) == "graded" and report.score >= report.max_score - 1e-6
