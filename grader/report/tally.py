"""Class statistics: results per lesson, most-failed properties, most common misconceptions.

Reports in which the grader itself failed are left out of every mean and count; they are listed apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.report.report import Misconception, Report
from grader.report.settled import mark_of
from grader.report.sorting import is_full, lesson_number, natural, sort_lessons, standing


@dataclass(frozen=True)
class LessonTally:
    """One lesson over the class. ``mean`` is over the ``graded`` reports alone and None if there are none."""

    lesson: str
    title: str
    max_score: float
    reports: int
    graded: int
    mean: float | None
    full: int


@dataclass(frozen=True)
class Broken:
    """One property or training check, how many students it judged, and which of them failed it."""

    lesson: str
    exercise: str
    says: str
    who: tuple[str, ...]
    judged: int

    @property
    def failed(self) -> int:
        """The number of students who failed it."""
        return len(self.who)


@dataclass(frozen=True)
class Belief:
    """One misconception, and which students have it."""

    lesson: str
    exercise: str
    misconception: Misconception
    who: tuple[str, ...]

    @property
    def students(self) -> int:
        """The number of students who have it."""
        return len(self.who)


def lessons(reports: Sequence[Report]) -> list[LessonTally]:
    """Every lesson in its order."""
    found: dict[str, list[Report]] = {}
    for report in sort_lessons(reports):
        found.setdefault(report.lesson, []).append(report)
    result = []
    for name, group in found.items():
        graded = [report for report in group if standing(report) == "graded"]
        mean = math.fsum(report.score for report in graded) / len(graded) if graded else None
        possible = max(mark_of(report).max for report in group)
        full = sum(map(is_full, graded))
        result.append(LessonTally(name, group[0].title, possible, len(group), len(graded), mean, full))
    return result


def _judgements(report: Report) -> Iterator[tuple[str, str, bool]]:
    """Exercise, property, and whether it holds, for everything in the report that was judged."""
    for result in report.properties:
        if result.verdict in ("pass", "fail"):
            yield result.exercise, result.says, result.verdict == "pass"
    if report.training is not None and report.training.verdict in ("pass", "fail"):
        yield report.training.exercise, report.training.rule, report.training.verdict == "pass"


def broken(reports: Sequence[Report], most: int = 12) -> list[Broken]:
    """The properties that most students fail, at most ``most``, the most often failed first."""
    judged: dict[tuple[str, str, str], list[tuple[str, bool]]] = {}
    for report in reports:
        if standing(report) == "graded":
            for exercise, says, kept in _judgements(report):
                judged.setdefault((report.lesson, exercise, says), []).append((report.student, kept))
    found = [
        Broken(*key, who=_sorted(student for student, kept in all_ if not kept), judged=len(all_))
        for key, all_ in judged.items()
    ]
    found.sort(key=lambda b: (-b.failed, b.judged, lesson_number(b.lesson), b.exercise, b.says))
    return [b for b in found if b.failed][:most]


def _sorted(students: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(students, key=natural))


def beliefs(reports: Sequence[Report], most: int = 12) -> list[Belief]:
    """The most common misconceptions, at most ``most``.

    A student counts once for each, however many properties name it.
    """
    students: dict[tuple[str, str, Misconception], set[str]] = {}
    for report in reports:
        for result in report.properties:
            if result.verdict == "fail" and result.misconception and standing(report) == "graded":
                students.setdefault((report.lesson, result.exercise, result.misconception), set()).add(report.student)
    found = [Belief(*key, who=_sorted(names)) for key, names in students.items()]
    found.sort(key=lambda m: (-m.students, lesson_number(m.lesson), m.exercise, m.misconception.says))
    return found[:most]
