"""The reports of a class on one lesson, as nbgrader needs them: one student after another.

The class is graded side by side in another process, and nbgrader goes on with a student as soon as that student's
report is there. Reports are kept in the same place and by the same digest as those of ``grader grade``: what was graded
beforehand, or at the last run, is not graded again.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from traitlets import Bool, Enum, Integer, Unicode
from traitlets.config import LoggingConfigurable

from grader.course import Course, find_root, load
from grader.errors import CourseError, NoVerdictError
from grader.grading.salted import for_class
from grader.nbgrader.classwork import Order
from grader.printable import one_line
from grader.report import seal
from grader.report.report import Report


class Verdicts(LoggingConfigurable):
    """The source of verdicts for nbgrader's autograde. Its options are those of ``grader grade``."""

    course = Unicode("", help="The folder that holds course.yml; by default the grader's own.").tag(config=True)
    reports = Unicode("report", help="The folder for reports, relative to the course folder.").tag(config=True)
    training = Bool(True, help="Whether training checks are run. If not, `train` has to be worth 0 points.").tag(
        config=True
    )
    rehearsal = Bool(
        True, help="Whether the course's own solutions have to get full marks on this machine before anyone is graded."
    ).tag(config=True)
    jobs = Integer(None, allow_none=True, help="Number of parallel processes; by default one per CPU.").tag(config=True)
    device = Enum(("cpu", "cuda"), "cpu", help="The device that networks are on.").tag(config=True)
    isolation = Enum(
        ("", "strong", "embedded", "process only"), "", help="Exactly this isolation; by default the strongest here."
    ).tag(config=True)
    unsafe = Bool(False, help="Grade even if student code cannot be isolated.").tag(config=True)

    _process: subprocess.Popen[str] | None = None

    def load_course(self) -> Course:
        """Load the course in its current state.

        Raises:
            NoVerdictError: there is none, or it has a mistake.
        """
        try:
            root = Path(self.course).expanduser() if self.course else find_root(Path(__file__).parent)
            return load(root)
        except CourseError as error:
            raise NoVerdictError(f"{error} (c.Verdicts.course in nbgrader_config.py names the folder)") from None

    def begin(self, course: Course, coursedir: CourseDirectory, lesson: str, students: Sequence[str]) -> None:
        """Start to grade these students' work on a lesson.

        Raises:
            ClassError, CourseError: there is no salt to grade with, or another one than before.
        """
        self._lesson, self._done = lesson, set[str]()
        self._out = Path(coursedir.root, self.reports)
        # Before the other process starts, which finds it made, and where nbgrader's log can say it.
        anew = f"move {self._out} away"
        self._course, lines = for_class(course, self._out, lessons=(lesson,), students=students, anew=anew)
        for line in lines:
            self.log.warning("%s", line)
        order = Order(
            course=str(course.root),
            submissions=str(Path(coursedir.root, coursedir.submitted_directory)),
            out=str(self._out),
            lesson=lesson,
            students=tuple(students),
            training=self.training,
            rehearsal=self.rehearsal,
            device=self.device,
            isolation=self.isolation,
            unsafe=self.unsafe,
            jobs=self.jobs,
            # All courses of this machine, graded ones and others, go through one exchange.
            hidden=(str(coursedir.root), Exchange(coursedir=coursedir, parent=self).root),
        )
        command = [sys.executable, "-P", "-m", "grader.nbgrader.classwork"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as stdin:
            json.dump(msgspec.structs.asdict(order), stdin)  # ASCII, whatever a folder is called
        self.log.info("Grading the work of %d students on %s, side by side", len(students), lesson)

    def of(self, student: str) -> Report:
        """The report on one student; blocks until it exists.

        Raises:
            NoVerdictError: the process that grades came to a bad end.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        while student not in self._done:
            line = self._process.stdout.readline().rstrip("\n")
            if line.startswith("!"):
                raise NoVerdictError(line[1:])
            if not line:
                raise NoVerdictError(f"grading ended with status {self._process.wait()} before {student} was done")
            self._done.add(json.loads(line))
        report = seal.read(self._course, self._out, student, self._lesson)
        if report is None:
            path = seal.path_of(self._out, student, self._lesson)
            raise NoVerdictError(f"{one_line(str(path))} is not the report that the grader wrote there; grade again")
        return report

    def end(self, *, early: bool) -> None:
        """Wait until the class's pages are written; on an early exit, stop what is still being graded."""
        if self._process is None:
            return
        assert self._process.stdout is not None
        if early:
            # Reports are written whole and kept: the next run goes on from there.
            self._process.terminate()
        self._process.stdout.read()
        self._process.wait()
        self._process = None
