"""Errors: the ways in which a question to the student's side can end without an answer."""

from __future__ import annotations

import errno
import re

WRITE_ME = re.compile(r"([\w.]{1,100}): write me")
"""The beginning of what a stub raises; group 1 is the exercise."""


class StudentError(Exception):
    """The student's code raised an exception.

    Attributes:
        kind: the exception's class name, ``ZeroDivisionError``.
        kinds: that name and those of its base classes, most special first.
        message: the exception's own text.
        line: the line of the student's file that raised it, or 0 where it is unknown.
        source: the text of that line.
        trace: the traceback from the student's first frame on.
    """

    def __init__(
        self, kind: str, kinds: tuple[str, ...], message: str, line: int = 0, source: str = "", trace: str = ""
    ) -> None:
        """Keep the parts; ``str()`` puts them in one line."""
        self.kind, self.kinds, self.message = kind, kinds, message
        self.line, self.source, self.trace = line, source, trace
        where = f" (line {line}: {source})" if line and source else f" (line {line})" if line else ""
        super().__init__(f"{kind}: {message}{where}" if message else f"{kind}{where}")

    @property
    def not_written(self) -> bool:
        """Whether the stub is still in place."""
        return self.kind == "NotImplementedError"

    def unwritten(self, asked: str) -> str:
        """Say what is still the stub, and where: ``train is not written yet (line 179)``.

        Args:
            asked: the exercise that was called; it may have called another one that says its own name.
        """
        named = WRITE_ME.match(self.message)
        return f"{named[1] if named else asked} is not written yet{f' (line {self.line})' if self.line else ''}"


class StudentDied(BaseException):
    """The student's process ended, or had to be ended, before it answered; ``str()`` says why.

    A ``BaseException``, because no later question of the same session can be answered: test frameworks that catch
    ``Exception`` to try again with a smaller example must not catch this one.

    Attributes:
        timed_out: whether a limit of time ended it.
    """

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        """Store the reason, in words that the student understands."""
        super().__init__(reason)
        self.timed_out = timed_out


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether the grader's own memory has run out, as it is said in Python, by the system, and by torch."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        # torch says: "DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes".
        if isinstance(error, ImportError) and "failed to map segment" in str(error):  # a library that found no room
            return True
        if isinstance(error, RuntimeError) and ("t allocate memory" in str(error) or "start new thread" in str(error)):
            return True
        # Python's own C code, where it finds no room and forgets to say so: "error return without exception set", or
        # "<built-in function f> returned NULL without setting an exception". Such a process is not to be trusted.
        if isinstance(error, SystemError) and _WITHOUT.search(str(error)):
            return True
        error = error.__cause__
    return False


_WITHOUT = re.compile(r"without (exception set|setting an exception)")


def shortened(text: str, most: int) -> str:
    """The first ``most`` characters of a text, and how many were left out.

    Everything that a student's side says passes through here before it is kept, each kind of text with its own cap.
    """
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]} … ({left_out:,} more character{'' if left_out == 1 else 's'})"


def seconds(value: float) -> str:
    """``1 second``, ``2.5 seconds``."""
    return f"{value:g} second{'' if value == 1 else 's'}"


def out_of_time(cpu_seconds: float) -> StudentDied:
    """The error for code that has used up its processor time."""
    return StudentDied(
        f"it was still computing after {seconds(cpu_seconds)} of processor time; is there a loop that does not end?",
        timed_out=True,
    )


class GraderFault(Exception):
    """The grader's own machinery failed; no verdict may be drawn from it."""


class NoMemoryFault(GraderFault, MemoryError):
    """A process of the grader's own found no memory: whoever has started it has none either."""


class WireError(Exception):
    """Bytes that are not a legal frame, or a value that may not cross."""
