"""The figure of lesson 5: why a batch from a buffer is worth more than the latest transitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grader.figures.style import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 400
_BATCH = 24


def two_batches() -> Figure:
    """Pole angles along some episodes of a random policy: the last 24 of them, and 24 drawn from all."""
    import gymnasium
    from matplotlib import pyplot

    env = gymnasium.make("CartPole-v1")
    rng = np.random.default_rng(5)
    angles: list[float] = []
    observation, _ = env.reset(seed=5)
    while len(angles) < _SIZE:
        angles.append(float(observation[2]))
        observation, _, terminated, truncated, _ = env.step(int(rng.integers(2)))
        if terminated or truncated:
            observation, _ = env.reset()
    env.close()
    time = np.arange(_SIZE)
    drawn = np.sort(rng.choice(_SIZE, size=_BATCH, replace=False))
    figure, rows = pyplot.subplots(2, 1, figsize=(6.4, 3.6), sharex=True, sharey=True)
    for axes, chosen, colour, title in (
        (rows[0], time[-_BATCH:], ORANGE, f"the last {_BATCH} transitions: one fall, seen {_BATCH} times"),
        (rows[1], drawn, BLUE, f"{_BATCH} transitions drawn from the buffer: many episodes at once"),
    ):
        axes.plot(time, angles, color=GREY, lw=0.8)
        axes.plot(chosen, np.array(angles)[chosen], "o", color=colour, ms=4)
        axes.set_title(title)
        axes.set_ylabel("pole angle")
    rows[1].set_xlabel("transition")
    return figure


FIGURES = {"two_batches": two_batches}
