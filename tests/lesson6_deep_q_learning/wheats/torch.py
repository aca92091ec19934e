"""Compact torch: masked assignment, fancy indexing, a detached target with its graph cut late, and foreach operations."""

import torch


def td_target(rewards, next_q_values, terminated, gamma):
    # It does not detach: whoever calls it decides.
    best = torch.amax(next_q_values, dim=-1)
    return torch.where(terminated.bool(), rewards, rewards + gamma * best)


def double_dqn_target(rewards, next_q_online, next_q_target, terminated, gamma):
    chosen = next_q_online.max(1).indices
    future = next_q_target[torch.arange(chosen.numel(), device=chosen.device), chosen]
    return torch.addcmul(rewards, (~terminated.bool()).to(rewards.dtype), gamma * future)


def dqn_loss(q_network, target_network, batch, gamma):
    device = next(q_network.parameters()).device
    s, a, r, n, d = (torch.as_tensor(x).to(device) for x in batch)
    q = q_network(s.float())[torch.arange(len(a), device=device), a.long()]
    y = td_target(r.float(), target_network(n.float()), d, gamma).detach()
    return (q - y).square().mean()


@torch.no_grad()
def update_target(target_network, q_network, tau):
    theirs, ours = list(target_network.parameters()), list(q_network.parameters())
    torch._foreach_mul_(theirs, 1 - tau)
    torch._foreach_add_(theirs, ours, alpha=tau)
