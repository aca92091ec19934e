"""Films of a student's agent as animated SVG: no script, no encoder, nothing from elsewhere.

A film is drawn from the states that the grader recorded, one frame for each step, and begins anew after a pause. It has
a still picture as well, which a stylesheet shows to readers who want less motion, on paper, and to those who ask for
it; a title and a description say what is to be seen. Nothing in it is text of a student's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from xml.sax.saxutils import escape

from grader.printable import count, number
from grader.render.scenes import HEIGHT, SCENES, WIDTH, short
from grader.report.film import Film, Part, frames
from grader.report.report import TrainingResult, TrainingSeed

_PAUSE = 1.5
_BAR = HEIGHT + 2
_TITLES: dict[Part, str] = {
    "before": "Before training",
    "half": "Half way",
    "end": "At the end of training",
    "best": "The best of the evaluation",
    "worst": "The worst of the evaluation",
}


@dataclasses.dataclass(frozen=True)
class Shown:
    """A film as a page shows it.

    Attributes:
        title: which episode it is.
        caption: how long it was, what it earned, and how it ended.
        svg: one ``<svg>`` element, well-formed as XML.
    """

    title: str
    caption: str
    svg: str


@dataclasses.dataclass(frozen=True)
class Reel:
    """The films of a training check, which are all of one run.

    Attributes:
        about: which run it is, and at what speed they are shown.
        films: the films.
    """

    about: str
    films: tuple[Shown, ...]


def reel(training: TrainingResult, *, prefix: str) -> Reel | None:
    """The films of a training check; None if there are none that can be drawn.

    Args:
        training: the whole check.
        prefix: makes the ids in these pictures unique within their page; letters, digits and hyphens.
    """
    for i, run in enumerate(training.seeds):
        shots = [(film, found) for film in run.films if (found := frames(film))]
        if shots:
            longest = max(len(found) for _, found in shots)
            shown = tuple(
                _shown(film, found, run, longest, f"{prefix}-f{at}") for at, (film, found) in enumerate(shots)
            )
            return Reel(_about(training, i, shots), shown)
    return None


def _about(training: TrainingResult, i: int, shots: Sequence[tuple[Film, list[tuple[int, ...]]]]) -> str:
    run = training.seeds[i]
    what = "the run with seed" if len(training.seeds) == 1 else f"run {i + 1} of {len(training.seeds)}, seed"
    if any(film.scene == "cart" for film, _ in shots):
        speed = "20 ms a step, which is real time"
    else:
        speed = "four steps a second, or faster where the episode would take longer than ten seconds"
    return (
        f"Films of {what} {run.seed}, drawn from the states that the grader’s own environment went through: a frame "
        f"for each step, {speed}. The thin line below each shows how far the episode is."
    )


def _shown(film: Film, found: list[tuple[int, ...]], run: TrainingSeed, longest: int, prefix: str) -> Shown:
    scene = SCENES[film.scene]
    title, end = _title(film, run), scene.end(found, film.ended)
    clock = _Clock(len(found), scene.seconds(len(found)))
    length = 280 * len(found) / longest
    ids = f"{prefix}-title", f"{prefix}-desc"
    svg = (
        f'<svg class="film" viewBox="0 0 {WIDTH} {_BAR + 6}" role="img" aria-labelledby="{ids[0]} {ids[1]}">'
        f'<title id="{ids[0]}">{escape(title)}: {escape(end)}</title>'
        f'<desc id="{ids[1]}">{escape(scene.told(found))}</desc>'
        f'<g class="moving">{scene.moving(found, clock)}'
        f'<rect class="all" x="20" y="{_BAR}" width="{short(length)}" height="3" fill="currentColor"/>'
        f'<rect class="done" x="20" y="{_BAR}" width="{short(length)}" height="3" fill="currentColor">'
        f'<animate attributeName="width" {clock.steady(short(length))}/></rect></g>'
        # Not left to the stylesheet alone: where that is missing, a picture that moves is better than two.
        f'<g class="still" display="none">{scene.still(found)}</g></svg>'
    )
    return Shown(title, _caption(film, found, run, end), svg)


def _title(film: Film, run: TrainingSeed) -> str:
    if film.part == "best" and run.returns and min(run.returns) == max(run.returns):
        return "The evaluation"
    return _TITLES[film.part]


def _caption(film: Film, found: list[tuple[int, ...]], run: TrainingSeed, end: str) -> str:
    said = f"{count(film.steps, 'step')}, return {number(film.earned, 1)}; {end}."
    if film.steps > len(found):
        said += f" Shown are the first {len(found):,} steps."
    if film.part in ("half", "end"):
        said += f" It began at step {film.begun:,} of {run.steps:,}."
    elif film.part == "best" and run.returns and min(run.returns) == max(run.returns):
        said += f" All {len(run.returns)} episodes returned as much."
    return said


class _Clock:
    """The time of a film: as many equal steps as there are frames, then a pause.

    Args:
        frames: how many there are.
        seconds: how long one of them is to be seen.
    """

    def __init__(self, frames: int, seconds: float) -> None:
        self._whole = frames * seconds + _PAUSE
        self._step = seconds / self._whole
        self._frames = frames

    def discrete(self, values: Sequence[str]) -> str:
        """The attributes of an animation with one value for each frame."""
        times = ";".join(_fraction(i * self._step) for i in range(len(values)))
        return f'calcMode="discrete" values="{";".join(values)}" keyTimes="{times}" {self._repeated}'

    def steady(self, last: str) -> str:
        """The attributes of one that grows from 0 to ``last`` while the frames are shown."""
        return f'values="0;{last};{last}" keyTimes="0;{_fraction(self._frames * self._step)};1" {self._repeated}'

    @property
    def _repeated(self) -> str:
        return f'dur="{self._whole:.2f}s" repeatCount="indefinite"'


def _fraction(value: float) -> str:
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return text[1:] if text.startswith("0.") else text
