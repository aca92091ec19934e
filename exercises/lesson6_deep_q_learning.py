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

    y = r + γ · max over a′ of Q_target(s′, a′), and y = r where the episode has terminated: nothing follows.

    | name          | shape  | meaning                                                             |
    |---------------|--------|---------------------------------------------------------------------|
    | rewards       | (N,)   | reward of each transition                                           |
    | next_q_values | (N, A) | the target network's values in the next states                      |
    | terminated    | (N,)   | true (or 1.0) where the next state is terminal; a truncation is not |
    | gamma         |        | discount, from 0 to 1                                               |
    | →             | (N,)   | the targets                                                         |

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

    y = r + γ · Q_target(s′, argmax over a′ of Q(s′, a′)), and y = r where the episode has terminated.

    | name          | shape  | meaning                                        |
    |---------------|--------|------------------------------------------------|
    | rewards       | (N,)   | reward of each transition                      |
    | next_q_online | (N, A) | the online network's values in the next states |
    | next_q_target | (N, A) | the target network's values in the next states |
    | terminated    | (N,)   | true (or 1.0) where the next state is terminal |
    | gamma         |        | discount, from 0 to 1                          |
    | →             | (N,)   | the targets                                    |

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

    loss = mean of (Q(s, a) − y)², where a is the action that was taken and y is a constant: the gradient flows into
    Q(s, a) of `q_network` and nowhere else. The arrays of the batch stay as they are.

    | name           | shape  | meaning                                                  |
    |----------------|--------|----------------------------------------------------------|
    | q_network      |        | (N, O) → (N, A), the network that learns                 |
    | target_network |        | (N, O) → (N, A), its older copy, which gives the targets |
    | batch          |        | five arrays, as `ReplayBuffer.sample` returns them:      |
    |                | (N, O) | states, float32                                          |
    |                | (N,)   | actions, whole numbers                                   |
    |                | (N,)   | rewards, float32 or float64                              |
    |                | (N, O) | next states, float32                                     |
    |                | (N,)   | terminated, bool or 0 and 1; the buffer calls it done    |
    | gamma          |        | discount, from 0 to 1                                    |
    | →              | ()     | the loss                                                 |

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
    """Move the target network towards the online one, in place: θ_target ← (1 − τ) · θ_target + τ · θ.

    τ = 1 copies and τ = 0 changes nothing. The two networks never share storage, the online one stays as it is, and
    autograd is on again afterwards.

    | name           | meaning                                   |
    |----------------|-------------------------------------------|
    | target_network | its weights change                        |
    | q_network      | the online network, of the same shape     |
    | tau            | τ, how much of the way to go, from 0 to 1 |
    | →              | nothing                                   |

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

    | name      | meaning                                                                         |
    |-----------|---------------------------------------------------------------------------------|
    | env       | E copies of one environment that reset by Gymnasium's NEXT_STEP rule            |
    | max_steps | how many environment steps may be taken, summed over the copies, tests included |
    | seed      | of the weights, the buffer, the exploration and the environment                 |
    | device    | where the networks compute: "cpu", or "cuda"                                    |
    | →         | a policy: a batch of observations (N, O) → actions (N,)                         |

    Source: Mnih et al. 2015, algorithm 1, with a target network that follows slowly; the restarts are from Nikishin
    et al. 2022, "The primacy bias in deep reinforcement learning".
    """
    settings = Settings()
    rng = np.random.default_rng(seed)
    n_actions = int(env.single_action_space.n)
    buffer = ReplayBuffer(settings.buffer_size, seed=seed)
    q_network, target_network, optimizer = fresh_start(env, seed, settings, device)
    best = KeepBest(target_network)

    steps, explored, bursts = 0, 0, 0
    observations, _ = env.reset(seed=seed)
    over = np.zeros(env.num_envs, dtype=bool)  # the copies whose episode ended at the last step
    while steps + env.num_envs <= max_steps and best.earned < settings.solved:
        # Act: at random with probability epsilon, which falls; otherwise as the Q-network says.
        fraction = min(explored / settings.epsilon_steps, 1.0)
        epsilon = settings.epsilon_start + fraction * (settings.epsilon_end - settings.epsilon_start)
        random_actions = rng.integers(n_actions, size=env.num_envs)
        at_random = rng.random(env.num_envs) < epsilon
        actions = np.where(at_random, random_actions, greedy_actions(q_network, observations))
        next_observations, rewards, terminated, truncated, _ = env.step(actions)

        # Store. NEXT_STEP: the step after an episode's last one only resets that copy. IT IS NO TRANSITION.
        live = np.flatnonzero(~over)
        for i in live:
            # A TRUNCATED EPISODE COULD HAVE GONE ON. What the buffer calls done is true only where nothing can follow.
            raise NotImplementedError("train: write me; lesson6_deep_q_learning.md tells how")
        steps += len(live)
        explored += len(live)
        observations, over = next_observations, terminated | truncated

        # Learn, in a burst of updates: not after each step, but whenever enough has been explored.
        if explored < settings.learning_starts + bursts * settings.learn_every:
            continue
        for _ in range(settings.updates):
            # One update: the loss of a random batch, its gradient (made most_gradient long at most, by
            # nn.utils.clip_grad_norm_), a step of the optimizer, and the target follows.
            raise NotImplementedError("train: write me; lesson6_deep_q_learning.md tells how")
        bursts += 1

        # Test every few bursts, and start again with other weights where they have not been enough.
        restarts, age = divmod(bursts, settings.restart_every)
        if age == 0:
            q_network, target_network, optimizer = fresh_start(env, seed + restarts, settings, device)
        elif age >= settings.first_test and age % settings.test_every == 0:
            earned, taken, observations, over = play_test(env, target_network, max_steps - steps, settings.solved)
            steps += taken
            best.offer(target_network, earned)
    return lambda observations: greedy_actions(best.network, observations)


