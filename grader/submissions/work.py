"""One student's work on one lesson, with everything that it is judged by besides the tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from grader.course import Lesson
from grader.submissions.read import Submission


@dataclasses.dataclass(frozen=True)
class Work:
    """One student's work on one lesson.

    Attributes:
        student: whose work it is.
        lesson: the lesson.
        submission: what was handed in.
        imports: sources of earlier lessons that it may import, by module name.
        notes: what to say in the report beside the submission's own notes.
    """

    student: str
    lesson: Lesson
    submission: Submission
    imports: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def sources(self) -> dict[str, str]:
        """All modules that run together, by name."""
        return {**self.imports, self.lesson.name: self.submission.source}
