"""nbgrader's autograde with the grader's verdicts: every submission is graded, whatever its name or format.

Everything that nbgrader does for a submission is still done by nbgrader's own code: gradebook, timestamps, late
penalties, the files in autograded/. Different is where the verdicts come from (``grader.nbgrader.verdicts``), that no
submission is passed over (``grader.nbgrader.restore``), and that a submission is graded again when its verdict may have
changed, also where no newer timestamp says so.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import nbgrader.api
from nbgrader import converters, utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import base as nbgrader_base

from grader.course import Lesson
from grader.errors import NoVerdictError, UserError
from grader.nbgrader.beside import beside
from grader.nbgrader.beside import digest as digest_beside
from grader.nbgrader.restore import Released, restore
from grader.nbgrader.stage import worth
from grader.nbgrader.verdicts import Verdicts
from grader.printable import amount, count, one_line, visible
from grader.report.report import Report, without_times
from grader.submissions.find import read_work
from grader.submissions.read import Submission
from grader.submissions.students import find_students

_REFRESH = "run `grader nbgrader init` on this folder again, and then `nbgrader generate_assignment {} --force`"


_MOST_NAMED = 10


class _Printable(logging.Filter):
    """Names of folders and files, which students chose, reach a terminal as text."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = visible(record.getMessage()), ()
        return True


class Autograde(converters.Autograde):  # type: ignore[misc]
    """Takes the place of ``nbgrader.converters.Autograde``; set it up in the config under that name."""

    def init_notebooks(self) -> None:
        """Find the submissions to grade: every student's folder, even if nbgrader would find no notebook in it."""
        self.log.addFilter(_Printable())
        self.verdicts = Verdicts(parent=self)
        with _one_line(self):
            self._prepare()

    def _prepare(self) -> None:
        directory, name = self.coursedir, self.coursedir.assignment_id
        submissions = Path(directory.root, directory.submitted_directory)
        if self._format_source("lesson", "student") != str(submissions / "student" / "lesson"):
            raise NoVerdictError("the grader needs CourseDirectory.directory_structure as nbgrader has it by default")
        course = self.verdicts.load_course()
        if name not in [lesson.name for lesson in course.lessons]:
            lessons = ", ".join(lesson.name for lesson in course.lessons)
            raise NoVerdictError(
                f"{name!r} is not a lesson of the course, so nothing here can grade it; there is: {lessons}"
            )
        self._lesson = course.lesson(name)
        self._course = course
        self._read_gradebook(self._lesson)
        excluded = directory.student_id_exclude.split(",")
        students = [
            student
            for student in find_students(submissions, ())
            if fnmatch.fnmatchcase(student, directory.student_id) and student not in excluded
        ]
        self._unfit = [student for student in students if not student.isprintable()]
        students = [student for student in students if student.isprintable()]
        for student in self._unfit:
            self.log.error("%s is a name that nbgrader's gradebook cannot keep; rename the folder", one_line(student))
        if not students:
            raise NoVerdictError(f"{submissions} has no student named {directory.student_id!r}")
        self.assignments: dict[str, list[str]] = {}
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            for student in students:
                folder = self._format_source(name, student)
                if os.path.isdir(folder) or self._work_of(student).path is not None:
                    self.assignments[folder] = [os.path.join(folder, f"{name}.ipynb")]
                elif self.create_student:
                    # Nothing was handed in: nbgrader's tables and its export then say 0, as the grader's do.
                    gradebook.update_or_create_student(student)
        self.verdicts.begin(course, self.coursedir, name, students)

    def _work_of(self, student: str) -> Submission:
        """The file that the grader reads as the student's work, possibly outside the folder where nbgrader looks."""
        directory = self.coursedir
        return read_work(self._course, self._lesson, Path(directory.root, directory.submitted_directory, student))

    def _read_gradebook(self, lesson: Lesson) -> None:
        """Read nbgrader's cells, and refuse to grade if gradebook and course disagree about points."""
        name = lesson.name
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                notebooks = gradebook.find_assignment(name).notebooks
            except MissingEntry:
                notebooks = []
            others = [notebook.name for notebook in notebooks if notebook.name != name]
            if len(others) == len(notebooks):
                raise NoVerdictError(
                    f"the gradebook has no {name} yet; run `nbgrader generate_assignment {name}` first"
                )
            if others:
                raise NoVerdictError(
                    f"the assignment {name} has another notebook, {others[0]}, which nothing here can grade"
                )
            notebook = next(each for each in notebooks if each.name == name)
            points = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
            answers = {cell.name for cell in notebook.solution_cells}
            tasks = {cell.name for cell in notebook.task_cells}
            cells = [
                Released(
                    each.name, each.cell_type, each.source or "", each.locked, each.checksum,
                    points.get(each.name), each.name in answers, each.name in tasks,
                )
                for each in notebook.source_cells
            ]  # fmt: skip
            self._metadata = {"kernelspec": json.loads(notebook.kernelspec or "{}")}
        self._metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
        order = self._read_source(name)
        self._released = sorted(cells, key=lambda cell: (order.get(cell.name, len(order)), cell.name))
        judged = worth(lesson, training=self.verdicts.training)
        tests = {each.name: each.points for each in cells if each.points is not None and not (each.answer or each.task)}
        for cell, given in tests.items():
            if cell not in judged:
                raise NoVerdictError(
                    f"nothing judges the test cell {cell!r}: it is not an exercise of {name} in course.yml"
                )
            exercise, wanted = judged[cell]
            if given != wanted:
                untrained = lesson.training is not None and exercise == lesson.training.exercise and not wanted
                why = "training is off" if untrained else f"course.yml says {wanted:g}"
                raise NoVerdictError(
                    f"the gradebook gives {amount(given, 'point')} to {exercise}, but {why}; {_REFRESH.format(name)}"
                )
        if missing := [exercise for cell, (exercise, wanted) in judged.items() if wanted and cell not in tests]:
            raise NoVerdictError(f"the gradebook has no cell for {missing[0]}; {_REFRESH.format(name)}")
        self._exercises = {cell: judged[cell][0] for cell in tests}

    def _read_source(self, name: str) -> dict[str, int]:
        """The position of each of nbgrader's cells, which the gradebook does not store; and the lesson's own texts."""
        import nbformat

        path = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", name), f"{name}.ipynb")
        try:
            cells = nbformat.read(path, as_version=4).cells
        except FileNotFoundError:
            self._given = []
            return {}
        self._given = [cell.source for cell in cells if cell.cell_type == "markdown"]
        return {cell.metadata.get("nbgrader", {}).get("grade_id", ""): i for i, cell in enumerate(cells)}

    def convert_notebooks(self) -> None:
        """Convert each student's work while the rest of the class is being graded."""
        early = True
        try:
            with _one_engine():
                super().convert_notebooks()
            early = False
            if self._unfit:
                self.log.error("not graded, because of its name: %s", count(len(self._unfit), "folder"))
                raise SystemExit(1)
        finally:
            self.verdicts.end(early=early)

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether there is anything to do; also true if the verdict may have changed since the last run."""
        with _one_line(self):
            self._report = self.verdicts.of(student_id)
        if self._report.has_error:
            # Not a mark, and nothing that looks like one: nbgrader lists this student and ends with a failure.
            raise RuntimeError(f"the grader itself failed on the work of {student_id}: {_what_failed(self._report)}")
        work = self._work_of(student_id).path
        self._stamp = stamp(self._report, Path(self._format_source(assignment_id, student_id)), work)
        folder = self._format_dest(assignment_id, student_id)
        before = _stamp_in(Path(folder, f"{assignment_id}.ipynb"))
        if before is not None and before != self._stamp:
            self.log.warning("Other work or another verdict than last time, updating: %s", folder)
            utils.rmtree(folder)
        return bool(super().init_destination(assignment_id, student_id))

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """As in nbgrader, but that what lies beside the notebook is bounded, and links are not followed.

        A link would hand back whatever the instructor may read.
        """

        def files(folder: str, ignore: Sequence[str]) -> list[str]:
            found = beside(Path(folder), ignore)
            for path in found.left_out[:_MOST_NAMED]:
                self.log.warning("Too large to keep beside the notebook, left where it is: %s", path)
            if len(found.left_out) > _MOST_NAMED:
                self.log.warning("and %d more", len(found.left_out) - _MOST_NAMED)
            return [str(path) for path in found.kept]

        before = nbgrader_base.find_all_files
        nbgrader_base.find_all_files = files
        try:
            super().init_assignment(assignment_id, student_id)
        finally:
            nbgrader_base.find_all_files = before

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Run both of nbgrader's rounds of stages, one after the other, on the notebook that ``restore`` makes."""
        folder = Path(notebook_filename).parent
        self._sanitizing = True
        resources = self.init_single_notebook_resources(notebook_filename)
        resources["nbgrader"]["report"] = self._report
        resources["nbgrader"]["exercises"] = self._exercises
        metadata = {**self._metadata, "grader": {"stamp": self._stamp}}
        student = resources["nbgrader"]["student"]
        notebook = restore(folder, self._lesson, self._work_of(student).path, self._released, metadata, self._given)
        self.exporter._preprocessors = []
        for stage in (*self.sanitize_preprocessors, *self.autograde_preprocessors):
            self.exporter.register_preprocessor(stage)
        self.log.info("Autograding %s", notebook_filename)
        output, resources = self.exporter.from_notebook_node(notebook, resources)
        self.write_single_notebook(output, resources)


