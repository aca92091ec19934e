"""The ``grader`` command.

What a user can get wrong ends in one line on standard error and exit status 2, never in a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from grader.commands import learn
from grader.commands.options import stop
from grader.errors import UserError

# A copy for students holds the learner's commands only, and offers no others.
RELEASED = (Path(__file__).parent / "released").is_dir()

app = typer.Typer(
    help="Deep Reinforcement Learning for Beginners: "
    + ("check your exercises." if RELEASED else "check your exercises, grade a class, measure the tests."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_versions(wanted: bool) -> None:
    if wanted:
        from grader.version import versions

        for name, version in versions().items():
            print(f"{name} {version}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_versions,
            is_eager=True,
            help="Show the versions of the grader, Python, torch and other packages, and exit.",
        ),
    ] = False,
) -> None:
    """Hold the options of ``grader`` itself, before any command."""


PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Learn": (learn.check, learn.watch, learn.train, learn.hint, learn.status)
}
if not RELEASED:
    from grader.commands import around, author, author_training, export, nbgrader, teach

    PANELS |= {
        "Teach": (
            around.release,
            around.collect,
            teach.grade,
            around.similar,
            around.dispute,
            teach.rehearse,
            teach.demo,
        ),
        "Write lessons": (
            author.new,
            author.build,
            author.verify,
            author.draft_chaff,
            author.salts,
            author.corners,
            author.mutants,
            author.examples,
            author_training.bar,
            author_training.probes,
            author_training.calibrate,
        ),
    }
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
if not RELEASED:
    app.add_typer(nbgrader.app, name="nbgrader", rich_help_panel="Teach")
    app.add_typer(export.app, name="export", rich_help_panel="Teach")


def main() -> None:
    """Run the command; a user's mistake ends it with one line."""
    from grader.student.errors import GraderFault
    from grader.student.levels import IsolationError

    try:
        app()
    except (UserError, IsolationError) as error:
        stop(str(error), 2)
    except GraderFault as fault:
        stop(f"the grader itself failed: {fault}", 3)
