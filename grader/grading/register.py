"""The register of a class: all reports in their folder, thin, and each read no more than once.

To read a report and to check its seal takes milliseconds; to ask the file system whether the file is as it was takes
some microseconds. So the register is kept beside the reports, as ``reports.index``: what was read, and the size, times
and number of each file then. A file for which they are the same is not opened. One that was changed within two seconds
before the register was written is opened again: a file system's clock has a grain.

The register bears a seal like that of a report. One that is damaged, or that another version of the grader has written,
is not used, and is made anew. What it still says is which marks there were before (``grader.grading.history``).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import time
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.course import Course
from grader.files import write
from grader.grading.origin import of_the_grader, of_the_views
from grader.grading.output import writing
from grader.report import seal
from grader.report.folders import folder_of
from grader.report.moves import Move
from grader.report.report import Isolation, Origin, Report, Status, TrainingResult
from grader.report.thin import Thinner, ThinProperty

FILE = "reports.index"

File = tuple[int, int, int, int]
"""A file's size, times of change in nanoseconds, and number."""

_NONE: File = (0, 0, 0, 0)
_SETTLED_NS = 2_000_000_000
_SEAL = hashlib.sha256().digest_size


class _Row(msgspec.Struct, array_like=True, frozen=True):
    """One report. What many reports have in common is a number: a place in one of the lists of ``_Book``."""

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
    origin: _Origin | None


class _Origin(msgspec.Struct, array_like=True, frozen=True):
    made_at: str
    judged: tuple[tuple[int, str], ...]
    tests: int
    grader: int
    versions: int
    machine: int
    stage_seconds: tuple[tuple[int, float], ...]


class _Page(msgspec.Struct, array_like=True, frozen=True):
    """A student's page: the file, and a name for all that it was made of."""

    file: File
    made_of: str


class _Book(msgspec.Struct, frozen=True):
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
    pages: dict[bytes, _Page]


_ROWS = msgspec.msgpack.Decoder(tuple[_Row, ...])


class Register:
    """The reports of a class, from the register and from the files.

    Args:
        course: the course, with the salt of the class.
        out: the folder of reports.
    """

    def __init__(self, course: Course, out: Path) -> None:
        """Read the register, if there is one that this grader wrote."""
        self._course, self._out = course, out
        self._thinner = Thinner()
        self._reports: dict[str, dict[str, tuple[Report, File]]] = {}
        self._pages: dict[str, _Page] = {}
        self._none: dict[tuple[str, str], Path | None] = {}
        self._was: dict[str, dict[str, Report]] = {}
        self._book: _Book | None = None
        self._known: frozenset[bytes] = frozenset()
        self._is_current, self._is_new = False, True
        self.moved: list[Move] = []
        """The marks that have moved since the register was written, as ``grader.grading.pages`` found them."""
        data = _read(out)
        with contextlib.suppress(ValueError):
            if data is not None and hmac.compare_digest(data[:_SEAL], self._seal(data[_SEAL:])):
                book = msgspec.msgpack.decode(data[_SEAL:], type=_Book)
                shared = tuple(map(self._thinner.shared, book.properties))
                self._book, self._known = msgspec.structs.replace(book, properties=shared), frozenset(book.reports)
                # One that another grader wrote still knows what was said then.
                self._is_current = book.grader == of_the_grader()
                if self._is_current:
                    self._is_new = False
                    self._pages = {os.fsdecode(student): page for student, page in book.pages.items()}

    def get(self, student: str, lesson: str) -> Report | None:
        """The thin report on a student's work, None if there is none that this course's grader made.

        Args:
            student: the student's folder in the folder of submissions.
            lesson: the lesson's name.
        """
        own = self._of(student)
        if lesson not in own and (student, lesson) not in self._none:
            path = seal.path_of(self._out, student, lesson)
            file = _file(path)
            report = seal.read(self._course, self._out, student, lesson) if file else None
            if report is not None and file is not None:
                own[lesson] = (self._thinner.thin(report), file)
                self._is_new = True
            else:
                self._none[student, lesson] = path if file else None
        return own[lesson][0] if lesson in own else None

    def of(self, student: str, lessons: Iterable[str]) -> list[Report]:
        """The thin reports on a student's work, in the order of the lessons; what is not there is left out."""
        return [report for lesson in lessons if (report := self.get(student, lesson)) is not None]

    def put(self, student: str, report: Report) -> Report:
        """Take a report that has just been written; returns it thin."""
        thin = self._thinner.thin(report)
        file = _file(seal.path_of(self._out, student, report.lesson))
        self._of(student)[report.lesson] = (thin, file or _NONE)
        self._none.pop((student, report.lesson), None)
        self._is_new = True
        return thin

    def since(self, students: Iterable[str]) -> Iterator[tuple[Report, Report]]:
        """Of all work of which there was a report when the register was written: that one, and the one of now.

        They are the same object where the report is the same.
        """
        for student in students:
            now = self._of(student)
            for lesson, was in self._was.get(student, {}).items():
                if lesson in now:
                    yield was, now[lesson][0]

    def strange(self, students: Iterable[str]) -> list[Path]:
        """Files where reports on these students lie that this course's grader did not make, of those asked for."""
        wanted = set(students)
        return [path for (student, _), path in self._none.items() if path is not None and student in wanted]

    def made_of(self, student: str, lessons: Iterable[str], *depends: object) -> str:
        """A name for what a student's page is made of: the reports as files, and whatever else decides on it."""
        own = self._of(student)
        files = [own[lesson][1] for lesson in lessons if lesson in own]
        text = repr((of_the_grader(), of_the_views(), files, depends)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:_SEAL]

    def has_page(self, student: str, made_of: str) -> bool:
        """Whether a student's page lies there as it was written, and would be the same if it were made again."""
        page = self._pages.get(student)
        return page is not None and page.made_of == made_of and page.file == _file(self._page(student))

    def put_page(self, student: str, made_of: str, text: str) -> None:
        """Write a student's page."""
        path = self._page(student)
        with writing(self._out):
            write(path, text.encode())
        self._pages[student] = _Page(_file(path) or _NONE, made_of)
        self._is_new = True

    def save(self, students: Iterable[str]) -> None:
        """Write the register, for the next run.

        Args:
            students: who is still in the class; all others are left out.
        """
        there = set(students)
        if not self._is_new and {os.fsencode(each) for each in there} == self._known:
            return
        encoder = _Encoder(time.time_ns() - _SETTLED_NS)
        reports = {os.fsencode(each): encoder.rows(self._of(each).values()) for each in there}
        # A page is no evidence: one that was written a moment ago need not be written again.
        pages = {os.fsencode(each): page for each, page in self._pages.items() if each in there}
        data = msgspec.msgpack.encode(encoder.book(reports, pages))
        with writing(self._out):
            write(self._out / FILE, self._seal(data) + data)
        self._is_new, self._known = False, frozenset(reports)
        self._was = {each: {lesson: report for lesson, (report, _) in self._of(each).items()} for each in there}

    def _page(self, student: str) -> Path:
        return folder_of(self._out, student) / "index.html"

    def _of(self, student: str) -> dict[str, tuple[Report, File]]:
        """A student's reports by lesson, as far as they are known and their files are as they were."""
        if student not in self._reports:
            own = self._reports[student] = {}
            was = self._was[student] = {}
            for row in self._rows(student):
                report = self._report(row)
                if self._is_current and row.file == _file(seal.path_of(self._out, student, report.lesson)):
                    own[report.lesson] = (report, row.file)
                else:
                    self._is_new = True
                    report = msgspec.structs.replace(report, digest="", folder_state="")
                was[report.lesson] = report
        return self._reports[student]

    def _rows(self, student: str) -> tuple[_Row, ...]:
        data = self._book.reports.pop(os.fsencode(student), b"") if self._book else b""
        try:
            return _ROWS.decode(data) if data else ()
        except ValueError:
            if self._is_current:
                raise
            return ()  # rows had another shape then

    def _report(self, row: _Row) -> Report:
        assert self._book is not None
        book, shared = self._book, self._thinner.shared
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
            origin=None if row.origin is None else self._origin(book, row.origin),
            seconds=row.seconds,
        )

    def _origin(self, book: _Book, made: _Origin) -> Origin:
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
        )

    def _seal(self, data: bytes) -> bytes:
        return hmac.digest(self._course.key("register"), data, "sha256")


