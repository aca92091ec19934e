"""A few processes that grade in parallel, each with its own warm zygote.

The processes are the grader's own and trusted; student code runs in the zygotes' children. What they send back is
pickled by the standard library, between our own processes only. One that dies is started again, and it is known which
job it had: a pool of the standard library gives up all of its jobs then, and cannot say whose it was.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.report.step import Step
from grader.student import own_time
from grader.student.errors import GraderFault, is_out_of_memory
from grader.student.levels import Isolation

if TYPE_CHECKING:
    from grader.student.processes import ZygoteClient

Result = TypeVar("Result")

_TRIES = 2
_END_SECONDS = 20.0
_TERMINAL = (signal.SIGINT, signal.SIGHUP)
_NO_MEMORY = 75


class Event(NamedTuple):
    """The step that a job is at, or None once it has ended."""

    job: str
    step: Step | None


def count() -> int:
    """Number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(
    jobs: Mapping[str, Callable[..., Result]],
    isolation: Isolation,
    *,
    processes: int | None = None,
    hear: Callable[[Event], None] | None = None,
    died: Callable[[str], Result] | None = None,
) -> Iterator[tuple[str, Result]]:
    """Run every job in some process, and yield results as they come.

    Args:
        jobs: by name; each is called as ``job(place, watch)`` and must be a module's function (or a partial of one).
        isolation: how the student's side is walled in.
        processes: how many at most; one per CPU by default.
        hear: called in this process with what the jobs are doing.
        died: gives the result of a job whose process ended twice under it; without it, that ends the run.

    Raises:
        GraderFault: student code cannot be started on this machine, or a process of the grader's own died. What was
            finished before has been given.
    """
    if not jobs:
        return
    crew = _Crew(jobs, isolation, hear)
    complete = False
    try:
        crew.start(max(1, min(processes or count(), len(jobs))))
        for _ in jobs:
            name, outcome = crew.done.get()
            if isinstance(outcome, _Raised):
                raise outcome.error
            if isinstance(outcome, _Died):
                if died is None:
                    raise GraderFault(
                        f"a process of the grader ended unexpectedly at {name}, and a second one as well (out of "
                        "memory?); what was finished is kept, and the same command goes on from there"
                    )
                outcome = died(name)
            yield name, outcome
        complete = True
    finally:
        # Interrupted: what is running would go on for minutes. Reports are written whole, so nothing is lost but the
        # work of the moment; a zygote whose worker is gone ends by itself.
        crew.end(at_once=not complete)


def run_all(
    jobs: Mapping[str, Callable[..., Result]],
    isolation: Isolation,
    *,
    processes: int | None = None,
    hear: Callable[[Event], None] | None = None,
    finished: Callable[[str], None] | None = None,
    keep: Callable[[str, Result], None] | None = None,
) -> dict[str, Result]:
    """Run every job, and return all results in the order of the jobs. Arguments and errors are those of ``run``.

    Args:
        finished: called with the name of each job that is done.
        keep: called before that, with its result as well.
    """
    done: dict[str, Result] = {}
    for name, result in run(jobs, isolation, processes=processes, hear=hear):
        done[name] = result
        if keep is not None:
            keep(name, result)
        if finished is not None:
            finished(name)
    return {name: done[name] for name in jobs}


class _Raised(NamedTuple):
    """A job, or what runs it, ended with an exception."""

    error: BaseException


class _Died(NamedTuple):
    """The process ended under the job as often as it is tried."""


