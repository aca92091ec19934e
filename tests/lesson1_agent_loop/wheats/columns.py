"""Columns: parallel lists that are zipped together at the end; the next action is chosen at the end of each step."""

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
    return np.int64(observation[2] > -observation[3])


def run_episode(env, policy, *, seed=None):
    observation, _ = env.reset(seed=seed)
    states, actions, rewards, ends = [np.array(observation)], [], [], [(False, False)]
    action = policy(observation)
    while not any(ends[-1]):
        observation, reward, terminated, truncated, _ = env.step(action)
        states.append(np.array(observation, copy=True))
        actions.append(action)
        rewards.append(float(reward))
        ends.append((terminated, truncated))
        action = policy(observation)
    columns = zip(states[:-1], actions, rewards, states[1:], ends[1:], strict=True)
    return [Transition(s, a, r, n, *flags) for s, a, r, n, flags in columns]


def discounted_return(rewards, gamma):
    return sum(reward * gamma**t for t, reward in enumerate(rewards))


def evaluate(env, policy, episodes, *, seed=None):
    if seed is None:
        seeds = [None] * episodes
    else:
        seeds = [int(s) for s in np.random.default_rng(seed).integers(2**31, size=episodes)]
    returns = []
    for episode_seed in seeds:
        env.reset(seed=episode_seed)
        returns.append(discounted_return([t.reward for t in run_episode(env, policy)], 1.0))
    return np.asarray(returns, dtype=np.float32)
