"""The register as it lies on disk: rows for reports, and once for all what many of them have in common."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.report import seal
from grader.report.report import Isolation, Origin, Report, Status, TrainingResult
from grader.report.thin import ThinProperty

FILE = "reports.index"

File = tuple[int, int, int, int]
"""A file's size, times of change in nanoseconds, and number."""

NONE: File = (0, 0, 0, 0)
"""No file: whoever compares with it reads again."""

SETTLED_NS = 2_000_000_000
"""A file that was changed less than that long before the register was written is read again."""

SEAL = hashlib.sha256().digest_size
"""The length of the seal, in bytes; it stands in front."""


class Row(msgspec.Struct, array_like=True, frozen=True):
    """One report. What many reports have in common is a number: a place in one of the lists of ``Book``."""

    file: File
    student: str
    lesson: int
    title: int
    status: Status
    score: float
    max_score: float
    isolation: int
    device: int
    properties: tuple[int, ...]
    training: int
    message: str
    public: bool
    incomplete: bool
    held: str
    digest: str
    folder_state: str
    seconds: float
    origin: Made | None


class Made(msgspec.Struct, array_like=True, frozen=True):
    """The origin of a report: ``Origin``, without the file itself."""

    made_at: str
    judged: tuple[tuple[int, str], ...]
    tests: int
    grader: int
    versions: int
    machine: int
    stage_seconds: tuple[tuple[int, float], ...]
    parts: int = -1


class Page(msgspec.Struct, array_like=True, frozen=True):
    """A student's page: the file, and a name for all that it was made of."""

    file: File
    made_of: str


class Book(msgspec.Struct, frozen=True):
    """The file.

    Attributes:
        grader: SHA-256 of the grader that wrote it.
        reports: the rows of a student, by the name of the folder of submissions; encoded, so that they are not all
            there as objects before anybody asks for them.
        pages: by the same.
    """

    grader: str
    strings: tuple[str, ...]
    properties: tuple[ThinProperty, ...]
    trainings: tuple[TrainingResult | None, ...]
    isolations: tuple[Isolation | None, ...]
    versions: tuple[dict[str, str], ...]
    reports: dict[bytes, bytes]
    pages: dict[bytes, Page]
    parts: tuple[dict[str, str], ...] = ()


ROWS = msgspec.msgpack.Decoder(tuple[Row, ...])


def report_of(book: Book, row: Row, shared: Callable[[str], str]) -> Report:
    """The thin report that a row stands for.

    Args:
        book: holds what the row has in common with others.
        row: the row.
        shared: gives one object for equal names of students.
    """
    return Report(
        student=shared(row.student),
        lesson=book.strings[row.lesson],
        title=book.strings[row.title],
        status=row.status,
        score=row.score,
        max_score=row.max_score,
        isolation=book.isolations[row.isolation],
        device=book.strings[row.device],
        properties=tuple(book.properties[i] for i in row.properties),
        training=book.trainings[row.training],
        message=row.message,
        public=row.public,
        incomplete=row.incomplete,
        held=row.held,
        digest=row.digest,
        folder_state=row.folder_state,
        origin=None if row.origin is None else _origin(book, row.origin),
        seconds=row.seconds,
    )


def _origin(book: Book, made: Made) -> Origin:
    return Origin(
        made_at=made.made_at,
        file="",
        file_sha256="",
        judged={book.strings[name]: sha256 for name, sha256 in made.judged},
        tests=book.strings[made.tests],
        grader=book.strings[made.grader],
        versions=book.versions[made.versions],
        machine=book.strings[made.machine],
        stage_seconds={book.strings[stage]: seconds for stage, seconds in made.stage_seconds},
        parts=book.parts[made.parts] if made.parts >= 0 else {},
    )


class Encoder:
    """Makes rows of reports, and collects what they have in common.

    Args:
        before: a file that was changed later than that is not to be trusted the next time.
    """

    def __init__(self, before: int) -> None:
        self._before = before
        self._strings: dict[Hashable, int] = {}
        self._properties: dict[Hashable, int] = {}
        self._trainings: dict[Hashable, int] = {}
        self._isolations: dict[Hashable, int] = {}
        self._versions: dict[Hashable, int] = {}
        self._parts: dict[Hashable, int] = {}

    def rows(self, reports: Iterable[tuple[Report, File]]) -> bytes:
        """The rows of one student, encoded."""
        return msgspec.msgpack.encode([self._row(report, file) for report, file in reports])

    def _settled(self, file: File) -> File:
        return file if file[2] < self._before else NONE

    def book(self, grader: str, reports: dict[bytes, bytes], pages: dict[bytes, Page]) -> Book:
        """The whole register, once all rows have been made."""
        strings: tuple[Any, ...] = tuple(self._strings)
        properties: tuple[Any, ...] = tuple(self._properties)
        trainings: tuple[Any, ...] = tuple(self._trainings)
        isolations: tuple[Any, ...] = tuple(self._isolations)
        versions, parts = (tuple(dict(each) for each in known) for known in (self._versions, self._parts))  # type: ignore[call-overload]
        return Book(grader, strings, properties, trainings, isolations, versions, reports, pages, parts)

    def _row(self, report: Report, file: File) -> Row:
        string = self._string
        return Row(
            self._settled(file),
            report.student,
            string(report.lesson),
            string(report.title),
            report.status,
            report.score,
            report.max_score,
            _place(self._isolations, report.isolation),
            string(report.device),
            tuple(_place(self._properties, each) for each in report.properties),
            _place(self._trainings, report.training),
            report.message,
            report.public,
            report.incomplete,
            report.held,
            report.digest,
            report.folder_state,
            report.seconds,
            None if report.origin is None else self._origin(report.origin),
        )

    def _origin(self, made: Origin) -> Made:
        string = self._string
        return Made(
            made.made_at,
            tuple((string(name), sha256) for name, sha256 in made.judged.items()),
            string(made.tests),
            string(made.grader),
            _place(self._versions, tuple(made.versions.items())),
            string(made.machine),
            tuple((string(stage), seconds) for stage, seconds in made.stage_seconds.items()),
            _place(self._parts, tuple(made.parts.items())),
        )

    def _string(self, text: str) -> int:
        return _place(self._strings, text)


def _place(known: dict[Hashable, int], value: Hashable) -> int:
    return known.setdefault(value, len(known))


def digests(out: Path) -> Iterator[tuple[Path, File, str]]:
    """The path, the file and the digest of every report in a register, by whichever salt it is sealed.

    It serves to find out which salt that was, before anybody knows; no mark may depend on it.
    """
    data = data_of(out)
    with contextlib.suppress(ValueError, IndexError):
        if data is None:
            return
        book = msgspec.msgpack.decode(data[SEAL:], type=Book)
        for student, rows in book.reports.items():
            for row in ROWS.decode(rows):
                yield seal.path_of(out, os.fsdecode(student), book.strings[row.lesson]), row.file, row.digest


def as_it_was(path: Path, file: File) -> bool:
    """Whether a file is the one that the register speaks of."""
    return state_of(path) == file


def data_of(out: Path) -> bytes | None:
    """The bytes of the register's file, None if there is none that can be read."""
    try:
        return (out / FILE).read_bytes()
    except OSError:
        return None


def state_of(path: Path) -> File | None:
    """The file as it is now, None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
