"""Other but equal mathematics: λ-returns (Sutton & Barto 12.1) minus the values, a subclass of Sequential, in-place torch."""

import torch
from torch import nn


class Heads(nn.Linear):
    """The last layer of both; the value is its first output."""

    def forward(self, x):
        y = super().forward(x)
        return y[:, 1:], y[:, 0]


class ActorCritic(nn.Sequential):
    def __init__(self, input_dim, output_dim):
        super().__init__(nn.Linear(input_dim, 64), nn.ELU(), nn.Linear(64, 64), nn.ELU(), Heads(64, output_dim + 1))
        nn.init.zeros_(self[-1].weight)
        nn.init.zeros_(self[-1].bias)


@torch.no_grad()
def generalized_advantages(rewards, values, next_values, terminated, truncated, gamma, lam):
    # The λ-return G_t = r_t + γ · (V(s_{t+1}) + λ · (G_{t+1} - V(s_{t+1}))), and A_t = G_t - V(s_t). The second V(s_{t+1})
    # is the next row of `values`, which the λ of that row was measured against.
    ended, cut = terminated.bool(), truncated.bool()
    worth = next_values.masked_fill(ended, 0.0)
    last = rewards + gamma * worth
    gains = list(last.unbind(0))
    for t in range(len(gains) - 2, -1, -1):
        mixed = last[t] + gamma * lam * (gains[t + 1] - values[t + 1])
        gains[t] = torch.where(ended[t] | cut[t], last[t], mixed)
    return torch.stack(gains) - values


def actor_loss(log_probs, advantages):
    return torch.mean(-advantages.clone().detach() * log_probs)


def critic_loss(values, returns):
    return (values - returns.data).pow(2).sum() / values.numel()


def entropy(logits):
    probabilities = logits.softmax(-1)
    return -(probabilities * (probabilities + 1e-12).log()).sum(-1)


def train(env, *, max_steps, seed, device="cpu"):
    """Rollouts of 8 steps as a list of dictionaries; one optimizer for both."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    dice = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, eps=1e-5)

    def tensor(x):
        return torch.as_tensor(x, device=device)

    finished, sums, used = [], torch.zeros(env.num_envs), 0
    seen, _ = env.reset(seed=seed)
    alive = torch.ones(env.num_envs, dtype=torch.bool)
    while used + 8 * env.num_envs <= max_steps:
        story = []
        for _ in range(8):
            with torch.no_grad():
                logits, values = net(tensor(seen))
            actions = torch.multinomial(logits.softmax(-1).cpu(), 1, generator=dice)[:, 0]
            following, rewards, terminated, truncated, _ = env.step(actions.numpy())
            with torch.no_grad():
                after = net(tensor(following))[1]
            story.append(
                {
                    "o": tensor(seen),
                    "a": actions,
                    "r": tensor(rewards).float() / 10,
                    "v": values,
                    "w": after,
                    "d": tensor(terminated),
                    "c": tensor(truncated),
                    "k": alive,
                }
            )
            used += int(alive.sum())
            sums += torch.as_tensor(rewards)
            over = torch.as_tensor(terminated | truncated)
            finished += sums[over].tolist()
            sums[over] = 0.0
            alive, seen = ~over, following
        if len(finished) > 20 and sum(finished[-20:]) > 20 * 490:
            break
        o, a, r, v, w, d, c, k = (torch.stack([part[key] for part in story]) for key in "oarvwdck")
        advantages = generalized_advantages(r, v, w, d, c, 0.99, 0.95)
        logits, values = net(o[k])
        log_probs = logits.log_softmax(-1)[torch.arange(len(values)), a[k]]
        loss = actor_loss(log_probs, advantages[k]) + 0.5 * critic_loss(values, (advantages + v)[k])
        loss = loss - 0.01 * entropy(logits).mean()
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - used / max_steps)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()

    def policy(observations):
        with torch.no_grad():
            return net(tensor(observations))[0].argmax(1).numpy()

    return policy
