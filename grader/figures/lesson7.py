"""Figures of lesson 7: a batch of returns before and after standardizing, and a policy trained on such returns only."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from grader.figures.motion import Motion, in_turn
from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE

_COLOURS = (ORANGE, GREEN, BLUE)


def standardized() -> Figure:
    """The returns of one CartPole episode of 24 steps, as they are and standardized."""
    returns = np.array([(1 - 0.99 ** (24 - t)) / (1 - 0.99) for t in range(24)])
    standard = (returns - returns.mean()) / returns.std()
    figure = Figure(figsize=(5.6, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _arrows(left, returns, "the returns as they are")
    _arrows(right, standard, "standardized")
    left.set_ylabel("push on log π(a|s)", color=INK)
    return figure


def _arrows(axes: Axes, values: np.ndarray, title: str) -> None:
    steps = np.arange(len(values))
    axes.vlines(steps, 0.0, values, colors=[BLUE if value > 0 else ORANGE for value in values], linewidth=3)
    axes.axhline(0.0, color=GREY, linewidth=1)
    axes.set_title(title, color=INK, fontsize=11)
    axes.set_xlabel("step of the episode", color=INK)


WORTH = np.array([1.0, 2.0, 3.0])
"""What three actions pay on average."""
_SHOWN = (0, 4, 8, 12, 16, 20, 30, 40, 60, 149)
"""The updates that are shown one after another."""


@dataclasses.dataclass(frozen=True)
class _Update:
    """One update: the chances of the actions before it (3,), the actions (16,) that were drawn, and their returns."""

    chances: NDArray[np.float64]
    actions: NDArray[np.int64]
    returns: NDArray[np.float64]


def _updates() -> list[_Update]:
    """150 updates of REINFORCE, for a task with a single choice."""
    rng = np.random.default_rng(3)
    logits = np.zeros(3)
    history = []
    for _ in range(150):
        probabilities = np.exp(logits) / np.exp(logits).sum()
        actions = rng.choice(3, size=16, p=probabilities)
        returns = WORTH[actions] + rng.normal(0.0, 2.0, size=16)
        history.append(_Update(probabilities, actions, returns))
        standard = (returns - returns.mean()) / (returns.std() + 1e-6)
        # The gradient of log softmax in the logits: one-hot(action) - probabilities.
        logits += 0.2 * (standard[:, None] * (np.eye(3)[actions] - probabilities)).mean(axis=0)
    return history


def three_actions() -> Figure:
    """The probabilities of three actions over 150 updates."""
    figure = Figure(figsize=(5.6, 2.8), layout="constrained")
    axes = figure.subplots()
    curves = np.array([each.chances for each in _updates()]).T
    for curve, colour, line in zip(curves, _COLOURS, (":", "--", "-"), strict=True):
        axes.plot(curve, color=colour, linewidth=2.2, linestyle=line)
    axes.text(150, 0.86, "action 2, worth 3 on average", color=_COLOURS[2], ha="right", va="top")
    axes.text(150, 0.17, "action 1, worth 2", color=_COLOURS[1], ha="right", va="center")
    axes.text(0, 0.03, "action 0, worth 1", color=_COLOURS[0], ha="left", va="center")
    axes.set_xlabel("updates, with 16 noisy returns each", color=INK)
    axes.set_ylabel("π(a)", color=INK)
    axes.set_ylim(0.0, 1.0)
    return figure


def pushes() -> Figure:
    """Some of these updates: the returns that were drawn, above and below their mean, and the chances."""
    figure = Figure(figsize=(4.8, 4.2), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[1.7, 1.0])
    history = _updates()
    for i, number in enumerate(_SHOWN):
        update = history[number]
        mean = float(update.returns.mean())
        above.text(-0.5, 8.6, f"update {number + 1}", size=12, va="top", gid=f"turn{i}-told")
        above.plot([-0.5, 2.5], [mean, mean], color=GREY, lw=1.2, ls="--", gid=f"turn{i}-mean")
        above.text(2.55, mean, "mean", size=10, va="center", gid=f"turn{i}-name")
        for kind, chosen, mark, colour in (
            ("up", update.returns > mean, "^", BLUE),
            ("down", update.returns <= mean, "v", ORANGE),
        ):
            # Those of one action stand beside one another, in the order in which they were drawn.
            aside = np.linspace(-0.36, 0.36, len(update.returns))
            x = (update.actions + aside)[chosen]
            above.plot(x, update.returns[chosen], mark, color=colour, ms=7, gid=f"turn{i}-{kind}")
        for action, chance in enumerate(update.chances):
            bar = Rectangle((action - 0.36, 0.0), 0.72, float(chance), color=INK, alpha=0.45, lw=0)
            bar.set_gid(f"turn{i}-bar{action}")
            below.add_patch(bar)
            text = below.text(action, float(chance) + 0.04, f"{100 * chance:.0f} %", ha="center", size=11)
            text.set_gid(f"turn{i}-chance{action}")
    above.text(2.5, 8.6, "▲ up   ▼ down", size=11, ha="right", va="top", color=INK)
    above.set(xlim=(-0.55, 2.95), ylim=(-4, 8.8), xticks=[], yticks=[0, 5])
    above.set_ylabel("return", size=11)
    below.set(xlim=(-0.55, 2.95), ylim=(0, 1.25), xticks=range(3), yticks=[0, 1])
    below.set_xticklabels([f"action {i}" for i in range(3)], size=11)
    below.set_ylabel("π(a)", size=11)
    return figure


_STILL, _MOVING = in_turn([f"turn{i}" for i in range(len(_SHOWN))], seconds=1.3, rest=2.0)
FIGURES: dict[str, Callable[[], Figure]] = {
    "pushes": pushes,
    "standardized": standardized,
    "three_actions": three_actions,
}
MOTION = {
    "pushes": Motion(
        "Above, the returns of 16 actions, as triangles: those above the mean point up, the others down. Below, how "
        "likely each action is. At first all three are drawn equally often, and most triangles of the third action "
        "point up. So it becomes likelier from update to update, until hardly any other one is drawn.",
        styles=_STILL,
        moving=_MOVING,
    )
}
