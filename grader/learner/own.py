"""A learner's own work on a lesson: read, judged in this process, and its outcome remembered."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.learner import memory
from grader.lessons.stubs import pristine
from grader.report.report import Report
from grader.report.step import Watcher, silent
from grader.submissions.find import read_own
from grader.submissions.read import Submission, read_file

if TYPE_CHECKING:
    from grader.properties.finding import Finding


@dataclasses.dataclass(frozen=True)
class Own:
    """A learner's work on a lesson.

    Attributes:
        lesson: the lesson.
        file: the file that was read.
        submission: what it says.
        imports: the earlier lessons that it may import, by module name.
        notes: what to say of those.
    """

    lesson: Lesson
    file: Path
    submission: Submission
    imports: dict[str, str]
    notes: tuple[str, ...]

    def digest(self, course: Course) -> str:
        """The name under which its outcome is remembered."""
        return memory.digest(course, self.lesson, {**self.imports, self.lesson.name: self.submission.source})


def read(course: Course, lesson: Lesson, file: Path | None = None, *, missing: bool = False) -> Own:
    """Read a lesson's file: the one in exercises/ unless another is named.

    Args:
        course: the course.
        lesson: the lesson.
        file: the file, or None.
        missing: whether a file that is not there is an outcome like any other.

    Raises:
        CourseError: there is no such file.
    """
    if file is not None:
        if not file.exists():
            raise CourseError(f"{file} does not exist")
        found, submission = file, read_file(file, lesson, pristine(course, lesson))
    else:
        folder = course.stub(lesson).parent
        found, submission = read_own(course, lesson, folder)
        if submission.status == "missing" and not missing:
            raise CourseError(f"{folder}: {submission.problem}")
    return Own(lesson, found, submission, *_imports(course, lesson))


def judge(
    course: Course,
    own: Own,
    watch: Watcher = silent,
    *,
    train: bool = False,
    device: str = "cpu",
    films: bool = False,
    first: tuple[str, ...] = (),
    tell: Callable[[Finding, int], None] | None = None,
    failing: Callable[[Finding, int], None] | None = None,
) -> Report:
    """Judge a learner's work in this very process, and remember the outcome.

    Args:
        course: the course.
        own: the work.
        watch: called at every step.
        train: run the training check as well.
        device: where networks live.
        films: film the training runs.
        first: properties, or exercises, to judge before the others.
        tell: hears of every property as soon as it is judged, and how many there are.
        failing: hears of one that fails as soon as that is sure, before its example has been made small.

    Raises:
        CourseError: there is nothing to judge the lesson with.
    """
    lesson, submission = own.lesson, own.submission
    public = not course.has_properties(lesson)
    if public and not pristine(course, lesson):
        raise CourseError(f"{lesson.name} cannot be checked: there are neither properties nor a stub with examples")
    if submission.problem:
        return Report(
            student="you",
            lesson=lesson.name,
            title=lesson.title,
            status=submission.status,
            score=0.0,
            max_score=sum(exercise.points for exercise in lesson.exercises),
            isolation=None,
            device=device,
            message=submission.problem,
            notes=submission.notes,
            public=public,
        )
    # What judges is half a second of imports, and nobody waits for it to read that nothing is written yet.
    from grader.grading.grade import Asked, grade
    from grader.student.inprocess import Here
    from grader.submissions.work import Work

    work = Work("you", lesson, submission, own.imports, own.notes)
    asked = Asked(train=train, public=public, first=first, films=films)
    # A fault of the grader's is told in the report: nobody who learns wants its traceback.
    report = grade(
        course, work, Here(device=device), asked, watch, failed=lambda fault: None, tell=tell, failing=failing
    )
    if own.file.parent == course.stub(lesson).parent:  # of another file, nothing is said about the lesson
        memory.keep(course, lesson, own.digest(course), report)
    return report


def own_or_reference(course: Course, lesson: Lesson, folder: Path) -> tuple[str, str]:
    """A lesson that a later one imports: the learner's own, else the reference, else the stub.

    Returns:
        Its source, "" where there is none of them; and what to say where it is not the learner's own.
    """
    _, submission = read_own(course, lesson, folder)
    if not submission.problem:
        return submission.source, ""
    solution = course.solution(lesson)
    if solution.is_file():
        note = f"the course's own {lesson.name} was used: yours has not been started"
        return solution.read_text(encoding="utf-8"), note
    why = "it has not been started" if submission.is_stub else submission.problem
    stub = pristine(course, lesson)
    return stub, f"this lesson builds on your {lesson.name}, which cannot be used yet: {why}"


_Looks = tuple[tuple[str, int, int], ...]

_earlier: dict[tuple[Path, str], tuple[_Looks, tuple[str, str]]] = {}
"""What an earlier lesson was when it was read last, and how its folder looked then: a watch reads it at every save."""


def _imports(course: Course, lesson: Lesson) -> tuple[dict[str, str], tuple[str, ...]]:
    """The learner's own earlier lessons; for one that is not started, the reference, or the stub if there is none."""
    sources, notes = {}, []
    for earlier in course.needs(lesson):
        folder = course.stub(earlier).parent
        looks = (*_looks(folder, besides=lesson), *_looks(course.solution(earlier).parent))
        before, read = _earlier.get((folder, earlier.name), ((), ("", "")))
        if before != looks:
            read = own_or_reference(course, earlier, folder)
            _earlier[folder, earlier.name] = looks, read
        source, note = read
        if source:
            sources[earlier.name] = source
        if note:
            notes.append(note)
    return sources, tuple(notes)


def _looks(folder: Path, besides: Lesson | None = None) -> _Looks:
    """The files of a folder, each with its time and size, but for those of the lesson that is being saved."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        others = [entry for entry in entries if besides is None or not entry.name.startswith(besides.name)]
        return tuple((entry.name, (at := entry.stat()).st_mtime_ns, at.st_size) for entry in others)
    return ()
