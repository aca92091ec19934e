"""Figures of lesson 2: the values of the cells of a small gridworld."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from grader.figures.motion import Motion, in_turn
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


def _solve(backup: Callable[[Floats], Floats]) -> tuple[list[Floats], Floats]:
    """Sweep with a backup of action values, (S, A) → (S,), until nothing changes.

    Returns:
        The values (S,) after 0, 1, 2, … sweeps, and the action values (S, A) of the last ones.
    """
    cells = _next_cells()
    rewards = np.full(cells.shape, -1.0)
    rewards[-1] = 0.0
    sweeps = [np.zeros(len(cells))]
    while True:
        action_values = rewards + GAMMA * sweeps[-1][cells]
        updated = backup(action_values)
        if np.abs(updated - sweeps[-1]).max() < 1e-10:
            return sweeps, action_values
        sweeps.append(updated)


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
    _draw_lines(axes)
    axes.set_title(title, color=INK, fontsize=11)
    axes.set_xlim(-0.05, SIZE + 0.05)
    axes.set_ylim(SIZE + 0.05, -0.05)  # row 0 is on top, as in the text
    axes.set_aspect("equal")
    axes.axis("off")


def _draw_lines(axes: Axes) -> None:
    for line in range(SIZE + 1):
        axes.plot([0, SIZE], [line, line], color=GREY, linewidth=0.8)
        axes.plot([line, line], [0, SIZE], color=GREY, linewidth=0.8)


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
    _draw_values(left, at_random[-1], "walking at random", ORANGE)
    _draw_values(right, best[-1], "walking as well as can be", BLUE)
    _draw_arrows(right, action_values)
    return figure


def sweeps() -> Figure:
    """The values of the same gridworld after each sweep of value iteration, one moment upon another."""
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    found, _ = _solve(lambda action_values: action_values.max(axis=1))
    worst = found[-1].min()
    _draw_lines(axes)
    for sweep, values in enumerate(found):
        last = sweep == len(found) - 1
        told = "all zeros" if sweep == 0 else f"after {sweep} sweep{'' if sweep == 1 else 's'}"
        title = axes.text(SIZE / 2, -0.12, f"{told}: the true values" if last else told, ha="center", fontsize=11)
        title.set_gid(f"sweep{sweep}-title")
        for cell, value in enumerate(values):
            row, column = divmod(cell, SIZE)
            alpha = 0.3 * float(value / worst)
            shade = Rectangle(
                (column, row), 1, 1, color=BLUE, alpha=alpha, linewidth=0, gid=f"sweep{sweep}-shade{cell}"
            )
            axes.add_patch(shade)
            # A value is bold in the sweep in which it becomes the true one.
            settles = sweep > 0 and value == found[-1][cell] and found[sweep - 1][cell] != value
            goal = cell == len(values) - 1
            text = axes.text(column + 0.5, row + 0.5, "goal" if goal else f"{value:.1f}", ha="center", va="center")
            text.set(color=GREEN if goal else INK, fontsize=13, weight="bold" if settles else "normal")
            text.set_gid(f"sweep{sweep}-value{cell}")
    axes.set(xlim=(-0.05, SIZE + 0.05), ylim=(SIZE + 0.05, -0.4), aspect="equal")
    axes.axis("off")
    return figure


_SWEEPS = 2 * (SIZE - 1)
"""The number of sweeps until nothing changes: as many as there are steps from the far corner to the goal."""
_STILL, _MOVING = in_turn([f"sweep{i}" for i in range(_SWEEPS + 1)], seconds=1.6, rest=3.0)
FIGURES: dict[str, Callable[[], Figure]] = {"gridworld_values": gridworld_values, "sweeps": sweeps}
MOTION = {
    "sweeps": Motion(
        "All values begin with 0. From sweep to sweep they fall. Those beside the goal are true after one sweep, those "
        "behind them after two, and so on, until all of them are.",
        styles=_STILL,
        moving=_MOVING,
    )
}
