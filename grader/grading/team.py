"""The teams that do the jobs of a run: the processes of this machine, or those of others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from grader.grading import workers
from grader.grading.worker import Event
from grader.student.levels import Isolation

Result = TypeVar("Result")


class Team(Protocol):
    """Processes that do jobs side by side, wherever they are.

    Attributes:
        isolations: how student code is walled in there; each is as good as was asked for.
        has_folders: whether the folders of submissions and of reports are there as well.
        where: which machines those are, "" for this one.
        slots: how many jobs are done at a time, as far as that is known now.
    """

    @property
    def isolations(self) -> tuple[Isolation, ...]: ...

    @property
    def has_folders(self) -> bool: ...

    @property
    def where(self) -> str: ...

    @property
    def slots(self) -> int: ...

    def run(
        self,
        jobs: Mapping[str, Callable[..., Result]],
        *,
        hear: Callable[[Event], None] | None = None,
        died: Callable[[str], Result] | None = None,
    ) -> Iterator[tuple[str, Result]]:
        """Do every job, and yield results as they come; arguments and errors as of ``workers.run``.

        No job is asked for before somebody can do it.
        """
        ...


@dataclasses.dataclass(frozen=True)
class Here:
    """Processes of this machine.

    Attributes:
        isolation: how student code is walled in.
        processes: how many at most; one per CPU by default.
    """

    isolation: Isolation
    processes: int | None = None
    has_folders: bool = True
    where: str = ""

    @property
    def isolations(self) -> tuple[Isolation, ...]:
        """The one way in which student code is walled in."""
        return (self.isolation,)

    @property
    def slots(self) -> int:
        """The number of jobs that are done at a time."""
        return self.processes or workers.count()

    def run(
        self,
        jobs: Mapping[str, Callable[..., Result]],
        *,
        hear: Callable[[Event], None] | None = None,
        died: Callable[[str], Result] | None = None,
    ) -> Iterator[tuple[str, Result]]:
        """Do every job, and yield results as they come."""
        return workers.run(jobs, self.isolation, processes=self.processes, hear=hear, died=died)
