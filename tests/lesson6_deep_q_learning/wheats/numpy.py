"""Numpy and float64 for whatever carries no gradient, a one-hot mask and mse_loss for what does."""

import copy
from lesson4_dqn import DQN, make_optimizer
from lesson5_replay_buffer import ReplayBuffer

import numpy as np
import torch
import torch.nn.functional as F


def _array(tensor):
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def td_target(rewards, next_q_values, terminated, gamma):
    future = np.where(_array(terminated) > 0, 0.0, _array(next_q_values).max(axis=-1))
    return torch.from_numpy((_array(rewards) + gamma * future).astype(np.float32))


def double_dqn_target(rewards, next_q_online, next_q_target, terminated, gamma):
    rows = np.arange(len(rewards))
    future = _array(next_q_target)[rows, _array(next_q_online).argmax(axis=1)]
    future[_array(terminated).astype(bool)] = 0.0
    return torch.from_numpy(_array(rewards) + gamma * future)


def dqn_loss(q_network, target_network, batch, gamma):
    states, actions, rewards, next_states, over = batch
    where = next(q_network.parameters()).device

    def tensor(array):
        return torch.from_numpy(np.asarray(array, dtype=np.float32)).to(where)

    values = q_network(tensor(states))
    taken = F.one_hot(torch.from_numpy(np.asarray(actions, dtype=np.int64)).to(where), values.shape[1])
    future = _array(target_network(tensor(next_states))).max(axis=1)
    targets = np.asarray(rewards, dtype=np.float64) + gamma * future * (1 - np.asarray(over, dtype=np.float64))
    return F.mse_loss((values * taken).sum(dim=1), tensor(targets))


def update_target(target_network, q_network, tau):
    for theirs, ours in zip(target_network.parameters(), q_network.parameters()):
        theirs.data += tau * (ours.data - theirs.data)


def train(env, *, max_steps, seed, device="cpu"):
    """The same kind of loop with a smaller batch."""
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
            loss = dqn_loss(online, frozen, memory.sample(48), 0.99)
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
