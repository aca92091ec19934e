"""A few processes that grade in parallel, each with its own warm zygote.

The processes are the grader's own and trusted; student code runs in the zygotes' children. What they send back is
pickled by the standard library, between our own processes only. One that dies is started again, and it is known which
job it had: a pool of the standard library gives up all of its jobs then, and cannot say whose it was.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Pipe
from typing import Any, NamedTuple, TypeVar

from grader.grading.worker import TERMINAL, Event, MachineFault, Raised
from grader.printable import one_line
from grader.student.errors import GraderFault
from grader.student.levels import Isolation
from grader.student.program import ONE_THREAD

Result = TypeVar("Result")

_TRIES = 2
_END_SECONDS = 20.0
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[4:]; from grader.grading.worker import main; main(*map(int, sys.argv[1:4]))"
)
_LAST_WORDS = 300


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
            if isinstance(outcome, Raised):
                raise outcome.error
            if isinstance(outcome, Died):
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


class Died(NamedTuple):
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
        self._lock, self._hearing = threading.Lock(), threading.Lock()
        self._posts: list[Post] = []
        self._ended = False

    def start(self, number: int) -> None:
        """Begin with so many workers."""
        for _ in range(number):
            self._posts.append(post := Post(self._isolation))
            threading.Thread(target=self._work, args=(post,), daemon=True).start()

    def end(self, *, at_once: bool) -> None:
        """End all workers, in the middle of their jobs or else after them."""
        with self._lock:
            self._ended = True
        for post in self._posts:
            post.end(at_once=at_once)
        for post in self._posts:
            post.wait()

    def _work(self, post: Post) -> None:
        name = ""
        try:
            while (item := self._next()) is not None:
                name, job = item
                outcome = post.do(name, job, self._tell)
                if self._ended:
                    return
                self.done.put((name, outcome))
        except BaseException as error:
            self.done.put((name, Raised(error)))

    def _next(self) -> tuple[str, Callable[..., Any]] | None:
        with self._lock:
            return None if self._ended else next(self._jobs, None)

    def _tell(self, event: Event) -> None:
        if self._hear is not None:
            with self._hearing:
                self._hear(event)


class Post:
    """The place of one worker process, and of the next one when that has died.

    Args:
        isolation: how the student's side is walled in.
    """

    def __init__(self, isolation: Isolation) -> None:
        """Nobody is at work yet."""
        self._isolation = isolation
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._hired: list[_Worker] = []
        self._waiting = threading.Lock()
        self._ended = False

    @property
    def has_ended(self) -> bool:
        """Whether nobody is to work here any more."""
        return self._ended

    def do(self, name: str, job: Callable[..., Any], tell: Callable[[Event], None]) -> Any:
        """Have a job done: its result, ``Raised``, or ``Died`` if the process ended under it as often as it is tried.

        Args:
            name: of the job.
            job: is called as ``job(place, watch)``.
            tell: hears of every step.

        Raises:
            GraderFault: no process can be started, or there is to be none any more.
        """
        for _ in range(_TRIES):
            self._worker = self._worker or self._hire()
            try:
                return self._worker.do(name, job, tell)
            except (EOFError, OSError):
                self._worker = None
        return Died()

    def end(self, *, at_once: bool) -> None:
        """Let the process end after its job, or in the middle of it; no other one is started."""
        with self._lock:
            self._ended = True
            hired = list(self._hired)
        for worker in hired:
            worker.end(at_once=at_once)

    def wait(self) -> None:
        """Wait until all processes that were here have ended."""
        with self._waiting:  # for each of them, once
            while self._hired:
                self._hired[-1].wait()
                self._hired.pop()

    def _hire(self) -> _Worker:
        """Another worker, ready to work.

        Raises:
            MachineFault: it ended before it was, as often as it was tried.
        """
        why = ""
        for _ in range(_TRIES):
            with self._lock:
                if self._ended:
                    raise GraderFault("the run has ended")
                try:
                    worker = _Worker()
                except OSError as error:
                    why = str(error)
                    continue
                self._hired.append(worker)
            try:
                worker.greet(self._isolation)
            except (EOFError, OSError):
                why = worker.last_words()
            else:
                return worker
        raise MachineFault(
            f"a process of the grader's own ended while it was being started ({one_line(why) or 'out of memory?'})"
        )


class _Worker:
    """This side of a process that does one job after another.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        theirs_alive, self._alive = os.pipe()
        stderr = os.dup(2)
        numbers = (theirs.fileno(), theirs_alive, stderr)
        # Not forked: a parent that has used torch may hold locks that a forked child would wait for. And with -P,
        # nothing that lies in the current folder is imported.
        command = [sys.executable, "-P", "-c", _PROGRAM, *map(str, numbers), *sys.path]
        # Ctrl-C reaches every process of the terminal; the first one decides what becomes of the others. Until a worker
        # can say so, which takes it a second, it is spared: what a thread blocks, its children do not hear either.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINAL)
        try:
            # What Python itself says while it starts, without memory for instance, is heard and not printed.
            self._process = subprocess.Popen(
                command,
                pass_fds=numbers,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=os.environ | ONE_THREAD,  # and not by torch's own function: not every lesson needs torch
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
            os.close(theirs_alive)
            os.close(stderr)

    def greet(self, isolation: Isolation) -> None:
        """Tell it how the student's side is walled in, and wait until it has imported what it needs.

        Raises:
            EOFError, OSError: it has ended.
        """
        self._connection.send(isolation)
        self._connection.recv()

    def last_words(self) -> str:
        """The last line that it said before it ended, while it was being started."""
        assert self._process.stderr is not None
        lines = self._process.stderr.read().decode(errors="replace").split("\n")
        return next((line[:_LAST_WORDS] for line in reversed(lines) if line.strip()), "")

    def do(self, name: str, job: Callable[..., Any], tell: Callable[[Event], None]) -> Any:
        """Have a job done; its result, or ``Raised``.

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
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._alive)
        assert self._process.stderr is not None
        self._process.stderr.close()
