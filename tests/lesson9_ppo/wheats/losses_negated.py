"""As published programs write it: a maximum of two negated losses, logratio first, a class that iterates."""

import numpy as np
import torch


def probability_ratio(log_probs, old_log_probs):
    logratio = log_probs - old_log_probs.clone().detach()
    return logratio.exp()


def clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip):
    ratio = probability_ratio(log_probs, old_log_probs)
    with torch.no_grad():
        adv = advantages.clone()
    pg_loss1 = -adv * ratio
    pg_loss2 = -adv * torch.clamp(ratio, 1 - clip, 1 + clip)
    return torch.max(torch.stack([pg_loss1, pg_loss2]), dim=0).values.mean()


def clipped_value_loss(values, old_values, returns, clip):
    b_returns, b_values = returns.detach(), old_values.detach()
    unclipped = (values - b_returns) ** 2
    v_clipped = b_values + torch.clamp(values - b_values, -clip, clip)
    clipped = (v_clipped - b_returns) ** 2
    return torch.where(unclipped >= clipped, unclipped, clipped).mean()


class Epoch:
    def __init__(self, order, length):
        self.order, self.length = order, length

    def __iter__(self):
        for start in range(0, len(self.order), self.length):
            yield self.order[start:][: self.length]


def minibatches(size, minibatch_size, rng):
    return Epoch(rng.choice(size, size=size, replace=False), minibatch_size)
