"""Lesson 9: proximal policy optimization (PPO). Learn from the same data several times, but stay near the old policy.

Sources: Schulman et al. 2017, "Proximal policy optimization algorithms"; Sutton & Barto, section 5.5 (importance
sampling, which is where the ratio comes from); Huang et al. 2022, "The 37 implementation details of proximal policy
optimization", for what published programs do beyond the paper.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from lesson8_actor_critic import ActorCritic, entropy, generalized_advantages
from numpy.typing import NDArray
from torch import Tensor, nn

Policy = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def probability_ratio(log_probs: Tensor, old_log_probs: Tensor) -> Tensor:
    """How many times likelier each action is now than when it was taken: ratio = π(a|s) / π_old(a|s).

    | name          | shape | meaning                                                                     |
    |---------------|-------|-----------------------------------------------------------------------------|
    | log_probs     | any   | log π(a|s) of the policy that learns                                        |
    | old_log_probs | same  | log π_old(a|s) of the policy that acted; constants, no gradient flows there |
    | →             | same  | the ratios, above 0; 1 where nothing has changed, however rare the action   |

    Example:
        >>> now, old = torch.tensor([0.6, 0.2]), torch.tensor([0.3, 0.4])
        >>> probability_ratio(now.log(), old.log())
        tensor([2.0000, 0.5000])

    Source: Schulman et al. 2017, section 3; Sutton & Barto, equation 5.3 for one step.
    """
    raise NotImplementedError("probability_ratio: write me; lesson9_ppo.md tells how")


def clipped_surrogate_loss(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """The loss of PPO: it wants good actions likelier, but gives nothing for more than a factor of 1 ± clip.

    loss = −mean(min(ratio · A, clamp(ratio, 1 − clip, 1 + clip) · A)), with A and the old log-probabilities as
    constants.

    | name          | shape | meaning                                            |
    |---------------|-------|----------------------------------------------------|
    | log_probs     | any   | log π(a|s) of the policy that learns               |
    | old_log_probs | same  | log π_old(a|s) of the policy that acted            |
    | advantages    | same  | what the actions were worth beyond expectation     |
    | clip          |       | ε, how far from 1 a change of the ratio still pays |
    | →             | ()    | the loss                                           |

    Example:
        Ratio 1.5 and clip 0.2. With advantage 2 the loss is −min(3, 2.4) = −2.4: there is nothing more to be had, and
        the gradient is 0. With advantage −2 it is −min(−3, −2.4) = 3: this action became likelier by mistake, and the
        gradient is there to bring it back.

        >>> now, old = torch.tensor([0.6]).log(), torch.tensor([0.4]).log()
        >>> round(float(clipped_surrogate_loss(now, old, torch.tensor([2.0]), 0.2)), 4)
        -2.4
        >>> round(float(clipped_surrogate_loss(now, old, torch.tensor([-2.0]), 0.2)), 4)
        3.0

    Source: Schulman et al. 2017, equation 7.
    """
    raise NotImplementedError("clipped_surrogate_loss: write me; lesson9_ppo.md tells how")


def clipped_value_loss(values: Tensor, old_values: Tensor, returns: Tensor, clip: float) -> Tensor:
    """The critic's loss with the same caution: the mean of the larger of two squared errors.

    near = old_values + clamp(values − old_values, −clip, clip)
    loss = mean(max((values − returns)², (near − returns)²)), with old values and returns as constants.

    | name       | shape | meaning                                                    |
    |------------|-------|------------------------------------------------------------|
    | values     | any   | what the critic says now                                   |
    | old_values | same  | what it said when the data were collected                  |
    | returns    | same  | what it should have said                                   |
    | clip       |       | how far a change of a value still pays, in units of values |
    | →          | ()    | the loss, without a factor ½                               |

    Example:
        Value 2, old value 1, return 3, clip 0.5: near is 1.5, so the loss is max(1, 2.25) = 2.25, and no gradient is
        left in it: this value has moved far enough.

        >>> float(clipped_value_loss(torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([3.0]), 0.5))
        2.25

    Source: Huang et al. 2022, detail 9 (value function loss clipping); it is not in the paper.
    """
    raise NotImplementedError("clipped_value_loss: write me; lesson9_ppo.md tells how")


def minibatches(size: int, minibatch_size: int, rng: np.random.Generator) -> Iterable[NDArray[np.int64]]:
    """One epoch: all indices from 0 to size - 1 in random order, cut into minibatches.

    | name           | meaning                                                               |
    |----------------|-----------------------------------------------------------------------|
    | size           | how many entries there are                                            |
    | minibatch_size | how many go into each batch; only the last one may be smaller         |
    | rng            | decides the order, and moves on: the next epoch has another order     |
    | →              | a list or an iterator of index arrays; every index comes exactly once |

    Example:
        minibatches(5, 2, rng) may give [3, 0], [4, 1], [2].

        >>> batches = list(minibatches(5, 2, np.random.default_rng(0)))
        >>> [len(batch) for batch in batches]
        [2, 2, 1]
        >>> sorted(np.concatenate(batches).tolist())
        [0, 1, 2, 3, 4]

    Source: Schulman et al. 2017, algorithm 1 (K epochs, minibatch size M).
    """
    raise NotImplementedError("minibatches: write me; lesson9_ppo.md tells how")


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run; "steps" are environment steps, summed over the copies."""

    gamma: float = 0.98
    lam: float = 0.9
    learning_rate: float = 2e-3  # at the start; it falls linearly to 0 at the end of the budget
    rollout: int = 64  # T, steps of each copy between two updates
    epochs: int = 6  # how often each step is learnt from
    minibatch: int = 256
    clip: float = 0.2
    value_clip: float = 10.0  # in units of values; small ones keep the critic from learning
    value_weight: float = 0.5
    entropy_weight: float = 0.0
    reward_scale: float = 0.1  # the critic learns values around 5 sooner than values around 50
    clip_norm: float = 0.5  # the longest gradient that is followed as it is
    solved: float = 485.0  # mean return of the latest episodes at which training stops
    latest: int = 40  # how many episodes that mean is over: more than two of each of 16 copies


