"""The program of a process that grades: jobs in, what they do and their results out, until the other side is gone.

``grader.grading.workers`` starts it. It is a program of our own, and nothing of ``multiprocessing`` but the connection:
that one would run the program again that was started first, with all of its imports, and would look for modules in the
current folder before anywhere else, which may be a student's.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.report.step import Step
from grader.student import own_time
from grader.student.errors import GraderFault, is_out_of_memory
from grader.student.levels import Isolation

if TYPE_CHECKING:
    from grader.student.processes import ZygoteClient

Result = TypeVar("Result")

TERMINAL = (signal.SIGINT, signal.SIGHUP)
"""Signals that a terminal sends to all of its processes."""
_NO_MEMORY = 75

_isolation: Isolation | None = None
_place: ZygoteClient | None = None


class Event(NamedTuple):
    """The step that a job is at, or None once it has ended."""

    job: str
    step: Step | None


class Raised(NamedTuple):
    """A job, or what runs it, ended with an exception."""

    error: BaseException


class MachineFault(GraderFault):
    """Nothing can be graded on this machine, whosever work it is."""


def main(connection: int, parent: int, stderr: int) -> None:
    """Do one job after another.

    One whose memory runs out ends: whatever it judged from then on would be worth nothing.

    Args:
        connection: the descriptor of this end of the connection to the process that has started this one.
        parent: the descriptor of a pipe that closes when that process is gone.
        stderr: the descriptor of what is standard error from the moment on that this process is ready.
    """
    try:
        _answer(Connection(connection), parent, stderr)
    except BaseException as error:
        if not is_out_of_memory(error):
            raise
        os._exit(_NO_MEMORY)


def _answer(connection: Connection, parent: int, stderr: int) -> None:
    _end_with_the_parent(parent)
    with contextlib.suppress(EOFError, ConnectionError):
        _start(connection.recv())
        connection.send("ready")
        os.dup2(stderr, 2, inheritable=True)
        os.close(stderr)
        while True:
            name, job = connection.recv()
            result: Any
            try:
                result = _call(connection, name, job)
                answer = pickle.dumps((result,))
            except _Gone:
                return
            except BaseException as error:
                if is_out_of_memory(error):
                    raise
                answer = pickle.dumps((Raised(portable(error)),))
            connection.send_bytes(answer)


class _Gone(BaseException):
    """Nobody waits for this job any more: no part of it may take it for its own failure."""


def portable(error: BaseException) -> BaseException:
    """The exception as one that survives the way to the other process, with its traceback as a note."""
    trace = "".join(traceback.format_exception(error))
    try:
        # Without what other libraries have taught pickle here: the other side may not have learnt it.
        plain = io.BytesIO()
        pickler = pickle.Pickler(plain)
        pickler.dispatch_table = {}
        pickler.dump(error)
        copy: BaseException = pickle.loads(plain.getvalue())
    except Exception:
        copy = GraderFault(f"{type(error).__name__}: {error}")
    copy.add_note(trace)
    return copy


def _end_with_the_parent(parent: int) -> None:
    """From now on, end at once when the process that has started this one is gone, however it went.

    A job would find out when it says what it does next, and a diagnosis may not say anything for half a minute. What is
    below this process ends by itself: it reads from connections that close.
    """

    def watch() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the thread that works
        os.read(parent, 1)
        os._exit(1)

    threading.Thread(target=watch, name="ends with the parent", daemon=True).start()


def _start(isolation: Isolation) -> None:
    global _isolation
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, lambda *_: None)  # ignored here alone: student code inherits what is ignored
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINAL)
    own_time.end_if_stuck()
    sys.unraisablehook = _unraisable
    _isolation = isolation


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Print an exception that nobody can catch, unless there is no memory: what has to be said then, the job says."""
    if not isinstance(unraisable.exc_value, MemoryError):
        sys.__unraisablehook__(unraisable)


def _call(connection: Connection, name: str, job: Callable[..., Result]) -> Result:
    def watch(step: Step) -> None:
        try:
            connection.send(Event(name, step))
        except OSError:
            raise _Gone from None

    watch(Step("starting"))
    return job(_the_place(), watch)


def _the_place() -> ZygoteClient:
    """This process's place, started when the first job needs it, so that a failure to start reaches the user.

    Raises:
        MachineFault: it does not start.
    """
    global _place
    from grader.student.processes import ZygoteClient

    if _place is None:
        assert _isolation is not None
        try:
            _place = ZygoteClient(_isolation)
        except GraderFault as error:
            if is_out_of_memory(error):
                raise
            fault = MachineFault(str(error))
            for note in getattr(error, "__notes__", ()):
                fault.add_note(note)
            raise fault from None
    return _place
