"""Let a counterexample show several steps of a test as the one call that made them.

A test that draws 240 actions and counts them would be shown as 240 lines, and the counts, which it compares, would be
on none of them. If the function that draws and counts stands in this room and is marked with ``shown``, a
counterexample has one line, ``print(counts(epsilon_greedy, …))``: the function is there for learners too.

Such a function asks what it is given, functions and objects of the student's, and returns plain values or such objects.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call that is shown in the place of the questions that it asked.

    Attributes:
        function: the function.
        args: what it was given, as it was then.
        kwargs: the same, by name.
        result: what it returned.
        start: how many questions had been asked before it.
        end: how many after it; none of its own, if that is as many.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    start: int
    end: int


class Record(Protocol):
    """The record of a case, with room for such calls."""

    @property
    def exchanges(self) -> Sequence[object]:
        """The questions."""
        ...

    @property
    def calls(self) -> list[Call]:
        """The calls."""
        ...


_record: Record | None = None


def note_in(record: Record | None) -> None:
    """Note calls in this record from now on, or in none."""
    global _record
    _record = record


def shown(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Have calls of a function shown instead of what it asks."""

    @functools.wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        record = _record
        if record is None:
            return function(*args, **kwargs)
        start, given = len(record.exchanges), (_as_it_is(args), _as_it_is(kwargs))
        result = function(*args, **kwargs)
        if record is _record:
            # One inside of another is not shown; it is if the outer one does not come to its end.
            record.calls[:] = [other for other in record.calls if other.start < start or other.end <= start]
            record.calls.append(Call(function, *given, result, start, len(record.exchanges)))
        return result

    return call


def _as_it_is(value: Any) -> Any:
    """Containers and arrays as they are now; anything else is what it is."""
    if type(value) in (list, tuple):
        return type(value)(map(_as_it_is, value))
    if type(value) is dict:
        return {key: _as_it_is(item) for key, item in value.items()}
    return copy.copy(value) if type(value).__module__.partition(".")[0] == "numpy" else value
