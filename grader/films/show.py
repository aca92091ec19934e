"""A picture in general: its parameters in a script, and what it becomes on a stage."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Sequence

import msgspec

from grader.films.data import Data
from grader.films.pace import Times
from grader.films.stage import Stage

_ARRIVED = 0.75
"""The part of a caption's time in which what it speaks of moves."""


@dataclasses.dataclass(frozen=True)
class Show:
    """A picture on its stage.

    Attributes:
        moment: which of its moments a frame of the scene shows; frames that show the same one are drawn once.
        draw: puts what moves where it is in a moment.
    """

    moment: Callable[[int], int]
    draw: Callable[[int], None]


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="picture"):
    """The parameters of a picture, as ``show`` in a script has them; each kind has a tag of its own."""

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw what stands still, and say how the rest moves.

        Args:
            stage: where to draw.
            data: what the run gave.
            times: how many frames the scene has, and when its captions begin.

        Raises:
            CourseError: the data have not what the parameters name.
        """
        raise NotImplementedError


def steady(moments: int, every: int = 1, wait: int = 0) -> Callable[[int], int]:
    """A moment for each frame, or for some frames each, after a wait; the last one stands to the end.

    Args:
        moments: how many there are.
        every: how many frames a moment stands.
        wait: how many frames the first moment stands beyond that.
    """
    return lambda frame: min(max(frame - wait, 0) // every, moments - 1)


def spread(moments: int, frames: int, rest: int = 25) -> Callable[[int], int]:
    """Moments that fill the scene, all alike, but for a rest at the end, in which the last one stands."""
    room = max(frames - rest, 1)
    return lambda frame: min(frame * moments // room, moments - 1)


def by_caption(times: Times) -> Callable[[int], int]:
    """A moment for each caption: which one stands, or stood last."""
    starts = [span.first - times.first for span in times.captions]
    return lambda frame: bisect.bisect_right(starts, frame) - 1


def by_targets(times: Times, targets: Sequence[int], moments: int, start: int = 0) -> Callable[[int], int]:
    """Moments that go on while a caption is being read, and stand when it has been.

    Args:
        times: the scene's.
        targets: the moment at which each caption arrives; the last one stands for the captions that have none.
        moments: how many there are; -1 is the last one, as in a list.
        start: the moment that the scene begins with.
    """
    begin, *goals = [min(goal if goal >= 0 else moments + goal, moments - 1) for goal in (start, *targets)]
    spans = [(span.first - times.first, span.end - times.first) for span in times.captions[: len(goals)]]

    def moment(frame: int) -> int:
        at = begin
        for (first, end), goal in zip(spans, goals, strict=False):
            if frame < first:
                break
            done = min((frame - first) / max(_ARRIVED * (end - first), 1.0), 1.0)
            at = at + int(done * (goal - at)) if done < 1 else goal
        return at

    return moment
