"""Figure of lesson 9: the clipped objective for a good and for a bad action, and where its gradient moves a ratio."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from grader.figures.motion import Motion, Stop, carried
from grader.figures.style import BLUE, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLIP = 0.2
RATE, MOVES = 0.03, 30
STARTS = {1.0: (0.65, 1.0), -1.0: (1.35, 1.0)}
"""For each advantage, a ratio that was moved to the wrong side by mistake, and one as it is before the first update."""
_SIZE, _WIDE, _LOW, _TALL = (5.2, 2.7), 0.38, 0.19, 0.71
_SEEN = 0.5, 1.5
_BEGIN, _MOVE, _WHOLE = 1.0, 0.15, 9.0
"""Seconds before anything moves, for each move, and until all begins anew."""


def objective(ratio: float, advantage: float) -> float:
    """The objective that PPO makes large, of one action."""
    return min(ratio * advantage, float(np.clip(ratio, 1 - CLIP, 1 + CLIP)) * advantage)


def moves(ratio: float, advantage: float) -> list[float]:
    """The ratio after each step along the gradient of the objective in log π; the last one is where it stays."""
    found = [ratio]
    for _ in range(MOVES):
        flat = ratio > 1 + CLIP if advantage > 0 else ratio < 1 - CLIP
        ratio = math.exp(math.log(ratio) + (0.0 if flat else RATE * ratio * advantage))
        found.append(ratio)
    return found


def clipped_objective() -> Figure:
    """min(ratio · A, clamp(ratio) · A) over the ratio, for A = 1 and A = -1, with two ratios that move."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=_SIZE, layout="none")
    ratios = np.linspace(*_SEEN, 101)
    for i, (advantage, colour) in enumerate(((1.0, BLUE), (-1.0, ORANGE))):
        axes = figure.add_axes((0.11 + 0.49 * i, _LOW, _WIDE, _TALL))
        axes.plot(ratios, ratios * advantage, color=GREY, ls="--", lw=1.2)
        axes.plot(ratios, [objective(ratio, advantage) for ratio in ratios], color=colour, lw=2.5)
        axes.axvline(1.0, color=INK, lw=0.8, ls=":")
        axes.set(xlim=_SEEN, xticks=[1 - CLIP, 1, 1 + CLIP], ylim=_high(advantage), yticks=[advantage])
        axes.set_title(f"A = {advantage:+g}:".replace("-", "−") + (" good" if advantage > 0 else " bad"), size=11)
        axes.set_xlabel("ratio", size=11)
        if i == 0:
            axes.set_ylabel("objective", size=11)
        good = advantage > 0
        axes.text(1.35 if good else 0.65, 1.1 if good else -0.9, "no pull", ha="center", size=10)
        for j, start in enumerate(STARTS[advantage]):
            axes.plot([start], [objective(start, advantage)], "o", mfc="none", mec=INK, ms=9)
            end = moves(start, advantage)[-1]
            y = objective(end, advantage)
            axes.plot([end], [y], "os"[j], color=INK, ms=8, gid=f"dot{i}{j}-mark")
            pull = {"arrowstyle": "-|>", "color": INK, "lw": 2, "gid": f"pull{i}{j}-arrow"}
            axes.annotate("", (end + 0.24 * advantage, y), (end + 0.04 * advantage, y), arrowprops=pull)
    return figure


def _high(advantage: float) -> tuple[float, float]:
    return (0.45, 1.55) if advantage > 0 else (-1.55, -0.45)


def _way(start: float, advantage: float, *, pulls: bool) -> list[Stop]:
    """The way of a dot, or of the arrow at it, which is gone where nothing pulls."""
    low, high = _high(advantage)
    right = _SIZE[0] * 72 * _WIDE / (_SEEN[1] - _SEEN[0])
    up = _SIZE[1] * 72 * _TALL / (high - low)
    found = moves(start, advantage)
    stays = found.index(found[-1])
    way = [Stop(0.0, right * start, up * objective(start, advantage), 1.0)]
    for i, ratio in enumerate(found[: stays + 1]):
        shown = 0.0 if pulls and i == stays else 1.0
        way.append(Stop(_BEGIN + _MOVE * i, right * ratio, up * objective(ratio, advantage), shown))
    return way


FIGURES: dict[str, Callable[[], Figure]] = {"clipped_objective": clipped_objective}
MOTION = {
    "clipped_objective": Motion(
        "On each line, two dots follow the arrow that pulls at them. One begins at ratio 1, the other on the wrong "
        "side of it. For the good action both move to the right, up to 1.2; for the bad one to the left, down to 0.8. "
        "Behind that the line is flat, the arrows are gone, and the dots stay.",
        styles='[id^="pull"]{visibility:hidden}',
        moving='[id^="pull"]{visibility:visible}'
        + "".join(
            carried(f"{name}{i}{j}", _way(start, advantage, pulls=name == "pull"), _WHOLE)
            for i, advantage in enumerate((1.0, -1.0))
            for j, start in enumerate(STARTS[advantage])
            for name in ("dot", "pull")
        ),
    )
}
