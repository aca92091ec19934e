"""The levels of isolation of student code, as plain data; nothing here needs an operating system of a certain kind."""

from __future__ import annotations

import dataclasses
from typing import Literal, get_args

Level = Literal["strong", "embedded", "process only"]
"""How student code can be walled in, the best first."""

Unguarded = Literal["in this process", "in this notebook"]
"""Where it is not walled in at all: one's own code, on one's own machine."""

Part = Literal["bubblewrap", "Landlock", "seccomp", "rlimits"]


class IsolationError(Exception):
    """The requested isolation is not available; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Isolation:
    """The isolation of student code, as plain data, for reports too.

    Attributes:
        level: the level, or where the code runs when nothing walls it in.
        parts: what holds it on this machine: the sandbox around the process (bubblewrap), what the kernel lets it reach
            (Landlock) and call (seccomp), and what it may use (rlimits).
        device: where networks may live, ``cpu`` or ``cuda``. A GPU's driver needs more than ``cpu`` does: its devices,
            /proc and /sys, local sockets, and address space without a limit.
    """

    level: Level | Unguarded
    parts: tuple[Part, ...] = ()
    device: str = "cpu"

    @property
    def is_apart(self) -> bool:
        """Whether student code runs in a process of its own, as it does wherever somebody else's code is graded."""
        return self.level in get_args(Level)
