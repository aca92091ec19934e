"""The picture of a sum: words and numbers below one another, each with a caption, beside the state that they are of."""

from __future__ import annotations

import msgspec

from grader.films.cart import CartArtist
from grader.films.charts import COLOURS
from grader.films.data import Data
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_caption
from grader.films.stage import INK, MUTED, Stage


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a sum.

    Attributes:
        words: what it is.
        number: a placeholder, with a sign before it or behind it perhaps.
        colour: of both.
        state: which of the states the cart shows from this line on, from 0.
    """

    words: str
    number: str
    colour: str = "white"
    state: int = 0


class Sum(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="sum"):
    """Rows that come one by one with the captions.

    Attributes:
        rows: the rows.
        states: a series with x and angle, (K,): states of the cart.
        labels: what stands above the cart in each of them.
        there: how many rows stand there with the first caption.
    """

    rows: tuple[Row, ...]
    states: str
    labels: tuple[str, ...] = ()
    there: int = 1

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw a small cart at the left, and write the rows at the right."""
        series = data.series(self.states, "x", "angle")
        cart = CartArtist(stage, 30, 430, 460, centre=float(series["x"][0]), edge=0.9)
        label = stage.moving(stage.text(230, 130, "", color=MUTED))
        gap = min(88, 400 // len(self.rows))
        lines = []
        for i, row in enumerate(self.rows):
            y, colour = 300 + gap * (i - (len(self.rows) - 1) / 2), COLOURS.get(row.colour, INK)
            words = stage.moving(stage.text(1050, y, data.fill(row.words), size=30, ha="right", color=colour))
            number = data.fill(row.number)
            right = stage.moving(stage.text(1220, y, number, size=38, ha="right", color=colour, weight="bold"))
            lines.append((words, right))
        caption = by_caption(times)

        def draw(there: int) -> None:
            for i, line in enumerate(lines):
                for text in line:
                    text.set_visible(i < there)
            state = self.rows[min(max(there, 1), len(self.rows)) - 1].state
            cart.put(float(series["x"][state]), float(series["angle"][state]))
            label.set_text(data.fill(self.labels[state]) if state < len(self.labels) else "")

        return Show(lambda frame: min(max(caption(frame), 0) + self.there, len(lines)), draw)
