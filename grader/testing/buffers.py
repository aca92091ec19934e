"""Fill a replay buffer, and read what is drawn from it, whatever arrays it comes in."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grader.testing.near import numbers
from grader.testing.shown import shown

PARTS = ("states", "actions", "rewards", "next states", "dones")
Row = tuple[tuple[float, ...], Any, float, tuple[float, ...], Any]
"""A transition as plain numbers."""


def transition(tag: int, done: bool = False, size: int = 2) -> tuple[np.ndarray, int, float, np.ndarray, bool]:
    """A transition of which every part but action and done tells ``tag``, with ``size`` numbers in an observation."""
    state = tag + np.arange(size) / 4
    return state, tag % 3, tag / 2, state + 100, done


def row(state: Any, action: Any, reward: Any, next_state: Any, done: Any) -> Row:
    """A transition as plain numbers, to look it up with; those of ``transition`` are exact in float32."""
    whole = int(action) if float(action).is_integer() else float(action)
    flag = bool(done) if done in (0, 1) else float(done)
    return tuple(map(float, state)), whole, float(reward), tuple(map(float, next_state)), flag


def rows(batch: Any, count: int, size: int = 2) -> list[Row]:
    """The rows of a batch; columns (B, 1), lists, and rows for columns are let through: another property sees them.

    Raises:
        AssertionError: it is not a batch.
    """
    columns = _columns(batch, count, size)
    if columns is None and isinstance(batch, tuple | list) and all(isinstance(one, tuple | list) for one in batch):
        columns = _columns(list(zip(*batch, strict=False)), count, size)
    if columns is None:
        raise AssertionError(
            f"{count} {'row' if count == 1 else 'rows'} in five arrays, in this order: {', '.join(PARTS)}"
        )
    return [row(s, a[0], r[0], n, d[0]) for s, a, r, n, d in zip(*columns, strict=True)]


def _columns(batch: Any, count: int, size: int) -> list[np.ndarray] | None:
    """The five parts of a batch as arrays (B, …); None if that is not what it is."""
    if not isinstance(batch, tuple | list) or len(batch) != len(PARTS):
        return None
    found = []
    for part, width in zip(map(numbers, batch), (size, 1, 1, size, 1), strict=True):
        if part is None or part.size != count * width:
            return None
        found.append(part.reshape(count, width))
    return found


@shown
def batches(buffer: Any, count: int, times: int) -> list[list[Row]]:
    """The rows of so many batches of this size."""
    return [rows(buffer.sample(count), count) for _ in range(times)]


@shown
def drawn(buffer: Any, count: int, times: int) -> list[Row]:
    """All that comes in so many batches of this size, each once, in order."""
    return sorted(set().union(*batches(buffer, count, times)))


@shown
def how_often(buffer: Any, stored: Sequence[Row], count: int, times: int) -> list[int]:
    """Counts of each set of ``count`` of these transitions in so many batches, in the order of combinations."""
    came = Counter(map(frozenset, batches(buffer, count, times)))
    return [came[frozenset(each)] for each in itertools.combinations(stored, count)]


@shown
def alone(make: Callable[..., Any], parts: Sequence[Any]) -> Row:
    """The row that a transition makes when nothing else is stored; it is the transition itself, if all is right."""
    buffer = make(capacity=2, seed=0)
    for _ in range(2):
        buffer.push(*parts)
    found: list[Row] = []
    while row(*parts) not in found and len(found) < 12:
        found += rows(buffer.sample(1), 1)
    return found[-1] if found[-1] == row(*parts) else max(found)


@shown
def holding(make: Callable[..., Any], count: int, capacity: int, seed: int = 0, dones: Sequence[int] = ()) -> Any:
    """A buffer into which transitions 1 to ``count`` were pushed; those in ``dones`` ended an episode."""
    buffer = make(capacity=capacity, seed=seed)
    for tag in range(1, count + 1):
        buffer.push(*transition(tag, tag in dones))
    return buffer


@shown
def left_in(make: Callable[..., Any], count: int, capacity: int, seeds: int) -> list[Row]:
    """All that comes, in one batch each, from so many buffers into which ``count`` transitions were pushed."""
    return sorted(set().union(*(drawn(holding(make, count, capacity, seed), capacity, 1) for seed in range(seeds))))


@shown
def after_a_batch(make: Callable[..., Any], stored: int, seeds: int, room: int = 0) -> list[list[Row]]:
    """The rows that so many buffers hold after a batch was drawn and one more transition was pushed.

    They are full when the batch is drawn, or have room for so many more.
    """
    found = []
    for seed in range(seeds):
        buffer = holding(make, stored, stored + room, seed)
        buffer.sample(2)
        buffer.push(*transition(stored + 1))
        there = stored + min(1, room)
        found.append(sorted(rows(buffer.sample(there), there)))
    return found


@shown
def places(make: Callable[..., Any], count: int, times: int) -> list[int]:
    """The places that so many batches of one come from, in a buffer of ``count``: 0 is the oldest, and -1 is none."""
    stored = [alone(make, transition(tag)) for tag in range(1, count + 1)]
    found = drawn(holding(make, count, count), 1, times)
    return sorted({stored.index(one) if one in stored else -1 for one in found})
