"""Generators: an episode is a lazy stream of transitions, and returns are folds over it."""

from collections import namedtuple
from functools import reduce
from itertools import accumulate, repeat

import numpy as np

Transition = namedtuple("Transition", "state action reward next_state terminated truncated")


def lean_policy(observation):
    *_, angle, velocity = observation
    return int(-angle < velocity)


def _stream(env, policy, seed):
    state = env.reset(seed=seed)[0].copy()
    over = False
    while not over:
        action = policy(state)
        observation, reward, terminated, truncated, info = env.step(action)
        yield Transition(
            action=action,
            reward=reward,
            state=state,
            next_state=(state := observation.copy()),
            terminated=terminated,
            truncated=truncated,
        )
        over = terminated | truncated


def run_episode(env, policy, *, seed=None):
    return list(_stream(env, policy, seed))


def discounted_return(rewards, gamma):
    return reduce(lambda later, reward: reward + gamma * later, list(rewards)[::-1], 0.0)


def evaluate(env, policy, episodes, *, seed=None):
    # The first seed is the given one; after that the environment's generator goes on by itself.
    seeds = [seed, *repeat(None, episodes - 1)]
    totals = ([0.0, *accumulate(t.reward for t in _stream(env, policy, s))][-1] for s in seeds)
    return np.fromiter(totals, dtype=np.float64, count=episodes)
