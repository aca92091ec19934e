"""Compare a second run of a class in which nothing has changed with one that has to read all submissions again.

    python -m grader.bench.again [--students 60]

Every student hands in all lessons, with a note of their own in each file and nothing else written, so that the first
run is short. Three runs of the command follow each other: one that finds the files as they were, one that finds copies
of them, and the first once more. All find every report up to date, and write the same table of marks.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.course import Course, find_root, load
from grader.lessons.stubs import pristine

_SETTLED_SECONDS = 3.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=60, help="students, each with all lessons (default 60)")
    arguments = parser.parse_args()
    course, console = load(find_root(Path.cwd())), Console()
    with tempfile.TemporaryDirectory() as folder:
        _compare(course, arguments.students, Path(folder), console)


def _compare(course: Course, students: int, folder: Path, console: Console) -> None:
    submissions, out = folder / "submitted", folder / "report"
    for i in range(students):
        for lesson in course.lessons:
            path = submissions / f"student-{i + 1:03d}" / lesson.name / f"{lesson.name}.py"
            path.parent.mkdir(parents=True)
            path.write_text(f"{pristine(course, lesson)}\n# {i}\n", encoding="utf-8")
    time.sleep(_SETTLED_SECONDS)
    _grade(course, submissions, out)
    marks = (out / "grades.csv").read_bytes()
    count = students * len(course.lessons)
    table = Table("a run with nothing to grade", "wall, s", "CPU, s", "CPU a report, ms", box=None)
    taken = {}
    for words in ("the files as they were", "the same files, copied", "the files as they were, again"):
        if "copied" in words:
            shutil.copytree(submissions, folder / "copies")
            shutil.rmtree(submissions)
            (folder / "copies").rename(submissions)
            time.sleep(_SETTLED_SECONDS)
        wall, cpu = _grade(course, submissions, out)
        taken[words] = cpu
        table.add_row(words, f"{wall:.1f}", f"{cpu:.1f}", f"{1000 * cpu / count:.1f}")
        if (out / "grades.csv").read_bytes() != marks:
            raise SystemExit(f"other marks than in the first run: {words}")
    console.print(f"{students} students, {count} reports", highlight=False)
    console.print(table)
    first, copied, _ = taken.values()
    console.print(
        f"to read them takes {copied / first:.1f} times as long as to see that it need not be", highlight=False
    )


def _grade(course: Course, submissions: Path, out: Path) -> tuple[float, float]:
    """Run the command; seconds by the clock and of processor time, those of its processes included."""
    grader = str(Path(sys.executable).with_name("grader"))
    command = [grader, "grade", str(submissions), "--out", str(out), "--no-training", "--no-rehearsal"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "GRADER_SALT": "a salt for this measurement"}
    done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"grader grade ended with status {done.returncode}: {done.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu


if __name__ == "__main__":
    main()
