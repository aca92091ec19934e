"""One job that Dask has been given, as the caller sees it: whose it is, where it runs, what it has cost.

Dask gives the jobs of a lost worker to another one by itself, and gives up on a job after some losses. Its count is of
no use here: it blames whatever waited at that worker as well, and by default the fourth loss is the first to be told.
So workers say which job they begin, and a loss counts against that job alone.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Future

MOST_LOSSES = 2
"""A job under which so many workers were lost is not tried again."""


@dataclasses.dataclass(eq=False)
class Task:
    """A job that is not done yet.

    Attributes:
        name: of the job.
        data: the job, packed.
        future: Dask's.
        at: the address of the worker that has begun it; "" if none has.
        losses: workers that were lost under it.
    """

    name: str
    data: bytes
    future: Future[Any] | None = None
    at: str = ""
    losses: int = 0

    def lost(self, address: str) -> bool:
        """A worker is gone; whether this job was at work there."""
        if self.at != address:
            return False
        self.at = ""
        self.losses += 1
        return True

    @property
    def is_given_up(self) -> bool:
        """Whether it has cost as many workers as a job may."""
        return self.losses >= MOST_LOSSES
