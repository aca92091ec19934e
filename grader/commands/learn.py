"""Learner commands: check, watch, train, hint, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.commands.options import Device, Films, LessonArgument, a_device, interruptible, the_course

Plain = Annotated[
    bool, typer.Option("--plain", help="Print lines and change nothing that was printed, as for a screen reader.")
]


def check(
    lesson: Annotated[str, typer.Argument(help="A lesson's number or name. Default: the first unfinished one.")] = "",
    file: Annotated[Path | None, typer.Option(help="The file to check instead of the one in exercises/.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every property that fails, not only the first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for editors and bots.")] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print one line per problem, as compilers do: file:line: error: what.")
    ] = False,
) -> None:
    """Check your own work on this machine: what to fix first, and why.

    Your code runs in this very process, so breakpoint() and print() work in it.
    """
    if json and lines:
        raise typer.BadParameter("choose one of --json and --lines")
    from grader.learner import check as learner

    course = the_course()
    with interruptible(""):
        if json or lines:
            done = learner.check_for_programs(course, lesson, file, "json" if json else "lines")
        else:
            done = learner.check(course, lesson, file, Console(), every=all_)
    raise typer.Exit(0 if done else 1)


def watch(
    lesson: Annotated[
        str,
        typer.Argument(help="A lesson's number or name. Default: the one watched last, or the first unfinished."),
    ] = "",
    plain: Plain = False,
) -> None:
    """Check a lesson whenever you save it. Stays open; q or Ctrl-C ends it.

    It moves on when a lesson is done. breakpoint() works.
    """
    from grader.learner.watch import watch as watch_lesson

    course = the_course()
    with interruptible(""):
        watch_lesson(course, lesson, Console(), plain=plain)


def train(
    lesson: LessonArgument,
    file: Annotated[Path | None, typer.Option(help="The file to train instead of the one in exercises/.")] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Ask in tiny worlds which part of your train is wrong, instead of training it."),
    ] = False,
    device: Device = "cpu",
    films: Films = True,
    plain: Plain = False,
) -> None:
    """Train your agent as the grader will: several runs on disguised environments, against the lesson's rule.

    It leaves a page with learning curves and films of your agent in train/. If it does not reach its bar, the probe
    ladder says which part is wrong; --probe climbs it at once.
    """
    from grader.learner import check as learner
    from grader.learner import probe as ladder

    course = the_course()
    with interruptible(""):
        if probe:
            done = ladder.probe(course, course.lesson(lesson), file, Console(), a_device(device))
            raise typer.Exit(0 if done else 1)
        done = learner.train(course, course.lesson(lesson), file, Console(), a_device(device), films=films, plain=plain)
    raise typer.Exit(0 if done else 1)


def status() -> None:
    """Show how far you are: every lesson, and what to do next. Nothing is run."""
    from grader.learner.status import print_status

    print_status(the_course(), Console())


def hint(
    lesson: LessonArgument,
    exercise: Annotated[
        str, typer.Argument(help="An exercise. Default: the first one that fails, or that has hints left.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Start again with the first hint.")] = False,
) -> None:
    """Show the next hint. Hints become more explicit; the ones you have seen are remembered."""
    from grader.learner import hints
    from grader.render import words

    course = the_course()
    print(words.hint(hints.take(course, course.lesson(lesson), exercise, again=again), again="--again"))
