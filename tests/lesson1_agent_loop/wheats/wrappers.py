"""Gymnasium wrappers: a recorder around the environment writes the transitions down; the environment is seeded once."""

from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np


class Transition(NamedTuple):
    state: Any
    action: Any
    reward: float
    next_state: Any
    terminated: bool
    truncated: bool


class Recorder(gym.Wrapper):
    def reset(self, **kwargs):
        observation, info = self.env.reset(**kwargs)
        self.transitions = []
        self.last = observation.copy()
        return observation, info

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        now = observation.copy()
        self.transitions.append(Transition(self.last, action, reward, now, terminated, truncated))
        self.last = now
        return observation, reward, terminated, truncated, info


def lean_policy(observation):
    position, velocity, angle, angular_velocity = observation
    if angle + angular_velocity > 0:
        return 1
    return 0


def run_episode(env, policy, *, seed=None):
    recorder = Recorder(env)
    observation, info = recorder.reset(seed=seed)
    terminated = False
    truncated = False
    while not terminated and not truncated:
        observation, reward, terminated, truncated, info = recorder.step(policy(observation))
    return recorder.transitions


def discounted_return(rewards, gamma):
    total, weight = 0.0, 1.0
    for reward in rewards:
        total += weight * reward
        weight *= gamma
    return total


def evaluate(env, policy, episodes, *, seed=None):
    if seed is not None:
        env.reset(seed=seed)
    returns = np.zeros(episodes)
    for i in range(episodes):
        for transition in run_episode(env, policy):
            returns[i] += transition.reward
    return returns