def train(env: gym.vector.VectorEnv, *, max_steps: int, seed: int, device: str = "cpu") -> Policy:
    """PPO on a vector environment, until its episodes are nearly as long as they can be.

    | name      | meaning                                                                                |
    |-----------|----------------------------------------------------------------------------------------|
    | env       | E copies of one environment that reset by Gymnasium's NEXT_STEP rule                   |
    | max_steps | how many environment steps may be taken, summed over the copies                        |
    | seed      | of the weights, the actions, the minibatches and the environment                       |
    | device    | where the network computes: "cpu", or "cuda"                                           |
    | →         | a policy: a batch of observations (N, O) → actions (N,); it takes the likeliest action |

    Source: Schulman et al. 2017, algorithm 1.
    """
    settings = Settings()
    model = new_model(env, seed, device)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    generator = torch.Generator(device=device).manual_seed(seed)
    rng = np.random.default_rng(seed)

    steps = 0
    earned = np.zeros(env.num_envs)  # so far, in the episode under way in each copy
    latest: deque[float] = deque(maxlen=settings.latest)
    observation, _ = env.reset(seed=seed)
    over = np.zeros(env.num_envs, dtype=bool)  # the copies whose episode ended at the last step
    while steps + settings.rollout * env.num_envs <= max_steps:
        # Act for a while, at random as the actor says: ITS PROBABILITIES ARE THE EXPLORATION.
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

        # One tensor for each column, (T, E, ...). After the last step there is one more observation: T + 1 of them.
        observations, actions, rewards, terminated, truncated, live = (
            torch.as_tensor(np.stack(column), device=device) for column in zip(*rows, strict=True)
        )
        last = torch.as_tensor(observation, device=device).unsqueeze(0)

        # WHAT THE OLD POLICY SAID IS COMPUTED ONCE, before the first update, and stays as it is through all epochs.
        with torch.no_grad():
            logits, values = model(torch.cat([observations, last]).flatten(0, 1))
            logits = logits.unflatten(0, (settings.rollout + 1, env.num_envs))[:-1]
            values = values.unflatten(0, (settings.rollout + 1, env.num_envs))
            # By the NEXT_STEP rule an episode's last observation stands in the row after its last step, so values[1:]
            # are the values of the states that the steps led to: also of those where an episode ended.
            values, next_values = values[:-1], values[1:]
            rewards = settings.reward_scale * rewards.float()
            advantages = generalized_advantages(
                rewards, values, next_values, terminated, truncated, settings.gamma, settings.lam
            )
            returns = advantages + values
            old_log_probs = log_prob(logits[live], actions[live])
        # From here on one row for each LIVE step.
        observations, actions, old_values = observations[live], actions[live], values[live]
        advantages, returns = advantages[live], returns[live]

        optimizer.param_groups[0]["lr"] = settings.learning_rate * (1.0 - steps / max_steps)
        for _ in range(settings.epochs):
            for batch in minibatches(len(actions), settings.minibatch, rng):
                index = torch.as_tensor(batch, device=device)
                logits, values = model(observations[index])
                # The advantages of a minibatch, brought to mean 0 and spread 1.
                advantage = advantages[index] - advantages[index].mean()
                advantage = advantage / (advantage.std(correction=0) + 1e-8)
                # The two losses of this lesson, from this minibatch: `actor` and `critic`.
                raise NotImplementedError("train: write me; lesson9_ppo.md tells how")
                # One update, as in lesson 8; the entropy is a bonus for exploring.
                loss = actor + settings.value_weight * critic - settings.entropy_weight * entropy(logits).mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
                optimizer.step()
    return lambda observations: greedy_actions(model, observations)


def log_prob(logits: Tensor, actions: Tensor) -> Tensor:
    """Log π(a|s) of the actions that were taken: logits (N, A) and actions (N,) → (N,)."""
    return torch.log_softmax(logits, dim=1).gather(1, actions.unsqueeze(1)).squeeze(1)


def new_model(env: gym.vector.VectorEnv, seed: int, device: str) -> ActorCritic:
    """A network for this environment, with the initial weights that belong to the seed."""
    # Initial weights come from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)


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
