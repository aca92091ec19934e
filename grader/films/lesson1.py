"""The run behind the film of lesson 1, and its own picture: the loop of agent and environment."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.errors import CourseError
from grader.films.data import Data, Series
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_caption
from grader.films.stage import BLUE, FAINT, GREEN, INK, MUTED, ORANGE, Stage

_SEED, _EPISODES = 3, 100
_HALF_A_TURN = 14


def run(lesson: Any, data: Data) -> None:
    """Play CartPole with random actions and with the lesson's one line.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import gymnasium

    env: Any = gymnasium.make("CartPole-v1")
    env.action_space.seed(_SEED)

    def at_random(observation: np.ndarray) -> int:
        return int(env.action_space.sample())

    for name, policy in (("random", at_random), ("lean", lesson.lean_policy)):
        record_episode(data, f"{name}.episode", lesson.run_episode(env, policy, seed=_SEED), f"with {name} actions")
        data.add(
            f"{name}.steps",
            len(data.series(f"{name}.episode")["actions"]),
            f"length of run_episode(CartPole-v1, {name} policy, seed={_SEED})",
        )
        returns = lesson.evaluate(env, policy, _EPISODES, seed=0)
        called = f"evaluate(CartPole-v1, {name} policy, {_EPISODES}, seed=0)"
        data.record(f"{name}.returns", called, episode=np.arange(1, _EPISODES + 1), value=returns)
        data.add(f"{name}.mean", returns.mean(), f"mean of {called}")
    data.add("episodes", _EPISODES, "how many episodes the film's run evaluates each policy on")
    data.add("numbers", len(env.observation_space.low), "size of CartPole's observation")
    data.add("limit", env.spec.max_episode_steps, "time limit of CartPole-v1 in Gymnasium")
    data.add("angle", np.degrees(env.unwrapped.theta_threshold_radians), "CartPole's largest angle, in degrees")


def random_episodes(seed: int) -> Iterator[list[Any]]:
    """Episodes of CartPole with random actions, one after the other, as ``run_episode`` of lesson 1 gives them."""
    import gymnasium

    first = importlib.import_module("lesson1_agent_loop")
    env: Any = gymnasium.make("CartPole-v1")
    env.action_space.seed(seed)
    for i in itertools.count():
        yield first.run_episode(env, lambda seen: int(env.action_space.sample()), seed=seed if i == 0 else None)


def record_episode(data: Data, name: str, transitions: list[Any], how: str) -> Series:
    """Put in an episode that ``run_episode`` of lesson 1 gave."""
    last = transitions[-1]
    states = np.array([each.state for each in transitions] + [last.next_state])
    return data.record(
        name,
        f"an episode of CartPole-v1, {how}, by run_episode of lesson 1",
        x=states[:, 0],
        angle=states[:, 2],
        states=states,
        actions=[each.action for each in transitions],
        rewards=[each.reward for each in transitions],
        terminated=last.terminated,
        truncated=last.truncated,
    )


class Loop(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="loop"):
    """Agent and environment, and what they tell each other, step by step.

    Attributes:
        episode: the name of a recorded episode.
        steps: how many steps are shown.
    """

    episode: str
    steps: int = 5

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw two boxes with two arrows, of which first one and then the other one lights up.

        Raises:
            CourseError: the scene has fewer than three captions.
        """
        if len(times.captions) < 3:
            raise CourseError("the picture loop goes with three captions or more: the boxes, the action, the answer")
        from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

        episode = data.series(self.episode, "states", "actions", "rewards", "terminated", "truncated")
        for x, name, colour in ((90, "agent", BLUE), (850, "environment", ORANGE)):
            box = FancyBboxPatch((x, 200), 340, 130, boxstyle="round,pad=0,rounding_size=18", fill=False)
            box.set(edgecolor=colour, linewidth=4)
            stage.paper.add_patch(box)
            stage.text(x + 170, 265, name, size=38, color=colour, weight="bold")
        arrows = []
        for start, end in (((320, 185), (960, 185)), ((960, 345), (320, 345))):
            arrow = FancyArrowPatch(start, end, connectionstyle="arc3,rad=-0.2", arrowstyle="-|>", mutation_scale=34)
            arrows.append(stage.moving(stage.paper.add_patch(arrow)))
        there = stage.moving(stage.text(640, 92, "", size=30, weight="bold"))
        back = [stage.moving(stage.text(640, y, "", size=28)) for y in (446, 490, 534)]
        turn = stage.moving(stage.text(640, 265, "", color=MUTED))

        # The first caption speaks of the boxes, the next ones of an arrow each; then it goes round.
        caption = by_caption(times)
        turning = times.captions[2].end - times.first

        def moment(frame: int) -> int:
            return caption(frame) if frame < turning else min(3 + (frame - turning) // _HALF_A_TURN, 2 * self.steps)

        def draw(moment: int) -> None:
            step, half = divmod(max(moment - 1, 0), 2)
            answered = half == 1
            push = "right" if episode["actions"][step] else "left"
            for arrow, lit, colour in ((arrows[0], not answered, BLUE), (arrows[1], answered, ORANGE)):
                lit = lit and moment > 0
                arrow.set(color=colour if lit else FAINT, linewidth=5 if lit else 3)
            turn.set_text(f"turn {step + 1}" if moment else "")
            there.set_text(f"action {episode['actions'][step]}: push {push}" if moment else "")
            there.set_color(INK if not answered else MUTED)
            numbers = "  ".join(f"{value:+.2f}" for value in episode["states"][step + 1]).replace("-", "−")
            last = step == len(episode["actions"]) - 1
            flags = [str(bool(last and episode[name])).lower() for name in ("terminated", "truncated")]
            said = (
                f"next observation  [{numbers}]",
                f"reward  {episode['rewards'][step]:g}",
                f"terminated {flags[0]},  truncated {flags[1]}",
            )
            for text, line, colour in zip(back, said, (INK, GREEN, MUTED), strict=True):
                text.set_text(line if answered else "")
                text.set_color(colour)

        return Show(moment, draw)
