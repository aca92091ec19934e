"""What a training check does not notice: ``python -m grader.verify.bar --lesson 6`` trains every chaff of a lesson.

A bar says that something was learnt, not that it was done right. This trains each known misconception by the lesson's
whole rule, as if its properties did not exist, and writes those that reach the bar all the same into the lesson's
``tests/<lesson>/bar.yml``, each with the first property that catches it. The lesson texts tell the gist of these lists.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from grader.course import Course, Lesson, find_root, load
from grader.errors import CourseError, UserError
from grader.files import write
from grader.grading import workers
from grader.grading.grade import open_session, run_training
from grader.lessons import chaffs as known
from grader.properties import runner
from grader.student.errors import GraderFault
from grader.student.isolation import IsolationError, choose
from grader.student.places import Place

Judged = tuple[str, bool, str]
"""A chaff's name, whether it reaches the bar, and the first property that fails on it."""


def judge(course: Course, lesson_name: str, source: str, name: str, place: Place, watch: Any) -> Judged:
    """Train one chaff, and run its properties until one fails."""
    lesson = course.lesson(lesson_name)
    sources = {**course.references(lesson), lesson.name: source}
    findings = runner.run(course, lesson, lambda: open_session(course, lesson, sources, place), until_failure=True)
    caught_by = next((finding.name for finding in findings if finding.verdict == "fail"), "")
    return name, run_training(course, lesson, sources, place).verdict == "pass", caught_by


def run(course: Course, lesson: Lesson, processes: int | None, console: Console) -> list[Judged]:
    """Judge every chaff of a lesson, in the order of its file."""
    solution = course.solution(lesson).read_text(encoding="utf-8")
    jobs = {
        chaff.name: functools.partial(judge, course, lesson.name, chaff.source(solution), chaff.name)
        for chaff in known.load(course, lesson)
    }
    done: dict[str, Judged] = {}
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("chaffs", total=len(jobs))
        for name, judged in workers.run(jobs, choose(), processes=processes):
            done[name] = judged
            progress.update(bar, advance=1, description=name)
    return [done[name] for name in jobs]


def path_of(course: Course, lesson: Lesson) -> Path:
    """Where a lesson's list is kept."""
    return course.tests(lesson) / "bar.yml"


def read(course: Course, lesson: Lesson) -> dict[str, str]:
    """The chaffs that reach a lesson's bar, and the first property that catches each; none where nobody measured it."""
    if not path_of(course, lesson).is_file():
        return {}
    reach: dict[str, str] = yaml.safe_load(path_of(course, lesson).read_text(encoding="utf-8"))["reach"]
    return reach


def keep(course: Course, lesson: Lesson, judged: Sequence[Judged]) -> None:
    """Write a lesson's list."""
    reach = {name: caught_by for name, passed, caught_by in judged if passed}
    head = (
        f"# Written by `make bar LESSON={lesson.name}`: {len(reach)} of {len(judged)} chaffs reach the training bar,\n"
        "# and the first property that fails on each.\n"
    )
    text = yaml.safe_dump({"reach": reach}, sort_keys=False, width=120)
    write(path_of(course, lesson), f"{head}\n{text}".encode())


def main() -> None:
    """Print the tables and write the lists; exit status 1 where something gets past the properties.

    Raises:
        SystemExit: also with one line, where there is no such lesson, or no isolation.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", help="number or name; all lessons that train where left out")
    parser.add_argument("--jobs", type=int, help="processes side by side; one a processor where left out")
    options = parser.parse_args()
    console = Console()
    good = True
    try:
        course = load(find_root(Path.cwd()))
        lessons = [course.lesson(options.lesson)] if options.lesson else [x for x in course.lessons if x.training]
        for lesson in lessons:
            if lesson.training is None:
                raise CourseError(f"{lesson.name} has no training check")
            judged = run(course, lesson, options.jobs, console)
            keep(course, lesson, judged)
            unseen = [(name, caught_by) for name, passed, caught_by in judged if passed]
            table = Table(
                Column("reaches the bar", no_wrap=True), Column("the property that catches it", no_wrap=True), box=None
            )
            for name, caught_by in unseen:
                table.add_row(name, caught_by or "none")
                good = good and bool(caught_by)
            console.print(f"{lesson.name}: {len(unseen)} of {len(judged)} chaffs reach the bar", markup=False)
            console.print(table)
    except (UserError, IsolationError, GraderFault) as error:
        raise SystemExit(f"bar: {error}") from None
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
