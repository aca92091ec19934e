"""Other but equal mathematics: one clamp from the side that the sign of the advantage names, and float64 inside."""

import numpy as np
import torch


def probability_ratio(log_probs, old_log_probs):
    with torch.no_grad():
        old = old_log_probs.double()
    return (log_probs.double() - old).exp()


def clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip):
    # min(r A, clamp(r) A) = r' A, where r' is r from above at 1 + clip if A > 0, from below at 1 - clip otherwise.
    a = advantages.data.double()
    ratio = probability_ratio(log_probs, old_log_probs)
    bounded = torch.where(a > 0, ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip))
    return (bounded * -a).mean()


def clipped_value_loss(values, old_values, returns, clip):
    goal, old = returns.data, old_values.data
    near = torch.max(torch.min(values, old + clip), old - clip)
    # Squares are in the order of the absolute values.
    return torch.max((values - goal).abs(), (near - goal).abs()).square().mean()


def minibatches(size, minibatch_size, rng):
    keys = rng.random(size)
    return np.split(np.argsort(keys), np.arange(minibatch_size, size, minibatch_size))
