"""Torch looks at the table without copying it; ties by the Gumbel trick; training by Sarsa whose exploration dies out."""

import numpy as np
import torch


def epsilon_by_step(step, start, end, decay_steps):
    return torch.lerp(torch.tensor(float(start)), torch.tensor(float(end)), min(1.0, step / decay_steps)).item()


def epsilon_greedy(q_values, epsilon, rng):
    q_values = np.asarray(q_values, dtype=np.float64)
    noise = rng.gumbel(size=q_values.shape)
    explore = rng.random() < epsilon
    scores = np.where(q_values == q_values.max(), noise, -np.inf) if not explore else noise
    return np.int64(scores.argmax())


def q_learning_update(Q, state, action, reward, next_state, terminated, alpha, gamma):
    table = torch.from_numpy(Q)
    goes_on = 1.0 - float(terminated)
    error = reward + gamma * goes_on * table[int(next_state)].amax() - table[int(state), int(action)]
    table[int(state), int(action)] += alpha * error
    return error.item()


def sarsa_update(Q, state, action, reward, next_state, next_action, terminated, alpha, gamma):
    table = torch.from_numpy(Q)
    following = torch.zeros(()) if terminated else table[int(next_state)][int(next_action)]
    error = (reward - table[int(state)][int(action)]) + gamma * following
    table[int(state)][int(action)].add_(alpha * error)
    return float(error)


def train(env, *, max_steps, seed):
    rng = np.random.default_rng([seed, 3])
    Q = np.zeros((int(env.observation_space.n), int(env.action_space.n)))
    state, _ = env.reset(seed=int(rng.integers(2**31)))
    action = int(epsilon_greedy(Q[state], 0.2, rng))
    for step in range(max_steps):
        after, reward, terminated, truncated, _ = env.step(action)
        epsilon = max(0.0, 0.2 * (1 - 2 * step / max_steps))
        next_action = int(epsilon_greedy(Q[after], epsilon, rng))
        future = 0.0 if terminated else Q[after, next_action]
        Q[state, action] += 0.5 * (reward + future - Q[state, action])
        state, action = after, next_action
        if terminated or truncated:
            state, _ = env.reset()
            action = int(epsilon_greedy(Q[state], epsilon, rng))
    return lambda observation: int(Q[observation].argmax())
