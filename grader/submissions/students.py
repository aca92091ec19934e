"""The students of a class, each a folder, and what lies beside these folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grader.errors import ClassError
from grader.printable import one_line
from grader.report.sorting import natural
from grader.submissions.names import is_archive, is_work, stem_of
from grader.submissions.walk import Entry, walk

LAYOUT = "<submissions>/<student>/<lesson>/<lesson>.py, or a clone of each student's repository"

_MOST_LINES = 30
_MOST_STUDENTS = 20_000


def find_students(submissions: Path, wanted: Sequence[str]) -> list[str]:
    """The folders of ``submissions``, or the wanted ones; ``strays`` describes everything else in it.

    Raises:
        ClassError: there are none, or a wanted one is missing.
    """
    found = [entry.name for entry in _class(submissions) if _is_student(entry)]
    if not found:
        lines = strays(submissions)
        raise ClassError(f"{submissions} has no student in it; {lines[0] if lines else f'expected {LAYOUT}'}")
    for name in wanted:
        if name not in found:
            raise ClassError(f"{submissions} has no student named {name!r}")
    return sorted(wanted or found, key=natural)


def strays(submissions: Path) -> list[str]:
    """A line about each thing beside the students' folders that could be someone's work."""
    others = [entry for entry in _class(submissions) if not _is_student(entry) and not _is_hidden(entry.name)]
    lines = []
    for entry in others[: 2 * _MOST_LINES]:
        name = one_line(entry.name, 80)
        if entry.kind == "link":
            lines.append(
                f"{name} is a link and was not followed; put the folder itself into {one_line(str(submissions), 2000)}"
            )
        elif is_archive(entry.name):
            lines.append(f"{name} is an archive and was not opened; unpack it, or use `grader collect`")
        elif _is_nearly_the_ledger(entry):
            lines.append(f"{name} was not read; the file that changes marks has to be called marks.yml")
        elif stem_of(entry.name):
            lines.append(f"{name} lies beside the students' folders and was not graded; put it into its student's")
        elif entry.kind == "file" and is_work(entry.name):
            lines.append(f"{name} lies beside the students' folders and was not looked at")
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(others) - _MOST_LINES} more things beside the students' folders"]
    return lines


def _class(submissions: Path) -> tuple[Entry, ...]:
    if not submissions.is_dir():
        raise ClassError(f"{submissions} is not a folder; expected {LAYOUT}")
    return walk(submissions, levels=1, most=_MOST_STUDENTS).entries


def _is_student(entry: Entry) -> bool:
    return entry.kind == "folder" and not _is_hidden(entry.name)


def _is_nearly_the_ledger(entry: Entry) -> bool:
    """Whether a file is probably meant to be marks.yml: it would be silently left out."""
    named = re.fullmatch(r"marks?\.ya?ml(\.txt)?", entry.name.casefold())
    return entry.kind == "file" and entry.name != "marks.yml" and named is not None


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in ("__macosx", "__pycache__")
