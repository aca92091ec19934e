"""Lesson 8: actor and critic. The actor chooses actions; the critic says whether they turned out better than expected.

Sources: Sutton & Barto, sections 13.5 (actor-critic) and 12.1 (the λ-return); Schulman et al. 2016, "High-dimensional
continuous control using generalized advantage estimation"; Mnih et al. 2016, "Asynchronous methods for deep
reinforcement learning", whose method is called A2C where it waits for all copies of the environment at each step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Policy = Callable[[NDArray[np.float32]], NDArray[np.int64]]


class ActorCritic(nn.Module):
    """Two answers to one observation: how much each action is preferred (actor), and what the state is worth (critic).

    | name       | meaning                                |
    |------------|----------------------------------------|
    | input_dim  | O, how many numbers an observation has |
    | output_dim | A, how many actions there are          |

    Between observation and answers stand hidden layers with a nonlinearity; which, how wide, and whether actor and
    critic share them, is yours to choose (two layers of 64 with tanh are enough for CartPole). The last layers are
    linear with nothing after them, and actor and critic have one each.

    Example:
        >>> logits, values = ActorCritic(4, 2)(torch.zeros(3, 4))
        >>> logits.shape, values.shape
        (torch.Size([3, 2]), torch.Size([3]))

    Source: Sutton & Barto, section 13.5; Mnih et al. 2016, section 4.
    """

    def __init__(self, input_dim: int, output_dim: int) -> None:
        super().__init__()
        raise NotImplementedError("ActorCritic.__init__: write me; lesson8_actor_critic.md tells how")

    def forward(self, observations: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and values of a batch.

        | name         | shape  | meaning                                                                       |
        |--------------|--------|-------------------------------------------------------------------------------|
        | observations | (N, O) | a batch of observations                                                       |
        | →            |        | two tensors:                                                                  |
        |              | (N, A) | logits: any numbers; softmax turns them into the probabilities of the actions |
        |              | (N,)   | values: any numbers; what the critic expects to be earned from here on        |

        The values of three observations are a tensor (3,), not (3, 1).
        """
        raise NotImplementedError("ActorCritic.forward: write me; lesson8_actor_critic.md tells how")


def generalized_advantages(
    rewards: Tensor,
    values: Tensor,
    next_values: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    gamma: float,
    lam: float,
) -> Tensor:
    """How much better each step turned out than the critic expected, looking ahead with weights that fall by γλ.

    δ_t = r_t + γ · V(s_{t+1}) · (1 − terminated_t) − V(s_t)
    A_t = δ_t + γλ · A_{t+1},  and A_t = δ_t where the episode ends (either flag) and at the last step T − 1.

    A truncated episode could have gone on, so its last δ bootstraps from V(s_{t+1}); a terminated one could not. After
    both, the next row belongs to another episode: nothing is carried over. Where both flags are set, terminated wins.

    | name        | shape  | meaning                                                                          |
    |-------------|--------|----------------------------------------------------------------------------------|
    | rewards     | (T, N) | of T steps in time (rows) in N copies of the environment (columns)               |
    | values      | (T, N) | V(s_t), the critic's value of the state in which the step was made               |
    | next_values | (T, N) | V(s_{t+1}), of the state to which it led; after a termination, any number        |
    | terminated  | (T, N) | true (or 1.0) where the step ended its episode for good                          |
    | truncated   | (T, N) | true (or 1.0) where the episode was cut off after this step                      |
    | gamma       |        | discount, from 0 to 1                                                            |
    | lam         |        | λ, from 0 (only δ) to 1 (all that was earned, minus the value)                   |
    | →           | (T, N) | the advantages                                                                   |

    Example:
        One copy, rewards [1, 1], values [2, 3], next_values [3, 5], no flags, gamma 1, lam 0.5: δ = [2, 3], and so
        A = [2 + 0.5 · 3, 3] = [3.5, 3]. Were the first step terminated, A would be [1 - 2, 3] = [-1, 3].

        >>> rewards, values = torch.tensor([[1.0], [1.0]]), torch.tensor([[2.0], [3.0]])
        >>> next_values = torch.tensor([[3.0], [5.0]])
        >>> no, first = torch.tensor([[False], [False]]), torch.tensor([[True], [False]])
        >>> generalized_advantages(rewards, values, next_values, no, no, gamma=1.0, lam=0.5)
        tensor([[3.5000],
                [3.0000]])
        >>> generalized_advantages(rewards, values, next_values, first, no, gamma=1.0, lam=0.5)
        tensor([[-1.],
                [ 3.]])

    Source: Schulman et al. 2016, equations 9 and 16.
    """
    raise NotImplementedError("generalized_advantages: write me; lesson8_actor_critic.md tells how")


