"""Environments and policies that play from a script, to find out what a loop really does.

CartPole is a poor witness: its numbers are unfamiliar, and a loop with a mistake in it still runs. A ``ScriptedEnv``
pays exactly the rewards that you wrote down, ends exactly when you said, and keeps a diary of what was done to it:

    >>> from grader.testing.environments import ScriptedEnv, ScriptedPolicy
    >>> env = ScriptedEnv(rewards=[1.0, 2.0], ends="truncated")
    >>> observation, info = env.reset(seed=7)
    >>> env.step(1)[1:]
    (1.0, False, False, {})
    >>> env.step(0)[1:]
    (2.0, False, True, {})
    >>> env.actions, env.seeds
    ([1, 0], [7])

Both classes print as the code that makes them again, because the grader shows them in counterexamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import gymnasium
import numpy as np
from gymnasium import spaces

from grader.testing.arrays import read_only as as_read_only

Ending = Literal["terminated", "truncated", "both"]
"""Which flags are set at the last step of an episode."""


class Played(NamedTuple):
    """One step as the environment itself saw it; the arrays are copies that nothing changes later."""

    state: np.ndarray
    action: Any
    reward: float
    next_state: np.ndarray
    terminated: bool
    truncated: bool


class ScriptedEnv(gymnasium.Env[np.ndarray, Any]):
    """An environment that pays the rewards of a script, whatever the actions are, and writes down what happens.

    An observation is ``[t, start, start, …]``: how many steps of the episode have been made, and a whole number from 1
    to 999 that is drawn at each reset. So no two observations of an episode are alike, and the start tells seeds apart.

    Nothing that is done to it raises an error: a wrong action is noted in ``bad_actions``; a step after the end is
    noted in ``steps_after_end``, pays nothing and sets both flags, so that any loop comes to an end.

    Args:
        rewards: of each step of an episode; or a list of such lists, for episodes that are played in turn and then
            from the first again. A reset without a step after it does not use an episode up.
        ends: how an episode ends, or a list, for each episode in turn.
        observation_size: O, how many numbers an observation has.
        actions: A; the actions are 0 … A − 1.
        read_only: hand out arrays that nobody can write to.
        reuse: hand out one and the same array at every step, with new numbers in it. Real environments do that too;
            whoever keeps an observation without copying it then keeps only the last one.
        luck: what the starts are drawn from as long as no seed is given. Two environments that differ in nothing but
            luck start alike only if both are seeded.

    Attributes:
        seeds: what each reset was given.
        starts: the first observation of every episode of which a step was made.
        actions: all actions, as they came.
        bad_actions: those that ``action_space`` does not contain.
        played: every step before the end of its episode, as ``Played``.
        steps_after_end: how many steps were made after an episode's end, or before the first reset.

    Example:
        >>> ScriptedEnv(rewards=[[1.0], [0.5, 2.0]], ends=["both", "terminated"])
        ScriptedEnv(rewards=[[1.0], [0.5, 2.0]], ends=['both', 'terminated'])
    """

    def __init__(
        self,
        rewards: Sequence[float] | Sequence[Sequence[float]],
        ends: Ending | Sequence[Ending] = "terminated",
        *,
        observation_size: int = 3,
        actions: int = 2,
        read_only: bool = False,
        reuse: bool = False,
        luck: int = 0,
    ) -> None:
        """Write the script down; the first ``reset`` starts it."""
        given = {"ends": ends, "observation_size": observation_size, "actions": actions}
        given |= {"read_only": read_only, "reuse": reuse, "luck": luck}
        usual = {
            "ends": "terminated",
            "observation_size": 3,
            "actions": 2,
            "read_only": False,
            "reuse": False,
            "luck": 0,
        }
        self._arguments = {"rewards": rewards} | {key: value for key, value in given.items() if value != usual[key]}
        self._rewards = [list(episode) if isinstance(episode, Sequence) else [episode] for episode in rewards]
        if rewards and not isinstance(rewards[0], Sequence):
            self._rewards = [[reward for episode in self._rewards for reward in episode]]
        self._ends = [ends] if isinstance(ends, str) else list(ends)
        if not self._rewards or not all(self._rewards) or not self._ends:
            raise ValueError("an episode needs at least one step")
        self.metadata = {"render_modes": [], "reuses_observation": reuse}
        self.observation_space = spaces.Box(-np.inf, np.inf, (observation_size,), np.float32)
        self.action_space = spaces.Discrete(actions)
        # A generator that is already there: without a seed, Gymnasium would take one from the operating system, and
        # no example could be played a second time.
        self.np_random = np.random.default_rng(luck)
        self._array = np.zeros(observation_size, np.float32)
        self._reuse, self._read_only = reuse, read_only
        self._episode = -1  # counts the episodes of which a step was made
        self._step: int | None = None  # within the episode; None when it is over or has not begun
        self.seeds: list[Any] = []
        self.starts: list[np.ndarray] = []
        self.actions: list[Any] = []
        self.bad_actions: list[Any] = []
        self.played: list[Played] = []
        self.steps_after_end = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: starts the generator anew; None lets it go on.
            options: not used.

        Returns:
            The first observation, (O,) float32, and an empty dict.
        """
        super().reset(seed=seed)
        self.seeds.append(seed)
        self._step = 0
        self._renew()
        self._array[:] = self.np_random.integers(1, 1000)
        self._array[0] = 0
        return self._shown(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Make one step of the script.

        Returns:
            The next observation, (O,) float32; the reward; terminated; truncated; an empty dict.
        """
        self.actions.append(action)
        if not self.action_space.contains(action):
            self.bad_actions.append(action)
        if self._step is None:
            self.steps_after_end += 1
            return self._shown(), 0.0, True, True, {}
        state = self._array.copy()
        if self._step == 0:
            self._episode += 1
            self.starts.append(state)
        rewards = self._rewards[self._episode % len(self._rewards)]
        end = self._ends[self._episode % len(self._ends)]
        reward = rewards[self._step]
        self._step += 1
        self._renew()
        self._array[0] = self._step
        over = self._step == len(rewards)
        terminated, truncated = over and end != "truncated", over and end != "terminated"
        self.played.append(Played(state, action, reward, self._array.copy(), terminated, truncated))
        if over:
            self._step = None
        return self._shown(), reward, terminated, truncated, {}

    def _shown(self) -> np.ndarray:
        return as_read_only(self._array) if self._read_only else self._array

    def _renew(self) -> None:
        """Copy the array that was handed out, so that it never changes later, unless ``reuse`` asks for that."""
        if not self._reuse:
            self._array = self._array.copy()

    def __repr__(self) -> str:
        """The code that makes it again, as new."""
        return _call("ScriptedEnv", self._arguments)

    __str__ = __repr__  # Gymnasium's own would hide the script


class ScriptedPolicy:
    """A policy that gives the actions of a script in turn, whatever it sees, and then from the first again.

    Args:
        actions: the script.

    Attributes:
        seen: what it was called with, as it came.
        given: what it answered.

    Example:
        >>> policy = ScriptedPolicy(actions=[1, 0])
        >>> [policy(np.zeros(4)) for _ in range(3)]
        [1, 0, 1]
    """

    def __init__(self, actions: Sequence[int]) -> None:
        """Start at the first action."""
        self._actions = list(actions)
        self.seen: list[Any] = []
        self.given: list[int] = []

    def __call__(self, observation: Any) -> int:
        """The next action of the script."""
        self.seen.append(np.array(observation) if isinstance(observation, np.ndarray) else observation)
        action = self._actions[len(self.given) % len(self._actions)]
        self.given.append(action)
        return action

    def __repr__(self) -> str:
        """The code that makes it again, as new."""
        return _call("ScriptedPolicy", {"actions": self._actions})


def _call(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={_code(value)}' for key, value in arguments.items())})"


def _code(value: Any) -> str:
    """A value as code; a long row of equal numbers in short."""
    is_long = isinstance(value, list) and len(value) > 12 and len(set(map(repr, value))) == 1
    return f"[{value[0]!r}] * {len(value)}" if is_long else repr(value)
