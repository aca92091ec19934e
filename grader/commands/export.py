"""What an instructor types to bring marks elsewhere: grader export gradescope, github, canvas, moodle, ..."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands.options import LessonArgument, stop, the_course

if TYPE_CHECKING:
    from grader.report.report import Report

app = typer.Typer(
    help="Bring marks where the school wants them: a learning management system, a spreadsheet, another autograder.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Reports = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.", show_default=False),
]
Out = Annotated[Path, typer.Option(metavar="FILE", help="The file to write; - for standard output.")]
Lessons = Annotated[list[str] | None, typer.Option("--lesson", help="Only this lesson; may be repeated.")]
IdsFile = Annotated[
    Path | None,
    typer.Option(
        "--ids", metavar="FILE", help="A CSV of two columns, folder and id, where folders are not called as the ids."
    ),
]

_MOST_REPLACED = 50
_AWAY, _SERVICES = "Marks from graded reports", "Grading elsewhere"


@app.command("csv", rich_help_panel=_AWAY)
def csv_table(
    report: Reports,
    wide: Annotated[bool, typer.Option("--wide", help="One row per student, one column per lesson.")] = False,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Marks as one table for a spreadsheet; no mark is an empty cell."""
    from grader.export import csv
    from grader.export import marks as folder

    reports, said = _counted(report, lesson)
    _write(out, (csv.wide_csv(reports) if wide else csv.grades_csv(reports)).encode())
    _end([*said, *folder.without_mark(reports)], bool(folder.without_mark(reports)))


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
    from grader.export import canvas
    from grader.export import marks as folder
    from grader.export.ids import read
    from grader.printable import count

    reports, said = _counted(report, [lesson])
    filled = canvas.fill(_read(template), reports, column=column, by=by, ids=read(ids), scale=scale)
    _write(out, filled.data)
    told = f"{count(filled.filled, 'mark')} in {filled.column!r}, students found by {filled.by!r}"
    if filled.replaced:
        more = len(filled.replaced) - _MOST_REPLACED
        told += (
            f"; {len(filled.replaced)} of them {'replaces' if len(filled.replaced) == 1 else 'replace'} another mark:"
        )
        said += [*filled.said, told, *(f"  {line}" for line in filled.replaced[:_MOST_REPLACED])]
        said += [f"  … and {more} more"] if more > 0 else []
    else:
        said += [*filled.said, told]
    _end(said, bool(folder.without_mark(reports)))


