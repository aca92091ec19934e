"""The band in which the learning curves of a reference solution lie, as data."""

from __future__ import annotations

import msgspec

from grader.report.numbers import Positive

Curve = tuple[float, ...]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mean returns of training episodes, over several runs, at so many environment steps.

    Attributes:
        runs: how many there were.
        steps: ascending, 0 left out.
        low: a tenth of the runs is below.
        middle: the median.
        high: a tenth of the runs is above.
    """

    runs: Positive
    steps: tuple[Positive, ...]
    low: Curve
    middle: Curve
    high: Curve

    def __post_init__(self) -> None:
        """Refuse a band that has no shape."""
        sizes = {len(each) for each in (self.steps, self.low, self.middle, self.high)}
        if len(sizes) > 1 or list(self.steps) != sorted(set(self.steps)):
            raise ValueError("steps, low, middle and high are to be equally long, and steps to ascend")
