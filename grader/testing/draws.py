"""Ask a function many times, and count its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete

from grader.testing.networks import number
from grader.testing.shown import shown


@shown
def counts(choose: Callable[..., Any], q_values: np.ndarray, epsilon: float, rng: Any, times: int) -> np.ndarray:
    """Ask ``choose(q_values, epsilon, rng)`` so many times, and count how often each action comes.

    Raises:
        AssertionError: an answer is not an action.
    """
    found = np.zeros(len(q_values), dtype=int)
    for _ in range(times):
        action = choose(q_values, epsilon, rng)
        if not Discrete(len(q_values)).contains(action):
            raise AssertionError(f"an action, a whole number from 0 to {len(q_values) - 1}{_instead(action, q_values)}")
        found[int(action)] += 1
    return found


def _instead(action: Any, q_values: np.ndarray) -> str:
    """Say what is wrong with an answer that is no action, as far as it can be said."""
    if isinstance(action, float | np.floating):
        return ", and not a value" if action in q_values else ", as an int"
    return ", counted from 0" if isinstance(action, int | np.integer) else ", and nothing around it"


@shown
def different(function: Callable[..., Any], *given: Any, times: int) -> set[Any]:
    """The different answers to one question that is asked so many times."""
    return {number(function(*given)) for _ in range(times)}
