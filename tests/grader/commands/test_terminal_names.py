"""Names that students chose reach a terminal as text, while a class is graded and when a command ends."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from grader.commands.options import say, stop
from grader.commands.progress import Progress
from grader.grading.worker import Event
from grader.report.step import Step

NAME = "\x1b]0;owned\x07\x1b[2J\rstudent\n-001\udce9\u202e"


def plain(text: str) -> bool:
    return not set("\x1b\x07\r\udce9\u202e") & set(text)


def test_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("students", 1) as progress:
        progress.hear(Event(NAME, Step("reading")))
        progress.finished(NAME)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("[1/1] ")
    assert plain(said)


def test_on_a_terminal() -> None:
    progress = Progress("students", 1)
    progress.hear(Event(NAME, Step("reading")))
    shown = io.StringIO()
    Console(file=shown, width=200).print(progress._bars.make_tasks_table(progress._bars.tasks))
    assert "student" in shown.getvalue()
    assert plain(shown.getvalue())


def test_when_a_command_ends(capsys: pytest.CaptureFixture[str]) -> None:
    say([f"{NAME}: no mark"])
    with pytest.raises(SystemExit):
        stop(f"report/{NAME}/lesson1.json is not a report", 2)
    assert plain(capsys.readouterr().err)
