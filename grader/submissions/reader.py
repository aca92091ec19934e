"""The grader's side of the process in which submissions are read: one per process of the grader, replaced when it dies.

Nothing that a student hands in is parsed on this side. A file that takes more than its limits, or that crashes Python's
parser, is set aside with a line for the student, and the rest of the folder is read without it.
"""

from __future__ import annotations

import atexit
import functools
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from grader.course import Lesson
from grader.printable import one_line
from grader.student import lockdown, stopped
from grader.student.errors import GraderFault, WireError
from grader.student.frames import Receiver, send
from grader.student.isolation import readable
from grader.student.program import ONE_THREAD, Program
from grader.submissions.messages import (
    OUT_OF_MEMORY,
    Answer,
    At,
    Done,
    Failed,
    Find,
    Found,
    Normalise,
    Normalised,
    Question,
    ReadingLimits,
    answer,
    failed,
    frame,
    text_to_bytes,
    unpacked,
    unpacked_normal,
    unreadable,
)
from grader.submissions.normal import Normal
from grader.submissions.read import Submission
from grader.submissions.walk import DEEPEST

_MOST_SET_ASIDE = 2
"""Files that one search sets aside before it gives the folder up: each costs all of the time that a search may take."""

_MOST_NAMED = 4
_MOST_AT_ONCE, _MOST_CHARACTERS_AT_ONCE = 50, 400_000

TOO_LARGE = "needs more memory to be read than any answer does"
TOO_SLOW = "takes longer to be read than any answer does"
CRASHES = "makes Python itself crash while it is read"
_LIMITS = ReadingLimits()


class _Died(Exception):
    """The child ended before it had answered.

    Attributes:
        why: what to say of the file that it read last; "" if it was ended from outside.
        at: that file, by the way to it from the folder; b"" if there was none.
    """

    def __init__(self, why: str, at: bytes) -> None:
        """Keep both."""
        super().__init__(why)
        self.why, self.at = why, at


