"""The run behind the film of lesson 3, and its pictures: a walk along the cliff, and one update of the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.films.data import Data, written
from grader.films.grids import Board
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_caption, by_targets
from grader.films.stage import BLUE, GREEN, INK, MUTED, ORANGE, Stage

ROWS, COLUMNS, START, GOAL = 4, 12, 36, 47
_SEED, _EPISODE_STEPS, _FALL = 0, 200, -100
_EDGE = range(27, 33)
"""Cells beside the cliff, in its middle."""
_SHOWN = (0, 2, 5, 10, 20, 40, 80)
"""Episodes after which the table is kept."""


def run(lesson: Any, data: Data) -> None:
    """Train by the lesson's own ``train`` on CliffWalking, and watch.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import gymnasium

    class Watched(gymnasium.Wrapper[Any, Any, Any, Any]):
        """Writes down which cells were seen, and what was earned."""

        def reset(self, **how: Any) -> Any:
            state, info = super().reset(**how)
            episodes.append(([int(state)], []))
            return state, info

        def step(self, action: Any) -> Any:
            answer = super().step(action)
            episodes[-1][0].append(int(answer[0]))
            episodes[-1][1].append(float(answer[1]))
            return answer

    episodes: list[tuple[list[int], list[float]]] = []
    updates: list[tuple[float, ...]] = []
    tables: dict[int, np.ndarray] = {}
    update = lesson.q_learning_update

    def watched(Q: np.ndarray, state: int, action: int, reward: float, next_state: int, *rest: Any) -> float:
        before, following = float(Q[state, action]), float(Q[next_state].max())
        tables.setdefault(len(episodes) - 1, Q.copy())
        delta = float(update(Q, state, action, reward, next_state, *rest))
        updates.append((state, action, reward, next_state, before, following, delta, float(Q[state, action])))
        tables[-1] = Q.copy()
        return delta

    lesson.q_learning_update = watched
    try:
        env = Watched(gymnasium.make("CliffWalking-v1", max_episode_steps=_EPISODE_STEPS))
        policy = lesson.train(env, max_steps=15_000, seed=_SEED)
    finally:
        lesson.q_learning_update = update
    source = f"train(CliffWalking-v1, max_steps=15000, seed={_SEED})"
    complete = episodes[:-1]  # the last one is cut off by the end of training
    returns = [sum(rewards) for _, rewards in complete]
    data.record("returns", f"returns of the training episodes of {source}", episode=np.arange(1, len(returns) + 1),
                value=returns)  # fmt: skip
    data.add("episodes", len(returns), f"episodes of {source}")
    data.add("steps", sum(len(rewards) for _, rewards in episodes), f"steps of {source}")
    walk(data, "first", *episodes[0], f"the first episode of {source}")
    data.add("best", policy_walk(data, policy, source), f"return of the greedy policy of {source}")
    data.add("best.steps", len(data.series("last")["cells"]) - 1, f"steps of the greedy policy of {source}")
    shown = [at for at in _SHOWN if at in tables]
    data.record("tables", f"the table of {source} before these episodes, and at the end",
                episode=[*shown, len(returns)], Q=[*(tables[at] for at in shown), tables[-1]])  # fmt: skip
    # For the film: a step to the right along the edge, of which the table knew something, and its next cell too.
    usual = next(
        each for each in updates
        if each[3] == each[0] + 1 and each[0] in _EDGE and each[4] < 0 and each[5] < -1 and each[6] < 0
    )  # fmt: skip
    settings = lesson.Settings()
    parts = ("state", "action", "reward", "next", "before", "following", "delta", "after")
    data.record("update", f"one call of q_learning_update in {source}", **dict(zip(parts, usual, strict=True)))
    data.add("fall", -_FALL, "cost of a fall in CliffWalking-v1")
    data.add("alpha", settings.alpha, "Settings of lesson 3")
    data.add("gamma", settings.gamma, "Settings of lesson 3")
    data.add("epsilon.first", 100 * settings.epsilon_start, "Settings of lesson 3, in percent")
    data.add("epsilon.last", 100 * settings.epsilon_end, "Settings of lesson 3, in percent")
    data.add("states", ROWS * COLUMNS, "states of CliffWalking-v1")
    data.add("actions", 4, "actions of CliffWalking-v1")


def walk(data: Data, name: str, cells: list[int], rewards: list[float], source: str) -> None:
    """Put in a walk, (T + 1,) cells with (T,) rewards, and how often it fell."""
    data.record(name, source, cells=cells, rewards=rewards)
    data.add(f"{name}.steps", len(rewards), f"steps of {source}")
    data.add(f"{name}.falls", rewards.count(_FALL), f"falls of {source}")
    data.add(f"{name}.return", sum(rewards), f"return of {source}")


def policy_walk(data: Data, policy: Any, source: str) -> float:
    """Put in the walk of what was learnt; its return."""
    import gymnasium

    env = gymnasium.make("CliffWalking-v1", max_episode_steps=_EPISODE_STEPS)
    state, _ = env.reset(seed=_SEED)
    cells, rewards, over = [int(state)], [], False
    while not over:
        state, reward, terminated, truncated, _ = env.step(policy(int(state)))
        cells.append(int(state))
        rewards.append(float(reward))
        over = terminated or truncated
    walk(data, "last", cells, rewards, f"an episode of the policy of {source}")
    return sum(rewards)


