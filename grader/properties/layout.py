"""Lay statements out so that they can be read: lines that fit, and loops for what is repeated."""

from __future__ import annotations

import io
import tokenize

from grader.printable import count
from grader.student.errors import shortened

LINES = 40
"""Of a script, with its imports."""
COLUMNS = 100
_LOOP_FROM = 4
_LONGEST_PERIOD = 4
_TRY, _EXCEPT = "try:\n    ", "\nexcept Exception as error:\n    print(repr(error))"
_LINE_CAP, _CODE_CAP = 40_000, 200_000


def _wrapped(line: str) -> list[str]:
    """A statement in lines that fit, if it has commas in brackets where it can be broken."""
    if len(line) <= COLUMNS or len(line) > _LINE_CAP:
        return [line]
    depth = 0
    commas: list[tuple[int, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(line.lstrip()).readline):
            if token.type == tokenize.OP and token.start[0] == 1:
                depth += (token.string in "([{") - (token.string in ")]}")
                commas += [(token.end[1], depth)] if token.string == "," and depth else []
    except (tokenize.TokenError, SyntaxError):
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    text, start = line.lstrip(), 0
    lines: list[str] = []
    while len(indent) + 4 + len(text) - start > COLUMNS and (left := [c for c in commas if c[0] > start]):
        room = COLUMNS - len(indent) - 5
        # Between rows rather than within one, unless that leaves half of the line empty.
        fits = [comma for comma in left if comma[0] - start <= room] or left[:1]
        wide = [comma for comma in fits if comma[0] - start > room // 2] or fits[-1:]
        end = min(wide, key=lambda comma: (comma[1], -comma[0]))[0]
        lines.append(text[start:end])
        start = end + 1
    lines.append(text[start:])
    return [f"{indent}{'    ' if i else ''}{part}" for i, part in enumerate(lines)]


def caught(statement: str) -> str:
    """A statement whose exception is printed."""
    return f"{_TRY}{statement}{_EXCEPT}"


def _fitting(statement: str) -> list[str]:
    """A statement in lines that fit; one whose exception is printed stays in one piece."""
    inner = statement.removeprefix(_TRY).removesuffix(_EXCEPT)
    if "\n" in inner or inner == statement:
        return _wrapped(statement)
    return [caught("\n".join(_wrapped(f"    {inner}")).lstrip())]


def _as_loops(lines: list[str]) -> list[str]:
    """The same statements, with repetitions of one line or of a few lines written as loops.

    In an interactive session a loop echoes what its lines echo, so what is pasted shows the same.
    """
    short: list[str] = []
    at = 0
    while at < len(lines):
        runs = [(period, _repetitions(lines, at, period)) for period in range(1, _LONGEST_PERIOD + 1)]
        period, times = max(runs, key=lambda run: (run[1] >= _LOOP_FROM, (run[1] - 1) * run[0]))  # saves most lines
        block = lines[at : at + period]
        # A line may be several: the inner ones, which may be part of a text, must not be indented.
        if times < _LOOP_FROM or any("\n" in line for line in block):
            short.append(lines[at])
            at += 1
        else:
            short += [f"for _ in range({times}):", *(f"    {line}" for line in block)]
            at += period * times
    return short


def _repetitions(lines: list[str], at: int, period: int) -> int:
    """The number of times that the ``period`` lines starting at ``at`` occur in a row."""
    block = lines[at : at + period]
    times = 1
    while lines[at + times * period : at + (times + 1) * period] == block:
        times += 1
    return times if len(block) == period else 0


def laid_out(statements: list[str], above: int = 0) -> str:
    """Statements as lines of a script, of which no more are kept than anybody would read.

    Args:
        statements: the statements.
        above: how many lines stand above them.
    """
    lines = [part for line in _as_loops(statements) for part in _fitting(line)]
    if len(lines) > LINES - above:
        half = (LINES - above) // 2
        left_out = count(len(lines) - 2 * half + 1, "more line")
        lines = [*lines[:half], f"# ... {left_out} ...", *lines[len(lines) - half + 1 :]]
    most = _LINE_CAP if sum(map(len, lines)) <= _CODE_CAP else _CODE_CAP // LINES
    return "\n".join(shortened(line, most) for line in lines)
