"""The other side: what a worker of Dask does for a run.

A job is not done in Dask's own process. Its thread drives one of the processes that grade on any machine
(``grader.grading.worker``), with a zygote of its own. So isolation, a process that dies under a job, and one that is
out of memory are what they are on one machine; student code never is a child of a process that holds keys to the
cluster; and Dask's process stays small, answers its scheduler while jobs run, and survives them. As many of these
processes are at work as the worker has threads, and one that has nothing to do for a minute ends.

No salt is written to the disk here, and nothing at all outside of the worker's own folder, which Dask removes.
"""

from __future__ import annotations

import asyncio
import functools
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
from distributed import Worker, WorkerPlugin, get_worker

from grader.cluster import bundle, packed
from grader.cluster.terms import GPU, Answer, NeedsCourse, Ready, Refused, Terms
from grader.cluster.terms import facts as facts_here
from grader.course import Course
from grader.grading.worker import Event, Raised, portable
from grader.grading.workers import Post
from grader.printable import one_line
from grader.student.errors import GraderFault
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError

_IDLE_SECONDS = 60.0
_TELL_SECONDS = 0.5
_HAS_CUDA = "import sys, torch; sys.exit(not torch.cuda.is_available())"

_stations: dict[tuple[str, str], Station] = {}
"""By the worker's address and the name of the run: Dask can have several workers in one process."""


class Station:
    """This worker's part in one run.

    Args:
        terms: the terms of the run.
        isolation: how student code is walled in here.
        course: the course, as it lies here.
    """

    def __init__(self, terms: Terms, isolation: Isolation, course: Course) -> None:
        """Nobody is at work yet."""
        self.terms, self._isolation, self._course = terms, isolation, course
        self._lock = threading.Lock()
        self._free: list[tuple[Post, threading.Timer]] = []
        self._busy: dict[str, Post] = {}
        self._ended = False

    def do(self, key: str, data: bytes, worker: Worker) -> Any:
        """Do a job; what comes of it is as with ``Post.do``.

        Args:
            key: of the job, which is also its name here: who handed it in is nobody's business.
            data: the job.
            worker: tells the caller.
        """
        job = packed.unpack(data, self._course)
        stage, told = "", 0.0

        def tell(event: Event) -> None:
            nonlocal stage, told
            step, now = event.step, time.monotonic()
            if step is None or (step.stage == stage and now < told + _TELL_SECONDS):
                return
            stage, told = step.stage, now
            worker.log_event(self.terms.topic, {"what": "step", "key": key, "step": msgspec.to_builtins(step)})

        post = self._begin(key)
        worker.log_event(self.terms.topic, {"what": "begun", "key": key, "worker": worker.address})
        try:
            return post.do(key, job, tell)
        finally:
            self._end(key, post)
            worker.log_event(self.terms.topic, {"what": "ended", "key": key})

    def stop(self, key: str) -> None:
        """End a job in the middle, if it is being done."""
        with self._lock:
            post = self._busy.get(key)
        if post is not None:
            post.end(at_once=True)

    def close(self) -> None:
        """End everything."""
        with self._lock:
            self._ended = True
            posts = [*(post for post, _ in self._free), *self._busy.values()]
            for _, timer in self._free:
                timer.cancel()
            self._free.clear()
        for post in posts:
            post.end(at_once=True)
        for post in posts:
            post.wait()

    def _begin(self, key: str) -> Post:
        with self._lock:
            if self._ended:
                raise GraderFault("the run has ended")
            if self._free:
                post, timer = self._free.pop()
                timer.cancel()
            else:
                post = Post(self._isolation)
            self._busy[key] = post
            return post

    def _end(self, key: str, post: Post) -> None:
        with self._lock:
            del self._busy[key]
            if not self._ended and not post.has_ended:
                timer = threading.Timer(_IDLE_SECONDS, self._let_go, [post])
                timer.daemon = True
                self._free.append((post, timer))
                timer.start()
                return
        post.end(at_once=True)
        post.wait()

    def _let_go(self, post: Post) -> None:
        with self._lock:
            entry = next((each for each in self._free if each[0] is post), None)
            if entry is None:
                return
            self._free.remove(entry)
        post.end(at_once=False)
        post.wait()


