"""Bare matrices: parameters of shape (in, out), and matrix products written out."""

import torch
from torch import nn


class Layers(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.w = nn.ParameterList([torch.randn(a, b) * (2 / a) ** 0.5 for a, b in pairs])
        self.b = nn.ParameterList([torch.zeros(1, b) for _, b in pairs])

    def forward(self, x):
        x = torch.clamp(x @ self.w[0] + self.b[0], min=0)
        x = torch.clamp(x @ self.w[1] + self.b[1], min=0)
        return x @ self.w[2] + self.b[2]


class DQN(nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.network = Layers(input_dim, 128, 128, output_dim)

    def forward(self, x):
        return self.network.forward(x)


def make_optimizer(model, lr=1e-3):
    optimizer = torch.optim.Adam(model.parameters())
    for group in optimizer.param_groups:
        group["lr"] = lr
    return optimizer


def greedy_action(model, observation):
    previous = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        (q,) = model(torch.asarray(observation, dtype=torch.float32)[None, :])
        return max(range(len(q)), key=lambda action: float(q[action]))
    finally:
        torch.set_grad_enabled(previous)
