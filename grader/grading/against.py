"""A run beside an earlier one: which marks have moved, and why, as a table and a page beside the marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.course import Course
from grader.errors import ClassError
from grader.export.csv import moves_csv
from grader.export.marks import judged
from grader.files import write
from grader.grading.output import writing
from grader.ledger.stored import stored
from grader.printable import count
from grader.render import html
from grader.report.moves import Move
from grader.report.report import Report
from grader.report.settled import settled
from grader.report.thin import Thinner
from grader.submissions.apart import overlap

CSV, PAGE = "changes.csv", "changes.html"


def read(course: Course, before: Path, out: Path, students: Iterable[str], lessons: Iterable[str]) -> list[Report]:
    """The reports of an earlier run, thin.

    Args:
        course: the course.
        before: the folder into which that run wrote.
        out: the folder into which this run writes.
        students: about whom.
        lessons: on what.

    Raises:
        ClassError: there are none, or they are about to be written over.
    """
    if not before.is_dir():
        raise ClassError(f"--against {before} is not a folder; it has to be the --out of an earlier run")
    if how := overlap(out, before):
        raise ClassError(
            f"--against {before} {how} {out}, where this run writes; copy it first, for example with "
            f"cp -r {out} {out}-before, and name the copy"
        )
    names = list(lessons)
    thin = Thinner().thin
    cases = stored(course, before).by_place
    found = [
        settled(thin(report), cases.get((report.student, report.lesson)))
        for student in students
        for report in judged(course, before, student, names)
    ]
    if not found:
        raise ClassError(
            f"--against {before} has no report on these students that this course's grader made with this salt"
        )
    return found


def write_moves(course: Course, out: Path, before: Path, moved: Sequence[Move], compared: int) -> str:
    """Write the table and the page into the folder of the run, and give the summary in a sentence.

    Args:
        course: the course.
        out: the folder.
        before: where the earlier reports lie.
        moved: the marks that moved.
        compared: how many marks there are in all.
    """
    said = summary(moved, compared)
    with writing(out):
        write(out / CSV, moves_csv(moved).encode())
        write(out / PAGE, html.moves_page(moved, title=course.title, before=str(before), summary=said).encode())
    return said


def summary(moved: Sequence[Move], compared: int) -> str:
    """Say how many marks moved, and which way."""
    if not moved:
        return f"None of {count(compared, 'mark')} moved."
    differences = [each.difference for each in moved]
    ways = {
        "up": sum(d is not None and d > 0 for d in differences),
        "down": sum(d is not None and d < 0 for d in differences),
        "new, gone, or out of other points": sum(d is None or d == 0 for d in differences),
    }
    told = ", ".join(f"{number:,} {way}" for way, number in ways.items() if number)
    return f"{len(moved):,} of {count(compared, 'mark')} moved: {told}."
