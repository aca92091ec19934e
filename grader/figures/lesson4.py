"""The figure of lesson 4: the values of one state are moved, and those of its neighbours move with them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from grader.course import find_root, load
from grader.figures.motion import Motion, in_turn
from grader.figures.style import BLUE, GREY, INK, ORANGE
from grader.lessons.reference import reference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEED = 0
_WISHED = (1.0, 2.0)
_STEPS = (0, 5, 10, 15, 20, 30, 40, 60, 80, 100)
"""After how many steps of the optimizer the values are drawn: often at first, while they move fast."""


def neighbours() -> Figure:
    """Values at many angles of the pole, while the lesson's lines to try move those of one state to 1 and 2."""
    import gymnasium
    import torch
    from matplotlib import pyplot

    torch.set_num_threads(1)
    env = gymnasium.make("CartPole-v1")
    observation, _ = env.reset(seed=_SEED)
    env.close()
    state = torch.as_tensor(observation).unsqueeze(0)
    angles = np.linspace(-0.2, 0.2, 21)
    around = state.repeat(len(angles), 1)
    around[:, 2] = torch.as_tensor(angles, dtype=torch.float32)
    drawn = []
    torch.manual_seed(_SEED)
    with reference(load(find_root(Path.cwd()))):
        lesson = importlib.import_module("lesson4_dqn")
        model = lesson.DQN(4, 2)
        optimizer = lesson.make_optimizer(model)
        for step in range(_STEPS[-1] + 1):
            if step in _STEPS:
                with torch.no_grad():
                    drawn.append(model(around).numpy())
            loss = ((model(state) - torch.tensor([_WISHED])) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    figure, axes = pyplot.subplots(figsize=(4.8, 3.3))
    angle = float(observation[2])
    axes.axvline(angle, color=GREY, lw=1, ls=":")
    for wished, colour in zip(_WISHED, (ORANGE, BLUE), strict=True):
        axes.plot([angle], [wished], "x", color=colour, ms=9, mew=2.5)
    axes.text(angle, -0.5, "the one state", ha="center", size=10)
    for i, (step, values) in enumerate(zip(_STEPS, drawn, strict=True)):
        axes.text(-0.2, 2.5, f"after {step} steps", size=12, color=INK, gid=f"turn{i}-title")
        for j, (name, colour, line) in enumerate((("push left", ORANGE, "--"), ("push right", BLUE, "-"))):
            axes.plot(angles, values[:, j], color=colour, lw=2.5, ls=line, gid=f"turn{i}-line{j}")
            # Before anything is learnt, both are about 0, and their names would lie upon each other.
            up = 0.16 if j else -0.16
            label = axes.text(0.205, values[-1, j] + up * (i < 4), name, color=colour, size=11, va="center")
            label.set_gid(f"turn{i}-name{j}")
    axes.set(xlim=(-0.2, 0.31), ylim=(-0.6, 2.75), xticks=[-0.2, -0.1, 0.0, 0.1, 0.2], yticks=[0, 1, 2])
    axes.set_xlabel("angle of the pole", size=11)
    axes.set_ylabel("value", size=11)
    return figure


_STILL, _MOVING = in_turn([f"turn{i}" for i in range(len(_STEPS))], seconds=0.8, rest=2.5)
FIGURES = {"neighbours": neighbours}
MOTION = {
    "neighbours": Motion(
        "Two lines, the values of both pushes over the angle of the pole. Two crosses mark where they should be in one "
        "state. Step by step, both lines rise until they go through the crosses: whole lines, not that state alone.",
        styles=_STILL,
        moving=_MOVING,
    )
}
