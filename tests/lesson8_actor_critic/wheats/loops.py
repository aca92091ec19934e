"""Plain Python: one number at a time, sums forward in time, one trunk for both heads, and a train that unrolls episodes."""

import numpy as np
import torch
from torch import nn


class ActorCritic(nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.trunk = nn.ModuleList([nn.Linear(input_dim, 64), nn.Linear(64, 64)])
        self.heads = nn.ModuleDict({"policy": nn.Linear(64, output_dim), "value": nn.Linear(64, 1)})
        for layer in [*self.trunk, *self.heads.values()]:
            nn.init.zeros_(layer.bias)

    def forward(self, observations):
        x = observations
        for layer in self.trunk:
            x = torch.tanh(layer(x))
        return [self.heads["policy"](x), self.heads["value"](x)[:, 0]]


def generalized_advantages(rewards, values, next_values, terminated, truncated, gamma, lam):
    steps, copies = rewards.shape
    rows = []
    for t in range(steps):
        row = []
        for n in range(copies):
            total, weight, k = 0.0, 1.0, t
            while True:
                delta = rewards[k, n].item() - values[k, n].item()
                if not terminated[k, n]:
                    delta += gamma * next_values[k, n].item()
                total += weight * delta
                weight *= gamma * lam
                k += 1
                if k == steps or terminated[k - 1, n] or truncated[k - 1, n]:
                    break
            row.append(total)
        rows.append(row)
    return torch.tensor(rows)


def actor_loss(log_probs, advantages):
    total = 0
    weights = advantages.flatten().tolist()
    for log_prob, weight in zip(log_probs.flatten(), weights):
        total = total - weight * log_prob
    return total / len(weights)


def critic_loss(values, returns):
    goals = returns.flatten().tolist()
    return sum((value - goal) ** 2 for value, goal in zip(values.flatten(), goals)) / len(goals)


def entropy(logits):
    rows = []
    for row in logits:
        # Logits relative to the largest one, of which the very small ones are left out.
        row = row - row.max().detach()
        row = torch.stack([x for x in row if x > -80])
        weights = row.exp()
        rows.append(torch.log(weights.sum()) - (weights * row).sum() / weights.sum())
    return torch.stack(rows)


def train(env, *, max_steps, seed, device="cpu"):
    """Advantages by numpy, one trunk for both heads."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    rng = np.random.default_rng(seed)
    copies, length, gamma, lam = env.num_envs, 8, 0.99, 0.95

    def look(x):
        return net(torch.as_tensor(x, dtype=torch.float32, device=device))

    def policy(x):
        with torch.no_grad():
            return look(x)[0].argmax(1).cpu().numpy()

    spent, scores, running = 0, [], np.zeros(copies)
    x, _ = env.reset(seed=seed)
    dead = np.zeros(copies, bool)
    while spent + length * copies <= max_steps:
        memory = []
        for _ in range(length):
            with torch.no_grad():
                p = look(x)[0].softmax(1).cpu().numpy().astype(np.float64)
            # The inverse of the cumulative distribution: one uniform number a copy.
            a = np.minimum((p.cumsum(1) < rng.random((copies, 1))).sum(1), p.shape[1] - 1)
            y, r, term, trunc, _ = env.step(a)
            memory.append((x, a, r, y, term, trunc, ~dead))
            spent += int((~dead).sum())
            running += r
            dead = term | trunc
            scores += running[dead].tolist()
            running[dead] = 0
            x = y
        if len(scores) >= 20 and sum(scores[-20:]) >= 20 * 490:
            break
        xs, acts, rs, ys, terms, truncs, keep = (np.stack(c) for c in zip(*memory))
        with torch.no_grad():
            v = look(xs.reshape(length * copies, -1))[1].cpu().numpy().reshape(length, copies)
            w = look(ys.reshape(length * copies, -1))[1].cpu().numpy().reshape(length, copies)
        adv, carried = np.zeros((length, copies)), np.zeros(copies)
        for t in range(length)[::-1]:
            carried = 0.1 * rs[t] + gamma * w[t] * ~terms[t] - v[t] + gamma * lam * carried * ~(terms[t] | truncs[t])
            adv[t] = carried
        keep = keep.reshape(-1)
        logits, values = look(xs.reshape(length * copies, -1)[keep])
        chosen = torch.as_tensor(acts.reshape(-1)[keep], device=device)
        a = torch.as_tensor(adv.reshape(-1)[keep], dtype=torch.float32, device=device)
        goal = torch.as_tensor((adv + v).reshape(-1)[keep], dtype=torch.float32, device=device)
        spread = torch.distributions.Categorical(logits=logits)
        loss = -(spread.log_prob(chosen) * a).mean() + 0.5 * ((values - goal) ** 2).mean()
        loss = loss - 0.01 * spread.entropy().mean()
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - spent / max_steps)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
    return policy
