"""Plain Python: ifs and loops, lists of ties, one random number a decision; episodes in an outer loop; a table of lists."""

import numpy as np


def epsilon_by_step(step, start, end, decay_steps):
    if step >= decay_steps:
        return end
    return start - (start - end) / decay_steps * step


def epsilon_greedy(q_values, epsilon, rng):
    values = [float(v) for v in q_values]
    number = rng.uniform()
    if number < epsilon:
        # What is left of the number chooses the action, so no second one is needed.
        return min(int(number / epsilon * len(values)), len(values) - 1)
    ties = [a for a in range(len(values)) if values[a] >= max(values)]
    return ties[rng.integers(0, len(ties))]


def q_learning_update(Q, state, action, reward, next_state, terminated, alpha, gamma):
    target = reward
    if not terminated:
        target += gamma * max(Q[next_state][a] for a in range(len(Q[next_state])))
    error = target - Q[state][action]
    Q[state][action] = Q[state][action] + alpha * error
    return error


def sarsa_update(Q, state, action, reward, next_state, next_action, terminated, alpha, gamma):
    target = reward
    if not terminated:
        target += gamma * Q[next_state][next_action]
    error = target - Q[state][action]
    Q[state][action] = Q[state][action] + alpha * error
    return error


def train(env, *, max_steps, seed):
    rng = np.random.default_rng(seed)
    Q = [[0.0] * int(env.action_space.n) for _ in range(int(env.observation_space.n))]
    steps, episode = 0, 0
    while steps < max_steps:
        state, _ = env.reset(seed=seed + episode)
        episode += 1
        over = False
        while not over and steps < max_steps:
            action = epsilon_greedy(Q[state], 0.1, rng)
            following, reward, terminated, truncated, _ = env.step(action)
            steps += 1
            q_learning_update(Q, state, action, reward, following, terminated, 0.8, 1.0)
            state, over = following, terminated or truncated
    return lambda s: max(range(len(Q[s])), key=Q[s].__getitem__)
