"""The scenes of films as SVG: a cart with its pole, and the grid with the cliff.

Each scene gives a moving picture, with one value of each animation for every frame, and a still one that says the same
at a glance. Classes name what is drawn; a stylesheet colours it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from grader.printable import count, number
from grader.report.film import Ended, Scene

WIDTH, HEIGHT = 320, 110
FLOOR = 92.0
"""The height of the ground on which the cart stands."""

Frames = Sequence[tuple[int, ...]]

_EDGE = 2.4  # CartPole's track
_TRACK = 140.0  # pixels from its middle to an edge
_POLE = _TRACK / _EDGE  # the pole is one unit of length long
_POSES = 6

_COLUMNS, _ROWS, _CELL = 12, 4, 24.0
_START, _GOAL = 36, 47
_LEFT, _TOP = 16.0, 6.0


class Clock(Protocol):
    """The time of a film."""

    def discrete(self, values: Sequence[str]) -> str:
        """The attributes of an animation with one value for each frame."""
        ...


class Drawn(Protocol):
    """One kind of scene."""

    def seconds(self, frames: int) -> float:
        """The time for one step."""
        ...

    def moving(self, frames: Frames, clock: Clock) -> str:
        """The moving picture."""
        ...

    def still(self, frames: Frames) -> str:
        """The picture for those who want nothing to move."""
        ...

    def told(self, frames: Frames) -> str:
        """Everything that is to be seen, in sentences."""
        ...

    def end(self, frames: Frames, ended: Ended) -> str:
        """The end of the episode in a few words."""
        ...


def short(value: float) -> str:
    """A number as SVG has it, in as few characters as it takes.

    >>> short(-0.04), short(12.0), short(0.25)
    ('0', '12', '.3')
    """
    text = number(value, 1)
    return text[1:] if text.startswith("0.") else text


class Cart:
    """CartPole: the frames are the position of the cart and the angle of the pole, in thousandths."""

    def seconds(self, frames: int) -> float:
        """Real time, in the environment's own steps."""
        return 0.02

    def moving(self, frames: Frames, clock: Clock) -> str:
        """A cart that moves and a pole that turns."""
        places = [f"{short(WIDTH / 2 + _TRACK * x / 1000 / _EDGE)} {short(FLOOR)}" for x, _ in frames]
        turns = [short(math.degrees(angle / 1000)) for _, angle in frames]
        return (
            f'{_track(10, WIDTH - 10)}<g transform="translate({places[0]})">'
            f'<animateTransform attributeName="transform" type="translate" {clock.discrete(places)}/>'
            f'{_CART}<g transform="translate(0 -18)"><g transform="rotate({turns[0]})">'
            f'<animateTransform attributeName="transform" type="rotate" {clock.discrete(turns)}/>'
            f'<path class="pole" d="M0 0 V{short(-_POLE)}" fill="none" stroke="currentColor"/></g></g></g>'
        )

    def still(self, frames: Frames) -> str:
        """Some poses side by side, the first and the last among them; each has a short track of its own."""
        shown = sorted({round(i * (len(frames) - 1) / (_POSES - 1)) for i in range(_POSES)})
        wide = (WIDTH - 20) / _POSES
        parts = []
        for place, at in enumerate(shown):
            x, angle = frames[at]
            middle = 10 + wide * (place + 0.5)
            across = middle + x / 1000 / _EDGE * (wide / 2 - 8)
            parts.append(
                f'{_track(middle - wide / 2 + 3, middle + wide / 2 - 3)}<g transform="translate({short(across)} '
                f'{short(FLOOR)}) scale(.75)">{_CART}<g transform="translate(0 -18)">'
                f'<path class="pole" d="M0 0 V{short(-_POLE)}" transform="rotate({short(math.degrees(angle / 1000))})" '
                f'fill="none" stroke="currentColor"/></g></g>'
                f'<text class="tick" x="{short(middle)}" y="{short(FLOOR + 14)}" text-anchor="middle" '
                f'fill="currentColor">{"" if place else "step "}{at + 1}</text>'
            )
        return "".join(parts)

    def told(self, frames: Frames) -> str:
        """The farthest that the cart goes and the pole leans."""
        places, angles = [x / 1000 for x, _ in frames], [math.degrees(angle / 1000) for _, angle in frames]
        left, right = max(0.0, *(-each for each in angles)), max(0.0, *angles)
        return (
            f"A cart with a pole on it. The cart stays between {number(min(places), 1)} and {number(max(places), 1)} "
            f"on a track from -{_EDGE} to {_EDGE}; the pole leans at most {left:.0f} degrees to the left and "
            f"{right:.0f} degrees to the right."
        )

    def end(self, frames: Frames, ended: Ended) -> str:
        """A fall, the edge of the track, or the end of the time."""
        if ended == "terminated":
            return "the cart left the track" if abs(frames[-1][0]) > 1000 * _EDGE else "the pole fell"
        return "it stood until the time was up" if ended == "truncated" else "it was cut off by a reset"


_CART = '<rect class="cart" x="-17" y="-18" width="34" height="14" rx="2" fill="currentColor"/>' + "".join(
    f'<circle class="wheel" cx="{x}" cy="-3.5" r="3.5" fill="currentColor"/>' for x in (-10, 10)
)


