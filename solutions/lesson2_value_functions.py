"""Lesson 2: value functions. What a state, and an action in it, is worth when you know how the world works.

A small world is two tables: P says where an action leads, R what it earns. From them you compute what can be expected
under a given policy, and then the best policy there is. No learning yet: this is planning, and the measure of it.

Source: Sutton & Barto, 2nd edition, chapters 3 and 4.
"""

from collections.abc import Sequence

import numpy as np


def returns_to_go(rewards: Sequence[float] | np.ndarray, gamma: float) -> np.ndarray:
    """The discounted return from every step of an episode on: what was still to come, this step's reward included.

    G_t = r_t + γ r_{t+1} + γ² r_{t+2} + …, which is r_t + γ G_{t+1}.

    | name    | shape | meaning                                                            |
    |---------|-------|--------------------------------------------------------------------|
    | rewards | (T,)  | r₀ … r_{T−1}, the first one first; integers and lists are fine too |
    | gamma   |       | the discount factor, from 0 up to but not including 1              |
    | →       | (T,)  | G₀ … G_{T−1}, an array of floats                                   |

    Example:
        >>> returns_to_go([1, 2, 3], 0.5)
        array([2.75, 3.5 , 3.  ])

    Source: Sutton & Barto, section 3.3, equations 3.8 and 3.9.
    """
    ### BEGIN SOLUTION
    returns = np.zeros(len(rewards))
    following = 0.0
    for t in reversed(range(len(rewards))):
        following = rewards[t] + gamma * following
        returns[t] = following
    return returns
    ### END SOLUTION


def action_values(P: np.ndarray, R: np.ndarray, V: np.ndarray, gamma: float) -> np.ndarray:
    """What each action is worth in each state, if V is what the states afterwards are worth.

    Q[s, a] = R[s, a] + γ · Σ over s′ of P[s, a, s′] · V[s′]

    | name  | shape     | meaning                                                                      |
    |-------|-----------|------------------------------------------------------------------------------|
    | P     | (S, A, S) | P[s, a, s′]: how probable it is that action a leads from state s to state s′ |
    | R     | (S, A)    | R[s, a]: the expected reward of action a in state s; integers are fine too   |
    | V     | (S,)      | the values of the states; integers are fine too                              |
    | gamma |           | the discount factor                                                          |
    | →     | (S, A)    | the values of the actions                                                    |

    A terminal state is no special case: it is a row whose actions all stay where they are, with reward 0.

    Example:
        In state 0, action 1 earns 2 and leads to state 0 with probability 0.25 and to state 1 with 0.75. With
        V = [4, 8] and γ = 0.5 it is worth 2 + 0.5 · (0.25 · 4 + 0.75 · 8) = 5.5.

        >>> P = np.array([[[1.0, 0.0], [0.25, 0.75]], [[0.0, 1.0], [0.0, 1.0]]])
        >>> R = np.array([[0.0, 2.0], [0.0, 0.0]])
        >>> action_values(P, R, np.array([4.0, 8.0]), 0.5)
        array([[2. , 5.5],
               [4. , 4. ]])

    Source: Sutton & Barto, section 4.2, equation 4.6, with the expected reward written as R[s, a].
    """
    ### BEGIN SOLUTION
    return R + gamma * P @ V
    ### END SOLUTION


def evaluate_policy(P: np.ndarray, R: np.ndarray, policy: np.ndarray, gamma: float, tol: float = 1e-8) -> np.ndarray:
    """What each state is worth to somebody who acts by this policy.

    V is the solution of V[s] = Σ over a of π[s, a] · Q[s, a], where Q comes from V as in `action_values`. To find it,
    put the right side in the place of V again and again, until no state's value changes by more than `tol`. Or solve
    the linear equations, or do anything else that gets there.

    | name   | shape     | meaning                                                                      |
    |--------|-----------|------------------------------------------------------------------------------|
    | P      | (S, A, S) | probabilities of the next states                                             |
    | R      | (S, A)    | expected rewards; integers are fine too                                      |
    | policy | (S, A)    | policy[s, a]: how probable it is that the policy chooses action a in state s |
    | gamma  |           | the discount factor, from 0 up to but not including 1                        |
    | tol    |           | how exact: every value is at most tol / (1 − γ) away from the true one       |
    | →      | (S,)      | the values of the states                                                     |

    Example:
        One state, two actions that both stay there and earn 0 and 2. A policy that chooses each half of the time earns
        1 a step; with γ = 0.5 that is worth 1 + 0.5 + 0.25 + … = 2.

        >>> P, R = np.ones((1, 2, 1)), np.array([[0.0, 2.0]])
        >>> V = evaluate_policy(P, R, np.array([[0.5, 0.5]]), 0.5)
        >>> [round(float(value), 6) for value in V]
        [2.0]

    Source: Sutton & Barto, section 4.1, equations 4.4 and 4.5.
    """
    ### BEGIN SOLUTION
    V = np.zeros(len(R))
    while True:
        updated = (policy * action_values(P, R, V, gamma)).sum(axis=1)
        change = np.abs(updated - V).max()
        V = updated
        if change <= tol:
            return V
    ### END SOLUTION


