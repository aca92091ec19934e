"""The tables become a list of outcomes for each state and action; a fixed number of sweeps, computed beforehand from the
contraction; a generator of values."""

from itertools import islice
from math import ceil, log

import numpy as np


def returns_to_go(rewards, gamma):
    def backwards():
        ahead = 0.0
        for t in range(len(rewards) - 1, -1, -1):
            ahead = gamma * ahead + rewards[t]
            yield ahead

    return np.fromiter(backwards(), dtype=np.float64)[::-1]


class World:
    def __init__(self, P, R):
        self.states, self.actions = R.shape
        self.rewards = {(s, a): R[s, a] for s in range(self.states) for a in range(self.actions)}
        self.outcomes = {key: [(int(t), P[key][t]) for t in np.nonzero(P[key])[0]] for key in self.rewards}

    def q(self, V, gamma):
        return {
            (s, a): self.rewards[s, a] + gamma * sum(p * V[t] for t, p in self.outcomes[s, a]) for s, a in self.rewards
        }

    def sweeps(self, backup, gamma):
        V = dict.fromkeys(range(self.states), 0.0)
        while True:
            q = self.q(V, gamma)
            V = {s: backup(s, [q[s, a] for a in range(self.actions)]) for s in V}
            yield V

    def solve(self, backup, gamma, tol):
        largest = max(abs(r) for r in self.rewards.values())
        rounds = 1
        if gamma > 0 and largest > 0:
            rounds = max(1, ceil(log(tol / largest) / log(gamma)))
        return next(islice(self.sweeps(backup, gamma), rounds, None))


def action_values(P, R, V, gamma):
    q = World(P, R).q(V, gamma)
    return np.array(list(q.values())).reshape(R.shape)


def evaluate_policy(P, R, policy, gamma, tol=1e-8):
    V = World(P, R).solve(lambda s, q: sum(w * x for w, x in zip(policy[s], q)), gamma, tol)
    return np.array([V[s] for s in sorted(V)])


def greedy_policy(Q):
    return np.stack([np.eye(len(row))[max(range(len(row)), key=lambda a: (row[a], a))] for row in Q])


def value_iteration(P, R, gamma, tol=1e-8):
    V = World(P, R).solve(lambda s, q: max(q), gamma, tol)
    V = np.array(list(V.values()))
    return V, greedy_policy(action_values(P, R, V, gamma))
