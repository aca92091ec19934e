"""Progress bars for long runs: the part that is done, the running jobs, and the work left.

Where standard error is no terminal, one line is printed for everything that is finished instead.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Self

from rich import progress as bars
from rich.console import Console
from rich.markup import escape

from grader.grading.worker import Event
from grader.printable import one_line
from grader.render import words


class Steps:
    """One progress bar on a terminal for consecutive steps; silent elsewhere."""

    def __init__(self) -> None:
        """Show nothing before ``with``."""
        console = Console(stderr=True)
        self._bars = bars.Progress(console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bars.add_task("", total=None)

    def __enter__(self) -> Self:
        """Show the bar, if this is a terminal."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the bar."""
        self._bars.stop()

    def tell(self, what: str, done: int, total: int) -> None:
        """Show how far a step is; ``what`` is a text of ours or of the user's."""
        self._bars.update(self._task, description=escape(one_line(what, 80)), completed=done, total=total)


class Progress:
    """Show the progress of a run.

    Args:
        unit: what is counted, in the plural.
        total: how many there are.
    """

    def __init__(self, unit: str, total: int) -> None:
        """Show nothing before ``with``."""
        self._unit, self._total, self._done = unit, total, 0
        self._console = Console(stderr=True)
        self._lock = threading.Lock()
        self._running: dict[str, bars.TaskID] = {}
        self._bars = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(bar_width=24),
            bars.TextColumn("{task.fields[count]}", markup=False),
            bars.TimeElapsedColumn(),
            bars.TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._all = self._bars.add_task(unit, total=total, count=f"0/{total}")

    def __enter__(self) -> Self:
        """Show the bars, if this is a terminal."""
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bars."""
        if self._console.is_terminal:
            self._bars.stop()

    def say(self, line: str) -> None:
        """Print a line on standard error, above the bars; nothing if it is empty."""
        if not line:
            return
        if self._console.is_terminal:
            self._console.print(f"grader: {line}", markup=False, highlight=False, soft_wrap=True)
        else:
            print(f"grader: {line}", file=sys.stderr, flush=True)

    def hear(self, event: Event) -> None:
        """Show what a job is doing, until it has ended."""
        with self._lock:
            if (step := event.step) is None:
                if event.job in self._running:
                    self._bars.remove_task(self._running.pop(event.job))
                return
            description = f"  {one_line(event.job, 60)}  {words.stage(step)}"[: max(20, self._console.width - 56)]
            total = step.total or None
            if event.job not in self._running:
                self._running[event.job] = self._bars.add_task(description, total=total, count="")
            count = f"{step.done:,.0f}/{step.total:,.0f}" if step.total else ""
            self._bars.update(
                self._running[event.job], description=description, completed=step.done, total=total, count=count
            )

    def finished(self, job: str) -> None:
        """Count a job as done."""
        with self._lock:
            self._done += 1
            if job in self._running:
                self._bars.remove_task(self._running.pop(job))
            self._bars.update(self._all, completed=self._done, count=f"{self._done}/{self._total}")
            if not self._console.is_terminal:
                print(f"[{self._done}/{self._total}] {one_line(job)}", file=sys.stderr, flush=True)
