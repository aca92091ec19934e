"""Files beside a student's notebook: nbgrader keeps them with it, within bounds."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grader.submissions.walk import walk

MOST_BYTES = 64 << 20
"""Of all files together: who hands in more has handed in data, which stays where it is."""

MOST_FILES = 1000


class Beside(NamedTuple):
    """The files in a student's folder.

    Attributes:
        kept: files that nbgrader gets.
        left_out: files that are too large, or too many.
    """

    kept: tuple[Path, ...]
    left_out: tuple[Path, ...]


def beside(folder: Path, ignore: Sequence[str] = ()) -> Beside:
    """The files in a folder, those nearest to its top first; links are not followed, and nothing is opened.

    Args:
        folder: the student's folder of the lesson.
        ignore: patterns of names, of files and of folders, that nbgrader leaves out.
    """
    kept: list[Path] = []
    left_out: list[Path] = []
    room = MOST_BYTES
    if folder.is_symlink():
        return Beside((), ())
    for entry in walk(folder).entries:
        if entry.kind != "file" or any(fnmatch.fnmatch(part, each) for part in entry.parts for each in ignore):
            continue
        size = entry.path.stat().st_size
        if size > room or len(kept) == MOST_FILES:
            left_out.append(entry.path)
        else:
            kept.append(entry.path)
            room -= size
    return Beside(tuple(kept), tuple(left_out))


def digest(folder: Path, work: Path | None = None) -> str:
    """A digest of what was handed in; of a file that is left out, of its size and time alone.

    Args:
        folder: the student's folder of the lesson.
        work: the file that the verdict is about, which may lie elsewhere.
    """
    sha = hashlib.sha256()
    found = beside(folder)
    elsewhere = [work] if work is not None and not work.is_relative_to(folder) else []
    for path in (*sorted(found.kept), *sorted(found.left_out), *elsewhere):
        shown = path.name if path in elsewhere else str(path.relative_to(folder))
        there = path.stat()
        sha.update(os.fsencode(shown) + b"\0")
        if path in found.left_out or there.st_size > MOST_BYTES:
            sha.update(f"{there.st_size} {there.st_mtime_ns}".encode())
            continue
        with path.open("rb") as file:
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()
