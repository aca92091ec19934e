"""Programs and attempts that show whether grading on a device is right and walled in, for ``grader.bench.gpu``."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from grader.course import Course, Lesson
from grader.grading.own import grade_own
from grader.lessons import chaffs
from grader.report.report import Report
from grader.report.step import Watcher
from grader.student.errors import StudentDied, StudentError
from grader.student.limits import Limits
from grader.student.places import Place
from grader.student.remote import Student
from grader.verify.judge import passes_training
from grader.verify.series import IMPOSTORS

_BY_STATE = """

def train(env, *, max_steps, seed):
    return lambda state: 0
"""
"""Learns nothing, where an observation is one number."""


class Program(NamedTuple):
    """A program of the course's own, and what has to come of it.

    Attributes:
        lesson: the lesson's name.
        kind: solution, chaff or impostor.
        source: the module.
        wanted: in words, as ``Outcome.got``.
    """

    lesson: str
    kind: str
    source: str
    wanted: str


class Outcome(NamedTuple):
    """The verdict on a program, in words, and how long it took, in seconds by the clock."""

    got: str
    seconds: float


FULL, LESS, REACHES, MISSES = "full marks", "loses marks", "reaches the bar", "does not reach the bar"


def programs(course: Course, lesson: Lesson) -> list[Program]:
    """The solution, the first chaff, and an impostor of a lesson that trains."""
    assert lesson.training is not None
    solution = course.solution(lesson).read_text(encoding="utf-8")
    appended = _BY_STATE if lesson.training.control == "corridor" else str(IMPOSTORS["theta + theta_dot > 0"])
    found = [Program(lesson.name, "solution", solution, FULL)]
    found += [Program(lesson.name, "chaff", chaff.source(solution), LESS) for chaff in chaffs.load(course, lesson)[:1]]
    return [*found, Program(lesson.name, "impostor", solution + appended, MISSES)]


def judge(course: Course, program: Program, place: Place, watch: Watcher) -> Outcome:
    """Judge a program; a job of ``grader.grading.workers``."""
    began, lesson = time.monotonic(), course.lesson(program.lesson)
    if program.kind == "impostor":
        got = REACHES if passes_training(course, lesson, program.source, place, watch) else MISSES
    else:
        report = grade_own(
            course, lesson, program.kind, program.source, place, watch, train=program.kind == "solution", diagnose=False
        )
        got = _marks(report)
    return Outcome(got, time.monotonic() - began)


def _marks(report: Report) -> str:
    if report.has_error:
        return "the grader itself failed"
    return FULL if report.status == "graded" and report.score >= report.max_score - 1e-6 else LESS


ATTEMPTS = """
import os, socket, subprocess

def read(path):
    return open(path, "rb").read(1)

def look(path):
    return os.listdir(path)

def write(path):
    return open(os.path.join(path, "written"), "w").close()

def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5).getpeername()

def start():
    return subprocess.run(["true"]).returncode

def signal():
    return os.kill(os.getppid(), 0)

def environment():
    return open("/proc/%d/environ" % os.getppid(), "rb").read()

def root():
    return os.setuid(0)

def computes(device):
    import torch
    ones = torch.ones(64, 64, device=device)
    return float((ones @ ones).sum().cpu())
"""


def attempts(course: Course, place: Place, watch: Watcher) -> dict[str, str]:
    """Let student code try what it must not reach; "" for what was refused, else what came of it.

    The last one is what has to succeed: to compute on the device.
    """
    limits = Limits(cpu_seconds=60, call_seconds=60, memory_mb=course.limits.memory_mb)
    session = place.open({"w": ATTEMPTS}, "w", limits)
    session.begin(0)
    student, said = Student(session), {}
    server = socket.create_server(("127.0.0.1", 0))
    tests = str(course.tests(course.lessons[0]))
    tried: dict[str, Callable[[], object]] = {
        "read course.yml": lambda: student.read(str(course.root / "course.yml")),
        "list the hidden tests": lambda: student.look(tests),
        "write into the course": lambda: student.write(str(course.root)),
        "write into the home folder": lambda: student.write(str(Path.home())),
        "open a connection": lambda: student.connect(server.getsockname()[1]),
        "start a program": student.start,
        "reach the process above": student.signal,
        "read its environment": student.environment,
        "become root": student.root,
    }
    try:
        for what, attempt in tried.items():
            said[what] = _refused(attempt)
        computed = student.computes(place.device)
        said[f"compute on {place.device}"] = "" if computed == 64.0**3 else f"got {computed}"
    except (StudentError, StudentDied) as error:
        said[f"compute on {place.device}"] = str(error)
    finally:
        session.close()
        server.close()
    return said


def _refused(attempt: Callable[[], object]) -> str:
    try:
        got = attempt()
    except StudentError:
        return ""
    return f"reached: {got!r}"[:80]
