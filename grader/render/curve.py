"""Learning curves as inline SVG: one small picture per seed, all on the same axes.

Small multiples rather than five lines on top of each other: learning curves are noisy, and the question is whether
*this* seed learnt. The other seeds stand behind in a faint line for comparison, so no legend is needed, and behind them
the band of the reference solution, if it was measured. The pictures use ``currentColor`` and classes only; a stylesheet
colours them through ``.curve``, ``.ghost``, ``.band``, ``.bar``, ``.final`` and ``.axis``. They load nothing and hold a
title and a description for screen readers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from grader.printable import count, number, one_line
from grader.report.band import Band
from grader.report.report import TrainingResult, TrainingSeed, Verdict

WIDTH, HEIGHT = 340, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 38, 46, 30, 34
_MOST_POINTS = 160
_WORDS: dict[Verdict, str] = {"pass": "reached", "fail": "not reached", "skip": "not run", "error": "grader error"}


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at or below ``low`` to at or above ``high``, at most ``most`` + 1 steps of 1, 2 or 5 · 10ⁿ."""
    span = high - low or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, max(last, first + 1) + 1)]


def short(value: float) -> str:
    """An axis label: ``500``, ``12k``, ``1.5M``."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return number(value / size, 1) + unit
    return number(value, 1)


def thin(curve: Iterable[tuple[int, float]], most: int = _MOST_POINTS) -> list[tuple[float, float]]:
    """At most ``most`` points, each the mean of neighbours; points that are not finite are left out."""
    points = [(float(x), float(y)) for x, y in curve if math.isfinite(x) and math.isfinite(y)]
    size = math.ceil(len(points) / most) or 1
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(math.fsum(x for x, _ in g) / len(g), math.fsum(y for _, y in g) / len(g)) for g in groups]


class _Axes:
    """The scales that all pictures of one training check share."""

    def __init__(self, training: TrainingResult) -> None:
        curves = [thin(seed.curve) for seed in training.seeds]
        finals = [seed.mean_return for seed in training.seeds if seed.mean_return is not None]
        heights = [y for curve in curves for _, y in curve] + [y for y in finals if math.isfinite(y)]
        heights.append(training.threshold)
        band = training.band
        if band is not None:
            heights += [y for y in (*band.low, *band.high) if math.isfinite(y)]
        self.y = ticks(min(0.0, *heights), max(0.0, *heights), 5)
        used = max([1.0, *(float(seed.steps) for seed in training.seeds), *(x for c in curves for x, _ in c)])
        if band is not None and band.steps:
            used = max(used, float(band.steps[-1]))
        # A run that stops early would be a few pixels wide on an axis up to the budget; then the budget is a note.
        self.whole_budget = used >= training.max_steps / 2
        self.x = ticks(0.0, max(used, float(training.max_steps)) if self.whole_budget else used, 4)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The position of a data point in the picture."""
        across = (x - self.x[0]) / (self.x[-1] - self.x[0])
        up = (y - self.y[0]) / (self.y[-1] - self.y[0])
        return _LEFT + across * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - up * (HEIGHT - _TOP - _BOTTOM)

    def band(self, band: Band) -> str:
        """The area of a band, and its median."""
        edges = (zip(band.steps, band.high, strict=True), reversed(list(zip(band.steps, band.low, strict=True))))
        points = [self.at(x, y) for edge in edges for x, y in edge if math.isfinite(y)]
        if len(points) < 3:
            return ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        middle = self.line([(x, y) for x, y in zip(band.steps, band.middle, strict=True) if math.isfinite(y)], "middle")
        return f'<polygon class="band" points="{path}" fill="currentColor"/>{middle}'

    def line(self, points: Sequence[tuple[float, float]], name: str) -> str:
        """A polyline through ``points``, or a dot if there is only one."""
        if not points:
            return ""
        if len(points) == 1:
            x, y = self.at(*points[0])
            return f'<circle class="{name} dot" cx="{x:.1f}" cy="{y:.1f}" r="2" fill="currentColor"/>'
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
        return f'<polyline class="{name}" points="{path}" fill="none" stroke="currentColor"/>'


def _text(x: float, y: float, words: str, name: str = "", anchor: str = "start") -> str:
    kind = f' class="{name}"' if name else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor">{escape(words)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, name: str, extra: str = "") -> str:
    return (
        f'<line class="{name}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor"{extra}/>'
    )


