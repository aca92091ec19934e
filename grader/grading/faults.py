"""A fault has one student: what becomes of a submission on which the grader itself failed."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path

from grader.course import Course
from grader.files import write
from grader.printable import one_line, visible
from grader.report.report import Report
from grader.student.errors import GraderFault, StudentDied

ANY = (Exception, StudentDied)
"""What can come out of grading one submission, Ctrl-C not among it. A ``UserError`` ends the run all the same: a
mistake in the course is everybody's."""

_LOG_CAP = 200_000
_MESSAGE_CAP = 500


def in_words(error: BaseException) -> str:
    """The report's message about a fault, one line."""
    what = str(error) if isinstance(error, GraderFault) else f"{type(error).__name__}: {error}"
    return one_line(f"the grader itself failed: {what}", _MESSAGE_CAP)


def report(course: Course, lesson: str, student: str, message: str, *, train: bool) -> Report:
    """The report on work about which nothing can be said: no mark, and the reason."""
    which = course.lesson(lesson)
    rule = which.training if train else None
    return Report(
        student=student,
        lesson=which.name,
        title=which.title,
        status="error",
        score=0.0,
        max_score=sum(each.points for each in which.exercises) + (rule.points if rule else 0),
        isolation=None,
        device="cpu",
        message=message,
    )


def traced(error: BaseException) -> str:
    """The traceback of a fault, for whoever mends it."""
    text = visible("".join(traceback.format_exception(error)))
    left_out = f"({len(text) - _LOG_CAP:,} characters before this are left out)\n" if len(text) > _LOG_CAP else ""
    return left_out + text[-_LOG_CAP:]


def log(path: Path, trace: str) -> None:
    """Write the traceback of a fault; what an earlier run left there goes if there was none."""
    if not trace:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return
    write(path, trace.encode(errors="backslashreplace"))
