"""A student's desk: where the work is taken from that is graded, and where the reports on it are put.

Here, both are folders. A machine that has neither of them is sent a parcel: what was read of the work, as text, and
what is known of earlier reports. What it has made of that comes back, and only then is it put on the desk here. So all
reading of what students handed in, and all writing of reports, is done where the folders are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from grader.course import Lesson
from grader.errors import UserError
from grader.files import write
from grader.grading import faults, unchanged
from grader.grading.origin import file_of
from grader.grading.output import writing
from grader.grading.run import Run, mark_of_folder
from grader.report import seal
from grader.report.folders import folder_of
from grader.report.report import Report
from grader.report.sorting import fault as fault_of
from grader.report.thin import Thinner
from grader.student.errors import GraderFault
from grader.student.levels import Isolation
from grader.submissions.find import read_work
from grader.submissions.read import Submission
from grader.submissions.work import Work


class Made(NamedTuple):
    """One report, as grading has made it.

    Attributes:
        report: the report.
        isolation: how the student's code was walled in.
        fault: the traceback if the grader itself failed, "" if not.
        is_kept: whether it is that of an earlier run, which this run would make again.
    """

    report: Report
    isolation: Isolation
    fault: str = ""
    is_kept: bool = False


class Desk(Protocol):
    """A student's work, and the reports on it.

    Attributes:
        student: the student's folder in the folder of submissions.
    """

    @property
    def student(self) -> str: ...

    def read(self, lesson: Lesson) -> Submission:
        """The work on a lesson.

        Raises:
            GraderFault: it cannot be read, by no fault of the student's.
        """
        ...

    def file(self, work: Work) -> tuple[str, str]:
        """The file that work was read from: the way to it from the student's folder, and its SHA-256; "" for none."""
        ...

    def kept(self, lesson: Lesson, made_of: str) -> Report | None:
        """The report of an earlier run that has this digest; one with a fault in it is made again."""
        ...

    def put(self, made: Made) -> Report:
        """Put a report where it belongs; returns it as it lies there.

        Raises:
            OutputError: it cannot be written.
        """
        ...


class Folders:
    """The desk of a student whose folders are here.

    Args:
        run: the run.
        student: the student's folder in the folder of submissions.
    """

    def __init__(self, run: Run, student: str) -> None:
        """Note how the folder is now, before anything in it is read."""
        self._run, self.student = run, student
        self.folder = run.submissions / student
        self.state = unchanged.state(self.folder)

    def read(self, lesson: Lesson) -> Submission:
        """The work on a lesson, read in a process that is walled in."""
        return read_work(self._run.course, lesson, self.folder)

    def file(self, work: Work) -> tuple[str, str]:
        """The file that work was read from, and its hash."""
        return file_of(work.submission, self.folder)

    def kept(self, lesson: Lesson, made_of: str) -> Report | None:
        """The report of an earlier run that has this digest, as it lies in the folder of reports."""
        report = self._earlier(lesson)
        return report if report is not None and report.digest == made_of else None

    def put(self, made: Made) -> Report:
        """Write a report with the seal of this course's grader, and the log of a fault."""
        report, run = made.report, self._run
        if made.fault:
            self.state = None  # what was made of this work does not follow from the work alone
        if not made.is_kept:
            mark = ""
            if report.digest:
                lesson = run.course.lesson(report.lesson)
                mark = mark_of_folder(run, report.digest, lesson, made.isolation, self.state)
            report = self.written(report, mark)
        with writing(run.out):
            faults.log(folder_of(run.out, self.student) / f"{report.lesson}.log", made.fault)
        return report

    def written(self, report: Report, folder_state: str = "") -> Report:
        """Write a report with the seal of this course's grader, and give it back as it was written.

        A run that fails takes no mark away: where the grader itself failed, the mark of an earlier run stands, and says
        so.
        """
        course, out = self._run.course, self._run.out
        before = seal.read(course, out, self.student, report.lesson) if report.has_error else None
        if before is not None and before.status == "graded" and not before.has_error:
            report = msgspec.structs.replace(before, held=fault_of(report))
            folder_state = ""
        report = seal.sealed(course, msgspec.structs.replace(report, folder_state=folder_state))
        with writing(out):
            write(seal.path_of(out, self.student, report.lesson), report.to_json())
        return report

    def parcel(self) -> Parcel:
        """All that another machine needs to grade this student as it would be graded here.

        What cannot be read becomes that student's fault there: it costs the lessons that need it, and nobody else.
        """
        course = self._run.course
        asked = [course.lesson(name) for name in self._run.lessons]
        works: dict[str, Submission | str] = {}
        files: dict[str, tuple[str, str]] = {}
        needed = [each for lesson in asked for each in course.needs(lesson)]
        for lesson in dict.fromkeys([*asked, *needed]):
            try:
                works[lesson.name] = work = self.read(lesson)
                files[lesson.name] = file_of(work, self.folder)
            except UserError:
                raise
            except faults.ANY as error:
                works[lesson.name] = (
                    str(error) if isinstance(error, GraderFault) else f"{type(error).__name__}: {error}"
                )
        earlier = {}
        for lesson in asked if not self._run.fresh else ():
            if (report := self._earlier(lesson)) is not None:
                earlier[lesson.name] = Thinner().thin(report)
        return Parcel(self.student, works, files, earlier)

    def _earlier(self, lesson: Lesson) -> Report | None:
        report = seal.read(self._run.course, self._run.out, self.student, lesson.name)
        if report is None or report.has_error or report.incomplete or report.held:
            return None
        return report


@dataclasses.dataclass(frozen=True)
class Parcel:
    """A student's work for a machine that has no folders of it.

    Attributes:
        student: the student's folder in the folder of submissions.
        works: what was handed in, by lesson: those that are asked for, and those that these need. Text in the place of
            it is why it could not be read.
        files: the files of that, as ``Desk.file`` has them.
        earlier: reports of earlier runs, thin, by lesson.
    """

    student: str
    works: Mapping[str, Submission | str]
    files: Mapping[str, tuple[str, str]]
    earlier: Mapping[str, Report]


class Sent:
    """The desk of a student of whom there is a parcel.

    Args:
        parcel: the parcel.

    Attributes:
        made: what was put here.
    """

    def __init__(self, parcel: Parcel) -> None:
        """Nothing has been made of it yet."""
        self._parcel, self.student = parcel, parcel.student
        self.made: list[Made] = []

    def read(self, lesson: Lesson) -> Submission:
        """The work on a lesson, as it was read where it lies."""
        work = self._parcel.works[lesson.name]
        if isinstance(work, str):
            raise GraderFault(work)
        return work

    def file(self, work: Work) -> tuple[str, str]:
        """The file that work was read from, and its hash."""
        return self._parcel.files[work.lesson.name]

    def kept(self, lesson: Lesson, made_of: str) -> Report | None:
        """The report of an earlier run that has this digest, thin."""
        report = self._parcel.earlier.get(lesson.name)
        return report if report is not None and report.digest == made_of else None

    def put(self, made: Made) -> Report:
        """Keep what was made, to be sent back."""
        self.made.append(made)
        return made.report
