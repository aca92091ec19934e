"""The ``grader`` command.

What a user can get wrong ends in one line on standard error and exit status 2, never in a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from grader.commands import learn
from grader.commands.common import stop
from grader.course import CourseError

# A copy for students holds the learner's commands only, and offers no others.
RELEASED = (Path(__file__).parent / "released").is_dir()

app = typer.Typer(
    help="Deep Reinforcement Learning for Beginners: "
    + ("check your exercises." if RELEASED else "check your exercises, grade a class, measure the tests."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
PANELS: dict[str, tuple[Callable[..., None], ...]] = {"Learn": (learn.check, learn.train, learn.hint)}
if not RELEASED:
    from grader.commands import around, author, export, nbgrader, teach

    PANELS |= {
        "Teach": (teach.grade, teach.demo, around.release, around.similar),
        "Write lessons": (author.verify, author.build),
    }
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
if not RELEASED:
    app.add_typer(nbgrader.app, name="nbgrader", rich_help_panel="Teach")
    app.add_typer(export.app, name="export", rich_help_panel="Teach")


def main() -> None:
    """Run the command; a mistake of the user's is one line."""
    from grader.student.errors import GraderFault
    from grader.student.isolation import IsolationError
    from grader.submissions.read import ClassError

    try:
        app()
    except (CourseError, ClassError, IsolationError) as error:
        stop(str(error), 2)
    except GraderFault as fault:
        stop(f"the grader itself failed: {fault}", 3)
