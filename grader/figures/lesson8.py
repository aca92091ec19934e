"""Figures of lesson 8: how far an advantage looks ahead, and what the end of an episode cuts off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def weights_of_the_deltas() -> Figure:
    """(γλ)^k over k, for three λ: the weight of the δ of k steps later in this step's advantage."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(6.0, 2.8), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(21)
    for lam, colour in ((0.5, GREEN), (0.9, ORANGE), (0.99, BLUE)):
        axes.plot(steps, (0.99 * lam) ** steps, color=colour, marker="o", markersize=3, label=f"λ = {lam:g}")
    axes.set_xlabel("k, steps after this one")
    axes.set_ylabel("weight of its δ, (γλ)^k")
    axes.set_ylim(0.0, 1.05)
    axes.legend(title="γ = 0.99", loc=(0.72, 0.32))
    return figure


def what_an_end_cuts() -> Figure:
    """One column of a rollout: every reward is 1, every value 0, every next value 10, and step 4 ends in three ways."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(6.0, 2.8), layout="constrained")
    axes = figure.subplots()
    steps, gamma, lam, end = 10, 0.9, 0.9, 4
    for name, colour, offset in (("no end", GREY, -0.27), ("truncated", BLUE, 0.0), ("terminated", ORANGE, 0.27)):
        advantages, carried = np.zeros(steps), 0.0
        for t in reversed(range(steps)):
            over = t == end and name != "no end"
            bootstrap = 0.0 if t == end and name == "terminated" else gamma * 10.0
            carried = 1.0 + bootstrap + (0.0 if over else gamma * lam * carried)
            advantages[t] = carried
        axes.bar(np.arange(steps) + offset, advantages, width=0.25, color=colour, label=name)
    axes.axvline(end + 0.5, color=INK, linewidth=1.0, linestyle="--")
    axes.set_xticks(range(steps))
    axes.set_xlabel("t; an episode ends with step 4")
    axes.set_ylabel("advantage")
    axes.legend(title="step 4 is")
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "weights_of_the_deltas": weights_of_the_deltas,
    "what_an_end_cuts": what_an_end_cuts,
}
