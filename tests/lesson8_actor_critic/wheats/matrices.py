"""Linear algebra: one matrix of weights for each copy instead of a recursion, float64, one last layer for both answers."""

import numpy as np
import torch
import torch.nn.functional as F


class ActorCritic(torch.nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(input_dim, 128), torch.nn.Tanh(), torch.nn.Linear(128, output_dim + 1)
        )
        self.sizes = [output_dim, 1]

    def forward(self, x):
        logits, value = self.body(x).split(self.sizes, dim=-1)
        return logits, value.reshape(-1)


def generalized_advantages(rewards, values, next_values, terminated, truncated, gamma, lam):
    r, v, w = (x.detach().cpu().numpy().astype(np.float64) for x in (rewards, values, next_values))
    ended, cut = (x.cpu().numpy().astype(bool) for x in (terminated, truncated))
    delta = r + np.where(ended, 0.0, gamma * w) - v
    steps = len(r)
    # An episode's number in each row: two rows of a column belong together where the numbers are equal.
    number = np.concatenate([np.zeros((1, r.shape[1])), (ended | cut)[:-1].cumsum(axis=0)])
    ahead = np.arange(steps)[None, :] - np.arange(steps)[:, None]
    weight = np.where(ahead >= 0, float(gamma * lam) ** np.maximum(ahead, 0), 0.0)
    together = number[:, None, :] == number[None, :, :]
    return torch.from_numpy(np.einsum("tk,tkn,kn->tn", weight, together, delta)).to(rewards.device)


def actor_loss(log_probs, advantages):
    return torch.dot(log_probs.reshape(-1), advantages.detach().reshape(-1)).neg() / log_probs.numel()


def critic_loss(values, returns):
    return F.mse_loss(values, returns.detach())


def entropy(logits):
    return torch.distributions.Categorical(logits=logits).entropy()


def train(env, *, max_steps, seed, device="cpu"):
    """Its own functions, normalised advantages, and the probabilities through Categorical."""
    rng_before = torch.random.get_rng_state()
    torch.manual_seed(seed)
    net = ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    torch.random.set_rng_state(rng_before)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    noise = np.random.default_rng(seed)
    E, T = env.num_envs, 16
    scores, earned, used = [], np.zeros(E), 0
    o, _ = env.reset(seed=seed)
    skip = np.zeros(E, bool)
    while used + E * T <= max_steps:
        O, A, R, D, C, K = [o], [], [], [], [], []
        for _ in range(T):
            with torch.no_grad():
                logits = net(torch.as_tensor(o, device=device))[0].cpu().numpy()
            # The largest of logits plus Gumbel noise is a draw from their softmax.
            a = (logits + noise.gumbel(size=logits.shape)).argmax(axis=1)
            o, r, d, c, _ = env.step(a)
            for column, part in zip((O, A, R, D, C, K), (o, a, r, d, c, ~skip)):
                column.append(part)
            used += int((~skip).sum())
            skip = d | c
            earned += r
            scores.extend(earned[skip])
            earned[skip] = 0
        if len(scores) > 20 and np.mean(scores[-20:]) > 490:
            break
        O, A, R, D, C, K = (torch.as_tensor(np.stack(column), device=device) for column in (O, A, R, D, C, K))
        logits, values = net(O.reshape((T + 1) * E, -1))
        logits, values = logits.reshape(T + 1, E, -1)[:-1][K], values.reshape(T + 1, E)
        still = values.detach()
        adv = generalized_advantages(0.1 * R, still[:-1], still[1:], D, C, 0.99, 0.95).float()
        goal, adv = (adv + still[:-1])[K], adv[K]
        dist = torch.distributions.Categorical(logits=logits)
        norm = (adv - adv.mean()) / (adv.std() + 1e-6)
        loss = actor_loss(dist.log_prob(A[K]), norm) + 0.5 * critic_loss(values[:-1][K], goal)
        loss = loss - 0.01 * entropy(logits).mean()
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - used / max_steps)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()

    @torch.no_grad()
    def policy(x):
        return net(torch.as_tensor(x, device=device))[0].argmax(dim=1).cpu().numpy()

    return policy
