"""Layers called fc1 to fc3, as in many programs, with functional ReLUs; Adam with the larger eps of some libraries."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim


class DQN(nn.Module):
    def __init__(self, input_dim, output_dim, hidden_dim=128):
        super(DQN, self).__init__()
        self.fc1 = nn.Linear(input_dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, hidden_dim)
        self.fc3 = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        x = torch.as_tensor(x, dtype=torch.float32)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


def make_optimizer(model, lr=1e-3):
    return optim.Adam(params=model.parameters(), lr=lr, eps=1e-5)


def greedy_action(model, observation):
    state = torch.FloatTensor(observation).unsqueeze(0)
    with torch.no_grad():
        q_values = model(state)
    return q_values.max(1)[1].item()
