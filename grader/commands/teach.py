"""What an instructor types: grade, demo."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.commands.common import Device, Isolate, Jobs, Unsafe, a_device, interruptible, stop, the_course


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            help="A folder a student, with <lesson>/<lesson>.py or .ipynb in it, or a clone of their repository."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where grades.csv and the reports go.")] = Path("report"),
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated.")] = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    training: Annotated[
        bool, typer.Option(help="Whether to run training checks; without, their points count nowhere.")
    ] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what an earlier run has graded already.")] = False,
    device: Device = "cpu",
    jobs: Jobs = None,
    isolation: Isolate = None,
    unsafe: Unsafe = False,
) -> None:
    """Grade a class: every submission in a sandbox, marks to grades.csv, a page for everyone to index.html."""
    from grader.classroom import Options

    options = Options(tuple(lesson or ()), tuple(student or ()), training, fresh, jobs)
    _grade(submissions, out, options, a_device(device), isolation, unsafe)


def _grade(submissions: Path, out: Path, options: object, device: str, isolation: str | None, unsafe: bool) -> None:
    from grader import classroom
    from grader.progress import Progress
    from grader.render.terminal import print_class_summary
    from grader.student.isolation import choose
    from grader.submissions.students import find_students, strays

    assert isinstance(options, classroom.Options)
    course = the_course()
    if isolation not in (None, "strong", "embedded", "process only"):
        raise typer.BadParameter(f"{isolation!r} is not strong, embedded or 'process only'")
    chosen = choose(device, wanted=isolation, unsafe=unsafe)  # type: ignore[arg-type]
    console = Console()
    students = find_students(submissions, options.students)
    for line in strays(submissions):
        print(f"grader: {line}", file=sys.stderr)
    console.print(f"{len(students)} students; isolation {chosen}", markup=False, highlight=False)
    kept = "; what was finished is kept, and the same command goes on from there"
    with interruptible(kept), Progress("students", len(students)) as progress:
        reports = classroom.grade_class(
            course, submissions, out, chosen, options, hear=progress.hear, finished=progress.finished
        )
    print_class_summary(reports, console, out)
    if any(report.has_error for report in reports):
        stop("the grader itself failed on some submissions; their marks are not to be used (see the report)", 3)


def demo(
    out: Annotated[Path, typer.Option(help="Where the sample class and its reports go.")] = Path("report"),
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            help="A lesson that the class has handed in; may be repeated. Default: those that course.yml names."
        ),
    ] = None,
    training: Annotated[bool, typer.Option(help="Whether to run training checks.")] = True,
    jobs: Jobs = None,
    unsafe: Unsafe = False,
) -> None:
    """Make a class of sample submissions, right and wrong and hostile ones, and grade it."""
    from grader import sample_class
    from grader.classroom import Options

    submissions = out / "submitted"
    course = the_course()
    names = lesson or course.sample_class or [each.name for each in course.lessons]
    lessons = sorted({course.lesson(name) for name in names}, key=course.lessons.index)
    sample_class.make(course, submissions, lessons)
    options = Options(lessons=tuple(each.name for each in lessons), train=training, processes=jobs)
    _grade(submissions, out, options, "cpu", None, unsafe)
