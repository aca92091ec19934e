"""The ledger of a class, made from marks.yml and the late rule; and that of the run before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course
from grader.errors import ClassError
from grader.ledger.cases import Times, cases
from grader.ledger.reading import read
from grader.ledger.stored import FILE, Ledger, stored


def ledger(
    course: Course,
    students: Sequence[str],
    marks: Path | None,
    *,
    times: Times | None = None,
    now: datetime | None = None,
) -> Ledger:
    """Read what there is, and make the ledger of it.

    Args:
        course: the course.
        students: everybody in the class, by their names in reports.
        marks: the file to read; None if there is none.
        times: what is known of when work was handed in, beside what that file says.
        now: decides whether an extension has passed; by default the present.

    Raises:
        ClassError: there is a mistake in the file; the message is one line that says where.
    """
    entries = read(marks, course, students) if marks else ()
    late = tuple(lesson.name for lesson in course.lessons if course.late_rule(lesson))
    return Ledger(cases(course, entries, students, now or datetime.now(UTC), times), late)


def last(course: Course, out: Path) -> Ledger | None:
    """The ledger of the run before, None if there was none, or one that says nothing to this course's grader."""
    if not (out / FILE).exists():
        return None
    try:
        return stored(course, out)
    except ClassError:
        return None
