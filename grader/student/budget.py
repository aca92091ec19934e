"""The time by the clock that one submission may take, all of its sessions together.

Limits of one call and of one session do not add up to a bound that a class can wait for: code that sleeps until just
before each of them takes hours. So every session of a submission is opened with the same budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from grader.student.errors import StudentDied, seconds

Clock = Callable[[], float]
"""Seconds that only ever increase, whatever becomes of the date."""


class Budget:
    """A number of seconds by the clock, which begin now.

    Attributes:
        end: when they are over, on the monotonic clock.
    """

    def __init__(self, allowed: float, clock: Clock = time.monotonic) -> None:
        """Start the clock."""
        self._allowed, self._clock = allowed, clock
        self.end = clock() + allowed

    def give_back(self, time: float) -> None:
        """Count some seconds not against the submission, as when the grader itself was stopped meanwhile."""
        self.end += time

    @property
    def left(self) -> float:
        """Seconds that are left, 0 if there are none."""
        return max(0.0, self.end - self._clock())

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0

    @property
    def in_words(self) -> str:
        """``15 minutes by the clock, the time for a whole submission``."""
        whole = self._allowed >= 120 and self._allowed % 60 == 0
        amount = f"{self._allowed / 60:g} minutes" if whole else seconds(self._allowed)
        return f"{amount} by the clock, the time for a whole submission"

    def ended(self) -> StudentDied:
        """The error for code that was running when it ended."""
        return StudentDied(f"no answer before the end of {self.in_words}", timed_out=True)
