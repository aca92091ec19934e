"""Attempts of students, and the way of a class's marks from run to run: read off the history of marks.

The history has a line for each mark that a run moved, for each that a later run gave for the first time, and for work
that was handed in again and earned the same. So what a mark was at an earlier run is what it is now, with the lines
since taken back.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grader.report.moves import REASONS
from grader.report.report import Report, Status
from grader.report.sorting import lesson_number, natural, standing

_NO_WORK: tuple[Status, ...] = ("missing", "not started")


class Entry(NamedTuple):
    """One line of the history; an empty mark is none."""

    date: str
    student: str
    lesson: str
    before: str
    max_before: str
    after: str
    max_after: str
    why: str

    @property
    def is_again(self) -> bool:
        """Whether other work was handed in than before."""
        return REASONS["work"] in self.why.split("; ")


@dataclass(frozen=True)
class Point:
    """The class after one run.

    Attributes:
        date: when the run ended, as ISO 8601 has it; "" for the time before the first one that is known.
        new: marks that were given for the first time.
        moved: marks that became other ones.
        mean: of the students' totals, in percent of what is possible; None if there was no mark.
        median: the same.
    """

    date: str
    new: int
    moved: int
    mean: float | None
    median: float | None


@dataclass(frozen=True)
class Attempts:
    """The attempts at one lesson.

    Attributes:
        times: how many students handed it in so often.
        most: how often it was handed in at most.
        who: the students who did.
    """

    lesson: str
    times: tuple[tuple[int, int], ...]
    most: int
    who: tuple[str, ...]


def trend(reports: Iterable[Report], entries: Sequence[Entry]) -> list[Point]:
    """The class after each run that changed a mark, the earliest first, and before the first of them.

    Args:
        reports: those that count, with final marks: so the lessons are those that count now.
        entries: the history, the first line first; of the same students.
    """
    if not entries:
        return []
    marks = _Marks(reports)
    runs = [(date, list(own)) for date, own in itertools.groupby(entries, lambda each: each.date)]
    points = []
    for date, own in reversed(runs):
        counting = [each for each in own if (each.student, each.lesson) in marks.known]
        new = sum(not each.before for each in counting)
        moved = sum(bool(each.before) and _moved(each) for each in counting)
        if new or moved:
            points.append(Point(date, new, moved, *marks.middle()))
        for each in reversed(counting):
            marks.undo(each)
    return [Point("", 0, 0, *marks.middle()), *reversed(points)] if points else []


def _moved(entry: Entry) -> bool:
    return (entry.before, entry.max_before) != (entry.after, entry.max_after)


class _Marks:
    """The marks of a class at some time, and the totals of the students."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self.known: dict[tuple[str, str], tuple[float, float] | None] = {}
        self._totals: dict[str, list[float]] = {}
        for report in reports:
            if standing(report) not in ("error", "excused", "open"):
                self.known[report.student, report.lesson] = None
                self._put(report.student, report.lesson, (report.score, report.max_score))

    def undo(self, entry: Entry) -> None:
        before = _number(entry.before), _number(entry.max_before)
        self._put(entry.student, entry.lesson, None if before[0] is None or before[1] is None else before)  # type: ignore[arg-type]

    def middle(self) -> tuple[float | None, float | None]:
        """Mean and median of the totals, in percent."""
        shares = [100 * earned / possible for earned, possible in self._totals.values() if possible > 1e-9]
        return (math.fsum(shares) / len(shares), statistics.median(shares)) if shares else (None, None)

    def _put(self, student: str, lesson: str, mark: tuple[float, float] | None) -> None:
        total = self._totals.setdefault(student, [0.0, 0.0])
        was = self.known[student, lesson] or (0.0, 0.0)
        now = mark or (0.0, 0.0)
        total[0] += now[0] - was[0]
        total[1] += now[1] - was[1]
        self.known[student, lesson] = mark


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def attempts(reports: Iterable[Report], entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """The number of times that work was handed in, as far as runs of the grader have seen, by student and lesson.

    Args:
        reports: of the class.
        entries: the history.

    Returns:
        Nothing if nobody has handed in anything again.
    """
    again = Counter((each.student, each.lesson) for each in entries if each.is_again)
    if not again:
        return {}  # of a large class, that is much for nothing
    return {
        (each.student, each.lesson): 1 + again[each.student, each.lesson]
        for each in reports
        if each.status not in _NO_WORK
    }


def by_lesson(times: dict[tuple[str, str], int]) -> list[Attempts]:
    """Attempts lesson by lesson; none where everybody has handed in everything once."""
    lessons: dict[str, dict[str, int]] = {}
    for (student, lesson), number in times.items():
        lessons.setdefault(lesson, {})[student] = number
    if all(number == 1 for number in times.values()):
        return []
    return [
        _of_lesson(lesson, lessons[lesson]) for lesson in sorted(lessons, key=lambda each: (lesson_number(each), each))
    ]


def _of_lesson(lesson: str, own: dict[str, int]) -> Attempts:
    most = max(own.values())
    who = sorted((student for student, number in own.items() if number == most), key=natural) if most > 1 else []
    return Attempts(lesson, tuple(sorted(Counter(own.values()).items())), most, tuple(who))
