"""The order of a lesson's properties: one that needs another comes behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from grader.course import Lesson


def needs(item: pytest.Item) -> tuple[str, ...]:
    """The names of the properties without which this one says nothing."""
    mark = item.get_closest_marker("exercise")
    return tuple(mark.kwargs.get("needs", ())) if mark else ()


def needed_first(items: list[pytest.Item]) -> list[pytest.Item]:
    """The same properties, each behind those that it needs, also where these belong to a later exercise."""
    by_name = {item.name: item for item in items}
    ordered: dict[str, pytest.Item] = {}

    def put(item: pytest.Item, above: tuple[str, ...] = ()) -> None:
        for name in needs(item):
            if name in by_name and name not in above:
                put(by_name[name], (*above, item.name))
        ordered.setdefault(item.name, item)

    for item in items:
        put(item)
    return list(ordered.values())


def wished_first(
    items: list[pytest.Item], wished: Sequence[str], exercises: Mapping[str, str], lesson: Lesson
) -> list[pytest.Item]:
    """The same properties, those that somebody waits for first; behind all of an exercise that theirs needs.

    Args:
        items: properties, in the order of their exercises.
        wished: names of properties or exercises, the most urgent one first.
        exercises: the exercise of each property, by its name.
        lesson: says which exercises need which.
    """
    urgent = {name: i for i, name in enumerate(wished)}

    def rank(item: pytest.Item) -> int:
        exercise = exercises[item.name]
        return min(urgent.get(item.name, len(urgent)), urgent.get(exercise, len(urgent)))

    ranks = {item.name: rank(item) for item in items}
    # An exercise that fails holds up those that need it, and has to have been judged by then.
    for exercise in reversed(lesson.exercises):
        own = [ranks[item.name] for item in items if exercises[item.name] == exercise.name]
        for item in items:
            if own and exercises[item.name] in exercise.needs:
                ranks[item.name] = min(ranks[item.name], *own)
    return sorted(items, key=lambda item: ranks[item.name])
