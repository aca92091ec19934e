"""Learner commands: check, train, hint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.commands.options import Device, LessonArgument, a_device, interruptible, the_course


def check(
    lesson: Annotated[str, typer.Argument(help="A lesson's number or name. Default: the first unfinished one.")] = "",
    file: Annotated[Path | None, typer.Option(help="The file to check instead of the one in exercises/.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every property that fails, not only the first.")] = False,
) -> None:
    """Check your own work on this machine: what to fix first, and why.

    Your code runs in this very process, so breakpoint() and print() work in it.
    """
    from grader.learner import check as learner

    course = the_course()
    with interruptible(""):
        done = learner.check(course, lesson, file, Console(), every=all_)
    raise typer.Exit(0 if done else 1)


def train(
    lesson: LessonArgument,
    file: Annotated[Path | None, typer.Option(help="The file to train instead of the one in exercises/.")] = None,
    device: Device = "cpu",
) -> None:
    """Train your agent as the grader will: several runs on disguised environments, against the lesson's rule."""
    from grader.learner import check as learner

    course = the_course()
    with interruptible(""):
        done = learner.train(course, course.lesson(lesson), file, Console(), a_device(device))
    raise typer.Exit(0 if done else 1)


def hint(
    lesson: LessonArgument,
    exercise: Annotated[str, typer.Argument(help="An exercise. Default: the lesson's first one with hints left.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Start again with the first hint.")] = False,
) -> None:
    """Show the next hint. Hints become more explicit; the ones you have seen are remembered."""
    from grader.learner import hints
    from grader.render import words

    course = the_course()
    print(words.hint(hints.take(course, course.lesson(lesson), exercise, again=again), again="--again"))
