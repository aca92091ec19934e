"""The outcomes of earlier checks of a learner's own lessons, by content. Kept beside the work, in ``.checked.json``.

It is a convenience: where the file cannot be read or written, everything is only forgotten.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping

import msgspec

from grader.course import Course, Lesson
from grader.files import write
from grader.lessons.stubs import pristine
from grader.report.report import Report, Verdict
from grader.report.sorting import first_failure

_NAME = ".checked.json"


class Checked(msgspec.Struct, frozen=True):
    """The outcome of a lesson's last check.

    Attributes:
        digest: of what was checked; see ``digest``.
        passed: how many laws hold, of ``laws``.
        laws: how many there are; 0 if the file cannot be imported.
        public: whether they are the public examples.
        next: the exercise to mend first, "" if all hold.
    """

    digest: str
    passed: int
    laws: int
    public: bool = False
    next: str = ""

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to mend."""
        return 0 < self.laws == self.passed


class Trained(msgspec.Struct, frozen=True):
    """The outcome of a lesson's last training check: of what, and how it went."""

    digest: str
    verdict: Verdict


class Memory(msgspec.Struct):
    """All that is remembered, by the names of lessons; ``watched`` is the lesson that was watched last."""

    checked: dict[str, Checked] = {}
    trained: dict[str, Trained] = {}
    watched: str = ""


def read(course: Course) -> Memory:
    """All that is remembered; nothing where the file is not there or is damaged."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode((course.root / _NAME).read_bytes(), type=Memory)
    return Memory()


def digest(course: Course, lesson: Lesson, sources: Mapping[str, str]) -> str:
    """A name for a learner's modules together with what they are judged by: equal for an equal outcome.

    Args:
        course: the course.
        lesson: the lesson.
        sources: its module and the earlier ones that it imports, by name.
    """
    parts = [part for name in sorted(sources) for part in (name, sources[name])]
    parts.append(str(lesson.training))
    tests = sorted(course.tests(lesson).glob("test_*.py"))
    parts += [path.read_text(encoding="utf-8") for path in tests] or [pristine(course, lesson)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def keep(course: Course, lesson: Lesson, name: str, report: Report) -> None:
    """Remember the outcome of a check, and of a training check if there was one.

    Args:
        course: the course.
        lesson: the lesson.
        name: the digest of what was checked.
        report: the outcome.
    """
    if report.has_error:
        return
    memory = read(course)
    failure = first_failure(report)
    memory.checked[lesson.name] = Checked(
        digest=name,
        passed=sum(result.verdict == "pass" for result in report.properties),
        laws=len(report.properties),
        public=report.public,
        next=failure.exercise if failure else "",
    )
    if report.training is not None and report.training.verdict != "skip":
        memory.trained[lesson.name] = Trained(name, report.training.verdict)
    save(course, memory)


def save(course: Course, memory: Memory) -> None:
    """Write what is to be remembered, where that is possible."""
    with contextlib.suppress(OSError):
        write(course.root / _NAME, msgspec.json.encode(memory))
