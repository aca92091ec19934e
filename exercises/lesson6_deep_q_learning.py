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
        >>> next_q_values = torch.tensor([[2.0, 5.0], [2.0, 5.0]])
        >>> td_target(torch.tensor([1.0, 1.0]), next_q_values, torch.tensor([False, True]), 0.9)
        tensor([5.5000, 1.0000])

    Source: Mnih et al. 2015, algorithm 1; Sutton & Barto, equation 6.8.
    """
    raise NotImplementedError("td_target: write me; lesson6_deep_q_learning.md tells how")


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
        The online network likes the second action, which the target network values at 2: 1 + 0.5 · 2 = 2.

        >>> online, target = torch.tensor([[3.0, 4.0]]), torch.tensor([[7.0, 2.0]])
        >>> double_dqn_target(torch.tensor([1.0]), online, target, torch.tensor([False]), 0.5)
        tensor([2.])

    Source: van Hasselt et al. 2016, equation 4; Sutton & Barto, section 6.7.
    """
    raise NotImplementedError("double_dqn_target: write me; lesson6_deep_q_learning.md tells how")


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

    Example:
        Two networks that give their input back: a state's two numbers are the values of the two actions. The targets
        are 1 + 0.5 · 4 = 3, and 7 where nothing follows, so the errors are 5 − 3 = 2 and 7 − 7 = 0.

        >>> q_network, target_network = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        >>> for network in (q_network, target_network):
        ...     network.weight.data = torch.eye(2)
        >>> states, next_states = np.float32([[5, 0], [0, 7]]), np.float32([[2, 4], [9, 9]])
        >>> batch = states, np.array([0, 1]), np.float32([1, 7]), next_states, np.array([False, True])
        >>> dqn_loss(q_network, target_network, batch, gamma=0.5).item()
        2.0

    Source: Mnih et al. 2015, equation 2 and algorithm 1.
    """
    raise NotImplementedError("dqn_loss: write me; lesson6_deep_q_learning.md tells how")


def update_target(target_network: nn.Module, q_network: nn.Module, tau: float) -> None:
    """Move the target network towards the online one, in place: θ_target ← (1 - τ) · θ_target + τ · θ.

    τ = 1 copies and τ = 0 changes nothing. The two networks never share storage, and the online one stays as it is.

    Example:
        >>> target_network, q_network = nn.Linear(1, 1), nn.Linear(1, 1)
        >>> target_network.weight.data[:], q_network.weight.data[:] = 10.0, 20.0
        >>> update_target(target_network, q_network, tau=0.1)
        >>> round(target_network.weight.item(), 4), q_network.weight.item()
        (11.0, 20.0)

    Source: Lillicrap et al. 2016, algorithm 1 (τ < 1); Mnih et al. 2015, algorithm 1 (a copy from time to time).
    """
    raise NotImplementedError("update_target: write me; lesson6_deep_q_learning.md tells how")


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run; "steps" are environment steps, summed over the copies."""

    gamma: float = 0.985
    learning_rate: float = 4e-3
    batch_size: int = 64
    buffer_size: int = 50_000
    learning_starts: int = 1_000  # steps that only fill the buffer
    learn_every: int = 400  # exploring steps between two bursts of updates
    updates: int = 25  # in one burst
    tau: float = 0.02  # after every update
    most_gradient: float = 1.0  # a longer gradient is shortened to this length
    epsilon_start: float = 1.0
    epsilon_end: float = 0.1
    epsilon_steps: int = 10_000
    first_test: int = 6  # bursts of a network before its first test
    test_every: int = 2  # bursts; a network that is not there yet falls soon, so that its test is cheap
    restart_every: int = 18  # bursts
    solved: float = 500.0  # rewards that a copy earns in a test: a whole episode


