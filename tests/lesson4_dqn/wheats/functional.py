"""A module of its own with named layers and functional ReLUs; the greedy action is found in a Python list."""

import torch
import torch.nn.functional as F


class QNetwork(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        # Not in the order in which they are used: nothing says that they must be.
        self.out = torch.nn.Linear(128, outputs)
        self.fc1 = torch.nn.Linear(inputs, 128)
        self.fc2 = torch.nn.Linear(128, 128)

    def forward(self, x):
        return self.out(F.relu(self.fc2(F.relu(self.fc1(x)))))


class DQN(torch.nn.Module):
    def __init__(self, input_dim, output_dim):
        super().__init__()
        self.network = QNetwork(input_dim, output_dim)

    def forward(self, x):
        return self.network(x)


def make_optimizer(model, lr=1e-3):
    return torch.optim.Adam([{"params": list(model.parameters())}], lr=lr)


@torch.inference_mode()
def greedy_action(model, observation):
    values = model(torch.tensor(observation).float().reshape(1, -1))[0].tolist()
    return values.index(max(values))
