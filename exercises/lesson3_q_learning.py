"""Lesson 3: Q-learning. An agent that knows nothing of its world learns a table of action values from what happens.

Sources: Sutton & Barto, 2nd edition, sections 2.2 (ε-greedy), 6.4 (Sarsa) and 6.5 (Q-learning); Watkins 1989, "Learning
from delayed rewards"; Rummery & Niranjan 1994, "On-line Q-learning using connectionist systems" (Sarsa).
"""

from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

Policy = Callable[[int], int]
"""A policy takes one state and gives one action."""


def epsilon_by_step(step: int, start: float, end: float, decay_steps: int) -> float:
    """How often to explore at this step: a straight line from `start` to `end`, and `end` from then on.

    | name        | meaning                                                                           |
    |-------------|-----------------------------------------------------------------------------------|
    | step        | how many steps have been made, from 0                                             |
    | start       | epsilon at step 0                                                                 |
    | end         | epsilon at step `decay_steps` and at all later ones; it may also be above `start` |
    | decay_steps | how many steps the way from `start` to `end` takes, at least 1                    |
    | →           | epsilon                                                                           |

    Example:
        >>> [epsilon_by_step(step, 1.0, 0.0, 4) for step in (0, 1, 4, 9)]
        [1.0, 0.75, 0.0, 0.0]

    Source: Mnih et al. 2015, "Human-level control through deep reinforcement learning", extended data table 1.
    """
    raise NotImplementedError("epsilon_by_step: write me; lesson3_q_learning.md tells how")


