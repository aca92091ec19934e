"""A warm process that has imported what student code needs, and forks one child for each session.

Importing torch takes over a second; a fork of a process that has it takes milliseconds. Every submission's child can
read what this process has in memory, so it must hold nothing but libraries: source text, tests and references go
from the grader straight to the child, over a connection that this process passes on and never reads.

The grader's side is ``grader.student.processes``. Between the two go lines of JSON. From the grader: a
``ChildRequest`` with the child's own connection as a file descriptor beside it (fork), or ``"kill"`` (end the child
now). To the grader: ``ready`` once, and of every ended child its wait status, processor time and peak memory; ``own``
is the processor time of this process so far, and ``overfull`` says that the child was ended because it kept too much
in its scratch folder. That folder is empty when this is said.

The process must have exactly one thread: a child of one that ever ran a parallel operation can wait for ever on locks
that no thread of its own holds.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pdb
import select
import signal
import socket
import sys
import threading
import time
from typing import Any, NoReturn

import msgspec

from grader.student import scratch
from grader.student.affinity import stay
from grader.student.lockdown import Ring, enter, prepare
from grader.student.pages import make_large


class ChildRequest(msgspec.Struct, frozen=True):
    """The permissions and limits of one child."""

    ring: Ring
    output_chars: int
    processor: int | None = None


def warm() -> None:
    """Import and use once what a submission may: the first use of an optimizer alone imports for a second."""
    import gymnasium.vector
    import numpy as np
    import torch

    import grader.student.server  # noqa: F401 - what the child will need

    torch.set_num_threads(1)
    with contextlib.suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    for kind in (torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop):
        optimizer = kind(model.parameters(), lr=1e-3)
        loss = torch.nn.functional.smooth_l1_loss(model(torch.zeros(3, 4)), torch.zeros(3, 2))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    torch.distributions.Categorical(logits=torch.zeros(2, 2)).sample()
    np.random.default_rng(0).choice(4, 2, replace=False)
    gymnasium.vector.AutoresetMode("NextStep")


def main(connection_fd: int, folder: str) -> NoReturn:
    """Serve the connection until the grader closes it; ``folder`` is the scratch folder."""
    connection = socket.socket(fileno=connection_fd)
    os.environ.update(scratch.environment(folder))
    scratch.lay_out(folder)  # libraries look for such places while they are imported
    warm()
    scratch.wipe(folder)
    # A line that somebody forgot is no reason to lose marks: there is nobody here to talk to a debugger.
    sys.breakpointhook = pdb.set_trace = _no_debugger
    # What is left on sys.path from the grader's own folder is of no use to a student.
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]
    if threading.active_count() != 1 or _threads() > 1:
        raise SystemExit("the zygote has more than one thread")
    # Ended children wake the select below through this pipe; a pidfd would do on Linux alone.
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    prepare()
    gc.collect()
    gc.freeze()
    make_large()
    _say(connection, {"ready": os.getpid(), "own": time.process_time()})
    child = 0
    overfull = False
    while True:
        ready = select.select([connection.fileno(), woken], [], [], scratch.WATCH_SECONDS if child else None)[0]
        if woken in ready:
            os.read(woken, 64)
            if child and (ended := os.wait4(child, os.WNOHANG))[0]:
                child = 0
                _, status, usage = ended
                if not scratch.wipe(folder):
                    raise SystemExit("what a submission had written could not be removed")
                seconds = usage.ru_utime + usage.ru_stime
                own = time.process_time()
                said = {"ended": status, "seconds": seconds, "peak_kb": usage.ru_maxrss, "own": own}
                _say(connection, said | {"overfull": overfull})
        elif child and not ready and scratch.is_overfull(folder):
            overfull = True
            os.kill(child, signal.SIGKILL)
        if connection.fileno() in ready:
            data, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 1)
            if not data:
                if child:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                scratch.wipe(folder)
                with contextlib.suppress(OSError):  # inside of bubblewrap it goes with the sandbox
                    os.rmdir(folder)
                os._exit(0)
            for line in data.splitlines():
                if line == b'"kill"':
                    if child:
                        os.kill(child, signal.SIGKILL)
                    continue
                request = msgspec.json.decode(line, type=ChildRequest)
                overfull = False
                child = os.fork()
                if not child:
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    for descriptor in (connection.detach(), woken, wake):
                        os.close(descriptor)
                    _child(descriptors[0], request)
                os.close(descriptors[0])


def _child(descriptor: int, request: ChildRequest) -> NoReturn:
    """Close the ring, say so, then answer questions until the grader hangs up."""
    status = 1
    try:
        from grader.student.frames import Frame, Receiver, send
        from grader.student.server import Server
        from grader.student.wire import Encoder

        connection = socket.socket(fileno=descriptor)
        receiver = Receiver(connection)

        def greet(*words: str) -> None:
            send(connection, Encoder(lambda _: []).frame(list(words)))

        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.close(null)
        stay(request.processor)
        try:
            enter(request.ring)
            # Only now, so that the folders belong to the user that the student's code runs as.
            work = scratch.lay_out(request.ring.scratch)
            os.chdir(work)
        except (OSError, ValueError, OverflowError) as error:
            greet("failed", str(error))
            os._exit(1)
        greet("ready")

        def ask_grader(ask: Frame) -> Frame:
            send(connection, ask)
            return receiver.receive()

        server = Server(ask_grader, request.output_chars, folder=work)
        while True:
            send(connection, server.answer(receiver.receive()))
    except EOFError:
        status = 0
    finally:
        # Nothing of the student's runs on the way out: no atexit functions, no destructors.
        os._exit(status)


def _no_debugger(*_: object, **__: object) -> None:
    """Take the place of ``breakpoint()`` and ``pdb.set_trace()``."""


def _say(connection: socket.socket, message: dict[str, Any]) -> None:
    connection.sendall(msgspec.json.encode(message) + b"\n")


def _threads() -> int:
    """Threads of this process, those of native libraries included; 1 where the system does not say."""
    for _ in range(50):
        try:
            count = len(os.listdir("/proc/self/task"))
        except OSError:
            return 1
        if count == 1:
            break
        time.sleep(0.02)  # one that is just ending
    return count


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
