"""The control of a CartPole training check: a small task in which nothing but the rewards says what is right.

CartPole pays 1 for every step, so its rewards say nothing that the ends of its episodes do not say as well: a learner
that throws every reward away, drifts, and keeps the weights that lasted longest in its tests reaches 475 on three runs
of five (``grader calibrate --impostors --seeds 5``). In the control every episode is equally long. Who
does not learn from rewards does no better than chance, and is told so after a second, before any long run begins.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from grader.training.meter import Floats

SIGNS = 10
ACTIONS = 4
LENGTH = 10
THRESHOLD = 8.0
"""The mean return that passes: 8 of 10 signs answered rightly.

A policy that knows nothing answers each of the 10 signs rightly with probability 1/4, and 8 or more of them with
probability 4.2e-4, at one of three tries with 1.2e-3 (of two it was 8.3e-4); it has 2.5 on average.
"""
LEARNS = "from rewards"
TASK = (
    f"The small task shows one of {SIGNS} signs at each of {LENGTH} steps, and pays 1 for the one of {ACTIONS} actions "
    f"that is right; {THRESHOLD:g} are needed, and guessing earns {LENGTH / ACTIONS:g}."
)
"""The task in a sentence, for students."""


def in_words(mean_return: float, best_of_tries: str) -> str:
    """A description of the task for a student whose policy failed it.

    Args:
        mean_return: what the policy earned.
        best_of_tries: at which try (``TrainingRule.best_of_tries``).
    """
    return f"{TASK} Your policy earned {mean_return:.1f} an episode{best_of_tries}."


class SignsEnv(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """N copies of a task without consequences: each step shows a sign, and one action is right for each sign.

    Observations are one-hot, (N, 10) float32; a right action earns 1, any other nothing. The next sign is drawn evenly,
    whatever was done, and every episode terminates after 10 steps. It resets by the NEXT_STEP rule.

    Args:
        num_envs: N.
        seed: decides which action is right for which sign.
    """

    def __init__(self, num_envs: int, seed: int) -> None:
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_observation_space = gym.spaces.Box(0.0, 1.0, (SIGNS,), np.float32)
        self.observation_space = gym.spaces.Box(0.0, 1.0, (num_envs, SIGNS), np.float32)
        self.single_action_space = gym.spaces.Discrete(ACTIONS)
        self.action_space = gym.spaces.MultiDiscrete([ACTIONS] * num_envs)
        rng = np.random.default_rng(seed)
        # Every action is right for two or three signs: always the same one earns a quarter.
        self._right = rng.permutation(np.arange(SIGNS) % ACTIONS)
        self._rng = rng
        self._signs = np.zeros(num_envs, dtype=np.int64)
        self._steps = np.zeros(num_envs, dtype=np.int64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start N episodes; returns the observations (N, 10) and an empty dictionary."""
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self._steps[:] = 0
        return self._show(), {}

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step of every copy: observations (N, 10), then rewards, terminated and truncated, (N,) each."""
        starts = self._steps == LENGTH
        rewards = np.where(starts, 0.0, (self._right[self._signs] == actions).astype(np.float64))
        self._steps = np.where(starts, 0, self._steps + 1)
        return self._show(), rewards, self._steps == LENGTH, np.zeros(self.num_envs, dtype=bool), {}

    def _show(self) -> Floats:
        self._signs = self._rng.integers(SIGNS, size=self.num_envs)
        return np.eye(SIGNS, dtype=np.float32)[self._signs]
