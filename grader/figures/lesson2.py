"""Figures of lesson 2: the values of the cells of a small gridworld."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE

Floats = NDArray[np.float64]

SIZE = 4
GAMMA = 0.9
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""Up, right, down and left, as (rows down, columns to the right)."""


def _next_cells() -> NDArray[np.int64]:
    """The cell that each action leads to, (S, A), in a square whose last cell is terminal."""
    cells = np.zeros((SIZE * SIZE, len(MOVES)), dtype=np.int64)
    for cell in range(SIZE * SIZE):
        for action, (down, right) in enumerate(MOVES):
            row, column = cell // SIZE + down, cell % SIZE + right
            inside = 0 <= row < SIZE and 0 <= column < SIZE
            cells[cell, action] = SIZE * row + column if inside else cell
    cells[-1] = SIZE * SIZE - 1
    return cells


def _solve(backup: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
    """The values (S,) that a backup of action values, (S, A) → (S,), leaves unchanged, and the action values."""
    cells = _next_cells()
    rewards = np.full(cells.shape, -1.0)
    rewards[-1] = 0.0
    values = np.zeros(len(cells))
    while True:
        action_values = rewards + GAMMA * values[cells]
        updated = backup(action_values)
        if np.abs(updated - values).max() < 1e-10:
            return updated, action_values
        values = updated


def _draw_values(axes: Axes, values: Floats, title: str, colour: str) -> None:
    """A square of cells with their values; the worse a cell is, the stronger its colour."""
    worst = values.min()
    for cell, value in enumerate(values):
        row, column = divmod(cell, SIZE)
        axes.fill_between(
            [column, column + 1], row, row + 1, color=colour, alpha=0.22 * float(value / worst), linewidth=0
        )
        goal = cell == len(values) - 1
        text = "goal" if goal else f"{value:.1f}"
        axes.text(column + 0.5, row + 0.3, text, ha="center", va="center", color=GREEN if goal else INK, fontsize=11)
    for line in range(SIZE + 1):
        axes.plot([0, SIZE], [line, line], color=GREY, linewidth=0.8)
        axes.plot([line, line], [0, SIZE], color=GREY, linewidth=0.8)
    axes.set_title(title, color=INK, fontsize=11)
    axes.set_xlim(-0.05, SIZE + 0.05)
    axes.set_ylim(SIZE + 0.05, -0.05)  # row 0 is on top, as in the text
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_arrows(axes: Axes, action_values: Floats) -> None:
    """An arrow for every action that is as good as the best one of its cell."""
    for cell, row_of_values in enumerate(action_values[:-1]):
        row, column = divmod(cell, SIZE)
        for action in np.flatnonzero(row_of_values > row_of_values.max() - 1e-6):
            down, right = MOVES[action]
            start = (column + 0.5 + 0.04 * right, row + 0.68 + 0.04 * down)
            end = (column + 0.5 + 0.27 * right, row + 0.68 + 0.27 * down)
            axes.annotate("", xy=end, xytext=start, arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 1.3})


def gridworld_values() -> Figure:
    """The values of a 4 × 4 gridworld for a policy that walks at random, and for one that takes a best way."""
    figure = Figure(figsize=(8.0, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    at_random, _ = _solve(lambda action_values: action_values.mean(axis=1))
    best, action_values = _solve(lambda action_values: action_values.max(axis=1))
    _draw_values(left, at_random, "walking at random", ORANGE)
    _draw_values(right, best, "walking as well as can be", BLUE)
    _draw_arrows(right, action_values)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"gridworld_values": gridworld_values}
