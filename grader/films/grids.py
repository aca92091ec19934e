"""Pictures of grids: cells with values, arrows that show the best way, and somebody who walks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from grader.errors import CourseError
from grader.films.data import Data, written
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_targets
from grader.films.stage import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, Stage

Floats = NDArray[np.float64]

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""Up, right, down and left, as (rows down, columns to the right)."""
_SIDE = 4
_ARROW = np.array([(-0.3, -0.05), (0.06, -0.05), (0.06, -0.17), (0.32, 0.0), (0.06, 0.17), (0.06, 0.05), (-0.3, 0.05)])


class Board:
    """A grid of cells, which are numbered along the rows.

    Args:
        stage: where to draw.
        rows: how many.
        columns: how many.
        left: the left edge.
        top: the upper edge.
        cell: the size of a cell in pixels.
        colour: of what is bad about a cell.
    """

    def __init__(
        self, stage: Stage, rows: int, columns: int, left: float, top: float, cell: float, colour: str = ORANGE
    ) -> None:
        from matplotlib.collections import PolyCollection
        from matplotlib.colors import LinearSegmentedColormap
        from matplotlib.patches import Circle

        self._rows, self._columns, self._left, self._top, self._cell = rows, columns, left, top, cell
        right, bottom = left + columns * cell, top + rows * cell
        colours = LinearSegmentedColormap.from_list("worth", [PAPER, colour])
        self._shade: Any = stage.moving(
            stage.paper.imshow(
                np.zeros((rows, columns)), extent=(left, right, bottom, top), cmap=colours, vmin=0, vmax=1
            )
        )
        stage.paper.set(xlim=(0, 1280), ylim=(720, 0), aspect="auto")
        for row in range(rows + 1):
            (line,) = stage.paper.plot([left, right], [top + row * cell] * 2, color=MUTED, linewidth=1.2)
            stage.moving(line)
        for column in range(columns + 1):
            (line,) = stage.paper.plot([left + column * cell] * 2, [top, bottom], color=MUTED, linewidth=1.2)
            stage.moving(line)
        self._way: Any = stage.moving(stage.paper.plot([], [], color=BLUE, linewidth=0.06 * cell, alpha=0.8)[0])
        arrows = PolyCollection([], facecolor=INK, linewidth=0)
        self._arrows: Any = stage.moving(stage.paper.add_collection(arrows, autolim=False))
        self._walker: Any = stage.moving(stage.paper.add_patch(Circle((-99, -99), 0.24 * cell, color=BLUE)))
        self._texts = [
            stage.moving(stage.text(*self.middle(at), "", size=min(0.3 * cell, 34))) for at in range(rows * columns)
        ]

    @property
    def last(self) -> int:
        """The number of the last cell."""
        return self._rows * self._columns - 1

    def middle(self, cell: int) -> tuple[float, float]:
        """The middle of a cell, in pixels."""
        row, column = divmod(cell, self._columns)
        return self._left + (column + 0.5) * self._cell, self._top + (row + 0.5) * self._cell

    def write(self, cell: int, words: str, colour: str = INK, down: float = 0.0) -> None:
        """Write into a cell; ``down`` is a part of its height."""
        self._texts[cell].set_text(words)
        self._texts[cell].set_color(colour)
        self._texts[cell].set_y(self.middle(cell)[1] + down * self._cell)

    def shade(self, share: Floats) -> None:
        """Colour the cells, (rows · columns,), by a share from 0 to 1."""
        self._shade.set_data(share.reshape(self._rows, self._columns) * 0.62)

    def arrows(self, directions: Sequence[tuple[int, int]], down: float = 0.0, size: float = 1.0) -> None:
        """Draw an arrow in cells: pairs of a cell and a move."""
        shapes = []
        for cell, move in directions:
            turn = math.radians({0: -90, 1: 0, 2: 90, 3: 180}[move])
            x, y = self.middle(cell)
            rotated = _ARROW @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
            shapes.append(rotated * self._cell * size + (x, y + down * self._cell))
        self._arrows.set_verts(shapes)

    def walk(self, cells: Sequence[int], jumps: frozenset[int] = frozenset()) -> None:
        """Put the walker into the last of these cells, with the way behind; it is broken before places in ``jumps``."""
        if not len(cells):
            self._walker.set_visible(False)
            self._way.set_data([], [])
            return
        xs, ys = [], []
        for i, cell in enumerate(cells):
            if i in jumps:
                xs.append(math.nan)
                ys.append(math.nan)
            x, y = self.middle(cell)
            xs.append(x)
            ys.append(y)
        self._way.set_data(xs, ys)
        self._walker.set_visible(True)
        self._walker.set_center((xs[-1], ys[-1]))


