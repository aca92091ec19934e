"""The distribution of marks as inline SVG: ten bars, each with its number above it."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from grader.printable import count, one_line

BINS = 10
_WIDTH, _HEIGHT, _TOP, _BOTTOM = 240, 96, 26, 16


def bins(shares: Iterable[float]) -> list[int]:
    """The number of marks in each tenth of the points; full marks belong to the last.

    Args:
        shares: marks as parts of what is possible, from 0 to 1.
    """
    found = [0] * BINS
    for share in shares:
        found[min(max(int(share * BINS + 1e-9), 0), BINS - 1)] += 1
    return found


def histogram(numbers: list[int], *, name: str) -> str:
    """Draw a distribution.

    Args:
        numbers: from ``bins``.
        name: what is distributed; it stands above the picture, and may be any text.
    """
    step = _WIDTH / BINS
    most = max(numbers, default=0) or 1
    room = _HEIGHT - _TOP - _BOTTOM - 10
    said = ", ".join(f"{i * 10} to {i * 10 + 10} %: {number:,}" for i, number in enumerate(numbers) if number)
    parts = []
    for i, number in enumerate(numbers):
        if number:
            height, x = max(room * number / most, 1.0), i * step
            top = _HEIGHT - _BOTTOM - height
            parts.append(
                f'<rect class="column" x="{x + 1.5:.1f}" y="{top:.1f}" width="{step - 3:.1f}" height="{height:.1f}"/>'
                f'<text x="{x + step / 2:.1f}" y="{top - 3:.1f}" text-anchor="middle">{number:,}</text>'
            )
    axis = _HEIGHT - _BOTTOM
    labels = ((0, "start", "0"), (_WIDTH / 2, "middle", "50"), (_WIDTH, "end", "100 %"))
    parts += [
        f'<text class="tick" x="{x:g}" y="{_HEIGHT - 4}" text-anchor="{anchor}">{text}</text>'
        for x, anchor, text in labels
    ]
    shown = one_line(name, 40)
    label = escape(f"{shown}, {count(sum(numbers), 'mark')}: {said or 'none'}", {'"': "&quot;"})
    return (
        f'<svg class="spread" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f'<text class="name" x="0" y="11">{escape(shown)}</text>'
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{axis}" y2="{axis}"/>{"".join(parts)}</svg>'
    )