class _Crew:
    """Threads of this process, each of which keeps one worker process busy.

    Args:
        jobs: by name.
        isolation: how the student's side is walled in.
        hear: is told what the jobs are doing, by one thread at a time.
    """

    def __init__(
        self, jobs: Mapping[str, Callable[..., Any]], isolation: Isolation, hear: Callable[[Event], None] | None
    ) -> None:
        self.done: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._jobs, self._isolation, self._hear = iter(jobs.items()), isolation, hear
        # Not forked: a parent that has used torch may hold locks that a forked child would wait for.
        self._context = multiprocessing.get_context("spawn")
        self._lock, self._hearing = threading.Lock(), threading.Lock()
        self._workers: list[_Worker] = []
        self._ended = False

    def start(self, number: int) -> None:
        """Begin with so many workers."""
        for _ in range(number):
            threading.Thread(target=self._work, daemon=True).start()

    def end(self, *, at_once: bool) -> None:
        """End all workers, in the middle of their jobs or else after them."""
        with self._lock:
            self._ended = True
        for worker in self._workers:
            worker.end(at_once=at_once)
        for worker in self._workers:
            worker.wait()

    def _work(self) -> None:
        worker: _Worker | None = None
        name = ""
        try:
            while (item := self._next()) is not None:
                name, job = item
                outcome: Any = _Died()
                for _ in range(_TRIES):
                    worker = worker or self._hire()
                    try:
                        outcome = worker.do(name, job, self._tell)
                        break
                    except (EOFError, OSError):
                        worker = None
                if self._ended:
                    return
                self.done.put((name, outcome))
        except BaseException as error:
            self.done.put((name, _Raised(error)))

    def _next(self) -> tuple[str, Callable[..., Any]] | None:
        with self._lock:
            return None if self._ended else next(self._jobs, None)

    def _hire(self) -> _Worker:
        """Another worker, ready to work.

        Raises:
            GraderFault: it ended before it was, as often as it was tried.
        """
        for _ in range(_TRIES):
            with self._lock:
                if self._ended:
                    raise GraderFault("the run has ended")
                worker = _Worker(self._context, self._isolation)
                self._workers.append(worker)
            with contextlib.suppress(EOFError, OSError):
                worker.greet()
                return worker
        raise GraderFault("a process of the grader's own ended while it was being started (out of memory?)")

    def _tell(self, event: Event) -> None:
        if self._hear is not None:
            with self._hearing:
                self._hear(event)


class _Worker:
    """This side of a process that does one job after another."""

    def __init__(self, context: Any, isolation: Isolation) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, isolation), daemon=True)
        # Ctrl-C reaches every process of the terminal; the first one decides what becomes of the others. Until a worker
        # can say so, which takes it a second, it is spared: what a thread blocks, its children do not hear either.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL)
        try:
            with theirs:
                self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def greet(self) -> None:
        """Wait until it has imported what it needs.

        Raises:
            EOFError, OSError: it has ended.
        """
        self._connection.recv()

    def do(self, name: str, job: Callable[..., Any], tell: Callable[[Event], None]) -> Any:
        """Have a job done; its result, or ``_Raised``.

        Raises:
            EOFError, OSError: the process has ended.
        """
        self._connection.send((name, job))
        while isinstance(message := self._connection.recv(), Event):
            tell(message)
        return message[0]

    def end(self, *, at_once: bool) -> None:
        """Let it end, or make it."""
        if at_once:
            self._process.terminate()
        else:
            self._connection.close()  # it waits for a job there

    def wait(self) -> None:
        """Wait until it has ended; one that does not is made to."""
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


# In the worker's process.

_isolation: Isolation | None = None
_place: ZygoteClient | None = None


def _serve(connection: Connection, isolation: Isolation) -> None:
    """The worker's program: jobs in, what they do and their results out, until the other side is gone.

    One whose memory runs out ends: whatever it judged from then on would be worth nothing.
    """
    try:
        _answer(connection, isolation)
    except BaseException as error:
        if not is_out_of_memory(error):
            raise
        os._exit(_NO_MEMORY)


def _answer(connection: Connection, isolation: Isolation) -> None:
    _end_with_the_parent()
    _start(isolation)
    with contextlib.suppress(EOFError, ConnectionError):
        connection.send("ready")
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
                answer = pickle.dumps((_Raised(_portable(error)),))
            connection.send_bytes(answer)


class _Gone(BaseException):
    """Nobody waits for this job any more: no part of it may take it for its own failure."""


def _portable(error: BaseException) -> BaseException:
    """The exception as one that survives the way to the other process, with its traceback as a note."""
    trace = "".join(traceback.format_exception(error))
    try:
        copy: BaseException = pickle.loads(pickle.dumps(error))
    except Exception:
        copy = GraderFault(f"{type(error).__name__}: {error}")
    copy.add_note(trace)
    return copy


def _end_with_the_parent() -> None:
    """From now on, end at once when the process that has started this one is gone, however it went.

    A job would find out when it says what it does next, and a diagnosis may not say anything for half a minute. What is
    below this process ends by itself: it reads from connections that close.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the thread that works
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="ends with the parent", daemon=True).start()


def _start(isolation: Isolation) -> None:
    global _isolation
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, lambda *_: None)  # ignored here alone: student code inherits what is ignored
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINAL)
    import torch

    # One thread a process: several processes on all processors at once would only wait for one another.
    torch.set_num_threads(1)
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
        GraderFault: it does not start.
    """
    global _place
    from grader.student.processes import ZygoteClient

    if _place is None:
        assert _isolation is not None
        _place = ZygoteClient(_isolation)
    return _place
