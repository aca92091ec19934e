"""A learning curve as text: braille dots on labelled axes, for a terminal and for a notebook without pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.render.curve import short

_LEFT = 6
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a braille cell's dots, by row and column (Unicode, block U+2800)."""


def chart(
    points: Sequence[tuple[float, float]], *, bar: float, most_x: float, width: int = 60, height: int = 8
) -> list[str]:
    """Draw a curve.

    Args:
        points: ascending in x.
        bar: a height that is marked by a broken line.
        most_x: the end of the x axis, unless the points go further.
        width: characters of a line.
        height: lines, without the x axis.
    """
    points = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    heights = [bar, 0.0, *(y for _, y in points)]
    low, high = min(heights), max(heights)
    end = max([1.0, most_x, *(x for x, _ in points)])
    columns = max(width - _LEFT - 2, 10)
    cells = [[0] * columns for _ in range(height)]

    def place(x: float, y: float) -> tuple[int, int]:
        """The column and row of a dot."""
        up = (y - low) / (high - low or 1.0)
        return round(x / end * (2 * columns - 1)), round((1 - up) * (4 * height - 1))

    def dot(column: int, row: int) -> None:
        cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]

    before: tuple[int, int] | None = None
    for x, y in points:
        now = place(x, y)
        for column, row in _between(before, now) if before else [now]:
            dot(column, row)
        before = now
    at_bar = place(0, bar)[1] // 4
    lines = []
    for i, line in enumerate(cells):
        label = short(bar) if i == at_bar else short(high) if i == 0 else short(low) if i == height - 1 else ""
        empty = "╌" if i == at_bar else " "
        drawn = "".join(chr(0x2800 + cell) if cell else empty for cell in line)
        lines.append(f"{label:>{_LEFT}} ┤{drawn}".rstrip())
    last = f"{short(end)} steps"
    lines.append(f"{'0':>{_LEFT + 3}}{last:>{columns - 1}}")
    return lines


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The dots on the way from one to another, both included."""
    (x1, y1), (x2, y2) = start, end
    many = max(abs(x2 - x1), abs(y2 - y1), 1)
    return [(round(x1 + (x2 - x1) * i / many), round(y1 + (y2 - y1) * i / many)) for i in range(many + 1)]
