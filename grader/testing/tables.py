"""Strategies for lists and tables of plain numbers that cost hypothesis one draw, however many numbers are in them.

A list of twelve numbers is twelve draws, or twenty-five where each of them is mapped, and every draw costs some 0.04 ms
of bookkeeping: in lessons with tables that was more than the student's code, the wire and the comparison together.
Here the numbers are picked by the bytes of one string. It shrinks byte by byte, towards the first of the values.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import Any, TypeVar

from hypothesis import strategies as st

Value = TypeVar("Value", bound=Hashable)


def halves(most: int) -> tuple[float, ...]:
    """Whole numbers and halves from ``-most`` to ``most``, the plainest first."""
    return tuple(sorted((n / 2 for n in range(-2 * most, 2 * most + 1)), key=lambda value: (abs(value), value < 0)))


def some(values: tuple[Value, ...], count: int) -> st.SearchStrategy[list[Value]]:
    """Lists of ``count`` values out of ``values``, of which there are 32 at most; they come about equally often."""
    # False and 0 are equal, so the kinds of values belong to the key as well.
    return _some(values, tuple(map(type, values)), count)


def table(values: tuple[Value, ...], rows: int, columns: int) -> st.SearchStrategy[list[list[Value]]]:
    """Nested lists, (rows, columns), of such values."""
    return _table(values, tuple(map(type, values)), rows, columns)


# Remembered: hypothesis examines every strategy before its first draw, and these are asked for in each example.


@functools.cache
def _some(values: tuple[Any, ...], kinds: tuple[type, ...], count: int) -> st.SearchStrategy[list[Any]]:
    assert 0 < len(values) <= 32
    return st.binary(min_size=count, max_size=count).map(lambda code: [values[byte % len(values)] for byte in code])


@functools.cache
def _table(
    values: tuple[Any, ...], kinds: tuple[type, ...], rows: int, columns: int
) -> st.SearchStrategy[list[list[Any]]]:
    starts = range(0, rows * columns, columns)
    return _some(values, kinds, rows * columns).map(lambda flat: [flat[start : start + columns] for start in starts])
