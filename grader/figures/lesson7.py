"""Figures of lesson 7: a batch of returns before and after standardizing, and a policy trained on such returns only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE


def standardized() -> Figure:
    """The returns of one CartPole episode of 24 steps, as they are and standardized."""
    returns = np.array([(1 - 0.99 ** (24 - t)) / (1 - 0.99) for t in range(24)])
    standard = (returns - returns.mean()) / returns.std()
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
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


def three_actions() -> Figure:
    """The probabilities of three actions over 150 updates of REINFORCE, for a task with a single choice."""
    worth = np.array([1.0, 2.0, 3.0])
    rng = np.random.default_rng(3)
    logits = np.zeros(3)
    history = []
    for _ in range(150):
        probabilities = np.exp(logits) / np.exp(logits).sum()
        history.append(probabilities)
        actions = rng.choice(3, size=16, p=probabilities)
        returns = worth[actions] + rng.normal(0.0, 2.0, size=16)
        standard = (returns - returns.mean()) / (returns.std() + 1e-6)
        # The gradient of log softmax in the logits: one-hot(action) - probabilities.
        logits += 0.2 * (standard[:, None] * (np.eye(3)[actions] - probabilities)).mean(axis=0)
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
    axes = figure.subplots()
    for i, (curve, colour) in enumerate(zip(np.array(history).T, (ORANGE, GREEN, BLUE), strict=True)):
        axes.plot(curve, color=colour, linewidth=2, label=f"action {i}, worth {worth[i]:g} on average")
    axes.set_xlabel("updates, with 16 noisy returns each", color=INK)
    axes.set_ylabel("π(a)", color=INK)
    axes.set_ylim(0.0, 1.0)
    axes.legend(frameon=False, labelcolor=INK)
    return figure


FIGURES: dict[str, Callable[[], Figure]] = {"standardized": standardized, "three_actions": three_actions}
