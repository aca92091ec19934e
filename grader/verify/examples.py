"""The share of the known misconceptions that the public examples catch.

The hidden properties catch all of them (``grader verify``). The difference is what a student who has only the examples
cannot see.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.course import Course, Lesson
from grader.lessons import chaffs as known
from grader.lessons.stubs import pristine
from grader.verify.table import ExamplesRow

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place


def caught(course: Course, lesson: Lesson, source: str, stub: str, place: Place, watch: Watcher) -> bool:
    """Whether a module fails an example of the lesson, or cannot even be imported.

    It runs in this very process, as with ``grader check``: examples may import what the sandbox does not have.
    """
    from grader.grading.sessions import open_session
    from grader.properties import examples
    from grader.student.errors import StudentDied, StudentError
    from grader.student.inprocess import Here
    from grader.verify.judge import sources

    texts = sources(course, lesson, source)
    try:
        findings = examples.run(lesson, stub, lambda: open_session(course, lesson, texts, Here()))
    except (StudentError, StudentDied):
        return True
    return any(finding.verdict != "pass" for finding in findings)


def jobs(course: Course, lessons: Sequence[Lesson]) -> dict[str, Callable[..., bool]]:
    """The jobs: every chaff of these lessons."""
    found: dict[str, Callable[..., bool]] = {}
    for lesson in lessons:
        solution, stub = course.solution(lesson).read_text(encoding="utf-8"), pristine(course, lesson)
        for chaff in known.load(course, lesson):
            found[_name(lesson, chaff.name)] = functools.partial(caught, course, lesson, chaff.source(solution), stub)
    return found


def rows(course: Course, lessons: Sequence[Lesson], results: Mapping[str, bool]) -> list[ExamplesRow]:
    """The results; one row per lesson."""
    found = []
    for lesson in lessons:
        fails = [results[_name(lesson, chaff.name)] for chaff in known.load(course, lesson)]
        found.append(ExamplesRow(lesson.name, sum(fails), len(fails)))
    return found


def _name(lesson: Lesson, chaff: str) -> str:
    return f"{lesson.name} chaff {chaff}"
