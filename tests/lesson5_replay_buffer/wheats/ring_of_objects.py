"""A list used as a ring, dataclass entries, and the first places of a permutation."""

import copy
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np


@dataclass
class Entry:
    state: Any
    action: Any
    reward: Any
    next_state: Any
    done: Any


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self.entries = [None] * capacity
        self.position = 0
        self.size = 0
        self.rng = np.random.RandomState(seed)

    def push(self, state, action, reward, next_state, done):
        self.entries[self.position] = copy.deepcopy(Entry(state, action, reward, next_state, done))
        self.position += 1
        self.size = max(self.size, self.position)
        if self.position == len(self.entries):
            self.position = 0

    def sample(self, batch_size):
        if self.size < batch_size:
            raise ValueError("not enough transitions yet")
        chosen = self.rng.permutation(self.size)[:batch_size]
        columns = list(zip(*[astuple(self.entries[i]) for i in chosen]))
        states, actions, rewards, next_states, dones = map(np.array, columns)
        return states, actions, rewards, next_states, dones

    def __len__(self):
        return self.size
