"""Students' ids in another system: a file of two columns maps folder names to ids if the two differ."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import ClassError
from grader.printable import one_line

_HEADINGS = ("student", "folder", "name")


@dataclass(frozen=True)
class Ids:
    """A student's id by the name of the student's folder.

    Attributes:
        known: what the file says; empty where there is none, and then the folder's name is the id.
        given: whether there is a file. A student whom it does not name then has no id.
    """

    known: dict[str, str] = field(default_factory=dict)
    given: bool = False

    def of(self, student: str) -> str | None:
        """The student's id, or None if the file does not name the student."""
        return self.known.get(student) if self.given else student

    def unknown(self, students: Iterable[str]) -> list[str]:
        """A line about every student without an id, and about every name in the file that is no student's."""
        students = list(dict.fromkeys(students))
        lines = [f"{one_line(name)}: no id in the file of ids" for name in students if self.of(name) is None]
        return lines + [
            f"{one_line(name)}: in the file of ids, but not graded" for name in self.known if name not in students
        ]


def read(path: Path | None) -> Ids:
    """Read a file with two columns, the student's folder and the id; its first line may be a heading.

    Raises:
        ClassError: it cannot be read, a line has no two columns, or two students would share an id.
    """
    if path is None:
        return Ids()
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ClassError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    known: dict[str, str] = {}
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].casefold() in _HEADINGS):
            continue
        if len(cells) != 2 or not all(cells):
            raise ClassError(f"{path}, line {number}: two columns expected, the student's folder and the id")
        student, identity = cells
        if student in known:
            raise ClassError(f"{path}, line {number}: {student!r} comes twice")
        if identity in known.values():
            raise ClassError(f"{path}, line {number}: a second student with the id {identity!r}")
        known[student] = identity
    if not known:
        raise ClassError(f"{path} names no students; two columns expected, the student's folder and the id")
    return Ids(known, given=True)


def as_csv(ids: dict[str, str]) -> str:
    """The ids of folders, in the format that ``read`` reads."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("folder", "id"))
    writer.writerows(sorted(ids.items()))
    return text.getvalue()
