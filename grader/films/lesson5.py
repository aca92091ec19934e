"""The run behind the film of lesson 5, and its picture: a buffer that fills, forgets, and is drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.films.data import Data
from grader.films.lesson1 import random_episodes, record_episode
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_targets
from grader.films.stage import BLUE, GREEN, INK, MUTED, ORANGE, PAPER, Stage

_SEED, _CAPACITY, _BATCH, _PUSHES, _DRAWS = 9, 60, 6, 96, 8
_LONG, _WIDE = 400, 24
_COLUMNS, _WIDTH, _HEIGHT = 12, 92.0, 76.0
_COLOURS = (BLUE, GREEN, "#8b5cf6", "#0891b2", "#b45309")


def run(lesson: Any, data: Data) -> None:
    """Fill a small buffer with the loop of lesson 1, and draw from it; then draw from a longer one.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    transitions: list[Any] = []
    episode: list[int] = []
    for played in random_episodes(_SEED):
        if not transitions:
            record_episode(data, "episode", played, f"with random actions, seed {_SEED}")
        episode += [episode[-1] + 1 if episode else 0] * len(played)
        transitions += played
        if len(transitions) >= _LONG:
            break
    source = f"episodes of CartPole-v1 with random actions, seed {_SEED}"

    buffer = lesson.ReplayBuffer(_CAPACITY, seed=_SEED)
    places = {}
    for i, each in enumerate(transitions[:_PUSHES]):
        buffer.push(each.state, each.action, each.reward, each.next_state, each.terminated)
        places[each.state.tobytes()] = i
    held = {places[state.tobytes()] for state in buffer.sample(len(buffer))[0]}
    assert held == set(range(_PUSHES - _CAPACITY, _PUSHES)), "the buffer holds what the film shows in it"
    drawn = [[places[state.tobytes()] for state in buffer.sample(_BATCH)[0]] for _ in range(_DRAWS)]
    told = f"ReplayBuffer({_CAPACITY}, seed={_SEED}) after {_PUSHES} transitions of {source}"
    data.record("buffer", told, episode=episode[:_PUSHES], drawn=drawn)
    data.add("capacity", _CAPACITY, "capacity of the film's buffer")
    data.add("batch", _BATCH, "batch size in the film's run")
    data.add("pushes", _PUSHES, "transitions that the film's buffer gets")
    data.add("held", len(buffer), f"length of {told}")

    long = lesson.ReplayBuffer(_LONG, seed=_SEED)
    for each in transitions[:_LONG]:
        long.push(each.state, each.action, each.reward, each.next_state, each.terminated)
        places[each.state.tobytes()] = len(long) - 1
    batch = np.sort([places[state.tobytes()] for state in long.sample(_WIDE)[0]])
    angles = np.array([each.state[2] for each in transitions[:_LONG]])
    at, episodes = np.arange(_LONG), np.array(episode[:_LONG])
    data.record("angles", source, step=at, angle=angles)
    data.record("last", f"the last {_WIDE} transitions of {source}", step=at[-_WIDE:], angle=angles[-_WIDE:])
    data.record("batch", f"sample({_WIDE}) of a buffer with {_LONG} transitions of {source}", step=batch,
                angle=angles[batch])  # fmt: skip
    data.add("wide", _WIDE, "transitions that are compared in the film")
    data.add("long", _LONG, "transitions in the longer buffer")
    data.add("last.episodes", len(set(episodes[-_WIDE:])), f"episodes among the last {_WIDE} transitions of {source}")
    data.add("batch.episodes", len(set(episodes[batch])), f"episodes in sample({_WIDE})")


class Buffer(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="buffer"):
    """The places of a buffer, each with the number of its transition; colours are episodes.

    Attributes:
        until: how many transitions have come, or (beyond all of them) how many batches have been drawn, when each
            caption has been read.
        first: the moment to begin with.
    """

    until: tuple[int, ...]
    first: int = 0

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the places, and fill them."""
        from matplotlib.patches import Rectangle

        series = data.series("buffer", "episode", "drawn")
        capacity = int(data.number("capacity"))
        pushes, draws = len(series["episode"]), len(series["drawn"])
        left = 640 - _COLUMNS * _WIDTH / 2
        boxes, texts = [], []
        for place in range(capacity):
            row, column = divmod(place, _COLUMNS)
            x, y = left + column * _WIDTH, 130 + row * _HEIGHT
            box = Rectangle((x + 4, y + 4), _WIDTH - 8, _HEIGHT - 8, facecolor=PAPER, edgecolor=MUTED, linewidth=1.5)
            boxes.append(stage.moving(stage.paper.add_patch(box)))
            texts.append(stage.moving(stage.text(x + _WIDTH / 2, y + _HEIGHT / 2, "")))
        told = stage.moving(stage.text(640, 92, "", size=32))
        moment = by_targets(times, self.until, pushes + draws + 1, self.first)

        def draw(now: int) -> None:
            pushed, batch = min(now, pushes), max(now - pushes, 0)
            chosen = set(series["drawn"][batch - 1].tolist()) if batch else set()
            for place, (box, text) in enumerate(zip(boxes, texts, strict=True)):
                # A new transition takes the place of the oldest: the numbers go round.
                number = place + (pushed - 1 - place) // capacity * capacity
                there = 0 <= number < pushed
                lit = number in chosen
                colour = _COLOURS[int(series["episode"][number]) % len(_COLOURS)] if there else PAPER
                box.set_facecolor(ORANGE if lit else colour)
                box.set_alpha(1.0 if lit or not there else 0.28 if batch else 0.75)
                newest = not batch and number == pushed - 1 and there
                box.set_edgecolor(INK if lit or newest else MUTED)
                box.set_linewidth(5 if newest else 3 if lit else 1.5)
                text.set_text(f"t{number + 1}" if there else "")
                text.set_color(PAPER if lit else MUTED if batch else INK)
            if batch:
                told.set_text(f"batch {batch}: {len(chosen)} of {min(pushed, capacity)}")
            else:
                told.set_text(f"{pushed} have come, {min(pushed, capacity)} are kept")

        return Show(moment, draw)
