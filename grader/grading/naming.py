"""The search for the names of a submission's mistakes, and what it may cost.

Names are worth no marks. So the search has a budget of its own, within the submission's: what else is asked must not
find its time used up. And what it finds out about a known wrong program, for this student and for later ones, is on
nobody's account.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

import msgspec

from grader.course import Course, Lesson
from grader.grading import remembered
from grader.grading.sessions import open_session
from grader.properties import diagnosis
from grader.properties.diagnosis import Diagnosis
from grader.properties.finding import Finding
from grader.properties.known import Known
from grader.student import own_time
from grader.student.budget import Budget
from grader.student.places import Place
from grader.student.session import Session

_SECONDS = 60.0
"""By the clock, for the student's side of it: a hundred questions take a moment, unless each of them is slow."""
_ASKING_SECONDS = 1.0
"""Processor time of a session in which cases are put to a program: each takes milliseconds, unless it has no end."""


def names(
    course: Course,
    lesson: Lesson,
    sources: dict[str, str],
    place: Place,
    findings: Sequence[Finding],
    budget: Budget | None,
) -> dict[str, Diagnosis]:
    """The misconception behind every failed property for which there is one, by the property's name.

    Args:
        course: the course.
        lesson: the lesson.
        sources: the submission, and what it may import, by module name.
        place: where it runs.
        findings: of all properties that were run.
        budget: the submission's, if it has one.

    Raises:
        own_time.TooLong: it takes too long.
    """
    own = Budget(min(budget.left, _SECONDS)) if budget is not None else None
    brief = msgspec.structs.replace(course.limits, cpu_seconds=min(course.limits.cpu_seconds, _ASKING_SECONDS))
    references = course.references(lesson)

    def open_student() -> Session:
        return open_session(course, lesson, sources, place, own, brief)

    def open_module(source: str, *, asking: bool) -> Session:
        return open_session(
            course, lesson, {**references, lesson.name: source}, place, limits=brief if asking else None
        )

    @contextlib.contextmanager
    def aside() -> Iterator[None]:
        start = time.monotonic()
        with own_time.paused():
            yield
        if own is not None:
            own.give_back(time.monotonic() - start)

    laws = {finding.name: finding.law for finding in findings if finding.law is not None}
    kept = remembered.of(course, lesson, place.isolation)
    known = Known(course, lesson, open_module, aside, lambda: place.lost, kept.recall(laws))
    try:
        with contextlib.closing(known.programs):
            found = diagnosis.diagnose(findings, open_student, known)
    finally:
        kept.keep(laws)
    if own is not None and own.is_spent:
        raise own_time.TooLong  # the last question was cut off, so the best name may not be among these
    return found
