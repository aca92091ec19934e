"""Plain loops over the batch, one transition at a time, and weights moved by name."""

import copy
import numpy as np
from lesson4_dqn import DQN, make_optimizer
from lesson5_replay_buffer import ReplayBuffer

import torch
from torch import nn


def td_target(rewards, next_q_values, terminated, gamma):
    targets = []
    for reward, values, over in zip(rewards, next_q_values, terminated):
        target = reward
        if not over:
            target = target + gamma * max(float(v) for v in values)
        targets.append(torch.as_tensor(target))
    return torch.stack(targets)


def double_dqn_target(rewards, next_q_online, next_q_target, terminated, gamma):
    targets = torch.empty(len(rewards))
    for i in range(len(rewards)):
        favourite = max(range(next_q_online.shape[1]), key=lambda a: float(next_q_online[i, a]))
        future = 0.0 if terminated[i] else float(next_q_target[i, favourite])
        targets[i] = float(rewards[i]) + gamma * future
    return targets


def dqn_loss(q_network, target_network, batch, gamma):
    total = 0.0
    for state, action, reward, next_state, over in zip(*batch):
        value = q_network(torch.tensor(state, dtype=torch.float32).unsqueeze(0))[0, int(action)]
        with torch.no_grad():
            best = target_network(torch.tensor(next_state, dtype=torch.float32).unsqueeze(0)).max()
        target = float(reward) if over else float(reward) + gamma * float(best)
        total = total + (value - target) ** 2
    return total / len(batch[0])


def update_target(target_network, q_network, tau):
    new = q_network.state_dict()
    old = target_network.state_dict()
    target_network.load_state_dict({name: (1 - tau) * old[name] + tau * new[name] for name in old})


def loss_at_once(online, frozen, batch):
    """What dqn_loss gives, for a training run that has no time for a loop over the batch."""
    device = next(online.parameters()).device
    s, a, r, n, d = (torch.as_tensor(x).to(device) for x in batch)
    with torch.no_grad():
        y = r.float() + 0.99 * (1 - d.float()) * frozen(n.float()).max(1).values
    return (online(s.float()).gather(1, a.long()[:, None])[:, 0] - y).square().mean()


def train(env, *, max_steps, seed, device="cpu"):
    """Tests by the mean return of whole greedy episodes; a target network that is copied from time to time."""
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
            loss = loss_at_once(online, frozen, memory.sample(64))
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
