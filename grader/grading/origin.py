"""The origin of a report: when it was made, of which file, with which versions, and where the time went."""

from __future__ import annotations

import datetime
import functools
import hashlib
import os
import platform
import stat
import time
from pathlib import Path

from grader.course import Course
from grader.printable import one_line
from grader.report.report import Origin
from grader.report.step import Step, Watcher
from grader.submissions.read import NOTEBOOK_CAP, Submission
from grader.submissions.work import Work
from grader.version import versions


class Clock:
    """Measures the stages of grading one submission.

    Args:
        watch: is told every step as well.
    """

    def __init__(self, watch: Watcher) -> None:
        """Begin now."""
        self._watch = watch
        self._began = datetime.datetime.now(datetime.UTC)
        self._seconds: dict[str, float] = {}
        self._stage, self._since = "starting", time.monotonic()

    def __call__(self, step: Step) -> None:
        """Hear of a step, which ends the stage before it if it is another one."""
        if step.stage != self._stage:
            self._count()
            self._stage = step.stage
        self._watch(step)

    def _count(self) -> None:
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._since = now

    def origin(self, course: Course, work: Work, file: tuple[str, str], parts: dict[str, str] | None = None) -> Origin:
        """The origin of a report on this work, which has just been made.

        Args:
            course: the course.
            work: the work.
            file: that it was read from, as ``file_of`` has it.
            parts: of what all reports of the run on this lesson depend on (``grader.grading.digest.short``).
        """
        self._count()
        return Origin(
            made_at=self._began.isoformat(timespec="seconds").replace("+00:00", "Z"),
            file=file[0],
            file_sha256=file[1],
            judged={name: _sha256(text.encode("utf-8", "surrogatepass")) for name, text in work.sources.items()},
            tests=_of_folder(course.tests(work.lesson), "*.py", "chaffs.yml"),
            grader=of_the_grader(),
            versions=versions(),
            machine=f"{platform.system()} {platform.machine()}",
            stage_seconds={stage: round(seconds, 3) for stage, seconds in self._seconds.items()},
            parts=parts or {},
        )


def file_of(submission: Submission, folder: Path) -> tuple[str, str]:
    """The file of a submission: the way to it from the student's folder, and its SHA-256; "" where there is none."""
    path = submission.path
    return ("", "") if path is None else (one_line(_way(path, folder), 200), _of_file(path))


def _way(path: Path, folder: Path) -> str:
    """The way to a file from the student's folder; either may be given from the current folder."""
    path, folder = path.absolute(), folder.absolute()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


@functools.cache
def of_the_grader() -> str:
    """SHA-256 of the grader's own code."""
    return _of_folder(Path(__file__).parents[1], "*.py")


@functools.cache
def of_the_views() -> str:
    """SHA-256 of all that makes a page of a report: code, templates and stylesheets."""
    return _of_folder(Path(__file__).parents[1] / "render", "*.py", "*.j2", "*.css")


def _of_folder(folder: Path, *patterns: str) -> str:
    """The hash of files in a folder and below it, and of their names."""
    files = {str(path.relative_to(folder)): path for pattern in patterns for path in folder.rglob(pattern)}
    sha = hashlib.sha256()
    for name, path in sorted(files.items()):
        data = path.read_bytes()
        sha.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return sha.hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _of_file(path: Path) -> str:
    """The hash of a file that a student handed in, "" if it is no plain file of a size that would have been read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            there = os.fstat(file.fileno())
            if not stat.S_ISREG(there.st_mode) or there.st_size > NOTEBOOK_CAP:
                return ""
            return _sha256(file.read(NOTEBOOK_CAP))
    except OSError:
        return ""
