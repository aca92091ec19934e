"""Submitted files as a list of entries, from folders first and from archives later, read within budgets."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import BinaryIO, cast

MB = 1 << 20

_OPENED = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
_WORK = re.compile(r".*\.(py|pyw|ipynb)(\.(txt|json))?", re.IGNORECASE | re.DOTALL)
_NOT_OPENED = {".7z": "7-Zip", ".rar": "RAR", ".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "Zstandard"}

# Left out wherever they lie: what operating systems, editors and tools put beside people's work.
_TOOLS_FOLDERS = frozenset(
    {"__MACOSX", ".git", "__pycache__", ".ipynb_checkpoints", "node_modules", "site-packages", ".pytest_cache"}
    | {".mypy_cache", ".ruff_cache", ".hypothesis", ".vscode", ".idea", ".Trashes", "$RECYCLE.BIN"}
)
_TOOLS_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
APPLE_DOUBLE = b"\x00\x05\x16\x07"


class ArchiveError(Exception):
    """An archive that cannot be opened or read to its end; the message says why, without the archive's name."""


class NoRoomError(Exception):
    """Unpacked files could not be written: the disk's fault, not an archive's."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One submitted file, or a placeholder for one that could not be read.

    Attributes:
        parts: its path, as it was called there.
        path: where its content lies now; None for an empty folder, and for what could not be read.
        problem: why somebody should look at it; "" where all is well.
        version: sorts after those of earlier files of the same name, where the system numbers them.
    """

    parts: tuple[str, ...]
    path: Path | None
    problem: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """Its path as one text."""
        return "/".join(self.parts)


@dataclasses.dataclass
class Budget:
    """The amounts that may still be read from an archive and those nested in it, all together.

    Attributes:
        entries: files and folders.
        size: bytes, unpacked.
        largest: bytes of one file.
        depth: archives inside of archives.
        ratio: how many times larger a file may be than what it was packed into, from 10 MB on.
        within: a wider budget that is spent as well.
        left_out: files of tools that were passed over, counted.
    """

    entries: int = 5000
    size: int = 500 * MB
    largest: int = 100 * MB
    depth: int = 3
    ratio: int = 200
    within: Budget | None = None
    left_out: int = 0

    def spend(self, size: int) -> None:
        """Count the bytes of an unpacked file.

        Raises:
            ArchiveError: there are not as many left.
        """
        self.size -= size
        if self.size < 0:
            raise ArchiveError("unpacks to more than is allowed; the rest was left in it")
        if self.within is not None:
            self.within.spend(size)

    def count(self) -> None:
        """Count one entry.

        Raises:
            ArchiveError: there is none left.
        """
        self.entries -= 1
        if self.entries < 0:
            raise ArchiveError("has more files than are allowed; the rest was left in it")

    def leave_out(self) -> None:
        """Count a file that belongs to a tool."""
        self.left_out += 1
        if self.within is not None:
            self.within.leave_out()


class Workplace:
    """A folder for unpacked files, which are numbered."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``, which exists already and is removed by the caller."""
        self._folder, self._next = folder, 0

    def new(self) -> BinaryIO:
        """Open the next file for writing.

        Raises:
            NoRoomError: it cannot be made.
        """
        self._next += 1
        try:
            return cast(BinaryIO, (self._folder / f"{self._next:08d}").open("wb", buffering=0))
        except OSError as error:
            raise NoRoomError(error.strerror or str(error)) from None

    def write(self, file: BinaryIO, data: bytes) -> None:
        """Write to a file opened with ``new``.

        Raises:
            NoRoomError: the disk is full.
        """
        try:
            file.write(data)
        except OSError as error:
            raise NoRoomError(error.strerror or str(error)) from None


def is_archive(name: str) -> bool:
    """Whether a file is named like an archive that is opened here. A .docx is a zip too, but is not opened."""
    return name.casefold().endswith(_OPENED)


def is_work(name: str) -> bool:
    """Whether a file is named like a module or a notebook, perhaps with an ending that a browser added."""
    return _WORK.fullmatch(name) is not None


def stem(name: str) -> str:
    """An archive's name without its endings."""
    ending = next((e for e in sorted(_OPENED, key=len, reverse=True) if name.casefold().endswith(e)), "")
    return name[: len(name) - len(ending)] if ending else name


def closed(name: str) -> str:
    """The kind of archive that a file's name claims, if that kind is not opened here; else ""."""
    lowered = name.casefold()
    return "" if is_archive(name) else next((kind for end, kind in _NOT_OPENED.items() if lowered.endswith(end)), "")


def walk(folder: Path, budget: Budget) -> list[Entry]:
    """Yield everything below a folder, in order; links and devices are named but not followed.

    Raises:
        ArchiveError: there are more files than the budget has.
    """
    found: list[Entry] = []
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        place, parts = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            found.append(Entry(parts, None, f"cannot be read: {error.strerror}"))
            continue
        if not entries and parts:
            found.append(Entry(parts, None))
        for entry in entries:
            budget.count()
            here = (*parts, entry.name)
            if is_tools(here) or (entry.name.startswith("._") and _is_apple_double(Path(entry.path))):
                budget.leave_out()
            elif entry.is_symlink():
                found.append(Entry(here, None, "is a link, which is not followed"))
            elif entry.is_dir():
                waiting.append((Path(entry.path), here))
            elif not entry.is_file():
                found.append(Entry(here, None, "is a device or a pipe"))
            elif entry.stat().st_size > budget.largest:
                found.append(Entry(here, None, too_large(entry.stat().st_size, budget)))
            else:
                found.append(Entry(here, Path(entry.path)))
    return sorted(found, key=lambda entry: entry.parts)


def is_tools(parts: tuple[str, ...]) -> bool:
    return parts[-1] in _TOOLS_FILES or not _TOOLS_FOLDERS.isdisjoint(parts)


def _is_apple_double(path: Path) -> bool:
    """Whether a file named ``._x`` is macOS metadata about x, kept beside it on other file systems."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (APPLE_DOUBLE, b"")
    except OSError:
        return True


def too_large(size: int, budget: Budget) -> str:
    return f"is larger than {budget.largest // MB} MB" + (f" ({size // MB:,} MB)" if size >> 20 < 1 << 30 else "")
