"""Plain loops over the entries, the four cases spelt out, and minibatches from a generator function."""

import numpy as np
import torch
from lesson8_actor_critic import ActorCritic, entropy, generalized_advantages


def probability_ratio(log_probs, old_log_probs):
    olds = old_log_probs.detach().flatten().tolist()
    ratios = [torch.exp(new - old) for new, old in zip(log_probs.flatten(), olds)]
    return torch.stack(ratios).reshape(log_probs.shape)


def clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip):
    total = 0.0
    ratios = probability_ratio(log_probs, old_log_probs).flatten()
    for ratio, advantage in zip(ratios, advantages.flatten().tolist()):
        if advantage > 0 and float(ratio) > 1 + clip:
            total = total + (1 + clip) * advantage
        elif advantage < 0 and float(ratio) < 1 - clip:
            total = total + (1 - clip) * advantage
        else:
            total = total + ratio * advantage
    return -total / log_probs.numel()


def clipped_value_loss(values, old_values, returns, clip):
    squares = []
    for value, old, goal in zip(values.flatten(), old_values.flatten().tolist(), returns.flatten().tolist()):
        square = (value - goal) ** 2
        close = min(max(float(value), old - clip), old + clip)
        if (close - goal) ** 2 > float(square):
            square = torch.tensor((close - goal) ** 2)
        squares.append(square)
    return sum(squares) / len(squares)


def minibatches(size, minibatch_size, rng):
    left = list(range(size))
    rng.shuffle(left)
    while left:
        yield torch.tensor(left[:minibatch_size]).numpy()
        left = left[minibatch_size:]


def train(env, *, max_steps, seed, device="cpu"):
    """A shorter rollout; the losses in one line each, since its own loops would take minutes."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        net = ActorCritic(env.single_observation_space.shape[0], int(env.single_action_space.n)).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    rng = np.random.default_rng(seed)
    E, T = env.num_envs, 32
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
        for _ in range(6):
            for i in minibatches(len(A), 128, rng):
                i = torch.as_tensor(i, device=device)
                logits, values = look(X[i])
                new = logits.log_softmax(-1).gather(-1, A[i][:, None])[:, 0]
                loss = -torch.min((new - old[i]).exp() * G[i], (new - old[i]).exp().clamp(0.8, 1.2) * G[i]).mean() + 0.5 * ((values - goal[i]) ** 2).mean() - 0.001 * entropy(logits).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
                optimizer.step()

    def policy(x):
        with torch.no_grad():
            return look(x)[0].argmax(1).cpu().numpy()

    return policy