class Keeper(WorkerPlugin):
    """Ends what nobody waits for any more: jobs that the caller has cancelled, or whose caller is gone.

    Args:
        station: whose jobs.
    """

    def __init__(self, station: Station) -> None:
        """Keep a station."""
        self._station = station

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Hear of every change of a task; the loop that tells so must not wait."""
        if start == "executing" and finish in ("released", "cancelled"):
            self._station.stop(str(key))

    def teardown(self, worker: Worker) -> None:
        """The worker is closing."""
        _stations.pop((worker.address, self._station.terms.run), None)
        self._station.close()


def facts() -> dict[str, str]:
    """All that has to be the same here as where the caller is."""
    return facts_here()


async def enlist(terms: Terms, *, dask_worker: Worker) -> Answer:
    """Say whether this worker takes part in a run; if it does, Dask may give it jobs of that run from now on.

    Args:
        terms: of the run.
        dask_worker: Dask's own worker, which gives itself.
    """
    state = dask_worker.state
    slots = state.nthreads
    if terms.device != "cpu":
        slots = min(slots, int(state.total_resources.get(GPU, 0)))
        if slots < 1:
            return Refused(f"it has no resource {GPU}; start it with --resources {GPU}=1")
    answer, course = await asyncio.to_thread(_inspected, terms, _place(dask_worker) / terms.bundle)
    if not isinstance(answer, Isolation):
        return answer
    station = _stations[dask_worker.address, terms.run] = Station(terms, answer, course)
    await dask_worker.plugin_add(Keeper(station), name=terms.resource)
    await dask_worker.set_resources(**{terms.resource: slots})
    return Ready(answer, slots)


def take_course(name: str, data: bytes, *, dask_worker: Worker) -> str:
    """Unpack the course; "" or what went wrong.

    Args:
        name: of the bundle.
        data: of the bundle.
        dask_worker: Dask's own worker.
    """
    try:
        bundle.unpack(bundle.Bundle(name, data), _place(dask_worker))
    except (OSError, ValueError) as error:
        return f"the course cannot be unpacked there: {one_line(str(error))}"
    return ""


async def dismiss(run: str, *, dask_worker: Worker) -> None:
    """End all that this worker has for a run; it takes no part in it from now on."""
    station = _stations.pop((dask_worker.address, run), None)
    if station is None:
        return
    await dask_worker.set_resources(**{station.terms.resource: 0})
    dask_worker.plugins.pop(station.terms.resource, None)
    await asyncio.to_thread(station.close)


def perform(run: str, key: str, data: bytes) -> bytes:
    """The task of Dask's: do one job, and give the worker's address and what comes of it, pickled."""
    worker = get_worker()
    try:
        outcome = _stations[worker.address, run].do(key, data, worker)
    except Exception as error:
        outcome = Raised(portable(error))
    return pickle.dumps((worker.address, outcome))


def _place(worker: Worker) -> Path:
    """The folder for courses: in that of the worker, which Dask removes when it ends, or when it is found dead."""
    return Path(worker.local_directory) / "grader"


def _inspected(terms: Terms, folder: Path) -> tuple[Answer | Isolation, Course]:
    """Look whether this machine is as the run wants it; returns how it walls in student code, and the course there."""
    course = msgspec.structs.replace(terms.course, root=folder.absolute())
    if course.salt_print != terms.salt_print:
        return Refused("it has another salt; unset GRADER_SALT where it is started"), course
    if terms.device != "cpu" and not _has_cuda():
        return Refused("it has no CUDA device, or a build of torch without CUDA"), course
    try:
        isolation = choose(terms.device, wanted=terms.wanted, unsafe=terms.unsafe, hidden=(folder, *terms.hidden))
    except IsolationError as error:
        return Refused(one_line(str(error))), course
    return (isolation if folder.is_dir() else NeedsCourse()), course


@functools.cache
def _has_cuda() -> bool:
    """Whether torch finds a CUDA device; asked in another process, as importing it takes seconds and memory."""
    return subprocess.run([sys.executable, "-P", "-c", _HAS_CUDA], capture_output=True, check=False).returncode == 0
