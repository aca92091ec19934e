"""As published programs write it: a maximum of two negated losses, logratio first, a class that iterates."""

import numpy as np
import torch
from lesson8_actor_critic import ActorCritic, entropy, generalized_advantages


def probability_ratio(log_probs, old_log_probs):
    logratio = log_probs - old_log_probs.clone().detach()
    return logratio.exp()


def clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip):
    ratio = probability_ratio(log_probs, old_log_probs)
    with torch.no_grad():
        adv = advantages.clone()
    pg_loss1 = -adv * ratio
    pg_loss2 = -adv * torch.clamp(ratio, 1 - clip, 1 + clip)
    return torch.max(torch.stack([pg_loss1, pg_loss2]), dim=0).values.mean()


def clipped_value_loss(values, old_values, returns, clip):
    b_returns, b_values = returns.detach(), old_values.detach()
    unclipped = (values - b_returns) ** 2
    v_clipped = b_values + torch.clamp(values - b_values, -clip, clip)
    clipped = (v_clipped - b_returns) ** 2
    return torch.where(unclipped >= clipped, unclipped, clipped).mean()


class Epoch:
    def __init__(self, order, length):
        self.order, self.length = order, length

    def __iter__(self):
        for start in range(0, len(self.order), self.length):
            yield self.order[start:][: self.length]


def minibatches(size, minibatch_size, rng):
    return Epoch(rng.choice(size, size=size, replace=False), minibatch_size)


def train(env, *, max_steps, seed, device="cpu"):
    """Its own functions; more epochs with larger minibatches."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    rng = np.random.default_rng(seed)
    E, T = env.num_envs, 64
    used, scores, sums = 0, [], np.zeros(E)
    x, _ = env.reset(seed=seed)
    asleep = np.zeros(E, bool)

    def look(x):
        return net(torch.as_tensor(x, dtype=torch.float32, device=device))

    while used + E * T <= max_steps:
        X, A, R, Y, D, C, K = [], [], [], [], [], [], []
        for _ in range(T):
            with torch.no_grad():
                p = look(x)[0].log_softmax(1).cpu().numpy()
            a = (p + rng.gumbel(size=p.shape)).argmax(1)
            y, r, d, c, _ = env.step(a)
            for column, part in zip((X, A, R, Y, D, C, K), (x, a, r, y, d, c, ~asleep)):
                column.append(part)
            used += int((~asleep).sum())
            sums += r
            asleep, x = d | c, y
            scores += sums[asleep].tolist()
            sums[asleep] = 0
        if len(scores) >= 20 and np.mean(scores[-20:]) > 485:
            break
        X, A, R, Y, D, C, K = (torch.as_tensor(np.stack(column), device=device) for column in (X, A, R, Y, D, C, K))
        with torch.no_grad():
            logits, V = look(X.flatten(0, 1))
            W = look(Y.flatten(0, 1))[1].reshape(T, E)
            V, logits = V.reshape(T, E), logits.reshape(T, E, -1)
            G = generalized_advantages(R.float() / 10, V, W, D, C, 0.98, 0.9)
            old = logits.log_softmax(-1).gather(-1, A[..., None])[..., 0][K]
            X, A, V, goal, G = X[K], A[K], V[K], (G + V)[K], G[K]
            G = (G - G.mean()) / (G.std() + 1e-8)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - used / max_steps)
        for _ in range(8):
            for i in minibatches(len(A), 512, rng):
                i = torch.as_tensor(i, device=device)
                logits, values = look(X[i])
                new = logits.log_softmax(-1).gather(-1, A[i][:, None])[:, 0]
                loss = clipped_surrogate_loss(new, old[i], G[i], 0.2) + 0.5 * clipped_value_loss(values, V[i], goal[i], 10.0) - 0.001 * entropy(logits).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
                optimizer.step()

    def policy(x):
        with torch.no_grad():
            return look(x)[0].argmax(1).cpu().numpy()

    return policy
