"""A program of the grader's own in another process, at the other end of a connection: started, heard, and ended."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from grader.student.errors import GraderFault, NoMemoryFault

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
"""An environment in which numerical libraries take one thread; processes with more would wait for each other."""
_START_SECONDS = 120.0
_END_SECONDS = 20.0
_LAST_WORDS = 1500
_NO_MEMORY = re.compile(r"^MemoryError\b|failed to map segment|t allocate memory")


class Program:
    """A running program that forks children and answers in JSON objects, one per line.

    Args:
        what: what it does, for messages: "starts student code".
        command: gives its command line, from the descriptor of its end of the connection.
        environment: all of its environment. Nothing of the grader's own goes along: it may hold the salt, tokens,
            anything.

    Raises:
        GraderFault: it cannot be started.
    """

    def __init__(self, what: str, command: Callable[[int], Sequence[str]], environment: Mapping[str, str]) -> None:
        """Start it; its first line comes when it is ready."""
        self._what, self._heard = what, b""
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the processes that write to it
            except OSError as error:
                self.connection.close()
                raise GraderFault(f"there is no room for what the process that {what} says: {error}") from None
            try:
                self.process = subprocess.Popen(
                    command(theirs.fileno()),
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._log,
                    env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **environment},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                self.connection.close()
                self._log.close()
                raise GraderFault(f"the process that {what} cannot be started: {error}") from None
        self.connection.settimeout(_START_SECONDS)

    def send(self, line: bytes, *descriptors: int) -> None:
        """Send one line, and file descriptors beside it.

        Raises:
            GraderFault: it has ended.
        """
        try:
            socket.send_fds(self.connection, [line + b"\n"], descriptors)
        except OSError:
            raise self.fault("has ended") from None

    def speaks(self, within: float) -> bool:
        """Whether it says something within so many seconds."""
        return bool(self._heard or select.select([self.connection], [], [], within)[0])

    def hear(self, wanted: str) -> dict[str, Any]:
        """The next line, which has to have the key ``wanted``.

        Raises:
            GraderFault: it has ended, or does not answer, or says something else.
        """
        while b"\n" not in self._heard:
            try:
                data = self.connection.recv(1 << 16)
            except TimeoutError:
                raise self.fault("does not answer") from None
            except OSError:
                data = b""
            if not data:
                raise self.fault("has ended")
            self._heard += data
        line, self._heard = self._heard.split(b"\n", 1)
        message: dict[str, Any] = msgspec.json.decode(line)
        if wanted not in message:
            raise self.fault(f"said {message} instead of {wanted!r}")
        return message

    def fault(self, what: str) -> GraderFault:
        """End what is left of it; the last line that it said is the reason. ``end`` is called all the same."""
        self._end(kill=True)
        words = ""
        if not self._log.closed:
            self._log.seek(0)
            words = self._log.read()[-_LAST_WORDS:].decode(errors="replace").strip()
        last = words.rpartition("\n")[2].strip()
        kind = NoMemoryFault if _NO_MEMORY.search(last) else GraderFault
        fault = kind(f"the process that {self._what} {what}{': ' if last else ''}{last}")
        if last != words:
            fault.add_note(words)
        return fault

    def end(self) -> None:
        """End it, and its children with it: it leaves when its connection is closed, and is given a moment for that."""
        self._end(kill=False)
        self._log.close()

    def _end(self, *, kill: bool) -> None:
        self.connection.close()
        if not kill:
            try:
                self.process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                kill = True
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=_END_SECONDS)
