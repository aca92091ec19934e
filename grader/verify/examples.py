"""How many of the known misconceptions the public examples catch: ``python -m grader.verify.examples``.

The hidden properties catch all of them (``grader verify``). The difference is what a student who has only the examples
cannot see.
"""

from __future__ import annotations

from pathlib import Path

from grader.course import Course, Lesson, find_root, load
from grader.grading.grade import open_session
from grader.lessons import chaffs
from grader.lessons.stubs import pristine
from grader.properties import examples
from grader.student.errors import StudentDied, StudentError
from grader.student.inprocess import Here


def caught(course: Course, lesson: Lesson) -> tuple[int, int]:
    """How many of a lesson's misconceptions fail an example, and how many there are."""
    solution, stub = course.solution(lesson).read_text(encoding="utf-8"), pristine(course, lesson)
    known = chaffs.load(course, lesson)
    return sum(_fails(course, lesson, chaff.source(solution), stub) for chaff in known), len(known)


def _fails(course: Course, lesson: Lesson, source: str, stub: str) -> bool:
    sources = {**course.references(lesson), lesson.name: source}
    try:
        findings = examples.run(lesson, stub, lambda: open_session(course, lesson, sources, Here()))
    except (StudentError, StudentDied):
        return True
    return any(finding.verdict != "pass" for finding in findings)


def main() -> None:
    """Print the figures of all lessons."""
    course = load(find_root(Path.cwd()))
    found = [caught(course, lesson) for lesson in course.lessons]
    for lesson, (some, every) in zip(course.lessons, found, strict=True):
        print(f"{lesson.name:26} {some:4} of {every}")
    some, every = (sum(column) for column in zip(*found, strict=True))
    print(f"{'all':26} {some:4} of {every}")


if __name__ == "__main__":
    main()
