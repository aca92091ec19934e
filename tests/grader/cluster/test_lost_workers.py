"""A class is graded on three workers while two of them are killed: it comes out as on one machine."""

from __future__ import annotations

import functools
import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import cluster_jobs
import dask_processes
import faulty_jobs
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

pytest.importorskip("distributed", reason="the cluster extra is not installed")


from grader.cluster.cluster import Cluster
from grader.cluster.connect import connect
from grader.course import Course
from grader.grading.classroom import Options, grade_class
from grader.grading.worker import Event
from grader.report.report import without_times
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError

SLOW = "import time\ntime.sleep(0.4)\n"
HANDED_IN = {
    "lesson1_numbers": [
        NUMBERS,
        SLOW + NUMBERS,
        NUMBERS.replace("2 * x", "x * x"),
        SLOW + NUMBERS.replace("2 * x", "2 + x"),
        NUMBERS.replace("x / 2", "x // 2"),
        "def double(x:\n",
        "import os\nos._exit(0)\n",
        NUMBERS.replace("2 * x", "open('/etc/passwd').read()"),
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" + NUMBERS,
        NUMBERS.replace("2 * x", "__import__('sys').exit(0)"),
        "print('\\ud800' * 3, '<script>')\n" + NUMBERS.replace("2 * x", "[x] * 100"),
    ],
    "lesson2_balance": [BALANCE, BALANCE, BALANCE, BALANCE.replace("double(double(x))", "double(x)")],
}


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    try:
        return choose()
    except IsolationError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory, isolation: Isolation) -> Iterator[Path]:
    with dask_processes.cluster(tmp_path_factory.mktemp("dask"), 3) as file:
        yield file


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    for lesson, texts in HANDED_IN.items():
        for i, text in enumerate(texts):
            hand_in(tmp_path / "submitted", f"student-{i + 1:03}", lesson, text)
    (tmp_path / "submitted" / "student-012").mkdir()
    return tmp_path / "submitted"


def written(out: Path) -> dict[str, object]:
    """All marks and reports, without readings of clocks."""
    reports = {path.relative_to(out).as_posix(): json.loads(path.read_bytes()) for path in out.glob("*/*.json")}
    marks = {"grades.csv": (out / "grades.csv").read_text(), "pages": len(list(out.glob("*/index.html")))}
    return {name: without_times(report) for name, report in reports.items()} | marks


class Killer:
    """Kills the worker of each of some students, the first time that it is heard to be at a step of some kind.

    What is heard is some moments old. If the student is done by then, it is the worker of somebody else that is killed,
    but of nobody twice: a student under whom two workers are lost is set aside.

    Args:
        crew: the workers.
        moments: at which stage, by student.
    """

    def __init__(self, crew: Cluster, moments: dict[str, str]) -> None:
        self._crew, self._moments, self._due = crew, moments, 0
        self.killed: set[str] = set()

    def __call__(self, event: Event) -> None:
        if event.step is not None and event.step.stage == self._moments.get(event.job):
            del self._moments[event.job]
            self._due += 1
        at_work = [task for task in self._crew._tasks.values() if task.at and not task.losses]
        at_work = [task for task in at_work if task.at not in self.killed]
        if not self._due or not at_work:
            return
        at = min(at_work, key=lambda task: task.name != event.job).at
        os.kill(self._crew._client.run(os.getpid, workers=[at])[at], signal.SIGKILL)
        self._due -= 1
        self.killed.add(at)


def test_two_of_three_workers_are_killed_and_nothing_differs(
    course: Course, submissions: Path, scheduler: Path, isolation: Isolation, tmp_path: Path
) -> None:
    options = Options(train=False, rehearse=False)
    here, there = tmp_path / "here", tmp_path / "there"
    grade_class(course, submissions, here, isolation, options)
    # Two whose code takes a while to load, so that they are still at it when they are heard of.
    seeded = random.Random(14)
    victims = seeded.sample(["student-002", "student-004"], 2)
    moments = {student: seeded.choice(["starting", "properties"]) for student in victims}
    said: list[str] = []
    with Cluster(connect(str(scheduler)), course, say=said.append) as crew:
        assert crew.slots == 3
        killer = Killer(crew, moments)
        grade_class(course, submissions, there, crew, options, hear=killer)
        assert len(killer.killed) == 2
    assert sum("is gone; what it was at work on is done again" in line for line in said) == 2
    assert written(there) == written(here)
    # Another machine that has the course, the class and the reports has nothing left to do.
    before = {path: path.read_bytes() for path in there.rglob("*.json")}
    grade_class(course, submissions, there, isolation, options)
    assert {path: path.read_bytes() for path in there.rglob("*.json")} == before


def test_a_job_that_kills_its_worker_twice_is_set_aside_and_the_others_are_done(
    course: Course, scheduler: Path
) -> None:
    said: list[str] = []
    jobs: dict[str, Callable[..., object]] = {"bad": cluster_jobs.kill_the_worker}
    jobs |= {f"good {i}": functools.partial(faulty_jobs.echo, i) for i in range(4)}
    with Cluster(connect(str(scheduler)), course, say=said.append) as crew:
        done = dict(crew.run(jobs, died=lambda name: f"{name} died"))
    assert done == {"bad": "bad died"} | {f"good {i}": i for i in range(4)}
    assert len(said) >= 2
