"""The register of a class: all reports in their folder, thin, and each read no more than once.

To read a report and to check its seal takes milliseconds; to ask the file system whether the file is as it was takes
some microseconds. So the register is kept beside the reports, as ``reports.index``: what was read, and the size, times
and number of each file then. A file for which they are the same is not opened. One that was changed within two seconds
before the register was written is opened again: a file system's clock has a grain.

The register bears a seal like that of a report. One that is damaged, or that another version of the grader has written,
or this one with another salt, is not used, and is made anew. What it still says is which marks there were before
(``grader.grading.history``); no mark depends on that.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from grader.course import Course
from grader.files import write
from grader.grading.origin import of_the_grader, of_the_views
from grader.grading.output import writing
from grader.grading.register_file import (
    FILE,
    NONE,
    ROWS,
    SEAL,
    SETTLED_NS,
    Book,
    Encoder,
    File,
    Page,
    Row,
    data_of,
    report_of,
    state_of,
)
from grader.report import seal
from grader.report.folders import folder_of
from grader.report.moves import Move
from grader.report.report import Report
from grader.report.thin import Thinner


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
        self._pages: dict[str, Page] = {}
        self._none: dict[tuple[str, str], Path | None] = {}
        self._was: dict[str, dict[str, Report]] = {}
        self._book: Book | None = None
        self._known: frozenset[bytes] = frozenset()
        self._lost: set[str] = set()
        self._is_current, self._is_new = False, True
        self.moved: list[Move] = []
        """The marks that have moved since the register was written, as ``grader.grading.pages`` found them."""
        data = data_of(out)
        with contextlib.suppress(ValueError):
            if data is not None:
                book = msgspec.msgpack.decode(data[SEAL:], type=Book)
                shared = tuple(map(self._thinner.shared, book.properties))
                self._book, self._known = msgspec.structs.replace(book, properties=shared), frozenset(book.reports)
                # One that another grader wrote, or that has the seal of another salt, still knows what was said then.
                sealed = hmac.compare_digest(data[:SEAL], self._seal(data[SEAL:]))
                self._is_current = sealed and book.grader == of_the_grader()
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
            file = state_of(path)
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
        file = state_of(seal.path_of(self._out, student, report.lesson))
        self._of(student)[report.lesson] = (thin, file or NONE)
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

    def first(self, students: Iterable[str]) -> Iterator[Report]:
        """The reports on work of which there was none when the register was written; nothing if there was no register.

        Of a class that is graded for the first time, everything would be new.
        """
        for student in students if self._book is not None else ():
            now = self._of(student)
            was = self._was.get(student, {})
            if student not in self._lost:
                yield from (report for lesson, (report, _) in now.items() if lesson not in was)

    def strange(self, students: Iterable[str]) -> list[Path]:
        """Files where reports on these students lie that this course's grader did not make, of those asked for."""
        wanted = set(students)
        return [path for (student, _), path in self._none.items() if path is not None and student in wanted]

    def made_of(self, student: str, lessons: Iterable[str], *depends: object) -> str:
        """A name for what a student's page is made of: the reports as files, and whatever else decides on it."""
        own = self._of(student)
        files = [own[lesson][1] for lesson in lessons if lesson in own]
        text = repr((of_the_grader(), of_the_views(), files, depends)).encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:SEAL]

    def has_page(self, student: str, made_of: str) -> bool:
        """Whether a student's page lies there as it was written, and would be the same if it were made again."""
        page = self._pages.get(student)
        return page is not None and page.made_of == made_of and page.file == state_of(self._page(student))

    def put_page(self, student: str, made_of: str, text: str) -> None:
        """Write a student's page."""
        path = self._page(student)
        with writing(self._out):
            write(path, text.encode())
        self._pages[student] = Page(state_of(path) or NONE, made_of)
        self._is_new = True

    def save(self, students: Iterable[str]) -> None:
        """Write the register, for the next run.

        Args:
            students: who is still in the class; all others are left out.
        """
        there = set(students)
        if not self._is_new and {os.fsencode(each) for each in there} == self._known:
            return
        encoder = Encoder(time.time_ns() - SETTLED_NS)
        reports = {os.fsencode(each): encoder.rows(self._of(each).values()) for each in there}
        # A page is no evidence: one that was written a moment ago need not be written again.
        pages = {os.fsencode(each): page for each, page in self._pages.items() if each in there}
        data = msgspec.msgpack.encode(encoder.book(of_the_grader(), reports, pages))
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
                assert self._book is not None
                try:
                    report = report_of(self._book, row, self._thinner.shared)
                except IndexError:
                    if self._is_current:
                        raise
                    continue  # whoever wrote it, it was not this grader with this salt
                if self._is_current and row.file == state_of(seal.path_of(self._out, student, report.lesson)):
                    own[report.lesson] = (report, row.file)
                else:
                    self._is_new = True
                    salt_print, dash, _ = report.digest.partition("-")
                    digest = self._thinner.shared(salt_print + dash) if dash else ""
                    report = msgspec.structs.replace(report, digest=digest, folder_state="")
                was[report.lesson] = report
        return self._reports[student]

    def _rows(self, student: str) -> tuple[Row, ...]:
        data = self._book.reports.pop(os.fsencode(student), b"") if self._book else b""
        try:
            return ROWS.decode(data) if data else ()
        except ValueError:
            if self._is_current:
                raise
            self._lost.add(student)
            return ()  # rows had another shape then

    def _seal(self, data: bytes) -> bytes:
        return hmac.digest(self._course.key("register"), data, "sha256")
