"""Figures of lesson 3: Q-learning and Sarsa walk along a cliff."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from grader.figures.motion import Motion, drawn
from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROWS, COLUMNS = 4, 12
START, GOAL = 36, 47
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
"""Up, right, down and left, as (rows down, columns to the right)."""

RUNS, EPISODES = 100, 500
ALPHA, GAMMA, EPSILON = 0.5, 1.0, 0.1
"""As in Sutton & Barto, example 6.6: exploration does not end."""


def _step(states: Ints, actions: Ints) -> tuple[Ints, Floats]:
    """The cliff for many walkers at once: the next states (N,) and the rewards (N,)."""
    moves = np.array(MOVES)[actions]
    rows = np.clip(states // COLUMNS + moves[:, 0], 0, ROWS - 1)
    columns = np.clip(states % COLUMNS + moves[:, 1], 0, COLUMNS - 1)
    reached = rows * COLUMNS + columns
    fallen = (reached > START) & (reached < GOAL)
    return np.where(fallen, START, reached), np.where(fallen, -100.0, -1.0)


def _choose(Q: Floats, states: Ints, rng: np.random.Generator) -> Ints:
    """An ε-greedy action for each walker, from its own table; ties are broken evenly."""
    values = Q[np.arange(RUNS), states]
    keys = np.where(values == values.max(axis=1, keepdims=True), rng.random(values.shape), -1.0)
    at_random = rng.integers(len(MOVES), size=RUNS)
    return np.where(rng.random(RUNS) < EPSILON, at_random, keys.argmax(axis=1))


def learn(sarsa: bool, seed: int = 0) -> tuple[Floats, Floats]:
    """Learn in many parallel runs.

    Args:
        sarsa: whether the next action counts, or the best one.
        seed: of the exploration.

    Returns:
        The mean return of each episode while learning (EPISODES,), and the mean of the final tables (S, A).
    """
    rng = np.random.default_rng(seed)
    everyone = np.arange(RUNS)
    Q = np.zeros((RUNS, ROWS * COLUMNS, len(MOVES)))
    returns = np.zeros((RUNS, EPISODES + 1))  # the last column takes what is earned after the last episode
    episode = np.zeros(RUNS, dtype=np.int64)
    states = np.full(RUNS, START)
    actions = _choose(Q, states, rng)
    while (episode < EPISODES).any():
        next_states, rewards = _step(states, actions)
        next_actions = _choose(Q, next_states, rng)
        following = Q[everyone, next_states, next_actions] if sarsa else Q[everyone, next_states].max(axis=1)
        terminated = next_states == GOAL
        targets = rewards + GAMMA * np.where(terminated, 0.0, following)
        Q[everyone, states, actions] += ALPHA * (targets - Q[everyone, states, actions])
        returns[everyone, episode] += rewards
        episode = np.minimum(episode + terminated, EPISODES)
        states = np.where(terminated, START, next_states)
        # Q-learning chooses after it has learnt. A walker who begins anew chooses in the new state.
        actions = np.where(terminated, _choose(Q, states, rng), next_actions) if sarsa else _choose(Q, states, rng)
    return returns[:, :EPISODES].mean(axis=0), Q.mean(axis=0)


def path(Q: Floats) -> list[int]:
    """The cells that the greedy policy walks through, from the start to the goal."""
    cells = [START]
    while cells[-1] != GOAL and len(cells) < ROWS * COLUMNS:
        reached, _ = _step(np.array(cells[-1:]), Q[cells[-1]].argmax(keepdims=True))
        cells.append(int(reached[0]))
    return cells


def _smooth(values: Floats, width: int = 10) -> Floats:
    """Means of `width` neighbours."""
    return np.convolve(values, np.full(width, 1 / width), mode="valid")


def _draw_cliff(axes: Axes) -> None:
    """The grid, with the cliff, the start and the goal."""
    for row in range(ROWS + 1):
        axes.plot([0, COLUMNS], [row, row], color=GREY, linewidth=0.6)
    for column in range(COLUMNS + 1):
        axes.plot([column, column], [0, ROWS], color=GREY, linewidth=0.6)
    axes.fill_between([1, COLUMNS - 1], ROWS - 1, ROWS, color=GREY, alpha=0.2, linewidth=0)
    for text, middle in (("the cliff: -100", COLUMNS / 2), ("start", 0.5), ("goal", COLUMNS - 0.5)):
        axes.text(
            middle, ROWS - 0.5, text, ha="center", va="center", color=GREEN if text == "goal" else INK, fontsize=9
        )
    axes.set_xlim(-0.05, COLUMNS + 0.05)
    axes.set_ylim(ROWS + 0.05, -0.05)
    axes.set_aspect("equal")
    axes.axis("off")


def cliff() -> Figure:
    """Draw the paths that the two have learnt, and their returns while they learnt them."""
    figure = Figure(figsize=(8.0, 6.0), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[1.0, 1.2])
    _draw_cliff(above)
    for name, sarsa, colour, shift in (("Q-learning", False, BLUE, 0.06), ("Sarsa", True, ORANGE, -0.06)):
        returns, Q = learn(sarsa)
        cells = np.array(path(Q))
        # The two ways are drawn a little apart where they share cells, and end short of the words.
        columns = cells % COLUMNS + 0.5 + shift
        rows = cells // COLUMNS + 0.5 + shift
        rows[[0, -1]] -= 0.25
        above.plot(columns, rows, color=colour, linewidth=2.2, gid=f"{name.lower()}-way")
        episodes = np.arange(EPISODES - 9) + 10
        below.plot(episodes, _smooth(returns), color=colour, linewidth=1.6, label=name, gid=f"{name.lower()}-curve")
    below.set_ylim(-100, 0)
    below.set_xlabel("episode", color=INK)
    below.set_ylabel("return while learning", color=INK)
    below.legend(frameon=False, labelcolor=INK)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"cliff": cliff}
MOTION = {
    "cliff": Motion(
        "Two lines are drawn: one beside the cliff, the other one far away from it. Below, two curves grow.",
        moving=drawn("q-learning", 4.0, 9.0) + drawn("sarsa", 4.0, 9.0),
    )
}
