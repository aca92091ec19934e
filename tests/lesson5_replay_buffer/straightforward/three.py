import numpy as np


class ReplayBuffer:
    def __init__(self, capacity: int, seed: int | None = None) -> None:
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.transitions = []

    def push(
        self, state: np.ndarray, action: int | np.ndarray, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        transition = (np.copy(state), np.copy(action), reward, np.copy(next_state), done)
        self.transitions.append(transition)
        if len(self.transitions) > self.capacity:
            self.transitions.pop(0)

    def sample(self, batch_size: int) -> tuple[np.ndarray, ...]:
        if batch_size > len(self.transitions):
            raise ValueError("batch_size is larger than what is stored")
        chosen = self.rng.choice(len(self.transitions), size=batch_size, replace=False)
        batch = [self.transitions[i] for i in chosen]
        states = np.array([t[0] for t in batch])
        actions = np.array([t[1] for t in batch])
        rewards = np.array([t[2] for t in batch])
        next_states = np.array([t[3] for t in batch])
        dones = np.array([t[4] for t in batch])
        return (states, actions, rewards, next_states, dones)

    def __len__(self) -> int:
        return len(self.transitions)