def _frame(axes: _Axes, training: TrainingResult) -> list[str]:
    """Axes, ticks, the threshold, and the budget where it is in the picture."""
    left, right, top, bottom = _LEFT, WIDTH - _RIGHT, _TOP, HEIGHT - _BOTTOM
    parts = []
    for y in axes.y:
        height = axes.at(0, y)[1]
        parts += [_rule(left, height, right, height, "grid"), _text(left - 6, height + 3.5, short(y), "tick", "end")]
    for x in axes.x:
        across = axes.at(x, axes.y[0])[0]
        parts += [
            _rule(across, bottom, across, bottom + 4, "axis"),
            _text(across, bottom + 15, short(x), "tick", "middle"),
        ]
    parts.append(_rule(left, bottom, right, bottom, "axis"))
    note = "environment steps"
    if axes.whole_budget:
        across = axes.at(training.max_steps, axes.y[0])[0]
        parts.append(_rule(across, top, across, bottom, "budget"))
        note += f" (line: budget {short(training.max_steps)})"
    else:
        note += f" (budget {short(training.max_steps)})"
    parts.append(_text((left + right) / 2, HEIGHT - 5, note, "tick", "middle"))
    height = axes.at(0, training.threshold)[1]
    parts.append(_rule(left, height, right, height, "bar", ' stroke-dasharray="5 3"'))
    above = height - 4 if height - 14 > top else height + 12  # clear of the topmost grid line
    parts.append(_text(left + 3, above, f"bar {short(training.threshold)}", "bar-label"))
    return parts


def description(seed: TrainingSeed, training: TrainingResult, points: Sequence[tuple[float, float]]) -> str:
    """A description of the picture for readers who cannot see it."""
    took = f"{seed.steps:,} of {count(training.max_steps, 'step')}"
    said = [f"The run took {took} and finished {count(seed.episodes, 'episode')}."]
    if points:
        said.append(
            f"The mean return of training episodes began at {number(points[0][1], 1)}, was at best "
            f"{number(max(y for _, y in points), 1)} and ended at {number(points[-1][1], 1)}."
        )
    if seed.mean_return is None:
        said.append("There was no policy to evaluate.")
    else:
        said.append(
            f"The final policy's mean return is {number(seed.mean_return, 1)}; the bar is {number(training.threshold)}."
        )
    return " ".join(said)


def picture(training: TrainingResult, index: int, *, prefix: str) -> str:
    """The learning curve of one seed.

    Args:
        training: the whole check: the other seeds stand in the background.
        index: which of ``training.seeds``.
        prefix: makes the ids in this picture unique within its page; letters, digits and hyphens.

    Returns:
        One ``<svg>`` element, well-formed as XML.
    """
    seed, axes = training.seeds[index], _Axes(training)
    points = thin(seed.curve)
    ids = f"{prefix}-title", f"{prefix}-desc"
    parts = [
        f'<svg class="learning" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{ids[0]} {ids[1]}">',
        f'<title id="{ids[0]}">Learning curve of seed {seed.seed}: bar {_WORDS[seed.verdict]}</title>',
        f'<desc id="{ids[1]}">{escape(one_line(description(seed, training, points)))}</desc>',
        _text(_LEFT, 14, f"Seed {seed.seed}", "name"),
        _text(WIDTH - _RIGHT, 14, f"bar {_WORDS[seed.verdict]}", f"name {seed.verdict}", "end"),
        *([axes.band(training.band)] if training.band is not None else []),
        *_frame(axes, training),
    ]
    parts += [axes.line(thin(s.curve), "ghost") for i, s in enumerate(training.seeds) if i != index]
    parts.append(axes.line(points, "curve"))
    if not points:
        parts.append(_text(WIDTH / 2, HEIGHT / 2, "no training episode ended", "tick", "middle"))
    if seed.mean_return is not None and math.isfinite(seed.mean_return):
        # The evaluation is not a point of the curve: it stands apart, in the margin, at its own height.
        _, y = axes.at(0, seed.mean_return)
        x = WIDTH - _RIGHT + 7.0
        parts.append(
            f'<path class="final {seed.verdict}" d="M{x:.1f} {y - 4.5:.1f} l4.5 4.5 l-4.5 4.5 l-4.5 -4.5 z"'
            ' fill="currentColor"/>'
        )
        parts.append(_text(x + 7, y + 4, short(round(seed.mean_return)), f"final-label {seed.verdict}"))
    parts.append("</svg>")
    return "".join(parts)


def pictures(training: TrainingResult, *, prefix: str) -> list[str]:
    """One picture for every seed, in order."""
    return [picture(training, i, prefix=f"{prefix}-s{i}") for i in range(len(training.seeds))]