def _track(left: float, right: float) -> str:
    """The ground, with its edges."""
    low, high = short(FLOOR), short(FLOOR - 6)
    path = f"M{short(left)} {high} V{low} H{short(right)} V{high}"
    return f'<path class="ground" d="{path}" fill="none" stroke="currentColor"/>'


class Cliff:
    """CliffWalking: a frame is the number of a cell, below 0 where a fall led there."""

    def seconds(self, frames: int) -> float:
        """A quarter of a second, or what is left of ten seconds."""
        return min(0.25, 10 / frames)

    def moving(self, frames: Frames, clock: Clock) -> str:
        """An agent that walks; its whole way stands behind it."""
        places = [" ".join(map(short, _middle(abs(cell)))) for (cell,) in frames]
        return (
            f'{self._world(frames)}<g transform="translate({places[0]})">'
            f'<animateTransform attributeName="transform" type="translate" {clock.discrete(places)}/>{_AGENT}</g>'
        )

    def still(self, frames: Frames) -> str:
        """The whole way, with the agent at its end."""
        x, y = _middle(abs(frames[-1][0]))
        return f'{self._world(frames)}<g transform="translate({short(x)} {short(y)})">{_AGENT}</g>'

    def told(self, frames: Frames) -> str:
        """The way in words."""
        falls = sum(cell < 0 for (cell,) in frames)
        visited = len({_START, *(abs(cell) for (cell,) in frames)})
        row = min(min(abs(cell), _START) // _COLUMNS for (cell,) in frames)
        far = (
            "along the edge of the cliff" if row == _ROWS - 2 else f"up to {count(_ROWS - 1 - row, 'row')} away from it"
        )
        fell = f"; it falls {count(falls, 'time')}, and begins anew each time" if falls else ""
        return (
            f"A grid of {_ROWS} rows and {_COLUMNS} columns with a cliff between the start and the goal in its last "
            f"row. The agent visits {count(visited, 'cell')}, {far}{fell}."
        )

    def end(self, frames: Frames, ended: Ended) -> str:
        """The goal, or the end of the time."""
        falls = sum(cell < 0 for (cell,) in frames)
        fell = f", after {count(falls, 'fall')}" if falls else ""
        if ended == "terminated":
            return f"it reached the goal{fell}"
        return f"the time was up before the goal{fell}" if ended == "truncated" else f"it was cut off by a reset{fell}"

    def _world(self, frames: Frames) -> str:
        """The grid, the cliff, and the way that was taken."""
        right, bottom = _LEFT + _COLUMNS * _CELL, _TOP + _ROWS * _CELL
        lines = [f"M{short(_LEFT + i * _CELL)} {short(_TOP)} V{short(bottom)}" for i in range(_COLUMNS + 1)]
        lines += [f"M{short(_LEFT)} {short(_TOP + i * _CELL)} H{short(right)}" for i in range(_ROWS + 1)]
        cliff = f'x="{short(_LEFT + _CELL)}" y="{short(bottom - _CELL)}" width="{short((_COLUMNS - 2) * _CELL)}"'
        words = [("S", _START), ("G", _GOAL)]
        parts = [
            f'<rect class="cliff" {cliff} height="{short(_CELL)}" fill="currentColor"/>',
            f'<path class="cells" d="{" ".join(lines)}" fill="none" stroke="currentColor"/>',
            f'<text class="cliff-name" x="{short(_LEFT + 9 * _CELL)}" y="{short(bottom - 8)}" text-anchor="middle" '
            'fill="currentColor">cliff</text>',
        ]
        for word, cell in words:
            x, y = _middle(cell)
            parts.append(
                f'<text class="place" x="{short(x)}" y="{short(y + 4.5)}" text-anchor="middle" fill="currentColor">'
                f"{word}</text>"
            )
        way, falls = [], dict[int, None]()
        before = _START
        pen = "M"
        for (cell,) in [(_START,), *frames]:
            if cell < 0:
                falls[before + _COLUMNS if before < _START else before + 1] = None
                pen = "M"
            way.append(f"{pen}{' '.join(map(short, _middle(abs(cell))))}")
            before, pen = abs(cell), "L"
        parts.append(f'<path class="way" d="{"".join(way)}" fill="none" stroke="currentColor"/>')
        for cell in falls:
            x, y = _middle(min(cell, _GOAL))
            cross = f"M{short(x - 4)} {short(y - 4)} l8 8 m0 -8 l-8 8"
            parts.append(f'<path class="fall" d="{cross}" fill="none" stroke="currentColor"/>')
        return "".join(parts)


_AGENT = '<circle class="agent" r="6.5" fill="currentColor"/>'


def _middle(cell: int) -> tuple[float, float]:
    """The middle of a cell; one that is on no grid is put into its last cell."""
    row, column = divmod(min(cell, _COLUMNS * _ROWS - 1), _COLUMNS)
    return _LEFT + (column + 0.5) * _CELL, _TOP + (row + 0.5) * _CELL


SCENES: dict[Scene, Drawn] = {"cart": Cart(), "cliff": Cliff()}
