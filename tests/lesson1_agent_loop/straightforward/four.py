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
    position, velocity, angle, angular_velocity = observation
    if angle + angular_velocity > 0:
        return 1
    else:
        return 0


def run_episode(env: gymnasium.Env, policy: Policy, *, seed: int | None = None) -> list[Transition]:
    state, info = env.reset(seed=seed)
    state = np.array(state)
    episode = []
    terminated = False
    truncated = False
    while not (terminated or truncated):
        action = policy(state)
        next_state, reward, terminated, truncated, info = env.step(action)
        next_state = np.array(next_state)
        episode.append(Transition(state, action, reward, next_state, terminated, truncated))
        state = next_state
    return episode


def discounted_return(rewards: Sequence[float] | np.ndarray, gamma: float) -> float:
    G = 0.0
    for reward in reversed(rewards):
        G = reward + gamma * G
    return float(G)


def evaluate(env: gymnasium.Env, policy: Policy, episodes: int, *, seed: int | None = None) -> np.ndarray:
    totals = []
    for n in range(episodes):
        if n > 0:
            seed = None
        episode = run_episode(env, policy, seed=seed)
        total = 0.0
        for transition in episode:
            total += transition.reward
        totals.append(total)
    return np.array(totals)
