"""Where student code runs: walled in, in a process of its own, or right here. Grading is the same for both."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self

from grader.student import inprocess
from grader.student.errors import GraderFault
from grader.student.isolation import Isolation
from grader.student.processes import ZygoteClient
from grader.student.session import Session


class Place(Protocol):
    """Opens sessions.

    Attributes:
        isolation: in words, how well the rest of the machine is protected.
        device: where networks live.
    """

    isolation: str
    device: str

    def used(self) -> float:
        """Processor time of the student's side so far, of sessions that are closed, in seconds; 0 in this process."""
        ...

    def open(
        self,
        sources: dict[str, str],
        main: str,
        *,
        cpu_seconds: float,
        call_seconds: float,
        memory_mb: int,
        output_chars: int,
        record: bool = True,
        short: bool = False,
    ) -> Session:
        """A fresh session with the submission loaded; see ``ZygoteClient.open``."""
        ...


class Split:
    """A process of its own for every session, forked from one warm zygote, which is started anew should it ever fail.

    Args:
        isolation: how it is walled in.
    """

    def __init__(self, isolation: Isolation) -> None:
        """Start the zygote."""
        self._level = isolation
        self._zygote = ZygoteClient(isolation)
        self._used_before = 0.0
        self.isolation, self.device = str(isolation), isolation.device

    def open(self, sources: dict[str, str], main: str, **limits: Any) -> Session:
        """A fresh session with the submission loaded; see ``ZygoteClient.open``."""
        try:
            return self._zygote.open(sources, main, **limits)
        except GraderFault:
            # One submission's misfortune (a machine out of memory) must not become everybody's.
            self._zygote.close()
            self._used_before += self._zygote.used
            self._zygote = ZygoteClient(self._level)
            return self._zygote.open(sources, main, **limits)

    def used(self) -> float:
        """Processor time of the children that have ended, and of forking them."""
        return self._used_before + self._zygote.used

    def close(self) -> None:
        """End the zygote."""
        self._zygote.close()

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


class Here:
    """This process: no protection, but breakpoints and whole tracebacks.

    Args:
        live: whether what the code prints is shown at once.
        device: where networks live.
    """

    isolation = "in this process"

    def __init__(self, *, live: bool = False, device: str = "cpu") -> None:
        """Nothing to start."""
        self._live, self.device = live, device

    def __enter__(self) -> Self:
        """For ``with``, as ``Split``."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def used(self) -> float:
        """None that is not this process's own."""
        return 0.0

    def open(
        self,
        sources: dict[str, str],
        main: str,
        *,
        cpu_seconds: float,
        call_seconds: float,
        memory_mb: int,
        output_chars: int,
        record: bool = True,
        short: bool = False,
    ) -> Session:
        """A session in this process; of the limits, that of processor time is enforced."""
        return inprocess.open_session(
            sources, main, output_chars=output_chars, live=self._live, cpu_seconds=cpu_seconds, record=record
        )
