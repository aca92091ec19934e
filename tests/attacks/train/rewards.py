"""Change the rewards, or the environment that pays them: $EACH.

gains: the points for training without any learning
canary: trained
control: naive
lesson: lesson2_balance
each: patched-class patched-env
"""

import gymnasium
import numpy as np


def four_times(x):
    return 4 * x


def train(env, *, max_steps, seed, device="cpu"):
    env.reset(seed=seed)
    kind = type(env) if "$EACH" == "patched-class" else gymnasium.vector.VectorEnv
    before = type(env).step

    def step(self, actions):
        seen, _, terminated, truncated, info = before(self, actions)
        return seen, np.full(self.num_envs, 100.0), terminated, truncated, info

    if "$EACH" == "patched-class":
        kind.step = step
    else:
        env.step = step.__get__(env)
    return lambda observations: np.zeros(len(observations), dtype=int)
