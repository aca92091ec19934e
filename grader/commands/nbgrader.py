"""The instructor command for nbgrader: nbgrader init."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.commands.options import the_course

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback()
def nbgrader() -> None:
    """Use the course with nbgrader: its own commands, with the grader's verdicts."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder, or one that this command has made before.")],
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated. Default: all.")] = None,
    db_url: Annotated[
        str | None,
        typer.Option(
            help="The gradebook's address, such as postgresql://user@host/name; its password comes from the variable "
            "GRADER_DB_PASSWORD or the file .db_password in the folder. Default: a file there."
        ),
    ] = None,
    training: Annotated[
        bool | None, typer.Option("--training/--no-training", help="Run training checks, and give points for them.")
    ] = None,
) -> None:
    """Make a course folder for nbgrader, or update an earlier one.

    The gradebook, what was handed in, and files that you have changed stay as they are.
    """
    from grader.nbgrader.make import init as make

    done = make(the_course(), folder, lessons=lesson or (), db_url=db_url, training=training)
    for line in done:
        print(line)
    if not done:
        print("everything is up to date")
    elif any(line.startswith("updated: source/") for line in done):
        print("For a lesson that was updated: nbgrader generate_assignment LESSON --force")
    else:
        print(f"Next: cd {folder} && nbgrader generate_assignment LESSON")
