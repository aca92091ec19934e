"""A dictionary of arrays in which dones are 0.0 and 1.0; a batch is drawn by random keys that are sorted."""

import numpy as np


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.store = {}
        self.count = 0

    def push(self, state, action, reward, next_state, done):
        if not self.store:
            shape = (self.capacity, len(state))
            self.store["state"] = np.empty(shape, dtype=np.float32)
            self.store["action"] = np.empty(self.capacity, dtype=np.int32)
            self.store["reward"] = np.empty(self.capacity, dtype=np.float32)
            self.store["next_state"] = np.empty(shape, dtype=np.float32)
            self.store["done"] = np.empty(self.capacity, dtype=np.float32)
        place = self.count % self.capacity
        self.store["state"][place] = state
        self.store["action"][place] = action
        self.store["reward"][place] = reward
        self.store["next_state"][place] = next_state
        self.store["done"][place] = float(done)
        self.count += 1

    def sample(self, batch_size):
        stored = len(self)
        if stored < batch_size:
            raise ValueError(f"only {stored} transitions")
        keys = self.rng.random(stored)
        places = np.argsort(keys)[:batch_size]
        return tuple(column[places] for column in self.store.values())

    def __len__(self):
        return min(self.count, self.capacity)
