"""Lesson 7: policy gradients. A network learns what to do, without learning first what anything is worth.

Sources: Sutton & Barto, 2nd edition, chapter 13; Williams (1992), "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", where REINFORCE has its name from.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Policy = Callable[[NDArray[np.float32]], NDArray[np.int64]]


class PolicyNetwork(nn.Module):
    """A network that says how much it likes each action: one logit for each, any real number.

    The policy is the softmax of the logits: π(a|s) = exp(h(s, a)) / Σ over b of exp(h(s, b)), where h(s, a) is the
    logit of action a. The network itself stops at the logits: after its last linear layer there is nothing, no softmax
    or log-softmax, no ReLU, no tanh. It needs at least one hidden layer with a nonlinearity; how many units is free,
    and 64 in each of two layers with tanh are plenty. The same observation has the same logits each time, alone or in
    any batch: no dropout, no batch normalization.

    | name       | meaning                                                 |
    |------------|---------------------------------------------------------|
    | input_dim  | O, how many numbers one observation has (4 in CartPole) |
    | output_dim | A, how many actions there are (2 in CartPole)           |

    Example:
        >>> PolicyNetwork(4, 2)(torch.zeros(32, 4)).shape
        torch.Size([32, 2])

    Source: Sutton & Barto, section 13.1, equation 13.2 (the logits are its preferences h(s, a, θ)).
    """

    def __init__(self, input_dim: int, output_dim: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.network = nn.Sequential(
            nn.Linear(input_dim, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, output_dim)
        )
        # Small last weights: the first policy likes all actions nearly alike, and so tries them all.
        with torch.no_grad():
            self.network[-1].weight.mul_(0.01)
        ### END SOLUTION

    def forward(self, observations: Tensor) -> Tensor:
        """The logits of every action, for a batch of observations.

        | name         | shape  | meaning                                                    |
        |--------------|--------|------------------------------------------------------------|
        | observations | (N, O) | float32                                                    |
        | →            | (N, A) | logits; row i depends on observation i and on no other one |
        """
        ### BEGIN SOLUTION
        return self.network(observations)
        ### END SOLUTION


def sample_action(
    policy: Callable[[Tensor], Tensor], observations: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Draw one action for every observation, and say how likely it was.

    | name         | shape  | meaning                                                                      |
    |--------------|--------|------------------------------------------------------------------------------|
    | policy       |        | observations (N, O) → logits (N, A), such as a `PolicyNetwork`               |
    | observations | (N, O) | float32 tensor                                                               |
    | generator    |        | where the random numbers come from; None for torch's global generator        |
    | →            |        | two tensors:                                                                 |
    |              | (N,)   | actions: 0 … A − 1, each drawn for itself from the softmax of its own logits |
    |              | (N,)   | log_probs: log π(a|s) of these very actions, with the graph to the policy    |

    Example:
        Logits [[0, 0]] give action 0 half of the time and action 1 the other half; log_probs is [log 0.5] = [-0.693]
        either way. Logits [[0, log 3]] give action 1 three times of four, and then log_probs is [log 0.75] = [-0.288].

        >>> actions, log_probs = sample_action(nn.Identity(), torch.zeros(3, 2))
        >>> len(actions), [round(log_prob, 3) for log_prob in log_probs.tolist()]
        (3, [-0.693, -0.693, -0.693])
        >>> actions, _ = sample_action(nn.Identity(), torch.tensor([[0.0, 1000.0], [1000.0, 0.0]]))
        >>> actions
        tensor([1, 0])

    Source: Sutton & Barto, section 13.1, equation 13.2.
    """
    ### BEGIN SOLUTION
    log_pi = torch.log_softmax(policy(observations), dim=1)
    actions = torch.multinomial(log_pi.detach().exp(), num_samples=1, generator=generator)
    return actions.squeeze(1), log_pi.gather(1, actions).squeeze(1)
    ### END SOLUTION


