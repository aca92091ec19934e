"""The time by the clock that one submission may take, all of its sessions together.

Limits of one call and of one session do not add up to a bound that a class can wait for: code that sleeps until just
before each of them takes hours. So every session of a submission is opened with the same budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from grader.student import stopped
from grader.student.errors import StudentDied, seconds

Clock = Callable[[], float]
"""Seconds that only ever increase, whatever becomes of the date."""


class Budget:
    """A number of seconds by the clock, which begin now.

    The time in which the grader was stopped (Ctrl-Z) is not counted, nor what had passed since it last looked.

    Args:
        allowed: how many.
        clock: tells the time.
        was_stopped: tells whether this process was stopped after a moment on that clock.
    """

    def __init__(
        self, allowed: float, clock: Clock = time.monotonic, was_stopped: Callable[[float], bool] = stopped.since
    ) -> None:
        """Start the clock."""
        self._allowed, self._clock, self._was_stopped = allowed, clock, was_stopped
        self._seen = clock()
        self._end = self._seen + allowed

    def give_back(self, time: float) -> None:
        """Count the last so many seconds not against the submission."""
        self._end += time
        self._seen = self._clock()

    @property
    def left(self) -> float:
        """Seconds that are left, 0 if there are none."""
        now = self._clock()
        if self._was_stopped(self._seen):
            self._end += now - self._seen
        self._seen = now
        return max(0.0, self._end - now)

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
