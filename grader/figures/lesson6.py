"""Figures of lesson 6: two networks that follow each other, and learning curves of training runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from grader.figures.curves import training_runs
from grader.figures.motion import Motion, Stop, carried, in_turn
from grader.figures.style import BLUE, GREEN, GREY, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REWARD, GAMMA, RATE, TAU, UPDATES = 1.0, 0.5, 0.25, 0.25, 40
"""Of a state that leads to itself, and so is worth 1 + 0.5 · 2 = 2. Moves are large, to be seen."""
START = 0.2

_SIZE, _BOX, _HIGH = (4.8, 3.4), (0.06, 0.13, 0.92, 0.66), 2.45
"""The picture's inches, the part of it that is the chart, and the chart's highest value."""
_TOLD = (
    "y = 1 + 0.5 · what the target network says",
    "Q moves toward y, half of the way",
    "the target network follows Q,\na quarter of the way",
    "and again, and again",
)
_SLOW, _FAST, _REST = 2.0, 0.3, 3.0
"""Seconds for a move of the first update, which is told in words, for each other update, and for a look at the end."""


def updates() -> list[tuple[float, float, float]]:
    """The values Q, y and that of the target network: at first, and after each move of one of them."""
    q = y = target = START
    found = [(q, y, target)]
    for _ in range(UPDATES):
        y = REWARD + GAMMA * target
        found.append((q, y, target))
        q -= RATE * 2 * (q - y)  # the gradient of (Q - y)²
        found.append((q, y, target))
        target = (1 - TAU) * target + TAU * q
        found.append((q, y, target))
    return found


def two_networks() -> Figure:
    """The values of a state on one scale: the Q-network's, the target y, and the target network's."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=_SIZE, layout="none")
    axes = figure.add_axes(_BOX)
    axes.set(xlim=(0, 3), ylim=(0, _HIGH), xticks=[], yticks=[0, 1, 2])
    axes.axhline(2.0, color=GREY, lw=1, ls=":")
    axes.text(0.04, 2.18, "what the state is worth", size=10, color=GREY)
    names = ("Q-network: Q(s, a)", "y", "target network")
    looks = (BLUE, "o"), (GREEN, "D"), (ORANGE, "s")
    for i, (name, end, (colour, mark)) in enumerate(zip(names, updates()[-1], looks, strict=True)):
        axes.plot([i + 0.12, i + 0.88], [end, end], color=colour, lw=3, gid=f"value{i}-line")
        axes.plot([i + 0.5], [end], mark, color=colour, ms=11, gid=f"value{i}-mark")
        axes.text(i + 0.5, -0.1, name, ha="center", va="top", size=11, color=colour)
    for i, told in enumerate(_TOLD):
        figure.text(0.06, 0.98, told, size=12, va="top", linespacing=1.3, color=INK, gid=f"turn{i}-told")
    return figure


def three_runs() -> Figure:
    """The curves of three runs of the reference."""
    return training_runs("6")


def _ways() -> tuple[list[list[Stop]], float]:
    """The ways of the three values, and the seconds until they begin anew."""
    scale = _SIZE[1] * 72 * _BOX[3] / _HIGH
    found = updates()
    ways: list[list[Stop]] = [[Stop(0.0, 0.0, scale * START)] for _ in range(3)]
    at = 0.0
    for before, now in itertools.pairwise(found[:4]):
        for way, old, new in zip(ways, before, now, strict=True):
            # It moves in the middle, and stands before and after: so one sees which one moves.
            way += [Stop(at + _SLOW * 0.3, 0.0, scale * old), Stop(at + _SLOW * 0.8, 0.0, scale * new)]
        at += _SLOW
    for now in found[3::3]:
        for way, new in zip(ways, now, strict=True):
            way.append(Stop(at, 0.0, scale * new))
        at += _FAST
    return ways, at + _REST


_WAYS, _WHOLE = _ways()
_STILL, _MOVING = in_turn([f"turn{i}" for i in range(len(_TOLD))], seconds=_SLOW, rest=_WHOLE - len(_TOLD) * _SLOW)
FIGURES: dict[str, Callable[[], Figure]] = {"two_networks": two_networks, "three_runs": three_runs}
MOTION = {
    "two_networks": Motion(
        "Three marks on one scale. y moves to 1 plus half of the target network's value; then Q moves half of the way "
        "toward y; then the target network moves a quarter of the way toward Q. And again and again: all three climb "
        "to 2, which is what the state is worth.",
        styles=_STILL,
        moving=_MOVING + "".join(carried(f"value{i}", way, _WHOLE) for i, way in enumerate(_WAYS)),
    )
}