class Square(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the grids of a picture.

    Attributes:
        label: what stands above it.
        sweeps: a series with values, (K + 1, S), one row a sweep.
        walk: a series with cells, (T + 1,).
        ways: a series with best, (K + 1, S, A): whether an action is as good as the best one.
        colour: of what is bad.
    """

    label: str = ""
    sweeps: str = ""
    walk: str = ""
    ways: str = ""
    colour: str = "orange"


class Grid(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="grid"):
    """One square world, or two side by side; their last cell is the goal.

    Attributes:
        squares: what each shows.
        until: the sweep, or the step of a walk, that each caption arrives at; -1 is the last one.
        count: what the moments are called, as in "sweep 3".
        first: the moment to begin with.
        look: a cell of a single square and the one that its best step leads to: the sum behind its value is written
            out, from the numbers ``cost`` and ``gamma``.
    """

    squares: tuple[Square, ...]
    until: tuple[int, ...]
    count: str = ""
    first: int = 0
    look: tuple[int, int] | None = None

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the cells, and let values change and walkers walk."""
        boards, lengths = [], []
        for i, square in enumerate(self.squares):
            values = data.series(square.sweeps, "values")["values"] if square.sweeps else None
            cells = data.series(square.walk, "cells")["cells"] if square.walk else None
            best = data.series(square.ways, "best")["best"] if square.ways else None
            if values is None and cells is None:
                raise CourseError("each square of a grid has sweeps or a walk")
            lengths.append(len(values) if values is not None else len(cells) if cells is not None else 0)
            side = _SIDE if values is None else math.isqrt(values.shape[1])
            cell = 400 / side
            middle = 640 if len(self.squares) == 1 else 330 + 620 * i
            colour = {"orange": ORANGE, "blue": BLUE}[square.colour]
            board = Board(stage, side, side, middle - 200, 136, cell, colour)
            stage.text(middle, 100, data.fill(square.label))
            counter = stage.moving(stage.text(middle + 214, 150, "", ha="left", color=MUTED))
            boards.append((board, values, cells, best, counter))
        moment = by_targets(times, self.until, max(lengths), self.first)
        look = _looking(self.squares[0], *self.look, stage, data) if self.look else lambda now: None

        def draw(now: int) -> None:
            look(now)
            for (board, values, cells, best, counter), length in zip(boards, lengths, strict=True):
                if values is not None:
                    at = min(now, len(values) - 1)
                    board.shade(values[at] / min(float(values.min()), -1e-9))
                    arrows = best is not None and at == len(values) - 1
                    for cell, value in enumerate(values[at][:-1]):
                        board.write(cell, written(value, ".1f"), down=-0.24 if arrows else 0.0)
                    if best is not None:
                        pairs = [(int(s), int(a)) for s, a in np.argwhere(best)] if arrows else []
                        board.arrows([pair for pair in pairs if pair[0] < len(values[at]) - 1], down=0.17, size=0.7)
                else:
                    board.shade(np.zeros(_SIDE * _SIDE))
                board.write(board.last, "goal", GREEN)
                board.walk([] if cells is None else cells[: now + 1].tolist())
                if self.count:
                    counter.set_text(f"{self.count}\n{min(now, length - 1)}")

        return Show(moment, draw)


def _looking(square: Square, cell: int, neighbour: int, stage: Stage, data: Data) -> Callable[[int], None]:
    """The sum behind one cell's value, at the left: what the step costs, and what the best next cell is worth."""
    from matplotlib.patches import Rectangle

    values = data.series(square.sweeps, "values")["values"]
    cost, gamma = data.number("cost"), data.number("gamma")
    if not np.allclose(values[1:, cell], gamma * values[:-1, neighbour] - cost):
        raise CourseError(f"the value of cell {cell} does not follow from that of cell {neighbour}")
    size = 400 / math.isqrt(values.shape[1])
    for place, colour in ((cell, INK), (neighbour, GREEN)):
        row, column = divmod(place, math.isqrt(values.shape[1]))
        corner = (440 + column * size + 4, 136 + row * size + 4)
        frame = Rectangle(corner, size - 8, size - 8, fill=False, edgecolor=colour, linewidth=4)
        stage.moving(stage.paper.add_patch(frame))
    lines = [stage.moving(stage.text(410, y, "", size=32, ha="right")) for y in (216, 266, 316, 366)]
    lines[0].set_text("in the white frame:")
    lines[0].set_color(MUTED)
    lines[1].set_text(f"{written(-cost)} for the step")
    lines[2].set_color(GREEN)

    def draw(now: int) -> None:
        now = min(now, len(values) - 1)
        for line in lines:
            line.set_visible(now > 0)
        if now:
            lines[2].set_text(f"and {written(gamma)} × ({written(values[now - 1][neighbour], '.1f')})")
            lines[3].set_text(f"= {written(values[now][cell], '.1f')}")

    return draw
