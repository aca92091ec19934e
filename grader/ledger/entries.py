"""One entry of marks.yml, as data."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Key = Literal["score", "add", "extension", "excused", "handed in"]
"""What an entry can say; each entry says one of them."""

EVERYONE = "everyone"


class Entry(msgspec.Struct, frozen=True):
    """One entry.

    Attributes:
        line: where it begins in the file.
        students: about whom, by their names in reports; None for everyone.
        lessons: on which lessons, by their names.
        key: what it says.
        points: for ``score`` and ``add``.
        time: for ``extension`` and ``handed in``.
        why: the reason, on one line.
    """

    line: int
    students: tuple[str, ...] | None
    lessons: tuple[str, ...]
    key: Key
    points: float = 0.0
    time: datetime | None = None
    why: str = ""

    def is_about(self, student: str) -> bool:
        """Whether the entry is about a student."""
        return self.students is None or student in self.students
