"""The team that does the jobs of a command: the processes of this machine, or the workers of a scheduler."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from pathlib import Path

from grader.course import Course
from grader.grading.team import Here, Team
from grader.printable import count, visible
from grader.render import words
from grader.student.isolation import choose
from grader.student.levels import Level


def reach(
    stack: contextlib.ExitStack,
    scheduler: str,
    device: str,
    *,
    processes: int | None,
    wanted: Level | None,
    unsafe: bool,
    hidden: tuple[Path, ...],
) -> Callable[[Course], Team]:
    """Find out who can grade, before a salt is made: a mistake in an address is to cost nothing.

    Args:
        stack: ends what was begun.
        scheduler: the address of a scheduler, or its file; "" for this machine.
        device: ``cpu`` or ``cuda``.
        processes: how many side by side on this machine; None for one per CPU.
        wanted: exactly this isolation; None for the best.
        unsafe: accept machines that can isolate nothing.
        hidden: folders that student code must not read.

    Returns:
        Gives the team, once it is known which course it is, with which salt.

    Raises:
        ClusterError: there is no such scheduler.
        IsolationError: this machine cannot isolate student code as it is wanted.
    """
    if not scheduler:
        here = Here(choose(device, wanted=wanted, unsafe=unsafe, hidden=hidden), processes)
        return lambda course: here
    from grader.cluster.connect import connect, is_open

    client = stack.enter_context(connect(scheduler))

    def join(course: Course) -> Team:
        from grader.cluster.cluster import Cluster

        begin = functools.partial(Cluster, wanted=wanted, unsafe=unsafe, device=device, hidden=hidden, say=_say)
        team = stack.enter_context(begin(client, course))
        if is_open(team.where):
            _say(
                f"what is sent to {team.where} is not encrypted, hidden tests and the class's salt included; on a "
                "network that others use, start the cluster with TLS (grader/README.md)"
            )
        return team

    return join


def in_words(team: Team) -> str:
    """The team in a line: how many jobs at a time, where, and how student code is walled in there."""
    walls = [f"isolation {words.isolation(each, each.device)}" for each in team.isolations]
    return "; ".join([f"{count(team.slots, 'job')} at a time on {team.where}"] * bool(team.where) + walls)


def _say(line: str) -> None:
    print(f"grader: {visible(line)}", file=sys.stderr, flush=True)
