"""Keeping two processes that take turns on one processor.

One of the two always waits for the other, so they need no more than one; on two, each message has to wake a processor
that has just gone to sleep, which costs more than most messages do (``python -m grader.bench.grading`` shows it).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
from collections.abc import Callable


@functools.cache
def _current() -> Callable[[], int] | None:
    """The C library's ``sched_getcpu``; None if it, or a way to stay on a processor, is missing (macOS)."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    try:
        return ctypes.CDLL(None).sched_getcpu
    except (OSError, AttributeError):
        return None


def stay(processor: int | None) -> None:
    """Pin this thread, and what it starts, to this processor if possible; None does nothing."""
    if processor is not None:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {processor})


class Turns:
    """Keeps the grader's thread on the processor that it happens to be on, for the time of one short session.

    The kernel chooses anew between two sessions, so that nobody stays where somebody else is at work.
    """

    def __init__(self) -> None:
        self._allowed: set[int] | None = None  # the processors to go back to; None while free

    def begin(self) -> int | None:
        """Pin the thread; returns the processor, for the other process to use too, or None if pinning is impossible."""
        current = _current()
        if current is None:
            return None
        if self._allowed is None:  # else a session was interrupted before it had begun: free is what it was before
            self._allowed = os.sched_getaffinity(0)
        processor = current()
        stay(processor)
        return processor

    def end(self) -> None:
        """Be free again."""
        if self._allowed is not None:
            with contextlib.suppress(OSError):  # a processor that has been taken away meanwhile
                os.sched_setaffinity(0, self._allowed)
            self._allowed = None
