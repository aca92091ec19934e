"""A CSV file with the position of every cell, so that one can be changed without touching any other byte."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.errors import ClassError


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        value: what it says, without quotes.
        start: where it begins in the text, quotes included.
        end: where it ends.
        in_quotes: whether it is written in quotes.
    """

    value: str
    start: int
    end: int
    in_quotes: bool

    def quoted(self, value: str, delimiter: str) -> str:
        """Write ``value`` in the style of this cell: in quotes if this cell has them, or if they are needed."""
        if self.in_quotes or any(character in value for character in (delimiter, '"', "\r", "\n")):
            return '"' + value.replace('"', '""') + '"'
        return value


def cells(text: str, delimiter: str) -> list[list[Cell]]:
    """The cells of every line. Quotes are doubled inside quotes, which may hold delimiters and line ends (RFC 4180).

    Raises:
        ClassError: a quote stands where none may.
    """
    token = re.compile(
        rf'(?P<mark>\ufeff?)(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<plain>[^"{delimiter}\r\n][^{delimiter}\r\n]*)?)'
        rf"(?P<after>{re.escape(delimiter)}|\r\n|\n|\r|\Z)"
    )
    rows: list[list[Cell]] = [[]]
    at = 0
    while True:
        match = token.match(text, at)
        if match is None:
            line = text.count("\n", 0, at) + 1
            raise ClassError(f"line {line} of the template is not CSV: a quote is not closed, or stands inside a cell")
        quoted = match["quoted"]
        value = (match["plain"] or "") if quoted is None else quoted.replace('""', '"')
        rows[-1].append(Cell(value, match.end("mark"), match.start("after"), quoted is not None))
        at = match.end()
        if match["after"] == delimiter:
            continue
        if at >= len(text):
            return rows
        rows.append([])
