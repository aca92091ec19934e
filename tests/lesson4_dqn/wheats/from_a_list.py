"""Layers appended in a loop, then unpacked into a Sequential; the model is asked without a batch axis."""

import numpy as np
import torch
from torch import nn


class DQN(nn.Module):
    def __init__(self, input_dim, output_dim):
        nn.Module.__init__(self)
        sizes = [input_dim, 128, 128, output_dim]
        layers = []
        for i, (before, after) in enumerate(zip(sizes, sizes[1:])):
            layers.append(nn.Linear(before, after))
            if i < 2:
                layers.append(nn.ReLU(inplace=True))
        for layer in layers[::2]:
            nn.init.orthogonal_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.network = nn.Sequential(*layers)

    def forward(self, x):
        for layer in self.network:
            x = layer(x)
        return x


def make_optimizer(model, lr=1e-3):
    params = [p for _, p in model.named_parameters() if p.requires_grad]
    return torch.optim.Adam(params, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0)


def greedy_action(model, observation):
    with torch.no_grad():
        device = next(model.parameters()).device
        q = model(torch.from_numpy(observation.astype(np.float32)).to(device))
    return np.argmax(q.cpu().numpy())
