"""What an instructor types to bring marks elsewhere: grader export gradescope, github-classroom, canvas, moodle, ..."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands.common import LessonArgument, stop, the_course

if TYPE_CHECKING:
    from grader.report import Report

app = typer.Typer(
    help="Bring marks where the school wants them: a learning management system, a spreadsheet, another autograder.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Reports = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.", show_default=False),
]
Out = Annotated[Path, typer.Option(metavar="FILE", help="Where to write; - for standard output.")]
Lessons = Annotated[list[str] | None, typer.Option("--lesson", help="Only this lesson; may be repeated.")]
IdsFile = Annotated[
    Path | None,
    typer.Option(
        "--ids", metavar="FILE", help="A CSV of two columns, folder and id, where folders are not called as the ids."
    ),
]

_AWAY, _SERVICES = "Marks from graded reports", "Grading elsewhere"


@app.command("csv", rich_help_panel=_AWAY)
def csv_table(
    report: Reports,
    wide: Annotated[bool, typer.Option("--wide", help="One row a student, one column a lesson.")] = False,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Marks as one table for a spreadsheet; no mark is an empty cell."""
    from grader.export import csv, folder

    reports = _narrowed(folder.of_class(report), lesson)
    _write(out, (csv.wide_csv(reports) if wide else csv.grades_csv(reports)).encode())
    _end(folder.without_mark(reports), bool(folder.without_mark(reports)))


@app.command("canvas", rich_help_panel=_AWAY)
def canvas(
    report: Reports,
    template: Annotated[Path, typer.Option(metavar="FILE", help="The gradebook as you exported it from Canvas.")],
    lesson: Annotated[str, typer.Option(help="The lesson whose marks go in.")],
    out: Out,
    column: Annotated[
        str,
        typer.Option(
            help="The column to fill: its heading, or the number in it. Default: the one named after the lesson."
        ),
    ] = "",
    by: Annotated[
        str, typer.Option(help="The column with the students' ids. Default: the one in which most are found.")
    ] = "",
    ids: IdsFile = None,
    scale: Annotated[bool, typer.Option("--scale", help="Scale marks to Canvas's points possible.")] = False,
) -> None:
    """Fill one column of a gradebook that Canvas exported, and leave every other byte as it is.

    Excused students stay excused, and no column is ever added: Canvas would make a new assignment of it.
    """
    from grader.export import canvas, folder
    from grader.export.ids import read

    reports = folder.pick(folder.of_class(report), lesson)
    filled = canvas.fill(_read(template), reports, column=column, by=by, ids=read(ids), scale=scale)
    _write(out, filled.data)
    told = f"{filled.filled} marks in {filled.column!r}, students found by {filled.by!r}"
    changed = f"; {filled.changed} of them replace another mark" if filled.changed else ""
    _end([*filled.said, told + changed], bool(folder.without_mark(reports)))


