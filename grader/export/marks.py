"""Reports written by `grader grade` (``<student>/<lesson>.json`` in one folder), and which of them are marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from grader.course import Course
from grader.course.names import lesson_number, lessons_called
from grader.errors import ClassError
from grader.ledger.stored import applied
from grader.printable import one_line
from grader.render.marks import adjusted
from grader.report import seal
from grader.report.folders import folder_name
from grader.report.report import Report
from grader.report.sorting import UNCOUNTED, fault, natural, sort_lessons, standing
from grader.report.thin import Thinner


def judged(course: Course, folder: Path, student: str, lessons: Iterable[str]) -> list[Report]:
    """One student's reports on these lessons as they were judged; marks.yml and the late rule say nothing in them.

    What is not there, or not made by this course's grader, is left out.
    """
    found = (seal.read(course, folder, student, lesson) for lesson in lessons)
    return [report for report in found if report is not None]


def of_student(course: Course, folder: Path, student: str, lessons: Iterable[str]) -> list[Report]:
    """The same with their final marks, by the ledger beside the reports.

    Raises:
        ClassError: the ledger is damaged, or this course's grader did not make it.
    """
    return applied(course, folder, judged(course, folder, student, lessons))


def of_class(course: Course, folder: Path, *, thin: bool = False) -> list[Report]:
    """All reports in ``folder`` with their final marks: students in natural order, lessons by number.

    Args:
        course: the course, with the salt of the class.
        folder: what `grader grade` wrote.
        thin: without what only a student's own page shows; a class may have more than memory holds.

    Raises:
        ClassError: there are none, or one of them is damaged, or this course's grader did not make it, or the ledger
            beside them. A mark that is silently missing would be worse.
    """
    thinner = Thinner()
    reports = [thinner.thin(report) if thin else report for own in students_of(course, folder) for report in own]
    return applied(course, folder, reports)


def students_of(course: Course, folder: Path) -> Iterator[list[Report]]:
    """Each student's reports in ``folder``, as they were judged, one student after the other, in natural order.

    Raises:
        ClassError: as ``of_class``, but for the ledger.
    """
    if not folder.is_dir():
        raise ClassError(f"{folder} is not a folder; `grader grade … --out {folder}` makes it, with reports")
    there = False
    for student in sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: natural(path.name)):
        own = []
        for path in student.glob("lesson*.json"):
            try:
                report, ours = seal.opened(course, path.read_bytes())
            except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
                why = one_line(str(error))
                raise ClassError(f"{path} is not a report ({why}); delete it and grade again") from None
            if not ours or (folder_name(report.student), f"{report.lesson}.json") != (student.name, path.name):
                raise ClassError(
                    f"{path} was not made by this course's grader, or with another salt, or it was changed or moved "
                    "since; delete it and grade again"
                )
            own.append(report)
        if own:
            there = True
            yield sort_lessons(own)
    if not there:
        raise ClassError(f"{folder} has no reports in it; `grader grade … --out {folder}` writes them")


def pick(reports: Sequence[Report], lesson: str) -> list[Report]:
    """The reports on one lesson, given by its number, its name, or the beginning of its name.

    Raises:
        ClassError: there are none, or more than one lesson is meant.
    """
    names = sorted({report.lesson for report in reports}, key=lambda name: (lesson_number(name), name))
    meant = lessons_called(lesson, names)
    if len(meant) != 1:
        raise ClassError(f"no single lesson {lesson!r} among the reports; there are: {', '.join(meant or names)}")
    return [report for report in reports if report.lesson == meant[0]]


def mark(report: Report) -> float | None:
    """The final mark; None if the grader itself failed, or the lesson does not count for the student."""
    return None if standing(report) in ("error", *UNCOUNTED) else report.score


def counting(reports: Iterable[Report]) -> list[Report]:
    """The reports that count for their student, with or without a mark yet."""
    return [report for report in reports if standing(report) not in UNCOUNTED]


def said_of_adjusted(reports: Iterable[Report]) -> list[str]:
    """A line about every mark that is not simply what was earned, for a system whose file has no place for it."""
    return [f"{one_line(report.student)}, {report.lesson}: {said}" for report, said in adjusted(reports)]


def without_mark(reports: Iterable[Report]) -> list[str]:
    """A line about every report that has no mark because the grader itself failed."""
    return [
        f"{one_line(report.student)}, {report.lesson}: no mark, because the grader failed ({one_line(fault(report))})"
        for report in reports
        if standing(report) == "error"
    ]


def add_up(parts: Sequence[float], total: float) -> list[float]:
    """Round ``parts`` to hundredths that add up to ``total``, for systems that compute the sum themselves.

    Shares such as 10/3 cannot be written down exactly. Each is rounded down, and those that lost most get a hundredth
    back until the sum is right.
    """
    hundredths = [math.floor(100 * part + 1e-6) for part in parts]
    missing = round(100 * total) - sum(hundredths)
    by_loss = sorted(range(len(parts)), key=lambda i: hundredths[i] - 100 * parts[i])
    for i in [i for i in by_loss if parts[i] > 0][: max(missing, 0)]:
        hundredths[i] += 1
    return [value / 100 for value in hundredths]
