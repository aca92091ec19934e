"""What the boundary costs: a child, a call, and the properties of each lesson, beside the same work in one process.

    python -m grader.bench.grading [--runs N] [--lesson L]

Processor time of the lessons counts everything: this process, the zygote, and all its children. For that they are run
under embedded isolation: bubblewrap does not pass on what the processes inside of it have used. What starting a zygote
takes once is measured apart and left out of the lessons' figures.
"""

from __future__ import annotations

import argparse
import functools
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from grader.course import Course, CourseError, Lesson, find_root, load
from grader.grade import grade
from grader.places import Here, Place, Split
from grader.student.isolation import IsolationError, choose
from grader.student.remote import Student
from grader.student.session import Session
from grader.submission import read_file

_MODULE = """
def same(value):
    return value
"""


def main() -> None:
    """Measure and print, line by line.

    Raises:
        SystemExit: one line, where there is no such lesson, or no isolation.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each lesson (default 5)")
    parser.add_argument("--lesson", help="number or name; all lessons where left out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    try:
        course, isolation = load(find_root(Path.cwd())), choose()
        lessons = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
    except (CourseError, IsolationError) as error:
        raise SystemExit(f"bench: {error}") from None

    def split() -> Split:
        return Split(isolation)

    def counted() -> Split:
        return Split(choose(wanted="embedded"))

    console.print(f"isolation: {isolation}", highlight=False)
    start = time.perf_counter()
    with split() as place:
        console.print(f"a zygote, started once: {time.perf_counter() - start:.1f} s", highlight=False)
        _print_calls(place, console)
    console.print("\nCPU seconds of a lesson's properties for one submission (the reference):")
    console.print(f"{'':28}{'one process':>13}{'split':>9}   the boundary's share", highlight=False)
    start_up = statistics.median(_cpu(lambda: _work(counted, lambda place: None, 0)) for _ in range(3))
    worst = 0.0
    for lesson in lessons:
        once = functools.partial(_grade, course, lesson)
        once(Here())  # the first run imports the tests
        here = _cpu(functools.partial(_work, Here, once, options.runs)) / options.runs
        across = (_cpu(functools.partial(_work, counted, once, options.runs)) - start_up) / options.runs
        worst = max(worst, across)
        share = max(0.0, 1 - here / across)
        console.print(f"{lesson.name:28}{here:13.2f}{across:9.2f}   {share:.0%}", highlight=False)
    console.print(f"the dearest lesson: {worst:.2f} s of CPU", highlight=False)


def _print_calls(place: Split, console: Console) -> None:
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
    for words, value in (("an int", 1), ("a 128x4 float32 array", array), ("a 128x4 tensor", tensor)):
        times = []
        for _ in range(500):
            start = time.perf_counter()
            student.same(value)
            times.append(time.perf_counter() - start)
        _say(console, f"a call with {words}, and back", times, 1e6, "µs")
    session.close()


def _open(place: Place) -> Session:
    return place.open(
        {"bench": _MODULE}, "bench", cpu_seconds=10, call_seconds=10, memory_mb=3000, output_chars=1000, record=False
    )


def _say(console: Console, words: str, times: list[float], scale: float, unit: str) -> None:
    low, middle, high = min(times) * scale, statistics.median(times) * scale, max(times) * scale
    console.print(f"{words:<38} {middle:7.1f} {unit} (best {low:.1f}, worst {high:.1f})", highlight=False)


def _grade(course: Course, lesson: Lesson, place: Place) -> None:
    """Run the properties of a lesson on its reference."""
    submission = read_file(course.solution(lesson))
    imports = course.references(lesson)
    report = grade(course, lesson, "bench", submission, place, imports=imports, train=False)
    assert all(result.verdict == "pass" for result in report.properties), report


def _work(make: Callable[[], Here | Split], once: Callable[[Here | Split], None], times: int) -> None:
    """Open a place, do something in it so many times, and close it."""
    with make() as place:
        for _ in range(times):
            once(place)


def _cpu(work: Callable[[], None]) -> float:
    """Processor time of ``work`` in this process and in all processes that it starts and ends."""

    def used() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    start = used()
    work()
    return used() - start


if __name__ == "__main__":
    main()
