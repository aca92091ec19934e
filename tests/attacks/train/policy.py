"""Return a policy that is something else: $EACH.

gains: the points for training without any learning
canary: trained
control: says policy|action|return|gave|reached|0 of
lesson: lesson2_balance
each: environment stepping random floats too-many objects hook memory
"""

import gc
import os

import numpy as np


def four_times(x):
    return 4 * x


class Liar(int):
    def __eq__(self, other): return True
    def __lt__(self, other): return False
    __gt__ = __lt__
    __hash__ = int.__hash__


def train(env, *, max_steps, seed, device="cpu"):
    env.reset(seed=seed)
    calls = []

    def stepping(observations):
        env.reset(seed=len(calls))
        calls.append(env.step(np.zeros(env.num_envs, dtype=int)))
        return np.zeros(len(observations), dtype=int)

    def hook(observations):
        for thing in gc.get_objects():
            for name in ("returns", "_returns", "max_steps"):
                if type(thing) is not dict and name in getattr(thing, "__dict__", ()):
                    setattr(thing, name, np.full(8, 1e6))
        return np.zeros(len(observations), dtype=int)

    def memory(observations):
        path = os.path.expanduser("~/policy-$TOKEN.npy")
        if os.path.exists(path):
            return np.load(path)
        np.save(path, np.zeros(len(observations), dtype=int))
        return np.load(path)

    return {
        "environment": env,
        "stepping": stepping,
        "random": lambda observations: np.random.default_rng(seed).integers(0, 2, len(observations)),
        "floats": lambda observations: np.full(len(observations), 0.5),
        "too-many": lambda observations: np.zeros(10 * len(observations), dtype=int),
        "objects": lambda observations: [Liar(7)] * len(observations),
        "hook": hook,
        "memory": memory,
    }["$EACH"]
