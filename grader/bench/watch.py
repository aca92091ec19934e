"""Measure the learner's wait: from a save to the first verdict and to the last, beside a cold ``grader check``.

    python -m grader.bench.watch [--lesson L] [--runs N]

Seconds by the clock, in a copy of the course. Each round saves a program with a known misconception and then the right
one, each renamed into its place as editors do, and waits for the lines of ``grader watch --plain``; then it checks the
same two files with ``grader check``. The first verdict after the mend is that of the law that had failed. Last come, in
processor time, the imports that any check needs, a check of a file that is not started, and a check of the solution.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from grader.course import Course, Lesson, find_root, load
from grader.errors import UserError
from grader.lessons import chaffs
from grader.lessons.stubs import pristine

_GRADER = [sys.executable, "-P", "-c", "from grader.cli import main; main()"]
_IMPORTS = "import numpy, gymnasium, hypothesis, pytest, rich, typer"
_VERDICT = re.compile(r"\d\d:\d\d:\d\d ")
_LAST = re.compile(r"\d\d:\d\d:\d\d lesson \d+: ")


def main() -> None:
    """Measure and print, a lesson after the other.

    Raises:
        SystemExit: one line, if there is no such lesson.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="rounds of each lesson (default 5)")
    parser.add_argument("--lesson", help="number or name (default: all lessons)")
    options = parser.parse_args()
    console = Console(highlight=False, width=100)
    try:
        course = load(find_root(Path.cwd()))
        lessons = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
    except UserError as error:
        raise SystemExit(f"bench: {error}") from None
    with tempfile.TemporaryDirectory() as folder:
        for part in ("course.yml", "solutions", "tests"):
            copy = shutil.copytree if (course.root / part).is_dir() else shutil.copy2
            copy(course.root / part, Path(folder, part))
        Path(folder, "exercises").mkdir()
        for lesson in course.lessons:
            shutil.copy2(course.hints(lesson), Path(folder, "exercises"))
        there = load(Path(folder))
        for lesson in there.lessons:
            there.stub(lesson).write_text(pristine(there, lesson), encoding="utf-8")
        console.print(f"seconds by the clock, median of {options.runs} rounds (best)")
        console.print(f"{'':28}{'first verdict':>20}{'all of them':>20}{'cold check':>20}")
        for lesson in lessons:
            _print_lesson(there, lesson, max(1, options.runs), console)
        _print_processor(there, max(1, options.runs), console)


def _print_lesson(course: Course, lesson: Lesson, runs: int, console: Console) -> None:
    for earlier in course.needs(lesson):
        course.stub(earlier).write_bytes(course.solution(earlier).read_bytes())
    right = course.solution(lesson).read_text(encoding="utf-8")
    wrong = chaffs.load(course, lesson)[0].source(right)
    first: list[float] = []
    whole: list[float] = []
    cold: list[float] = []
    with _watched(course, lesson) as lines:
        for _ in range(runs):
            for text in (wrong, right):
                start = _save(course.stub(lesson), text)
                at, line = next(_stamped(lines, _VERDICT))
                first.append(at - start)
                end = at if _LAST.match(line) else next(_stamped(lines, _LAST))[0]
                whole.append(end - start)
                begin = time.perf_counter()
                check = [*_GRADER, "check", str(lesson.number)]
                subprocess.run(check, cwd=course.root, capture_output=True, check=False)
                cold.append(time.perf_counter() - begin)
    columns = [f"{statistics.median(times):.2f} ({min(times):.2f})" for times in (first, whole, cold)]
    console.print(f"{lesson.name:28}" + "".join(f"{column:>20}" for column in columns))
    course.stub(lesson).write_text(pristine(course, lesson), encoding="utf-8")


@contextlib.contextmanager
def _watched(course: Course, lesson: Lesson) -> Iterator[Iterator[tuple[float, str]]]:
    """A watch of the lesson, warm, and its lines with the moment at which each could be read."""
    process = subprocess.Popen(
        [*_GRADER, "watch", str(lesson.number), "--plain"], cwd=course.root, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    output = process.stdout
    lines = ((time.perf_counter(), line) for line in output)
    try:
        next(_stamped(lines, _LAST))
        _save(course.stub(lesson), course.solution(lesson).read_text(encoding="utf-8") + "\n")
        next(_stamped(lines, _LAST))  # now torch is loaded too, if the lesson uses it
        yield lines
    finally:
        process.kill()
        process.wait()


def _stamped(lines: Iterator[tuple[float, str]], wanted: re.Pattern[str]) -> Iterator[tuple[float, str]]:
    for at, line in lines:
        if wanted.match(line) and " is done" not in line and " Now write" not in line:
            yield at, line


def _save(file: Path, text: str) -> float:
    beside = file.with_suffix(".beside")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
    return time.perf_counter()


def _print_processor(course: Course, runs: int, console: Console) -> None:
    first = course.lessons[0]
    commands = {
        "the imports of a check": [sys.executable, "-P", "-c", _IMPORTS],
        "a check of what is not started": [*_GRADER, "check", str(first.number)],
        f"a check of all of lesson {first.number}": [
            *_GRADER, "check", str(first.number), "--file", str(course.solution(first)),
        ],
    }  # fmt: skip
    taken: dict[str, list[float]] = {what: [] for what in commands}
    for _ in range(runs):  # in turns, so that a machine that gets slower does so for all
        for what, command in commands.items():
            taken[what].append(_processor(command, course.root))
    console.print("\nseconds of processor time, median; and how many times those imports")
    imports = statistics.median(taken["the imports of a check"])
    for what, times in taken.items():
        console.print(f"{what:34}{statistics.median(times):8.2f}{statistics.median(times) / imports:8.1f}")


def _processor(command: list[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
