"""Lesson 5: experience replay.

Consecutive transitions look alike, and each would be used only once. A replay buffer remembers the last ones and hands
out random batches of them, so that what is learnt from is mixed, and is used more than once.

Source: Lin (1992), "Self-improving reactive agents based on reinforcement learning, planning and teaching";
Mnih et al. (2015), Methods, "Training algorithm for deep Q-networks"; Sutton & Barto, 2nd edition, section 16.5.
"""

import numpy as np


class ReplayBuffer:
    """The last ``capacity`` transitions, of which random batches can be drawn.

    | name     | meaning                                                                                         |
    |----------|-------------------------------------------------------------------------------------------------|
    | capacity | how many transitions are remembered, 1 or more; then each new one takes the place of the oldest |
    | seed     | of the buffer's own random numbers; None for a different sequence every time                    |

    Example:
        >>> buffer = ReplayBuffer(capacity=2, seed=0)
        >>> for reward in (1.0, 2.0, 3.0):
        ...     buffer.push(np.zeros(4), 0, reward, np.ones(4), False)
        >>> len(buffer)
        2
        >>> sorted(buffer.sample(2)[2].tolist())
        [2.0, 3.0]
    """

    def __init__(self, capacity: int, seed: int | None = None) -> None:
        self.capacity = capacity
        self.rng = np.random.default_rng(seed)
        raise NotImplementedError("ReplayBuffer.__init__: write me; lesson5_replay_buffer.md tells how")

    def push(
        self, state: np.ndarray, action: int | np.ndarray, reward: float, next_state: np.ndarray, done: bool
    ) -> None:
        """Remember one transition; when the buffer is full, forget the oldest.

        | name       | shape | meaning                                                |
        |------------|-------|--------------------------------------------------------|
        | state      | (O,)  | the observation that the action was chosen in          |
        | action     | ()    | what was done                                          |
        | reward     | ()    | what it earned                                         |
        | next_state | (O,)  | the observation that followed                          |
        | done       | ()    | `terminated`: nothing can be earned after `next_state` |
        | →          |       | nothing                                                |

        The buffer keeps copies: what the caller does to the arrays afterwards does not reach it.

        Example:
            >>> buffer, state = ReplayBuffer(capacity=3), np.array([1.0, 2.0])
            >>> buffer.push(state, 1, 0.5, np.array([3.0, 4.0]), False)
            >>> state[:] = 0.0
            >>> buffer.sample(1)[0].tolist()
            [[1.0, 2.0]]
        """
        raise NotImplementedError("ReplayBuffer.push: write me; lesson5_replay_buffer.md tells how")

    def sample(self, batch_size: int) -> tuple[np.ndarray, ...]:
        """Draw ``batch_size`` different transitions; every set of that size is equally likely.

        | name       | shape  | meaning                                             |
        |------------|--------|-----------------------------------------------------|
        | batch_size |        | B, how many to draw                                 |
        | →          |        | five arrays:                                        |
        |            | (B, O) | states: the observations the actions were chosen in |
        |            | (B,)   | actions: what was done, in whole numbers            |
        |            | (B,)   | rewards: what it earned                             |
        |            | (B, O) | next states: the observations that followed         |
        |            | (B,)   | dones: `terminated` of each, as bools or 0 and 1    |

        Row i of all five arrays belongs to one and the same transition.

        Example:
            >>> buffer = ReplayBuffer(capacity=10, seed=0)
            >>> for i in range(4):
            ...     buffer.push(np.array([i, i]), i, float(i), np.array([i + 1, i + 1]), i == 3)
            >>> states, actions, rewards, next_states, dones = buffer.sample(4)
            >>> sorted(actions.tolist())
            [0, 1, 2, 3]
            >>> actions.tolist() == rewards.tolist() == states[:, 0].tolist()
            True

        Raises:
            ValueError: ``batch_size`` is more than is stored.
        """
        raise NotImplementedError("ReplayBuffer.sample: write me; lesson5_replay_buffer.md tells how")

    def __len__(self) -> int:
        """How many transitions are stored now.

        | name | shape | meaning                                              |
        |------|-------|------------------------------------------------------|
        | →    | int   | the number of pushes, but never more than `capacity` |

        Example:
            >>> buffer = ReplayBuffer(capacity=2)
            >>> len(buffer)
            0
            >>> for _ in range(3):
            ...     buffer.push(np.zeros(4), 0, 1.0, np.ones(4), False)
            >>> len(buffer)
            2
        """
        raise NotImplementedError("ReplayBuffer.__len__: write me; lesson5_replay_buffer.md tells how")
