"""The student's side in this very process: for a learner who wants ``breakpoint()`` and whole tracebacks.

Questions and answers still cross the wire, so a property's verdict is the one that the split process would give. There
is no protection whatever: this is for code that one has written oneself.
"""

from __future__ import annotations

import bdb
import contextlib
import importlib
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Self

from grader.student.budget import Budget
from grader.student.errors import StudentDied, out_of_time
from grader.student.frames import Frame
from grader.student.levels import Isolation
from grader.student.limits import Limits
from grader.student.server import Server
from grader.student.session import AnswerAsk, Session, load_submission


class _TimeUp(BaseException):
    """Raised into code that takes too long."""


class Here:
    """The place that is this process: no protection, but breakpoints and whole tracebacks.

    Args:
        live: whether what the code prints is shown at once.
        device: where networks live.
    """

    isolation = Isolation("in this process")
    lost = 0

    def __init__(self, *, live: bool = False, device: str = "cpu") -> None:
        self._live, self.device = live, device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing to end: each session's modules are forgotten when it is closed."""

    def used(self) -> float:
        """There is no other process whose time would have to be added to this one's."""
        return 0.0

    def open(
        self,
        sources: dict[str, str],
        main: str,
        limits: Limits,
        *,
        record: bool = True,
        short: bool = False,
        budget: Budget | None = None,
    ) -> Session:
        """A session in this process; see ``Place.open``."""
        _import_what_takes_long(sources)
        return load_submission(InProcess(limits, live=self._live), sources, main, record=record)


_LONG = re.compile(r"(?m)^[ \t]*(?:import|from)[ \t]+(torch|gymnasium|numpy)\b")


def _import_what_takes_long(sources: Mapping[str, str]) -> None:
    """Import the libraries of the course that these modules import, before their time begins.

    Behind the boundary they are there when a child begins. Here, the first submission would pay for them: seconds on an
    old machine, after which it would be told of a loop without an end.
    """
    for name in dict.fromkeys(name for text in sources.values() for name in _LONG.findall(text)):
        with contextlib.suppress(Exception):  # the code that imports it will say so
            importlib.import_module(name)


class InProcess:
    """A channel without a boundary.

    Args:
        limits: those of processor time, for all answers together, and of printed text count here; the former is watched
            where the system has a timer for it.
        live: whether printed text is also shown at once.
    """

    def __init__(self, limits: Limits, *, live: bool = False) -> None:
        self._cpu_seconds = self._left = limits.cpu_seconds
        self._answer_ask: AnswerAsk | None = None
        self._reason: StudentDied | None = None
        self._server = Server(self._carry, limits.output_chars, sys.stdout if live else None)

    def _carry(self, frame: Frame) -> Frame:
        assert self._answer_ask is not None
        try:
            return self._answer_ask(frame)
        except StudentDied as reason:
            self._reason = reason
            raise

    def exchange(self, question: Frame, answer_ask: AnswerAsk) -> Frame:
        """Answer at once.

        Raises:
            KeyboardInterrupt: somebody pressed Ctrl-C, or left the debugger, while the student's code was running.
            StudentDied: the processor time is used up, or what was asked back may not be asked.
        """
        if self._reason is not None:
            raise StudentDied(str(self._reason), timed_out=self._reason.timed_out)
        outer, self._answer_ask = self._answer_ask, answer_ask
        try:
            with self._timer():
                answer = self._server.answer(question)
        finally:
            self._answer_ask = outer
        if isinstance(self._server.exception, KeyboardInterrupt | bdb.BdbQuit):
            raise KeyboardInterrupt
        if self._reason is not None:
            raise self._reason
        if self._left <= 0:
            raise out_of_time(self._cpu_seconds)
        return answer

    @contextlib.contextmanager
    def _timer(self) -> Iterator[None]:
        """Interrupt the student's code when its time is up. Only the main thread can, and only on Unix."""
        usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if not usable or signal.getitimer(signal.ITIMER_PROF)[0]:
            yield
            return

        def up(*_: object) -> None:
            self._left = 0.0
            raise _TimeUp

        before = signal.signal(signal.SIGPROF, up)
        # It comes again and again: code that catches everything catches only the first.
        signal.setitimer(signal.ITIMER_PROF, max(self._left, 1e-3), 0.2)
        try:
            yield
        finally:
            left, _ = signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
            self._left = min(self._left, left)

    def adopt(self, module: ModuleType) -> None:
        """Answer about a module that is here already."""
        self._server.adopt(module)

    @property
    def exception(self) -> BaseException | None:
        """The exception that the student's code raised in answer to the last question, with its traceback."""
        return self._server.exception

    def close(self) -> None:
        """Forget the loaded modules."""
        self._server.unload()


def adopt(module: ModuleType, limits: Limits, *, record: bool = True) -> Session:
    """A session for a module that is already loaded: nothing is loaded again, and nothing is undone."""
    channel = InProcess(limits)
    channel.adopt(module)
    return Session(channel, record=record)
