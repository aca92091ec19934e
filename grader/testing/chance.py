"""See whether code draws from the random numbers that everybody shares."""

from __future__ import annotations

import hashlib
import random

import numpy as np

from grader.student.tensors import is_loaded, torch


def random_state() -> str:
    """A digest of the global random numbers of Python, numpy and torch: the same as long as nothing draws from them.

    >>> before = random_state()
    >>> random_state() == before
    True
    """
    name, *parts = np.random.get_state(legacy=True)
    state = (random.getstate(), name, *(np.asarray(part).tobytes() for part in parts))
    if is_loaded():
        state += (torch.get_rng_state().numpy().tobytes(),)
    return hashlib.sha256(repr(state).encode()).hexdigest()
