"""Notice that this process was stopped for a while: Ctrl-Z and ``fg``, SIGSTOP and SIGCONT.

Deadlines are on the grader's clock, which goes on while the grader is stopped. No student has to pay for that time.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

_went_on = 0.0


def watch() -> None:
    """Notice it from now on, where that is possible: in the main thread of a program that does not do so itself."""
    try:
        if signal.getsignal(signal.SIGCONT) is signal.SIG_DFL:
            signal.signal(signal.SIGCONT, _goes_on)
    except (AttributeError, ValueError):
        return


def since(moment: float) -> bool:
    """Whether this process was stopped, and went on, after a moment of the monotonic clock."""
    return _went_on > moment


class Deadline:
    """The end of a wait for the student's side, which begins anew if this process was stopped meanwhile.

    Args:
        end: gives the end of a wait that begins at a moment, both on the monotonic clock.
    """

    def __init__(self, end: Callable[[float], float]) -> None:
        """The wait begins now."""
        self._end_of = end
        self.begun = time.monotonic()
        self._end = end(self.begun)

    def left(self) -> float:
        """Seconds that are left, more than none.

        Raises:
            TimeoutError: there are none.
        """
        # Asked in this order: a stop may end at any moment, and is known as soon as its time shows on the clock.
        while (left := self._end - time.monotonic()) <= 0:
            if not since(self.begun):
                raise TimeoutError
            self.begun = time.monotonic()
            self._end = self._end_of(self.begun)
        return left


def _goes_on(*_: object) -> None:
    global _went_on
    _went_on = time.monotonic()