@app.command("moodle", rich_help_panel=_AWAY)
def moodle(
    report: Reports,
    id_column: Annotated[str, typer.Option(help="The kind of ids: email, idnumber or username.")] = "email",
    ids: IdsFile = None,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Marks as a table for Moodle's gradebook (Import, CSV file): ids, and one column a lesson.

    A student with a mark missing is left out, because an empty cell takes a grade away in Moodle.
    """
    from grader.export import marks as folder
    from grader.export import moodle
    from grader.export.ids import read

    if id_column not in moodle.HEADINGS:
        raise typer.BadParameter(f"{id_column!r} is not one of {', '.join(moodle.HEADINGS)}", param_hint="--id-column")
    reports, said = _counted(report, lesson)
    table = moodle.table(reports, by=id_column, ids=read(ids))
    _write(out, table.text.encode())
    _end([*said, *table.said], bool(folder.without_mark(reports)))


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
    from grader.errors import ClassError
    from grader.export import autolab
    from grader.export import marks as folder

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
        bool, typer.Option(help="Run the training check; without it, its points count nowhere.")
    ] = True,
    visibility: Annotated[
        str, typer.Option(help="The tests' visibility to students: visible, after_due_date, after_published or hidden.")
    ] = "visible",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Grade even where nothing in the container can wall student code in.")
    ] = False,
) -> None:
    """Make the zip from which Gradescope builds an autograder for one lesson, hidden tests and salt included."""
    import typing

    from grader.gradescope.bundle import gradescope_zip
    from grader.gradescope.results import Visibility
    from grader.printable import amount

    course = the_course()
    wanted = course.lesson(lesson)
    if visibility not in typing.get_args(Visibility):
        choices = ", ".join(typing.get_args(Visibility))
        raise typer.BadParameter(f"{visibility!r} is not one of {choices}", param_hint="--visibility")
    data = gradescope_zip(course, wanted, train=training, visibility=visibility, unsafe=unsafe)  # type: ignore[arg-type]
    path = out or Path(f"gradescope-{wanted.name}.zip")
    _write(path, data)
    points = wanted.max_points - (wanted.training.points if wanted.training and not training else 0)
    size = f"{len(data) / 1e6:.1f} MB, {amount(points, 'point')}"
    _end([f"{path}: {size}; keep it to yourself, it holds the tests and the salt"])


@app.command("github", rich_help_panel=_SERVICES)
@app.command("github-classroom", hidden=True)  # its name while GitHub Classroom existed
def github(
    lesson: Lessons = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder of the template repository, such as a release.")
    ] = Path("."),
    course_repository: Annotated[
        str,
        typer.Option(
            metavar="OWNER/NAME",
            help="Your private course repository, to run its hidden tests. Who can change the workflow can read them.",
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
    _write(path, github.workflow(lessons, course_repository, reporter=reporter).encode())
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
    _end(said)


@app.command("github-result", hidden=True)
def github_result(
    lesson: LessonArgument,
    report: Annotated[Path, typer.Option(help="The folder that `grader grade` wrote.")],
    student: Annotated[str, typer.Option(help="The student's folder; needed where there are several.")] = "",
) -> None:
    """Set a workflow step's output `result`, and add to its summary, in the workflow of `grader export github`.

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
    from grader.errors import ClassError
    from grader.export import github
    from grader.export.marks import of_class, of_student
    from grader.printable import count
    from grader.render import fragment

    try:
        found = (
            of_student(folder, student, [lesson]) if student else [r for r in of_class(folder) if r.lesson == lesson]
        )
        if len(found) != 1:
            raise ClassError(f"{folder} has {count(len(found), 'report')} on {lesson}; name one with --student")
    except ClassError as error:
        print(f"grader: {error}", file=sys.stderr)
        return github.no_result(lesson), f"<p><strong>{fragment.FAILED}</strong></p>\n"
    return github.result(found[0]), github.summary(found[0])


def _counted(folder: Path, lessons: list[str] | None) -> tuple[list[Report], list[str]]:
    """The reports on these lessons, or on those that count in totals, and what is to be said of the choice.

    Raises:
        ClassError: there are none.
    """
    from grader.errors import ClassError
    from grader.export.marks import of_class, pick
    from grader.render.counting import said_of, sentence
    from grader.report import due

    reports, counted = of_class(folder), due.stored(folder)
    if lessons:
        # Each once, however often and by whatever name it was asked for.
        chosen = {report.lesson: None for name in lessons for report in pick(reports, name)}
        said = [line for name in chosen for line in said_of(name, counted)]
        return [report for name in chosen for report in reports if report.lesson == name], said
    if counted is None:
        return reports, []
    if not (found := counted.of(reports)):
        raise ClassError(f"no lesson in {folder} counts yet, so there is no total; name one with --lesson")
    known = {*counted.lessons, *(each.lesson for each in counted.left_out)}
    gone = dict.fromkeys(report.lesson for report in reports if report.lesson not in known)
    said = [
        f"{name} is no lesson of the course any more; its marks are left out (--lesson takes them)" for name in gone
    ]
    return found, [*([sentence(counted)] if counted.left_out else []), *said]


def _read(path: Path) -> bytes:
    from grader.errors import ClassError

    try:
        return path.read_bytes()
    except OSError as error:
        raise ClassError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    from grader.errors import ClassError
    from grader.files import write

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
