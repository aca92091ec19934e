"""The names of lessons: their form, their numbers, and lookup by what people type."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Python refuses to make numbers of thousands of digits; nobody has a course of a thousand million lessons.
_DIGITS = 9
_FORM = re.compile(rf"lesson[0-9]{{1,{_DIGITS}}}_[a-z0-9_]+")
_NUMBER = re.compile(rf"lesson([0-9]{{1,{_DIGITS}}})")


def is_lesson_name(name: str) -> bool:
    """Whether a name has the form ``lesson<number>_<name>``."""
    return _FORM.fullmatch(name) is not None


def lesson_number(name: str) -> int:
    """The number in a lesson's name, by which lessons are ordered; 0 if there is none."""
    match = _NUMBER.match(name)
    return int(match[1]) if match else 0


def lessons_called(wanted: str, names: Iterable[str]) -> list[str]:
    """The lessons that match a number, a name, or the beginning of a name.

    Returns:
        Those of ``names``, in their order: one where it is clear what is meant, none or several where it is not.
    """
    names = list(names)
    if wanted.isdecimal():
        return [name for name in names if len(wanted) <= _DIGITS and lesson_number(name) == int(wanted)]
    return [name for name in names if name == wanted] or [name for name in names if name.startswith(wanted)]