def _cliff(stage: Stage, left: float = 88.0, top: float = 130.0, cell: float = 92.0) -> Board:
    """The grid with its start, its cliff and its goal; in small cells there is no room for words."""
    from matplotlib.patches import Rectangle

    board = Board(stage, ROWS, COLUMNS, left, top, cell, BLUE)
    gap = Rectangle((left + cell, top + 3 * cell), 10 * cell, cell, color="#3a2410", linewidth=0, zorder=3)
    stage.moving(stage.paper.add_patch(gap))
    if cell > 60:
        stage.moving(stage.text(left + 6 * cell, top + 3.5 * cell, "the cliff", color=ORANGE, size=34, zorder=4))
        board.write(START, "start", MUTED)
        board.write(GOAL, "goal", GREEN)
    return board


class Cliff(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="cliff"):
    """A walk along the cliff, a step for each moment.

    Attributes:
        walk: a series with cells and rewards.
        until: the step that each caption arrives at; -1 is the last one.
        label: what stands above it.
    """

    walk: str
    until: tuple[int, ...]
    label: str = ""

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the cliff, and walk."""
        series = data.series(self.walk, "cells", "rewards")
        cells, rewards = series["cells"].tolist(), series["rewards"]
        falls = [i + 1 for i, reward in enumerate(rewards) if reward == _FALL]
        board = _cliff(stage)
        stage.text(640, 92, data.fill(self.label), size=32)
        told = stage.moving(stage.text(1192, 540, "", ha="right"))
        earned = stage.moving(stage.text(88, 540, "", ha="left"))

        def draw(step: int) -> None:
            begin = max([fall for fall in falls if fall <= step], default=0)
            board.walk(cells[begin : step + 1])
            told.set_text(f"step {step}    falls {sum(fall <= step for fall in falls)}")
            earned.set_text(f"return so far  {written(float(rewards[:step].sum()))}")

        return Show(by_targets(times, self.until, len(cells)), draw)


class Table(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="table"):
    """The table's opinion of each cell: how good the best action is, and which one it is.

    Attributes:
        until: which of the tables each caption arrives at; -1 is the last one.
        first: the table to begin with.
    """

    until: tuple[int, ...]
    first: int = 0

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw arrows and shades."""
        series = data.series("tables", "episode", "Q")
        tables, episodes = series["Q"], series["episode"]
        board = _cliff(stage)
        worst = min(float(tables[-1].max(axis=1).min()), -1.0)
        counter = stage.moving(stage.text(640, 92, "", size=32))
        stage.text(640, 540, "an arrow: the best action, as believed.  blue: what it is believed to cost", color=MUTED)

        def draw(now: int) -> None:
            Q = tables[now]
            best = Q.max(axis=1)
            known = [(cell, int(Q[cell].argmax())) for cell in range(START + 1) if (Q[cell] != 0).any()]
            board.arrows(known, size=0.8)
            board.write(START, "" if any(cell == START for cell, _ in known) else "start", MUTED)
            board.shade(np.where(np.arange(len(best)) > START, 0.0, best / worst))
            counter.set_text("before the first episode" if not now else f"after {episodes[now]} episodes")

        return Show(by_targets(times, self.until, len(tables), self.first), draw)


class Update(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="update"):
    """One change of one entry of the table, part by part, one for each caption.

    Attributes:
        update: the name of a recorded update.
        upto: how many of the parts the first caption shows.
    """

    update: str
    upto: int = 1

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Write the parts below one another."""
        each = data.series(self.update, "state", "next", "before", "reward", "following", "after")
        alpha, gamma = data.number("alpha"), data.number("gamma")
        before, reward, following, after = (float(each[key]) for key in ("before", "reward", "following", "after"))
        target = reward + gamma * following
        rows = (
            ("what the table said", written(before, ".2f"), INK),
            ("the reward", written(reward), ORANGE),
            (f"the best value there, × {written(gamma)}", written(gamma * following, ".2f"), BLUE),
            ("what it should have said", written(target, ".2f"), GREEN),
            (f"the new entry, {written(100 * alpha)} % of the way", written(after, ".2f"), INK),
        )
        board = _cliff(stage, 40, 230, 40)
        cells = [int(each["state"]), int(each["next"])]
        lines = []
        for i, (words, number, colour) in enumerate(rows):
            y = 140 + 88 * i
            left = stage.moving(stage.text(1070, y, words, size=30, ha="right", color=colour))
            right = stage.moving(stage.text(1230, y, number, size=38, ha="right", color=colour, weight="bold"))
            lines.append((left, right))
        caption = by_caption(times)

        def draw(moment: int) -> None:
            board.walk(cells[: min(moment, 2)])
            for i, line in enumerate(lines):
                for text in line:
                    text.set_visible(i < moment)

        shown = (self.upto, *range(self.upto + 1, len(rows) + 1))
        return Show(lambda frame: shown[min(caption(frame), len(shown) - 1)], draw)