def train(env: gym.vector.VectorEnv, *, max_steps: int, seed: int, device: str = "cpu") -> Policy:
    """Deep Q-learning on a vector environment in which an episode is over when something falls, such as CartPole.

    | name      | meaning                                                                                     |
    |-----------|---------------------------------------------------------------------------------------------|
    | env       | E copies of one environment that reset by Gymnasium's NEXT_STEP rule                        |
    | max_steps | how many environment steps may be taken, summed over the copies, tests included             |
    | seed      | of the weights, the buffer, the exploration and the environment                             |
    | device    | where the networks compute: "cpu", or "cuda"                                                |
    | returns   | a policy: a batch of observations (N, O) → actions (N,)                                     |

    Source: Mnih et al. 2015, algorithm 1, with a target network that follows slowly; the restarts are from Nikishin
    et al. 2022, "The primacy bias in deep reinforcement learning".
    """
    settings = Settings()
    rng = np.random.default_rng(seed)
    n_actions = int(env.single_action_space.n)
    buffer = ReplayBuffer(settings.buffer_size, seed=seed)
    q_network = new_network(env, seed, device)
    target_network = copy.deepcopy(q_network)
    optimizer = make_optimizer(q_network, lr=settings.learning_rate)

    steps, explored, bursts, restarts = 0, 0, 0, 0
    testing, earned = False, 0.0
    best_network, most = copy.deepcopy(target_network), 0.0
    observations, _ = env.reset(seed=seed)
    over = np.zeros(env.num_envs, dtype=bool)  # the copies whose episode ended at the last step
    while steps + env.num_envs <= max_steps:
        # Act: in a test as the target network says, otherwise at random with probability epsilon, which falls.
        if testing:
            actions = greedy_actions(target_network, observations)
        else:
            fraction = min(explored / settings.epsilon_steps, 1.0)
            epsilon = settings.epsilon_start + fraction * (settings.epsilon_end - settings.epsilon_start)
            random_actions = rng.integers(n_actions, size=env.num_envs)
            at_random = rng.random(env.num_envs) < epsilon
            actions = np.where(at_random, random_actions, greedy_actions(q_network, observations))
        next_observations, rewards, terminated, truncated, _ = env.step(actions)

        # NEXT_STEP: the step after an episode's last one only resets that copy. IT IS NO TRANSITION.
        # Nor is a test stored: its long episodes, all of one policy, would crowd out the rest.
        live = np.flatnonzero(~over)
        for i in [] if testing else live:
            # A TRUNCATED EPISODE COULD HAVE GONE ON. What the buffer calls done is true only where nothing can follow.
            raise NotImplementedError("train: write me; lesson6_deep_q_learning.md tells how")
        steps += len(live)
        observations, over = next_observations, terminated | truncated

        # A test lasts until the first copy falls. KEEP THE WEIGHTS THAT DID BEST: a network that has solved the task
        # often gets worse again. What is tested is the target network: it is an average over the last updates, and
        # wavers less than the network that learns.
        if testing:
            earned += float(rewards.mean())
            testing = earned < settings.solved and not terminated.any()
            if not testing and earned > most:
                best_network, most = copy.deepcopy(target_network), earned
            if earned >= settings.solved:
                break
            continue

        explored += len(live)
        if explored < settings.learning_starts + bursts * settings.learn_every:
            continue
        for _ in range(settings.updates):
            # One update: the loss of a random batch, its gradient (made most_gradient long at most, by
            # nn.utils.clip_grad_norm_), a step of the optimizer, and the target follows.
            raise NotImplementedError("train: write me; lesson6_deep_q_learning.md tells how")
        bursts += 1
        age = bursts % settings.restart_every
        if age == 0:
            # What has not solved the task by now rarely does. Start again from other weights, with all that is stored.
            restarts += 1
            q_network = new_network(env, seed + restarts, device)
            target_network = copy.deepcopy(q_network)
            optimizer = make_optimizer(q_network, lr=settings.learning_rate)
        elif age >= settings.first_test and age % settings.test_every == 0:
            testing, earned = True, 0.0
            observations, _ = env.reset()
            over[:] = False
    return lambda observations: greedy_actions(best_network, observations)


def new_network(env: gym.vector.VectorEnv, seed: int, device: str) -> DQN:
    """A network for this environment, with the initial weights that belong to the seed."""
    # Initial weights come from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return DQN(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)


def greedy_actions(q_network: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """The action with the highest value for every observation: (N, O) → (N,)."""
    device = next(q_network.parameters()).device
    with torch.no_grad():
        q_values = q_network(torch.as_tensor(observations, dtype=torch.float32, device=device))
    return q_values.argmax(dim=1).cpu().numpy()
