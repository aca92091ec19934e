"""Sessions with a submission loaded, under the course's limits."""

from __future__ import annotations

from grader.course import Course, Lesson
from grader.student.budget import Budget
from grader.student.limits import Limits
from grader.student.places import Place
from grader.student.session import Session


def open_session(
    course: Course,
    lesson: Lesson,
    sources: dict[str, str],
    place: Place,
    budget: Budget | None = None,
    limits: Limits | None = None,
) -> Session:
    """Open a session with these modules loaded, within that budget; the limits are those for properties, or others.

    Raises:
        StudentError, StudentDied: the lesson's module cannot be imported.
    """
    return place.open(sources, lesson.name, limits or course.limits, short=True, budget=budget)
