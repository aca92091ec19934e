"""The classic: a deque with maxlen, and the standard library's random numbers."""

import random
from collections import deque

import numpy as np


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self.memory = deque(maxlen=capacity)
        self.random = random.Random(seed)

    def push(self, state, action, reward, next_state, done):
        self.memory.append((np.array(state), action, reward, np.array(next_state), done))

    def sample(self, batch_size):
        # random.sample refuses a batch that is too large by itself, with a ValueError.
        batch = self.random.sample(self.memory, batch_size)
        return tuple(np.stack([np.asarray(x) for x in column]) for column in zip(*batch))

    def __len__(self):
        return len(self.memory)
