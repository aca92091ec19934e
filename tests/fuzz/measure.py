"""The time and the memory that one call takes, and how much of either is a finding."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

SECONDS = 1.0
"""Of processor time: other work on the machine is nobody's finding. What sleeps is ended by the clock."""

MEGABYTES = 64.0
"""For an input of a megabyte, which is the longest that there is."""

LONGEST = 1 << 20


class Cost(NamedTuple):
    """What one call took.

    Attributes:
        seconds: processor time.
        megabytes: memory at its highest, beyond what there was before.
    """

    seconds: float = 0.0
    megabytes: float = 0.0

    @property
    def finding(self) -> str:
        """``slow`` or ``memory`` if it is too much, else ""."""
        return "slow" if self.seconds > SECONDS else "memory" if self.megabytes > MEGABYTES else ""


def measured(inner: Callable[..., Any], tell: Callable[[Cost], None]) -> Callable[..., Any]:
    """``inner``, with a word about every call that comes to its end, also by an exception."""

    def call(*args: Any, **kwargs: Any) -> Any:
        seconds = 0.0
        with _peak() as peak:
            start = time.process_time()
            try:
                return inner(*args, **kwargs)
            finally:
                seconds = time.process_time() - start
                tell(Cost(seconds, peak()))

    return call


@contextlib.contextmanager
def _peak() -> Iterator[Callable[[], float]]:
    """Gives a function that says how many megabytes there were at most since the beginning."""
    try:
        # Linux can forget the highest use of memory so far; torch's memory is in it, which Python does not see.
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        tracemalloc.start()
        try:
            yield lambda: tracemalloc.get_traced_memory()[1] / (1 << 20)
        finally:
            tracemalloc.stop()
        return
    before = _highest()
    yield lambda: max(0.0, _highest() - before)


def _highest() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024
