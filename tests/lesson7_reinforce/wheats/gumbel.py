"""The Gumbel trick: the arg max of logits plus Gumbel noise is a draw from their softmax. The network is a `Sequential`."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class PolicyNetwork(nn.Sequential):
    def __init__(self, input_dim, output_dim):
        super().__init__(nn.Linear(input_dim, 96), nn.SiLU(), nn.Linear(96, output_dim))


def sample_action(policy, observations, generator=None):
    logits = policy(torch.as_tensor(observations))
    with torch.no_grad():
        u = torch.rand(logits.shape, generator=generator, device=logits.device, dtype=torch.float64)
        noise = -torch.log(-torch.log(u.clamp(1e-300, 1 - 1e-16)))
        actions = torch.argmax(logits.double() + noise, dim=-1)
    return actions, -F.cross_entropy(logits, actions, reduction="none")


def standardize(returns):
    variance, mean = torch.var_mean(returns, correction=0)
    return (returns - mean) * torch.rsqrt(variance + 1e-9)


def policy_gradient_loss(log_probs, returns):
    with torch.no_grad():
        weights = returns / -returns.numel()
    return torch.dot(log_probs, weights)


def train(env, *, max_steps, seed, device="cpu"):
    """Whole episodes in all copies; the log-probabilities of a batch are computed again, all at once."""
    observation_size, actions_there = env.single_observation_space.shape[0], int(env.single_action_space.n)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        policy = PolicyNetwork(observation_size, actions_there).to(device)
    generator = torch.Generator(device=device).manual_seed(seed)
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=80)
    state, spent = env.reset(seed=seed)[0], 0
    best, best_mean = copy.deepcopy(policy.state_dict()), -1.0
    while best_mean < 475:
        seen, taken, paid = [], [], []
        alive, fresh = [np.ones(env.num_envs, bool)], np.zeros(env.num_envs, bool)
        while alive[-1].any():
            if spent + env.num_envs > max_steps:
                policy.load_state_dict(best)
                return lambda x: policy(torch.as_tensor(x, device=device)).argmax(-1)
            seen.append(torch.as_tensor(state, device=device))
            with torch.no_grad():
                actions, _ = sample_action(policy, seen[-1], generator)
            taken.append(actions)
            state, reward, terminated, truncated, _ = env.step(actions.cpu().numpy())
            spent += env.num_envs - int(fresh.sum())
            fresh = terminated | truncated
            paid.append(reward * alive[-1])
            alive.append(alive[-1] & ~fresh)
        mask = torch.as_tensor(np.array(alive[:-1]), device=device)
        paid = np.array(paid)
        if (mean := paid.sum(0).mean()) > best_mean:
            best, best_mean = copy.deepcopy(policy.state_dict()), mean
        powers = 0.99 ** np.arange(len(paid))[:, None]
        to_go = np.flip(np.cumsum(np.flip(paid * powers, 0), 0), 0) / powers
        worth = torch.as_tensor(to_go.copy(), dtype=torch.float32, device=device)[mask]
        log_pi = F.log_softmax(policy(torch.stack(seen)[mask]), dim=-1)
        log_probs = log_pi.gather(-1, torch.stack(taken)[mask][:, None])[:, 0]
        optimizer.zero_grad(set_to_none=True)
        policy_gradient_loss(log_probs, standardize(worth)).backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
        schedule.step()
        state = env.reset()[0]
    policy.load_state_dict(best)
    return lambda x: policy(torch.as_tensor(x, device=device)).argmax(-1)
