"""The data of a film: numbers and series from runs, each with a sentence that says where it came from."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import CourseError
from grader.printable import number as short

PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
"""``{lean.mean}``, or ``{lean.mean:.0f}`` with a format of Python's, or ``{actions:word}``."""

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DIGITS = 5  # of what stands in the JSON beside a film; no picture shows more


@dataclasses.dataclass(frozen=True)
class Number:
    """One number.

    Attributes:
        value: the number itself.
        source: what it was read from, for whoever checks the film.
    """

    value: float
    source: str


@dataclasses.dataclass(frozen=True)
class Series:
    """The record of a run.

    Attributes:
        columns: arrays by their names; which shapes they have, says whoever recorded them.
        source: the run.
    """

    columns: dict[str, NDArray[Any]]
    source: str

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.columns[column]


class Data:
    """All that a film may show, and what of it was asked for."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}
        self._series: dict[str, Series] = {}
        self._asked: set[str] = set()
        self._shown: set[str] = set()

    def add(self, name: str, value: float, source: str) -> None:
        """Put in a number; what numpy calls a number is made one of Python's."""
        self._numbers[name] = Number(value.item() if isinstance(value, np.generic) else value, source)

    def record(self, name: str, source: str, **columns: Any) -> Series:
        """Put in a series."""
        self._series[name] = Series({key: np.asarray(column) for key, column in columns.items()}, source)
        return self._series[name]

    def number(self, name: str) -> float:
        """A number by its name.

        Raises:
            CourseError: there is none.
        """
        if name not in self._numbers:
            raise CourseError(f"there is no number {name!r}; there are: {', '.join(sorted(self._numbers))}")
        self._asked.add(name)
        return self._numbers[name].value

    def series(self, name: str, *columns: str) -> Series:
        """A series by its name, with these columns.

        Raises:
            CourseError: there is none, or it has other columns.
        """
        suits = [each for each, series in self._series.items() if set(columns) <= set(series.columns)]
        if name not in suits:
            which = f"{name!r} with {', '.join(columns)}" if columns else repr(name)
            raise CourseError(f"there is no series {which}; there are: {', '.join(sorted(suits)) or 'none'}")
        self._shown.add(name)
        return self._series[name]

    def fill(self, text: str) -> str:
        """Put numbers in the place of placeholders.

        Raises:
            CourseError: a number is not there, or cannot be written in this way.
        """
        return PLACEHOLDER.sub(lambda found: written(self.number(found[1]), found[2] or "", found[0]), text)

    def used(self) -> dict[str, Any]:
        """All that was asked for so far, as plain data: numbers and series by their names."""
        numbers = {name: self._numbers[name] for name in sorted(self._asked)}
        series = {name: self._series[name] for name in sorted(self._shown)}
        return {
            "numbers": {name: {"value": each.value, "source": each.source} for name, each in numbers.items()},
            "series": {
                name: {"source": each.source, "columns": {key: _plain(column) for key, column in each.columns.items()}}
                for name, each in series.items()
            },
        }


def written(value: float, how: str = "", name: str = "") -> str:
    """A number as it is said.

    >>> written(17410), written(-0.25), written(4, "word"), written(484.7, ".0f")
    ('17,410', '−0.25', 'four', '485')

    Raises:
        CourseError: there is no such format, or no word for this number.
    """
    if how == "word":
        if value not in range(len(_WORDS)):
            raise CourseError(f"there is no word for {value:g} in {name}; leave out :word")
        return _WORDS[int(value)]
    try:
        text = format(value, how) if how else f"{value:,}" if isinstance(value, int) else short(value)
    except ValueError:
        raise CourseError(f"no number can be written as {name}") from None
    return text.replace("-", "−")


def _plain(column: NDArray[Any]) -> Any:
    return np.round(column, _DIGITS).tolist() if column.dtype.kind == "f" else column.tolist()
