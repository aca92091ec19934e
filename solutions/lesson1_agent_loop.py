"""Lesson 1: the agent and its environment.

An agent looks at an observation and chooses an action; the environment answers with a reward and the next observation.
Everything in this course happens inside that loop.

Source: Sutton & Barto, 2nd edition, sections 3.1 to 3.3; the interface is Gymnasium's ``Env``.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import gymnasium
import numpy as np

Policy = Callable[[np.ndarray], int]
"""A policy takes one observation and gives one action."""


class Transition(NamedTuple):
    """One turn of the loop: what the agent saw and did, and what the environment answered.

    Attributes:
        state: (O,), the observation that the action was chosen in: O numbers, as many as this environment shows.
        action: what the agent did.
        reward: what it earned by that.
        next_state: (O,), the observation that followed.
        terminated: the task is over: after ``next_state`` nothing can be earned.
        truncated: the episode was cut off from outside, by a time limit for example, though more could be earned.
    """

    state: np.ndarray
    action: int
    reward: float
    next_state: np.ndarray
    terminated: bool
    truncated: bool


def lean_policy(observation: np.ndarray) -> int:
    """Push the cart toward the side that the pole falls to.

    | name        | shape | meaning                                                                         |
    |-------------|-------|---------------------------------------------------------------------------------|
    | observation | (4,)  | position (m), velocity (m/s), angle (rad), angular velocity (rad/s)             |
    | →           | int   | 1, push right, when angle + angular velocity is above 0; otherwise 0, push left |

    The observation stays as it is.

    Example:
        >>> [lean_policy(np.array([0.0, 0.0, angle, 0.3])) for angle in (0.02, -0.02, -0.4)]
        [1, 1, 0]

    Source: the task is Barto, Sutton & Anderson (1983); Sutton & Barto, example 3.4. The rule is folklore.
    """
    ### BEGIN SOLUTION
    return int(observation[2] + observation[3] > 0)
    ### END SOLUTION


def run_episode(env: gymnasium.Env, policy: Policy, *, seed: int | None = None) -> list[Transition]:
    """Play one episode and write down every transition.

    The episode ends when ``terminated`` or ``truncated`` is set. The states that are kept are copies, because an
    environment may reuse its arrays.

    | name   | shape | meaning                                                                   |
    |--------|-------|---------------------------------------------------------------------------|
    | env    |       | any Gymnasium environment; this function resets it                        |
    | policy |       | takes one observation and gives one action; asked once a step             |
    | seed   |       | passed to `env.reset`                                                     |
    | →      | list  | the transitions, a `Transition` each, in the order in which they happened |

    Example:
        >>> len(run_episode(gymnasium.make("CartPole-v1"), lambda observation: 1, seed=0)) < 15
        True

        An environment that pays 1 and 2, is cut off there, and uses one array for all of its observations:

        >>> from grader.testing.environments import ScriptedEnv
        >>> env = ScriptedEnv(rewards=[1.0, 2.0], ends="truncated", reuse=True)
        >>> episode = run_episode(env, lambda observation: 0)
        >>> [(float(t.state[0]), t.reward, float(t.next_state[0]), t.terminated, t.truncated) for t in episode]
        [(0.0, 1.0, 1.0, False, False), (1.0, 2.0, 2.0, False, True)]

    Source: Sutton & Barto, section 3.1, figure 3.1.
    """
    ### BEGIN SOLUTION
    transitions = []
    observation, _info = env.reset(seed=seed)
    state = np.array(observation)
    terminated = truncated = False
    while not (terminated or truncated):
        action = policy(state)
        observation, reward, terminated, truncated, _info = env.step(action)
        next_state = np.array(observation)
        transitions.append(Transition(state, action, float(reward), next_state, terminated, truncated))
        state = next_state
    return transitions
    ### END SOLUTION


def discounted_return(rewards: Sequence[float] | np.ndarray, gamma: float) -> float:
    """What an episode is worth at its start: later rewards count less.

    | name    | shape | meaning                                                            |
    |---------|-------|--------------------------------------------------------------------|
    | rewards | (T,)  | r₀ … r_{T−1}, the first one first; integers and lists are fine too |
    | gamma   |       | the discount factor, between 0 and 1                               |
    | →       | float | r₀ + γ r₁ + γ² r₂ + …; 0 when there are no rewards                 |

    Example:
        >>> discounted_return([1, 2, 3], 0.5)
        2.75

    Source: Sutton & Barto, section 3.3, equations 3.8 and 3.9.
    """
    ### BEGIN SOLUTION
    total = 0.0
    for reward in reversed(rewards):
        total = float(reward) + gamma * total
    return total
    ### END SOLUTION


def evaluate(env: gymnasium.Env, policy: Policy, episodes: int, *, seed: int | None = None) -> np.ndarray:
    """The undiscounted return of each of several episodes.

    The same seed gives the same numbers on a fresh environment, and yet the episodes do not all start alike.

    | name     | shape       | meaning                                                          |
    |----------|-------------|------------------------------------------------------------------|
    | env      |             | any Gymnasium environment                                        |
    | policy   |             | takes one observation and gives one action                       |
    | episodes |             | how many to play                                                 |
    | seed     |             | fixes how the episodes start; None for different ones every time |
    | →        | (episodes,) | the sum of rewards of each episode, in order                     |

    Example:
        >>> from grader.testing.environments import ScriptedEnv
        >>> evaluate(ScriptedEnv(rewards=[1.0, 2.0]), lambda observation: 0, 3).tolist()
        [3.0, 3.0, 3.0]

        Ten episodes of a policy that always pushes right do not all last equally long, though the seed is fixed:

        >>> returns = evaluate(gymnasium.make("CartPole-v1"), lambda observation: 1, 10, seed=0)
        >>> len(returns), len(set(returns)) > 1
        (10, True)

    Source: Gymnasium's documentation of ``Env.reset``: seed once, then reset without a seed.
    """
    ### BEGIN SOLUTION
    returns = []
    for i in range(episodes):
        # The environment's generator goes on from one episode to the next; seeding it again would start them all alike.
        episode = run_episode(env, policy, seed=seed if i == 0 else None)
        returns.append(sum(transition.reward for transition in episode))
    return np.array(returns)
    ### END SOLUTION
