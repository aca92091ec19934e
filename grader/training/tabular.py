"""Environments with numbered states and actions, for tabular lessons: renumbered, metered, and evaluated.

The numbers of CliffWalking or FrozenLake stand in many books, and a table of the best actions is quickly typed. Here
states and actions are numbered anew for every run: which is which has to be found out by walking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from grader.training.meter import ActionError, Meter, checked_seed, kind_of


class RenumberedEnv(gym.Env[int, int]):
    """An environment whose states and actions have other numbers.

    Args:
        environment: a Gymnasium id with Discrete observations and actions, both numbered from 0.
        seed: decides the numbers.
        episode_steps: a time limit, after which an episode is truncated; None leaves the environment's own.

    Raises:
        ValueError: the environment has other spaces, or its episodes need not end.
    """

    def __init__(self, environment: str, seed: int, episode_steps: int | None = None) -> None:
        limit = {} if episode_steps is None else {"max_episode_steps": episode_steps}
        self._plain = gym.make(environment, **limit)  # type: ignore[arg-type]
        if self._plain.spec is None or self._plain.spec.max_episode_steps is None:
            raise ValueError(f"{environment} has no time limit, so a policy could walk on for ever: set episode_steps")
        observations, actions = self._plain.observation_space, self._plain.action_space
        for space in (observations, actions):
            if not isinstance(space, gym.spaces.Discrete) or space.start != 0:
                raise ValueError(f"{environment} cannot be renumbered: its states or actions are not numbers from 0")
        assert isinstance(observations, gym.spaces.Discrete)
        assert isinstance(actions, gym.spaces.Discrete)
        self.observation_space, self.action_space = observations, actions
        rng = np.random.default_rng(seed)
        self._states = rng.permutation(int(observations.n))
        self._actions = rng.permutation(int(actions.n))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode; returns the first state and an empty dictionary."""
        state, _ = self._plain.reset(seed=seed, options=options)
        return int(self._states[state]), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step: the next state, the reward, terminated, truncated; what else is known is dropped."""
        state, reward, terminated, truncated, _ = self._plain.step(int(self._actions[action]))
        return int(self._states[state]), float(reward), bool(terminated), bool(truncated), {}

    def plain(self, state: int) -> int:
        """The number that a state has in the plain environment."""
        return int(np.flatnonzero(self._states == state)[0])

    def close(self) -> None:
        """Close the plain environment."""
        self._plain.close()


class MeteredTable(gym.Env[int, int]):
    """An environment with numbered states, a meter and a budget.

    It raises nothing but exceptions that tell the student's code what it did wrong.
    """

    def __init__(self, env: gym.Env[int, int], meter: Meter) -> None:
        self._env, self._meter = env, meter
        self.observation_space, self.action_space = env.observation_space, env.action_space
        self._return, self._over = 0.0, True

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode; one that is under way is dropped.

        Raises:
            ValueError: the seed is no whole number from 0, or options are given.
        """
        seed = checked_seed(seed, options)
        self._return, self._over = 0.0, False
        return self._env.reset(seed=seed)

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step.

        Raises:
            ActionError: that is no legal action.
            BudgetSpent: the run's steps are used up.
            ValueError: the episode is over, or there was no ``reset`` yet.
        """
        if self._over:
            raise ValueError("no episode is under way: call reset() before the first step and after an episode's end")
        chosen = as_action(action, int(self._env.action_space.n), "step()")  # type: ignore[attr-defined]
        self._meter.spend(1)
        state, reward, terminated, truncated, info = self._env.step(chosen)
        self._return += float(reward)
        self._over = terminated or truncated
        self._meter.count(1, np.array([self._return] if self._over else []))
        return state, float(reward), terminated, truncated, info

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


def evaluate(policy: Callable[[int], Any], env: gym.Env[int, int], episodes: int, seed: int) -> NDArray[np.float64]:
    """Undiscounted returns (episodes,) of a policy, episode after episode.

    Args:
        policy: from a state to an action.
        env: closed afterwards. Its episodes must come to an end whatever the policy does.
        episodes: how many.
        seed: of the first episode; the others go on from there.

    Raises:
        ActionError: the policy gives something that is no action.
    """
    actions = int(env.action_space.n)  # type: ignore[attr-defined]
    returns = np.zeros(episodes)
    for episode in range(episodes):
        state, _ = env.reset(seed=seed if episode == 0 else None)
        over = False
        while not over:
            state, reward, terminated, truncated, _ = env.step(as_action(policy(state), actions, "the policy"))
            returns[episode] += float(reward)
            over = terminated or truncated
    env.close()
    return returns


def as_action(value: Any, number_of_actions: int, whose: str) -> int:
    """One action, 0 to A - 1.

    Args:
        value: what the student's side gave.
        number_of_actions: A.
        whose: "step()" or "the policy", for the message.

    Raises:
        ActionError: it is anything else; the message says what.
    """
    verb = "was given" if whose == "step()" else "gave"
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "iu":
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise ActionError(f"{whose} {verb} {kind_of(value)}; expected one whole number")
    if not 0 <= int(value) < number_of_actions:
        raise ActionError(f"{whose} {verb} the action {str(value)[:20]}; legal actions: 0 to {number_of_actions - 1}")
    return int(value)