@app.command("moodle", rich_help_panel=_AWAY)
def moodle(
    report: Reports,
    id_column: Annotated[str, typer.Option(help="What the ids are: email, idnumber or username.")] = "email",
    ids: IdsFile = None,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Marks as a table for Moodle's gradebook (Import, CSV file): ids, and one column a lesson.

    A student with a mark missing is left out, because an empty cell takes a grade away in Moodle.
    """
    from grader.export import folder, moodle
    from grader.export.ids import read

    if id_column not in moodle.HEADINGS:
        raise typer.BadParameter(f"{id_column!r} is not one of {', '.join(moodle.HEADINGS)}", param_hint="--id-column")
    reports = _narrowed(folder.of_class(report), lesson)
    table = moodle.table(reports, by=id_column, ids=read(ids))
    _write(out, table.text.encode())
    _end(table.said, bool(folder.without_mark(reports)))


@app.command("autolab", rich_help_panel=_AWAY)
def autolab(
    report: Reports,
    lesson: LessonArgument,
    student: Annotated[str, typer.Argument(help="The student's folder.")],
    problem: Annotated[
        str, typer.Option(help="Give the whole score to this problem instead of one for each exercise.")
    ] = "",
) -> None:
    """One report as an Autolab autograder prints it: the last line is JSON with the scores."""
    from grader.export import autolab, folder
    from grader.submissions.read import ClassError

    course = the_course()
    wanted = course.lesson(lesson)
    found = folder.of_student(report, student, [wanted.name])
    if not found:
        raise ClassError(f"{report} has no report of {student!r} on {wanted.name}; grade it first")
    sys.stdout.write(autolab.output(found[0], wanted, problem))


@app.command("gradescope", rich_help_panel=_SERVICES)
def gradescope(
    lesson: LessonArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The zip. Default: gradescope-<lesson>.zip")] = None,
    training: Annotated[
        bool, typer.Option(help="Whether to run the training check; without, its points count nowhere.")
    ] = True,
    visibility: Annotated[
        str, typer.Option(help="When students see the tests: visible, after_due_date, after_published or hidden.")
    ] = "visible",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Grade even where nothing in the container can wall student code in.")
    ] = False,
) -> None:
    """Make the zip from which Gradescope builds an autograder for one lesson, hidden tests and salt included."""
    import typing

    from grader.export.bundle import gradescope_zip
    from grader.export.gradescope import Visibility

    course = the_course()
    wanted = course.lesson(lesson)
    if visibility not in typing.get_args(Visibility):
        choices = ", ".join(typing.get_args(Visibility))
        raise typer.BadParameter(f"{visibility!r} is not one of {choices}", param_hint="--visibility")
    data = gradescope_zip(course, wanted, train=training, visibility=visibility, unsafe=unsafe)  # type: ignore[arg-type]
    path = out or Path(f"gradescope-{wanted.name}.zip")
    _write(path, data)
    points = wanted.max_points - (wanted.training.points if wanted.training and not training else 0)
    _end([f"{path}: {len(data) / 1e6:.1f} MB, {points:g} points; keep it to yourself, it holds the tests and the salt"])


@app.command("github-classroom", rich_help_panel=_SERVICES)
def github_classroom(
    lesson: Lessons = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The template repository.")] = Path("."),
    course_repository: Annotated[
        str,
        typer.Option(
            metavar="OWNER/NAME",
            help="Your private course repository, to run its hidden tests. Who can change the workflow can read them.",
        ),
    ] = "",
    reporter: Annotated[bool, typer.Option(help="Whether GitHub Classroom's reporter adds up the results.")] = True,
) -> None:
    """Write .github/workflows/classroom.yml, which gives feedback on every push of a student's."""
    import re

    from grader.export.github import workflow

    course = the_course()
    lessons = [course.lesson(name) for name in lesson or ()] or list(course.lessons)
    if course_repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", course_repository):
        raise typer.BadParameter(f"{course_repository!r} is not OWNER/NAME", param_hint="--course-repository")
    path = out / ".github" / "workflows" / "classroom.yml"
    _write(path, workflow(lessons, course_repository, reporter=reporter).encode())
    said = [f"{path}: {len(lessons)} lessons"]
    if course_repository:
        said.append("put a token that may read it into the organization's secrets as COURSE_TOKEN")
    _end(said)


@app.command("github-result", hidden=True)
def github_result(
    lesson: LessonArgument,
    report: Annotated[Path, typer.Option(help="Where `grader grade` put its report.")],
    student: Annotated[str, typer.Option(help="The student's folder; needed where there are several.")] = "",
) -> None:
    """Set a workflow step's output `result`, and add to its summary; for the workflow that github-classroom writes.

    The exit status is 0 where everything passes.
    """
    from grader.export import github

    result, shown = _graded(report, the_course().lesson(lesson).name, student)
    line = f"result={github.encoded(result)}\n"
    for variable, text in (("GITHUB_OUTPUT", line), ("GITHUB_STEP_SUMMARY", shown)):
        if path := os.environ.get(variable):
            with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        elif variable == "GITHUB_OUTPUT":
            print(line, end="")
    raise typer.Exit(0 if result["status"] == "pass" else 1)


def _graded(folder: Path, lesson: str, student: str) -> tuple[dict[str, object], str]:
    """The result and the summary of a report; where there is none, a result that says so."""
    from grader.export import github
    from grader.export.folder import of_class, of_student
    from grader.render import fragment
    from grader.submissions.read import ClassError

    try:
        found = (
            of_student(folder, student, [lesson]) if student else [r for r in of_class(folder) if r.lesson == lesson]
        )
        if len(found) != 1:
            raise ClassError(f"{folder} has {len(found)} reports on {lesson}; name one with --student")
    except ClassError as error:
        print(f"grader: {error}", file=sys.stderr)
        return github.no_result(lesson), f"<p><strong>{fragment.FAILED}</strong></p>\n"
    return github.result(found[0]), github.summary(found[0])


def _narrowed(reports: list[Report], lessons: list[str] | None) -> list[Report]:
    from grader.export.folder import pick

    return [report for name in lessons for report in pick(reports, name)] if lessons else reports


def _read(path: Path) -> bytes:
    from grader.submissions.read import ClassError

    try:
        return path.read_bytes()
    except OSError as error:
        raise ClassError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    from grader.classroom import write
    from grader.submissions.read import ClassError

    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        write(path, data)
    except OSError as error:
        raise ClassError(f"{path} cannot be written: {error.strerror}") from None


def _end(said: Iterable[str], failed: bool = False) -> None:
    """Say on standard error what is not in the file; status 3 where marks are missing by the grader's fault."""
    for line in said:
        print(line, file=sys.stderr)
    if failed:
        stop("the grader itself failed on some submissions, which have no mark yet; grade them again", 3)
