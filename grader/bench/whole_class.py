"""A class from ten submissions to ten thousand: time and memory of a first run, of a second, and after one change.

    python -m grader.bench.whole_class [--submissions 10 100 1000] [--lesson 1] [--multiplied 90000]

The class is made of the course's own solutions, of its other right answers and of its known wrong ones, in turn; each
student's files end with a comment of their own, so each is graded, and many are the same program: as in a class, where
most mistakes are made by several. Training is left out: it costs what a training costs, whatever the class. Each class
begins with an empty cache, and without the rehearsal, which does not depend on its size.

Four runs of the command follow each other: one that grades everybody; one in which nothing has changed; one in which
one student has handed in the same with another comment; and one that finds copies of all files, so that it has to read
them again. The marks have to be the same each time.

With ``--multiplied``, a few students are graded in all lessons, and their submissions and reports are copied under
other names until there are so many. Only what comes then is measured, first without the register that a run leaves: a
machine with two processors does not grade ten thousand times nine submissions while somebody waits.

*Each* is the processor time of all processes for one submission, *parent* what the command itself has of it, without
the processes that grade; its memory is its own at the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from grader.course import Course, Lesson, find_root, load
from grader.grading.register_file import FILE
from grader.grading.run import Run, mark_of_folder
from grader.grading.unchanged import state
from grader.lessons import chaffs
from grader.report import seal
from grader.student.isolation import choose

_SETTLED_SECONDS = 3.0
_SALT = "a salt for this measurement"
_PROGRAM = """
import json, resource, sys
from grader.cli import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    with open({path!r}, "w") as file:
        json.dump([used.ru_utime + used.ru_stime, int(peak) / 1024], file)
"""


class Taken(NamedTuple):
    """One run: seconds by the clock, of processor time with all helpers and of the parent alone, and its peak in MB."""

    wall: float
    cpu: float
    parent: float
    peak: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, nargs="*", default=[10, 100, 1000], help="sizes of classes")
    parser.add_argument("--lesson", action="append", help="handed in by everybody; may be repeated (default: 1)")
    parser.add_argument("--multiplied", type=int, default=0, help="submissions of a class that is copied together")
    arguments = parser.parse_args()
    course, console = load(find_root(Path.cwd())), Console()
    lessons = [course.lesson(name) for name in arguments.lesson or ["1"]]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("submissions", justify="right")
    table.add_column("run", no_wrap=True)
    for heading in ("wall, s", "CPU, s", "each, ms", "parent, ms", "parent, MB"):
        table.add_column(heading, justify="right")
    for size in arguments.submissions:
        with tempfile.TemporaryDirectory() as folder:
            _add(table, size, _measured(course, lessons, size, Path(folder)))
    if arguments.multiplied:
        with tempfile.TemporaryDirectory() as folder:
            _add(table, arguments.multiplied, _multiplied(course, arguments.multiplied, Path(folder)))
    if arguments.submissions:
        console.print(f"lessons handed in: {', '.join(str(each.number) for each in lessons)}", highlight=False)
    console.print(table)


def _add(table: Table, size: int, runs: Iterator[tuple[str, Taken]]) -> None:
    for i, (what, taken) in enumerate(runs):
        each = [1000 * seconds / size for seconds in (taken.cpu, taken.parent)]
        figures = [f"{taken.wall:,.1f}", f"{taken.cpu:,.1f}", *(f"{ms:,.2f}" for ms in each), f"{taken.peak:,.0f}"]
        table.add_row("" if i else f"{size:,}", what, *figures)


def _measured(course: Course, lessons: Sequence[Lesson], size: int, folder: Path) -> Iterator[tuple[str, Taken]]:
    """Make a class, and measure one run after another."""
    submissions = folder / "submitted"
    students = max(size // len(lessons), 1)
    for lesson in lessons:
        hand_in(course, lesson, submissions, students)
    time.sleep(_SETTLED_SECONDS)
    yield "all graded", _grade(course, submissions, folder)
    marks = _marks(folder)
    yield from _again(course, submissions, folder, marks)
    shutil.copytree(submissions, folder / "copies")
    shutil.rmtree(submissions)
    (folder / "copies").rename(submissions)
    time.sleep(_SETTLED_SECONDS)
    yield "files copied", _grade(course, submissions, folder, marks)


def _again(course: Course, submissions: Path, folder: Path, marks: bytes) -> Iterator[tuple[str, Taken]]:
    time.sleep(_SETTLED_SECONDS)
    yield "none changed", _grade(course, submissions, folder, marks)
    changed = min(submissions.glob("*/*/*.py"))
    changed.write_text(f"{changed.read_text(encoding='utf-8')}# another version\n", encoding="utf-8")
    time.sleep(_SETTLED_SECONDS)
    yield "one changed", _grade(course, submissions, folder, marks)


def hand_in(course: Course, lesson: Lesson, submissions: Path, students: int) -> None:
    """Hand in work on a lesson for so many students: right and wrong programs in turn, with a comment of their own."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    texts = [solution, *chaffs.wheats(course, lesson).values()]
    texts += [chaff.source(solution) for chaff in chaffs.load(course, lesson)]
    for i in range(students):
        path = submissions / f"student-{i + 1:05d}" / lesson.name / f"{lesson.name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(f"{texts[i % len(texts)]}\n# handed in by student {i + 1}\n", encoding="utf-8")


