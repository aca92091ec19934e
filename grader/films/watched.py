"""Training runs that are watched: what each episode earned, and every state of one copy of the environment."""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium
import numpy as np

from grader.films.data import Data
from grader.films.lesson1 import record_episode

COPIES, MEAN_OF = 16, 20
TESTED = 20


class Watched(gymnasium.vector.VectorWrapper):
    """A vector environment that writes down what comes of its steps.

    Attributes:
        steps: how many were made, summed over the copies; steps that only reset a copy do not count.
        ends: for each episode that ended, the steps so far, and what it earned.
        first: the episodes of the first copy: states (T + 1, O), actions (T,), and whether it terminated.
    """

    def __init__(self, env: gymnasium.vector.VectorEnv) -> None:
        super().__init__(env)
        self.steps = 0
        self.ends: list[tuple[int, float]] = []
        self.first: list[tuple[list[Any], list[int], bool]] = []
        self._earned = np.zeros(env.num_envs)
        self._over = np.zeros(env.num_envs, dtype=bool)

    def reset(self, **how: Any) -> Any:
        """Reset all copies; what was under way in them is dropped."""
        observations, info = super().reset(**how)
        self._earned[:] = 0.0
        self._over[:] = False
        self._begin(observations)
        return observations, info

    def step(self, actions: Any) -> Any:
        """Step all copies, and watch."""
        observations, rewards, terminated, truncated, info = super().step(actions)
        live = ~self._over
        self.steps += int(live.sum())
        self._earned[live] += rewards[live]
        if not live[0]:
            self._begin(observations)
        else:
            states, done, _ = self.first[-1]
            states.append(np.array(observations[0]))
            done.append(int(actions[0]))
            self.first[-1] = states, done, bool(terminated[0])
        self._over = terminated | truncated
        self.ends += [(self.steps, float(self._earned[i])) for i in np.flatnonzero(self._over)]
        self._earned[self._over] = 0.0
        return observations, rewards, terminated, truncated, info

    def _begin(self, observations: Any) -> None:
        self.first.append(([np.array(observations[0])], [], False))


def train(lesson: Any, data: Data, *, max_steps: int, seed: int) -> tuple[Watched, str]:
    """Train by the lesson's own ``train``, as its text does, and test what came of it with lesson 1.

    Args:
        lesson: the reference solution.
        data: where to put what came of it: ``returns`` (step, value, mean), ``first`` and ``best``, the first training
            episode and one of the policy; ``steps``, ``tested`` and ``mean``.
        max_steps: as ``train`` is told.
        seed: as ``train`` is told.

    Returns:
        The watched environment, and what to call the run.
    """
    env = Watched(gymnasium.make_vec("CartPole-v1", num_envs=COPIES))
    source = f"train(make_vec(CartPole-v1, num_envs={COPIES}), max_steps={max_steps}, seed={seed}) of {lesson.__name__}"
    policy = lesson.train(env, max_steps=max_steps, seed=seed)
    steps, values = np.array(env.ends).T
    mean = [values[max(0, i - MEAN_OF + 1) : i + 1].mean() for i in range(len(values))]
    data.record(
        "returns", f"returns of the episodes in {source}; mean: of {MEAN_OF}", step=steps, value=values, mean=mean
    )
    data.add("steps", env.steps, f"environment steps of {source}")
    data.add("copies", COPIES, f"copies of the environment in {source}")
    data.add("limit", 500, "time limit of CartPole-v1")
    record_take(data, "first", env.first[0], f"the first episode of {source}")

    first = importlib.import_module("lesson1_agent_loop")
    alone: Any = gymnasium.make("CartPole-v1")

    def act(observation: Any) -> int:
        return int(policy(observation[None])[0])

    assert alone.spec.max_episode_steps == data.number("limit")
    tested = first.evaluate(alone, act, TESTED, seed=0)
    data.add("tested", TESTED, "episodes in which the film's run tests the policy")
    data.add("mean", tested.mean(), f"mean of evaluate(CartPole-v1, policy, {TESTED}, seed=0) after {source}")
    record_episode(data, "best", first.run_episode(alone, act, seed=0), f"policy of {source}, seed 0")
    return env, source


def record_take(data: Data, name: str, take: tuple[list[Any], list[int], bool], source: str) -> None:
    """Put in an episode of the first copy."""
    states = np.array(take[0])
    data.record(
        name, source, x=states[:, 0], angle=states[:, 2], states=states, actions=take[1], terminated=take[2],
        truncated=not take[2],
    )  # fmt: skip
    data.add(f"{name}.length", len(take[1]), f"length of {source}")
