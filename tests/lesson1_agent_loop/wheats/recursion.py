"""Recursion: an episode is one transition and what follows it; a return is a reward and the rest of it, discounted."""

import copy
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
    return bool(observation[2] + observation[3] > 0)


def _from_here(env, policy, state):
    action = policy(state)
    answer = env.step(action)
    next_state = copy.deepcopy(answer[0])
    transition = Transition(state, action, answer[1], next_state, answer[2], answer[3])
    return [transition] if answer[2] or answer[3] else [transition, *_from_here(env, policy, next_state)]


def run_episode(env, policy, *, seed=None):
    return _from_here(env, policy, copy.deepcopy(env.reset(seed=seed)[0]))


def discounted_return(rewards, gamma):
    if len(rewards) == 0:
        return 0.0
    return rewards[0] + gamma * discounted_return(rewards[1:], gamma)


def evaluate(env, policy, episodes, *, seed=None):
    first, *rest = [seed] + [None] * (episodes - 1)
    total = sum(t.reward for t in run_episode(env, policy, seed=first))
    return np.concatenate([[float(total)], evaluate(env, policy, len(rest)) if rest else []])
