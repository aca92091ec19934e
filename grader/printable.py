"""Make text from a student's side safe to display, and write numbers as people do.

A report quotes what hostile code printed, raised and named. Escaping for a format (HTML, rich markup) is the
renderer's business; this module takes away what would act on the *reader*: terminal control sequences, characters
that reverse the direction of the text around them, and strings without end.
"""

from __future__ import annotations

import re

# Colour codes and window titles are taken out: nobody who printed them meant them to be read.
_SEQUENCES = re.compile(r"\x1b\[[0-9:;<=>?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)")

# C0 and C1 controls but tab and newline, direction marks and overrides, invisible characters, line separators,
# lone surrogates (a folder name that is not UTF-8), tag characters, noncharacters. Joiners stay: scripts need them.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)

LIMIT = 8000
"""Characters of one text that are shown; what a report quotes is short unless somebody makes it long on purpose."""


def _picture(match: re.Match[str]) -> str:
    """A control character as its picture (``␛``), any other as its escape sequence."""
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    r"""Make ``text`` inert: terminal sequences removed, other control characters shown as pictures.

    Newlines and tabs stay; a carriage return, as progress bars print it, begins a new line.

    >>> visible("\x1b[31mred\x1b[0m \x07")
    'red ␇'
    """
    return _UNSAFE.sub(_picture, _SEQUENCES.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, limit: int = 200) -> str:
    """Apply ``visible`` for names and table cells: newlines and tabs are shown as pictures too, and the text is cut."""
    return clip(visible(text).replace("\n", "␤").replace("\t", "␉"), limit)


def clip(text: str, limit: int = LIMIT) -> str:
    """The first ``limit`` characters, and a note of how many were cut."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({count(len(text) - limit, 'more character')})"


def number(value: float, digits: int = 2) -> str:
    """A mark as people write it: at most ``digits`` decimals, without trailing zeros or float noise.

    >>> number(0.1 + 0.2), number(3.0), number(-0.001)
    ('0.3', '3', '0')
    """
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def count(n: int, noun: str, plural: str = "") -> str:
    """``1 student``, ``2 students``, ``1,200 students``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def amount(value: float, noun: str) -> str:
    """A mark with its unit: ``1 point``, ``2.5 points``, ``0 points``."""
    shown = number(value)
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"