def standardize(returns: Tensor) -> Tensor:
    """Shift and scale the returns to mean 0 and standard deviation 1.

    Mean and standard deviation are those of all entries together. Where all entries are equal (or there is only one),
    there is no spread to divide by, and what comes out is still finite.

    | name    | shape | meaning                                                                        |
    |---------|-------|--------------------------------------------------------------------------------|
    | returns | any   | float32 tensor; it stays as it is                                              |
    | →       | same  | (returns − mean) / standard deviation; n or n − 1 in the variance, as you like |

    Example:
        [1, 2, 3] gives [-1.22, 0, 1.22] with n and [-1, 0, 1] with n − 1. [5] gives [0].

        >>> smallest, middle, largest = standardize(torch.tensor([1.0, 2.0, 3.0])).tolist()
        >>> round(middle, 3), round(smallest + largest, 3), 0.99 < largest < 1.23
        (0.0, 0.0, True)
        >>> standardize(torch.tensor([5.0]))
        tensor([0.])

    Source: Sutton & Barto, section 13.4: a baseline, the same number for every action, can be taken away from the
    returns, and the gradient stays on average what it was. To divide as well makes the reward's unit irrelevant.
    """
    ### BEGIN SOLUTION
    centred = returns - returns.mean()
    return centred / (centred.square().mean().sqrt() + 1e-6)
    ### END SOLUTION