def _multiplied(course: Course, size: int, folder: Path) -> Iterator[tuple[str, Taken]]:
    """Grade a few students in all lessons, copy them until there are enough, and measure what comes then."""
    few, submissions, out = 8, folder / "submitted", folder / "report"
    for lesson in course.lessons:
        hand_in(course, lesson, submissions, few)
    time.sleep(_SETTLED_SECONDS)
    _grade(course, submissions, folder)
    os.environ["GRADER_SALT"] = _SALT
    course = course.of_class()
    run = Run(course, submissions, out, tuple(each.name for each in course.lessons), train=False)
    isolation = choose("cpu", hidden=(course.root, submissions, out))
    originals = sorted(submissions.iterdir())
    for i in range(few, size // len(course.lessons)):
        shutil.copytree(originals[i % few], submissions / f"student-{i + 1:05d}")
    time.sleep(_SETTLED_SECONDS)
    for i in range(few, size // len(course.lessons)):
        name = f"student-{i + 1:05d}"
        (out / name).mkdir()
        lies = state(submissions / name)
        for lesson in course.lessons:
            report = seal.read(course, out, originals[i % few].name, lesson.name)
            assert report is not None
            mark = mark_of_folder(run, report.digest, lesson, isolation, lies)
            copy = msgspec.structs.replace(report, student=name, folder_state=mark)
            seal.path_of(out, name, lesson.name).write_bytes(seal.sealed(course, copy).to_json())
    time.sleep(_SETTLED_SECONDS)
    (out / FILE).unlink()
    yield "no register", _grade(course, submissions, folder)
    yield from _again(course, submissions, folder, _marks(folder))


def _marks(folder: Path) -> bytes:
    return (folder / "report" / "grades.csv").read_bytes()


def _grade(course: Course, submissions: Path, folder: Path, marks: bytes | None = None) -> Taken:
    """Run the command; with ``marks``, they have to come out again."""
    used = folder / "used.json"
    command = [sys.executable, "-P", "-c", _PROGRAM.format(path=str(used)), "grade", str(submissions)]
    command += ["--out", str(folder / "report"), "--no-training", "--no-rehearsal"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "GRADER_SALT": _SALT, "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"grader grade ended with status {done.returncode}: {done.stderr[-500:]}")
    if marks is not None and _marks(folder) != marks:
        raise SystemExit("other marks than in the first run")
    parent, peak = json.loads(used.read_bytes())
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall, cpu, parent, peak)


if __name__ == "__main__":
    main()
