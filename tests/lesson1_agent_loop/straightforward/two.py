from collections.abc import Callable, Sequence
from typing import NamedTuple
import gymnasium
import numpy as np

Policy = Callable[[np.ndarray], int]


class Transition(NamedTuple):
    state: np.ndarray
    action: int
    reward: float
    next_state: np.ndarray
    terminated: bool
    truncated: bool


def lean_policy(observation: np.ndarray) -> int:
    angle = observation[2]
    angular_velocity = observation[3]
    return 1 if angle + angular_velocity > 0 else 0


def run_episode(env: gymnasium.Env, policy: Policy, *, seed: int | None = None) -> list[Transition]:
    state, _ = env.reset(seed=seed)
    state = np.copy(state)
    episode = []
    while True:
        action = policy(state)
        next_state, reward, terminated, truncated, _ = env.step(action)
        next_state = np.copy(next_state)
        episode.append(Transition(state, action, reward, next_state, terminated, truncated))
        if terminated or truncated:
            break
        state = next_state
    return episode


def discounted_return(rewards: Sequence[float] | np.ndarray, gamma: float) -> float:
    result = 0.0
    for i, r in enumerate(rewards):
        result += gamma**i * r
    return result


def evaluate(env: gymnasium.Env, policy: Policy, episodes: int, *, seed: int | None = None) -> np.ndarray:
    results = np.zeros(episodes)
    for i in range(episodes):
        if i == 0:
            transitions = run_episode(env, policy, seed=seed)
        else:
            transitions = run_episode(env, policy)
        results[i] = sum((t.reward for t in transitions))
    return results
