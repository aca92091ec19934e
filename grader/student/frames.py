"""Frames: the bytes of one message between the grader and a student's process, and how they are sent and received.

A frame is two lengths, a msgpack head and the raw bytes of arrays. Both caps are checked before anything is allocated.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from grader.student.errors import WireError

Argument = TypeVar("Argument")
Result = TypeVar("Result")

HEAD_CAP = 1 << 20
BODY_CAP = 1 << 24
_SMALL, _LARGE = 1 << 14, 1 << 18
"""Bytes asked for at a time: most frames fit into the first, and space for the second takes far longer to get."""
_LENGTHS = struct.Struct("<II")


class Deadline(Protocol):
    """The end of a wait; ``grader.student.stopped`` has the grader's own, which no student's process loads."""

    def left(self) -> float:
        """Seconds that are left, more than none.

        Raises:
            TimeoutError: there are none.
        """


class Frame(NamedTuple):
    """One message: a msgpack head and the bytes of its arrays. Immutable, so it can be kept and sent again."""

    head: bytes
    body: bytes


def send(connection: socket.socket, frame: Frame, deadline: Deadline | None = None) -> None:
    """Write one frame.

    Raises:
        TimeoutError: the other side had not read it by the deadline, or within the socket's timeout.
    """
    left = memoryview(_LENGTHS.pack(len(frame.head), len(frame.body)) + frame.head + frame.body)
    while left:
        left = left[_before(deadline, connection, connection.send, left) :]


class Receiver:
    """Reads the frames that come over a connection, most of them in one go.

    Args:
        connection: where from.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def receive(self, deadline: Deadline | None = None) -> Frame:
        """Read one frame; what comes right after it is kept for the next.

        Args:
            deadline: for the whole frame: one that trickles in does not get more time.

        Raises:
            EOFError: the other side closed the connection.
            WireError: a length is above its cap.
            TimeoutError: the deadline, or the socket's timeout, passed.
        """
        self._fill(_LENGTHS.size, deadline)
        head, body = _LENGTHS.unpack_from(self._buffer)
        if head > HEAD_CAP or body > BODY_CAP:
            raise WireError(f"a message of {head:,} + {body:,} bytes is larger than allowed")
        middle, end = _LENGTHS.size + head, _LENGTHS.size + head + body
        self._fill(end, deadline)
        frame = Frame(bytes(self._buffer[_LENGTHS.size : middle]), bytes(self._buffer[middle:end]))
        del self._buffer[:end]
        return frame

    def waiting(self) -> bool:
        """Whether there is something to read already, the end of the connection not included."""
        if self._buffer:
            return True
        ready = select.select([self._connection], [], [], 0)[0]
        return bool(ready and self._connection.recv(1, socket.MSG_PEEK))

    def _fill(self, size: int, deadline: Deadline | None) -> None:
        # Grows with what has come, not with what was announced.
        while (missing := size - len(self._buffer)) > 0:
            most = min(max(missing, _SMALL), _LARGE)
            data = _before(deadline, self._connection, self._connection.recv, most)
            if not data:
                raise EOFError
            self._buffer += data


def _before(
    deadline: Deadline | None, connection: socket.socket, work: Callable[[Argument], Result], argument: Argument
) -> Result:
    """Do something with a connection that may have to wait, until the deadline."""
    if deadline is None:
        return work(argument)
    while True:
        connection.settimeout(deadline.left())
        try:
            return work(argument)
        except TimeoutError:
            continue  # there is time left if this process was stopped meanwhile
