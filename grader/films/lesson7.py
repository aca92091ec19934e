"""The run behind the film of lesson 7, and its pictures: chances of a push, and returns that push up or down."""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium
import numpy as np

from grader.films.cart import CartArtist
from grader.films.data import Data, written
from grader.films.pace import Times
from grader.films.show import Picture, Show, steady
from grader.films.stage import BLUE, FAINT, GREEN, INK, MUTED, ORANGE, Stage, points
from grader.films.watched import COPIES, train

_SEED, _STEPS = 0, 450_000
_LEANING = {"left": (0.0, 0.0, -0.08, -0.4), "right": (0.0, 0.0, 0.08, 0.4)}
"""Two states: the pole leans to one side, and goes on falling there."""


def run(lesson: Any, data: Data) -> None:
    """Play a batch with a fresh policy, then train, and watch what becomes of two states.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import torch

    _batch(lesson, data)
    probes = torch.tensor(list(_LEANING.values()))
    chances: list[Any] = []
    policies: list[Any] = []
    loss, fresh_start = lesson.policy_gradient_loss, lesson.fresh_start

    def watched_start(*how: Any) -> Any:
        policies.append(fresh_start(*how))
        return policies[-1]

    def watched_loss(*how: Any) -> Any:
        with torch.no_grad():
            chances.append(policies[-1][0](probes).softmax(dim=1)[:, 1].numpy())
        return loss(*how)

    lesson.policy_gradient_loss, lesson.fresh_start = watched_loss, watched_start
    try:
        _, source = train(lesson, data, max_steps=_STEPS, seed=_SEED)
    finally:
        lesson.policy_gradient_loss, lesson.fresh_start = loss, fresh_start
    with torch.no_grad():
        chances.append(policies[-1][0](probes).softmax(dim=1)[:, 1].numpy())
    left, right = 100 * np.array(chances).T
    data.record("chances", f"chance of a push to the right, in percent, after each update in {source}",
                update=np.arange(len(chances)), left=left, right=right)  # fmt: skip
    data.add("updates", len(chances) - 1, f"updates in {source}")
    for name, values in (("left", left), ("right", right)):
        data.add(f"{name}.first", values[0], f"chance in percent, leaning to the {name}, before {source}")
        data.add(f"{name}.last", values[-1], f"chance in percent, leaning to the {name}, at the end of {source}")


def _batch(lesson: Any, data: Data) -> None:
    """Play as many episodes as there are copies, with a fresh policy; the returns are as the lesson makes them."""
    import torch

    first, second = (importlib.import_module(name) for name in ("lesson1_agent_loop", "lesson2_value_functions"))
    vector = gymnasium.make_vec("CartPole-v1", num_envs=COPIES)
    policy, _ = lesson.fresh_start(vector, _SEED, "cpu")
    generator = torch.Generator().manual_seed(_SEED)
    env = gymnasium.make("CartPole-v1")

    def act(observation: Any) -> int:
        with torch.no_grad():
            return int(lesson.sample_action(policy, torch.as_tensor(observation[None]), generator)[0][0])

    episodes = [first.run_episode(env, act, seed=_SEED if i == 0 else None) for i in range(COPIES)]
    gamma = lesson.Settings().gamma
    returns = [second.returns_to_go([each.reward for each in episode], gamma) for episode in episodes]
    together = torch.as_tensor(np.concatenate(returns), dtype=torch.float32)
    standard = np.split(lesson.standardize(together).numpy(), np.cumsum([len(each) for each in returns])[:-1])
    source = f"{COPIES} episodes of CartPole-v1 with the fresh policy of lesson 7, seed {_SEED}"
    # The shortest, and of those that are not too long to be drawn, the longest.
    order = sorted(range(COPIES), key=lambda i: (len(episodes[i]), i))
    short, long = order[0], [i for i in order if len(episodes[i]) <= 60][-1]
    for name, i in (("short", short), ("long", long)):
        episode = episodes[i]
        states = np.array([each.state for each in episode] + [episode[-1].next_state])
        with torch.no_grad():
            chance = policy(torch.as_tensor(states)).softmax(dim=1).numpy()
        data.record(name, f"one of {source}", x=states[:, 0], angle=states[:, 2], states=states, chances=chance,
                    actions=[each.action for each in episode], terminated=episode[-1].terminated,
                    truncated=episode[-1].truncated, returns=returns[i], standard=standard[i])  # fmt: skip
        data.add(f"{name}.steps", len(episode), f"length of one of {source}")
    data.add("batch", COPIES, "episodes in a batch")
    data.add("mean.return", float(together.mean()), f"mean of all returns in {source}")


class Chances(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="chances"):
    """A cart, the chance that the policy gives each push, and the push that was drawn.

    Attributes:
        episode: a series with x, angle, chances (T + 1, 2) and actions.
        slow: how many frames a step stands.
    """

    episode: str
    slow: int = 8

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the cart, and a bar at each side of it."""
        from matplotlib.patches import Rectangle

        series = data.series(self.episode, "x", "angle", "chances", "actions")
        cart = CartArtist(stage, 260, 1020, 480)
        bars = []
        for x, name in ((130, "left"), (1150, "right")):
            frame = Rectangle((x - 50, 180), 100, 300, fill=False, edgecolor=FAINT, linewidth=2)
            stage.paper.add_patch(frame)
            bar: Any = stage.moving(stage.paper.add_patch(Rectangle((x - 50, 480), 100, 0, color=BLUE, linewidth=0)))
            stage.text(x, 520, name, size=32)
            bars.append((bar, stage.moving(stage.text(x, 140, "", size=34))))
        steps = len(series["actions"])

        def draw(moment: int) -> None:
            step, drawn = divmod(moment, 2)
            action = int(series["actions"][step]) if drawn and step < steps else None
            cart.put(series["x"][step], series["angle"][step], action)
            for side, (bar, text) in enumerate(bars):
                chance = float(series["chances"][step][side])
                bar.set_bounds(bar.get_x(), 480 - 300 * chance, 100, 300 * chance)
                bar.set_color(GREEN if action == side else BLUE)
                text.set_text(f"{written(100 * chance, '.0f')} %")

        return Show(steady(2 * steps + 1, self.slow, 12), draw)


class Pushes(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="pushes"):
    """The returns from each step on, of two episodes.

    Attributes:
        episodes: two series with this column.
        column: ``returns``, or ``standard`` for the standardized ones.
        labels: what stands above each.
    """

    episodes: tuple[str, str]
    column: str
    labels: tuple[str, str]

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw a bar for each step, upwards or downwards."""
        found = [data.series(name, self.column)[self.column] for name in self.episodes]
        low, high = min(0.0, *(each.min() for each in found)), max(each.max() for each in found)
        wide = max(map(len, found))
        for i, (values, label) in enumerate(zip(found, self.labels, strict=True)):
            axes = stage.chart(130 + 590 * i, 130, 640 + 590 * i, 470)
            spare = 0.06 * (high - low)
            axes.set(xlim=(-1, wide), ylim=(low - (spare if low < 0 else 0), high + spare))
            axes.axhline(0.0, color=MUTED, linewidth=1.5)
            colours = [GREEN if value > 0 else ORANGE for value in values]
            axes.vlines(np.arange(len(values)), 0.0, values, colors=colours, linewidth=min(8, 300 / wide))
            axes.set_xlabel("step")
            axes.set_title(data.fill(label), color=INK, size=points(30))
        return Show(lambda frame: 0, lambda moment: None)
