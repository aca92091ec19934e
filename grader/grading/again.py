"""The reports that a run is about to make again, and why: said before it begins.

A report keeps the parts of what it depends on, so the reason is read and not guessed. What all reports on a lesson
share, its tests or the grader, is compared first, and then nothing of a submission is opened; a submission is read only
where the folder is not as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from grader.course import Lesson
from grader.course.names import lesson_number
from grader.grading.desk import Folders
from grader.grading.one_student import is_begun, is_right, is_unchanged, isolation_of, work_of
from grader.grading.register import Register
from grader.grading.run import Run, digest_of
from grader.printable import count
from grader.render.counting import numbers
from grader.report.moves import Reason, changed_parts
from grader.report.report import Report, Status
from grader.student.levels import Isolation

Cause = Reason | Literal["failed", "earlier"]
"""``failed``: the grader itself did, and tries again; ``earlier``: an earlier version of it made the report."""

_NO_WORK: tuple[Status, ...] = ("missing", "not started")
_ASKED: tuple[Cause, ...] = ("work", "imports", "failed")
"""What a run is for: nobody has to be told that it grades what was handed in since."""

_OF_LESSONS: Mapping[Cause, str] = {
    "tests": "the hidden tests of {} have changed",
    "points": "the points of {} have changed",
    "rules": "what course.yml, a hint or a limit says of {} has changed",
    "solutions": "the course's own solution of {}, or of one that it imports, has changed",
}
_OF_ALL: Mapping[Cause, str] = {
    "grader": "the grader has changed",
    "libraries": "Python or a library has changed",
    "walls": "isolation or device differ",
    "training": "one of the two runs leaves the training out",
    "earlier": "an earlier version of the grader made them",
    "work": "the work has changed",
    "imports": "a lesson that it imports has changed",
    "failed": "the grader itself failed on them",
}


class Again(NamedTuple):
    """The reports that a run makes again.

    Attributes:
        there: reports of earlier runs on what this run is to grade, as far as there was work.
        causes: how many are made again, by the first reason for it and the lesson.
        perhaps: how many more it may be: they import a lesson that is made again itself.
    """

    there: int
    causes: Mapping[tuple[Cause, str], int]
    perhaps: int = 0

    @property
    def is_more(self) -> bool:
        """Whether the run makes more again than what was handed in since, or what the grader failed on."""
        return any(cause not in _ASKED for cause, _ in self.causes)


def find(
    run: Run,
    isolations: Sequence[Isolation],
    register: Register,
    students: Iterable[str],
    graded: Collection[str],
) -> Again:
    """Look through the reports of earlier runs.

    Args:
        run: the run that is about to begin.
        isolations: how it walls student code in; where it has several ways, each is as good as the others.
        register: of the reports in its folder.
        students: everybody in the run.
        graded: those of them of whom not all reports are up to date.
    """
    there, perhaps, causes = 0, 0, Counter[tuple[Cause, str]]()
    for student in students:
        own = [report for report in register.of(student, run.lessons) if report.status not in _NO_WORK]
        there += len(own)
        if student not in graded or run.fresh:
            continue
        # What goes wrong here goes wrong again where it is graded, and becomes a report there.
        with contextlib.suppress(Exception):
            of_student = _Student(run, isolations, student)
            for report in own:
                if cause := of_student.cause(report):
                    causes[cause, report.lesson] += 1
                elif of_student.may_change(report.lesson):
                    perhaps += 1
    return Again(there, causes, perhaps)


class _Student:
    """One student's reports, in the order of the lessons."""

    def __init__(self, run: Run, isolations: Sequence[Isolation], student: str) -> None:
        self._run, self._isolations = run, isolations
        self._desk = Folders(run, student)
        self._passed: dict[str, bool] = {}
        self._again: set[str] = set()

    def cause(self, report: Report) -> Cause | None:
        """The first reason for which a report is made again; None if it stays, as far as is known before."""
        lesson = self._run.course.lesson(report.lesson)
        found = self._cause(report, lesson)
        if found is None:
            self._passed[lesson.name] = is_right(report)
        else:
            self._again.add(lesson.name)
        return found

    def may_change(self, name: str) -> bool:
        """Whether a report that stays imports a lesson that is judged again, and may come out otherwise."""
        course = self._run.course
        return any(each.name in self._again or self._is_open(each) for each in course.needs(course.lesson(name)))

    def _is_open(self, lesson: Lesson) -> bool:
        """Whether nothing is known of an earlier lesson, which therefore is judged in passing."""
        return lesson.name not in self._passed and is_begun(self._desk, lesson)

    def _cause(self, report: Report, lesson: Lesson) -> Cause | None:
        if report.has_error or report.incomplete or report.held:
            return "failed"
        before = report.origin.parts if report.origin else {}
        if not before:
            return "earlier"
        isolation = isolation_of(report, self._isolations) or self._isolations[0]
        if changed := changed_parts(before, self._run.parts(lesson, isolation)):
            return changed[0]
        if is_unchanged(self._run, report, lesson, isolation, self._desk.state):
            return None
        work = work_of(self._run, self._desk, lesson, self._passed)
        if digest_of(self._run, work, isolation) == report.digest:
            return None
        judged = report.origin.judged if report.origin else {}
        own = hashlib.sha256(work.submission.source.encode("utf-8", "surrogatepass")).hexdigest()
        if judged.get(lesson.name) != own:
            return "work"
        if self.may_change(lesson.name):
            return None  # that follows from what is judged before it
        return "imports" if judged.keys() - {lesson.name} or work.imports else "work"


def said(found: Again) -> str:
    """The sentence about it, without a full stop; "" where a run grades nothing but what it was asked to."""
    if not found.is_more:
        return ""
    number = sum(found.causes.values())
    by_cause: dict[Cause, Counter[str]] = {}
    for (cause, lesson), times in found.causes.items():
        by_cause.setdefault(cause, Counter())[lesson] += times
    ordered = sorted(by_cause.items(), key=lambda each: (each[0] in _ASKED, -each[1].total()))
    told = "; ".join(f"{_in_words(cause, lessons)} ({lessons.total():,})" for cause, lessons in ordered)
    more = f"; {found.perhaps:,} more may be, as they import such a lesson" if found.perhaps else ""
    verb = "is" if number == 1 else "are"
    return f"{number:,} of {count(found.there, 'report')} {verb} to be made again: {told}{more}"


def _in_words(cause: Cause, lessons: Iterable[str]) -> str:
    if cause in _OF_LESSONS:
        named = sorted(lessons, key=lambda name: (lesson_number(name), name))
        return _OF_LESSONS[cause].format(f"{'lesson' if len(named) == 1 else 'lessons'} {numbers(named)}")
    return _OF_ALL[cause]
