"""Jobs for worker processes that go wrong in a way of their own. A worker imports them by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from grader.grading import grade, one_student
from grader.grading.run import Run
from grader.report.report import Report
from grader.report.step import Step


class Odd(Exception):
    """An exception that cannot be made again from its arguments."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def echo(value: int, place: Any, watch: Any) -> int:
    """Say something, and give the value back."""
    watch(Step("reading"))
    return value


def complain(what: str, place: Any, watch: Any) -> int:
    """Say something on standard error."""
    print(what, file=sys.stderr)
    return 0


def number(i: int, place: Any, watch: Any) -> int:
    """The number of the worker's process."""
    return os.getpid()


def kill(place: Any, watch: Any) -> int:
    """End the worker that it runs in."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def kill_once(mark: str, place: Any, watch: Any) -> int:
    """End the worker the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def no_memory_once(mark: str, place: Any, watch: Any) -> int:
    """Be out of memory the first time."""
    if not Path(mark).exists():
        Path(mark).touch()
        raise MemoryError
    return 7


def say_nothing(mark: str, place: Any, watch: Any) -> int:
    """Write down the number of the worker's process, and be at work for a minute."""
    beside = Path(f"{mark}.part")
    beside.write_text(str(os.getpid()))
    beside.rename(mark)
    time.sleep(60)
    return 0


def fail(place: Any, watch: Any) -> int:
    """Raise what does not survive the way home."""
    raise Odd("this", "that")


def unsendable(place: Any, watch: Any) -> Any:
    """Give what cannot be sent."""
    return lambda: None


def grade_student(run: Run, student: str, place: Any, watch: Any) -> list[Report]:
    """As the grader's own, but it fails on what student-002 has done, in a way that the folder's name says."""
    real = grade._Grading.findings

    def findings(self: Any) -> Any:
        how = run.out.name if student == "student-002" else ""
        if how == "raises":
            raise ZeroDivisionError("an oversight of ours \x1b[31m in the grader")
        if how == "kills" or (how == "kills-at-the-second" and self.lesson.name == "lesson2_balance"):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self)

    grade._Grading.findings = findings  # type: ignore[method-assign]
    try:
        return one_student.grade_student(run, student, place, watch)
    finally:
        grade._Grading.findings = real  # type: ignore[method-assign]
