"""Compact torch: masked assignment, fancy indexing, a detached target with its graph cut late, and foreach operations."""

import copy
import numpy as np
from lesson4_dqn import DQN, make_optimizer
from lesson5_replay_buffer import ReplayBuffer

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


def double_loss(online, frozen, batch):
    """Trains on the double target with a Huber error: as right as the plain one."""
    device = next(online.parameters()).device
    s, a, r, n, d = (torch.as_tensor(x).to(device) for x in batch)
    with torch.no_grad():
        y = double_dqn_target(r.float(), online(n.float()), frozen(n.float()), d, 0.99)
    return torch.nn.functional.smooth_l1_loss(online(s.float()).gather(1, a.long()[:, None])[:, 0], y)


def train(env, *, max_steps, seed, device="cpu"):
    """Double targets and a Huber error in the training loop."""
    copies, actions_there = env.num_envs, int(env.single_action_space.n)
    generator = np.random.default_rng(seed)

    def fresh(number):
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(number)
            return DQN(env.single_observation_space.shape[0], actions_there).to(device)

    def act(network, observations):
        with torch.no_grad():
            return network(torch.as_tensor(observations, device=device)).argmax(1).cpu().numpy()

    online = fresh(seed)
    frozen, best, best_score = copy.deepcopy(online), copy.deepcopy(online), -1.0
    optimizer = make_optimizer(online, lr=2e-3)
    memory = ReplayBuffer(50_000, seed=seed)
    spent = played = learnt = 0
    observations, _ = env.reset(seed=seed)
    ended = np.zeros(copies, bool)
    while spent + copies <= max_steps:
        epsilon = max(0.1, 1 - 0.9 * played / 10_000)
        actions = act(online, observations)
        guess = generator.random(copies) < epsilon
        actions[guess] = generator.integers(actions_there, size=int(guess.sum()))
        following, rewards, terminated, truncated, _ = env.step(actions)
        for i in range(copies):
            if not ended[i]:
                memory.push(observations[i], actions[i], rewards[i], following[i], terminated[i])
                spent, played = spent + 1, played + 1
        observations, ended = following, terminated | truncated
        if played < 1_000 + 8 * learnt:
            continue
        for _ in range(100):
            loss = double_loss(online, frozen, memory.sample(64))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(online.parameters(), 1.0)
            optimizer.step()
            learnt += 1
            if learnt % 50 == 0:
                update_target(frozen, online, 1.0)
        # One greedy episode in every copy, given up as soon as a mean of 485 is out of reach.
        returns, alive = np.zeros(copies), np.ones(copies, bool)
        observations, _ = env.reset()
        while alive.any() and spent + copies <= max_steps and np.where(alive, 500, returns).mean() >= 485:
            observations, rewards, terminated, truncated, _ = env.step(act(online, observations))
            spent += copies
            returns += rewards * alive
            alive &= ~(terminated | truncated)
        if returns.mean() > best_score:
            best, best_score = copy.deepcopy(online), returns.mean()
        if best_score >= 485:
            break
        observations, _ = env.reset()
        ended[:] = False
        if learnt % 1000 == 0:
            online = fresh(seed + learnt)
            frozen = copy.deepcopy(online)
            optimizer = make_optimizer(online, lr=2e-3)
    return lambda observations: act(best, observations)
