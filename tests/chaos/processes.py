"""The processes of a running grader, by what each of them does; Linux only.

Who has lost their parent is given to this process, which asks the kernel for that: so whatever a run leaves behind is a
descendant of this process, whichever way it went.
"""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path
from typing import NamedTuple

_PR_SET_CHILD_SUBREAPER = 36


class Process(NamedTuple):
    """One process: its number, its parent's, and what it does."""

    number: int
    parent: int
    role: str


def adopt() -> None:
    """Become the parent of every process below this one that loses its own."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "orphans cannot be adopted on this system")


def below(top: int) -> list[Process]:
    """All processes below ``top``, those that have ended and only wait for their parent not among them."""
    every: dict[int, tuple[int, list[str]]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except (OSError, ValueError):
                continue
            if state not in "ZX":
                every[int(folder.name)] = int(parent), words
    found: list[Process] = []
    above = [top]
    while above:
        parent = above.pop()
        for number, (whose, words) in every.items():
            if whose == parent:
                found.append(Process(number, parent, _role(words, every.get(parent, (0, []))[1])))
                above.append(number)
    return found


def _role(words: list[str], parents: list[str]) -> str:
    line = " ".join(words)
    if words[0].endswith("bwrap"):
        return "sandbox"
    for module, role, child in (
        ("grader.student.zygote", "zygote", "child"),
        ("grader.submissions.reading", "reader", "reading child"),
    ):
        if module in line:
            return child if words == parents else role
    if "resource_tracker" in line:
        return "tracker"
    return "worker" if "grader.grading.worker" in line else "grader"


def reap() -> None:
    """Let go of adopted processes that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def left_behind(seconds: float) -> list[Process]:
    """What is still below this process after so many seconds at most."""
    end = time.monotonic() + seconds
    while True:
        reap()
        found = below(os.getpid())
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.1)
