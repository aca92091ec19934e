"""The same submissions through plain ``nbgrader autograde`` and through ours, side by side.

    python -m grader.bench.nbgrader [--lesson 4] [--students 30]

In the plain course a test cell runs the very same hidden properties in the student's kernel and gives partial credit;
misconceptions are not looked for there, in ours they are. Everything else is nbgrader as it comes. Both start cold, as
commands, and both have to come to the same marks. The submissions are the reference, other right answers, and known
misconceptions, over and over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from rich.console import Console
from rich.table import Table

from grader.course import Course, Lesson, find_root, load
from grader.nbgrader.make import init
from grader.notebooks.make import grade_id, source_path
from grader.properties import chaffs as known
from grader.workers import count


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
    again = nbgrader(ours, "autograde", lesson.name, "--force")
    empty = nbgrader(ours, "autograde", lesson.name)
    slow = nbgrader(plain, "autograde", lesson.name)
    table = Table("", "wall, s", "a student, s", box=None)
    table.add_row("plain nbgrader autograde", f"{slow:.1f}", f"{slow / students:.2f}")
    table.add_row("ours, cold", f"{fast:.1f}", f"{fast / students:.2f}")
    console.print(table)
    console.print(f"ours is {slow / fast:.1f} times as fast", highlight=False)
    console.print("where our time goes:", highlight=False)
    console.print(f"  nbgrader's start, and the reports read: {empty:.1f} s (everything up to date)", highlight=False)
    each = (again - empty) / students
    console.print(
        f"  nbgrader's own work: {again - empty:.1f} s, {each:.2f} s a student (verdicts kept)", highlight=False
    )
    console.print(f"  what is left, beside it, to grading: {fast - again:.1f} s", highlight=False)
    one, other = (marks(place, lesson) for place in (ours, plain))
    differ = [student for student in one if abs(one[student] - other[student]) > 0.01]
    console.print(f"marks: {len(one) - len(differ)} of {len(one)} the same {' '.join(differ)}", highlight=False)
    if differ:
        raise SystemExit(1)


def samples(course: Course, lesson: Lesson) -> list[str]:
    """Right answers and misconceptions, as modules."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    wheats = [path.read_text(encoding="utf-8") for path in sorted((course.tests(lesson) / "wheats").glob("*.py"))]
    return [solution, *wheats, *(chaff.source(solution) for chaff in known.load(course, lesson))]


def make_plain(course: Course, lesson: Lesson, folder: Path) -> None:
    """A course folder for nbgrader as it comes, whose test cells judge in the kernel."""
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
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "plain"\n')


def judge(root: str, lesson: str, exercise: str, cells: Sequence[str]) -> float:
    """In a plain test cell: the hidden properties of one exercise on all cells so far, right in this kernel."""
    from grader.grade import grade
    from grader.places import Here
    from grader.submission import Submission

    course = load(Path(root))
    source = "\n\n".join(cell for cell in cells if "import judge" not in cell)
    only = frozenset({exercise})
    report = grade(
        course, course.lesson(lesson), "student", Submission(source), Here(), train=False, only=only, diagnose=False
    )
    return report.score


def hand_in(folder: Path, lesson: Lesson, student: str, source: str) -> None:
    """Put a released notebook, with this module in its first answer cell, where nbgrader collects it."""
    notebook = nbformat.read(folder / "release" / lesson.name / f"{lesson.name}.ipynb", as_version=4)
    answers = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    for cell in answers:
        cell.source = source if cell is answers[0] else "# see above"
    place = folder / "submitted" / student / lesson.name
    place.mkdir(parents=True)
    nbformat.write(notebook, place / f"{lesson.name}.ipynb")


def nbgrader(folder: Path, *arguments: str) -> float:
    """Run one of nbgrader's commands; the seconds that it took."""
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    start = time.perf_counter()
    done = subprocess.run(
        [programs / "nbgrader", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"nbgrader {' '.join(arguments)} failed in {folder}:\n{done.stderr[-3000:]}")
    return taken


def marks(folder: Path, lesson: Lesson) -> dict[str, float]:
    """Every student's points in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return {each.student.id: each.score for each in gradebook.assignment_submissions(lesson.name)}


if __name__ == "__main__":
    main()
