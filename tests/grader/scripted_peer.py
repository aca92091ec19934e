"""A live peer in the place of a student's process: it plays a script to the grader's own session, over a socket."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from arbitrary import frame_of, frames
from hypothesis import strategies as st

from grader.student.budget import Budget
from grader.student.errors import WireError
from grader.student.frames import Frame, Receiver, send
from grader.student.inprocess import Here
from grader.student.limits import Limits
from grader.student.processes import Child
from grader.student.session import Session, load_submission

LIMITS = Limits(call_seconds=2.0)

Move = Frame | bytes
"""A frame is sent; after an ask, the grader's answer is awaited. Bytes are sent as they are, and the peer hangs up."""

moves = st.lists(frames, min_size=1, max_size=8) | st.lists(frames | st.binary(max_size=40), min_size=1, max_size=8)
statuses = st.integers(0, 255).map(lambda code: code << 8) | st.integers(1, 64) | st.integers(1, 64).map((128).__or__)
"""What the kernel may say of how a process ended: an exit status, or a signal, with a core or without."""

RIGHT: Mapping[tuple[str, str], Any] = {("load", ""): None, ("begin", ""): None}


class Peer:
    """A student's process that says what a script says, whatever it is asked, again and again.

    Args:
        script: what it says.
        status: how it ends, as the kernel says it.
        right: questions to which it gives these answers, by verb and by the name that is called.
    """

    def __init__(self, script: Sequence[Move], status: int = 0, right: Mapping[tuple[str, str], Any] = RIGHT) -> None:
        self._script: Iterator[Move] = itertools.cycle(script)
        self._status, self._right = status, right
        self._ends: list[socket.socket] = []
        self.lost = 0

    def end_child(self, child: Child, *, kill: bool) -> dict[str, Any]:
        """As the zygote's client."""
        return {"ended": self._status, "seconds": 0.0}

    def open(self, limits: Limits = LIMITS) -> Child:
        """A channel to a process that has said that its limits are in place."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ends.append(theirs)
        threading.Thread(target=self._talk, args=(theirs,), daemon=True).start()
        return Child(self, ours, limits)  # type: ignore[arg-type]

    def close(self) -> None:
        """End every connection, on which a thread may still wait."""
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _talk(self, connection: socket.socket) -> None:
        receiver = Receiver(connection)
        with connection, contextlib.suppress(OSError, EOFError, WireError, ValueError):
            while True:
                verb, *rest = msgspec.msgpack.decode(receiver.receive().head)
                name = rest[0] if verb == "call" and isinstance(rest[0], str) else ""
                if (verb, name) in self._right:
                    send(connection, frame_of(["ok", self._right[verb, name], "", 0]))
                    continue
                while True:
                    move = next(self._script)
                    if isinstance(move, bytes):
                        connection.sendall(move)
                        return
                    send(connection, move)
                    if move.head[1:5] != b"\xa3ask":
                        break
                    receiver.receive()


class PeerPlace:
    """A place in which every session is one with the same peer."""

    isolation, device, lost = Here.isolation, "cpu", 0

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def used(self) -> float:
        """No processor time."""
        return 0.0

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
        """A session with the peer, which has loaded nothing."""
        limits = msgspec.structs.replace(limits, call_seconds=LIMITS.call_seconds)
        return load_submission(self._peer.open(limits), sources, main, record=record)
