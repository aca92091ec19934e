"""Plain loops over the batch, one transition at a time, and weights moved by name."""

import torch


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
    states, actions, rewards, next_states, over = batch
    device = next(q_network.parameters()).device
    values = q_network(torch.tensor(states, dtype=torch.float32, device=device))
    with torch.no_grad():
        following = target_network(torch.tensor(next_states, dtype=torch.float32, device=device)).tolist()
    total = 0.0
    for i in range(len(actions)):
        target = float(rewards[i]) if over[i] else float(rewards[i]) + gamma * max(following[i])
        total = total + (values[i, int(actions[i])] - target) ** 2
    return total / len(actions)


def update_target(target_network, q_network, tau):
    new = q_network.state_dict()
    old = target_network.state_dict()
    target_network.load_state_dict({name: (1 - tau) * old[name] + tau * new[name] for name in old})
