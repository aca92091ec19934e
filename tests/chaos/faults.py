"""The kinds of faults, and how each is done to a run of the grader in the middle of its work."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ground import Ground
from processes import Process, below

STOPPED_SECONDS = 26.0
"""Longer than a student's process may take for all of its answers, in the course of ``ground.laid_out``."""


class Target(NamedTuple):
    """A run that is going on.

    Attributes:
        number: the process that somebody has started; its group is a terminal's.
        ground: the folders of the run.
        draw: decides about all that is left to chance.
        spoilt: reports that are no longer whole, and have to be made again.
    """

    number: int
    ground: Ground
    draw: random.Random
    spoilt: list[Path]

    def processes(self, role: str) -> list[Process]:
        """All processes of the run with this role, the first one included."""
        own = Process(self.number, 0, "grader")
        return [each for each in [own, *below(self.number)] if each.role == role]

    def send(self, role: str, number: int) -> bool:
        """Send a signal to one process of that role; whether there was one."""
        found = self.processes(role)
        if not found:
            return False
        try:
            os.kill(self.draw.choice(found).number, number)
        except ProcessLookupError:
            return False
        return True

    def send_all(self, number: int) -> bool:
        """Send a signal to all that a terminal would send it to."""
        try:
            os.killpg(self.number, number)
        except ProcessLookupError:
            return False
        return True


class Kind(NamedTuple):
    """One kind of fault.

    Attributes:
        name: for the table.
        strike: does it; False if there was nothing to do it to just then, so that it is tried again.
        statuses: how the run may end because of it; empty where it has to go on as if nothing had been.
        says: a part of the one line that is printed if the run ends.
        undo: done after the run that it ended.
        mounts: whether it needs a disk of its own.
        often: of all faults, how many are of this kind, relative to others.
        quick: whether it is in the small version.
    """

    name: str
    strike: Callable[[Target], bool]
    statuses: tuple[int, ...] = ()
    says: str = ""
    undo: Callable[[Ground], None] = lambda ground: None
    mounts: bool = False
    often: int = 2
    quick: bool = False


def _kill(role: str) -> Callable[[Target], bool]:
    return lambda target: target.send(role, signal.SIGKILL)


def _kill_all(target: Target) -> bool:
    for each in reversed(below(target.number)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.number, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(target.number, signal.SIGKILL)
    return True


def _to_all(*numbers: int) -> Callable[[Target], bool]:
    def strike(target: Target) -> bool:
        for number in numbers:
            with contextlib.suppress(ProcessLookupError):
                target.send_all(number)
            time.sleep(target.draw.choice((0.0, 0.01, 0.1, 0.5)))
        return True

    return strike


def _stop(target: Target) -> bool:
    """As Ctrl-Z does: what stands apart from the terminal goes on, and waits."""
    if not target.processes("child"):
        return False
    target.send_all(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    target.send_all(signal.SIGCONT)
    return True


def _stop_child(target: Target) -> bool:
    found = target.processes("child")
    for each in found[:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.number, signal.SIGSTOP)
            time.sleep(0.5)
            os.kill(each.number, signal.SIGCONT)
    return bool(found)


def _full(target: Target) -> bool:
    target.ground.fill(target.ground.disk)
    return True


def _temporary_full(target: Target) -> bool:
    target.ground.fill(target.ground.temporary)
    return target.send("zygote", signal.SIGKILL)  # another one needs room


def _room(ground: Ground) -> None:
    ground.make_room(ground.disk)


def _temporary_room(ground: Ground) -> None:
    ground.make_room(ground.temporary)


def _read_only(target: Target) -> bool:
    return target.ground.remount("ro")


def _writable(ground: Ground) -> None:
    ground.remount("rw")


def _small_files(target: Target) -> bool:
    """No file may grow, for all processes of the run: what a full disk is to who may not mount one."""
    for role in ("grader", "worker"):
        for each in target.processes(role):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(each.number, resource.RLIMIT_FSIZE, (0, 0))
    return True


def _no_memory(role: str) -> Callable[[Target], bool]:
    def strike(target: Target) -> bool:
        found = target.processes(role)
        for each in found[:1]:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                pages = int(Path(f"/proc/{each.number}/statm").read_text().split()[0])
                room = target.draw.choice((0, 1 << 16, 1 << 20, 1 << 23))
                limit = pages * resource.getpagesize() + room
                resource.prlimit(each.number, resource.RLIMIT_AS, (limit, limit))
        return bool(found)

    return strike


def _jump(target: Target) -> bool:
    days = target.draw.choice((-3650, -1, 1, 3650))
    target.ground.clock.write_text(str(days * 86_400))
    return True


def _half_a_report(target: Target) -> bool:
    """What a machine leaves that loses its power: a report that is not whole."""
    reports = sorted(target.ground.disk.glob("report/*/lesson*.json"))
    if not reports:
        return False
    path = target.draw.choice(reports)
    path.write_bytes(path.read_bytes()[: target.draw.randrange(1, 300)])
    target.spoilt.append(path)
    return True


AGAIN = "the same command goes on from there"

KINDS = (
    Kind("kill -9: a student's process", _kill("child"), quick=True, often=5),
    Kind("kill -9: a zygote", _kill("zygote"), quick=True, often=5),
    Kind("kill -9: a worker", _kill("worker"), quick=True, often=5),
    Kind("kill -9: the reader", _kill("reader"), often=3),
    Kind("kill -9: the child of the reader", _kill("reading child"), often=1),
    Kind("kill -9: the grader", _kill("grader"), (-signal.SIGKILL,), quick=True, often=4),
    Kind("kill -9: all processes", _kill_all, (-signal.SIGKILL,), often=3),
    Kind("Ctrl-C", _to_all(signal.SIGINT), (130,), AGAIN, often=4),
    Kind("Ctrl-C, twice or more", _to_all(*[signal.SIGINT] * 3), (130,), AGAIN, often=4),
    Kind("SIGTERM to the grader", lambda target: target.send("grader", signal.SIGTERM), (143,), AGAIN),
    Kind("SIGTERM to all", _to_all(signal.SIGTERM, signal.SIGTERM), (143,), AGAIN),
    Kind("SIGHUP to all (terminal closed)", _to_all(signal.SIGHUP), (129,), AGAIN),
    Kind("SIGSTOP, SIGCONT (Ctrl-Z, fg)", _stop, often=2),
    Kind("SIGSTOP, SIGCONT: a student's process", _stop_child),
    Kind(
        "disk full (reports)",
        _full,
        (2,),
        AGAIN,
        _room,
        mounts=True,
        quick=True,
        often=4,
    ),
    Kind("disk full (temporary files)", _temporary_full, (2, 3), "", _temporary_room, mounts=True, often=2),
    Kind("no file may grow (RLIMIT_FSIZE)", _small_files, (2, 3), AGAIN, often=2),
    Kind(
        "folder becomes read-only",
        _read_only,
        (2,),
        AGAIN,
        _writable,
        mounts=True,
        often=3,
    ),
    Kind("memory runs out: a worker", _no_memory("worker"), quick=True, often=4),
    Kind("memory runs out: the grader", _no_memory("grader"), (2, 3), often=2),
    Kind("the clock jumps", _jump, often=3),
    Kind("half a report on the disk", _half_a_report, often=2),
)