class Reader:
    """Reads what students hand in, in processes that have limits and can do no harm.

    Args:
        limits: what one question may take.
        preload: modules that are imported once for all of them.
    """

    def __init__(self, limits: ReadingLimits = _LIMITS, preload: Sequence[str] = ()) -> None:
        """Start nothing yet: the process is started by the first question."""
        self._limits, self._preload = limits, tuple(preload)
        self._program: Program | None = None
        # Files that could not be read, with their size and time: they are not tried again at the next lesson.
        self._set_aside: dict[tuple[bytes, bytes], tuple[object, str]] = {}
        self._ring = _ring(limits)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def find(
        self, folder: Path, lesson: Lesson, lessons: Sequence[Lesson], stub: str, *, levels: int = DEEPEST
    ) -> Submission:
        """``grader.submissions.find.find_work``, walled in.

        Raises:
            GraderFault: the process that reads cannot be started.
        """
        where = os.fsencode(folder.absolute())
        begun = len(self._known(where))
        while True:
            known = self._known(where)
            if len(known) - begun > _MOST_SET_ASIDE:
                return unreadable(f"the folder holds several files that cannot be read: {_in_words(known)}")
            asked = Find(where, lesson.name, tuple(lessons), stub, levels, tuple(known.items()))
            try:
                got = self._answer(asked, [])
                if isinstance(got, Failed):
                    return failed(f"{got.why} ({one_line(folder.name)}, {lesson.name})")
                if not isinstance(got, Found):
                    raise WireError("the process that reads submissions answered another question")
                return unpacked(got, Path(os.fsdecode(where)))
            except WireError as error:
                self.close()
                return failed(f"{error} ({one_line(folder.name)}, {lesson.name})")
            except _Died as died:
                if not died.at or died.at in known:
                    return unreadable(f"the folder {died.why}")
                self._set_aside[where, died.at] = (_version(where, died.at), died.why)

    def normals(self, sources: Sequence[str], given: str) -> dict[str, Normal | str]:
        """``grader.submissions.normal.normal`` of each source, walled in; or why it could not be made.

        One child makes several. Where it ends, the source that it was at is tried once more, alone among the first.

        Raises:
            GraderFault: the process that reads cannot be started.
        """
        made: dict[str, Normal | str] = {}
        waiting = list(dict.fromkeys(sources))
        while waiting:
            batch: list[str] = []
            while waiting and len(batch) < _MOST_AT_ONCE and sum(map(len, batch)) < _MOST_CHARACTERS_AT_ONCE:
                batch.append(waiting.pop(0))
            heard: list[Answer] = []
            why = "the process that reads submissions did not answer"
            try:
                last = self._answer(Normalise(tuple(map(text_to_bytes, batch)), given), heard)
                why = last.why if isinstance(last, Failed) else why
            except WireError as error:
                why = str(error)
            except _Died as died:
                why = f"it {died.why}"
            done = 0
            try:
                for source, answered in zip(batch, heard, strict=False):
                    if not isinstance(answered, Normalised):
                        raise WireError("the process that reads submissions answered another question")
                    made[source] = unpacked_normal(answered, source)
                    done += 1
            except WireError as error:
                why = str(error)
            if not done:
                made[batch.pop(0)] = why
            waiting = batch[done:] + waiting
        return made

    def close(self) -> None:
        """End the process, if there is one; the next question starts another."""
        if self._program is not None:
            self._program.end()
            self._program = None

    def _known(self, folder: bytes) -> dict[bytes, str]:
        """The files of a folder that could not be read and have not changed since, and why."""
        return {
            where: why
            for (own, where), (version, why) in self._set_aside.items()
            if own == folder and version == _version(folder, where)
        }

    def _answer(self, asked: Question, heard: list[Answer]) -> Answer:
        """Ask a fresh child; where something from outside ends it, once more."""
        try:
            try:
                return self._ask(asked, heard)
            except GraderFault:
                # The process that forks is gone: nothing that a child of it can do.
                self.close()
                return self._ask(asked, heard)
            except _Died as died:
                if died.why:
                    raise
                return self._ask(asked, heard)
        except _Died as died:
            raise _Died(died.why or TOO_LARGE, died.at) from None
        except BaseException:
            # Interrupted: what comes next must not be taken for the answer to the next question.
            self.close()
            raise

    def _ask(self, asked: Question, heard: list[Answer]) -> Answer:
        """Ask a fresh child; its last answer, with those before it in ``heard``, also where the last one does not come.

        Raises:
            _Died: it ended, or had to be ended, before it had answered.
            GraderFault: the process that forks children has ended, or does not start.
            WireError: what came is not an answer.
        """
        program = self._program or self._start()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours:
            with theirs:
                program.send(self._ring, theirs.fileno())
            at = b""
            heard.clear()
            deadline = stopped.Deadline(lambda now: now + self._limits.seconds)
            receiver = Receiver(ours)
            try:
                send(ours, frame(asked), deadline)
                while not isinstance(got := answer(receiver.receive(deadline)), Found | Failed | Done):
                    if isinstance(got, At):
                        at = got.where
                    else:
                        heard.append(got)
            except TimeoutError:
                self._end(program)
                raise _Died(TOO_SLOW, at) from None
            except (OSError, EOFError):
                raise _Died(self._why(**self._end(program)), at) from None
        return got

    def _why(self, ended: int, seconds: float) -> str:
        """Explain a wait status by what was read; "" where something from outside has ended the process."""
        if os.WIFSIGNALED(ended):
            number = os.WTERMSIG(ended)
            if number == signal.SIGXCPU or (number == signal.SIGKILL and seconds >= self._limits.cpu_seconds):
                return TOO_SLOW
            return "" if number in (signal.SIGKILL, signal.SIGTERM) else CRASHES
        return TOO_LARGE if os.waitstatus_to_exitcode(ended) == OUT_OF_MEMORY else CRASHES

    def _end(self, program: Program) -> dict[str, Any]:
        """End the child; its wait status, and its processor time."""
        program.send(b'"end"')
        return program.hear("ended")

    def _start(self) -> Program:
        def command(descriptor: int) -> list[str]:
            return [sys.executable, "-I", "-m", "grader.submissions.reading", str(descriptor), *self._preload]

        stopped.watch()
        self._program = Program("reads submissions", command, ONE_THREAD)
        self._program.hear("ready")
        return self._program


def _ring(limits: ReadingLimits) -> bytes:
    """The limits of a child, as a line: read libraries, and what the question adds."""
    # Where the kernel cannot guard files there are limits, which is what reading needs most.
    walled = lockdown.landlock_version() > 0 and lockdown.has_seccomp()
    ring = lockdown.Ring(
        readable=tuple(readable()),
        writable=(os.devnull,),
        memory_bytes=limits.memory_mb << 20,
        cpu_seconds=limits.cpu_seconds,
        landlock=walled,
        seccomp=walled,
        reads_all=True,
    )
    return msgspec.json.encode(ring)


def _in_words(set_aside: Mapping[bytes, str]) -> str:
    shown = [f"{one_line(os.fsdecode(where), 60)} {why}" for where, why in set_aside.items()]
    return "; ".join([*shown[:_MOST_NAMED], *(["and more"] if len(shown) > _MOST_NAMED else [])])


def _version(folder: bytes, where: bytes) -> object:
    """A value that changes when a file does; None if there is no file."""
    try:
        found = os.lstat(os.path.join(folder, where))
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@functools.cache
def _of_process(process: int) -> Reader:
    reader = Reader()
    atexit.register(reader.close)
    return reader


def shared() -> Reader:
    """The one reader of this process."""
    return _of_process(os.getpid())
