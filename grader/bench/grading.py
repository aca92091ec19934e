"""Measure the cost of the boundary: a child, a call, reading, and each lesson's properties, beside one process.

    python -m grader.bench.grading [--runs N] [--lesson L] [--training]

Processor time of the lessons counts both sides: this process, the students' processes, and the forks that make them, as
the kernel accounts for them inside the sandbox. What starting a zygote takes once is measured apart.
``--training`` grades the references once more, as it is done for a finished student, training runs included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from grader.course import Course, Lesson, find_root, load
from grader.errors import UserError
from grader.grading.grade import Asked, grade
from grader.lessons.stubs import pristine
from grader.render import words
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.student.limits import Limits
from grader.student.places import Place
from grader.student.processes import ZygoteClient
from grader.student.remote import Student
from grader.student.session import Session
from grader.submissions.find import find_work
from grader.submissions.read import read_file
from grader.submissions.reader import Reader
from grader.submissions.work import Work

_MODULE = """
def same(value):
    return value
"""
_LIMITS = Limits(cpu_seconds=10, call_seconds=10)


def main() -> None:
    """Measure and print, line by line.

    Raises:
        SystemExit: one line, where there is no such lesson, or no isolation.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each lesson (default 5)")
    parser.add_argument("--lesson", help="number or name (default: all lessons)")
    parser.add_argument("--training", action="store_true", help="then grade each reference with its training runs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    try:
        course, isolation = load(find_root(Path.cwd())), choose()
        lessons = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
        runs = max(1, options.runs)
    except (UserError, IsolationError) as error:
        raise SystemExit(f"bench: {error}") from None

    console.print(f"isolation: {words.isolation(isolation, isolation.device)}", highlight=False)
    start = time.perf_counter()
    with ZygoteClient(isolation) as split:
        console.print(f"a zygote, started once: {time.perf_counter() - start:.1f} s", highlight=False)
        _print_calls(split, console)
        _print_reading(course, console, runs)
        console.print(f"\nCPU seconds of the properties for one submission, the reference (median of {runs}):")
        console.print(f"{'':28}{'one process':>13}{'split':>9}   the boundary's share", highlight=False)
        worst = 0.0
        for lesson in lessons:
            _grade(course, lesson, Here())  # the first run imports the tests
            # In turns, so that a machine that gets slower does so for both.
            pairs = [(_cpu(course, lesson, Here()), _cpu(course, lesson, split)) for _ in range(runs)]
            here, across = (statistics.median(times) for times in zip(*pairs, strict=True))
            worst = max(worst, across)
            share = max(0.0, 1 - here / across)
            console.print(f"{lesson.name:28}{here:13.2f}{across:9.2f}   {share:.0%}", highlight=False)
        console.print(f"the dearest lesson: {worst:.2f} s of CPU", highlight=False)
        if options.training:
            console.print("\nCPU seconds for one finished student, training included:")
            total = 0.0
            for lesson in lessons:
                taken = _cpu(course, lesson, split, train=True)
                total += taken
                console.print(f"{lesson.name:28}{taken:13.2f}", highlight=False)
            console.print(f"{'all of them':28}{total:13.2f}", highlight=False)


def _print_calls(place: ZygoteClient, console: Console) -> None:
    ready, cycle = [], []
    for _ in range(50):
        start = time.perf_counter()
        session = _open(place)
        ready.append(time.perf_counter() - start)
        session.close()
        cycle.append(time.perf_counter() - start)
    _say(console, "a warm child, until it is ready", ready, 1e3, "ms")
    _say(console, "... and until it is gone again", cycle, 1e3, "ms")
    session = _open(place)
    session.begin(0)
    student = Student(session)
    array = np.zeros((128, 4), np.float32)
    tensor = torch.zeros(128, 4)
    for what, value in (("an int", 1), ("a 128x4 float32 array", array), ("a 128x4 tensor", tensor)):
        times = []
        for _ in range(500):
            start = time.perf_counter()
            student.same(value)
            times.append(time.perf_counter() - start)
        _say(console, f"a call with {what}, and back", times, 1e6, "µs")
    session.close()


def _print_reading(course: Course, console: Console, runs: int) -> None:
    """Reading the references in this process, and in the one that is walled in."""
    here: list[float] = []
    walled: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Reader() as reader:
        for lesson in course.lessons:
            path = Path(folder, lesson.name, f"{lesson.name}.py")
            path.parent.mkdir()
            path.write_bytes(course.solution(lesson).read_bytes())
        for read, times in [(find_work, here), (reader.find, walled)] * (runs + 1):
            start = time.perf_counter()
            for lesson in course.lessons:
                assert not read(Path(folder), lesson, course.lessons, pristine(course, lesson)).problem
            times.append((time.perf_counter() - start) / len(course.lessons))
    # The first of each starts the process and fills caches.
    _say(console, "reading a lesson, in one process", here[1:], 1e3, "ms")
    _say(console, "... and walled in", walled[1:], 1e3, "ms")


def _open(place: Place) -> Session:
    return place.open({"bench": _MODULE}, "bench", _LIMITS, record=False, short=True)


def _say(console: Console, label: str, times: list[float], scale: float, unit: str) -> None:
    low, middle, high = min(times) * scale, statistics.median(times) * scale, max(times) * scale
    console.print(f"{label:<38} {middle:7.1f} {unit} (best {low:.1f}, worst {high:.1f})", highlight=False)


def _grade(course: Course, lesson: Lesson, place: Place, *, train: bool = False) -> None:
    """Run a lesson's properties on its reference, and its training runs if requested."""
    work = Work("bench", lesson, read_file(course.solution(lesson)), course.references(lesson))
    report = grade(course, work, place, Asked(train=train))
    assert report.score == report.max_score, report


def _cpu(course: Course, lesson: Lesson, place: Place, *, train: bool = False) -> float:
    """Return the processor time of one run, both sides together."""
    start = time.process_time() + place.used()
    _grade(course, lesson, place, train=train)
    return time.process_time() + place.used() - start


if __name__ == "__main__":
    main()
