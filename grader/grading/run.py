"""The settings of a run that all of its students share, and what a report depends on."""

from __future__ import annotations

import dataclasses
import functools
from datetime import UTC, datetime
from pathlib import Path

from grader.course import Course, Lesson
from grader.grading import unchanged
from grader.grading.digest import basis_of, digest, parts_of, short
from grader.student.levels import Isolation
from grader.submissions.work import Work


@dataclasses.dataclass(frozen=True)
class Run:
    """The settings shared by all students of a run.

    Attributes:
        course: the course.
        submissions: a folder per student.
        out: gets a folder per student with a report per lesson.
        lessons: names of the lessons to grade, in order.
        train: whether training checks are run.
        fresh: grade again even if an up-to-date report is there.
        now: by when deadlines have passed, the same for the whole run.
        films: film the training runs.
        bases: what all reports on a lesson depend on, by its name, as far as somebody has asked for it: the parts, and
            the hash of all of them.
    """

    course: Course
    submissions: Path
    out: Path
    lessons: tuple[str, ...]
    train: bool = True
    fresh: bool = False
    now: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))
    films: bool = True
    bases: dict[str, tuple[dict[str, str], bytes]] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def basis(self, lesson: Lesson) -> bytes:
        """The hash of what all reports on a lesson depend on: it takes reading all of the grader."""
        return self._basis(lesson)[1]

    def parts(self, lesson: Lesson, isolation: Isolation) -> dict[str, str]:
        """The same part by part, with the options of this run, as a report keeps it."""
        return short(self._basis(lesson)[0], walls=isolation, training=self.train)

    def _basis(self, lesson: Lesson) -> tuple[dict[str, str], bytes]:
        if lesson.name not in self.bases:
            parts = parts_of(self.course, lesson)
            self.bases[lesson.name] = parts, basis_of(self.course, lesson, parts)
        return self.bases[lesson.name]

    @functools.cached_property
    def secret_of_marks(self) -> bytes:
        """The secret of marks on folders that have not changed: the same for all, so made once."""
        return unchanged.key(self.course)


def digest_of(run: Run, work: Work, isolation: Isolation) -> str:
    """Hash everything that the report on a student's work depends on."""
    options = (work.student, work.submission, isolation, run.train, work.notes)
    return digest(run.course, work.lesson, work.sources, *options, basis=run.basis(work.lesson))


def mark_of_folder(run: Run, made_of: str, lesson: Lesson, isolation: Isolation, state: bytes | None) -> str:
    """The mark of a report on a lesson, with all that decides on it beside what the student's folder holds."""
    needed = [(each.name, run.basis(each), run.course.may_stand_in(each, run.now)) for each in run.course.needs(lesson)]
    basis = run.basis(lesson)
    return unchanged.mark(run.secret_of_marks, made_of, state, lesson.name, basis, needed, isolation, run.train)
