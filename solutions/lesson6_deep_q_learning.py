"""Lesson 6: deep Q-learning. A network learns the value of every action, from transitions that it has stored.

Sources: Sutton & Barto, section 6.5 (Q-learning) and 16.5 (deep Q-networks); Mnih et al. 2015, "Human-level control
through deep reinforcement learning"; van Hasselt et al. 2016, "Deep reinforcement learning with double Q-learning".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from lesson4_dqn import DQN, make_optimizer
from lesson5_replay_buffer import ReplayBuffer
from numpy.typing import NDArray
from torch import Tensor, nn

Policy = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def td_target(rewards: Tensor, next_q_values: Tensor, terminated: Tensor, gamma: float) -> Tensor:
    """What the value of the action taken should be: the reward, and the best that can be had afterwards.

    y = r + γ · max_a Q_target(s', a), and y = r where the episode has terminated, for then nothing comes afterwards.

    | name          | shape  | meaning                                                              |
    |---------------|--------|----------------------------------------------------------------------|
    | rewards       | (N,)   | reward of each transition                                            |
    | next_q_values | (N, A) | the target network's values in the next states                       |
    | terminated    | (N,)   | true (or 1.0) where the next state is terminal; a truncation is not  |
    | gamma         |        | discount, from 0 to 1                                                |
    | returns       | (N,)   | the targets                                                          |

    Example:
        rewards [1, 1], next_q_values [[2, 5], [2, 5]], terminated [0, 1] and gamma 0.9 give [5.5, 1].

    Source: Mnih et al. 2015, algorithm 1; Sutton & Barto, equation 6.8.
    """
    ### BEGIN SOLUTION
    return rewards + gamma * (1.0 - terminated.float()) * next_q_values.max(dim=1).values
    ### END SOLUTION


def double_dqn_target(
    rewards: Tensor, next_q_online: Tensor, next_q_target: Tensor, terminated: Tensor, gamma: float
) -> Tensor:
    """The target of double DQN: the online network chooses the next action, the target network says what it is worth.

    y = r + γ · Q_target(s', argmax_a Q_online(s', a)), and y = r where the episode has terminated.

    | name          | shape  | meaning                                         |
    |---------------|--------|-------------------------------------------------|
    | rewards       | (N,)   | reward of each transition                       |
    | next_q_online | (N, A) | the online network's values in the next states  |
    | next_q_target | (N, A) | the target network's values in the next states  |
    | terminated    | (N,)   | true (or 1.0) where the next state is terminal  |
    | gamma         |        | discount, from 0 to 1                           |
    | returns       | (N,)   | the targets                                     |

    Example:
        reward 1, online [[3, 4]], target [[7, 2]] and gamma 0.5 give 1 + 0.5 · 2 = 2: the online network likes the
        second action, which the target network values at 2.

    Source: van Hasselt et al. 2016, equation 4; Sutton & Barto, section 6.7.
    """
    ### BEGIN SOLUTION
    best = next_q_online.argmax(dim=1, keepdim=True)
    return rewards + gamma * (1.0 - terminated.float()) * next_q_target.gather(1, best).squeeze(1)
    ### END SOLUTION


def dqn_loss(
    q_network: nn.Module,
    target_network: nn.Module,
    batch: Sequence[NDArray[np.generic]],
    gamma: float,
) -> Tensor:
    """The mean squared TD error of a batch, with the plain target of `td_target`.

    loss = mean of (Q(s, a) - y)², where a is the action that was taken and y is a constant: the gradient flows into
    Q(s, a) of `q_network` and nowhere else.

    | name           | shape  | meaning                                                               |
    |----------------|--------|-----------------------------------------------------------------------|
    | q_network      |        | (N, O) → (N, A), the network that learns                              |
    | target_network |        | (N, O) → (N, A), its older copy, which gives the targets              |
    | batch          |        | five arrays, as `ReplayBuffer.sample` returns them:                   |
    |                | (N, O) | states                                                                |
    |                | (N,)   | actions, whole numbers                                                |
    |                | (N,)   | rewards                                                               |
    |                | (N, O) | next states                                                           |
    |                | (N,)   | terminated (the place that the buffer calls done)                     |
    | gamma          |        | discount, from 0 to 1                                                 |
    | returns        | ()     | the loss                                                              |

    Source: Mnih et al. 2015, equation 2 and algorithm 1.
    """
    ### BEGIN SOLUTION
    device = next(q_network.parameters()).device
    states, rewards, next_states, terminated = (
        torch.as_tensor(batch[i], dtype=torch.float32, device=device) for i in (0, 2, 3, 4)
    )
    actions = torch.as_tensor(batch[1], dtype=torch.int64, device=device)
    q_values = q_network(states).gather(1, actions.unsqueeze(1)).squeeze(1)
    with torch.no_grad():
        targets = td_target(rewards, target_network(next_states), terminated, gamma)
    return ((q_values - targets) ** 2).mean()
    ### END SOLUTION


def update_target(target_network: nn.Module, q_network: nn.Module, tau: float) -> None:
    """Move the target network towards the online one, in place: θ_target ← (1 - τ) · θ_target + τ · θ.

    τ = 1 copies and τ = 0 changes nothing. The two networks never share storage, and the online one stays as it is.

    Example:
        A target weight of 10 and an online weight of 20 give 11 for tau = 0.1.

    Source: Lillicrap et al. 2016, algorithm 1 (τ < 1); Mnih et al. 2015, algorithm 1 (a copy from time to time).
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        for target, online in zip(target_network.parameters(), q_network.parameters(), strict=True):
            target.lerp_(online, tau)
    ### END SOLUTION


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run; "steps" are environment steps, summed over the copies."""

    gamma: float = 0.98
    learning_rate: float = 2e-3
    batch_size: int = 64
    buffer_size: int = 50_000
    learning_starts: int = 1_000  # steps that only fill the buffer
    train_every: int = 256  # steps between two bursts of updates
    updates_per_burst: int = 32
    target_every: int = 50  # updates between two copies to the target network
    max_gradient_norm: float = 1.0
    epsilon_start: float = 1.0
    epsilon_end: float = 0.1
    epsilon_steps: int = 10_000
    evaluate_every: int = 3  # bursts
    solved: float = 495.0


def train(env: gym.vector.VectorEnv, *, max_steps: int, seed: int, device: str = "cpu") -> Policy:
    """Deep Q-learning on a vector environment.

    | name      | meaning                                                                                     |
    |-----------|---------------------------------------------------------------------------------------------|
    | env       | copies of one environment that reset by Gymnasium's NEXT_STEP rule                          |
    | max_steps | how many environment steps may be taken, summed over the copies, evaluations included       |
    | seed      | of the weights, the buffer, the exploration and the environment                             |
    | device    | where the network computes: "cpu", or "cuda"                                                |
    | returns   | a policy: a batch of observations (N, O) → actions (N,)                                     |

    Source: Mnih et al. 2015, algorithm 1.
    """
    settings = Settings()
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):  # initial weights come from torch's global generator: leave it as it was
        torch.default_generator.manual_seed(seed)
        q_network = DQN(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    target_network = copy.deepcopy(q_network)
    optimizer = make_optimizer(q_network, lr=settings.learning_rate)
    buffer = ReplayBuffer(settings.buffer_size, seed=seed)

    steps, updates, bursts = 0, 0, 0
    best_score, best_network = -np.inf, copy.deepcopy(q_network)
    observations, _ = env.reset(seed=seed)
    over = np.zeros(env.num_envs, dtype=bool)
    while steps + env.num_envs <= max_steps:
        # Act: mostly as the network says, sometimes at random.
        progress = min(1.0, steps / settings.epsilon_steps)
        epsilon = settings.epsilon_start + progress * (settings.epsilon_end - settings.epsilon_start)
        random_actions = rng.integers(env.single_action_space.n, size=env.num_envs)
        explore = rng.random(env.num_envs) < epsilon
        actions = np.where(explore, random_actions, greedy_actions(q_network, observations))
        next_observations, rewards, terminated, truncated, _ = env.step(actions)

        # NEXT_STEP: after an episode's last step, a copy's next step only resets it. THAT STEP IS NO TRANSITION.
        for i in np.flatnonzero(~over):
            # A TRUNCATED EPISODE COULD HAVE GONE ON, so only terminated says that nothing comes afterwards.
            buffer.push(observations[i], actions[i], rewards[i], next_observations[i], terminated[i])
        burst_before = steps // settings.train_every
        steps += int(np.count_nonzero(~over))
        over = terminated | truncated
        observations = next_observations
        if steps < settings.learning_starts or steps // settings.train_every == burst_before:
            continue

        # Learn.
        for _ in range(settings.updates_per_burst):
            loss = dqn_loss(q_network, target_network, buffer.sample(settings.batch_size), settings.gamma)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(q_network.parameters(), settings.max_gradient_norm)
            optimizer.step()
            updates += 1
            if updates % settings.target_every == 0:
                update_target(target_network, q_network, tau=1.0)

        # Keep what did best without exploration: deep Q-networks get worse again, and nobody knows when.
        bursts += 1
        if bursts % settings.evaluate_every == 0:
            score, used = evaluate(env, q_network, max_steps - steps)
            steps += used
            if score > best_score:
                best_score, best_network = score, copy.deepcopy(q_network)
            if score >= settings.solved:
                break
            observations, _ = env.reset()
            over[:] = False
    return lambda observations: greedy_actions(best_network, observations)


def greedy_actions(q_network: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """The action with the highest value for every observation: (N, O) → (N,)."""
    device = next(q_network.parameters()).device
    with torch.no_grad():
        return q_network(torch.as_tensor(observations, device=device)).argmax(dim=1).cpu().numpy()
