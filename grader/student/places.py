"""Places that run student code; grading is the same in all of them.

Walled in, in a process of its own: ``grader.student.processes.ZygoteClient``. Right here, in this process:
``grader.student.inprocess.Here``.
"""

from __future__ import annotations

from typing import Protocol

from grader.student.budget import Budget
from grader.student.levels import Isolation
from grader.student.limits import Limits
from grader.student.session import Session


class Place(Protocol):
    """Opens sessions.

    Attributes:
        isolation: how the rest of the machine is protected.
        device: where networks live.
        lost: how many processes of the student's side ended by a signal that comes from outside: somebody's ``kill``,
            or a kernel without memory. What was found out with their help may not be so.
    """

    isolation: Isolation
    device: str
    lost: int

    def used(self) -> float:
        """Processor time of the student's side so far, of sessions that are closed, in seconds; 0 in this process."""
        ...

    def open(
        self,
        sources: dict[str, str],
        main: str,
        limits: Limits,
        *,
        record: bool = True,
        short: bool = False,
        budget: Budget | None = None,
    ) -> Session:
        """A fresh session with the submission loaded.

        Args:
            sources: module name to source text.
            main: the module whose names are asked for.
            limits: what the student's side may use in this session.
            record: whether the session keeps what is said.
            short: it lasts for moments only, so both sides may share one processor for as long.
            budget: the time that is left for the whole submission; code in this process has all the time it likes,
                since there may be a person at a breakpoint.

        Raises:
            StudentError: the code raises while it is imported.
            StudentDied: it ends the process, or does not come to an end.
            GraderFault: the student's side could not be started.
        """
        ...
