"""The time of a film: how long each caption stands follows from how much it says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

RATE = 25
"""Frames a second. CartPole makes 50 steps a second, so a step for each frame is half of real time."""
WORDS_A_SECOND = 2.6
"""Somebody who reads a second language, and looks at a picture as well, reads that many."""
BREATH = 0.6
"""Seconds that a caption stands beyond its words: to find it takes a moment."""
SHORTEST = 2.0
"""Seconds; no caption stands for less."""
GAP = 0.2
"""Seconds without a caption, after each: so one sees that there is a new one."""
LAST = 0.8
"""Seconds that a scene's picture stands alone at its end."""


@dataclasses.dataclass(frozen=True)
class Span:
    """The frames in which a caption stands, counted from the beginning of the film: from ``first`` up to ``end``."""

    text: str
    first: int
    end: int


@dataclasses.dataclass(frozen=True)
class Times:
    """The frames of one scene, and its captions."""

    first: int
    end: int
    captions: tuple[Span, ...]

    @property
    def frames(self) -> int:
        """The number of frames of the scene."""
        return self.end - self.first


def words(text: str) -> int:
    """The number of words of a caption; a number is one, and a dash between words is none."""
    return sum(any(map(str.isalnum, each)) for each in text.split())


def seconds(text: str) -> float:
    """The time that a caption stands."""
    return max(SHORTEST, BREATH + words(text) / WORDS_A_SECOND)


def timed(scenes: Sequence[Sequence[str]]) -> tuple[Times, ...]:
    """When the captions of each scene stand, one after another.

    >>> [(times.first, times.end) for times in timed([["A short one."], ["Another.", "And one more."]])]
    [(0, 75), (75, 205)]
    """
    at, found = 0, []
    for captions in scenes:
        first, spans = at, []
        for text in captions:
            spans.append(Span(text, at, at + math.ceil(seconds(text) * RATE)))
            at = spans[-1].end + round(GAP * RATE)
        at += round(LAST * RATE)
        found.append(Times(first, at, tuple(spans)))
    return tuple(found)
