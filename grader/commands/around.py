"""Instructor commands around a course: release before it, collect as work comes back, similar and dispute after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.commands.options import confirm, interruptible, some_lessons, the_course


def release(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder, or an earlier release, which is updated.")],
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            help="Release this lesson as well, and those that it imports; may be repeated. "
            "Default: all in a new folder, none in an earlier release."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Add all lessons.")] = False,
    withdraw: Annotated[
        list[str] | None, typer.Option(help="Withdraw this lesson; may be repeated. Asks first.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw without asking.")] = False,
    restore: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Write this file again, although you have deleted it; may be repeated."),
    ] = None,
    films: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Put in the films of this folder, as `make films` writes them. "
            "Default: no films in a new folder, those that are there in an earlier release.",
        ),
    ] = None,
    with_tests: Annotated[
        bool | None,
        typer.Option(
            "--with-tests/--without-tests",
            help="For people who learn alone: with hidden properties and solutions. Default: without.",
        ),
    ] = None,
    hand_out_solutions: Annotated[
        bool,
        typer.Option(
            "--hand-out-solutions",
            help="With --with-tests: write the solutions even into a folder that a class may get, without asking.",
        ),
    ] = False,
) -> None:
    """Write what students get: texts, stubs and the grader, without tests, solutions and salt.

    Run it again to add lessons or to bring the folder up to date: your own changes in it are kept. Exit status 1 says
    that a file needs your attention.
    """
    from grader.release.run import Wishes
    from grader.release.run import release as release_to

    wishes = Wishes(
        add=tuple(lesson or ()),
        everything=everything,
        withdraw=tuple(withdraw or ()),
        restore=tuple(restore or ()),
        films=films,
        with_tests=with_tests,
        hand_out_solutions=hand_out_solutions,
        yes=yes,
    )
    with interruptible("; run the same command again to complete the release"):
        if not release_to(the_course(), folder, wishes, confirm, print):
            raise SystemExit(1)


def collect(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="ZIP-OR-FOLDER",
            help="All submissions as Canvas, Moodle, Gradescope, nbgrader, Blackboard or GitHub hand them out, "
            "or a folder with one folder or archive per student.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="The folder of submissions: a new one, or one that an earlier run has written.")
    ] = Path("submitted"),
    lesson: Annotated[
        str, typer.Option(help="The lesson that all submissions are for. Default: taken from the names.")
    ] = "",
) -> None:
    """Sort a download of submissions into <student>/<lesson>/, and list what needs attention.

    Archives of students are opened, and the newest of several versions counts. Run it again for later downloads. The
    exit status is 1 where something needs attention: everything else has been collected all the same.
    """
    from grader.collect.collect import collect as collect_all
    from grader.collect.table import print_collected
    from grader.commands.progress import Steps

    course = the_course()
    wanted = course.lesson(lesson) if lesson else None
    with interruptible("; no file is half written, and the same command goes on from there"), Steps() as steps:
        done = collect_all(course, source, out, wanted, steps.tell)
    print_collected(done, out, Console())
    raise typer.Exit(1 if done.attention else 0)


def similar(
    submissions: Annotated[Path, typer.Argument(help="A folder laid out as <student>/<lesson>/<lesson>.py or .ipynb.")],
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for the table and the pages.")] = Path("similar"),
    threshold: Annotated[float, typer.Option(min=0.05, max=1.0, help="List pairs of at least this similarity.")] = 0.7,
) -> None:
    """List pairs of submissions that are alike, ignoring names, with pages that show them side by side."""
    from grader.similar.run import similar as compare_all

    course = the_course()
    lessons = some_lessons(course, lesson)
    with interruptible(""):
        compare_all(course, submissions, out, lessons, Console(), threshold)


def dispute(
    submissions: Annotated[Path, typer.Argument(help="The folder of submissions that was graded.")],
    student: Annotated[str, typer.Option(help="The student's folder.")],
    lesson: Annotated[str, typer.Option(help="The lesson.")],
    report: Annotated[Path, typer.Option(help="The folder of reports that `grader grade` wrote.")] = Path("report"),
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file to write. Default: beside the report.", show_default=False),
    ] = None,
) -> None:
    """Write a page for a mark that is disputed: the code as it was judged, with what, and the command that repeats it.

    The page says so if what lies in the folder of submissions is no longer what was judged.
    """
    from grader.commands.options import write
    from grader.grading.dispute import dispute as made
    from grader.grading.dispute import page_of
    from grader.submissions.students import find_students

    course = the_course().of_class()
    which = course.lesson(lesson)
    find_students(submissions, [student])
    text = made(course, submissions, report, student, which)
    path = out or page_of(report, student, which)
    write(path, text.encode())
    if str(path) != "-":
        print(path)
