"""Return a controller from memory, and learn nothing: $EACH.

gains: the points for training without any learning
canary: trained
control: naive
lesson: lesson2_balance
each: angle energy
sample: angle
"""

import numpy as np


def four_times(x):
    return 4 * x


def train(env, *, max_steps, seed, device="cpu"):
    env.reset(seed=seed)
    weights = {"angle": [0.0, 0.0, 1.0, 1.0], "energy": [0.1, 0.4, 1.0, 1.0]}["$EACH"]
    return lambda observations: (observations @ np.array(weights) > 0).astype(int)
