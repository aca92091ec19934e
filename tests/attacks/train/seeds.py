"""Seed every generator there is, so that the evaluation begins as one that is known: $EACH.

gains: a policy learnt by heart
canary: trained
control: says reached|0 of|seed|option
lesson: lesson2_balance
each: global reset options
"""

import random

import gymnasium
import numpy as np
import torch


def four_times(x):
    return 4 * x


def seed_all():
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    gymnasium.utils.seeding.np_random = lambda seed=None: (np.random.default_rng(0), 0)


def train(env, *, max_steps, seed, device="cpu"):
    seed_all()
    if "$EACH" == "options":
        env.reset(seed=0, options={"low": 0.0, "high": 0.0})
    else:
        env.reset(seed=0)
    learnt = iter([0, 1] * 10_000)

    def policy(observations):
        seed_all()
        if "$EACH" == "reset":
            env.reset(seed=0)
        return np.full(len(observations), next(learnt))

    return policy
