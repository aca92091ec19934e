"""Hints, one at a time. The number that a learner has seen is kept beside their work, in ``.hints.json``."""

from __future__ import annotations

import contextlib
import json

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.files import write
from grader.learner import memory, own
from grader.report.report import Hint


def take(course: Course, lesson: Lesson, wanted: str, *, again: bool = False) -> Hint:
    """Return the next hint; the last one again if there are no more.

    Args:
        course: the course.
        lesson: the lesson.
        wanted: an exercise's name, or "" for the first one that fails, if the lesson was checked since its last change,
            else for the first one that has hints left.
        again: forget which ones were taken of it.

    Raises:
        CourseError: the lesson has no such exercise.
    """
    every = {exercise.name: exercise.hints for exercise in lesson.exercises}
    if lesson.training is not None:
        every[lesson.training.exercise] = lesson.training.hints
    if wanted and wanted not in every:
        raise CourseError(f"{lesson.name} has no exercise {wanted!r}; choose one of: {', '.join(every)}")
    path = course.root / ".hints.json"
    taken: dict[str, int] = {}
    # A file that somebody has damaged only costs the memory of what was read already.
    with contextlib.suppress(OSError, ValueError):
        stored = json.loads(path.read_text(encoding="utf-8"))
        taken = {str(key): int(value) for key, value in stored.items()} if isinstance(stored, dict) else {}

    def key(name: str) -> str:
        return f"{lesson.name}/{name}"

    if again:
        taken = {k: v for k, v in taken.items() if k not in [key(name) for name in ([wanted] if wanted else every)]}
    name = wanted or _failing(course, lesson)
    if name not in every:
        name = next((n for n, h in every.items() if taken.get(key(n), 0) < len(h)), list(every)[-1])
    hints = every[name]
    if not hints:
        return Hint(name, 0, 0, "")
    number = min(taken.get(key(name), 0) + 1, len(hints))
    taken[key(name)] = number
    write(path, json.dumps(taken, indent=2).encode())
    return Hint(name, number, len(hints), hints[number - 1])


def _failing(course: Course, lesson: Lesson) -> str:
    """The exercise to mend first, as a check of the work as it is has found; "" if there was none, or nothing fails."""
    last = memory.read(course).checked.get(lesson.name)
    if last is None or not last.next:
        return ""
    with contextlib.suppress(CourseError):
        if last.digest == own.read(course, lesson, missing=True).digest(course):
            return last.next
    return ""
