"""Arrays: no arithmetic loops; powers of gamma times rewards, and every later episode with a seed of its own."""

from typing import NamedTuple

import numpy as np


class Transition(NamedTuple):
    state: np.ndarray
    action: int
    reward: float
    next_state: np.ndarray
    terminated: bool
    truncated: bool


def lean_policy(observation):
    return 1 if np.sum(observation[-2:]) > 0 else 0


def run_episode(env, policy, *, seed=None):
    steps = []
    state, _ = env.reset(seed=seed)
    while True:
        before = np.copy(state)
        action = policy(before)
        state, reward, terminated, truncated, _ = env.step(action)
        steps.append(Transition(before, action, reward, np.copy(state), terminated, truncated))
        if terminated or truncated:
            return steps


def discounted_return(rewards, gamma):
    rewards = np.asarray(rewards, dtype=np.float64)
    return float(np.dot(gamma ** np.arange(len(rewards)), rewards))


def evaluate(env, policy, episodes, *, seed=None):
    seeds = [None] * episodes if seed is None else [seed + i for i in range(episodes)]
    return np.array([np.sum([t.reward for t in run_episode(env, policy, seed=s)]) for s in seeds], dtype=float)
