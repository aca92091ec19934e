"""Figures of lesson 9: the clipped objective for a good and for a bad action."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grader.figures.style import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def clipped_objective() -> Figure:
    """min(ratio · A, clamp(ratio) · A) over the ratio, for A = 1 and A = -1 and clip 0.2."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(6.4, 2.8), layout="constrained")
    ratio, clip = np.linspace(0.4, 1.6, 241), 0.2
    clipped = np.clip(ratio, 1.0 - clip, 1.0 + clip)
    for axes, advantage, colour in zip(figure.subplots(1, 2), (1.0, -1.0), (BLUE, ORANGE), strict=True):
        axes.plot(ratio, ratio * advantage, color=GREY, linestyle="--", label="not clipped")
        axes.plot(ratio, np.minimum(ratio * advantage, clipped * advantage), color=colour, label="PPO")
        axes.axvline(1.0, color=INK, linewidth=0.8, linestyle=":")
        axes.set_title(f"A = {advantage:+g}: " + ("a good action" if advantage > 0 else "a bad action"))
        axes.set_xlabel("ratio")
        axes.legend(frameon=False)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"clipped_objective": clipped_objective}
