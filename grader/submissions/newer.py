"""Tell Python that is newer than the one that grades from what is not Python at all."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable

_QUOTE = {'"': "'", "'": '"'}
_TYPE_PARAMETERS = re.compile(r"^(\s*(?:async\s+)?(?:def|class)\s+\w+)\s*\[[^\]]*\]")
_TYPE_STATEMENT = re.compile(r"^(\s*)type\s+(\w+)\s*(?:\[[^\]]*\])?\s*=")
# In Python 2 the last of them was the name for the exception, which nobody writes like a class.
_BARE_EXCEPT = re.compile(r"^(\s*except\*?)\s+((?:[\w.]+\.)?[A-Z]\w*(?:\s*,\s*(?:[\w.]+\.)?[A-Z]\w*)+)\s*:")
_T_STRING = re.compile(r"(?<![\w'\"])([tT][rR]?|[rR][tT])(?=['\"])")
_F_STRING = re.compile(r"(?<![\w'\"])(?:[fF][rR]?|[rR][fF])('''|\"\"\"|'|\")")


def needs(lines: list[str], at: int) -> str:
    """The Python version that a line needs, ``3.12 (a type statement)``, or "" if no known version accepts it.

    Args:
        lines: the source.
        at: the index of the line that this Python stumbles over.
    """
    for version, what, older in _FORMS:
        if sys.version_info >= version:
            continue
        line = older(lines[at])
        if line != lines[at] and _goes_on([*lines[:at], line, *lines[at + 1 :]], at):
            return f"Python {version[0]}.{version[1]} ({what})"
    return ""


def _goes_on(lines: list[str], at: int) -> bool:
    """Whether Python stumbles no more, or not before a later line."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return (error.lineno or 0) > at + 1
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def _with_other_quotes(line: str) -> str:
    """The line with an f-string's own kind of quotes, inside its braces, changed for the other kind."""
    made = line
    for match in _F_STRING.finditer(line):
        quote = match[1]
        if len(quote) > 1:
            continue
        depth, chars = 0, list(made)
        for i in range(match.end(), len(chars)):
            if chars[i] == "{":
                depth += 1
            elif chars[i] == "}":
                depth -= 1
            elif chars[i] == quote and depth > 0:
                chars[i] = _QUOTE[quote]
            elif chars[i] == quote:
                break
        made = "".join(chars)
    return made


def _without_backslashes(line: str) -> str:
    """The line with an f-string's backslashes inside its braces taken out."""
    return re.sub(r"(\{[^{}]*\})", lambda match: match[0].replace("\\", ""), line) if _F_STRING.search(line) else line


_FORMS: tuple[tuple[tuple[int, int], str, Callable[[str], str]], ...] = (
    ((3, 12), "a type statement", lambda line: _TYPE_STATEMENT.sub(r"\1\2 =", line)),
    ((3, 12), "type parameters", lambda line: _TYPE_PARAMETERS.sub(r"\1", line)),
    ((3, 12), "an f-string with its own quotes inside", _with_other_quotes),
    ((3, 12), "an f-string with a backslash inside its braces", _without_backslashes),
    ((3, 14), "several exceptions without parentheses", lambda line: _BARE_EXCEPT.sub(r"\1 (\2):", line)),
    ((3, 14), "a t-string", lambda line: _T_STRING.sub(lambda match: match[0].lower().replace("t", "f"), line)),
)
