"""Compare plain ``nbgrader autograde`` with ours on the same submissions.

    python -m grader.bench.nbgrader [--lesson 4] [--students 30]

In the plain course a test cell runs the very same hidden properties in the student's kernel and gives partial credit;
misconceptions are not looked for there, in ours they are. Everything else is nbgrader as it comes. Both start cold, as
commands, and both have to come to the same marks. Half of the submissions are right, in different styles, and half have
a misconception each.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from rich.console import Console
from rich.table import Table

from grader.course import Course, Lesson, find_root, load
from grader.grading.workers import count
from grader.lessons import chaffs as known
from grader.lessons.notebooks import grade_id, source_path
from grader.nbgrader.make import init
from grader.report.report import Report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", default="4", help="the lesson (default 4, whose notebook imports torch itself)")
    parser.add_argument("--students", type=int, default=30, help="submissions (default 30)")
    arguments = parser.parse_args()
    course, console = load(find_root(Path.cwd())), Console()
    lesson = course.lesson(arguments.lesson)
    with tempfile.TemporaryDirectory() as folder:
        _compare(course, lesson, arguments.students, Path(folder), console)


def _compare(course: Course, lesson: Lesson, students: int, folder: Path, console: Console) -> None:
    ours, plain = folder / "ours", folder / "plain"
    init(course, ours, lessons=[lesson.name], training=False)
    make_plain(course, lesson, plain)
    sources = samples(course, lesson)
    for place in (ours, plain):
        nbgrader(place, "generate_assignment", lesson.name)
        for i in range(students):
            hand_in(place, lesson, f"student-{i + 1:03d}", sources[i % len(sources)])
    console.print(f"{students} submissions of {lesson.name}, {count()} processors", highlight=False)
    fast = nbgrader(ours, "autograde", lesson.name)
    slow = nbgrader(plain, "autograde", lesson.name)
    again = nbgrader(ours, "autograde", lesson.name, "--force")
    empty = nbgrader(ours, "autograde", lesson.name)
    table = Table("", "wall, s", "CPU, s", "wall a student, s", box=None)
    for words, taken in (("plain nbgrader autograde", slow), ("ours, cold", fast)):
        table.add_row(words, f"{taken.wall:.1f}", f"{taken.cpu:.1f}", f"{taken.wall / students:.2f}")
    console.print(table)
    console.print(f"ours is {slow.wall / fast.wall:.1f} times as fast", highlight=False)
    own = again.wall - empty.wall
    console.print("where our time goes:", highlight=False)
    console.print(f"  nbgrader's start, and a look at what is there: {empty.wall:.1f} s", highlight=False)
    console.print(f"  nbgrader's own work: {own:.1f} s, {own / students:.2f} s per student", highlight=False)
    console.print(f"  what grading adds to it, side by side: {fast.wall - again.wall:.1f} s", highlight=False)
    one, other = (marks(place, lesson) for place in (ours, plain))
    differ = [
        f"{student} ({one[student]:g} ours, {other[student]:g} plain)"
        for student in one
        if abs(one[student] - other[student]) > 0.01
    ]
    console.print(f"marks: {len(one) - len(differ)} of {len(one)} the same {', '.join(differ)}", highlight=False)
    if differ:
        raise SystemExit(1)


def samples(course: Course, lesson: Lesson) -> list[str]:
    """A class as modules: every second one is right, in some style, and the others each have some misconception."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    wheats = [path.read_text(encoding="utf-8") for path in sorted((course.tests(lesson) / "wheats").glob("*.py"))]
    wrong = [chaff.source(solution) for chaff in known.load(course, lesson)]
    right = itertools.cycle([solution, *wheats])
    return [source for pair in zip(right, wrong) for source in pair]


def make_plain(course: Course, lesson: Lesson, folder: Path) -> None:
    """Make a course folder for plain nbgrader, whose test cells judge in the kernel."""
    notebook = json.loads(source_path(course, lesson).read_text(encoding="utf-8"))
    names = {grade_id(name): name for name in [exercise.name for exercise in lesson.exercises]}
    cells = []
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade_id") in names:
            line = f"judge({str(course.root)!r}, {lesson.name!r}, {names[marks['grade_id']]!r}, In)"
            cell["source"] = f"from grader.bench.nbgrader import judge\n{line}"
        elif marks.get("grade") or ("check" in "".join(cell["source"]) and cell["cell_type"] == "code"):
            continue
        cells.append(cell)
    place = folder / "source" / lesson.name
    place.mkdir(parents=True)
    (place / f"{lesson.name}.ipynb").write_text(json.dumps({**notebook, "cells": cells}), encoding="utf-8")
    # By the clock, so that a busy machine would cost marks: ours counts processor time.
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 300\n")


def judge(root: str, lesson: str, exercise: str, cells: Sequence[str]) -> float:
    """Return the hidden properties' points for one exercise; called in a plain test cell, in this kernel.

    The first test cell runs all of them, on all cells so far; the others remember. The properties of one exercise may
    need those of another, so they are run together, and once is cheaper than once a cell.
    """
    from grader.report.report import exercise_scores

    report = _report(root, lesson, [cell for cell in cells if "import judge" not in cell])
    return exercise_scores(report.properties)[exercise][0]


_kept: list[Report] = []


def _report(root: str, lesson: str, cells: Sequence[str]) -> Report:
    from grader.grading.grade import Asked, grade
    from grader.student.inprocess import Here
    from grader.submissions.read import Submission
    from grader.submissions.work import Work

    if not _kept:
        course, source = load(Path(root)), "\n\n".join(cells)
        work = Work("student", course.lesson(lesson), Submission(source))
        _kept.append(grade(course, work, Here(), Asked(train=False, diagnose=False)))
    return _kept[0]


def hand_in(folder: Path, lesson: Lesson, student: str, source: str) -> None:
    """Put a released notebook, with this module in its first answer cell, into nbgrader's folder of submissions."""
    notebook = nbformat.read(folder / "release" / lesson.name / f"{lesson.name}.ipynb", as_version=4)
    answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    for cell in answers:
        cell.source = source if cell is answers[0] else "# see above"
    place = folder / "submitted" / student / lesson.name
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{lesson.name}.ipynb")


class Taken(NamedTuple):
    """Wall-clock and processor time in seconds; the latter for the processes that the system can attribute."""

    wall: float
    cpu: float


def nbgrader(folder: Path, *arguments: str) -> Taken:
    """Run one of nbgrader's commands and measure the time."""
    programs = Path(sys.executable).parent
    # A word for the salt, so that none is made beside the course: nobody's marks are at stake.
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "GRADER_SALT": "a benchmark"}
    start, before = time.perf_counter(), _processor_time()
    done = subprocess.run(
        [programs / "nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    taken = Taken(time.perf_counter() - start, _processor_time() - before)
    if done.returncode:
        raise SystemExit(f"nbgrader {' '.join(arguments)} failed in {folder}:\n{done.stderr[-3000:]}")
    return taken


def _processor_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def marks(folder: Path, lesson: Lesson) -> dict[str, float]:
    """Return every student's points from the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {each.student.id: each.score for each in gradebook.assignment_submissions(lesson.name)}


if __name__ == "__main__":
    main()
