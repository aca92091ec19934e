"""Export commands for marks and feedback: grader export csv, canvas, moodle, autolab, feedback, anonymous, …"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.commands import anonymous, feedback, services
from grader.commands import canvas as comments
from grader.commands.options import LessonArgument, Lessons, say, stop, the_course, write

if TYPE_CHECKING:
    from grader.export.exported import Exported, Exporter
    from grader.report.report import Report

app = typer.Typer(
    help="Export marks to a learning management system, a spreadsheet or another autograder.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Reports = Annotated[
    Path,
    typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.", show_default=False),
]
Out = Annotated[Path, typer.Option(metavar="FILE", help="The file to write; - for standard output.")]
IdsFile = Annotated[
    Path | None,
    typer.Option(
        "--ids",
        metavar="FILE",
        help="CSV with two columns, folder and id, for folders that are not named after the ids.",
    ),
]

_MARKS, _SERVICES = "Marks from graded reports", "Grading elsewhere"


@app.command("csv", rich_help_panel=_MARKS)
def csv_table(
    report: Reports,
    wide: Annotated[bool, typer.Option("--wide", help="One row per student, one column per lesson.")] = False,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Write marks as one table for a spreadsheet; a missing mark is an empty cell."""
    from grader.export import csv

    groups = () if lesson else the_course().grade  # of some lessons alone there is no grade
    _export(report, lesson, out, lambda reports: csv.export(reports, wide=wide, groups=groups))


@app.command("canvas", rich_help_panel=_MARKS)
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
    """Fill one column of a gradebook exported from Canvas, and leave every other byte unchanged.

    Excused students stay excused, and no column is ever added: Canvas would make a new assignment of it.
    """
    from grader.export import canvas
    from grader.export.ids import read
    from grader.submissions.apart import refuse_overlap

    if str(out) != "-":
        refuse_overlap(template, out)

    def exporter(reports: Sequence[Report]) -> Exported:
        return canvas.export(reports, template=_read(template), column=column, by=by, ids=read(ids), scale=scale)

    _export(report, [lesson], out, exporter)


@app.command("moodle", rich_help_panel=_MARKS)
def moodle(
    report: Reports,
    id_column: Annotated[str, typer.Option(help="The kind of ids: email, idnumber or username.")] = "email",
    ids: IdsFile = None,
    lesson: Lessons = None,
    out: Out = Path("-"),
) -> None:
    """Write marks as a table for Moodle's gradebook (Import, CSV file): ids, and one column per lesson.

    A student with a mark missing is left out, because an empty cell takes a grade away in Moodle.
    """
    from grader.export import moodle
    from grader.export.ids import read

    if id_column not in moodle.HEADINGS:
        raise typer.BadParameter(f"{id_column!r} is not one of {', '.join(moodle.HEADINGS)}", param_hint="--id-column")
    _export(report, lesson, out, lambda reports: moodle.export(reports, by=id_column, ids=read(ids)))


@app.command("autolab", rich_help_panel=_MARKS)
def autolab(
    report: Reports,
    lesson: LessonArgument,
    student: Annotated[str, typer.Argument(help="The student's folder.")],
    problem: Annotated[
        str, typer.Option(help="Give the whole score to this problem instead of one for each exercise.")
    ] = "",
) -> None:
    """Print one report as an Autolab autograder does: the last line is JSON with the scores."""
    from grader.errors import ClassError
    from grader.export import autolab
    from grader.export.marks import of_student

    course = the_course().of_class()
    wanted = course.lesson(lesson)
    found = of_student(course, report, student, [wanted.name])
    if not found:
        raise ClassError(f"{report} has no report of {student!r} on {wanted.name}; grade it first")
    write(Path("-"), autolab.export(found, lesson=wanted, problem=problem).data)


app.command("feedback", rich_help_panel=_MARKS)(feedback.feedback)
app.command("canvas-comments", rich_help_panel=_MARKS)(comments.canvas_comments)
app.command("anonymous", rich_help_panel=_MARKS)(anonymous.anonymous)
app.command("gradescope", rich_help_panel=_SERVICES)(services.gradescope)
app.command("github", rich_help_panel=_SERVICES)(services.github)
app.command("github-classroom", hidden=True)(services.github)  # its name while GitHub Classroom existed
app.command("github-result", hidden=True)(services.github_result)


def _counted(folder: Path, lessons: list[str] | None) -> tuple[list[Report], list[str]]:
    """The reports on these lessons, or on those that count in totals, and messages about the choice.

    Raises:
        ClassError: there are none.
    """
    from grader.errors import ClassError
    from grader.export.marks import of_class, pick
    from grader.render.counting import said_of, sentence
    from grader.report import due

    reports, counted = of_class(the_course().of_class(), folder, thin=True), due.stored(folder)
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
        f"{name} is no longer a lesson of the course; its marks are left out (--lesson takes them)" for name in gone
    ]
    return found, [*([sentence(counted)] if counted.left_out else []), *said]


def _read(path: Path) -> bytes:
    from grader.errors import ClassError

    try:
        return path.read_bytes()
    except OSError as error:
        raise ClassError(f"{path} cannot be read: {error.strerror}") from None


def _export(folder: Path, lessons: list[str] | None, out: Path, exporter: Exporter) -> None:
    """Read the reports, export them, write the file, and report what is missing from it.

    The exit status is 3 where marks are missing by the grader's fault.
    """
    from grader.export.marks import without_mark
    from grader.submissions.apart import refuse_overlap

    if str(out) != "-":
        refuse_overlap(folder, out)
    reports, said = _counted(folder, lessons)
    exported, missing = exporter(reports), without_mark(reports)
    write(out, exported.data)
    say([*said, *missing, *exported.said])
    if missing:
        stop("the grader itself failed on some submissions, which have no mark yet; grade them again", 3)
