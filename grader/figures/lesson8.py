"""Figures of lesson 8: how far an advantage looks ahead, and what the end of an episode cuts off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grader.figures.motion import Motion, arriving
from grader.figures.style import BLUE, GREEN, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


STEPS, END, GAMMA, LAM, REWARD, NEXT_VALUE = 8, 3, 0.9, 0.9, 1.0, 10.0
"""A column of a rollout: every reward is 1, every value 0 and every next value 10; something may end with step 3."""

ENDS = ("", "truncated", "terminated")


def weights_of_the_deltas() -> Figure:
    """(γλ)^k over k, for three λ: the weight of the δ of k steps later in this step's advantage."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(5.2, 2.8), layout="constrained")
    axes = figure.subplots()
    steps = np.arange(21)
    # Each name stands above its own curve.
    for lam, colour, mark, at in ((0.5, GREEN, "s", 1), (0.9, ORANGE, "^", 5), (0.99, BLUE, "o", 9)):
        weights = (0.99 * lam) ** steps
        axes.plot(steps, weights, color=colour, marker=mark, markersize=3.5)
        axes.text(at + 0.5, weights[at] + 0.04, f"λ = {lam:g}", color=colour, size=11)
    axes.text(20, 1.0, "γ = 0.99", ha="right", size=11)
    axes.set_xlabel("k, steps after this one")
    axes.set_ylabel("weight of its δ, (γλ)^k")
    axes.set(ylim=(0.0, 1.08), xticks=range(0, 21, 5))
    return figure


def advantages(end: str) -> tuple[list[float], list[float]]:
    """δ of each step, and what is carried over from the next step, where step 3 ends so; in the order of time."""
    deltas, carried, later = [], [], 0.0
    for t in reversed(range(STEPS)):
        over = t == END and end
        deltas.append(REWARD + (0.0 if over and end == "terminated" else GAMMA * NEXT_VALUE))
        carried.append(0.0 if over else GAMMA * LAM * later)
        later = deltas[-1] + carried[-1]
    return deltas[::-1], carried[::-1]


def what_an_end_cuts() -> Figure:
    """The advantages of such a column, from the last step to the first, with three kinds of end."""
    from matplotlib import pyplot
    from matplotlib.patches import Patch, Rectangle

    figure, rows = pyplot.subplots(3, 1, figsize=(4.8, 4.8), sharex=True, sharey=True)
    for axes, end in zip(rows, ENDS, strict=True):
        for t, (delta, carried) in enumerate(zip(*advantages(end), strict=True)):
            gid = f"come{STEPS - t}-{end}"
            axes.add_patch(Rectangle((t - 0.38, 0.0), 0.76, delta, fc=BLUE, lw=0, gid=f"{gid}delta"))
            if carried:
                above = Rectangle((t - 0.38, delta), 0.76, carried, fc="none", ec=ORANGE, lw=1.2, hatch="////")
                above.set_gid(f"{gid}carried")
                axes.add_patch(above)
        if end:
            axes.axvline(END + 0.5, color=INK, lw=1.4, ls="--")
        axes.set_title(f"step {END} is {end}" if end else "nothing ends", size=11, loc="left")
        axes.set(xlim=(-0.6, STEPS - 0.4), ylim=(0, 47), xticks=range(STEPS), yticks=[0, 20, 40])
    rows[1].set_ylabel("advantage", size=11)
    rows[2].set_xlabel("step", size=11)
    parts = [Patch(fc=BLUE, label="δ"), Patch(fc="none", ec=ORANGE, hatch="////", label="carried over")]
    figure.legend(handles=parts, loc="outside upper left", ncols=2, fontsize=11)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {
    "weights_of_the_deltas": weights_of_the_deltas,
    "what_an_end_cuts": what_an_end_cuts,
}
MOTION = {
    "what_an_end_cuts": Motion(
        "Advantages come from the last step to the first. Each is a δ, and upon it what is carried over from the step "
        "after it. Where step 3 is truncated, nothing is carried over to it. Where it is terminated, nothing is "
        "carried over either, and its δ is small, because no next value counts.",
        moving=arriving([f"come{i}" for i in range(STEPS + 1)], seconds=1.0, rest=3.0),
    )
}
