"""Fingerprints of normal forms: copydetect's k-grams of code in which names do not count."""

from __future__ import annotations

import copy
import io
from collections.abc import Collection
from typing import Any

from grader.errors import ClassError
from grader.submissions.normal import NEEDS_EXTRA, Normal

K = 16
"""Characters of a k-gram, in code where every name is one letter: about a line. ``measure.py`` says why."""


def fingerprint(form: Normal) -> Any:
    """The k-grams of a source's normal form.

    Raises:
        ClassError: copydetect is not installed.
    """
    try:
        import numpy as np
        from copydetect import CodeFingerprint
    except ModuleNotFoundError:
        raise ClassError(NEEDS_EXTRA) from None
    # A window of 1 keeps every k-gram. Larger ones keep those with the smallest hashes, and Python's hashes of text
    # differ from run to run: so would the result.
    made = CodeFingerprint("submission.py", K, 1, filter=False, fp=io.StringIO(form.code, newline=""))
    made.raw_code, made.offsets = form.source, np.array(form.offsets)
    return made


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


def same_lines(left: Normal, right: Normal) -> float:
    """The share of one source's own lines that occur in the other letter for letter, names and comments included.

    Of both directions the larger. Independent answers choose their own names, even where there is one obvious way.
    """
    own = [
        [line.strip() for i, line in enumerate(form.source.split("\n")) if i not in form.left_out]
        for form in (left, right)
    ]
    shares = []
    for mine, other in (own, reversed(own)):
        there = set(other)
        shares += [sum(line in there for line in mine) / len(mine)] if mine else []
    return max(shares, default=0.0)
