"""The student's side in separate processes: the client of the zygote that forks them, and the channel to one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any, Self

import msgspec

from grader.student import isolation as isolated
from grader.student import scratch, stopped
from grader.student.affinity import Turns
from grader.student.budget import Budget
from grader.student.errors import GraderFault, StudentDied, WireError, out_of_time, seconds
from grader.student.frames import Frame, Receiver, send
from grader.student.levels import Isolation
from grader.student.limits import Limits
from grader.student.own_time import SHIELD
from grader.student.program import ONE_THREAD, Program
from grader.student.session import AnswerAsk, Session, load_submission
from grader.student.wire import Decoder
from grader.student.zygote import ChildRequest

_END_SECONDS = 20.0
_CALLS_AT_MOST = 3
"""How many times the limit of one question a whole session may take: each answer just in time would take hours."""


class ZygoteClient:
    """The place that isolates code: a separate process for each session, forked from one warm zygote.

    One child is alive at a time. A zygote that fails is replaced by another.

    Args:
        isolation: how it is walled in.

    Raises:
        GraderFault: it does not start; the message has its last words.
    """

    def __init__(self, isolation: Isolation) -> None:
        """Start a zygote and wait until it is warm."""
        self.isolation, self.device = isolation, isolation.device
        self.lost = 0
        self._used = self._own = 0.0
        self._program: Program | None = None
        self._is_outside = False
        self._child: Child | None = None
        self._turns = Turns()
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def used(self) -> float:
        """Processor time of all children that have ended and of forking them, in seconds; warming up not included."""
        return self._used

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
        """A session with a fresh child that has loaded the submission; see ``Place.open``.

        Raises:
            GraderFault: no child could be started, not even by a fresh zygote.
        """
        try:
            return load_submission(self._fork(limits, short, budget), sources, main, record=record)
        except GraderFault:
            # One submission's misfortune (a machine out of memory) must not become everybody's.
            self._stop()
            return load_submission(self._fork(limits, short, budget), sources, main, record=record)

    def end_child(self, child: Child, *, kill: bool) -> dict[str, Any]:
        """Wait until the live child is gone, killing it where asked; what the kernel said about it."""
        if self._child is not child:
            return {}
        self._forget_child()
        assert self._program is not None
        with self._replaced_on_a_fault():
            # A child whose connection is closed leaves by itself; one that does not is not waited for.
            if kill or not self._program.speaks(within=1.0):
                self._program.send(b'"kill"')
            ended = self._program.hear("ended")
        # The kernel's own figures: from inside of bubblewrap they do not reach this process's account of its children.
        self._used += ended["seconds"] + ended["own"] - self._own
        self._own = ended["own"]
        return ended

    def close(self) -> None:
        """End the zygote, and its child with it."""
        self._stop()

    @contextlib.contextmanager
    def _replaced_on_a_fault(self) -> Iterator[None]:
        """Forget a zygote that failed, so that the next session starts another."""
        try:
            yield
        except GraderFault:
            self.lost += 1
            self._stop()
            raise

    def _start(self) -> Program:
        stopped.watch()
        try:
            self._scratch, self._is_outside = isolated.scratch_folder(self.isolation)
        except OSError as error:
            raise GraderFault(f"there is no folder for temporary files: {error}") from None
        environment = dict(ONE_THREAD)
        # A fork copies an entry for every page: with large ones there are fewer. Only glibc knows this.
        environment["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
        if self.isolation.device == "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        try:
            self._program = Program(
                "starts student code",
                lambda descriptor: isolated.command(self.isolation, descriptor, self._scratch),
                environment,
            )
            self._own = float(self._program.hear("ready")["own"])
        except GraderFault:
            self._stop()
            raise
        return self._program

    def _stop(self) -> None:
        """End the zygote, if there is one."""
        self._forget_child()
        if self._program is not None:
            self._program.end()
            self._program = None
        self._remove_scratch()

    def _remove_scratch(self) -> None:
        """Remove the scratch folder, if there is one out here; the zygote has emptied it, if it came to that."""
        if self._is_outside:
            scratch.wipe(self._scratch)
            with contextlib.suppress(OSError):
                os.rmdir(self._scratch)
            self._is_outside = False

    def _forget_child(self) -> None:
        self._child = None
        self._turns.end()

    def _fork(self, limits: Limits, short: bool, budget: Budget | None) -> Child:
        """A fresh child with nothing loaded."""
        with SHIELD:
            return self._forked(limits, short, budget)

    def _forked(self, limits: Limits, short: bool, budget: Budget | None) -> Child:
        program = self._program or self._start()
        if self._child is not None:
            self._child.close()
        request = ChildRequest(
            isolated.ring_for(self.isolation, limits, self._scratch),
            limits.output_chars,
            self._turns.begin() if short else None,
        )
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs, self._replaced_on_a_fault():
                program.send(msgspec.json.encode(request), theirs.fileno())
        except GraderFault:
            ours.close()
            raise
        self._child = Child(self, ours, limits, budget)
        self._child.greet()
        return self._child


class Child:
    """A channel to a child.

    Args:
        zygote: whose child it is.
        connection: to the child, which ends when it is closed.
        limits: what was asked for it.
        budget: the time that is left for the whole submission.
    """

    def __init__(
        self, zygote: ZygoteClient, connection: socket.socket, limits: Limits, budget: Budget | None = None
    ) -> None:
        self._zygote, self._connection, self._receiver = zygote, connection, Receiver(connection)
        self._call_seconds, self._cpu_seconds = limits.call_seconds, limits.cpu_seconds
        self._open = True
        self._begun = time.monotonic()
        self._end_of_session = self._begun + _CALLS_AT_MOST * limits.call_seconds
        self._budget = budget
        self._seconds = 0.0
        self._reason: StudentDied | None = None

    def greet(self) -> None:
        """Wait until the child says that its limits are in place.

        Raises:
            GraderFault: they are not, so nothing of the student's may be loaded.
        """
        self._connection.settimeout(_END_SECONDS)
        try:
            word, *why = Decoder(lambda _tag, _rest: None).message(self._receiver.receive())
        except (OSError, EOFError, WireError) as error:
            word, why = "failed", [f"it ended at once ({error})"]
        if word != "ready":
            self._end(kill=True)
            raise GraderFault(f"a student's process could not be limited: {', '.join(map(str, why))}")

    def exchange(self, question: Frame, answer_ask: AnswerAsk) -> Frame:
        """Ask, and answer what comes back until it is the answer.

        Raises:
            StudentDied: the process ended, or took too long and was ended.
        """
        if self._reason is not None:
            raise StudentDied(str(self._reason), timed_out=self._reason.timed_out)
        if not self._open:
            raise GraderFault("a question was asked in a session that had been closed")
        with SHIELD:
            return self._exchanged(question, answer_ask)

    def _exchanged(self, question: Frame, answer_ask: AnswerAsk) -> Frame:
        deadline = stopped.Deadline(self._end_of_a_call)
        try:
            if self._receiver.waiting():
                raise StudentDied("the process sent something that is not an answer: nothing had been asked")
            send(self._connection, question, deadline)
            while _is_ask(frame := self._receiver.receive(deadline)):
                send(self._connection, answer_ask(frame), deadline)
            return frame
        except TimeoutError:
            reason = self._too_late(deadline.begun)
            self._end(kill=True)
        except (EOFError, ConnectionError):
            reason = self._died(self._end(kill=False))
        except WireError as error:
            reason = StudentDied(f"the process sent something that is not an answer: {error}")
            self._end(kill=True)
        except StudentDied as violation:
            reason = violation
            self._end(kill=True)
        self._reason = reason
        raise reason

    def _too_late(self, start: float) -> StudentDied:
        """Say which of the three deadlines of a question has passed."""
        if self._budget is not None and self._budget.is_spent:
            return self._budget.ended()
        words = f"no answer within {seconds(self._call_seconds)}"
        if start + self._call_seconds > self._end_of_session:
            words = f"the answers took more than {seconds(_CALLS_AT_MOST * self._call_seconds)} altogether"
        return StudentDied(words, timed_out=True)

    def _end_of_a_call(self, now: float) -> float:
        """The end of a call that begins now; all time begins anew where this process was stopped meanwhile."""
        if stopped.since(self._begun):
            self._begun, self._end_of_session = now, now + _CALLS_AT_MOST * self._call_seconds
        end = min(now + self._call_seconds, self._end_of_session)
        return end if self._budget is None else min(end, now + self._budget.left)

    def _end(self, *, kill: bool) -> dict[str, Any]:
        with SHIELD:
            return self._ended(kill=kill)

    def _ended(self, *, kill: bool) -> dict[str, Any]:
        if not self._open:
            return {}
        self._open = False
        self._connection.close()
        ended = self._zygote.end_child(self, kill=kill)
        self._seconds = float(ended.get("seconds", 0.0))
        return ended

    def _died(self, ended: dict[str, Any]) -> StudentDied:
        status = int(ended.get("ended", 0))
        if ended.get("overfull"):
            most = f"{scratch.BYTES >> 20} MB, {scratch.ENTRIES:,} files or {scratch.DEPTH} levels of folders"
            return StudentDied(f"the code kept more than {most} on the disk")
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number == signal.SIGXCPU or (number == signal.SIGKILL and self._seconds >= self._cpu_seconds):
                return out_of_time(self._cpu_seconds)
            if number in (signal.SIGKILL, signal.SIGTERM):
                self._zygote.lost += 1
            return StudentDied(f"the process was ended by {_signal_in_words(number)}")
        return StudentDied(f"the code ended the process itself, with exit status {os.waitstatus_to_exitcode(status)}")

    def close(self) -> None:
        """End the child."""
        self._end(kill=False)


def _signal_in_words(number: int) -> str:
    """``SIGSEGV (Segmentation fault)``; of the signals that are free for everybody's use, most have a number only."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"{name} ({signal.strsignal(number)})"


def _is_ask(frame: Frame) -> bool:
    # msgpack: a short list (0x9n) whose first item is the string "ask" (0xa3 and three letters).
    return frame.head[1:5] == b"\xa3ask"
