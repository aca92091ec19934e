"""Ties broken by sorting random keys; a learner that is an object; both updates by one rule over a vector of next
probabilities; a table that is viewed as flat."""

import random

import numpy as np


def epsilon_by_step(step, start, end, decay_steps):
    left = max(0, decay_steps - step) / decay_steps
    return end + left * (start - end)


def epsilon_greedy(q_values, epsilon, rng):
    keys = rng.permutation(len(q_values))
    if rng.binomial(1, epsilon):
        return int(keys[0])
    return int(max(keys, key=lambda a: q_values[a]))


class Learner:
    def __init__(self, Q, alpha, gamma):
        self.flat, self.width = Q.reshape(-1), Q.shape[1]
        self.alpha, self.gamma = alpha, gamma

    def learn(self, state, action, reward, next_state, weights):
        row = self.flat[next_state * self.width : (next_state + 1) * self.width]
        bootstrap = self.gamma * float(np.dot(weights, row)) if weights is not None else 0.0
        place = state * self.width + action
        error = float(reward) + bootstrap - float(self.flat[place])
        self.flat[place] += self.alpha * error
        return np.float64(error)


def q_learning_update(Q, state, action, reward, next_state, terminated, alpha, gamma):
    weights = None if terminated else np.eye(Q.shape[1])[Q[next_state].argmax()]
    return Learner(Q, alpha, gamma).learn(state, action, reward, next_state, weights)


def sarsa_update(Q, state, action, reward, next_state, next_action, terminated, alpha, gamma):
    weights = None if terminated else np.eye(Q.shape[1])[next_action]
    return Learner(Q, alpha, gamma).learn(state, action, reward, next_state, weights)


class Greedy:
    def __init__(self, Q):
        self.Q = Q

    def __call__(self, state):
        return np.argmax(self.Q[state])


def train(env, *, max_steps, seed):
    """Explores at the start alone, by values that begin too high, and goes over its memory again after every episode."""
    rng, luck = np.random.default_rng(seed), random.Random(seed)
    Q = np.full((env.observation_space.n, env.action_space.n), 1.0)
    memory = []
    state, _ = env.reset(seed=seed)
    for _ in range(max_steps):
        action = epsilon_greedy(Q[state], 0.02, rng)
        after, reward, terminated, truncated, _ = env.step(action)
        memory.append((state, action, reward, after, terminated))
        q_learning_update(Q, *memory[-1], 0.7, 0.99)
        state = after
        if terminated or truncated:
            for old in luck.sample(memory, min(50, len(memory))):
                q_learning_update(Q, *old, 0.7, 0.99)
            state, _ = env.reset()
    return Greedy(Q)
