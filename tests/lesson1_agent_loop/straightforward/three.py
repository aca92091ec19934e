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
    return int(observation[2] + observation[3] > 0)


def run_episode(env: gymnasium.Env, policy: Policy, *, seed: int | None = None) -> list[Transition]:
    obs, info = env.reset(seed=seed)
    transitions = []
    while True:
        state = obs.copy()
        action = policy(obs)
        obs, reward, terminated, truncated, info = env.step(action)
        transitions.append(
            Transition(
                state=state,
                action=action,
                reward=reward,
                next_state=obs.copy(),
                terminated=terminated,
                truncated=truncated,
            )
        )
        if terminated or truncated:
            return transitions


def discounted_return(rewards: Sequence[float] | np.ndarray, gamma: float) -> float:
    total = 0.0
    for r in rewards[::-1]:
        total = r + gamma * total
    return total


def evaluate(env: gymnasium.Env, policy: Policy, episodes: int, *, seed: int | None = None) -> np.ndarray:
    returns = []
    for episode in range(episodes):
        transitions = run_episode(env, policy, seed=seed)
        seed = None
        returns.append(sum([t.reward for t in transitions]))
    return np.array(returns)
