"""The grade of the term: groups of lessons, their weights, and the lowest marks, which do not count.

A group's part is the points that were earned in it, of those that were possible: final marks, of lessons that count.
Of these, so many as the group's rule says are dropped: those with the smallest part of their points, the later lesson
where two are equal; one always stays. The grade is the mean of the groups' parts by their weights. A group of which no
lesson counts yet says nothing, and the weights of the others are taken alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from grader.course import GradeGroup
from grader.report.report import Report
from grader.report.sorting import UNCOUNTED, standing


class Part(NamedTuple):
    """One group's part in a student's grade.

    Attributes:
        group: the rule.
        earned: points, without those of dropped lessons.
        possible: of how many.
        dropped: the names of the lessons that were dropped.
    """

    group: GradeGroup
    earned: float
    possible: float
    dropped: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Percent of the points."""
        return 100 * self.earned / self.possible


class Grade(NamedTuple):
    """A student's grade so far.

    Attributes:
        percent: None while a mark that it needs is missing by the grader's fault, or no lesson of a group counts.
        parts: of the groups of which a lesson counts.
    """

    percent: float | None
    parts: tuple[Part, ...]


def grade(groups: Sequence[GradeGroup], reports: Sequence[Report]) -> Grade:
    """Compute one student's grade.

    Args:
        groups: the rule of course.yml; not empty.
        reports: the student's, with final marks, of lessons that count in totals.
    """
    parts = tuple(part for group in groups if (part := _part(group, reports)) is not None)
    named = {name for group in groups for name in group.lessons}
    waits = any(standing(report) == "error" for report in reports if report.lesson in named)
    if waits or not parts:
        return Grade(None, parts)
    weights = math.fsum(part.group.weight for part in parts)
    return Grade(math.fsum(part.group.weight * part.percent for part in parts) / weights, parts)


def _part(group: GradeGroup, reports: Sequence[Report]) -> Part | None:
    counting = [
        report
        for name in group.lessons
        for report in reports
        if report.lesson == name and standing(report) not in UNCOUNTED and report.max_score > 0
    ]
    if not counting:
        return None
    by_share = sorted(enumerate(counting), key=lambda found: (found[1].score / found[1].max_score, -found[0]))
    dropped = {i for i, _ in by_share[: min(group.drop_lowest, len(counting) - 1)]}
    kept = [report for i, report in enumerate(counting) if i not in dropped]
    return Part(
        group,
        math.fsum(report.score for report in kept),
        math.fsum(report.max_score for report in kept),
        tuple(report.lesson for i, report in enumerate(counting) if i in dropped),
    )
