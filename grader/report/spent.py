"""The time that grading a class has taken, by lesson and stage, and when it was."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from grader.report.report import Report
from grader.report.sorting import sort_lessons


@dataclass(frozen=True)
class Spent:
    """One lesson.

    Attributes:
        reports: those of which it is known.
        seconds: by the clock, all stages of all of them together.
        stages: the share of each stage, the largest first.
        first: when the first of these reports was made, as ``Origin.made_at``.
        last: when the last one was.
    """

    lesson: str
    reports: int
    seconds: float
    stages: tuple[tuple[str, float], ...]
    first: str
    last: str

    @property
    def mean(self) -> float:
        """Seconds a report."""
        return self.seconds / self.reports


def spent(reports: Iterable[Report]) -> list[Spent]:
    """All lessons of which something is known, in their order."""
    found: dict[str, list[Report]] = {}
    for report in sort_lessons(reports):
        if report.origin is not None:
            found.setdefault(report.lesson, []).append(report)
    return [_spent(lesson, own) for lesson, own in found.items()]


def together(lessons: Iterable[Spent]) -> Spent:
    """All of them as one, at least one; its ``lesson`` is ""."""
    own = list(lessons)
    seconds = math.fsum(each.seconds for each in own)
    stages: dict[str, float] = {}
    for each in own:
        for stage, share in each.stages:
            stages[stage] = stages.get(stage, 0.0) + share * each.seconds
    shares = sorted(((stage, spent / seconds if seconds else 0.0) for stage, spent in stages.items()), key=_by_share)
    first, last = min(each.first for each in own), max(each.last for each in own)
    return Spent("", sum(each.reports for each in own), seconds, tuple(shares), first, last)


def _spent(lesson: str, reports: list[Report]) -> Spent:
    stages: dict[str, float] = {}
    origins = [report.origin for report in reports if report.origin is not None]
    for origin in origins:
        for stage, seconds in origin.stage_seconds.items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    total = math.fsum(stages.values())
    shares = sorted(((stage, seconds / total if total else 0.0) for stage, seconds in stages.items()), key=_by_share)
    times = [origin.made_at for origin in origins]
    return Spent(lesson, len(origins), total, tuple(shares), min(times), max(times))


def _by_share(stage: tuple[str, float]) -> tuple[float, str]:
    return -stage[1], stage[0]