def epsilon_greedy(q_values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    """With probability `epsilon` any action, all equally likely; otherwise one of the best.

    | name     | shape | meaning                                     |
    |----------|-------|---------------------------------------------|
    | q_values | (A,)  | the values of the actions in one state      |
    | epsilon  |       | probability of a random action, from 0 to 1 |
    | rng      |       | where all random numbers come from          |
    | →        | int   | an action, 0 … A − 1                        |

    A random action may happen to be the best one. Where several actions are equally good, the greedy choice is one of
    them, each as likely as the others: in a table that is still all zeros, nobody should walk left forever. A value
    that is larger by ever so little wins alone.

    Example:
        With q_values [0, 7, 7, 1] and epsilon 0.2, actions 0 and 3 come with probability 0.05 each, and 1 and 2 with
        0.45 each. With epsilon 0, only 1 and 2 come.

        >>> rng, q_values = np.random.default_rng(0), np.array([0.0, 7.0, 7.0, 1.0])
        >>> sorted({int(epsilon_greedy(q_values, 0.0, rng)) for _ in range(100)})
        [1, 2]
        >>> sorted({int(epsilon_greedy(q_values, 0.2, rng)) for _ in range(1000)})
        [0, 1, 2, 3]

    Source: Sutton & Barto, section 2.2.
    """
    raise NotImplementedError("epsilon_greedy: write me; lesson3_q_learning.md tells how")


def q_learning_update(
    Q: np.ndarray,
    state: int,
    action: int,
    reward: float,
    next_state: int,
    terminated: bool,
    alpha: float,
    gamma: float,
) -> float:
    """Learn from one transition, as if the best known action followed. Changes one entry of Q, in place.

    δ = r + γ · max over a′ of Q[s′, a′] − Q[s, a]    and    Q[s, a] ← Q[s, a] + α · δ

    Where the episode has terminated, nothing follows: δ = r − Q[s, a].

    | name       | shape  | meaning                                                           |
    |------------|--------|-------------------------------------------------------------------|
    | Q          | (S, A) | the values so far; Q[state, action] changes, all else stays       |
    | state      |        | s, where the agent was                                            |
    | action     |        | a, what it did                                                    |
    | reward     |        | r, what it earned                                                 |
    | next_state |        | s′, where it got to; it may be s again                            |
    | terminated |        | whether nothing can be earned any more; a truncation is not meant |
    | alpha      |        | α, the learning rate: how far to go from the old value to the new |
    | gamma      |        | γ, the discount factor, from 0 to 1                               |
    | →          |        | δ, the TD error as it was before the change                       |

    Example:
        Q[0] is [2, 0], Q[1] is [4, 8]. Action 0 earned 1 and led from state 0 to state 1. With α = 0.5 and γ = 0.5
        the TD error is 1 + 0.5 · 8 − 2 = 3, and Q[0, 0] becomes 2 + 0.5 · 3 = 3.5.

        >>> Q = np.array([[2.0, 0.0], [4.0, 8.0]])
        >>> float(q_learning_update(Q, 0, 0, 1.0, 1, False, alpha=0.5, gamma=0.5))
        3.0
        >>> Q
        array([[3.5, 0. ],
               [4. , 8. ]])

    Source: Sutton & Barto, section 6.5, equation 6.8.
    """
    raise NotImplementedError("q_learning_update: write me; lesson3_q_learning.md tells how")


def sarsa_update(
    Q: np.ndarray,
    state: int,
    action: int,
    reward: float,
    next_state: int,
    next_action: int | None,
    terminated: bool,
    alpha: float,
    gamma: float,
) -> float:
    """Learn from one transition and the action that really follows it. Changes one entry of Q, in place.

    δ = r + γ · Q[s′, a′] − Q[s, a]    and    Q[s, a] ← Q[s, a] + α · δ

    Where the episode has terminated, nothing follows: δ = r − Q[s, a].

    | name        | shape  | meaning                                                                  |
    |-------------|--------|--------------------------------------------------------------------------|
    | Q           | (S, A) | the values so far; Q[state, action] changes, all else stays              |
    | state       |        | s, where the agent was                                                   |
    | action      |        | a, what it did                                                           |
    | reward      |        | r, what it earned                                                        |
    | next_state  |        | s′, where it got to; it may be s again                                   |
    | next_action |        | a′, what the agent does in s′, good or bad; may be None where terminated |
    | terminated  |        | whether nothing can be earned any more; a truncation is not meant        |
    | alpha       |        | α, the learning rate: how far to go from the old value to the new        |
    | gamma       |        | γ, the discount factor, from 0 to 1                                      |
    | →           |        | δ, the TD error as it was before the change                              |

    Example:
        As in `q_learning_update`, but the agent goes on with action 0, whose value is 4: the TD error is
        1 + 0.5 · 4 − 2 = 1, and Q[0, 0] becomes 2.5.

        >>> Q = np.array([[2.0, 0.0], [4.0, 8.0]])
        >>> float(sarsa_update(Q, 0, 0, 1.0, 1, 0, False, alpha=0.5, gamma=0.5))
        1.0
        >>> Q
        array([[2.5, 0. ],
               [4. , 8. ]])

    Source: Sutton & Barto, section 6.4, equation 6.7.
    """
    raise NotImplementedError("sarsa_update: write me; lesson3_q_learning.md tells how")


@dataclass(frozen=True)
class Settings:
    """The numbers of one training run; in `train` they are `settings.alpha` and so on."""

    steps: int = 8_000  # environment steps, where the budget allows them
    alpha: float = 0.5
    gamma: float = 0.99
    epsilon_start: float = 0.5
    epsilon_end: float = 0.05
    decay_steps: int = 5_000


def train(env: gym.Env, *, max_steps: int, seed: int) -> Policy:
    """Q-learning on an environment whose states and actions are numbers, such as CliffWalking or FrozenLake.

    | name      | meaning                                                             |
    |-----------|---------------------------------------------------------------------|
    | env       | observation space Discrete(S), action space Discrete(A)             |
    | max_steps | how many environment steps may be taken, over all episodes together |
    | seed      | of the exploration and of the environment                           |
    | →         | the greedy policy: a state → an action                              |

    Source: Sutton & Barto, section 6.5, the algorithm in the box.
    """
    settings = Settings()
    rng = np.random.default_rng(seed)
    Q = np.zeros((int(env.observation_space.n), int(env.action_space.n)))
    state, _info = env.reset(seed=seed)
    for step in range(min(settings.steps, max_steps)):
        epsilon = epsilon_by_step(step, settings.epsilon_start, settings.epsilon_end, settings.decay_steps)
        # Act: the values of this state, with some exploration.
        raise NotImplementedError("train: write me; lesson3_q_learning.md tells how")
        next_state, reward, terminated, truncated, _info = env.step(action)

        # Learn from this one step. A TRUNCATED EPISODE COULD HAVE GONE ON: only `terminated` says that nothing follows.
        raise NotImplementedError("train: write me; lesson3_q_learning.md tells how")

        state = next_state
        if terminated or truncated:
            state, _info = env.reset()

    # What was explored is over: from now on always the best action that was found.
    return lambda state: int(Q[state].argmax())