def stamp(report: Report, folder: Path, work: Path | None = None) -> str:
    """A digest of everything that determines an autograded notebook: the verdict and the submission."""
    verdict = msgspec.structs.replace(report, digest="", seconds=0.0)
    sha = hashlib.sha256(json.dumps(without_times(msgspec.to_builtins(verdict))).encode())
    sha.update(digest_beside(folder, work).encode())
    return sha.hexdigest()


def _stamp_in(path: Path) -> str | None:
    """The stamp in an autograded notebook; None if there is no notebook, or one without a stamp."""
    try:
        return str(json.loads(path.read_bytes())["metadata"]["grader"]["stamp"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _what_failed(report: Report) -> str:
    failed = next((each for each in report.properties if each.verdict == "error"), None)
    trained = report.training if report.training and report.training.verdict == "error" else None
    return (failed.got if failed else "") or (trained.message if trained else "") or report.message


@contextlib.contextmanager
def _one_engine() -> Iterator[None]:
    """Have SQLAlchemy cache its compiled statements for a whole class.

    nbgrader opens the gradebook nine times a student, each time with an engine that has to compile them anew, a third
    of its work. Connections are still opened and closed as nbgrader does it.
    """
    before = nbgrader.api.create_engine
    nbgrader.api.create_engine = functools.cache(before)
    try:
        yield
    finally:
        nbgrader.api.create_engine = before


@contextlib.contextmanager
def _one_line(converter: Autograde) -> Iterator[None]:
    """Report a user's mistake as one line in nbgrader's log and exit; nbgrader would log one traceback per student."""
    try:
        yield
    except UserError as error:
        converter.log.error("%s", error)
        raise SystemExit(1) from None
