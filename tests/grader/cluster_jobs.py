"""Jobs for workers of a cluster that go wrong in a way of their own. A worker imports them by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.grading.worker import MachineFault
from grader.report.step import Step


def title(course: Course, place: Any, watch: Any) -> tuple[str, str]:
    """The course's title, and the folder that it lies in."""
    watch(Step("reading"))
    return course.title, str(course.root)


def kill_the_worker(place: Any, watch: Any) -> int:
    """End Dask's own worker, whose child this process is."""
    os.kill(os.getppid(), signal.SIGKILL)
    return 0


def wait_once(mark: str, place: Any, watch: Any) -> int:
    """Be at work for a minute the first time."""
    watch(Step("reading"))
    if not Path(mark).exists():
        Path(mark).touch()
        time.sleep(60)
    return 7


def no_zygote_at(root: str, course: Course, place: Any, watch: Any) -> str:
    """Find out that nothing can be graded on one machine."""
    if str(course.root).startswith(root):
        raise MachineFault("the process that starts student code has ended")
    return str(Path(course.root).parents[1])
