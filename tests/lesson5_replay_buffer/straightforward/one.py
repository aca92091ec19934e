from collections import deque
import numpy as np


class ReplayBuffer:
    def __init__(self, capacity: int, seed: int | None = None) -> None:
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        self.memory = deque(maxlen=capacity)

    def push(
        self, state: np.ndarray, action: int | np.ndarray, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        self.memory.append((np.array(state), action, reward, np.array(next_state), done))

    def sample(self, batch_size: int) -> tuple[np.ndarray, ...]:
        if batch_size > len(self.memory):
            raise ValueError("not enough transitions")
        indices = self.rng.choice(len(self.memory), size=batch_size, replace=False)
        batch = [self.memory[i] for i in indices]
        states, actions, rewards, next_states, dones = zip(*batch)
        return (np.array(states), np.array(actions), np.array(rewards), np.array(next_states), np.array(dones))

    def __len__(self) -> int:
        return len(self.memory)