def greedy_policy(Q: np.ndarray) -> np.ndarray:
    """The policy that takes the best action in every state.

    | name | shape  | meaning                                                                     |
    |------|--------|-----------------------------------------------------------------------------|
    | Q    | (S, A) | the values of the actions                                                   |
    | →    | (S, A) | probabilities: in every row a single 1, at the best action, and 0 elsewhere |

    Where several actions are equally good, choose any one of them, but only one. A value that is larger by ever so
    little is the best one. Q may be of integers.

    Example:
        >>> greedy_policy(np.array([[1.0, 5.0, 2.0], [0.0, -1.0, -3.0]]))
        array([[0., 1., 0.],
               [1., 0., 0.]])

    Source: Sutton & Barto, section 4.2, equation 4.9.
    """
    ### BEGIN SOLUTION
    policy = np.zeros(Q.shape)
    policy[np.arange(len(Q)), Q.argmax(axis=1)] = 1.0
    return policy
    ### END SOLUTION


def value_iteration(P: np.ndarray, R: np.ndarray, gamma: float, tol: float = 1e-8) -> tuple[np.ndarray, np.ndarray]:
    """The values of the states for somebody who acts as well as can be, and a policy that does.

    V is the solution of V[s] = max over a of Q[s, a], where Q comes from V as in `action_values`. Any way to find it is
    right; the usual one puts the right side in the place of V until no state's value changes by more than `tol`.

    | name  | shape           | meaning                                                                     |
    |-------|-----------------|-----------------------------------------------------------------------------|
    | P     | (S, A, S)       | probabilities of the next states                                            |
    | R     | (S, A)          | expected rewards; integers are fine too                                     |
    | gamma |                 | the discount factor, from 0 up to but not including 1                       |
    | tol   |                 | how exact: every value is at most tol / (1 − γ) away from the best possible |
    | →     | (S,) and (S, A) | the values, and the policy that is greedy for them, as `greedy_policy` does |

    Example:
        One state, two actions that both stay there and earn 0 and 2. The best is to earn 2 at every step; with γ = 0.5
        that is worth 2 + 1 + 0.5 + … = 4. So V is [4.0] and the policy is [[0.0, 1.0]].

        >>> V, policy = value_iteration(np.ones((1, 2, 1)), np.array([[0.0, 2.0]]), 0.5)
        >>> [round(float(value), 6) for value in V]
        [4.0]
        >>> np.array(policy)
        array([[0., 1.]])

    Source: Sutton & Barto, section 4.4, equation 4.10.
    """
    ### BEGIN SOLUTION
    V = np.zeros(len(R))
    while True:
        updated = action_values(P, R, V, gamma).max(axis=1)
        change = np.abs(updated - V).max()
        V = updated
        if change <= tol:
            return V, greedy_policy(action_values(P, R, V, gamma))
    ### END SOLUTION


def gridworld(size: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """P and R of a square of cells to try your functions on: every step costs 1, until the last cell is reached.

    State `size * row + column` is a cell; the last one, below on the right, is terminal. The actions 0 to 3 go up,
    right, down and left; who would leave the square stays where they are.

    | name | shape                | meaning                           |
    |------|----------------------|-----------------------------------|
    | size |                      | cells of one side                 |
    | →    | (S, A, S) and (S, A) | P and R, with S = size² and A = 4 |
    """
    states, moves = size * size, [(-1, 0), (0, 1), (1, 0), (0, -1)]
    P, R = np.zeros((states, len(moves), states)), np.full((states, len(moves)), -1.0)
    for state in range(states):
        for action, (down, right) in enumerate(moves):
            row, column = state // size + down, state % size + right
            inside = 0 <= row < size and 0 <= column < size
            P[state, action, size * row + column if inside else state] = 1.0
    P[-1], R[-1] = 0.0, 0.0
    P[-1, :, -1] = 1.0
    return P, R
