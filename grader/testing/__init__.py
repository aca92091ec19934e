"""The words in which hidden properties are written; ordinary pytest and hypothesis do the rest.

A property never mentions the boundary: it calls ``student.f(...)`` and asserts. Two conventions make its failure
readable: the student's value stands on the left of a comparison, and an assertion that is not a comparison carries a
message that says, in words, what is needed.

- ``near``: comparison to float32 accuracy that also compares shapes.
- ``environments``: environments and policies that play from a script.
"""

from __future__ import annotations

from typing import Any

import pytest

from grader.testing.near import Near, near

__all__ = ["Near", "exercise", "near"]


def exercise(name: str, *, needs: tuple[str, ...] = (), weight: float = 1.0) -> Any:
    """Mark what a property judges.

    Args:
        name: the exercise, as course.yml calls it.
        needs: properties of the same file without which this one says nothing: it is skipped when one of them fails.
        weight: its share of the exercise's points, in relation to the exercise's other properties.
    """
    return pytest.mark.exercise(name, needs=needs, weight=weight)
