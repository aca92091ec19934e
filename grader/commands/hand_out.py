"""What an instructor types to hand a course out: release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.common import the_course


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

    course = the_course()
    lessons = with_what_they_import(course, lesson or [])
    changes = update(folder, contents(course, lessons, with_tests=with_tests))
    for path in changes.removed:
        print(f"removed: {path}")
    numbers = ", ".join(str(each.number) for each in lessons)
    plural = "s" if len(lessons) > 1 else ""
    print(f"{folder}: lesson{plural} {numbers}; {len(changes.written)} files written, {len(changes.removed)} removed")
    if with_tests:
        print(
            "With the hidden properties and the solutions: for people who learn alone, not for a class that is graded."
        )
