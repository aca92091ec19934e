"""The folder of submissions that collecting writes, and the record of what it wrote there.

A file is replaced only where collecting wrote the one that is there, and nobody has changed it since. What is replaced,
and what was handed in before the version that counts, is kept in ``.earlier/<student>/<version>/``: beside the students
rather than in their folders, so that whatever looks for work in a student's folder cannot take an older one for it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from grader.collect.safe_names import free, safe_folder, same
from grader.errors import ClassError
from grader.files import write

MEMORY = ".collected.json"
EARLIER = ".earlier"

Outcome = Literal["written", "unchanged", "replaced", "kept"]


class Written(msgspec.Struct, frozen=True):
    """The record of a file as it was written.

    Attributes:
        digest: of its content.
        scope: of which student's hand-in for which lesson it is part, by which system; "" where that is not clear.
        version: which one, where the system numbers them.
        handed_in: when, where the system knows.
    """

    digest: str
    scope: str = ""
    version: str = ""
    handed_in: datetime | None = None


class Known(msgspec.Struct, frozen=True):
    """A student's folder, and the student's ids in other systems, by kind."""

    folder: str
    ids: dict[str, str] = {}


class _Memory(msgspec.Struct):
    format: Literal[1] = 1
    students: dict[str, Known] = {}
    files: dict[str, Written] = {}


class Shelf:
    """A folder of submissions, open for writing."""

    def __init__(self, root: Path) -> None:
        """Read the records of earlier runs.

        Raises:
            ClassError: the folder holds what no earlier run has written, or its memory is damaged.
        """
        self.root = root
        self._memory = _remembered(root)
        self._folders = {same(known.folder): key for key, known in self._memory.students.items()}
        self.foreign: list[str] = []
        """Folders of new students that were there before: somebody else's, who is probably the same student."""

    def folder(self, key: str, name: str, number: str, ids: Mapping[str, str], alone: bool) -> str:
        """Return a student's folder, always the same one for one key.

        Args:
            key: who it is.
            name: what the folder is called after.
            number: what is added where another student has that name.
            ids: what the student is called elsewhere.
            alone: whether nobody else in this download has the name.
        """
        known = self._memory.students.get(key)
        folder = known.folder if known else self._new_folder(name, number, alone)
        if known is None and os.path.lexists(self.root / folder):
            self.foreign.append(folder)
        before = known.ids if known else {}
        self._memory.students[key] = Known(folder, {**before, **ids})
        self._folders[same(folder)] = key
        return folder

    def _new_folder(self, name: str, number: str, alone: bool) -> str:
        wanted = safe_folder(name)
        if number and wanted != safe_folder(number) and (not alone or same(wanted) in self._folders):
            wanted = safe_folder(f"{wanted}-{number}")

        def taken(candidate: str) -> bool:
            path = self.root / candidate
            return same(candidate) in self._folders or (os.path.lexists(path) and not path.is_dir())

        return free(wanted, taken)

    def newest(self, scope: str) -> str:
        """The highest version of a scope that was written, or "" if there was none."""
        return max((file.version for file in self._memory.files.values() if scope and file.scope == scope), default="")

    def make(self, student: str) -> None:
        """Make a student's folder, even if there is nothing to put into it."""
        (self.root / student).mkdir(parents=True, exist_ok=True)

    def put(self, name: str, source: Path, scope: str, version: str, handed_in: datetime | None = None) -> Outcome:
        """Put a file at ``<student>/…``, unless one that collecting did not write is there.

        Returns:
            ``kept`` where another file is there that no run wrote, or that was changed since; it stays.

        Raises:
            OSError: it cannot be written.
        """
        data = source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        target = self.root / name
        known = self._memory.files.get(name)
        outcome: Outcome = "written"
        if os.path.lexists(target):
            there = _digest(target)
            if there == digest:
                outcome = "unchanged"
            elif known is None or known.digest != there:
                return "kept"
            else:
                self._keep(name, known.version or there[:8], target)
                outcome = "replaced"
        if outcome != "unchanged":
            write(target, data)
        self._memory.files[name] = Written(digest, scope, version, handed_in)
        return outcome

    def put_earlier(self, student: str, label: str, parts: Iterable[str], source: Path) -> None:
        """Keep a file of a version older than the one that counts."""
        self._keep("/".join((student, *parts)), label, source)

    def retire(self, scope: str, names: Iterable[str]) -> list[str]:
        """Move the files of an earlier version that the new one lacks to ``.earlier``.

        Returns:
            The names of the files that were moved.
        """
        current = set(names)
        old = [name for name, file in self._memory.files.items() if scope and file.scope == scope]
        moved = []
        for name in (name for name in old if name not in current):
            file = self._memory.files[name]
            if os.path.lexists(self.root / name) and _digest(self.root / name) != file.digest:
                continue  # somebody has changed it
            del self._memory.files[name]
            if os.path.lexists(self.root / name):
                self._keep(name, file.version or file.digest[:8], self.root / name)
                (self.root / name).unlink()
                moved.append(name)
        return moved

    def _keep(self, name: str, label: str, source: Path) -> None:
        student, *rest = PurePosixPath(name).parts
        if label.isdigit():  # padded, so that versions sort; a person knows the number without
            label = label.lstrip("0") or label
        folder = self.root / EARLIER / student / safe_folder(label, "earlier")
        path = folder.joinpath(*rest)
        data = source.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        wanted = free(path.name, lambda candidate: _digest(path.with_name(candidate)) not in ("", digest))
        if not os.path.lexists(path.with_name(wanted)):
            write(path.with_name(wanted), data)

    def ids(self, kind: str) -> dict[str, str]:
        """Every student's id of a kind, by folder."""
        return {known.folder: known.ids[kind] for known in self._memory.students.values() if kind in known.ids}

    def save(self) -> None:
        """Save the record of what was written."""
        write(self.root / MEMORY, msgspec.json.format(msgspec.json.encode(self._memory), indent=1))


def handed_in(root: Path) -> dict[tuple[str, str], datetime]:
    """The times at which students handed in what lies here, by folder and lesson, as far as a system has said it.

    Only of files that are still as they were collected: somebody may have put an earlier version in their place.

    Raises:
        ClassError: the memory is damaged.
    """
    if not (root / MEMORY).is_file():
        return {}
    found: dict[tuple[str, str], datetime] = {}
    changed = set()
    for name, file in _remembered(root).files.items():
        parts = PurePosixPath(name).parts
        if file.handed_in is None or len(parts) < 3:
            continue
        student, lesson = parts[:2]
        if _digest(root / name) != file.digest:
            changed.add((student, lesson))
        found[student, lesson] = max(file.handed_in, found.get((student, lesson), file.handed_in))
    return {place: time for place, time in found.items() if place not in changed}


def _remembered(root: Path) -> _Memory:
    if not root.exists():
        return _Memory()
    if not root.is_dir():
        raise ClassError(f"{root} is not a folder; --out names the folder of submissions")
    try:
        return msgspec.json.decode((root / MEMORY).read_bytes(), type=_Memory)
    except FileNotFoundError:
        foreign = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
        if foreign:
            raise ClassError(
                f"{root} holds files that collect did not write ({foreign[0]!r}); choose a new folder with --out"
            ) from None
        return _Memory()
    except (OSError, ValueError, RecursionError) as error:
        raise ClassError(f"{root / MEMORY} is damaged ({error}); choose a new folder with --out") from None


def _digest(path: Path) -> str:
    """The digest of a plain file's content; "" if there is no such file, "-" if it is something else."""
    if not os.path.lexists(path):
        return ""
    if path.is_symlink() or not path.is_file():
        return "-"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
