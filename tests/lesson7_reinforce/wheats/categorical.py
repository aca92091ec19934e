"""torch.distributions, numpy in float64 where there is no gradient, hand-made weight matrices, actions as an array."""

import copy

import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical


class PolicyNetwork(nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        sizes = [input_dim, 48, 48, output_dim]
        self.W = nn.ParameterList([nn.Parameter(torch.randn(i, o) / i**0.5) for i, o in zip(sizes, sizes[1:])])
        self.b = nn.ParameterList([nn.Parameter(torch.zeros(o)) for o in sizes[1:]])
        self.W[-1].data.zero_()

    def forward(self, observation):
        h = observation
        for W, b in list(zip(self.W, self.b))[:-1]:
            h = nn.functional.elu(torch.einsum("...i,io->...o", h, W) + b)
        return h @ self.W[-1] + self.b[-1]


def sample_action(policy, observations, generator=None):
    distribution = Categorical(logits=policy(observations))
    if generator is None:
        actions = distribution.sample()
    else:
        u = torch.rand(len(observations), 1, generator=generator, device=observations.device)
        cumulated = distribution.probs.detach().cumsum(dim=1)
        actions = torch.searchsorted(cumulated / cumulated[:, -1:], u).squeeze(1).clamp(max=cumulated.shape[1] - 1)
    return actions.cpu().numpy(), distribution.log_prob(actions)


def standardize(returns):
    x = returns.detach().cpu().numpy().astype(np.float64)
    spread = x.std(ddof=1) if x.size > 1 else 1.0
    return torch.from_numpy((x - x.mean()) / max(spread, 1e-8)).float().to(returns.device)


def policy_gradient_loss(log_probs, returns):
    constants = torch.from_numpy(returns.detach().cpu().numpy().copy()).to(log_probs)
    return torch.mean(torch.neg(constants) * log_probs)


def train(env, *, max_steps, seed, device="cpu"):
    """A list of log-probabilities for each copy, in the manner of many tutorials."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        policy = PolicyNetwork(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    generator = torch.Generator(device=device).manual_seed(seed)
    optimizer = torch.optim.Adam(policy.parameters(), lr=8e-3)
    x, _ = env.reset(seed=seed)
    steps, champion, record = 0, copy.deepcopy(policy), -np.inf

    def act(observations):
        with torch.no_grad():
            logits = champion(torch.as_tensor(np.asarray(observations), device=device))
        return logits.cpu().numpy().argmax(axis=1)

    while record < 475:
        # One whole episode of every copy, in lists of one list a copy.
        logs, pays = [[] for _ in range(env.num_envs)], [[] for _ in range(env.num_envs)]
        finished, resets = [False] * env.num_envs, [False] * env.num_envs
        while not all(finished):
            if steps + env.num_envs > max_steps:
                return act
            actions, log_probs = sample_action(policy, torch.as_tensor(x, device=device), generator)
            x, rewards, terminated, truncated, _ = env.step(actions)
            for i, log_prob in enumerate(log_probs.unbind()):
                steps += not resets[i]
                resets[i] = bool(terminated[i] or truncated[i])
                if not finished[i]:
                    logs[i].append(log_prob)
                    pays[i].append(float(rewards[i]))
                    finished[i] = resets[i]
        score = np.mean([sum(p) for p in pays])
        if score > record:
            champion, record = copy.deepcopy(policy), score
        worth = []
        for p in pays:
            g = np.zeros(len(p) + 1)
            for t in range(len(p) - 1, -1, -1):
                g[t] = p[t] + 0.99 * g[t + 1]
            worth.extend(g[:-1])
        loss = policy_gradient_loss(torch.stack(sum(logs, [])), standardize(torch.tensor(worth)).to(device))
        policy.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
        x, _ = env.reset()
    return act
