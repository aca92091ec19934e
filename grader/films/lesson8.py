"""The run behind the film of lesson 8, and its picture: what the critic expects while the pole stands and falls."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import gymnasium
import numpy as np

from grader.films.cart import CartArtist
from grader.films.data import Data
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_targets
from grader.films.stage import BLUE, GREEN, LETTERS, MUTED, ORANGE, Stage, points
from grader.films.watched import COPIES, train

_SEED, _STEPS, _HALF_WAY = 2, 300_000, 0.55
_LATE = 20
_LENGTH = range(60, 110)
"""The length that an episode may have that is shown step by step."""


def run(lesson: Any, data: Data) -> None:
    """Train, keep the model as it was half way, and let it play an episode that ends in a fall.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    models: list[Any] = []
    kept: list[Any] = []
    new_model, loss = lesson.new_model, lesson.critic_loss

    def watched_model(*how: Any) -> Any:
        models.append(new_model(*how))
        return models[-1]

    def watched_loss(*how: Any) -> Any:
        kept.append(copy.deepcopy(models[-1].state_dict()))
        return loss(*how)

    lesson.new_model, lesson.critic_loss = watched_model, watched_loss
    try:
        _, source = train(lesson, data, max_steps=_STEPS, seed=_SEED)
    finally:
        lesson.new_model, lesson.critic_loss = new_model, loss
    data.add("updates", len(kept), f"updates in {source}")
    at = int(len(kept) * _HALF_WAY)
    models[-1].load_state_dict(kept[at])
    _episode(lesson, data, models[-1], f"the model of update {at} in {source}")
    settings = lesson.Settings()
    data.add("rollout", settings.rollout, "Settings of lesson 8")
    data.add("learnt", settings.rollout * COPIES, "steps that one update of lesson 8 learns from")


def _episode(lesson: Any, data: Data, model: Any, source: str) -> None:
    """Put in an episode of a model that acts by chance, with the critic's values and the advantages of lesson 8."""
    import torch

    first = importlib.import_module("lesson1_agent_loop")
    generator = torch.Generator().manual_seed(_SEED)
    env = gymnasium.make("CartPole-v1")

    def act(observation: Any) -> int:
        return int(lesson.sample_actions(model, observation[None], generator)[0])

    for i in range(200):
        episode = first.run_episode(env, act, seed=_SEED if i == 0 else None)
        if episode[-1].terminated and len(episode) in _LENGTH:
            break
    else:
        raise AssertionError(f"no episode of {source} has a length that can be shown")
    states = np.array([each.state for each in episode] + [episode[-1].next_state])
    settings = lesson.Settings()
    with torch.no_grad():
        values = model(torch.as_tensor(states))[1].unsqueeze(1)
    column = torch.zeros(len(episode), 1)
    terminated = column.clone()
    terminated[-1] = 1.0
    rewards = settings.reward_scale * torch.tensor([[each.reward] for each in episode])
    advantages = lesson.generalized_advantages(
        rewards, values[:-1], values[1:], terminated, column, settings.gamma, settings.lam
    )
    # The lesson scales rewards for the critic's sake; the film tells them in steps.
    told = values.squeeze(1).numpy() / settings.reward_scale
    gained = advantages.squeeze(1).numpy() / settings.reward_scale
    data.record("critic", f"an episode with {source}, seed {_SEED}", x=states[:, 0], angle=states[:, 2],
                actions=[each.action for each in episode], value=told[:-1], advantage=gained,
                terminated=True, truncated=False)  # fmt: skip
    data.add("length", len(episode), f"length of an episode with {source}")
    data.add("start", told[0], f"reward that the critic expects at the start of that episode, with {source}")
    data.add("late", told[-1 - _LATE], f"reward that it expects, {_LATE} steps before the end of that episode")
    data.add("before", _LATE, "how many steps before the end the film asks the critic")


class Critic(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="critic"):
    """The cart, and beside it what the critic expects, or what the actions were worth beyond that.

    Attributes:
        until: the step that each caption arrives at; -1 is the last one.
        advantages: whether bars for the advantages stand there as well.
        first: the step to begin with.
    """

    until: tuple[int, ...]
    advantages: bool = False
    first: int = 0

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the cart at the left, and let the curves grow at the right."""
        from matplotlib.collections import LineCollection

        series = data.series("critic", "x", "angle", "actions", "value", "advantage")
        steps = len(series["actions"])
        value, advantage = series["value"], series["advantage"]
        cart = CartArtist(stage, 30, 520, 480)
        counter = stage.moving(stage.text(275, 110, "", size=32))
        size = points(LETTERS)
        axes = stage.chart(660, 110, 1220, 270 if self.advantages else 480)
        axes.set(xlim=(0, steps), ylim=(0, 1.15 * float(value.max())))
        axes.text(0.02, 1.02, "expected reward to come", color=BLUE, size=size, transform=axes.transAxes)
        (line,) = axes.plot([], [], color=BLUE, linewidth=3.5)
        stage.moving(line)
        bars = LineCollection([], linewidth=5)
        if self.advantages:
            axes.set_xticks([])
            axes = stage.chart(660, 340, 1220, 480)
            most = 1.15 * float(np.abs(advantage).max())
            axes.set(xlim=(0, steps), ylim=(-most, most))
            axes.text(0.02, 1.04, "advantage", color=GREEN, size=size, transform=axes.transAxes)
            axes.axhline(0.0, color=MUTED, linewidth=1.5)
            stage.moving(axes.add_collection(bars, autolim=False))
        axes.set_xlabel("step")

        def draw(step: int) -> None:
            shown = min(step + 1, steps)
            cart.put(series["x"][step], series["angle"][step], int(series["actions"][step]) if step < steps else None)
            counter.set_text(f"step {step}" if step < steps else f"step {step}: the pole fell")
            counter.set_color(ORANGE if step == steps else MUTED)
            line.set_data(np.arange(shown), value[:shown])
            if self.advantages:
                bars.set_segments([[(t, 0.0), (t, float(advantage[t]))] for t in range(min(step, steps))])
                bars.set_color([GREEN if each > 0 else ORANGE for each in advantage[:step]])

        return Show(by_targets(times, self.until, steps + 1, self.first), draw)