def actor_loss(log_probs: Tensor, advantages: Tensor) -> Tensor:
    """The policy-gradient loss with advantages: actions better than expected become likelier, worse ones rarer.

    loss = −mean(log π(a|s) · A), with the advantages as constants: no gradient flows into them.

    | name       | shape | meaning                                                      |
    |------------|-------|--------------------------------------------------------------|
    | log_probs  | any   | log-probabilities of the actions that were taken             |
    | advantages | same  | what those actions turned out to be worth beyond expectation |
    | →          | ()    | the loss                                                     |

    Example:
        The loss is −((−1) · 3 + (−2) · (−1)) / 2 = 0.5.

        >>> float(actor_loss(torch.tensor([-1.0, -2.0]), torch.tensor([3.0, -1.0])))
        0.5

    Source: Sutton & Barto, section 13.5; Mnih et al. 2016, section 4.
    """
    raise NotImplementedError("actor_loss: write me; lesson8_actor_critic.md tells how")


def critic_loss(values: Tensor, returns: Tensor) -> Tensor:
    """The mean squared error of the critic: mean((V − G)²), with the returns G as constants.

    | name    | shape | meaning                                             |
    |---------|-------|-----------------------------------------------------|
    | values  | any   | what the critic expected                            |
    | returns | same  | what it should have expected: advantage + old value |
    | →       | ()    | the loss, without a factor ½                        |

    Example:
        The errors are 1 - 3 and 2 - 2, so the loss is (4 + 0) / 2 = 2.

        >>> float(critic_loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 2.0])))
        2.0

    Source: Sutton & Barto, section 9.3 (gradient of the squared value error, target held still).
    """
    raise NotImplementedError("critic_loss: write me; lesson8_actor_critic.md tells how")


