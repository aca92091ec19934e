"""A dictionary from the number of the push to the transition; batches are drawn one position at a time."""

import numpy as np


class NotEnough(ValueError):
    pass


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self._capacity = capacity
        self._next = 0
        self._by_number = {}
        self._rng = np.random.default_rng(seed)

    def push(self, state, action, reward, next_state, done):
        frozen = tuple(np.array(part) for part in (state, action, reward, next_state, done))
        self._by_number[self._next] = frozen
        self._by_number.pop(self._next - self._capacity, None)
        self._next += 1

    def sample(self, batch_size):
        left = list(self._by_number)
        if batch_size > len(left):
            raise NotEnough(batch_size)
        picked = [left.pop(int(self._rng.integers(len(left)))) for _ in range(batch_size)]
        return tuple(np.stack(parts) for parts in zip(*(self._by_number[number] for number in picked)))

    def __len__(self):
        return len(self._by_number)
