"""Frames: the bytes of one message between the grader and a student's process, and how they are sent and received.

A frame is two lengths, a msgpack head and the raw bytes of arrays. Both caps are checked before anything is allocated.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import NamedTuple

from grader.student.errors import WireError

HEAD_CAP = 1 << 20
BODY_CAP = 1 << 24
_CHUNK = 1 << 18
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


def receive(connection: socket.socket, deadline: float | None = None) -> Frame:
    """Read one frame.

    Args:
        connection: where from.
        deadline: on the monotonic clock, for the whole frame: one that trickles in does not get more time.

    Raises:
        EOFError: the other side closed the connection.
        WireError: a length is above its cap.
        TimeoutError: the deadline, or the socket's timeout, passed.
    """
    head, body = _LENGTHS.unpack(_read(connection, _LENGTHS.size, deadline))
    if head > HEAD_CAP or body > BODY_CAP:
        raise WireError(f"a message of {head:,} + {body:,} bytes is larger than allowed")
    return Frame(_read(connection, head, deadline), _read(connection, body, deadline))


def _read(connection: socket.socket, size: int, deadline: float | None) -> bytes:
    # Grows with what has come, not with what was announced.
    buffer = bytearray()
    while len(buffer) < size:
        if deadline is not None:
            connection.settimeout(_left(deadline))
        data = connection.recv(min(size - len(buffer), _CHUNK))
        if not data:
            raise EOFError
        if len(data) == size:
            return data
        buffer += data
    return bytes(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
