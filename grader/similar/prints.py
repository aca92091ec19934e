"""Fingerprints of sources: copydetect's k-grams of code with names ignored, without the code handed out."""

from __future__ import annotations

import ast
import copy
import io
from collections.abc import Collection
from typing import Any

from grader.errors import ClassError

K = 16
"""Characters of a k-gram, in code where every name is one letter: about a line. ``measure.py`` says why."""


def fingerprint(source: str, given: str | None = None) -> Any:
    """The k-grams of a source: of all of it, or without docstrings and the lines of the stub that was given.

    Raises:
        ClassError: copydetect is not installed.
    """
    try:
        from copydetect import CodeFingerprint
    except ModuleNotFoundError:
        raise ClassError("comparing needs the extra called similar: pip install -e '.[similar]'") from None
    text = source if given is None else _what_counts(source, given)
    # A window of 1 keeps every k-gram. Larger ones keep those with the smallest hashes, and Python's hashes of text
    # differ from run to run: so would the result.
    return CodeFingerprint("submission.py", K, 1, language="python", fp=io.StringIO(text))


def without(fingerprint: Any, unwanted: Collection[int]) -> Any:
    """A fingerprint without some k-grams; its ``token_coverage`` says how many characters are left.

    copydetect can do that itself, but it takes further copies of a repeated k-gram for boilerplate as well.
    """
    from copydetect.utils import get_token_coverage

    left = copy.copy(fingerprint)
    left.hashes = fingerprint.hashes - set(unwanted)
    left.hash_idx = {gram: at for gram, at in fingerprint.hash_idx.items() if gram in left.hashes}
    left.token_coverage = int(get_token_coverage(left.hash_idx, K, len(fingerprint.filtered_code)))
    return left


def overlap(left: Any, right: Any) -> tuple[tuple[float, float], int, Any]:
    """Both shares, the length of what is common, and where that is in both sources."""
    from copydetect import compare_files

    if left.hashes.isdisjoint(right.hashes):
        return (0.0, 0.0), 0, ((), ())
    characters, shares, slices = compare_files(left, right)
    # Passages are joined over short gaps, which belong to the stub: so a share may come out a little above 1.
    return (min(float(shares[0]), 1.0), min(float(shares[1]), 1.0)), int(characters), slices


def fragments(slices: Any, source: str) -> tuple[tuple[int, int], ...]:
    """The passages of ``source`` between starts and ends: in order, joined where they meet, without outer space."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(zip(*(map(int, row) for row in slices), strict=True)):
        begin, end = max(begin, 0), min(end, len(source))
        text = source[begin:end]
        begin, end = begin + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif begin < end:
            found.append((begin, end))
    return tuple(found)


def left_out(source: str, given: str) -> frozenset[int]:
    """The lines of a source, from 0, that do not count: empty ones, docstrings, and those that are in the stub."""
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


def same_lines(left: str, right: str, given: str) -> float:
    """The share of one source's own lines that occur in the other letter for letter, names and comments included.

    Of both directions the larger. Independent answers choose their own names, even where there is one obvious way.
    """
    own = []
    for source in (left, right):
        dropped = left_out(source, given)
        own.append([line.strip() for i, line in enumerate(source.split("\n")) if i not in dropped])
    shares = [sum(line in set(other) for line in mine) / len(mine) for mine, other in (own, reversed(own)) if mine]
    return max(shares, default=0.0)


def _what_counts(source: str, given: str) -> str:
    """The source with lines that do not count replaced by spaces; every other character keeps its place."""
    dropped = left_out(source, given)
    return "\n".join(" " * len(line) if i in dropped else line for i, line in enumerate(source.split("\n")))
