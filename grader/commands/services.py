"""Instructor commands that let another system start the grader: grader export gradescope, github."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands.options import LessonArgument, Lessons, say, the_course, write

if TYPE_CHECKING:
    from grader.course import Course
    from grader.report.report import Report


def gradescope(
    lesson: LessonArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The zip. Default: gradescope-<lesson>.zip")] = None,
    training: Annotated[
        bool, typer.Option(help="Run the training check; without it, its points count nowhere.")
    ] = True,
    visibility: Annotated[
        str, typer.Option(help="The tests' visibility to students: visible, after_due_date, after_published or hidden.")
    ] = "visible",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Grade even if nothing in the container can isolate student code.")
    ] = False,
) -> None:
    """Make the zip from which Gradescope builds an autograder for one lesson, hidden tests and salt included."""
    import typing

    from grader.gradescope.bundle import gradescope_zip
    from grader.gradescope.results import Visibility
    from grader.grading.salted import for_class
    from grader.printable import amount

    course = the_course()
    wanted = course.lesson(lesson)
    if visibility not in typing.get_args(Visibility):
        choices = ", ".join(typing.get_args(Visibility))
        raise typer.BadParameter(f"{visibility!r} is not one of {choices}", param_hint="--visibility")
    course, lines = for_class(course, None)
    data = gradescope_zip(course, wanted, train=training, visibility=visibility, unsafe=unsafe)  # type: ignore[arg-type]
    path = out or Path(f"gradescope-{wanted.name}.zip")
    write(path, data)
    points = wanted.max_points - (wanted.training.points if wanted.training and not training else 0)
    size = f"{len(data) / 1e6:.1f} MB, {amount(points, 'point')}"
    say([*lines, f"{path}: {size}; keep it to yourself, it holds the tests and the salt"])


def github(
    lesson: Lessons = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of the template repository, such as a release.")
    ] = Path("."),
    course_repository: Annotated[
        str,
        typer.Option(
            metavar="OWNER/NAME",
            help="Your private course repository, to run its hidden tests. Anyone who can change the workflow "
            "can read them.",
        ),
    ] = "",
    reporter: Annotated[
        bool,
        typer.Option(
            help="Add up the results in a last step by GitHub Classroom's action, which was made for Node 20."
        ),
    ] = False,
) -> None:
    """Write a workflow for students' repositories on GitHub, which gives feedback on every push.

    GitHub Classroom was retired on 2026-08-28 and is not needed: make the folder a template repository, make one
    private repository per student from it, and grade clones. grader/README.md has the commands, under Marks elsewhere.
    """
    import re

    from grader.export import github
    from grader.printable import count

    course = the_course()
    lessons = [course.lesson(name) for name in lesson or ()] or list(course.lessons)
    if course_repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", course_repository):
        raise typer.BadParameter(f"{course_repository!r} is not OWNER/NAME", param_hint="--course-repository")
    path = out / github.WORKFLOW
    write(path, github.workflow(lessons, course_repository, reporter=reporter).encode())
    said = [f"{path}: {count(len(lessons), 'lesson')}"]
    if (out / github.OLD_WORKFLOW).is_file():
        said.append(f"{out / github.OLD_WORKFLOW} is an earlier one; remove it, or every push is checked twice")
    if course_repository:
        said.append("put a token that may read it into the organization's secrets as COURSE_TOKEN")
    if reporter:
        said.append(
            f"{github.REPORTER} was made for Node 20, which GitHub's runners no longer have, and for GitHub Classroom, "
            "which is gone: try it first"
        )
    said.append("next: a template repository, and one repository per student from it; see GitHub in grader/README.md")
    say(said)


def github_result(
    lesson: LessonArgument,
    report: Annotated[Path, typer.Option(help="The folder that `grader grade` wrote.")],
    student: Annotated[str, typer.Option(help="The student's folder; needed if there are several.")] = "",
) -> None:
    """Set the output `result` of a workflow step, and extend its summary, in the workflow of `grader export github`.

    The exit status is 0 where everything passes.
    """
    from grader.export import github

    course = the_course().of_class()
    lesson = course.lesson(lesson).name
    found = _reports(course, report, lesson, student)
    line = github.export(found, title=lesson).data.decode()
    for variable, text in (("GITHUB_OUTPUT", line), ("GITHUB_STEP_SUMMARY", github.summary(found))):
        if path := os.environ.get(variable):
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        elif variable == "GITHUB_OUTPUT":
            print(line, end="")
    raise typer.Exit(0 if github.passes(found) else 1)


def _reports(course: Course, folder: Path, lesson: str, student: str) -> list[Report]:
    """The one report that is meant; none where there is no such report, which is said."""
    from grader.errors import ClassError
    from grader.export.marks import of_class, of_student
    from grader.printable import count

    try:
        found = (
            of_student(course, folder, student, [lesson])
            if student
            else [r for r in of_class(course, folder) if r.lesson == lesson]
        )
        if len(found) != 1:
            raise ClassError(f"{folder} has {count(len(found), 'report')} on {lesson}; name one with --student")
    except ClassError as error:
        say([f"grader: {error}"])
        return []
    return found
