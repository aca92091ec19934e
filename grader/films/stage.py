"""The surface on which pictures are drawn: what stands still is drawn once a scene, what moves over and over.

Places are in pixels of a picture of 1280 × 720, from its upper left corner, whatever size the film has in the end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from grader.figures.style import BLUE, GREEN, ORANGE, RC

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

WIDTH, HEIGHT = 1280, 720
BOTTOM = 570
"""Below it is the room for captions."""

PAPER = "#10161d"
BAND = "#05080c"
INK = "#e6ebf1"
MUTED = "#93a0ae"
FAINT = "#3a4552"
LETTERS = 28
"""The height of letters in pictures, in pixels; no smaller ones but the heading's."""
_CAPTION = 48
_HEADING = 24

_A = TypeVar("_A", bound="Artist")
Image = NDArray[np.uint8]

FILM_RC: dict[Any, Any] = {
    **RC,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 1.5,
    "axes.titlecolor": INK,
    "figure.constrained_layout.use": False,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same letters
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
"""The look of the figures, on a dark ground."""

__all__ = ["BLUE", "FAINT", "GREEN", "INK", "LETTERS", "MUTED", "ORANGE", "PAPER", "Stage"]


@contextlib.contextmanager
def look() -> Iterator[None]:
    """Matplotlib's settings for a film."""
    import matplotlib

    with matplotlib.rc_context(FILM_RC):
        yield


class Stage:
    """One scene's surface.

    Args:
        heading: what stands small above every picture.
        height: of the film in pixels; the width follows.
    """

    def __init__(self, heading: str, height: int = HEIGHT) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100 * height / HEIGHT)
        self._canvas: Any = FigureCanvasAgg(self._figure)
        self._moving: list[Artist] = []
        self._ground: Any = None
        self.paper = self._axes(0, 0, WIDTH, HEIGHT)
        self.paper.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
        self.paper.axis("off")
        self.paper.axhspan(BOTTOM, HEIGHT, color=BAND, linewidth=0)
        self.text(40, 34, heading, size=_HEADING, color=MUTED, ha="left")
        self._caption = [self.moving(self.text(WIDTH / 2, 0, "", size=_CAPTION)) for _ in range(2)]

    def text(self, x: float, y: float, words: str, size: float = LETTERS, **how: Any) -> Text:
        """Words in the picture; centred, unless ``ha`` or ``va`` say otherwise.

        Args:
            x: to the right.
            y: downwards.
            words: the text.
            size: the height of letters in pixels.
            how: what matplotlib knows of texts.
        """
        how = {"ha": "center", "va": "center_baseline", **how}
        return self.paper.text(x, y, words, size=points(size), **how)

    def chart(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Axes for a curve, with letters that can be read; labels stand outside of the room that is given."""
        axes = self._axes(left, top, right, bottom)
        axes.tick_params(labelsize=points(LETTERS - 2), length=points(6), width=1.2)
        axes.xaxis.label.set_fontsize(points(LETTERS))
        axes.yaxis.label.set_fontsize(points(LETTERS))
        return axes

    def moving(self, artist: _A) -> _A:
        """Have an artist drawn anew in every frame."""
        artist.set_animated(True)
        self._moving.append(artist)
        return artist

    def caption(self, lines: Sequence[str]) -> None:
        """Put one or two lines below the picture, or none."""
        middle = (BOTTOM + HEIGHT) / 2
        places = (middle,) if len(lines) == 1 else (middle - 32, middle + 34)
        for text, line, y in zip(self._caption, [*lines, "", ""], [*places, middle], strict=False):
            text.set_text(line)
            text.set_y(y)

    def caption_width(self) -> float:
        """The width of the longest line of the caption, in pixels of a picture of 1280 × 720."""
        widths = [
            text.get_window_extent(self._canvas.get_renderer()).width for text in self._caption if text.get_text()
        ]
        return max(widths, default=0.0) * HEIGHT / self._figure.bbox.height

    def image(self) -> Image:
        """The picture as it is now: (height, width, 3)."""
        if self._ground is None:
            self._canvas.draw()
            self._ground = self._canvas.copy_from_bbox(self._figure.bbox)
        self._canvas.restore_region(self._ground)
        for artist in self._moving:
            self._figure.draw_artist(artist)
        return np.ascontiguousarray(np.asarray(self._canvas.buffer_rgba())[:, :, :3])

    def _axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        place = (left / WIDTH, 1 - bottom / HEIGHT, (right - left) / WIDTH, (bottom - top) / HEIGHT)
        return self._figure.add_axes(place)


def points(pixels: float) -> float:
    """A height of letters in matplotlib's points, for a picture of 1280 × 720."""
    return pixels * 0.72
