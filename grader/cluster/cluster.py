"""The caller's side: a team whose processes are on the workers of a Dask scheduler.

Every worker that is there, or that comes later, is asked whether it takes part. One that does gets a resource for this
run, and jobs go to workers with that resource alone. There are as many jobs under way as there are slots, and one more
a worker, so that none waits for the network: the rest of a class is neither read nor sent before somebody can have it.
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from distributed import Client, KilledWorker

from grader.cluster import bundle, packed, station
from grader.cluster.task import Task
from grader.cluster.terms import GPU, NeedsCourse, Ready, Refused, difference, facts, terms
from grader.course import Course
from grader.errors import ClusterError, ClusterLostError
from grader.grading.worker import Event, MachineFault, Raised
from grader.grading.workers import Died
from grader.printable import count, one_line
from grader.report.step import Step
from grader.student.errors import GraderFault
from grader.student.levels import Isolation, Level

Result = TypeVar("Result")

WAIT_SECONDS = 15.0
"""How long a run without any worker waits for one: a worker that dies is started anew by its nanny in a few seconds."""
_ANSWER_SECONDS = 120.0
_END_SECONDS = 10.0
_TICK_SECONDS = 0.5
_VAIN_SECONDS = 10.0


class Cluster:
    """A team on the workers of a scheduler.

    Args:
        client: connected to the scheduler; closed in the end.
        course: the course, with the salt of the class.
        wanted: exactly this isolation; None for the best of each worker.
        unsafe: accept workers that can isolate nothing.
        device: ``cpu`` or ``cuda``.
        hidden: folders here that student code must not read, should they be there as well.
        say: is told, in one line each, about workers that take no part, and that are gone.
    """

    has_folders = False

    def __init__(
        self,
        client: Client,
        course: Course,
        *,
        wanted: Level | None = None,
        unsafe: bool = False,
        device: str = "cpu",
        hidden: tuple[Path, ...] = (),
        say: Callable[[str], None],
    ) -> None:
        """Begin with ``with``."""
        self._client, self._say = client, say
        self._run = uuid.uuid4().hex[:12]
        self._bundle = bundle.make(course)
        self._terms = terms(
            self._run, self._bundle.name, course, wanted=wanted, unsafe=unsafe, device=device, hidden=hidden
        )
        self._facts = facts()
        assert client.scheduler is not None
        self.where = str(client.scheduler.address)
        self._inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._ready: dict[str, Ready] = {}
        self._asked: dict[str, float] = {}
        self._refusals: list[str] = []
        self._since = time.monotonic()
        self._tasks: dict[str, Task] = {}
        self._number = 0
        self._is_stranded = False
        self._news = time.monotonic()

    def __enter__(self) -> Self:
        """Ask the workers that are there, and wait until they have answered.

        Raises:
            ClusterError: none of them takes part.
        """
        try:
            self._client.subscribe_topic("all", self._hear_of_workers)
            self._client.subscribe_topic(self._terms.topic, lambda event: self._inbox.put(("told", event[1])))
            for address in self._client.scheduler_info()["workers"]:
                self._ask(address)
            self._since = time.monotonic()
            while self._asked or (not self._ready and not self._refusals):
                self._take_one()
                if self._is_deserted():
                    break
            if not self._ready:
                raise ClusterError(self._nobody())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what workers still have of this run."""
        self._close()

    @property
    def isolations(self) -> tuple[Isolation, ...]:
        """The ways in which student code is walled in, on one worker or another."""
        return tuple(sorted({each.isolation for each in self._ready.values()}, key=repr))

    @property
    def workers(self) -> int:
        """The number of workers that take part at the moment."""
        return len(self._ready)

    @property
    def slots(self) -> int:
        """The number of jobs that they do at a time."""
        return sum(each.slots for each in self._ready.values())

    def run(
        self,
        jobs: Mapping[str, Callable[..., Result]],
        *,
        hear: Callable[[Event], None] | None = None,
        died: Callable[[str], Result] | None = None,
    ) -> Iterator[tuple[str, Result]]:
        """Do every job, and yield results as they come; arguments as of ``grader.grading.workers.run``.

        Raises:
            ClusterLostError: the scheduler is gone, or all workers are.
        """
        items, left, again = iter(jobs.items()), len(jobs), deque[Task]()
        try:
            while left:
                while self._ready and len(self._tasks) < self.slots + self.workers:
                    if (task := again.popleft() if again else self._next(items)) is None:
                        break
                    self._submit(task)
                for task, outcome in self._happened(hear):
                    if outcome is None:
                        again.append(task)
                        continue
                    if isinstance(outcome, Died):
                        if died is None:
                            raise GraderFault(
                                f"a process of the grader ended unexpectedly at {task.name}, and a second one as well "
                                "(out of memory?); what was finished is kept, and the same command goes on from there"
                            )
                        outcome = died(task.name)
                    left -= 1
                    yield task.name, outcome
        finally:
            for task in self._tasks.values():
                self._drop(task)
            self._tasks.clear()

    def _next(self, items: Iterator[tuple[str, Callable[..., Any]]]) -> Task | None:
        item = next(items, None)
        return None if item is None else Task(item[0], packed.pack(item[1]))

    def _submit(self, task: Task) -> None:
        self._number += 1
        key = f"{self._terms.resource}-{self._number}"
        resources = {self._terms.resource: 1} | ({GPU: 1} if self._terms.device != "cpu" else {})
        task.at = ""
        try:
            task.future = self._client.submit(
                station.perform, self._run, key, task.data, key=key, pure=False, resources=resources
            )
        except Exception:
            if self._client.status == "running":
                raise
            raise ClusterLostError(self._gone()) from None
        self._tasks[key] = task
        self._news = time.monotonic()
        task.future.add_done_callback(lambda future: self._inbox.put(("done", key)))

    def _drop(self, task: Task) -> None:
        if task.future is not None:
            with contextlib.suppress(Exception):
                task.future.cancel()

    def _happened(self, hear: Callable[[Event], None] | None) -> Iterator[tuple[Task, Any]]:
        """Wait for one thing to happen: tasks that have come to an end by it, with what came of them.

        None for one that is to be done again; ``Died`` for one that has cost too many workers.
        """
        kind, what = self._take_one()
        if self._is_deserted():
            raise ClusterLostError(self._nobody())
        if self._is_stranded or self._waits_in_vain():
            self._is_stranded, self._news = False, time.monotonic()
            for key, task in list(self._tasks.items()):
                if not task.at:
                    self._drop(self._tasks.pop(key))
                    yield task, None
        if kind == "told" and what["key"] in self._tasks:
            self._news = time.monotonic()
            self._follow(self._tasks[what["key"]], what, hear)
        elif kind == "gone":
            for key, task in list(self._tasks.items()):
                if task.lost(what):
                    _end_step(hear, task)
                    if task.is_given_up:
                        self._drop(self._tasks.pop(key))
                        yield task, Died()
        elif kind == "done" and what in self._tasks:
            task = self._tasks[what]
            outcome = self._outcome(what, task)
            if outcome is not _NOT_YET:
                _end_step(hear, task)
                yield task, outcome

    def _follow(self, task: Task, what: Mapping[str, Any], hear: Callable[[Event], None] | None) -> None:
        """Take note of what a worker tells about a task."""
        if what["what"] == "begun":
            task.at = what["worker"]
        elif what["what"] == "ended":
            task.at = ""
        elif hear is not None:
            hear(Event(task.name, msgspec.convert(what["step"], Step)))

    def _outcome(self, key: str, task: Task) -> Any:
        """The result of a task that Dask says is done, or what else came of it."""
        future = task.future
        assert future is not None
        if future.status == "cancelled":  # by somebody else
            del self._tasks[key]
            return None
        try:
            if future.status in ("pending", "lost"):
                raise TimeoutError
            at, outcome = pickle.loads(future.result(timeout=_END_SECONDS))
        except TimeoutError:  # the worker that held the result was lost meanwhile; Dask has it done again
            threading.Timer(_TICK_SECONDS, self._inbox.put, [("done", key)]).start()
            return _NOT_YET
        except KilledWorker:
            del self._tasks[key]
            task.losses += 1
            return Died() if task.is_given_up else None
        except Exception as error:
            if self._client.status != "running":
                raise ClusterLostError(self._gone()) from None
            raise ClusterLostError(
                f"Dask could not do a job ({type(error).__name__}: {one_line(str(error), 200)}); the scheduler needs "
                "the same packages as its workers"
            ) from None
        del self._tasks[key]
        future.release()
        if isinstance(outcome, Raised) and isinstance(outcome.error, MachineFault):
            # One machine's misfortune must not become everybody's: the others go on without it.
            self._retire(at, str(outcome.error))
            return None
        if isinstance(outcome, Raised):
            raise outcome.error
        return outcome

    def _take_one(self) -> tuple[str, Any]:
        """Wait for news and take note of those about workers.

        Raises:
            ClusterLostError: the scheduler is gone.
        """
        try:
            kind, what = self._inbox.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            kind, what = "", None
        if self._client.status != "running":
            raise ClusterLostError(self._gone())
        now = time.monotonic()
        if kind == "come":
            self._ask(what)
        elif kind == "answer":
            self._take_answer(*what)
        elif kind == "gone":
            self._asked.pop(what, None)
            if self._ready.pop(what, None) is not None:
                self._say(f"the worker at {what} is gone; what it was at work on is done again")
        for address in [each for each, since in self._asked.items() if now > since + _ANSWER_SECONDS]:
            self._take_answer(address, Refused(f"it has not answered within {_ANSWER_SECONDS:.0f} seconds"))
        if self._ready or self._asked:
            self._since = now
        return kind, what

    def _hear_of_workers(self, event: tuple[float, Any]) -> None:
        said = event[1]
        if isinstance(said, Mapping) and said.get("action") in ("add-worker", "remove-worker"):
            self._inbox.put(("come" if said["action"] == "add-worker" else "gone", said["worker"]))

    def _ask(self, address: str) -> None:
        if address not in self._asked and address not in self._ready:
            self._asked[address] = time.monotonic()
            threading.Thread(target=self._hear_answer, args=(address,), daemon=True).start()

    def _hear_answer(self, address: str) -> None:
        """Ask one worker, in a thread of its own: one that hangs keeps nobody waiting."""

        def there(function: Callable[..., Any], *arguments: Any) -> Any:
            return self._client.run(function, *arguments, workers=[address])[address]

        answer: Any
        try:
            if different := difference(there(station.facts), self._facts):
                answer = Refused(different)
            else:
                answer = there(station.enlist, self._terms)
                if isinstance(answer, NeedsCourse):
                    wrong = there(station.take_course, *self._bundle)
                    answer = Refused(wrong) if wrong else there(station.enlist, self._terms)
        except ModuleNotFoundError as error:
            answer = Refused(
                f"{one_line(str(error), 200)}; install the course's grader there: pip install '.[cluster]'"
            )
        except Exception as error:
            answer = Refused(f"asked to take part, it fails: {type(error).__name__}: {one_line(str(error), 200)}")
        self._inbox.put(("answer", (address, answer)))

    def _take_answer(self, address: str, answer: Any) -> None:
        if self._asked.pop(address, None) is None:
            return  # it was lost, or given up, meanwhile
        if isinstance(answer, Ready):
            # A task that nobody could have is looked at again when a worker comes, and not when it gets a resource.
            self._is_stranded = self._is_stranded or (not self._ready and bool(self._tasks))
            self._ready[address] = answer
            return
        self._refusals.append(f"the worker at {address} takes no part: {answer.why}")
        self._say(self._refusals[-1])

    def _retire(self, address: str, why: str) -> None:
        """Do without a worker on which nothing can be graded."""
        if self._ready.pop(address, None) is None:
            return
        self._refusals.append(f"the worker at {address} takes no part any more: {one_line(why, 300)}")
        self._say(self._refusals[-1])
        threading.Thread(target=self._dismiss, args=([address],), daemon=True).start()

    def _waits_in_vain(self) -> bool:
        """Whether nobody has begun anything for a while, though there are workers: Dask holds tasks back for others."""
        begun = any(task.at for task in self._tasks.values())
        return bool(self._ready and self._tasks) and not begun and time.monotonic() > self._news + _VAIN_SECONDS

    def _is_deserted(self) -> bool:
        """Whether there has been no worker for so long that none is to be expected."""
        return not self._ready and not self._asked and time.monotonic() > self._since + WAIT_SECONDS

    def _dismiss(self, addresses: list[str]) -> None:
        with contextlib.suppress(Exception):
            self._client.run(station.dismiss, self._run, workers=addresses, on_error="ignore")

    def _gone(self) -> str:
        return f"the scheduler at {self.where} is gone"

    def _nobody(self) -> str:
        if not self._refusals:
            return (
                f"the scheduler at {self.where} has no workers; start some with `dask worker {self.where} --nthreads 1`"
            )
        more = f" (and {count(len(self._refusals) - 1, 'other')})" if len(self._refusals) > 1 else ""
        return f"no worker of {self.where} is left: {self._refusals[-1]}{more}"

    def _close(self) -> None:
        """Let all workers end what they have of this run; one that does not answer is not waited for."""

        def end() -> None:
            if self._ready and self._client.status == "running":
                self._dismiss(list(self._ready))
            with contextlib.suppress(Exception):
                self._client.close(timeout=_END_SECONDS / 2)

        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        ending.join(_END_SECONDS)


_NOT_YET = object()


def _end_step(hear: Callable[[Event], None] | None, task: Task) -> None:
    if hear is not None:
        hear(Event(task.name, None))
