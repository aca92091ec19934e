"""The lines of a Markdown text: which of them are prose, and which are code or formulas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark")


def indented_blocks(text: str, replace: Callable[[str], str | None]) -> str:
    """Replace indented blocks of code that stand at the left margin.

    Args:
        text: the markdown.
        replace: is given a block's content; what it returns takes the block's place, None leaves it.
    """
    lines = text.split("\n")
    for token in reversed(_PARSER.parse(text)):
        if token.type == "code_block" and token.level == 0 and token.map:
            first, end = token.map
            while end > first and not lines[end - 1].strip():
                end -= 1
            if (new := replace(token.content)) is not None:
                lines[first:end] = new.split("\n")
    return "\n".join(lines)


def prose(text: str) -> list[bool]:
    """For each line, whether it is prose: neither code, nor raw HTML, nor a heading."""
    is_prose = [True] * (text.count("\n") + 1)
    for token in _PARSER.parse(text):
        if token.type in ("code_block", "fence", "html_block", "heading_open") and token.map:
            is_prose[slice(*token.map)] = [False] * (token.map[1] - token.map[0])
    return is_prose


def each_prose_line(text: str, change: Callable[[str], str]) -> str:
    """Change the lines of prose, and leave all else."""
    return "\n".join(
        change(line) if is_prose else line for line, is_prose in zip(text.split("\n"), prose(text), strict=True)
    )


def words(line: str, change: Callable[[str], str]) -> str:
    """Change the words of a line: not its spans of code, nor what its links lead to."""
    parts = re.split(r"(`[^`]*`|\]\([^)]*\))", line)
    return "".join(part if i % 2 else change(part) for i, part in enumerate(parts))


def html_block(lines: Iterable[str]) -> str:
    """Raw HTML as Markdown takes it: a paragraph of its own, which ends at the first empty line."""
    return "\n".join(["", *(line for line in lines if line.strip()), ""])
