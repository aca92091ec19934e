"""Frames: the bytes of one message between the grader and a student's process, and how they are sent and received.

A frame is two lengths, a msgpack head and the raw bytes of arrays. Both caps are checked before anything is allocated.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from typing import NamedTuple

from grader.student.errors import WireError

HEAD_CAP = 1 << 20
BODY_CAP = 1 << 24
_SMALL, _LARGE = 1 << 14, 1 << 18
"""Bytes asked for at a time: most frames fit into the first, and space for the second takes far longer to get."""
_LENGTHS = struct.Struct("<II")


class Frame(NamedTuple):
    """One message: a msgpack head and the bytes of its arrays. Immutable, so it can be kept and sent again."""

    head: bytes
    body: bytes


def send(connection: socket.socket, frame: Frame, deadline: float | None = None) -> None:
    """Write one frame.

    Raises:
        TimeoutError: the other side had not read it by the deadline (monotonic clock).
    """
    if deadline is not None:
        connection.settimeout(_left(deadline))
    connection.sendall(_LENGTHS.pack(len(frame.head), len(frame.body)) + frame.head + frame.body)


class Receiver:
    """Reads the frames that come over a connection, most of them in one go.

    Args:
        connection: where from.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def receive(self, deadline: float | None = None) -> Frame:
        """Read one frame; what comes right after it is kept for the next.

        Args:
            deadline: on the monotonic clock, for the whole frame: one that trickles in does not get more time.

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

    def _fill(self, size: int, deadline: float | None) -> None:
        # Grows with what has come, not with what was announced.
        while len(self._buffer) < size:
            if deadline is not None:
                self._connection.settimeout(_left(deadline))
            missing = size - len(self._buffer)
            data = self._connection.recv(min(max(missing, _SMALL), _LARGE))
            if not data:
                raise EOFError
            self._buffer += data


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
