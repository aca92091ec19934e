"""Pictures that are charts: curves that grow, and the returns of many episodes."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import numpy as np

from grader.films.data import Data, written
from grader.films.pace import Times
from grader.films.show import Picture, Show, by_targets, spread
from grader.films.stage import BLUE, GREEN, LETTERS, MUTED, ORANGE, Stage, points

_DOTS = (10, 7, 4)
"""The size of dots: few, many, very many of them."""
COLOURS = {"blue": BLUE, "orange": ORANGE, "green": GREEN, "grey": MUTED}


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a chart.

    Attributes:
        series: the name of a series.
        y: its column of values, (N,).
        x: its column of places, (N,).
        label: what stands at the line's end.
        colour: its colour.
        dots: whether it is a dot for each value instead of a line.
    """

    series: str
    y: str
    x: str
    label: str
    colour: str = "blue"
    dots: bool = False


class Chart(Picture, frozen=True, forbid_unknown_fields=True, tag_field="picture", tag="chart"):
    """Lines that grow together from left to right.

    Attributes:
        lines: the lines.
        x: what is to the right.
        y: what is upwards.
        bar: the name of a number at which a dashed line stands.
        bar_label: what stands at it.
        low: the lowest value that is shown.
        high: the highest.
        whole: whether everything is there from the first frame on.
        title: what stands above it.
        until: how much of the chart is there when each caption has been read, in percent; by default it grows evenly.
        in_order: whether the values come in the order in which they are stored, instead of from left to right.
    """

    lines: tuple[Line, ...]
    x: str
    y: str
    bar: str = ""
    bar_label: str = ""
    low: float | None = None
    high: float | None = None
    whole: bool = False
    title: str = ""
    in_order: bool = False
    until: tuple[int, ...] = ()

    def show(self, stage: Stage, data: Data, times: Times) -> Show:
        """Draw the axes, and let the lines grow."""
        axes = stage.chart(150, 120 if self.title else 80, 1000, 470)
        if self.title:
            stage.text(575, 88, data.fill(self.title), size=LETTERS + 2)
        axes.set_xlabel(data.fill(self.x))
        axes.set_ylabel(data.fill(self.y))
        found = [(data.series(line.series, line.x, line.y), line) for line in self.lines]
        right = max(float(series[line.x].max()) for series, line in found)
        left = min(float(series[line.x].min()) for series, line in found)
        tops = [float(series[line.y].max()) for series, line in found]
        lows = [float(series[line.y].min()) for series, line in found]
        if self.bar:
            at = data.number(self.bar)
            tops.append(at)
            axes.axhline(at, color=MUTED, linestyle="--", linewidth=2)
            axes.annotate(
                data.fill(self.bar_label), (1.02, at), xycoords=("axes fraction", "data"), va="center", color=MUTED,
                size=points(LETTERS),
            )  # fmt: skip
        spare = 0.06 * (max(tops) - min(lows))
        low = min(lows) - spare if self.low is None else self.low
        high = max(tops) + spare if self.high is None else self.high
        axes.set(xlim=(left, right), ylim=(low, high))
        axes.xaxis.set_major_formatter(lambda value, _: written(int(value) if value == int(value) else value))
        axes.yaxis.set_major_formatter(lambda value, _: written(value))
        drawn: list[Any] = []
        for series, line in found:
            colour = COLOURS[line.colour]
            size = _DOTS[np.searchsorted([60, 500], len(series[line.x]))]
            how: dict[str, Any] = {"linewidth": 2 if line.colour == "grey" else 3.5}
            if line.dots:
                how = {"marker": "o", "markersize": size, "linestyle": "none"}
            (curve,) = axes.plot([], [], color=colour, clip_on=not line.dots, **how)
            label = axes.annotate(
                data.fill(line.label), (0, 0), xytext=(12, 0), textcoords="offset points", va="center", color=colour,
                size=points(LETTERS), annotation_clip=False,
            )  # fmt: skip
            drawn.append((stage.moving(curve), stage.moving(label), series[line.x], series[line.y]))
        moments = 1 if self.whole else max(times.frames - 40, 2)
        show = spread(moments, times.frames, rest=40)
        if self.until:
            moments = 101
            show = by_targets(times, self.until, moments)

        def draw(moment: int) -> None:
            share = 1.0 if moments == 1 else moment / (moments - 1)
            upto = left + (right - left) * share
            ends = []
            for curve, label, xs, ys in drawn:
                there = len(xs) * share if self.in_order else np.searchsorted(xs, upto, side="right")
                shown = int(there)
                label.set_visible(shown > 0)
                if not shown:
                    curve.set_data([], [])
                    continue
                curve.set_data(xs[:shown], ys[:shown])
                at = min(max(float(np.mean(ys[max(0, shown - 1 - len(xs) // 60) : shown])), low), high)
                ends.append((at, label, xs[shown - 1]))
            for (_, label, x), y in zip(ends, apart([end[0] for end in ends], 0.09 * (high - low)), strict=True):
                # What is written at the bar has its place; a line that has come there is named below it.
                near = bool(self.bar) and x > left + 0.8 * (right - left) and abs(y - tops[-1]) < 0.09 * (high - low)
                label.xy = (x, tops[-1] - 0.09 * (high - low) if near else y)

        draw(0)
        return Show(show, draw)


def apart(places: list[float], least: float) -> list[float]:
    """Places for labels, in the same order and at least so far from one another.

    >>> apart([1.0, 5.0, 5.0], 2.0)
    [1.0, 4.0, 6.0]
    """
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for _ in range(20):
        for a, b in itertools.pairwise(order):
            lacking = least - (moved[b] - moved[a])
            if lacking > 1e-12:
                moved[a] -= lacking / 2
                moved[b] += lacking / 2
    return moved
