"""Stand-ins on the student's side for objects that the grader owns: environments and callables.

The student sees an ordinary Gymnasium environment. Every ``reset`` and ``step`` asks the grader, so the state, the
rewards and the count of steps never leave the grader's process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

Ask = Callable[[str, tuple[Any, ...], dict[str, Any]], Any]
Made = TypeVar("Made")


def describe_space(space: spaces.Space[Any]) -> list[Any]:
    """A space as plain data.

    Raises:
        TypeError: a kind of space that no lesson uses.
    """
    if isinstance(space, spaces.Discrete):
        return ["Discrete", int(space.n), int(space.start)]
    if isinstance(space, spaces.MultiDiscrete):
        return ["MultiDiscrete", space.nvec.tolist()]
    if isinstance(space, spaces.Box):
        return ["Box", space.low.tolist(), space.high.tolist(), space.dtype.char]
    raise TypeError(f"{type(space).__name__} spaces cannot be served")


def rebuild_space(description: list[Any]) -> spaces.Space[Any]:
    """The space that ``describe_space`` described."""
    kind, *rest = description
    if kind == "Discrete":
        return spaces.Discrete(rest[0], start=rest[1])
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(rest[0])
    low, high, char = rest
    dtype = np.dtype(char)
    return spaces.Box(np.array(low, dtype), np.array(high, dtype), dtype=dtype.type)


def describe(value: Any) -> dict[str, Any]:
    """The description from which the other side makes a stand-in for ``value``."""
    if isinstance(value, gymnasium.vector.VectorEnv):
        mode = value.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        return {
            "kind": "vector",
            "num_envs": value.num_envs,
            "observation": describe_space(value.single_observation_space),
            "action": describe_space(value.single_action_space),
            "autoreset": AutoresetMode(mode).value,
        }
    if isinstance(value, gymnasium.Env):
        return {
            "kind": "env",
            "reuses_observation": bool(value.metadata.get("reuses_observation", False)),
            "observation": describe_space(value.observation_space),
            "action": describe_space(value.action_space),
        }
    return {"kind": "callable"}


ALLOWED = {
    "env": frozenset({"reset", "step", "render", "close"}),
    "vector": frozenset({"reset", "step", "render", "close"}),
    "callable": frozenset({"__call__"}),
}
"""What may be asked of each kind of object that the grader owns."""


def stand_in(number: int, description: dict[str, Any], ask: Ask, seed: int) -> Any:
    """The object that the student's code is given in place of the lent object ``number``."""
    kind = description["kind"]
    made: LentCallable | LentEnv | LentVectorEnv
    if kind == "callable":
        made = LentCallable(ask)
    else:
        observation, action = rebuild_space(description["observation"]), rebuild_space(description["action"])
        if kind == "env":
            made = LentEnv(observation, action, ask, seed, reuse=description["reuses_observation"])
        else:
            copies, autoreset = description["num_envs"], description["autoreset"]
            made = LentVectorEnv(observation, action, copies, autoreset, ask, seed)
    made.lent_number = number
    return made


def lent_number(value: Any) -> int | None:
    """The number of the lent object behind the stand-in ``value``; None if it is not a stand-in."""
    return value.lent_number if type(value) in (LentCallable, LentEnv, LentVectorEnv) else None


def _called(name: str) -> Callable[[type[Made]], type[Made]]:
    """Give a class a name that an environment of anybody's might have: no right answer needs to know where it runs."""

    def rename(cls: type[Made]) -> type[Made]:
        cls.__name__ = cls.__qualname__ = name
        return cls

    return rename


class LentCallable:
    """A function that the grader owns."""

    lent_number: int

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it on the grader's side."""
        return self._ask("__call__", args, kwargs)


@_called("Env")
class LentEnv(gymnasium.Env[Any, Any]):
    """An environment that lives on the grader's side."""

    lent_number: int

    def __init__(
        self, observation: spaces.Space[Any], action: spaces.Space[Any], ask: Ask, seed: int, *, reuse: bool = False
    ) -> None:
        """Take the spaces; ``seed`` makes ``action_space.sample()`` the same in every run.

        With ``reuse``, every observation is handed out in one and the same array, as the environment itself does it.
        """
        self.observation_space, self.action_space, self._ask = observation, action, ask
        self.observation_space.seed(seed)
        self.action_space.seed(seed)
        self._array = np.zeros(observation.shape or (), observation.dtype) if reuse else None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Ask for a new episode."""
        observation, info = self._ask("reset", (), {"seed": seed, "options": options})
        return self._same_array(observation), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Ask for one step."""
        observation, *rest = self._ask("step", (action,), {})
        return self._same_array(observation), *rest

    def _same_array(self, observation: Any) -> Any:
        """The wire makes a new array each time; an environment that does not must not look as if it did."""
        if self._array is None:
            return observation
        self._array[...] = observation
        return self._array

    def render(self) -> Any:
        """Ask for a picture."""
        return self._ask("render", (), {})

    def close(self) -> None:
        """Say that it is no longer needed."""
        self._ask("close", (), {})


@_called("VectorEnv")
class LentVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """A vector environment that lives on the grader's side."""

    lent_number: int

    def __init__(
        self,
        observation: spaces.Space[Any],
        action: spaces.Space[Any],
        num_envs: int,
        autoreset: str,
        ask: Ask,
        seed: int,
    ) -> None:
        """Take the spaces of one copy, and how many copies there are."""
        self.num_envs, self._ask = num_envs, ask
        self.single_observation_space, self.single_action_space = observation, action
        self.observation_space, self.action_space = batch_space(observation, num_envs), batch_space(action, num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode(autoreset)}
        for space in (self.single_observation_space, self.single_action_space, self.observation_space):
            space.seed(seed)
        self.action_space.seed(seed)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Ask for new episodes."""
        return self._ask("reset", (), {"seed": seed, "options": options})  # type: ignore[no-any-return]

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Ask for one step of every copy."""
        return self._ask("step", (actions,), {})  # type: ignore[no-any-return]

    def render(self) -> Any:
        """Ask for a picture."""
        return self._ask("render", (), {})

    def close(self, **kwargs: Any) -> None:
        """Say that it is no longer needed."""
        self._ask("close", (), {})
