"""IPython's own lines, ``%matplotlib`` and ``!pip``, made into Python, in notebooks and in modules made from them."""

from __future__ import annotations

import ast
import re

_CAP = 200
_MOST_PARSED = 1 << 20
"""Characters that are parsed again and again to find lines of magic, before all that look like it are taken for it."""

_MAGIC = re.compile(r"\s*(%{1,2}[A-Za-z]|!|\?)|\s*[\w.]+\?{1,2}\s*$")
_ASSIGNED = re.compile(r"(\s*)([\w.]+(?:\s*,\s*\w+)*)\s*=\s*(%{1,2}[A-Za-z]|!).*")


def without_magics(source: str) -> tuple[str, int]:
    """Python with the same line numbers, and how many lines of magic there were.

    ``files = !ls`` gives an empty list: nothing is known of what it would have been.
    """
    lines = source.splitlines()
    skipped = parsed = 0
    # Only where Python stumbles: a line of a long string, or the second half of an expression, may look the same.
    while skipped < _CAP and parsed <= _MOST_PARSED and (at := where_wrong(lines)) is not None and _skip(lines, at):
        skipped += 1
        parsed += len(source)
        # What follows such a line begins a statement as well, so nothing has to be parsed to tell a run of them.
        while (at := at + 1) < len(lines) and _skip(lines, at):
            skipped += 1
    if skipped >= _CAP or parsed > _MOST_PARSED:
        skipped += sum(_skip(lines, i) for i in range(len(lines)))
    return ("\n".join(lines), skipped) if skipped else (source, 0)


def as_comments(source: str) -> str:
    """Every line as a comment."""
    return "\n".join(f"# {line}" for line in source.splitlines())


def where_wrong(lines: list[str]) -> int | None:
    """The index of the first line that is not Python; None if all are, or if it cannot be determined."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return error.lineno - 1 if error.lineno and error.lineno <= len(lines) else None
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _skip(lines: list[str], at: int) -> bool:
    """Turn a line of notebook magic into Python; returns whether it is one."""
    line = lines[at]
    if assigned := _ASSIGNED.fullmatch(line):
        lines[at] = f"{assigned[1]}{assigned[2]} = []  # {line.strip()}"
        return True
    if not _MAGIC.match(line):
        return False
    # `pass`, because an indented line may be all there is of a block.
    lines[at] = re.sub(r"\S", "pass  # \\g<0>", line, count=1) if line[0].isspace() else f"# {line}"
    return True
