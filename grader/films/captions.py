"""Captions as text: broken into lines for the picture, as WebVTT for players, and as a transcript."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from grader.errors import CourseError
from grader.films.pace import RATE, Times

LINES = 2
WIDTH = 46
"""Characters in a line: as many as fit across a picture in letters that can be read on a phone."""

_WORDS = "three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|fifty|hundred|thousand|million"
_NUMBERS = re.compile(rf"\d+|\b(?:{_WORDS})s?\b", re.IGNORECASE)


def broken(text: str) -> tuple[str, ...]:
    """The lines of a caption: two of about the same length, where one is not enough.

    >>> broken("Can one line of code balance a pole, and for how long can it do so?")
    ('Can one line of code balance a pole,', 'and for how long can it do so?')

    Raises:
        CourseError: it takes more lines than there is room for.
    """
    found = " ".join(text.split())
    if len(found) <= WIDTH:
        return (found,)
    spaces = [at for at, letter in enumerate(found) if letter == " "]
    fits = [at for at in spaces if at <= WIDTH and len(found) - at - 1 <= WIDTH]
    if not fits:
        raise CourseError(f"a caption has at most {LINES} lines of {WIDTH} characters; split it: {found}")
    # The best break is near the middle; where a sentence or a clause ends, it may be some characters away from there.
    at = min(fits, key=lambda at: abs(2 * at - len(found)) - {".": 24, ",": 14, ":": 18, "?": 24}.get(found[at - 1], 0))
    return found[:at], found[at + 1 :]


def unsourced(text: str) -> str:
    """The first number in a text whose placeholders are taken out; "" if all numbers come from placeholders.

    "One" and "two" are words of the language as well, so they are let.
    """
    found = _NUMBERS.search(text)
    return found[0] if found else ""


def webvtt(times: Sequence[Times]) -> str:
    """Captions for players."""
    cues = (
        f"{_clock(span.first)} --> {_clock(span.end)}\n" + "\n".join(map(_escaped, broken(span.text))) + "\n"
        for scene in times
        for span in scene.captions
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def transcript(title: str, times: Sequence[Times]) -> str:
    """The captions as text, a paragraph for each scene, below a title."""
    return "\n\n".join([title, *(" ".join(span.text for span in scene.captions) for scene in times)]) + "\n"


def cues(text: str) -> Iterator[tuple[float, float, str]]:
    """The cues of a WebVTT file: beginning and end in seconds, and the text in one line."""
    for block in text.split("\n\n")[1:]:
        head, *lines = block.strip().split("\n")
        first, _, end = head.partition(" --> ")
        yield _seconds(first), _seconds(end), " ".join(lines)


def _clock(frame: int) -> str:
    milliseconds = round(frame * 1000 / RATE)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"


def _seconds(clock: str) -> float:
    minutes, _, rest = clock.partition(":")
    return 60 * int(minutes) + float(rest)


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
