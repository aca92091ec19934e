"""Plain loops: one row, one number at a time, and a draw by walking along the cumulated probabilities."""

import copy
import math

import numpy as np
import torch
from torch import nn


class PolicyNetwork(nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.hidden = nn.Linear(input_dim, 128)
        self.out = nn.Linear(128, output_dim)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))


def sample_action(policy, observations, generator=None):
    logits = policy(observations)
    actions, log_probs = [], []
    for row in logits:
        log_total = torch.logsumexp(row, 0)
        u = torch.rand(1, generator=generator, device=row.device).item()
        left = u
        values = [math.exp(v) for v in (row - log_total).tolist()]
        for action, probability in enumerate(values):
            left -= probability
            if left < 0:
                break
        actions.append(action)
        log_probs.append(row[action] - log_total)
    return torch.tensor(actions), torch.stack(log_probs)


def standardize(returns):
    values = returns.reshape(-1).tolist()
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1))
    if spread < 1e-9:
        return torch.zeros(returns.shape)
    return torch.tensor([(v - mean) / spread for v in values]).reshape(returns.shape)


def policy_gradient_loss(log_probs, returns):
    total = 0.0
    for log_prob, value in zip(log_probs, returns):
        total = total - log_prob * float(value)
    return total / len(log_probs)


def train(env, *, max_steps, seed, device="cpu"):
    """Keeps every copy's episode in a list of its own; episodes run on over updates, and ten whole ones make a batch."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        policy = PolicyNetwork(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
    rng = np.random.default_rng(seed)
    under_way = [[] for _ in range(env.num_envs)]
    ended = [False] * env.num_envs
    whole, recent, best, most = [], [], copy.deepcopy(policy), -1.0
    steps = 0
    observations, _ = env.reset(seed=seed)
    while steps + env.num_envs <= max_steps:
        with torch.no_grad():
            pi = torch.softmax(policy(torch.as_tensor(observations, device=device)).double(), 1).cpu().numpy()
        actions = (pi.cumsum(1) < rng.random((len(pi), 1))).sum(1).clip(max=pi.shape[1] - 1)
        following, rewards, terminated, truncated, _ = env.step(actions)
        for i in range(env.num_envs):
            if ended[i]:
                ended[i] = False
                continue
            steps += 1
            under_way[i].append((observations[i], actions[i], rewards[i]))
            if terminated[i] or truncated[i]:
                whole.append(under_way[i])
                under_way[i], ended[i] = [], True
        observations = following
        if len(whole) < 10:
            continue
        mean = sum(r for e in whole for _, _, r in e) / len(whole)
        recent = [*recent[-2:], mean]
        if len(recent) == 3 and sum(recent) / 3 > most:
            best, most = copy.deepcopy(policy), sum(recent) / 3
        if most >= 480:
            break
        states, chosen, returns = [], [], []
        for episode in whole:
            worth, backwards = 0.0, []
            for _, _, reward in reversed(episode):
                worth = reward + 0.99 * worth
                backwards.append(worth)
            returns += reversed(backwards)
            states += [s for s, _, _ in episode]
            chosen += [a for _, a, _ in episode]
        log_pi = torch.log_softmax(policy(torch.as_tensor(np.array(states), device=device)), 1)
        taken = log_pi[torch.arange(len(chosen)), torch.as_tensor(np.array(chosen))]
        worth = standardize(torch.tensor(returns, dtype=torch.float32)).to(device)
        loss = -(taken * worth).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
        whole = []

    def act(observations):
        with torch.no_grad():
            return policy_best(torch.as_tensor(observations, device=device)).argmax(1).tolist()

    policy_best = best
    return act
