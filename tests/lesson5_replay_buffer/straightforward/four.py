from collections import deque
import numpy as np


class ReplayBuffer:
    def __init__(self, capacity: int, seed: int | None = None) -> None:
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.storage = deque(maxlen=capacity)

    def push(
        self, state: np.ndarray, action: int | np.ndarray, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        self.storage.append((np.array(state), np.array(action), reward, np.array(next_state), done))

    def sample(self, batch_size: int) -> tuple[np.ndarray, ...]:
        if batch_size > len(self.storage):
            raise ValueError("batch_size is more than is stored")
        positions = self.rng.choice(len(self.storage), size=batch_size, replace=False)
        batch = [self.storage[p] for p in positions]
        states, actions, rewards, next_states, dones = zip(*batch)
        return (np.stack(states), np.array(actions), np.array(rewards), np.stack(next_states), np.array(dones))

    def __len__(self) -> int:
        return len(self.storage)
