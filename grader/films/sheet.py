"""Pictures as files; and the contact sheet, the posters of all films in one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from grader.files import write
from grader.films.stage import PAPER, Image

_COLUMNS, _GAP = 3, 8
_WIDTH, _HEIGHT = 400, 225


def write_sheet(folder: Path, lessons: Sequence[int]) -> Path | None:
    """Put the posters together into ``contact.png``; None as long as one is missing.

    Args:
        folder: where the posters are.
        lessons: the numbers of the lessons.
    """
    posters = [folder / f"lesson{number}.png" for number in lessons]
    if not all(poster.is_file() for poster in posters):
        return None
    from PIL import Image as Pillow

    rows = -(-len(posters) // _COLUMNS)
    size = (_COLUMNS * _WIDTH + (_COLUMNS + 1) * _GAP, rows * _HEIGHT + (rows + 1) * _GAP)
    sheet = Pillow.new("RGB", size, PAPER)
    for i, poster in enumerate(posters):
        row, column = divmod(i, _COLUMNS)
        with Pillow.open(poster) as picture:
            small = picture.convert("RGB").resize((_WIDTH, _HEIGHT), Pillow.Resampling.LANCZOS)
        sheet.paste(small, (_GAP + column * (_WIDTH + _GAP), _GAP + row * (_HEIGHT + _GAP)))
    write(folder / "contact.png", png(np.asarray(sheet)))
    return folder / "contact.png"


def png(picture: Image) -> bytes:
    """A picture (height, width, 3) as a PNG file without a date."""
    from PIL import Image as Pillow

    out = io.BytesIO()
    Pillow.fromarray(picture).save(out, "PNG", optimize=True)
    return out.getvalue()
