"""The overview of a class: the parts of its page beside the marks, as data for the template."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from grader.printable import number
from grader.render import heat, histogram
from grader.report import items, spent, tally, trend, unnamed
from grader.report.report import PropertyResult, Report
from grader.report.sorting import UNCOUNTED, by_student, lesson_number, standing

SHOWN = 12
"""Entries of a list that are open to be read; the others have to be unfolded."""
_MOST = 200
_RUNS = 12
"""Lines of the table of runs; the last ones say most."""

Examples = Mapping[str, Sequence[PropertyResult]]
"""By the name of a group of unnamed failures: the failing properties of one report, with their cases."""


def overview(reports: Sequence[Report], examples: Examples, history: Sequence[trend.Entry] = ()) -> dict[str, Any]:
    """All parts.

    Args:
        reports: those that count, with final marks.
        examples: what ``grader.report.unnamed`` has no place for.
        history: how marks have moved from run to run.
    """
    groups, times, lessons = unnamed.groups(reports), trend.attempts(reports, history), spent.spent(reports)
    return {
        "map": heat.heat(reports),
        "most_students": heat.MOST_STUDENTS,
        "spreads": [Markup(svg) for svg in _spreads(reports)],
        "broken": tally.broken(reports, _MOST),
        "beliefs": tally.beliefs(reports, _MOST),
        "unnamed": groups[:_MOST],
        "lone": sum(group.students == 1 for group in groups),
        "examples": examples,
        "items": _by_lesson(items.items(reports)),
        "spent": lessons,
        "all_spent": spent.together(lessons) if len(lessons) > 1 else None,
        "runs": trend.trend(reports, history)[-_RUNS:],
        "attempts": trend.by_lesson(times),
        "times": times,
        "shown": SHOWN,
        "long_time": long_time,
    }


def in_need(reports: Sequence[Report]) -> list[unnamed.Group]:
    """The groups for which a page has room for an example."""
    return unnamed.groups(reports)[:SHOWN]


def long_time(seconds: float) -> str:
    """A time as people say it: ``8.2 s``, ``5 min``, ``3 h 20 min``."""
    if seconds < 100:
        return f"{number(seconds, 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60:,} h {minutes % 60} min"


def _spreads(reports: Sequence[Report]) -> list[str]:
    """A picture for the totals, if there is more than one lesson, and one for each lesson."""
    graded: dict[str, list[Report]] = {}
    for report in reports:
        if standing(report) == "graded" and report.max_score:
            graded.setdefault(report.lesson, []).append(report)
    drawn = []
    if len(graded) > 1:
        totals = [share for own in by_student(reports).values() if (share := _total(own)) is not None]
        drawn.append(histogram.histogram(histogram.bins(totals), name="Total"))
    for lesson in sorted(graded, key=lambda name: (lesson_number(name), name)):
        shares = [report.score / report.max_score for report in graded[lesson]]
        drawn.append(histogram.histogram(histogram.bins(shares), name=f"Lesson {lesson_number(lesson)}"))
    return drawn


def _total(reports: Iterable[Report]) -> float | None:
    """A student's total as a part of what is possible; None while a mark is missing by the grader's fault."""
    own = [report for report in reports if standing(report) not in UNCOUNTED]
    possible = math.fsum(report.max_score for report in own)
    if not possible or any(standing(report) == "error" for report in own):
        return None
    return math.fsum(report.score for report in own) / possible


def _by_lesson(found: Iterable[items.Item]) -> dict[str, list[items.Item]]:
    lessons: dict[str, list[items.Item]] = {}
    for item in found:
        lessons.setdefault(item.lesson, []).append(item)
    return lessons
