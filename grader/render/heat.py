"""The map of a class: a row a student, a column an exercise, and in each cell how much of its points was earned.

Nothing depends on colour: a cell says in its text what its shade says. The shade is of what is missing, so that a page
on which all is well is white.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from grader.report.report import Report, exercise_scores
from grader.report.sorting import Standing, by_student, lesson_number, natural, sort_lessons, standing

MOST_STUDENTS = 2000
"""A browser that lays out the cells of more students takes so long that nobody waits."""

SIGNS: dict[Standing, tuple[str, str]] = {
    "not started": ("–", "not started"),
    "missing": ("·", "not handed in"),
    "unreadable": ("?", "unreadable"),
    "error": ("!", "the grader itself failed"),
    "excused": ("ex", "excused"),
    "open": ("…", "not due yet"),
}
FULL = "✓"


class Columns(NamedTuple):
    """The exercises of one lesson, in their order; the training check is one of them."""

    lesson: str
    number: int
    exercises: tuple[str, ...]


class Cell(NamedTuple):
    """The text of a cell, and the class of its shade: ``q0`` where nothing was earned, ``q4`` where all was."""

    text: str
    shade: str


class Heat(NamedTuple):
    """The map.

    Attributes:
        columns: by lesson.
        rows: students, those who have earned least first; who is equal stands in natural order.
        signs: what occurs in place of numbers, and what it means.
        means: the mean share of each exercise over those who were graded, as a row of cells.
    """

    columns: tuple[Columns, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    signs: tuple[tuple[str, str], ...]
    means: tuple[Cell, ...]


def heat(reports: Sequence[Report]) -> Heat | None:
    """Make the map of a class; None where there is nothing to show, or there are more students than a page can show."""
    students = by_student(reports)
    columns = _columns(reports)
    if not columns or len(students) > MOST_STUDENTS:
        return None
    rows, seen = [], set[Standing]()
    shares: list[list[float]] = [[] for each in columns for _ in each.exercises]
    for student, own in students.items():
        found = {report.lesson: report for report in own}
        cells: list[Cell] = []
        for each in columns:
            report = found.get(each.lesson)
            status = "missing" if report is None else standing(report)
            if report is None or status != "graded":
                seen.add(status)
                cells += [Cell(SIGNS[status][0], "none")] * len(each.exercises)
                continue
            earned = _shares(report)
            for name in each.exercises:
                share = earned.get(name)
                if share is not None:
                    shares[len(cells)].append(share)
                cells.append(_cell(share))
        rows.append((_earned(own), natural(student), student, tuple(cells)))
    rows.sort(key=lambda row: row[:2])
    means = tuple(_cell(math.fsum(each) / len(each) if each else None) for each in shares)
    signs = tuple(SIGNS[status] for status in SIGNS if status in seen)
    return Heat(columns, tuple((student, cells) for *_, student, cells in rows), signs, means)


def _columns(reports: Sequence[Report]) -> tuple[Columns, ...]:
    found: dict[str, dict[str, None]] = {}
    for report in sort_lessons(reports):
        if standing(report) == "graded" and report.properties:
            found.setdefault(report.lesson, {}).update(dict.fromkeys(_shares(report)))
    return tuple(Columns(lesson, lesson_number(lesson), tuple(names)) for lesson, names in found.items())


def _shares(report: Report) -> dict[str, float]:
    scores = exercise_scores(report.properties)
    if report.training is not None:
        scores[report.training.exercise] = (report.training.points, report.training.max_points)
    return {name: earned / possible if possible else 1.0 for name, (earned, possible) in scores.items()}


def _cell(share: float | None) -> Cell:
    if share is None:
        return Cell("", "none")
    if share >= 1 - 1e-6:
        return Cell(FULL, "q4")
    return Cell(str(math.floor(100 * share)), f"q{min(int(4 * share), 3)}")


def _earned(reports: Sequence[Report]) -> float:
    possible = math.fsum(report.max_score for report in reports)
    return math.fsum(report.score for report in reports) / possible if possible else 0.0
