"""Numpy and float64 for whatever carries no gradient, a one-hot mask and mse_loss for what does."""

import numpy as np
import torch
import torch.nn.functional as F


def _array(tensor):
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def td_target(rewards, next_q_values, terminated, gamma):
    future = np.where(_array(terminated) > 0, 0.0, _array(next_q_values).max(axis=-1))
    return torch.from_numpy((_array(rewards) + gamma * future).astype(np.float32))


def double_dqn_target(rewards, next_q_online, next_q_target, terminated, gamma):
    rows = np.arange(len(rewards))
    future = _array(next_q_target)[rows, _array(next_q_online).argmax(axis=1)]
    future[_array(terminated).astype(bool)] = 0.0
    return torch.from_numpy(_array(rewards) + gamma * future)


def dqn_loss(q_network, target_network, batch, gamma):
    states, actions, rewards, next_states, over = batch
    where = next(q_network.parameters()).device

    def tensor(array):
        return torch.from_numpy(np.asarray(array, dtype=np.float32)).to(where)

    values = q_network(tensor(states))
    taken = F.one_hot(torch.from_numpy(np.asarray(actions, dtype=np.int64)).to(where), values.shape[1])
    future = _array(target_network(tensor(next_states))).max(axis=1)
    targets = np.asarray(rewards, dtype=np.float64) + gamma * future * (1 - np.asarray(over, dtype=np.float64))
    return F.mse_loss((values * taken).sum(dim=1), tensor(targets))


def update_target(target_network, q_network, tau):
    for theirs, ours in zip(target_network.parameters(), q_network.parameters()):
        theirs.data += tau * (ours.data - theirs.data)
