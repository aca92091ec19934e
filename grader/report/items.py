"""Every property of a class as an item of a test: how many hold it, and how well it tells students apart.

The terms are those of classical test theory. *Difficulty* is the share of those judged who fail, from 0 to 1.
*Discrimination* is the correlation between passing this one and the points of everything else in the lesson: near 1 is
a property that tells who can do it from who cannot; near 0 or below, one that goes by something else, and is worth a
look. Both are about a class, and say little about ten students.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.report.report import Report, Verdict
from grader.report.sorting import sort_lessons, standing

TRAINING = "training"
"""The name of the training check among the properties."""

FEWEST = 5
"""Students who have to be judged before a discrimination is computed."""


@dataclass(frozen=True)
class Item:
    """One property, or the training check, over the class.

    Attributes:
        name: of the test, unique in its lesson.
        says: the law.
        points: what it is worth.
        passed: students who hold it.
        failed: students who do not.
        not_judged: students with a graded report in which it was not judged, as something that it needs has failed.
        discrimination: see above; None where too few were judged, or all of them are alike.
    """

    lesson: str
    exercise: str
    name: str
    says: str
    points: float
    passed: int
    failed: int
    not_judged: int
    discrimination: float | None

    @property
    def judged(self) -> int:
        """The number of students of whom it is known."""
        return self.passed + self.failed

    @property
    def difficulty(self) -> float | None:
        """The share of those judged who fail; None if nobody was."""
        return self.failed / self.judged if self.judged else None


def items(reports: Iterable[Report]) -> list[Item]:
    """All properties of a class, in the order of the lessons.

    Args:
        reports: of the class; those that were not graded say nothing.
    """
    graded: dict[str, list[Report]] = {}
    for report in sort_lessons(reports):
        if standing(report) == "graded" and report.properties:
            graded.setdefault(report.lesson, []).append(report)
    return [item for lesson, own in graded.items() for item in _of_lesson(lesson, own)]


def _of_lesson(lesson: str, reports: Sequence[Report]) -> Iterator[Item]:
    results: dict[str, list[tuple[Verdict, float]]] = {}
    about: dict[str, tuple[str, str, float]] = {}
    for report in reports:
        own = list(_results(report))
        earned = math.fsum(points for *_, points, _ in own)
        for name, exercise, says, verdict, points, most in own:
            about.setdefault(name, (exercise, says, most))
            results.setdefault(name, []).append((verdict, earned - points))
    for name, found in results.items():
        exercise, says, points = about[name]
        judged = [(float(verdict == "pass"), rest) for verdict, rest in found if verdict in ("pass", "fail")]
        passed = sum(holds for holds, _ in judged)
        yield Item(
            lesson,
            exercise,
            name,
            says,
            points,
            int(passed),
            len(judged) - int(passed),
            len(reports) - len(judged),
            _correlation(judged) if len(judged) >= FEWEST else None,
        )


def _results(report: Report) -> Iterator[tuple[str, str, str, Verdict, float, float]]:
    for each in report.properties:
        yield each.name, each.exercise, each.says, each.verdict, each.points, each.max_points
    if (trained := report.training) is not None:
        yield TRAINING, trained.exercise, trained.rule, trained.verdict, trained.points, trained.max_points


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    try:
        return statistics.correlation(*zip(*pairs, strict=True))
    except statistics.StatisticsError:  # one of the two is the same for everybody
        return None
