"""Groups of submissions that are the same, or nearly: one entry for n students instead of n(n-1)/2 pairs.

A group is listed whatever else is true of it: however many students are in it, so that no part of it counts as common,
and however short the work is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from grader.similar.prints import overlap

Kind = Literal["identical", "renamed", "almost", "common"]
"""``identical``: letter for letter. ``renamed``: the same but for names, comments and layout. ``almost``: ``ALMOST`` of
each is in the other. ``common``: alike, and nothing is left of them without what much of the class has."""

ALMOST = 0.9


@dataclasses.dataclass(frozen=True)
class Group:
    """Students whose work is the same, or nearly.

    Attributes:
        students: in the order of the class; the first stands for all in pairs with others.
        similarity: the lowest of a student's work with the first one's: of both shares the smaller for ``almost``, the
            larger for ``common``; 1 for the others.
        characters: how much of the first one's work is its own, without spaces, comments and the letters of names.
        first: the first one's source.
        least: who is least like the first.
        last: the source of that one.
    """

    lesson: str
    kind: Kind
    students: tuple[str, ...]
    similarity: float
    characters: int
    first: str
    least: str
    last: str


def same(lesson: str, sources: Mapping[str, str], prints: Mapping[str, Any]) -> list[Group]:
    """Groups that are identical, or differ in names, comments and layout alone; work with nothing in it is in none."""
    by_code: dict[str, list[str]] = {}
    for student, each in prints.items():
        by_code.setdefault(each.filtered_code, []).append(student)
    groups = []
    for code, students in by_code.items():
        if not code or len(students) < 2:
            continue
        first = sources[students[0]]
        other = next((student for student in students if sources[student] != first), "")
        kind: Kind = "renamed" if other else "identical"
        characters = int(prints[students[0]].token_coverage)
        least = other or students[1]
        groups.append(Group(lesson, kind, tuple(students), 1.0, characters, first, least, sources[least]))
    return groups


def alike(
    lesson: str,
    kind: Kind,
    students: Sequence[str],
    sources: Mapping[str, str],
    prints: Mapping[str, Any],
    least: float,
    of_both: Callable[..., float],
) -> list[Group]:
    """Groups around a first student, in order: a student who is similar enough to a group's first one joins it.

    Everybody is compared with leaders only, so that no chain of small changes joins what is not alike.

    Args:
        lesson: the lesson's name.
        kind: what the groups are called.
        students: who may be in a group.
        sources: Python by student.
        prints: fingerprints by student.
        least: how similar a member is to the leader at least.
        of_both: of both shares the one that counts, ``min`` or ``max``.
    """
    led: dict[str, list[tuple[str, float]]] = {}
    for student in students:
        best = max(
            ((of_both(*overlap(prints[leader], prints[student])[0]), leader) for leader in led),
            key=lambda found: found[0],
            default=(0.0, ""),
        )
        if best[0] >= least:
            led[best[1]].append((student, best[0]))
        else:
            led[student] = []
    groups = []
    for leader, members in led.items():
        if members:
            last, similarity = min(members, key=lambda member: member[1])
            everyone = (leader, *(student for student, _ in members))
            characters = int(prints[leader].token_coverage)
            groups.append(Group(lesson, kind, everyone, similarity, characters, sources[leader], last, sources[last]))
    return groups
