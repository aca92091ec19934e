"""A record of the questions and answers of one case, as they went over the wire."""

from __future__ import annotations

import dataclasses
from typing import Any

from grader.student.wire import Frame

KEPT_BYTES = 1 << 22
"""Of one case: what a submission answers must not fill the grader's memory."""


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One question, its answer, and what the student's side asked in between."""

    question: Frame
    answer: Frame
    asks: tuple[tuple[Frame, Frame], ...]


@dataclasses.dataclass(slots=True)
class Transcript:
    """All that was asked in one case, in order: enough to print it as code."""

    seed: int
    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    calls: list[Any] = dataclasses.field(default_factory=list)
    """What stands in the place of some of them when the case is shown (``grader.testing.shown``)."""
    lent: dict[int, Any] = dataclasses.field(default_factory=dict)
    printed: str = ""
    size: int = 0
    """Bytes of all frames; what becomes larger than a few MB is not kept at all."""

    def add(self, exchange: Exchange, size: int) -> None:
        """Note one more exchange, which has that many bytes."""
        self.size += size
        self.exchanges.append(exchange)
        if self.size > KEPT_BYTES:
            # Not the first ones alone: a wrong program may answer those alike, and would be blamed for the rest.
            self.exchanges.clear()
            self.calls.clear()


def size_of(frame: Frame) -> int:
    """Bytes of a frame, with some more for the objects themselves: a great many tiny frames are large too."""
    return len(frame.head) + len(frame.body) + 200
