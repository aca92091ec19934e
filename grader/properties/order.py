"""The order of a lesson's properties: one that needs another comes behind it."""

from __future__ import annotations

import pytest


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
