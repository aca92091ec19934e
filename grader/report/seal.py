"""The seal of a report: it shows that the grader of this course made the report, and that nobody has changed it since.

A report lies in a folder as a plain file, and marks are made of it days later, perhaps on another machine. The seal is
an HMAC (RFC 2104) of all that the report says, keyed with the course's secret; readings of the clock are left out, so
that equal work has equal seals. Who does not know the salt cannot make one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import msgspec

from grader.course import Course
from grader.report.folders import called, folder_of
from grader.report.report import Report, without_times


def sealed(course: Course, report: Report) -> Report:
    """The report with its seal."""
    return msgspec.structs.replace(report, seal=_seal(course, json.loads(report.to_json())))


def opened(course: Course, text: bytes) -> tuple[Report, bool]:
    """A report from its JSON, and whether this course's grader made it and it is as it was made.

    What is checked is the text and not the ``Report``: a later version, with more in it, still knows an earlier one's.

    Raises:
        msgspec.ValidationError, ValueError: it is not a report.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("JSON in too many levels") from None
    report = msgspec.convert(data, Report)
    return report, hmac.compare_digest(report.seal.encode("utf-8", "replace"), _seal(course, data).encode())


def read(course: Course, out: Path, student: str, lesson: str) -> Report | None:
    """A student's report on a lesson; None if the file is missing, is damaged, is another's, or was not made here.

    Args:
        course: the course.
        out: the folder of reports.
        student: the student's folder in the folder of submissions.
        lesson: the lesson's name.
    """
    try:
        report, ours = opened(course, path_of(out, student, lesson).read_bytes())
    except (OSError, ValueError):  # msgspec's errors are ValueErrors
        return None
    return report if ours and (report.student, report.lesson) == (called(student), lesson) else None


def path_of(out: Path, student: str, lesson: str) -> Path:
    """The file of a student's report on a lesson; arguments as ``read``."""
    return folder_of(out, student) / f"{lesson}.json"


def _seal(course: Course, data: dict[str, Any]) -> str:
    said = without_times({key: value for key, value in data.items() if key != "seal"})
    return hmac.new(course.key("seal"), json.dumps(said, sort_keys=True).encode(), hashlib.sha256).hexdigest()
