"""The control of a tabular training check: a corridor in which every episode is cut off after one step.

On CliffWalking hardly an episode is cut off, so a learner that takes a truncation for an end finds the shortest way all
the same. In the corridor everything has to be learnt across truncations: whoever thinks that nothing follows one takes
the small reward at the first door.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

ROOMS = 6
PRIZE, CONSOLATION, FINE = 10.0, 1.0, -1.0
THRESHOLD = PRIZE
"""The mean return that passes: all the way from the first room, in every episode.

Of all 3^6 tables of actions one earns it, so a table that is drawn at random does with probability 1.4e-3, at one of
three tries with 4.1e-3 (of two it was 2.7e-3), and then has the cliff before it. A policy that draws its actions evenly
earns it in 10 episodes on end with probability 2^-60.
"""
LEARNS = "the way through a small corridor"
TASK = (
    f"The small task is a corridor of {ROOMS} rooms. One action leads a room ahead and, after the last, pays "
    f"{PRIZE:g}; one ends the episode and pays {CONSOLATION:g}; one stays and costs {-FINE:g}. In training, each "
    "episode that has not terminated is truncated after one step, and the next begins in any room; from the first room "
    f"on, {THRESHOLD:g} are needed."
)
"""The task in a few sentences, for students."""
_AHEAD, _OUT, _ = range(3)
_LIMIT = 50


def in_words(mean_return: float, best_of_tries: str) -> str:
    """A description of the task for a student whose policy failed it. Arguments as for ``signs.in_words``.

    What may be the cause is said only where the return tells it: who goes out at the first door has learnt something.
    """
    advice = ""
    if mean_return == CONSOLATION:
        advice = (
            f" It takes the {CONSOLATION:g} in the first room. So does a learner that takes a truncated episode for "
            f"one that is over, and one that discounts too much, for {PRIZE:g} · γ^{ROOMS - 1} is less than "
            f"{CONSOLATION:g} where γ is below {(CONSOLATION / PRIZE) ** (1 / (ROOMS - 1)):.2f}. Look at the flag that "
            "you hand to the update, and at the order of α and γ."
        )
    return f"{TASK} Your policy earned {mean_return:.1f}{best_of_tries}.{advice}"


class CorridorEnv(gym.Env[int, int]):
    """Six rooms in a row, renumbered like the three actions.

    One leads a room ahead, and pays 10 and terminates the episode after the last room. One leads out: it pays 1 and
    terminates. One stays, and costs 1.

    Args:
        seed: decides the numbers.
        whole: episodes begin in the first room and are cut off after 50 steps only. Otherwise they begin in any room
            and are cut off after one step.
    """

    def __init__(self, seed: int, *, whole: bool) -> None:
        rooms, actions = gym.spaces.Discrete(ROOMS), gym.spaces.Discrete(3)
        self.observation_space, self.action_space = rooms, actions  # type: ignore[assignment]
        rng = np.random.default_rng(seed)
        self._numbers, self._actions = rng.permutation(ROOMS), rng.permutation(3)
        self._rng, self._limit = rng, _LIMIT if whole else 1
        self._room = self._steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode; returns the number of the room and an empty dictionary."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self._steps = 0
        self._room = 0 if self._limit > 1 else int(self._rng.integers(ROOMS))
        return int(self._numbers[self._room]), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step: the next room, the reward, terminated, truncated, and an empty dictionary."""
        move = self._actions[action]
        self._steps += 1
        through = move == _AHEAD and self._room == ROOMS - 1
        terminated = bool(through or move == _OUT)
        reward = PRIZE if through else CONSOLATION if move == _OUT else 0.0 if move == _AHEAD else FINE
        if move == _AHEAD and not through:
            self._room += 1
        return int(self._numbers[self._room]), reward, terminated, not terminated and self._steps >= self._limit, {}
