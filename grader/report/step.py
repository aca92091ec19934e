"""Progress of grading one submission, as data: the current stage, how far it is, and out of how much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from grader.report.report import Verdict

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
        run: for ``training`` and ``small task``: which run it is, from 1; 0 if it is the only one.
        runs: for the same: how many there are at most; 0 if it is the only one.
        mean_return: for ``training``: the mean return of the last episodes before ``done``; None before one has ended.
            At the end of a run: what its policy earned in the evaluation; None if there was none.
        is_new: for ``training``: whether that is a new point of the learning curve.
        ended: the verdict of the run that has just ended; None at all other steps.
        message: why there was nothing to evaluate, at the end of such a run.
    """

    stage: Stage
    done: float = 0
    total: float = 0
    lesson: int = 0
    needed: int = 0
    run: int = 0
    runs: int = 0
    mean_return: float | None = None
    is_new: bool = False
    ended: Verdict | None = None
    message: str = ""


Watcher = Callable[[Step], None]
"""Called at every new step."""


def silent(step: Step) -> None:
    """A watcher that ignores every step."""
