"""Feedback as comments in Canvas: grader export canvas-comments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from grader.commands.options import interruptible, say, the_course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.export.canvas_comments import Comment
    from grader.export.canvas_send import Connection


def canvas_comments(
    report: Annotated[
        Path, typer.Argument(metavar="REPORT", help="The folder that `grader grade … --out REPORT` wrote.")
    ],
    course: Annotated[int, typer.Option(help="The course's number in Canvas, as its address has it.")],
    assignment: Annotated[
        list[str],
        typer.Option(metavar="LESSON=NUMBER", help="A lesson, and the number of its assignment; may be repeated."),
    ],
    url: Annotated[
        str,
        typer.Option(envvar="CANVAS_URL", help="The address of Canvas, such as https://school.instructure.com."),
    ] = "",
    ids: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV with two columns, folder and id, as `grader collect` writes it."),
    ] = None,
    by: Annotated[str, typer.Option(help="The kind of ids: id (Canvas's own number), login_id or sis_user_id.")] = "id",
    send: Annotated[
        bool, typer.Option("--send", help="Send them. Without it they are printed, and nobody is asked.")
    ] = (False),
) -> None:
    """Write feedback as a comment on each submission in Canvas: the mark, what fails, one hint; each comment once.

    Without --send the comments are printed. The access token is read from the environment variable CANVAS_TOKEN. What
    is in Canvas already is not sent again, so a run that was cut off is simply repeated. The exit status is 1 if a
    comment could not be sent.
    """
    from grader.errors import ClassError
    from grader.export import canvas_comments as texts
    from grader.export import canvas_send
    from grader.export.ids import read
    from grader.export.marks import of_class
    from grader.printable import count

    if by not in get_args(canvas_send.IdKind):
        raise typer.BadParameter(f"{by!r} is not one of {', '.join(get_args(canvas_send.IdKind))}", param_hint="--by")
    of_course = the_course().of_class()
    wanted = {}
    for each in assignment:
        lesson, _, number = each.partition("=")
        if not (number.isascii() and number.isdecimal()):
            raise typer.BadParameter(f"{each!r} is not of the form LESSON=NUMBER", param_hint="--assignment")
        wanted[of_course.lesson(lesson).name] = int(number)
    reports, known = of_class(of_course, report), read(ids)
    failed = 0
    for name, at in wanted.items():
        about = [each for each in reports if each.lesson == name]
        made, said = texts.comments(about, known, f"{url.strip().rstrip('/')} {course} {at}")
        if not about:
            raise ClassError(f"{report} has no report on {name}; grade it first")
        say(f"{name}: {line}" for line in said)
        if not send:
            print(texts.in_words(made, at))
            print(f"{name}: {count(len(made), 'comment')}; nothing was sent, --send does")
            continue
        token = os.environ.get(canvas_send.VARIABLE, "").strip()
        failed += _deliver(canvas_send.Connection(url, token, course, at), made, by, name)
    raise typer.Exit(1 if failed else 0)


def _deliver(connection: Connection, made: Sequence[Comment], by: str, name: str) -> int:
    """Send comments, and say what became of them, also where that was cut off; returns how many failed."""
    from grader.commands.progress import Steps
    from grader.export import canvas_send
    from grader.printable import one_line

    outcomes: list[canvas_send.Sent] = []
    try:
        with interruptible("; what was sent is not sent again, and the same command goes on"), Steps() as steps:

            def tell(done: int) -> None:
                steps.tell("comments", done, len(made))

            for sent in canvas_send.deliver(connection, made, by, tell):  # type: ignore[arg-type]
                outcomes.append(sent)
    finally:
        say(f"{one_line(each.comment.student)}: {each.why}" for each in outcomes if each.outcome == "failed")
        print(f"{name}: {canvas_send.summary(outcomes)}")
    return sum(each.outcome == "failed" for each in outcomes)
