"""The measurements of course authors: many jobs in parallel, under one progress bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from grader.commands.options import interruptible

Result = TypeVar("Result")


def run_jobs(
    unit: str,
    work: Mapping[str, Callable[..., Result]],
    processes: int | None,
    kept: str = "",
    keep: Callable[[str, Result], None] | None = None,
) -> dict[str, Result]:
    """Run all jobs in parallel under a progress bar; ``kept`` is added to the message after Ctrl-C.

    ``keep`` is called with each result as it comes.
    """
    from grader.commands.progress import Progress
    from grader.grading.workers import run_all
    from grader.student.isolation import choose

    with interruptible(kept), Progress(unit, len(work)) as progress:
        return run_all(work, choose(), processes=processes, hear=progress.hear, finished=progress.finished, keep=keep)
