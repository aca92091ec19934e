"""The figure of lesson 1: the messages between agent and environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.figures.motion import Motion, lit
from grader.figures.style import BLUE, INK, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def the_loop() -> Figure:
    """Agent and environment as two boxes, with an arrow each way."""
    from matplotlib import pyplot
    from matplotlib.patches import FancyBboxPatch

    figure, axes = pyplot.subplots(figsize=(6.4, 2.8))
    axes.set(xlim=(0, 10), ylim=(-0.7, 4.3))
    axes.axis("off")
    for x, name, what, colour in (
        (0.2, "agent", "policy(state) → action", BLUE),
        (6.6, "environment", "step(action) → …", ORANGE),
    ):
        axes.add_patch(FancyBboxPatch((x, 1.2), 3.1, 1.6, boxstyle="round,pad=0.1", fill=False, ec=colour, lw=2))
        axes.text(x + 1.55, 2.25, name, ha="center", va="center", color=colour, weight="bold", size=12)
        axes.text(x + 1.55, 1.65, what, ha="center", va="center", family="monospace", size=8)
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": 1.5}
    above = {**arrow, "connectionstyle": "arc3,rad=-0.3"}
    axes.annotate("", xy=(7.2, 2.95), xytext=(2.8, 2.95), arrowprops={**above, "gid": "there-arrow"})
    axes.annotate("", xy=(2.8, 1.05), xytext=(7.2, 1.05), arrowprops={**above, "gid": "back-arrow"})
    axes.text(5, 4.05, "action", ha="center", va="center", gid="there-text")
    told = "next state, reward,\nterminated, truncated"
    axes.text(5, 0.2, told, ha="center", va="top", linespacing=1.3, gid="back-text")
    return figure


FIGURES = {"the_loop": the_loop}
MOTION = {
    "the_loop": Motion(
        "First the action goes from the agent to the environment, then the answer comes back; and so on.",
        moving=lit("there", 0.2, 1.4, 3.2) + lit("back", 1.8, 3.0, 3.2),
    )
}
