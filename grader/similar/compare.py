"""Compare the submissions of one lesson, two by two, with copydetect: k-grams of code in which names do not count.

What everybody was given says nothing, so lines and k-grams of the released stub are left out, and so is prose. Neither
do passages that much of the class has: the obvious way to write an exercise is nobody's property.
"""

from __future__ import annotations

import ast
import dataclasses
import io
import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from grader.build import make_stub
from grader.course import Course, Lesson
from grader.submissions.read import ClassError

K = 16
"""Characters of a k-gram, in code where every name is one letter: about a line. ``measure.py`` says why."""

THRESHOLD = 0.7

COMMON_PART, COMMON_COUNT = 0.25, 10
"""A passage is common when more than this part of the class has it, and more than this many students."""

ENOUGH = 80
"""Characters of one's own below which there is nothing to compare."""


@dataclasses.dataclass(frozen=True)
class Side:
    """One submission of a pair.

    Attributes:
        share: how much of what is this student's own stands in the other submission too, from 0 to 1.
        fragments: where those passages are in ``source``, from the first character to behind the last, in order.
    """

    student: str
    source: str
    share: float
    fragments: tuple[tuple[int, int], ...]


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two submissions that are alike.

    Attributes:
        similarity: the larger of the two shares: somebody may have copied all of it and added more.
        characters: how long the passages are that both have, without spaces, comments and the letters of names.
    """

    lesson: str
    similarity: float
    characters: int
    left: Side
    right: Side


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A lesson compared.

    Attributes:
        pairs: those at or above the threshold, most alike first.
        compared: whose work was compared.
        too_short: whose work holds too little that is not given or common.
        highest: the largest similarity of all pairs; 0 where there is none.
    """

    lesson: Lesson
    pairs: tuple[Pair, ...]
    compared: tuple[str, ...]
    too_short: tuple[str, ...]
    highest: float


def compare(
    lesson: Lesson,
    sources: Mapping[str, str],
    given: str,
    *,
    threshold: float = THRESHOLD,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Compare all submissions of one lesson.

    Args:
        lesson: the lesson.
        sources: Python by student.
        given: the stub as it was handed out; "" where there is none.
        threshold: the similarity from which on a pair is listed.
        tell: hears how many pairs of how many are done.

    Raises:
        ClassError: copydetect is not installed.
    """
    prints, short = _fingerprints(sources, given)
    students = list(prints)
    total = len(students) * (len(students) - 1) // 2
    pairs: list[Pair] = []
    highest, done = 0.0, 0
    for i, left in enumerate(students):
        for right in students[i + 1 :]:
            shares, characters, slices = _overlap(prints[left], prints[right])
            highest = max(highest, *shares)
            if max(shares) >= threshold:
                sides = [
                    Side(student, sources[student], share, fragments(where, sources[student]))
                    for student, share, where in zip((left, right), shares, slices, strict=True)
                ]
                pairs.append(Pair(lesson.name, max(shares), characters, sides[0], sides[1]))
        done += len(students) - i - 1
        tell(done, total)
    pairs.sort(key=lambda pair: (-pair.similarity, -pair.characters))
    return Comparison(lesson, tuple(pairs), tuple(students), tuple(short), highest)


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


def stub_of(course: Course, lesson: Lesson) -> str:
    """What every student was given for this lesson; "" where its solution is not here."""
    solution = course.solution(lesson)
    return make_stub(solution.read_text(encoding="utf-8"), lesson.name) if solution.is_file() else ""


def _fingerprints(sources: Mapping[str, str], given: str) -> tuple[dict[str, Any], list[str]]:
    """The fingerprint of every submission without what is given or common; and whose is too short then."""
    every = {student: _fingerprint(_what_counts(source, given)) for student, source in sources.items()}
    seen = Counter(itertools.chain.from_iterable(each.hashes for each in every.values()))
    most = max(COMMON_COUNT, COMMON_PART * len(sources))
    unwanted = {gram for gram, count in seen.items() if count > most} | _fingerprint(given).hashes
    short = [student for student, each in every.items() if _leave_out(each, unwanted) < ENOUGH]
    return {student: each for student, each in every.items() if student not in short}, short


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


def _what_counts(source: str, given: str) -> str:
    """The source with spaces in the place of lines that do not count: every other character stays where it is."""
    without = left_out(source, given)
    return "\n".join(" " * len(line) if i in without else line for i, line in enumerate(source.split("\n")))


def _fingerprint(source: str) -> Any:
    try:
        from copydetect import CodeFingerprint
    except ModuleNotFoundError:
        raise ClassError("comparing needs the extra called similar: pip install -e '.[similar]'") from None
    # A window of 1 keeps every k-gram. Larger ones keep those with the smallest hashes, and Python's hashes of text
    # differ from run to run: so would the result.
    return CodeFingerprint("submission.py", K, 1, language="python", fp=io.StringIO(source))


def _leave_out(fingerprint: Any, unwanted: set[int]) -> int:
    """Take k-grams out of a fingerprint; how many characters are left.

    copydetect can do that itself, but it takes further copies of a repeated k-gram for boilerplate as well.
    """
    from copydetect.utils import get_token_coverage

    fingerprint.hashes = fingerprint.hashes - unwanted
    fingerprint.hash_idx = {gram: at for gram, at in fingerprint.hash_idx.items() if gram in fingerprint.hashes}
    fingerprint.token_coverage = get_token_coverage(fingerprint.hash_idx, K, len(fingerprint.filtered_code))
    return int(fingerprint.token_coverage)


def _overlap(left: Any, right: Any) -> tuple[tuple[float, float], int, Any]:
    """Both shares, the length of what is common, and where that is in both sources."""
    from copydetect import compare_files

    if left.hashes.isdisjoint(right.hashes):
        return (0.0, 0.0), 0, ((), ())
    characters, shares, slices = compare_files(left, right)
    # Passages are joined over short gaps, which belong to the stub: so a share may come out a little above 1.
    return (min(float(shares[0]), 1.0), min(float(shares[1]), 1.0)), int(characters), slices
