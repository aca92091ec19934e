"""The few programs that somebody asks for by name, where a measurement of all would take an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from grader.errors import CourseError

_Program = TypeVar("_Program")


def named(
    programs: Iterable[_Program], only: Sequence[str], name_of: Callable[[_Program], str], where: str
) -> list[_Program]:
    """Those of the programs that have one of the names in ``only``; all of them where ``only`` is empty.

    Raises:
        CourseError: none has such a name; it says so of ``where``.
    """
    found = list(programs)
    for name in only:
        if all(name_of(program) != name for program in found):
            raise CourseError(f"{where} has no program named {name!r}; the tables print their names")
    return [program for program in found if not only or name_of(program) in only]
