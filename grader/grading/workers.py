"""A few processes that grade in parallel, each with its own warm zygote.

The processes are the grader's own and trusted; student code runs in the zygotes' children. What they send back is
pickled by the standard library, between our own processes only.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from grader.report.step import Step
from grader.student.errors import GraderFault
from grader.student.isolation import Isolation

if TYPE_CHECKING:
    from grader.student.processes import ZygoteClient

Result = TypeVar("Result")

_isolation: Isolation | None = None
_place: ZygoteClient | None = None
_events: Any = None


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
) -> Iterator[tuple[str, Result]]:
    """Run every job in some process, and yield results as they come.

    Args:
        jobs: by name; each is called as ``job(place, watch)`` and must be a module's function (or a partial of one).
        isolation: how the student's side is walled in.
        processes: how many at most; one per CPU by default.
        hear: called in this process with what the jobs are doing.

    Raises:
        GraderFault: student code cannot be started on this machine, or a process of the grader's own died. What was
            finished before has been given.
    """
    if not jobs:
        return
    # Not forked: a parent that has used torch may hold locks that a forked child would wait for.
    context = multiprocessing.get_context("spawn")
    events = context.Queue()
    listener = threading.Thread(target=_listen, args=(events, hear), daemon=True)
    listener.start()
    executor = concurrent.futures.ProcessPoolExecutor(
        max_workers=max(1, min(processes or count(), len(jobs))),
        mp_context=context,
        initializer=_start,
        initargs=(isolation, events),
    )
    complete = False
    try:
        futures = {executor.submit(_call, name, job): name for name, job in jobs.items()}
        for future in concurrent.futures.as_completed(futures):
            try:
                yield futures[future], future.result()
            except BrokenProcessPool:
                raise GraderFault(
                    "a process of the grader ended unexpectedly (out of memory?); what was finished is kept, "
                    "and the same command goes on from there"
                ) from None
        complete = True
    finally:
        if not complete:
            # Interrupted: what is running would go on for minutes. Reports are written whole, so nothing is lost but
            # the work of the moment; a zygote whose worker is gone ends by itself.
            for process in list((executor._processes or {}).values()):
                process.terminate()
        executor.shutdown(wait=complete, cancel_futures=True)
        if complete:
            events.put(None)
            listener.join(timeout=5)
        # Otherwise nothing more goes into the queue: a process that was ended may have held its lock, and this one
        # would wait for it at its own end. The listener is a daemon, and ends with this process.


def run_all(
    jobs: Mapping[str, Callable[..., Result]],
    isolation: Isolation,
    *,
    processes: int | None = None,
    hear: Callable[[Event], None] | None = None,
    finished: Callable[[str], None] | None = None,
) -> dict[str, Result]:
    """Run every job, and return all results in the order of the jobs. Arguments and errors are those of ``run``.

    Args:
        finished: called with the name of each job that is done.
    """
    done: dict[str, Result] = {}
    for name, result in run(jobs, isolation, processes=processes, hear=hear):
        done[name] = result
        if finished is not None:
            finished(name)
    return {name: done[name] for name in jobs}


def _start(isolation: Isolation, events: Any) -> None:
    global _isolation, _events
    import torch

    # Ctrl-C reaches every process of the terminal; the first one decides what becomes of the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # One thread a process: several processes on all processors at once would only wait for one another.
    torch.set_num_threads(1)
    _events = events
    _isolation = isolation


def _call(name: str, job: Callable[..., Result]) -> Result:
    def watch(step: Step) -> None:
        with contextlib.suppress(queue.Full):
            _events.put_nowait(Event(name, step))

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


def _listen(events: Any, hear: Callable[[Event], None] | None) -> None:
    while (event := events.get()) is not None:
        if hear is not None:
            hear(event)
