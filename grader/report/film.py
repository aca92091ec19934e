"""Films of a student's agent as data: one episode each, a few whole numbers a step, in one short string.

The grader writes down what its own environments went through; whoever draws it needs nothing else. A film has a budget:
at most ``MOST_FRAMES`` frames, of some nine characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from grader.report.numbers import Whole

Scene = Literal["cart", "cliff"]
"""``cart``: the position of CartPole's cart and the angle of its pole, in thousandths of a unit of length and of a
radian. ``cliff``: the cell of CliffWalking's grid, counted along its rows from 0; below 0 after a fall."""

Part = Literal["before", "half", "end", "best", "worst"]
"""The first episode of training, one around half of its steps, the last one; the best and the worst of the
evaluation."""

Ended = Literal["terminated", "truncated", "dropped"]
"""``dropped``: cut off by a ``reset``, or by the end of training."""

MOST_FRAMES = 500

_NUMBERS: dict[Scene, int] = {"cart": 2, "cliff": 1}
_FRAME = re.compile(r"-?\d{1,6}(?:,-?\d{1,6})*")


class Film(msgspec.Struct, frozen=True):
    """One episode.

    Attributes:
        part: which one of the run.
        scene: what it shows.
        frames: the state after each step: numbers with a comma between them, frames with a space between them.
        steps: how many the episode has; of a longer one than ``MOST_FRAMES`` there are only so many frames.
        earned: its undiscounted return.
        ended: how it ended.
        begun: the environment steps of training before it; 0 in the evaluation.
    """

    part: Part
    scene: Scene
    frames: str
    steps: Whole
    earned: float
    ended: Ended
    begun: Whole = 0


def written(frames: Iterable[Sequence[int]]) -> str:
    """Frames as ``Film.frames`` has them.

    >>> written([(12, -3), (14, 0)])
    '12,-3 14,0'
    """
    return " ".join(",".join(map(str, frame)) for frame in frames)


def frames(film: Film) -> list[tuple[int, ...]]:
    """The frames of a film; none of one that is damaged, since a report is a file that anybody may have edited."""
    words = film.frames.split(" ", MOST_FRAMES)
    if len(words) > MOST_FRAMES or not all(map(_FRAME.fullmatch, words)):
        return []
    found = [tuple(map(int, word.split(","))) for word in words]
    return found if all(len(frame) == _NUMBERS[film.scene] for frame in found) else []