class KeepBest:
    """A copy of the network that did best so far, because one that has solved the task often gets worse again.

    It begins with the network that it is given, which has earned 0.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network, self.earned = copy.deepcopy(network), 0.0

    def offer(self, network: nn.Module, earned: float) -> None:
        """Copy this network if it earned more than the best one so far."""
        if earned > self.earned:
            self.network, self.earned = copy.deepcopy(network), earned


def play_test(
    env: gym.vector.VectorEnv, network: nn.Module, budget: int, solved: float
) -> tuple[float, int, NDArray[np.float32], NDArray[np.bool_]]:
    """Play new episodes without exploring, until the first copy falls: how much does a copy earn by then?

    What is tested is the target network: it is an average over the last updates, and wavers less than the network that
    learns. Nothing of a test is stored: its long episodes, all of one policy, would crowd out the rest.

    | name    | shape  | meaning                                                                   |
    |---------|--------|---------------------------------------------------------------------------|
    | env     |        | the copies, wherever their episodes are                                   |
    | network |        | observations (N, O) → action values (N, A)                                |
    | budget  |        | how many environment steps the test may take                              |
    | solved  |        | rewards of one copy with which the test is over though nothing has fallen |
    | →       |        | four things:                                                              |
    |         | float  | the rewards of one copy, on average; 0 if the budget ends before the test |
    |         | int    | the environment steps that the test took                                  |
    |         | (E, O) | the copies' observations afterwards                                       |
    |         | (E,)   | the copies whose episode ended at the last step                           |
    """
    earned, steps = 0.0, 0
    observations, _ = env.reset()
    over = np.zeros(env.num_envs, dtype=bool)
    while steps + env.num_envs <= budget:
        observations, rewards, terminated, truncated, _ = env.step(greedy_actions(network, observations))
        steps += int((~over).sum())
        over = terminated | truncated
        earned += float(rewards.mean())
        if earned >= solved or terminated.any():
            return earned, steps, observations, over
    return 0.0, steps, observations, over


def fresh_start(
    env: gym.vector.VectorEnv, seed: int, settings: Settings, device: str
) -> tuple[DQN, DQN, torch.optim.Optimizer]:
    """A Q-network with the initial weights that belong to the seed, its target network, and its optimizer.

    Weights that have not solved the task after some bursts rarely do so later. New ones often do: from their first
    update on they learn from all that is stored.
    """
    # Initial weights come from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        q_network = DQN(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    return q_network, copy.deepcopy(q_network), make_optimizer(q_network, lr=settings.learning_rate)


def greedy_actions(q_network: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """The action with the highest value for every observation: (N, O) → (N,)."""
    device = next(q_network.parameters()).device
    with torch.no_grad():
        q_values = q_network(torch.as_tensor(observations, dtype=torch.float32, device=device))
    return q_values.argmax(dim=1).cpu().numpy()
