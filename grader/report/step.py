"""Progress of grading one submission, as data: the current stage, how far it is, and out of how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

Stage = Literal[
    "starting", "reading", "earlier lesson", "properties", "examples", "diagnosis", "small task", "training", "ladder"
]


class Step(msgspec.Struct, frozen=True):
    """One moment of grading.

    Attributes:
        stage: what is being done.
        done: how much of it: properties, examples, environment steps, or rungs.
        total: of how much; 0 if that is not known.
        lesson: the number of the lesson, 0 if there is only one.
        needed: for ``earlier lesson``: the number of the lesson that is graded first.
        run: for ``training``: which run it is, from 1; 0 if it is the only one.
        runs: for ``training``: how many there are at most; 0 if it is the only one.
        mean_return: for ``training``: the mean return of the episodes around ``done``; None before the first one ends.
    """

    stage: Stage
    done: float = 0
    total: float = 0
    lesson: int = 0
    needed: int = 0
    run: int = 0
    runs: int = 0
    mean_return: float | None = None


Watcher = Callable[[Step], None]
"""Called at every new step."""


def silent(step: Step) -> None:
    """A watcher that ignores every step."""
