"""Torch looks at the table without copying it; ties by the Gumbel trick; training backwards."""

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
    """Learns after each episode, from its last transition back to its first, so that news travels the whole way."""
    rng = np.random.default_rng([seed, 3])
    Q = torch.zeros(int(env.observation_space.n), int(env.action_space.n), dtype=torch.float64).numpy()
    state, _ = env.reset(seed=int(rng.integers(2**31)))
    episode = []
    for step in range(max_steps):
        action = int(epsilon_greedy(Q[state], 0.2 * max(0.1, 1 - 2 * step / max_steps), rng))
        after, reward, terminated, truncated, _ = env.step(action)
        episode.append((state, action, reward + 0.0, after, terminated))
        state = after
        if terminated or truncated:
            while episode:
                s, a, r, s2, last = episode.pop()
                Q[s, a] += 0.6 * (r + (0.0 if last else 0.98 * Q[s2].max()) - Q[s, a])
            state, _ = env.reset()
    return lambda observation: int(Q[observation].argmax())
