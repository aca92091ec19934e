"""The layer between a student's ``train`` and the environment: it counts, records, and ends the budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from grader.student.tensors import is_tensor

Floats = NDArray[np.float32]
Env = VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]

_CURVE_POINTS = 100
_FIRST_BIN = 100  # steps; bins double in width whenever there are too many of them


class BudgetSpent(RuntimeError):
    """The training run has used all of its environment steps; raised into the student's code."""


class ActionError(ValueError):
    """The student's side gave something other than one legal action per copy."""


class Meter:
    """The grader's own record of a training run.

    Attributes:
        steps: environment steps so far, summed over the copies. The step that only starts the next episode is none.
        episodes: episodes that ended; those that a ``reset`` cut off are not among them.
        overrun: whether a step was asked for beyond the budget.
    """

    def __init__(self, max_steps: int, told: Callable[[int, float], None] | None = None) -> None:
        self.max_steps, self._told = max_steps, told
        self.steps, self.episodes, self.overrun = 0, 0, False
        self._width = _FIRST_BIN
        self._bins: dict[int, tuple[float, int]] = {}

    def count(self, steps: int, returns: NDArray[Any]) -> None:
        """Note ``steps`` more steps, with which the episodes of these returns ended."""
        self.steps += steps
        if not len(returns):
            return
        self.episodes += len(returns)
        new = (self.steps - 1) // self._width
        total, number = self._bins.get(new, (0.0, 0))
        if self._told and number == 0 and self._bins:
            last = max(self._bins)
            self._told(last * self._width + self._width, self._bins[last][0] / self._bins[last][1])
        self._bins[new] = (total + float(returns.sum()), number + len(returns))
        while len(self._bins) > _CURVE_POINTS:
            self._width *= 2
            merged: dict[int, tuple[float, int]] = {}
            for i, (total, number) in self._bins.items():
                before = merged.get(i // 2, (0.0, 0))
                merged[i // 2] = (before[0] + total, before[1] + number)
            self._bins = merged

    def curve(self) -> tuple[tuple[int, float], ...]:
        """Points (steps, mean return of the episodes that ended since the last point), at most about a hundred."""
        return tuple(
            (min((i + 1) * self._width, self.steps), total / number)
            for i, (total, number) in sorted(self._bins.items())
        )

    def spend(self, steps: int) -> None:
        """Check that this many more steps are within the budget.

        Raises:
            BudgetSpent: they are not.
        """
        if self.steps + steps > self.max_steps:
            self.overrun = True
            raise BudgetSpent(f"the budget of {self.max_steps:,} environment steps is used up")


class MeteredEnv(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """A vector environment with a meter and a budget; it resets by the NEXT_STEP rule.

    It raises nothing but exceptions that tell the student's code what it did wrong.
    """

    def __init__(self, env: Env, meter: Meter) -> None:
        self._env, self._meter = env, meter
        self.num_envs = env.num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_observation_space, self.observation_space = env.single_observation_space, env.observation_space
        self.single_action_space, self.action_space = env.single_action_space, env.action_space
        self._returns = np.zeros(self.num_envs)
        self._over = np.zeros(self.num_envs, dtype=bool)
        self._started = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start an episode in every copy; episodes under way are dropped.

        Raises:
            ValueError: the seed is no whole number from 0, or options are given: this environment has none.
        """
        seed = checked_seed(seed, options)
        self._started = True
        self._returns[:], self._over[:] = 0.0, False
        return self._env.reset(seed=seed)

    def step(self, actions: Any) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step of every copy.

        Raises:
            ActionError: not one legal action for each copy.
            BudgetSpent: the run's steps are used up.
            ValueError: there was no ``reset`` yet.
        """
        if not self._started:
            raise ValueError("call reset() before the first step()")
        chosen = as_actions(actions, self.num_envs, number_of_actions(self._env), "step()")
        live = ~self._over
        self._meter.spend(int(live.sum()))
        observations, rewards, terminated, truncated, info = self._env.step(chosen)
        self._returns += rewards
        ended = terminated | truncated
        self._meter.count(int(live.sum()), self._returns[ended])
        # The next step of an ended copy only starts its next episode: it is neither counted nor rewarded.
        self._returns[ended] = 0.0
        self._over = ended
        return observations, rewards, terminated, truncated, info

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environment."""
        self._env.close()


def checked_seed(seed: Any, options: Any) -> int | None:
    """The seed given to ``reset``, checked.

    Raises:
        ValueError: the seed is no whole number from 0, or there are options: the course's environments have none.
    """
    if options:
        raise ValueError("this environment's reset() takes no options")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
        raise ValueError("the seed of reset() must be a whole number, 0 or more, or None")
    return None if seed is None else int(seed)


def as_actions(value: Any, copies: int, number_of_actions: int, whose: str) -> NDArray[np.int64]:
    """One action per copy, (copies,) int64.

    Args:
        value: what the student's side gave: an array, a tensor, or a list of whole numbers.
        copies: how many are needed.
        number_of_actions: A; legal actions are 0 to A - 1.
        whose: "step()" or "the policy", for the message.

    Raises:
        ActionError: it is anything else; the message says what.
    """
    verb = "was given" if whose == "step()" else "gave"
    needed = f"expected {copies} whole numbers, one per copy of the environment"
    if is_tensor(value):
        value = value.detach().cpu().numpy()
    if isinstance(value, list | tuple):
        # Looked at one by one before numpy does: an item may be an object that lives on the student's side.
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | np.integer):
                raise ActionError(f"{whose} {verb} a {type(value).__name__} with {kind_of(item)} in it; {needed}")
        if any(abs(int(item)) >= 2**31 for item in value):
            raise ActionError(f"{whose} {verb} an action far out of range; legal actions: 0 to {number_of_actions - 1}")
        value = np.array(value, dtype=np.int64)
    if not isinstance(value, np.ndarray):
        raise ActionError(f"{whose} {verb} {kind_of(value)}; {needed}")
    actions = value
    if actions.shape != (copies,):
        raise ActionError(f"{whose} {verb} actions of shape {actions.shape}; {needed}")
    if actions.dtype.kind not in "iu":
        raise ActionError(f"{whose} {verb} actions of dtype {actions.dtype}; {needed}")
    wrong = actions[(actions < 0) | (actions >= number_of_actions)]
    if len(wrong):
        raise ActionError(f"{whose} {verb} the action {wrong[0]}; legal actions: 0 to {number_of_actions - 1}")
    return actions.astype(np.int64)


def number_of_actions(env: Env) -> int:
    """The number of actions, A."""
    return int(env.single_action_space.n)  # type: ignore[attr-defined]


def kind_of(value: Any) -> str:
    """A short description of a value's kind."""
    return "None" if value is None else f"an object of type {type(value).__name__}"
