"""The run behind the film of lesson 9, and its picture: the clipped objective, with the ratios of a real rollout."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from grader.films.data import Data, written
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_targets
from grader.films.stage import BLUE, FAINT, GREEN, LETTERS, MUTED, ORANGE, Stage, points
from grader.films.watched import COPIES, train

_SEED, _STEPS, _ROLLOUT, _DOTS = 0, 300_000, 3, 40
"""The rollout whose ratios are shown is the fourth: there the policy changes fast."""
_SEEN = np.linspace(0.5, 1.5, 101)


def run(lesson: Any, data: Data) -> None:
    """Train, and watch the ratios of one rollout; train lesson 8 as well, to compare.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import torch

    rollouts: list[list[Any]] = []
    surrogate, advantages_of = lesson.clipped_surrogate_loss, lesson.generalized_advantages

    def watched_advantages(*how: Any) -> Any:
        rollouts.append([])
        return advantages_of(*how)

    def watched_loss(log_probs: Any, old_log_probs: Any, advantages: Any, clip: float) -> Any:
        if len(rollouts) == _ROLLOUT + 1:
            ratios = lesson.probability_ratio(log_probs, old_log_probs).detach().numpy()
            rollouts[-1].append((ratios, advantages.numpy(), clip))
        return surrogate(log_probs, old_log_probs, advantages, clip)

    lesson.clipped_surrogate_loss, lesson.generalized_advantages = watched_loss, watched_advantages
    try:
        _, source = train(lesson, data, max_steps=_STEPS, seed=_SEED)
    finally:
        lesson.clipped_surrogate_loss, lesson.generalized_advantages = surrogate, advantages_of
    settings = lesson.Settings()
    clip = settings.clip
    updates = rollouts[_ROLLOUT]
    good, bad, beyond = [], [], []
    for ratios, advantages, _ in updates:
        good.append(ratios[advantages > 0][:_DOTS])
        bad.append(ratios[advantages < 0][:_DOTS])
        outside = ((advantages > 0) & (ratios > 1 + clip)) | ((advantages < 0) & (ratios < 1 - clip))
        beyond.append(100 * float(outside.mean()))
    told = f"ratios of {_DOTS} good and {_DOTS} bad actions in each update of rollout {_ROLLOUT + 1} of {source}"
    data.record("ratios", told, good=good, bad=bad, beyond=beyond)

    def objective(advantage: float) -> list[float]:
        one = torch.ones(1)
        return [
            -float(surrogate(torch.tensor([ratio]).log(), torch.zeros(1), advantage * one, clip)) for ratio in _SEEN
        ]

    data.record("objective", "minus clipped_surrogate_loss of lesson 9 for one action, over its ratio", ratio=_SEEN,
                good=objective(1.0), bad=objective(-1.0))  # fmt: skip
    data.add("clip", 100 * clip, "Settings of lesson 9, in percent")
    data.add("epochs", settings.epochs, "Settings of lesson 9")
    data.add("rollout", settings.rollout, "Settings of lesson 9")
    data.add("collected", settings.rollout * COPIES, "steps that one rollout of lesson 9 collects")
    data.add("updates", len(updates), f"updates from rollout {_ROLLOUT + 1} of {source}")
    data.add("beyond", beyond[-1], f"actions beyond the clip in the last update of rollout {_ROLLOUT + 1}, in percent")
    other = Data()
    _, before = train(importlib.import_module("lesson8_actor_critic"), other, max_steps=_STEPS, seed=_SEED)
    earlier = other.series("returns", "step", "mean")
    data.record("earlier", f"returns of the episodes in {before}", step=earlier["step"], mean=earlier["mean"])
    data.add("earlier.steps", other.number("steps"), f"environment steps of {before}")


class Clip(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="clip"):
    """The pay that PPO gives for a good action and for a bad one, over the ratio, with a dot for each of some actions.

    Attributes:
        until: the update that each caption arrives at; -1 is the last one.
        first: the update to begin with.
        line: whether the objective is drawn; without it, the dots stand on what an objective without a clip would pay.
        dots: whether there are dots.
    """

    until: tuple[int, ...]
    first: int = 0
    line: bool = True
    dots: bool = True

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw two charts, and move the dots."""
        ratios = data.series("ratios", "good", "bad")
        objective = data.series("objective", "ratio", "good", "bad")
        clip = data.number("clip") / 100
        panels = []
        for i, (name, sign, colour) in enumerate((("good", 1.0, GREEN), ("bad", -1.0, ORANGE))):
            axes = stage.chart(120 + 600 * i, 130, 620 + 600 * i, 460)
            axes.set(xlim=(0.5, 1.5), ylim=(0.4, 1.6) if sign > 0 else (-1.6, -0.4), xticks=[1 - clip, 1, 1 + clip])
            axes.set_yticks([])
            axes.set_ylabel("what it pays")
            axes.set_xlabel("ratio: now / then")
            axes.set_title(f"a {name} action", color=colour, size=points(LETTERS + 4))
            axes.axvline(1.0, color=FAINT, linewidth=2)
            axes.plot(_SEEN, sign * _SEEN, color=MUTED, linewidth=2, linestyle="--")
            if self.line:
                axes.plot(objective["ratio"], objective[name], color=colour, linewidth=4)
            paid = objective[name] if self.line else sign * objective["ratio"]
            (dots,) = axes.plot([], [], "o", color=BLUE, markersize=9, alpha=0.75, markeredgewidth=0)
            panels.append((stage.moving(dots), ratios[name], paid))
        counter = stage.moving(stage.text(640, 536, "", color=MUTED))
        updates = len(ratios["good"])

        def draw(update: int) -> None:
            counter.set_text(f"update {written(update + 1)} of {updates}" if self.dots else "")
            for dots, found, paid in panels:
                if self.dots:
                    now = np.clip(found[update], 0.5, 1.5)
                    dots.set_data(now, np.interp(now, objective["ratio"], paid))

        return Show(by_targets(times, self.until, updates, self.first), draw)
