"""The normal form of a source: code in which names do not count, without what does not count. Nothing of it is run."""

from __future__ import annotations

import ast
import dataclasses

from grader.errors import ClassError

NEEDS_EXTRA = "comparing needs the extra called similar: pip install -e '.[similar]'"


@dataclasses.dataclass(frozen=True)
class Normal:
    """A source as it is compared with others.

    Attributes:
        source: the source.
        code: its code with one letter in the place of every name, and without spaces, comments and lines left out.
        offsets: places in ``code``, and how many characters of the source were taken out before each.
        left_out: the lines of the source, from 0, that do not count.
    """

    source: str
    code: str
    offsets: tuple[tuple[int, int], ...]
    left_out: frozenset[int]


def normal(source: str, given: str | None = None) -> Normal:
    """The normal form of all of a source, or of what is left without docstrings and the lines of the given stub.

    Raises:
        ClassError: copydetect is not installed.
    """
    try:
        from copydetect.utils import filter_code
    except ModuleNotFoundError:
        raise ClassError(NEEDS_EXTRA) from None
    dropped = frozenset[int]() if given is None else left_out(source, given)
    # Spaces in the place of lines that do not count: every other character stays where it is.
    counts = "\n".join(" " * len(line) if i in dropped else line for i, line in enumerate(source.split("\n")))
    code, offsets = filter_code(counts, "submission.py", "python")
    return Normal(source, code, tuple((int(at), int(by)) for at, by in offsets), dropped)


def left_out(source: str, given: str) -> frozenset[int]:
    """The lines of a source, from 0, that do not count: empty ones, docstrings, and those that stand in the stub."""
    lines, known = source.split("\n"), {line.strip() for line in given.split("\n")}
    found = {i for i, line in enumerate(lines) if not line.strip() or (line.strip() in known and '"""' not in line)}
    try:
        texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset(found)
    for node in texts:
        whole = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        # A text that shares its line with code stays: what counts must not go with it.
        if whole and not lines[node.lineno - 1].encode()[: node.col_offset].strip():
            found |= set(range(node.lineno - 1, node.end_lineno or node.lineno))
    return frozenset(found)
