"""The ledger beside the reports: what a run applied, so that whatever reads the reports later applies the same.

It moves marks, so it carries a seal like a report's: one that this course's grader did not make is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from grader.course import Course
from grader.errors import ClassError
from grader.files import write
from grader.printable import one_line
from grader.report import due
from grader.report.mark import Case
from grader.report.report import Report
from grader.report.settled import Cases, settle

FILE = "ledger.json"


class Ledger(msgspec.Struct, frozen=True):
    """The ledger of a class.

    Attributes:
        cases: what it says, by student and lesson.
        late: the lessons for which being late costs points.
        seal: shows that the grader made it.
    """

    cases: tuple[Case, ...] = ()
    late: tuple[str, ...] = ()
    seal: str = ""

    @property
    def by_place(self) -> Cases:
        """Its cases by student and lesson."""
        return {(each.student, each.lesson): each for each in self.cases}

    @property
    def timed(self) -> list[tuple[str, str]]:
        """Student and lesson of every submission of which it is known when it was handed in."""
        return [(each.student, each.lesson) for each in self.cases if each.handed_in is not None]


def store(course: Course, folder: Path, ledger: Ledger) -> None:
    """Write the ledger beside the reports."""
    ledger = msgspec.structs.replace(ledger, seal=_seal(course, json.loads(msgspec.json.encode(ledger))))
    write(folder / FILE, msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n")


def stored(course: Course, folder: Path) -> Ledger:
    """The ledger beside the reports; an empty one in a folder that no whole run has written.

    Raises:
        ClassError: it is damaged, or this course's grader did not make it, or it was removed: marks would silently be
            what was earned.
    """
    path = folder / FILE
    try:
        data = json.loads(path.read_bytes())
        ledger = msgspec.convert(data, Ledger)
    except FileNotFoundError:
        if (folder / due.FILE).exists():
            raise ClassError(f"{path} is not there any more, and marks depend on it; grade again") from None
        return Ledger()
    except (OSError, ValueError, RecursionError) as error:
        raise ClassError(f"{path} cannot be read ({one_line(str(error))}); grade again") from None
    if not hmac.compare_digest(ledger.seal.encode("utf-8", "replace"), _seal(course, data).encode()):
        raise ClassError(
            f"{path} was not made by this course's grader, or with another salt, or it was changed since; write what "
            "you want into marks.yml, and grade again"
        )
    return ledger


def unsealed(folder: Path) -> Ledger:
    """The ledger beside the reports by whichever salt it is sealed, empty if there is none that can be read.

    It serves to say what has moved since; no mark may depend on it.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Ledger)
    except (OSError, ValueError, RecursionError):
        return Ledger()


def applied(course: Course, folder: Path, reports: Iterable[Report]) -> list[Report]:
    """Reports of a folder with their final marks, by the ledger beside them.

    Raises:
        ClassError: see ``stored``.
    """
    return settle(reports, stored(course, folder).by_place)


def _seal(course: Course, data: dict[str, Any]) -> str:
    said = json.dumps({key: value for key, value in data.items() if key != "seal"}, sort_keys=True)
    return hmac.new(course.key("ledger"), said.encode(), hashlib.sha256).hexdigest()