def entropy(logits: Tensor) -> Tensor:
    """How undecided the actor is: H = −Σ over a of π(a|s) · log π(a|s), with the natural logarithm.

    It is log 2 where two actions are equally likely, and 0 where one action is certain. It stays finite, and so does
    its gradient, when an action's probability is so small that it rounds to 0.

    | name   | shape  | meaning                                      |
    |--------|--------|----------------------------------------------|
    | logits | (N, A) | the actor's; π = softmax(logits), row by row |
    | →      | (N,)   | one entropy for each row                     |

    Example:
        Equal logits give log 2 = 0.693; logits of which one is certain to win give 0.

        >>> [round(h, 3) for h in entropy(torch.tensor([[0.0, 0.0], [0.0, 1000.0]])).abs().tolist()]
        [0.693, 0.0]

    Source: Mnih et al. 2016, section 4 (entropy regularization).
    """
    raise NotImplementedError("entropy: write me; lesson8_actor_critic.md tells how")


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run; "steps" are environment steps, summed over the copies."""

    gamma: float = 0.99
    lam: float = 0.95
    learning_rate: float = 2e-3  # at the start; it falls linearly to 0 at the end of the budget
    rollout: int = 8  # T, steps of each copy between two updates
    reward_scale: float = 0.1  # the critic learns values around 10 sooner than values around 100
    critic_weight: float = 0.5
    entropy_weight: float = 0.01
    clip_norm: float = 0.5  # the longest gradient that is followed as it is
    solved: float = 490.0  # mean return of the latest episodes at which training stops
    latest: int = 20  # how many episodes that mean is over


def train(env: gym.vector.VectorEnv, *, max_steps: int, seed: int, device: str = "cpu") -> Policy:
    """Advantage actor-critic (A2C) on a vector environment, until its episodes are nearly as long as they can be.

    | name      | meaning                                                                                |
    |-----------|----------------------------------------------------------------------------------------|
    | env       | E copies of one environment that reset by Gymnasium's NEXT_STEP rule                   |
    | max_steps | how many environment steps may be taken, summed over the copies                        |
    | seed      | of the weights, the actions and the environment                                        |
    | device    | where the network computes: "cpu", or "cuda"                                           |
    | →         | a policy: a batch of observations (N, O) → actions (N,); it takes the likeliest action |

    Source: Mnih et al. 2016, algorithm S3, with all copies in step; Schulman et al. 2016 for the advantages.
    """
    settings = Settings()
    model = new_model(env, seed, device)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    generator = torch.Generator(device=device).manual_seed(seed)

    steps = 0
    earned = np.zeros(env.num_envs)  # so far, in the episode under way in each copy
    latest: deque[float] = deque(maxlen=settings.latest)
    observation, _ = env.reset(seed=seed)
    over = np.zeros(env.num_envs, dtype=bool)  # the copies whose episode ended at the last step
    while steps + settings.rollout * env.num_envs <= max_steps:
        # Act for a few steps, at random as the actor says: ITS PROBABILITIES ARE THE EXPLORATION.
        rows = []
        for _ in range(settings.rollout):
            action = sample_actions(model, observation, generator)
            next_observation, reward, terminated, truncated, _ = env.step(action)
            # NEXT_STEP: the step after an episode's last one only resets that copy. IT IS NO TRANSITION, so not live.
            rows.append((observation, action, reward, terminated, truncated, ~over))
            steps += int((~over).sum())
            observation, over = next_observation, terminated | truncated
            earned += reward
            latest.extend(earned[over])
            earned[over] = 0.0
        if len(latest) == settings.latest and np.mean(latest) >= settings.solved:
            break

        # One array for each column, (T, E, ...). The step after the last one has an observation as well: T + 1 of them.
        observations, actions, rewards, terminated, truncated, live = map(np.stack, zip(*rows, strict=True))
        observations = np.concatenate([observations, observation[None]])
        logits, values = forward_all(model, observations)
        # By the NEXT_STEP rule an episode's last observation stands in the row after its last step, so values[1:] are
        # the values of the states that the steps led to: also of those where an episode ended.
        logits, values, next_values = logits[:-1], values[:-1], values[1:]
        actions, rewards, terminated, truncated, live = (
            torch.as_tensor(part, device=device) for part in (actions, rewards, terminated, truncated, live)
        )
        rewards = settings.reward_scale * rewards.float()

        # What each step was worth beyond expectation, and what the critic should have expected: both are constants.
        with torch.no_grad():
            raise NotImplementedError("train: write me; lesson8_actor_critic.md tells how")

        # One update from the LIVE steps only: actor, critic, and a little entropy so that the actor goes on exploring.
        log_probs = torch.log_softmax(logits, dim=2).gather(2, actions.unsqueeze(2)).squeeze(2)
        raise NotImplementedError("train: write me; lesson8_actor_critic.md tells how")
        # A gradient that is longer than most would throw the policy far off: it is shortened.
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
        optimizer.param_groups[0]["lr"] = settings.learning_rate * (1.0 - steps / max_steps)
        optimizer.step()
    return lambda observations: greedy_actions(model, observations)


def new_model(env: gym.vector.VectorEnv, seed: int, device: str) -> ActorCritic:
    """A network for this environment, with the initial weights that belong to the seed."""
    # Initial weights come from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)


def forward_all(model: nn.Module, observations: NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Logits (T, E, A) and values (T, E) of T · E observations (T, E, O), in one pass."""
    device = next(model.parameters()).device
    logits, values = model(torch.as_tensor(observations, dtype=torch.float32, device=device).flatten(0, 1))
    return logits.unflatten(0, observations.shape[:2]), values.unflatten(0, observations.shape[:2])


def sample_actions(
    model: nn.Module, observations: NDArray[np.float32], generator: torch.Generator
) -> NDArray[np.int64]:
    """An action for every observation, at random by the actor's probabilities: (N, O) → (N,)."""
    with torch.no_grad():
        logits, _ = model(torch.as_tensor(observations, dtype=torch.float32, device=generator.device))
        return torch.multinomial(logits.softmax(dim=1), 1, generator=generator).squeeze(1).cpu().numpy()


def greedy_actions(model: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """The likeliest action for every observation: (N, O) → (N,)."""
    device = next(model.parameters()).device
    with torch.no_grad():
        logits, _ = model(torch.as_tensor(observations, dtype=torch.float32, device=device))
    return logits.argmax(dim=1).cpu().numpy()
