"""The ``grader`` command.

What a user can get wrong ends in one line on standard error and exit status 2, never in a traceback.
"""

from __future__ import annotations

from collections.abc import Callable

import typer

from grader.commands import author, learn, nbgrader, teach
from grader.commands.common import stop
from grader.course import CourseError

app = typer.Typer(
    help="Deep Reinforcement Learning for Beginners: check your exercises, grade a class, measure the tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Learn": (learn.check, learn.train, learn.hint),
    "Teach": (teach.grade, teach.demo),
    "Write lessons": (author.verify, author.build),
}
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(nbgrader.app, name="nbgrader", rich_help_panel="Teach")


def main() -> None:
    """Run the command; a mistake of the user's is one line."""
    from grader.student.errors import GraderFault
    from grader.student.isolation import IsolationError
    from grader.submission import ClassError

    try:
        app()
    except (CourseError, ClassError, IsolationError) as error:
        stop(str(error), 2)
    except GraderFault as fault:
        stop(f"the grader itself failed: {fault}", 3)
