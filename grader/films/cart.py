"""Pictures of a cart with its pole, from the states of recorded episodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.films.data import Data, Series
from grader.films.pace import Times
from grader.films.show import Picture, Show, steady
from grader.films.stage import BLUE, GREEN, INK, MUTED, ORANGE, Stage

EDGE = 2.4
"""CartPole's track reaches from -2.4 to 2.4, and the pole is one unit long."""
_FLOOR = 490.0
_NAMES = (("position", "m"), ("velocity", "m/s"), ("angle", "rad"), ("angular velocity", "rad/s"))
COLUMNS = ("x", "angle", "terminated", "truncated")
"""An episode of T steps: x and angle (T + 1,), and how it ended, () each. It may have actions (T,) and
states (T + 1, 4) as well."""


class CartArtist:
    """A cart with its pole on a track.

    Args:
        stage: where to draw.
        left: the left end of the room for it.
        right: the right end.
        floor: the height of the track.
        centre: the place on the track that is in the middle.
        edge: how far the track is seen to each side of it; of the whole track, the ends are marked.
    """

    def __init__(
        self, stage: Stage, left: float, right: float, floor: float = _FLOOR, *, centre: float = 0.0, edge: float = EDGE
    ) -> None:
        from matplotlib.patches import Circle, FancyBboxPatch, Polygon

        self._unit = min((right - left) / (2 * edge + 0.6), 210.0)
        self._middle, self._floor = (left + right) / 2 - centre * self._unit, floor
        unit, paper = self._unit, stage.paper
        ends = [(left + right) / 2 - edge * unit, (left + right) / 2 + edge * unit]
        paper.plot(ends, [floor, floor], color=MUTED, linewidth=2)
        for end in ends if edge == EDGE else []:
            paper.plot([end, end], [floor - 10, floor + 10], color=MUTED, linewidth=2)
        self._width, self._height = 0.56 * unit, 0.26 * unit
        box = FancyBboxPatch((0, 0), 1, 1, boxstyle="round,pad=0,rounding_size=7", color=INK, linewidth=0)
        self._box: Any = stage.moving(paper.add_patch(box))
        self._wheels: list[Any] = [
            stage.moving(paper.add_patch(Circle((0, 0), 0.055 * unit, color=MUTED))) for _ in range(2)
        ]
        (self._pole,) = paper.plot([], [], color=ORANGE, linewidth=0.072 * unit, solid_capstyle="round")
        stage.moving(self._pole)
        self._axle: Any = stage.moving(paper.add_patch(Circle((0, 0), 0.04 * unit, color=INK)))
        self._push: Any = stage.moving(paper.add_patch(Polygon(np.zeros((7, 2)), color=BLUE, linewidth=0)))

    def put(self, x: float, angle: float, action: int | None = None) -> None:
        """Put the cart at a place on its track, and its pole at an angle in radians; perhaps with a push."""
        unit = self._unit
        middle, top = self._middle + x * unit, self._floor - 0.11 * unit - self._height
        self._box.set_bounds(middle - self._width / 2, top, self._width, self._height)
        for wheel, side in zip(self._wheels, (-1, 1), strict=True):
            wheel.set_center((middle + side * 0.17 * unit, self._floor - 0.055 * unit))
        self._axle.set_center((middle, top))
        self._pole.set_data([middle, middle + math.sin(angle) * unit], [top, top - math.cos(angle) * unit])
        self._push.set_visible(action is not None)
        if action is not None:
            side, y = (1 if action else -1), top + self._height / 2
            near, far, thick = self._width / 2 + 0.06 * unit, self._width / 2 + 0.4 * unit, 0.045 * unit
            shape = [
                (near, -thick), (far - 0.15 * unit, -thick), (far - 0.15 * unit, -3 * thick), (far, 0),
                (far - 0.15 * unit, 3 * thick), (far - 0.15 * unit, thick), (near, thick),
            ]  # fmt: skip
            self._push.set_xy([(middle + side * across, y + down) for across, down in shape])


def ending(episode: Series) -> tuple[str, str]:
    """The end of an episode in words, and the colour for it."""
    if episode["terminated"]:
        fell = abs(episode["x"][-1]) <= EDGE
        return ("the pole fell: terminated" if fell else "off the track: terminated"), ORANGE
    return "the time is up: truncated", GREEN


class Cart(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="cart"):
    """One episode, a frame for each step.

    Attributes:
        episode: the name of a recorded episode.
        label: what stands above it.
        numbers: whether the four numbers of each state are written beside it.
        first: the step to begin at.
        every: how many steps a frame goes on; with 2 it is real time.
        slow: how many frames a step stands.
        wait: frames before the first step.
    """

    episode: str
    label: str = ""
    numbers: bool = False
    first: int = 0
    every: int = 1
    slow: int = 1
    wait: int = 12

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the track, and move the cart."""
        episode = data.series(self.episode, *COLUMNS, *(["states"] if self.numbers else []))
        x, angle, actions = episode["x"], episode["angle"], episode.columns.get("actions", np.zeros(0))
        steps = len(x) - 1
        at_step = [*range(self.first, steps, self.every), steps]
        cart = CartArtist(stage, 40, 1240)
        stage.text(640, 96, data.fill(self.label), size=32)
        counter = stage.moving(stage.text(1240, 96, "", ha="right"))
        end = stage.moving(stage.text(640, 533, "", size=32, weight="bold"))
        said, colour = ending(episode)
        end.set_color(colour)
        told = [stage.moving(stage.text(160, 110 + 42 * i, "", ha="right")) for i in range(4)] if self.numbers else []
        if self.numbers:
            for i, (name, unit) in enumerate(_NAMES):
                stage.text(172, 110 + 42 * i, f"{name}, {unit}", ha="left", color=MUTED)

        def draw(moment: int) -> None:
            step = at_step[moment]
            cart.put(x[step], angle[step], int(actions[step]) if step < len(actions) else None)
            counter.set_text(f"step {step}")
            end.set_text(said if step == steps else "")
            for text, value in zip(told, episode["states"][step] if told else (), strict=True):
                text.set_text(f"{value:+.2f}".replace("-", "−"))

        return Show(steady(len(at_step), self.slow, self.wait), draw)


class Two(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="two carts"):
    """Two episodes side by side, each with its last steps.

    Attributes:
        episodes: their names.
        labels: what stands above each.
        last: how many steps before the end to begin.
    """

    episodes: tuple[str, str]
    labels: tuple[str, str]
    last: int = 25

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw two tracks, and move both carts."""
        drawn = []
        for side, (name, label) in enumerate(zip(self.episodes, self.labels, strict=True)):
            episode = data.series(name, *COLUMNS)
            left = 40 + 620 * side
            cart = CartArtist(stage, left, left + 580)
            stage.text(left + 290, 110, data.fill(label), size=32)
            counter = stage.moving(stage.text(left + 290, 166, "", color=MUTED))
            end = stage.moving(stage.text(left + 290, 222, "", size=30, weight="bold"))
            said, colour = ending(episode)
            end.set_color(colour)
            drawn.append((cart, episode, counter, end, said))

        def draw(moment: int) -> None:
            for cart, episode, counter, end, said in drawn:
                steps = len(episode["x"]) - 1
                step = max(steps - self.last + moment, 0) if moment < self.last else steps
                cart.put(episode["x"][step], episode["angle"][step])
                counter.set_text(f"step {step}")
                end.set_text(said if step == steps else "")

        return Show(steady(self.last + 1, every=5, wait=12), draw)
