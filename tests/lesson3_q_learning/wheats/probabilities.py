"""A vector of probabilities for every decision; interpolation by numpy; updates as a convex mixture of old and target; a
table that learns in float32."""

import numpy as np


def epsilon_by_step(step, start, end, decay_steps):
    return float(np.interp(step, [0, decay_steps], [start, end]))


def probabilities(q_values, epsilon):
    q = np.asarray(q_values)
    greedy = (q == q.max()) / np.count_nonzero(q == q.max())
    return (1 - epsilon) * greedy + epsilon * np.full(q.size, 1 / q.size)


def epsilon_greedy(q_values, epsilon, rng):
    return rng.choice(len(q_values), p=probabilities(q_values, epsilon))


def _towards(Q, place, target, alpha):
    old = Q[place].copy()
    Q[place] = (1 - alpha) * old + alpha * target
    return target - old


def q_learning_update(Q, state, action, reward, next_state, terminated, alpha, gamma):
    return _towards(Q, (state, action), reward + gamma * (1 - terminated) * np.max(Q[next_state, :]), alpha)


def sarsa_update(Q, state, action, reward, next_state, next_action, terminated, alpha, gamma):
    value = 0.0 if next_action is None else Q[next_state, next_action] * (1 - int(terminated))
    return _towards(Q, (state, action), reward + gamma * value, alpha)


def train(env, *, max_steps, seed):
    generator = np.random.Generator(np.random.PCG64(seed))
    Q = np.zeros((env.observation_space.n, env.action_space.n), dtype=np.float32)
    state = None
    for step in range(max_steps):
        if state is None:
            state = env.reset(seed=seed if step == 0 else None)[0]
        action = int(epsilon_greedy(Q[state], epsilon_by_step(step, 1.0, 0.02, max_steps // 2), generator))
        after, reward, terminated, truncated, _ = env.step(action)
        q_learning_update(Q, state, action, reward, after, terminated, 0.5, 0.95)
        state = None if terminated or truncated else after
    best = Q.argmax(axis=1)
    return lambda state: best[state]
