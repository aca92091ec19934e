"""A clock that jumps, for the grader's own processes in a chaotic run: Python imports this file by itself.

``time.time`` is ahead by the number of seconds that stands in the file CHAOS_CLOCK. The machine's clock stays as it is.
"""

import os
import time

_FILE = os.environ.get("CHAOS_CLOCK", "")
_time, _time_ns = time.time, time.time_ns


def _ahead() -> int:
    try:
        with open(_FILE, encoding="utf-8") as file:
            return int(file.read() or 0)
    except (OSError, ValueError):
        return 0


if _FILE:
    time.time = lambda: _time() + _ahead()
    time.time_ns = lambda: _time_ns() + _ahead() * 1_000_000_000
