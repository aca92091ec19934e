"""The view of a training check while it runs: how far it is, the curve as it grows, and every run as it ends.

In a terminal it is redrawn in place, and gone when the report takes its place. If there is none, or on request, it is a
line for every run that has ended, and nothing that was printed changes.
"""

from __future__ import annotations

import contextlib
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from grader.course import Lesson
from grader.printable import one_line
from grader.render import words
from grader.render.chart import chart
from grader.render.lines import MOST_WIDTH, stay_on_screen
from grader.report.step import Step, Watcher

_BAR = 16


class Seen:
    """All that is known of a training check so far.

    Args:
        lesson: a lesson that trains.

    Attributes:
        ended: a line for every run that has ended.
    """

    def __init__(self, lesson: Lesson) -> None:
        assert lesson.training is not None, f"{lesson.name} has no training check"
        self._rule = lesson.training
        self.ended: list[str] = []
        self._step = Step("starting")
        self._points: list[tuple[float, float]] = []
        self._began = time.monotonic()

    def hear(self, step: Step) -> str:
        """Take note of a step; the new line of ``ended``, "" if no run has ended."""
        now = self._step
        if (step.stage, step.run) != (now.stage, now.run) or now.ended:
            self._points, self._began = [], time.monotonic()
        self._step = step
        if step.ended:
            self.ended.append(one_line(f"{words.MARKS[step.ended]} {words.stage(step)}", 400))
            return self.ended[-1]
        if step.is_new and step.mean_return is not None:
            self._points.append((step.done, step.mean_return))
        return ""

    def lines(self, width: int) -> list[str]:
        """The view at this moment, in lines of at most so many characters."""
        step, width = self._step, max(min(width, MOST_WIDTH), 20)
        lines = [part for line in self.ended for part in textwrap.wrap(line, width, subsequent_indent="  ")]
        if step.stage != "training" or step.ended:
            said = "the next run begins" if step.ended else words.stage(step)
            of = f", {step.done:,.0f} of {step.total:,.0f}" if step.total and not step.ended else ""
            return [*lines, f"{said}{of} …"[:width]]
        bar = "━" * round(_BAR * min(step.done / step.total, 1.0)) if step.total else ""
        lines += [f"· {words.stage(step)}", f"  {bar:─<{_BAR}} {step.done:,.0f} of {step.total:,.0f}{self._left()}"]
        lines += ["", *chart(self._points, bar=self._rule.threshold, most_x=self._end(), width=width - 1)]
        return [line[:width] for line in lines]

    def _left(self) -> str:
        """The time that is left if the run takes all of its steps, which most do not."""
        step, spent = self._step, time.monotonic() - self._began
        if not step.done or spent < 1:
            return " steps"
        left = round(spent * (step.total - step.done) / step.done)
        return f", at most {left // 60}:{left % 60:02} left"

    def _end(self) -> float:
        """The end of the x axis: it doubles whenever the curve has reached it, for most runs end long before."""
        end = self._step.total / 32
        while end < self._step.done:
            end *= 2
        return min(end, self._step.total)


class View(Protocol):
    """A view that can be told to get out of the way of a debugger."""

    def stop(self) -> None:
        """Show nothing from now on."""
        ...


class _Nothing:
    def stop(self) -> None:
        """There is nothing to stop."""


@contextlib.contextmanager
def shown(lesson: Lesson, console: Console, *, plain: bool = False) -> Iterator[tuple[Watcher, View]]:
    """Show a training check.

    Args:
        lesson: a lesson that trains.
        console: where to print.
        plain: print lines, also in a terminal.
    """
    seen = Seen(lesson)
    if plain or not console.is_terminal or console.is_dumb_terminal:
        yield _lines(seen, console), _Nothing()
        return

    def drawn() -> Group:
        return Group(*(Text(line, no_wrap=True) for line in seen.lines(console.width)))

    stay_on_screen(console)
    with Live(
        console=console,
        transient=True,
        get_renderable=drawn,
        refresh_per_second=4,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        yield lambda step: _silently(seen.hear(step)), live


def _silently(_: str) -> None:
    """Take a result that nobody needs."""


def _lines(seen: Seen, console: Console) -> Callable[[Step], None]:
    def watch(step: Step) -> None:
        if line := seen.hear(step):
            console.print(Text(line), soft_wrap=True)

    return watch
