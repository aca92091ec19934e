"""Values that start far too high and sink; stops by the bound tol · (1 − gamma); arrays that are written into; views."""

import numpy as np


def returns_to_go(rewards, gamma):
    G = np.array(rewards, dtype=float)
    for t in range(G.size - 2, -1, -1):
        G[t] += gamma * G[t + 1]
    return G


def action_values(P, R, V, gamma):
    Q = np.tensordot(P, V, axes=([2], [0]))
    Q *= gamma
    Q += R
    return Q


def _iterate(P, R, gamma, tol, backup):
    top = float(np.abs(R).max()) / (1 - gamma) + 1.0
    V, old = np.full(R.shape[0], top), np.zeros(R.shape[0])
    while np.linalg.norm(V - old, np.inf) > tol * (1 - gamma) / 2:
        old[:] = V
        V[:] = backup(action_values(P, R, old, gamma))
    return V


def evaluate_policy(P, R, policy, gamma, tol=1e-8):
    return _iterate(P, R, gamma, tol, lambda Q: np.diag(policy @ Q.T))


def greedy_policy(Q):
    out = np.zeros_like(Q)
    np.put_along_axis(out, np.expand_dims(np.argmax(Q, axis=1), 1), 1.0, axis=1)
    return out


def value_iteration(P, R, gamma, tol=1e-8):
    V = _iterate(P, R, gamma, tol, lambda Q: np.max(Q, axis=1))
    Q = action_values(P, R, V, gamma)
    policy = np.zeros(R.shape, dtype=bool)
    for s, best in enumerate(Q.argmax(axis=1)):
        policy[s, best] = True
    return [V, policy]
