"""Notice that this process was stopped for a while: Ctrl-Z and ``fg``, SIGSTOP and SIGCONT.

Deadlines are on the grader's clock, which goes on while the grader is stopped. No student has to pay for that time.
"""

from __future__ import annotations

import signal
import time

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


def _goes_on(*_: object) -> None:
    global _went_on
    _went_on = time.monotonic()