class _Encoder:
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

    def rows(self, reports: Iterable[tuple[Report, File]]) -> bytes:
        return msgspec.msgpack.encode([self._row(report, file) for report, file in reports])

    def settled(self, file: File) -> File:
        return file if file[2] < self._before else _NONE

    def book(self, reports: dict[bytes, bytes], pages: dict[bytes, _Page]) -> _Book:
        strings: tuple[Any, ...] = tuple(self._strings)
        properties: tuple[Any, ...] = tuple(self._properties)
        trainings: tuple[Any, ...] = tuple(self._trainings)
        isolations: tuple[Any, ...] = tuple(self._isolations)
        versions = tuple(dict(each) for each in self._versions)  # type: ignore[call-overload]
        return _Book(of_the_grader(), strings, properties, trainings, isolations, versions, reports, pages)

    def _row(self, report: Report, file: File) -> _Row:
        string = self._string
        return _Row(
            self.settled(file),
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

    def _origin(self, made: Origin) -> _Origin:
        string = self._string
        return _Origin(
            made.made_at,
            tuple((string(name), sha256) for name, sha256 in made.judged.items()),
            string(made.tests),
            string(made.grader),
            _place(self._versions, tuple(made.versions.items())),
            string(made.machine),
            tuple((string(stage), seconds) for stage, seconds in made.stage_seconds.items()),
        )

    def _string(self, text: str) -> int:
        return _place(self._strings, text)


def _place(known: dict[Hashable, int], value: Hashable) -> int:
    return known.setdefault(value, len(known))


def digests(out: Path) -> Iterator[tuple[Path, File, str]]:
    """The path, the file and the digest of every report in a register, by whichever salt it is sealed.

    It serves to find out which salt that was, before anybody knows; no mark may depend on it.
    """
    data = _read(out)
    with contextlib.suppress(ValueError, IndexError):
        if data is None:
            return
        book = msgspec.msgpack.decode(data[_SEAL:], type=_Book)
        for student, rows in book.reports.items():
            for row in _ROWS.decode(rows):
                yield seal.path_of(out, os.fsdecode(student), book.strings[row.lesson]), row.file, row.digest


def as_it_was(path: Path, file: File) -> bool:
    """Whether a file is the one that the register speaks of."""
    return _file(path) == file


def _read(out: Path) -> bytes | None:
    try:
        return (out / FILE).read_bytes()
    except OSError:
        return None


def _file(path: Path) -> File | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
