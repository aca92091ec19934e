"""The program that `run_autograder` starts in Gradescope's container: grade one upload and write results.json.

Whatever happens there is a valid results.json, and never one with a mark that nobody decided on: it is written
without a report first, and again when there is one. What goes wrong is printed; Gradescope shows that to instructors
only.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.course import Course, load
from grader.files import write
from grader.gradescope.results import Visibility, export
from grader.grading import workers
from grader.grading.one_student import grade_student
from grader.grading.rehearsal import rehearse
from grader.grading.run import Run
from grader.grading.team import Here
from grader.printable import amount, number, one_line
from grader.render import words
from grader.report.report import Report
from grader.report.sorting import fault
from grader.student.errors import GraderFault
from grader.student.isolation import choose
from grader.student.levels import IsolationError


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The instructor's choices when the zip was made, stored in it as ``gradescope.json``.

    Attributes:
        lesson: the lesson's name.
        train: whether its training check is run.
        visibility: when students see the tests.
        unsafe: whether to grade even where nothing walls student code in.
    """

    lesson: str
    train: bool = True
    visibility: Visibility = "visible"
    unsafe: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade and write results.json; the exit status is 0 if there is a verdict."""
    parser = argparse.ArgumentParser(prog="grader.gradescope.run")
    for name in ("source", "submission", "results", "metadata"):
        parser.add_argument(f"--{name}", type=Path, required=name == "source")
    parser.add_argument("--rehearse", action="store_true")
    paths = parser.parse_args(arguments)
    if paths.rehearse:
        return rehearse_there(paths.source)
    target: Path = paths.results / "results.json"
    write(target, export([]).data)
    try:
        settings, course = _read(paths.source)
        began = time.monotonic()
        report = grade_upload(course, settings, paths.submission)
        report = msgspec.structs.replace(report, seconds=time.monotonic() - began)
        write(target, export([report], visibility=settings.visibility).data)
    except IsolationError as error:
        print(f"The grader refused, so this submission has no mark: {error} (of grader export gradescope)")
        return 1
    except Exception as error:
        # Also what a run should never end in: a student must not be left without an answer.
        traceback.print_exc(file=sys.stdout)
        print(f"The grader failed, so this submission has no mark: {error}")
        return 1
    print(f"{report.lesson}: {report.status}, {number(report.score)} of {amount(report.max_score, 'point')}")
    print(f"isolation: {words.isolation(report.isolation, report.device)}")
    if differs := _points_differ(paths.metadata, report):
        print(differs)
    if report.has_error:
        print(f"The grader failed, so this submission has no mark: {fault(report)}")
        return 1
    return 0


def grade_upload(course: Course, settings: Settings, submission: Path) -> Report:
    """Grade the files of one upload.

    Raises:
        IsolationError: nothing on this machine walls student code in.
        RehearsalError: the course's own solution does not get full marks here.
        GraderFault: the process that grades died.
    """
    lesson = course.lesson(settings.lesson)
    isolation = choose(unsafe=settings.unsafe, hidden=(course.root, submission))
    # For nothing where the image was made under the same isolation: it has been there then.
    rehearse(course, [lesson], Here(isolation, 1), train=settings.train)
    with tempfile.TemporaryDirectory() as folder:
        # The upload is a student's folder like any other; what lies where in it, ``grader.submissions.find`` says.
        upload = submission.absolute()
        run = Run(course, upload.parent, Path(folder), (lesson.name,), train=settings.train, fresh=True)
        job = functools.partial(grade_student, run, upload.name)
        (_, reports), *_ = workers.run({"submission": job}, isolation, processes=1)
    return reports[0]


def rehearse_there(source: Path) -> int:
    """Grade the reference while the image is built; the exit status is 1 if right answers would lose marks."""
    try:
        settings, course = _read(source)
        isolation = choose(unsafe=settings.unsafe)
        rehearse(course, [course.lesson(settings.lesson)], Here(isolation, 1), train=settings.train)
    except IsolationError as error:
        # Where the image is made may allow less than where it runs.
        print(f"setup: not rehearsed here: {error}")
    except GraderFault as fault:
        print(f"setup: {fault}")
        return 1
    return 0


def _read(source: Path) -> tuple[Settings, Course]:
    """Read the settings and the course from the unpacked zip."""
    return msgspec.json.decode((source / "gradescope.json").read_bytes(), type=Settings), load(source).of_class()


def _points_differ(metadata: Path, report: Report) -> str:
    """A message for the instructor if Gradescope's assignment and the lesson are worth different points."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        total = float(json.loads(metadata.read_bytes())["assignment"]["total_points"])
        if abs(total - report.max_score) > 1e-9:
            return one_line(
                f"The assignment has {amount(total, 'point')} in Gradescope, the autograder gives at most "
                f"{number(report.max_score)}; set its autograder points to that."
            )
    return ""
