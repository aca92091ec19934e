"""The page for a mark that is disputed: the code as it was judged, every verdict, and the command that repeats it.

Whoever doubts a mark needs three things: that the code on the table is the code that was judged, by its hash; what has
changed since, of the course, of the grader and of the libraries; and a way to do it again that takes no trust.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grader.course import Course, Lesson
from grader.errors import ClassError
from grader.export.marks import of_student
from grader.grading import history
from grader.grading.digest import parts_of, short
from grader.grading.origin import Clock, file_of
from grader.printable import one_line
from grader.render import html
from grader.report.folders import called, folder_of
from grader.report.moves import REASONS, origins
from grader.report.report import Origin, Report
from grader.report.step import silent
from grader.submissions.find import read_work
from grader.submissions.work import Work


def page_of(out: Path, student: str, lesson: Lesson) -> Path:
    """The place of the page, beside the report."""
    return folder_of(out, student) / f"{lesson.name}.dispute.html"


def dispute(course: Course, submissions: Path, out: Path, student: str, lesson: Lesson) -> str:
    """Make the page.

    Args:
        course: the course, with the salt of the class.
        submissions: what was handed in.
        out: the folder of reports.
        student: the folder of submissions.
        lesson: the lesson.

    Returns:
        A whole HTML document, to be written as UTF-8.

    Raises:
        ClassError: there is no report, or it does not say what it was made from.
    """
    found = of_student(course, out, student, [lesson.name])
    if not found:
        raise ClassError(f"{out} has no report of {one_line(student, 60)!r} on {lesson.name}; grade it first")
    report = found[0]
    if report.origin is None:
        raise ClassError(
            f"the report on {one_line(student, 60)} and {lesson.name} does not say what it was made from: an earlier "
            "version of the grader wrote it; grade again with --fresh"
        )
    again = out.with_name(f"{out.resolve().name}-again")
    code = judged_code(course, report, report.origin, submissions / student, lesson)
    return html.dispute_page(
        report,
        source=code.source,
        problem=code.problem,
        changed=code.changed,
        history=history.of(out, report.student, lesson.name),
        commands=_commands(submissions, out, again, student, lesson),
    )


class Code(NamedTuple):
    """The code that was judged.

    Attributes:
        source: the code; "" if it is not there.
        problem: why it is not there.
        changed: what else is not as it was when it was judged.
    """

    source: str
    problem: str
    changed: list[str]


def judged_code(course: Course, report: Report, origin: Origin, folder: Path, lesson: Lesson) -> Code:
    """Look for the code that a report is about, in what the student handed in.

    Args:
        course: the course.
        report: the report.
        origin: that of the report.
        folder: the student's folder of submissions.
        lesson: the lesson.
    """
    work = Work(called(folder.name), lesson, read_work(course, lesson, folder))
    source = work.submission.source
    is_judged = (
        origin.judged.get(lesson.name, "") == hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    )
    now = Clock(silent).origin(course, work, file_of(work.submission, folder), short(parts_of(course, lesson)))
    changed = [REASONS[reason] for reason in origins(lesson.name, origin, now) if reason not in ("work", "imports")]
    return Code(source if is_judged else "", _problem(report, source, is_judged), changed)


def _problem(report: Report, source: str, is_judged: bool) -> str:
    if is_judged and source:
        return ""
    if is_judged or not (source or report.status == "graded"):
        return "There is no code that could have been judged; the message above says why."
    return (
        "What lies in the folder of submissions now is not what was judged: its hash is another one. Bring back the "
        "file that was handed in, or grade again."
    )


def _commands(submissions: Path, out: Path, again: Path, student: str, lesson: Lesson) -> Sequence[str]:
    words = ["grader", "grade", str(submissions), "--student", student, "--lesson", str(lesson.number), "--fresh"]
    words += ["--out", str(again), "--against", str(out)]
    return [shlex.join(word.encode("utf-8", "backslashreplace").decode() for word in words)]
