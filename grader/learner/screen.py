"""The views of ``grader watch``: redrawn in a terminal, or a line per verdict where there is none."""

from __future__ import annotations

import time
from typing import Protocol

from rich.console import Console
from rich.text import Text

from grader.course import Lesson
from grader.printable import clip, count, number, one_line, visible
from grader.render.lines import MOST_TEXT, put
from grader.render.terminal import print_failure, print_list
from grader.report import sorting as order
from grader.report.report import Report

_MARKS = {"pass": ("✓", "green"), "fail": ("✗", "red"), "skip": ("–", "dim"), "error": ("!", "bold red")}


class Screen(Protocol):
    """The ways to show what happens."""

    def begins(self, lesson: Lesson) -> None:
        """A check of this lesson begins."""

    def found(self, exercise: str, says: str, verdict: str, done: int, total: int) -> None:
        """One law that fails, or did so before, has been judged, the ``done``-th of ``total``."""

    def finds(self, lesson: Lesson, report: Report) -> None:
        """The check is complete."""

    def says(self, text: str) -> None:
        """Anything else."""


def summary(report: Report) -> str:
    """The outcome in one line."""
    if report.status == "not started":
        return "not started yet"
    if report.status != "graded" or report.message:
        return one_line(report.message, 300)
    passed = sum(result.verdict == "pass" for result in report.properties)
    failure = order.first_failure(report)
    if failure is None:
        return f"every public example is right ({passed})" if report.public else f"every law holds ({passed})"
    found = count(len(report.properties), "public example" if report.public else "law")
    return f"{passed} of {found} {'are right' if report.public else 'hold'}; first, {one_line(failure.exercise)}"


class Lines:
    """A line per verdict, for a pipe, a log or a screen reader: nothing that was printed changes.

    Args:
        console: where to print.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def _line(self, text: str) -> None:
        self._console.print(Text(f"{time.strftime('%H:%M:%S')} {text}"), soft_wrap=True)

    def begins(self, lesson: Lesson) -> None:
        """Say nothing: the first verdict is there before it could be read."""

    def found(self, exercise: str, says: str, verdict: str, done: int, total: int) -> None:
        """A line."""
        word = {"pass": "holds now", "fail": "fails", "skip": "waits"}.get(verdict, "could not be judged")
        self._line(f"{_MARKS[verdict][0]} {one_line(exercise)} {word} ({done} of {total}): {one_line(says, 400)}")

    def finds(self, lesson: Lesson, report: Report) -> None:
        """The outcome, and the first failure in full."""
        failure = order.first_failure(report)
        if failure is not None:
            print_failure(failure, self._console)
        self._line(f"lesson {lesson.number}: {summary(report)}")

    def says(self, text: str) -> None:
        """A line."""
        self._line(text)


class Redrawn:
    """One thing at a time, drawn anew in the same place; what a key does stands below it.

    Args:
        console: a terminal.
    """

    KEYS = (("h", "hint"), ("a", "all laws"), ("c", "this again"), ("t", "train"), ("n", "next lesson"), ("q", "quit"))

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0

    def _top(self, lesson: Lesson, beside: str = "") -> None:
        self._console.clear()
        title = f"Lesson {lesson.number}  {one_line(lesson.title)}"
        self._console.print(Text.assemble((title, "bold"), ("   " + beside if beside else "", "dim")), soft_wrap=True)
        self._console.print()

    def begins(self, lesson: Lesson) -> None:
        """Clear away what was true of the file before."""
        self._shown = 0
        self._top(lesson, "checking")

    def found(self, exercise: str, says: str, verdict: str, done: int, total: int) -> None:
        """A line; of many, the first few."""
        self._shown += 1
        if verdict in ("pass", "fail") and self._shown <= 8:
            mark, style = _MARKS[verdict]
            text = Text.assemble(("  " + mark + " ", style), (one_line(exercise), "bold"), f": {one_line(says, 400)}")
            text.truncate(max(self._console.width - 1, 20), overflow="ellipsis")
            self._console.print(text, soft_wrap=True)

    def finds(self, lesson: Lesson, report: Report) -> None:
        """The outcome, with the first failure in full."""
        self._top(lesson, f"{time.strftime('%H:%M:%S')}   {self._points(report)}")
        failure = order.first_failure(report)
        for note in report.notes:
            put(self._console, Text(clip(visible(note), MOST_TEXT), "dim"), 2)
        if report.notes:
            self._console.print()
        if failure is not None:
            self._console.print(Text.assemble("First, ", (one_line(failure.exercise), "bold"), "\n"))
            print_failure(failure, self._console)
        else:
            mark, style = ("✓", "green") if order.is_full(report) else ("·", "")
            put(self._console, Text(clip(self._outcome(report), MOST_TEXT)), 2, Text(mark, style))
        if failure is not None:
            self._console.print()
            put(self._console, Text(summary(report)), 2, Text("·"))
        self.keys(lesson)

    def _outcome(self, report: Report) -> str:
        if report.status == "not started":
            return "Not started yet: save the file when you have written something."
        return visible(report.message) if report.status != "graded" or report.message else summary(report)

    def _points(self, report: Report) -> str:
        if report.public or report.status != "graded":
            return ""
        return f"{number(report.score)}/{number(report.max_score)} points"

    def keys(self, lesson: Lesson) -> None:
        """The keys, and what each does."""
        known = [(key, does) for key, does in self.KEYS if key != "t" or lesson.training is not None]
        self._console.print()
        put(self._console, Text("   ".join(f"{key} {does}" for key, does in known), "dim"), 0)

    def everything(self, lesson: Lesson, report: Report) -> None:
        """All laws, each with its mark."""
        self._top(lesson)
        print_list(report, self._console, whole=True)
        self.keys(lesson)

    def says(self, text: str) -> None:
        """A line below the rest."""
        put(self._console, Text(visible(text)), 0)
