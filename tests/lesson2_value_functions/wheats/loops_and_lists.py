"""Plain Python: nested loops over lists, states updated in place, one after the other (Gauss-Seidel)."""

import numpy as np


def returns_to_go(rewards, gamma):
    answer, total = [], 0.0
    for reward in list(rewards)[::-1]:
        total = float(reward) + gamma * total
        answer.insert(0, total)
    return np.array(answer)


def one_value(P, R, V, gamma, s, a):
    total = float(R[s][a])
    for s2, probability in enumerate(P[s][a]):
        if probability:
            total += gamma * float(probability) * float(V[s2])
    return total


def action_values(P, R, V, gamma):
    return [[one_value(P, R, V, gamma, s, a) for a in range(len(R[s]))] for s in range(len(R))]


def evaluate_policy(P, R, policy, gamma, tol=1e-8):
    P, R, policy = P.tolist(), R.tolist(), policy.tolist()
    V = [0.0] * len(R)
    change = tol + 1
    while change > tol:
        change = 0.0
        for s in range(len(R)):
            old = V[s]
            V[s] = sum(p * one_value(P, R, V, gamma, s, a) for a, p in enumerate(policy[s]) if p > 0)
            change = max(change, abs(V[s] - old))
    return np.array(V)


def greedy_policy(Q):
    rows = []
    for row in Q:
        row = list(row)
        rows.append([0] * len(row))
        rows[-1][row.index(max(row))] = 1
    return rows


def value_iteration(P, R, gamma, tol=1e-8):
    p, r = P.tolist(), R.tolist()
    V = [0.0] * len(r)
    while True:
        change = 0.0
        for s in reversed(range(len(r))):
            old, V[s] = V[s], max(one_value(p, r, V, gamma, s, a) for a in range(len(r[s])))
            change = max(change, abs(V[s] - old))
        if change < tol:
            return V, greedy_policy(action_values(p, r, V, gamma))
