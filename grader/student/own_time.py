"""A limit on the grader's own work: to compare, shrink and print what a student's code has answered takes time too.

Limits of the student's process do not count that time, and no question is open meanwhile. What comes over the wire is
bounded, but work on it may grow with its square. So whatever handles answers is run by ``within``, which interrupts it
after so many seconds of this process's own processor time. It can do so wherever Python code runs. A long operation of
a library in C cannot be interrupted; a process that is there to grade, and can be replaced, is ended by the kernel then
(``end_if_stuck``).
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar

try:
    import resource
except ModuleNotFoundError:  # not on Windows: learners check their own work there, which no limit interrupts
    _can_interrupt = False
else:
    _can_interrupt = True

Result = TypeVar("Result")

_AGAIN_SECONDS = 1.0
_GRACE_SECONDS = 40.0


class TooLong(BaseException):
    """The grader's own work was interrupted.

    A ``BaseException``, as ``StudentDied`` is: nothing that tries smaller examples may take it for a failure of one.
    """


class _Shield:
    """Holds an interruption back: the two sides of a connection must not lose step in the middle of a message."""

    def __init__(self) -> None:
        self.depth, self.is_due = 0, False

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.depth -= 1
        if self.is_due and not self.depth:
            self.is_due = False
            raise TooLong


SHIELD = _Shield()
"""Used as ``with SHIELD:`` by whatever talks to another process. One is enough: only the main thread is interrupted."""

_ends_if_stuck = False


def end_if_stuck() -> None:
    """From now on, have the kernel end this process when ``within`` cannot interrupt it."""
    global _ends_if_stuck
    _ends_if_stuck = True
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def within(seconds: float, work: Callable[[], Result]) -> Result:
    """Do some work, and interrupt it after so many seconds of this process's processor time.

    There is no limit in other threads than the main one, none of its own for work inside of such work, and none on
    Windows.

    Raises:
        TooLong: it was interrupted.
    """
    if not _is_possible() or signal.getitimer(signal.ITIMER_PROF)[0]:
        return work()

    def up(*_: object) -> None:
        if SHIELD.depth:
            SHIELD.is_due = True
        else:
            raise TooLong

    before, limits = signal.signal(signal.SIGPROF, up), resource.getrlimit(resource.RLIMIT_CPU)

    def disarm() -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        SHIELD.is_due = False
        if _ends_if_stuck:
            resource.setrlimit(resource.RLIMIT_CPU, limits)

    # No context manager, and two times: an interruption may come at any moment, also between the end of the work and
    # the first line that follows it; another one comes a second later at the earliest.
    try:
        try:
            if _ends_if_stuck:
                end = int(time.process_time() + seconds + _GRACE_SECONDS)
                resource.setrlimit(resource.RLIMIT_CPU, (_smaller(end, limits[0]), limits[1]))
            signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN_SECONDS)
            return work()
        finally:
            disarm()
    finally:
        disarm()


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Do work in the body of ``with`` that no limit of ``within`` counts, as it has nothing to do with any answer."""
    if not _is_possible():
        yield
        return
    left, limits, start = (
        signal.setitimer(signal.ITIMER_PROF, 0),
        resource.getrlimit(resource.RLIMIT_CPU),
        time.process_time(),
    )
    if _ends_if_stuck:
        resource.setrlimit(resource.RLIMIT_CPU, (limits[1], limits[1]))
    try:
        yield
    finally:
        if _ends_if_stuck:
            end = limits[0] if limits[0] == resource.RLIM_INFINITY else int(limits[0] + time.process_time() - start) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (_smaller(end, limits[1]), limits[1]))
        signal.setitimer(signal.ITIMER_PROF, *left)


def _is_possible() -> bool:
    return _can_interrupt and threading.current_thread() is threading.main_thread()


def _smaller(one: int, other: int) -> int:
    return one if other == resource.RLIM_INFINITY else min(one, other)
