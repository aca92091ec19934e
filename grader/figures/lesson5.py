"""Figures of lesson 5: a buffer at work, and why a batch from it is worth more than the latest transitions."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grader.course import find_root, load
from grader.figures.motion import Motion, in_turn
from grader.figures.style import BLUE, GREY, INK, ORANGE
from grader.lessons.reference import reference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 400
_BATCH = 24
_CAPACITY, _PUSHES, _DRAWN, _BATCHES = 6, 8, 3, 3
"""As in the lesson's drawing of a buffer."""


def buffer() -> Figure:
    """Eight transitions come to a buffer with room for six, and then batches of three are drawn."""
    from matplotlib import pyplot
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    held, drawn = _moments()
    figure, axes = pyplot.subplots(figsize=(4.8, 1.7))
    for i, places in enumerate(held):
        new, batch = i - 1 if 0 < i <= _PUSHES else None, drawn[i]
        forgotten = i - _CAPACITY
        if batch:
            told = f"a batch of {_DRAWN}, drawn at random"
        elif new is None:
            told = f"empty, with room for {_CAPACITY}"
        else:
            told = f"t{i} comes" + (f", and t{forgotten} is forgotten" if forgotten > 0 else "")
        axes.text(0.0, 1.25, told, size=12, va="center", gid=f"turn{i}-told")
        for place in range(_CAPACITY):
            there = place < len(places)
            number = places[place] if there else 0
            is_new, is_drawn = there and number == new, there and number in batch
            colour = BLUE if is_drawn else ORANGE if is_new else INK
            box = Rectangle((place + 0.05, 0.0), 0.9, 0.9, ec=colour, lw=3 if is_new or is_drawn else 1)
            box.set_facecolor(to_rgba(colour, 0.25) if is_new or is_drawn else "none")
            box.set_gid(f"turn{i}-box{place}")
            axes.add_patch(box)
            if there:
                weight = "bold" if is_new or is_drawn else "normal"
                label = axes.text(place + 0.5, 0.45, f"t{number + 1}", ha="center", va="center", size=13, weight=weight)
                label.set_gid(f"turn{i}-name{place}")
            if is_new or is_drawn:
                start, end = (-0.1, -0.5) if is_drawn else (-0.5, -0.1)
                axes.annotate(
                    "", (place + 0.5, end), (place + 0.5, start),
                    arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2, "gid": f"turn{i}-arrow{place}"},
                )  # fmt: skip
    axes.set(xlim=(-0.02, _CAPACITY + 0.02), ylim=(-0.55, 1.5))
    axes.axis("off")
    return figure


def _moments() -> tuple[list[list[int]], list[set[int]]]:
    """At each moment, the transitions by their places, and those that are drawn; the solution says which are held."""
    held: list[list[int]] = [[]]
    drawn: list[set[int]] = [set()]
    with reference(load(find_root(Path.cwd()))):
        kept = importlib.import_module("lesson5_replay_buffer").ReplayBuffer(_CAPACITY, seed=1)
        for number in range(_PUSHES):
            kept.push(np.full(1, number, dtype=np.float32), 0, 0.0, np.zeros(1, dtype=np.float32), False)
            held.append([max(n for n in range(number + 1) if n % _CAPACITY == p) for p in range(len(kept))])
            drawn.append(set())
            assert {int(n) for n in kept.sample(len(kept))[0].flat} == set(held[-1]), "the figure shows what is held"
        for _ in range(_BATCHES):
            held.append(held[-1])
            drawn.append({int(n) for n in kept.sample(_DRAWN)[0].flat})
    return held, drawn


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
    figure, rows = pyplot.subplots(2, 1, figsize=(5.2, 3.8), sharex=True, sharey=True)
    for axes, chosen, colour, title in (
        (rows[0], time[-_BATCH:], ORANGE, f"the last {_BATCH}: one fall, seen {_BATCH} times"),
        (rows[1], drawn, BLUE, f"{_BATCH} drawn from the buffer: many episodes"),
    ):
        axes.plot(time, angles, color=GREY, lw=0.8)
        axes.plot(chosen, np.array(angles)[chosen], "o", color=colour, ms=4)
        axes.set_title(title)
        axes.set_ylabel("pole angle")
    rows[1].set_xlabel("transition")
    return figure


_STILL, _MOVING = in_turn([f"turn{i}" for i in range(1 + _PUSHES + _BATCHES)], seconds=1.2, rest=1.0)
FIGURES: dict[str, Callable[[], Figure]] = {"buffer": buffer, "two_batches": two_batches}
MOTION = {
    "buffer": Motion(
        "Six places in a row. t1 to t6 fill them from left to right. t7 takes the place of t1, and t8 that of t2. Then "
        "three batches are drawn, each of three different places.",
        styles=_STILL,
        moving=_MOVING,
    )
}