def policy_gradient_loss(log_probs: Tensor, returns: Tensor) -> Tensor:
    """What to minimise so that actions become likelier the better what came after them was.

    loss = −mean(log π(a|s) · G). The returns are constants: no gradient flows into them.

    | name      | shape | meaning                                                                  |
    |-----------|-------|--------------------------------------------------------------------------|
    | log_probs | (N,)  | log π(a|s) of the actions that were taken                                |
    | returns   | (N,)  | what was earned from that step on; used as given, neither scaled nor cut |
    | →         | ()    | the loss                                                                 |

    Example:
        The loss is −(−1 · 3 − 2 · 1) / 2 = 2.5.

        >>> float(policy_gradient_loss(torch.tensor([-1.0, -2.0]), torch.tensor([3.0, 1.0])))
        2.5

    Source: Sutton & Barto, section 13.3, equation 13.8 is one step of it; Williams 1992, section 5.
    """
    ### BEGIN SOLUTION
    return -(log_probs * returns.detach()).mean()
    ### END SOLUTION


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run."""

    gamma: float = 0.99
    learning_rate: float = 1e-2  # at the start
    last_learning_rate: float = 1e-3
    decay_updates: int = 100  # updates in which the learning rate falls to its last value
    longest_gradient: float = 0.5  # a longer one is scaled down to this length
    restart_after: int = 150_000  # steps without success, after which a new attempt begins
    solved: float = 475.0  # mean return of a batch of episodes that ends the training


def train(env: gym.vector.VectorEnv, *, max_steps: int, seed: int, device: str = "cpu") -> Policy:
    """REINFORCE on a vector environment: play one whole episode in every copy, make one update, and so on.

    | name      | meaning                                                                                 |
    |-----------|-----------------------------------------------------------------------------------------|
    | env       | E copies of one environment that reset by Gymnasium's NEXT_STEP rule                    |
    | max_steps | how many environment steps may be taken, summed over the copies                         |
    | seed      | of the weights, the actions and the environment                                         |
    | device    | where the network computes: "cpu", or "cuda"                                            |
    | →         | a policy that takes the likeliest action: a batch of observations (N, O) → actions (N,) |

    Source: Sutton & Barto, section 13.3, the algorithm "REINFORCE", with a batch of episodes instead of one, and their
    returns standardized (section 13.4).
    """
    settings = Settings()
    generator = torch.Generator(device=device).manual_seed(seed)
    policy, optimizer = fresh_start(env, seed, device)
    best = KeepBest(policy)

    steps, updates, restarts, restart_at = 0, 0, 0, settings.restart_after
    observations, _ = env.reset(seed=seed)
    while True:
        # Act: play one whole episode in every copy. The short ones are over sooner: those copies go on stepping, for a
        # vector environment steps all of them or none, BUT WHAT COMES AFTER AN EPISODE'S END IS IN NO BATCH: neither
        # the step that only resets (NEXT_STEP), nor the next episode, which would be cut off in its middle.
        log_probs, rewards, playing = [], [], []  # one entry a time step, (E,) each
        first = np.ones(env.num_envs, dtype=bool)  # the copies that still play this batch's episode
        over = np.zeros(env.num_envs, dtype=bool)  # the copies whose episode ended at the last step
        while first.any() and steps + env.num_envs <= max_steps:
            seen = torch.as_tensor(observations, dtype=torch.float32, device=device)
            actions, log_prob = sample_action(policy, seen, generator)
            observations, reward, terminated, truncated, _ = env.step(torch.as_tensor(actions).cpu().numpy())
            # Store what the update needs.
            log_probs.append(log_prob)
            rewards.append(reward * first)  # what the next episodes earn does not count
            playing.append(first)
            steps += int((~over).sum())
            over = terminated | truncated
            first = first & ~over
        if first.any():
            break  # no steps are left to finish these episodes

        # Test: the batch itself says how good this policy is, so it comes before the update.
        best.offer(policy, earned=np.sum(rewards, axis=0).mean())
        if best.earned >= settings.solved:
            break

        # Learn. First the return of every step: what was earned FROM THERE ON, discounted. What came earlier is not to
        # the credit of an action. (A truncated episode might have earned more; the next lesson has an idea how much.)
        in_batch = np.array(playing)  # (T, E)
        returns = np.zeros(in_batch.shape)
        later = np.zeros(env.num_envs)  # nothing comes after the last step
        for t in reversed(range(len(rewards))):
            # The returns of step t, (E,), from its rewards and from `later`, the returns of the step after it. Keep
            # `later` up to date.
            ### BEGIN SOLUTION
            later = rewards[t] + settings.gamma * later
            returns[t] = later
            ### END SOLUTION

        # Then one update, from the steps that count.
        counts = torch.as_tensor(in_batch, device=device)
        batch_log_probs = torch.stack(log_probs)[counts]  # (N,)
        batch_returns = torch.as_tensor(returns, dtype=torch.float32, device=device)[counts]  # (N,)
        # The loss of the standardized returns, and its gradient; the last update's gradient has to go before.
        ### BEGIN SOLUTION
        loss = policy_gradient_loss(batch_log_probs, standardize(batch_returns))
        optimizer.zero_grad()
        loss.backward()
        ### END SOLUTION
        # A batch of very different returns can have a gradient that would throw the policy far off: it is shortened.
        nn.utils.clip_grad_norm_(policy.parameters(), settings.longest_gradient)
        optimizer.param_groups[0]["lr"] = learning_rate(updates, restarts, settings)
        optimizer.step()
        updates += 1

        # Start again if all these steps have led nowhere.
        if steps >= restart_at:
            policy, optimizer = fresh_start(env, seed, device)
            updates, restarts, restart_at = 0, restarts + 1, steps + settings.restart_after
        # THE POLICY HAS CHANGED, SO ALL EPISODES START ANEW: what the old one began says nothing about the new one.
        observations, _ = env.reset()
    return lambda observations: likeliest_actions(best.network, observations)


class KeepBest:
    """A copy of the network that did best so far, because any update may spoil a good one.

    It begins with the network that it is given, of which nothing is known: what is offered first did better.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network, self.earned = copy.deepcopy(network), -np.inf

    def offer(self, network: nn.Module, earned: float) -> None:
        """Copy this network if it earned more than the best one so far."""
        if earned > self.earned:
            self.network, self.earned = copy.deepcopy(network), earned


def learning_rate(updates: int, restarts: int, settings: Settings) -> float:
    """How large the next step of the optimizer is: it falls in a straight line, and begins lower after each restart."""
    start = settings.learning_rate / 2**restarts
    fraction = min(updates / settings.decay_updates, 1.0)
    return start + fraction * (settings.last_learning_rate - start)


def fresh_start(env: gym.vector.VectorEnv, seed: int, device: str) -> tuple[PolicyNetwork, torch.optim.Optimizer]:
    """A policy with the initial weights that belong to the seed, and its optimizer.

    A policy that has become sure of the wrong thing tries nothing else any more; only a fresh start helps, with smaller
    steps. Its weights are the first ones again: with new ones, luck would do what only learning should.
    """
    # Initial weights come from torch's global generator, which is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        policy = PolicyNetwork(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    return policy, torch.optim.Adam(policy.parameters())


def likeliest_actions(policy: nn.Module, observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """The action with the highest probability for every observation: (N, O) → (N,)."""
    device = next(policy.parameters()).device
    with torch.no_grad():
        logits = policy(torch.as_tensor(observations, dtype=torch.float32, device=device))
    return logits.argmax(dim=1).cpu().numpy()
