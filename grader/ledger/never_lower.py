"""Entries of marks.yml for marks that a regrade has lowered, though the work is the same.

Tests get stricter, points are moved, a library changes: none of it is a student's doing. Where an instructor says that
marks shall not fall, what is missing is added, by an entry like any other: with its reason, for the student to read,
and for the instructor to take out again. So it holds in every later run, and nothing happens behind anybody's back.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from grader.course.names import lesson_number
from grader.errors import ClassError
from grader.files import write
from grader.printable import number
from grader.report.moves import Move
from grader.report.settled import mark_of

_UP = 10_000
"""Additions are in ten-thousandths of a point, rounded up: a mark must not be lower by a hair."""


class Raise(NamedTuple):
    """An addition that brings a mark back to where it was.

    Attributes:
        move: how the mark has moved.
        points: to be added.
    """

    move: Move
    points: float


def raises(moved: Iterable[Move]) -> list[Raise]:
    """The additions for all marks that have fallen while the work has not changed.

    Where the lesson has other points now, the part of them that was reached before is what has to be reached. What an
    entry of marks.yml or the late rule has taken off since stays off: only what the grader gives less is added.
    """
    found = []
    for each in moved:
        if each.difference is None or each.before is None or each.after is None or "work" in each.why:
            continue
        then, now = mark_of(each.before), mark_of(each.after)
        if then.max and not any(step.kind == "override" for step in now.steps):
            scale = now.max / then.max
            lacks = min(then.final * scale - now.final, then.earned * scale - now.earned)
            if lacks > 1e-6:
                found.append(Raise(each, math.ceil(lacks * _UP - 1e-6) / _UP))
    return found


def entries(found: Iterable[Raise], today: datetime.date) -> str:
    """The additions as lines of marks.yml.

    Args:
        found: what is to be added.
        today: the date of the entries.
    """
    lines = []
    for move, points in found:
        assert move.before is not None
        why = f"a regrade lowers no mark: it was {number(move.before.score)} of {number(move.before.max_score)}"
        what = f"student: {json.dumps(move.student)}, lesson: {lesson_number(move.lesson)}, add: {points:g}"
        lines.append(f"- {{{what}, why: {json.dumps(why)}, date: {today.isoformat()}}}\n")
    return "".join(lines)


def add(path: Path, lines: str) -> None:
    """Add lines to the end of marks.yml, which is made if there is none.

    Raises:
        ClassError: it cannot be written, or is in a form to which no line can be added.
    """
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before.strip().startswith("["):
            raise ClassError(f"{path} is one list in brackets; write each entry on a line of its own, with a dash")
        write(path, f"{before.rstrip()}\n{lines}".lstrip("\n").encode())
    except OSError as error:
        raise ClassError(f"{path} cannot be written to ({error.strerror}), so no mark was raised") from None
