"""The usual preallocated ring: float32 states and rewards, int64 actions, bool dones, made at the first push."""

import numpy as np


class ReplayBuffer:
    def __init__(self, capacity, seed=None):
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.states = None
        self.next_states = None
        self.actions = np.zeros(capacity, dtype=np.int64)
        self.rewards = np.zeros(capacity, dtype=np.float32)
        self.dones = np.zeros(capacity, dtype=bool)
        self.ptr = 0
        self.full = False

    def push(self, state, action, reward, next_state, done):
        if self.states is None:
            self.states = np.zeros((self.capacity, *np.shape(state)), dtype=np.float32)
            self.next_states = np.zeros_like(self.states)
        self.states[self.ptr] = state
        self.actions[self.ptr] = action
        self.rewards[self.ptr] = reward
        self.next_states[self.ptr] = next_state
        self.dones[self.ptr] = done
        self.ptr += 1
        if self.ptr == self.capacity:
            self.ptr = 0
            self.full = True

    def sample(self, batch_size):
        if batch_size > len(self):
            raise ValueError("not enough transitions")
        idx = self.rng.permutation(len(self))[:batch_size]
        return self.states[idx], self.actions[idx], self.rewards[idx], self.next_states[idx], self.dones[idx]

    def __len__(self):
        return self.capacity if self.full else self.ptr
