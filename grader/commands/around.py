"""What an instructor types around a course: release before it, similar after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.commands.common import interruptible, the_course


def release(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder, or an earlier release, which is updated.")],
    lesson: Annotated[
        list[str] | None,
        typer.Option(help="Only this lesson and those that it imports; may be repeated. Default: all."),
    ] = None,
    with_tests: Annotated[
        bool,
        typer.Option("--with-tests", help="For people who learn alone: with hidden properties and solutions."),
    ] = False,
) -> None:
    """Write what students get: texts, stubs and the grader, without tests, solutions and salt."""
    from grader.release.contents import contents, with_what_they_import
    from grader.release.folder import update
    from grader.render.text import count

    course = the_course()
    lessons = with_what_they_import(course, lesson or [])
    changes = update(folder, contents(course, lessons, with_tests=with_tests))
    for path in changes.removed:
        print(f"removed: {path}")
    numbers = ", ".join(str(each.number) for each in lessons)
    released = f"{'lesson' if len(lessons) == 1 else 'lessons'} {numbers}"
    files = f"{count(len(changes.written), 'file')} written, {len(changes.removed)} removed"
    print(f"{folder}: {released}; {files}")
    if with_tests:
        print(
            "With the hidden properties and the solutions: for people who learn alone, not for a class that is graded."
        )


def similar(
    submissions: Annotated[Path, typer.Argument(help="A folder laid out as <student>/<lesson>/<lesson>.py or .ipynb.")],
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="Where the table and the pages go.")] = Path("similar"),
    threshold: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="From which similarity on a pair is listed.")
    ] = 0.7,
) -> None:
    """List pairs of submissions that are alike, names aside, with pages that show them side by side."""
    from grader.similar.run import similar as compare_all

    course = the_course()
    lessons = sorted({course.lesson(name) for name in lesson or ()}, key=course.lessons.index) or list(course.lessons)
    with interruptible(""):
        compare_all(course, submissions, out, lessons, Console(), threshold)
