"""Torch in double precision; the sum over the future by squaring, so that after n rounds 2^n steps are counted."""

import numpy as np
import torch


def double(table):
    return torch.tensor(np.array(table), dtype=torch.float64)


def returns_to_go(rewards, gamma):
    flipped, out = torch.tensor([float(r) for r in rewards], dtype=torch.float64).flip(0), []
    total = torch.zeros((), dtype=torch.float64)
    for r in flipped:
        total = total * gamma + r
        out.append(total)
    return torch.stack(out).flip(0).numpy()


def action_values(P, R, V, gamma):
    return torch.einsum("ijk,k->ij", double(P), double(V)).mul(gamma).add(double(R)).numpy()


def evaluate_policy(P, R, policy, gamma, tol=1e-8):
    P, R, policy = double(P), double(R), double(policy)
    step = gamma * torch.einsum("sa,sat->st", policy, P)
    V = (policy * R).sum(1)
    while step.abs().sum(1).max() > 1e-14:
        V = V + step @ V
        step = step @ step
    return V.numpy()


def greedy_policy(Q):
    Q = double(Q)
    return torch.nn.functional.one_hot(Q.argmax(dim=-1), Q.shape[-1]).numpy()


def value_iteration(P, R, gamma, tol=1e-8):
    tP, tR = double(P), double(R)
    V = tR.max(dim=1).values
    while True:
        Q = tR + gamma * tP @ V
        new = Q.amax(dim=1)
        if torch.allclose(new, V, rtol=0, atol=tol * (1 - gamma)):
            return new.numpy(), greedy_policy(Q)
        V = new
