import collections
import numpy as np


class ReplayBuffer:
    def __init__(self, capacity: int, seed: int | None = None) -> None:
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.buffer = collections.deque(maxlen=capacity)

    def push(
        self, state: np.ndarray, action: int | np.ndarray, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        self.buffer.append((state.copy(), action, reward, next_state.copy(), done))

    def sample(self, batch_size: int) -> tuple[np.ndarray, ...]:
        if batch_size > len(self.buffer):
            raise ValueError(f"cannot sample {batch_size} of {len(self.buffer)}")
        idx = self.rng.choice(len(self.buffer), batch_size, replace=False)
        samples = [self.buffer[i] for i in idx]
        return tuple((np.array(part) for part in zip(*samples)))

    def __len__(self) -> int:
        return len(self.buffer)
