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
    if observation[2] + observation[3] > 0:
        return 1
    return 0


def run_episode(env: gymnasium.Env, policy: Policy, *, seed: int | None = None) -> list[Transition]:
    transitions = []
    state, info = env.reset(seed=seed)
    state = state.copy()
    done = False
    while not done:
        action = policy(state)
        next_state, reward, terminated, truncated, info = env.step(action)
        next_state = next_state.copy()
        transitions.append(Transition(state, action, reward, next_state, terminated, truncated))
        state = next_state
        done = terminated or truncated
    return transitions


def discounted_return(rewards: Sequence[float] | np.ndarray, gamma: float) -> float:
    total = 0.0
    for reward in reversed(rewards):
        total = reward + gamma * total
    return total


def evaluate(env: gymnasium.Env, policy: Policy, episodes: int, *, seed: int | None = None) -> np.ndarray:
    returns = []
    for i in range(episodes):
        episode = run_episode(env, policy, seed=seed if i == 0 else None)
        returns.append(sum((t.reward for t in episode)))
    return np.array(returns)
