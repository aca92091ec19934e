"""Choose the lessons that are out: a release adds lessons, and withdraws one only on request."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.release.contents import with_what_they_import


@dataclasses.dataclass(frozen=True)
class Choice:
    """The lessons of a folder after a release.

    Attributes:
        lessons: those that are out then.
        added: those among them that were not out before.
        withdrawn: names of those that are taken back.
        waiting: those of the course that are not out.
    """

    lessons: tuple[Lesson, ...]
    added: tuple[Lesson, ...]
    withdrawn: tuple[str, ...]
    waiting: tuple[Lesson, ...]


def choose(
    course: Course,
    out: Collection[str] | None,
    *,
    add: Sequence[str] = (),
    everything: bool = False,
    withdraw: Sequence[str] = (),
) -> Choice:
    """Choose the lessons that are out after a release.

    Args:
        course: the whole course.
        out: names of the lessons that are out already; None for a first release, which has all lessons if none are
            named.
        add: lessons to add, with those that they import.
        everything: add all lessons.
        withdraw: lessons to take back.

    Raises:
        CourseError: there is no such lesson, a lesson that stays needs one that is withdrawn, or none would be left.
    """
    before = set(out or ())
    known = {lesson.name for lesson in course.lessons}
    taken = {each if each in before else course.lesson(each).name for each in withdraw}
    wanted = {course.lesson(each).name for each in add}
    if both := wanted & taken:
        raise CourseError(f"{min(both)} is both added and withdrawn; choose one")
    if absent := taken - before:
        raise CourseError(f"{min(absent)} is not out, so it cannot be withdrawn")
    if gone := before - known - taken:
        raise CourseError(
            f"{min(gone)} is out but no longer in the course; add --withdraw {min(gone)} to take it back, or restore "
            "it in course.yml"
        )
    if everything or (out is None and not wanted):
        wanted = known - taken
    names = (before | wanted) - taken
    if not names:
        raise CourseError("no lesson would be left; to take everything back, delete the folder")
    lessons = with_what_they_import(course, sorted(names))
    for lesson in lessons:
        if needed := taken.intersection(lesson.imports):
            raise CourseError(
                f"{min(needed)} cannot be withdrawn, because {lesson.name} imports it; withdraw that one as well"
            )
    return Choice(
        lessons=tuple(lessons),
        added=tuple(lesson for lesson in lessons if lesson.name not in before),
        withdrawn=tuple(sorted(taken)),
        waiting=tuple(lesson for lesson in course.lessons if lesson not in lessons),
    )
