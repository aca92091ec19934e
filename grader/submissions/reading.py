"""The program of the process in which submissions are read: it forks one child per question, and parses nothing itself.

Python's parser is not made for hostile text: a few hundred bytes can take gigabytes, minutes, or a crash. So each
question is answered by a child that has given up everything but reading one folder, under limits of its own; its
end is one answer that does not come. The code in it is ours and trusted; what it reads is not.

The grader's side is ``grader.submissions.reader``. Its lines of JSON: a ``Ring`` with the child's own connection as a
file descriptor beside it (fork), or ``"end"`` (end the child, and say how it ended).
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from grader.student.frames import Receiver, send
from grader.student.lockdown import Ring, enter
from grader.submissions.find import find_work
from grader.submissions.messages import (
    OUT_OF_MEMORY,
    Answer,
    At,
    Done,
    Failed,
    Find,
    Question,
    frame,
    packed,
    packed_normal,
    question,
    text_of_bytes,
)
from grader.submissions.normal import normal

_END = b'"end"'


def main(descriptor: int, preload: tuple[str, ...] = ()) -> NoReturn:
    """Serve the connection until the grader closes it; ``preload`` are modules that every child would import."""
    connection = socket.socket(fileno=descriptor)
    for name in preload:
        with contextlib.suppress(ImportError):  # an extra that is not installed; who needs it says so
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    connection.sendall(b'{"ready": true}\n')
    child = 0
    heard = b""
    descriptors: list[int] = []
    while True:
        while b"\n" not in heard:
            data, found, _, _ = socket.recv_fds(connection, 1 << 16, 1)
            descriptors += found
            if not data:
                _end(child)
                os._exit(0)
            heard += data
        line, heard = heard.split(b"\n", 1)
        status, seconds = _end(child)
        child = 0
        if line == _END:
            connection.sendall(msgspec.json.encode({"ended": status, "seconds": seconds}) + b"\n")
            continue
        child = os.fork()
        if not child:
            connection.close()
            _child(descriptors[0], msgspec.json.decode(line, type=Ring))
        os.close(descriptors.pop(0))


def _end(child: int) -> tuple[int, float]:
    """End the child, if there is one; its wait status and its processor time. One that has ended has its own status."""
    if not child:
        return 0, 0.0
    os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return status, usage.ru_utime + usage.ru_stime


def _child(descriptor: int, ring: Ring) -> NoReturn:
    """Take a question, give up all that it does not need, answer it, and end."""
    status = 1
    try:
        connection = socket.socket(fileno=descriptor)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        asked = question(Receiver(connection).receive())

        def say(message: Answer) -> None:
            send(connection, frame(message))

        try:
            enter(_with_folder(ring, asked))
            say(_answered(asked, say))
        except MemoryError:
            status = OUT_OF_MEMORY
        except Exception as error:
            say(Failed(f"{type(error).__name__}: {error}"[:1000].encode(errors="replace").decode()))
        else:
            status = 0
    finally:
        os._exit(status)


def _with_folder(ring: Ring, asked: Question) -> Ring:
    if isinstance(asked, Find):
        return dataclasses.replace(ring, readable=(*ring.readable, os.fsdecode(asked.folder)))
    return ring


def _answered(asked: Question, say: Callable[[Answer], None]) -> Answer:
    if not isinstance(asked, Find):
        for source in asked.sources:
            say(packed_normal(normal(text_of_bytes(source), asked.given)))
        return Done()
    folder = Path(os.fsdecode(asked.folder))
    lesson = next(each for each in asked.lessons if each.name == asked.lesson)

    def tell(parts: tuple[str, ...]) -> None:
        say(At(os.fsencode("/".join(parts))))

    set_aside = {tuple(os.fsdecode(where).split("/")): why for where, why in asked.set_aside}
    found = find_work(folder, lesson, asked.lessons, asked.stub, levels=asked.levels, set_aside=set_aside, tell=tell)
    return packed(found, folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), tuple(sys.argv[2:]))
