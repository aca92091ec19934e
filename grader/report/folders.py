"""The folder of a student's reports, and the student's name in them.

A student's folder of submissions may be called anything that a file system takes: like one of the files that lie beside
the reports, or by bytes that are no text. Such a name gets another spelling, which no other student can have: the
prefix ``student~`` and the name percent-encoded. All other names stay as they are.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

PREFIX = "student~"
RESERVED = frozenset(
    {"grades.csv", "properties.csv", "index.html", "counted.json", "ledger.json", "reports.index", "changes.csv"}
    | {"changes.html", "history.csv"}
)
"""What lies beside the students' reports, in small letters: some file systems ignore case."""

_LONGEST = 240


def called(student: str) -> str:
    r"""The student's name in reports and tables: that of the folder, if that is text.

    >>> called("student-001"), called("jos\udce9")
    ('student-001', 'student~jos%E9')
    """
    try:
        student.encode()
    except UnicodeEncodeError:
        return _spelt(student)
    return _spelt(student) if student.startswith(PREFIX) else student


def folder_name(name: str) -> str:
    """The name of the folder with the reports on a student, from the student's name in reports.

    >>> folder_name("student-001"), folder_name("grades.csv")
    ('student-001', 'student~grades.csv')
    """
    return _spelt(name) if name.casefold() in RESERVED else name


def folder_of(out: Path, student: str) -> Path:
    """The folder with the reports on the student whose folder of submissions is called ``student``."""
    return out / folder_name(called(student))


def _spelt(name: str) -> str:
    text = quote(os.fsencode(name), safe=" ")
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 33]}~{hashlib.sha256(os.fsencode(name)).hexdigest()[:32]}"
    return f"{PREFIX}{text}"
