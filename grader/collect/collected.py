"""The result of a ``grader collect`` run, as data; ``grader.collect.table`` prints it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Remark:
    """One line about a student, or about the download if ``student`` is ""."""

    student: str
    says: str


@dataclasses.dataclass
class Collected:
    """The result of a run.

    Attributes:
        systems: whose downloads were read.
        students: the folders that something was handed in for.
        lessons: how many students handed in a module or notebook for each; "" counts those whose files say no lesson.
        outcomes: how many files were written, replaced, unchanged, kept.
        attention: what may be missing or be the wrong one, until somebody has looked.
        notes: what should be known, though everything has its place.
        left_out: files of operating systems and tools.
        ids: the file of ids, and what kind they are, where the download knows any.
    """

    systems: list[str] = dataclasses.field(default_factory=list)
    students: list[str] = dataclasses.field(default_factory=list)
    lessons: dict[str, int] = dataclasses.field(default_factory=dict)
    outcomes: Counter[str] = dataclasses.field(default_factory=Counter)
    attention: list[Remark] = dataclasses.field(default_factory=list)
    notes: list[Remark] = dataclasses.field(default_factory=list)
    left_out: int = 0
    ids: tuple[Path, str] | None = None
