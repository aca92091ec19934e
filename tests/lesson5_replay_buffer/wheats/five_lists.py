"""Five parallel lists whose fronts are cut off, a torch generator, and batches in the order of storage."""

import numpy as np
import torch


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self.capacity = capacity
        self.columns = ([], [], [], [], [])
        self.generator = torch.Generator()
        if seed is None:
            self.generator.seed()
        else:
            self.generator.manual_seed(seed)

    def push(self, *transition):
        for column, part in zip(self.columns, transition):
            column.append(part.copy() if isinstance(part, np.ndarray) else part)
            del column[: -self.capacity]

    def sample(self, batch_size):
        stored = len(self)
        if batch_size > stored:
            raise ValueError(f"{batch_size} > {stored}")
        order = torch.randperm(stored, generator=self.generator)
        chosen = sorted(order[:batch_size].tolist())
        return tuple(np.array([column[i] for i in chosen]) for column in self.columns)

    def __len__(self):
        return len(self.columns[0])
