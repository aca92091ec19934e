"""Compare the submissions of one lesson, two by two, with copydetect: k-grams of code in which names do not count.

What everybody was given says nothing, so lines and k-grams of the released stub are left out, and so is prose. Neither
do passages that much of the class has: the obvious way to write an exercise is nobody's property. Work that is the
same, or nearly, is put into groups first (``grader.similar.groups``) and then counts once, so that a copy that has gone
round the class does not become what the class has in common.
"""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grader.course import Course, Lesson
from grader.lessons.stubs import make_stub
from grader.similar.groups import ALMOST, Group, alike, same
from grader.similar.prints import fingerprint, fragments, overlap, same_lines, without
from grader.submissions.normal import Normal, normal

THRESHOLD = 0.7

COMMON_PART, COMMON_COUNT = 0.25, 10
"""A passage is common when more than this part of the class has it, and more than this many; a group counts once."""

ENOUGH = 80
"""Characters of one's own below which there is nothing to compare."""


@dataclasses.dataclass(frozen=True)
class Side:
    """One submission of a pair.

    Attributes:
        share: how much of what is this student's own stands in the other submission too, from 0 to 1.
        fragments: where those passages are in ``source``, from the first character to behind the last, in order.
        others: further students of the same group, for whom this one stands.
    """

    student: str
    source: str
    share: float
    fragments: tuple[tuple[int, int], ...]
    others: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two submissions that are alike.

    Attributes:
        similarity: the larger of the two shares: somebody may have copied all of it and added more.
        characters: how long the passages are that both have, without spaces, comments and the letters of names.
        same_lines: how much of the one's own lines stands in the other letter for letter.
    """

    lesson: str
    similarity: float
    characters: int
    same_lines: float
    left: Side
    right: Side


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A lesson compared.

    Attributes:
        pairs: those at or above the threshold, most alike first.
        groups: students whose work is the same or nearly; the largest first.
        compared: whose work was compared.
        too_short: whose work holds too little that is not given or common, and who are in no group.
        highest: the largest similarity of all pairs and groups; 0 where there is none.
        usual: the similarities of pairs of this class between which the middle one and 19 of 20 lie; None where there
            are fewer than ten pairs.
        expected: the largest similarity of two right answers that were not copied, from the course's own; None where
            the course has no two.
        forms: the normal form of every source that is compared, by the source.
    """

    lesson: Lesson
    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]
    compared: tuple[str, ...]
    too_short: tuple[str, ...]
    highest: float
    usual: tuple[float, float] | None = None
    expected: float | None = None
    forms: Mapping[str, Normal] = dataclasses.field(default_factory=dict)


def compare(
    lesson: Lesson,
    sources: Mapping[str, str],
    given: str,
    *,
    threshold: float = THRESHOLD,
    expected: float | None = None,
    tell: Callable[[int, int], None] = lambda done, total: None,
    forms: Mapping[str, Normal] | None = None,
) -> Comparison:
    """Compare all submissions of one lesson.

    Args:
        lesson: the lesson.
        sources: Python by student.
        given: the stub as it was handed out; "" where there is none.
        threshold: the similarity from which on a pair is listed.
        expected: the base line; see ``Comparison``.
        tell: hears how many pairs of how many are done.
        forms: the normal form of every source; where it is left out they are made here, by parsing the sources.

    Raises:
        ClassError: copydetect is not installed.
    """
    handed_out = fingerprint(normal(given)).hashes
    forms = {source: normal(source, given) for source in sources.values()} if forms is None else forms
    prints = {name: without(fingerprint(forms[source]), handed_out) for name, source in sources.items()}
    groups = same(lesson.name, sources, prints)
    highest = 1.0 if groups else 0.0
    works = _one_of_each(prints, groups)
    long = [name for name in works if prints[name].token_coverage >= ENOUGH]
    groups = _joined(groups, alike(lesson.name, "almost", long, sources, prints, ALMOST, min))
    works = _one_of_each(prints, groups)
    own = _without_common({name: prints[name] for name in works})
    short = [name for name, each in own.items() if each.token_coverage < ENOUGH]
    nothing_left = [name for name in short if prints[name].token_coverage >= ENOUGH]
    common = alike(lesson.name, "common", nothing_left, sources, prints, threshold, max)
    groups = [*groups, *_joined(groups, common, keep=False)]
    pairs, shares = _pairs(
        lesson, sources, forms, {n: own[n] for n in works if n not in short}, groups, threshold, tell
    )
    grouped = {name for group in groups for name in group.students}
    too_short = tuple(name for name in short if name not in grouped)
    order = {name: i for i, name in enumerate(sources)}
    groups = [dataclasses.replace(group, students=_in_order(group.students, order)) for group in groups]
    groups.sort(key=lambda group: (-len(group.students), -group.characters))
    return Comparison(
        lesson,
        tuple(pairs),
        tuple(groups),
        tuple(name for name in sources if name not in too_short),
        too_short,
        max([highest, *shares, *(group.similarity for group in groups)]),
        _usual(shares),
        expected,
        forms,
    )


def stub_of(course: Course, lesson: Lesson) -> str:
    """The stub that every student was given for this lesson; "" if its solution is not here."""
    solution = course.solution(lesson)
    return make_stub(solution.read_text(encoding="utf-8"), lesson.name) if solution.is_file() else ""


def right_answers(course: Course, lesson: Lesson) -> dict[str, str]:
    """Right answers stored with the lesson, by name, none of them a copy of another.

    The solution and the wheats are as unlike each other as can be; those in ``straightforward/`` follow the hints.
    """
    tests = course.tests(lesson)
    paths = [course.solution(lesson), *sorted(tests.glob("wheats/*.py")), *sorted(tests.glob("straightforward/*.py"))]
    lines = {path.stem: path.read_text(encoding="utf-8").split("\n") for path in paths if path.is_file()}
    # Without the markers that no student has.
    return {name: "\n".join(line for line in text if "### " not in line) for name, text in lines.items()}


def similarities(sources: Mapping[str, str], given: str) -> list[float]:
    """The similarities of all pairs, groups and common passages aside."""
    handed_out = fingerprint(normal(given)).hashes
    prints = [without(fingerprint(normal(source, given)), handed_out) for source in sources.values()]
    return [max(overlap(left, right)[0]) for left, right in itertools.combinations(prints, 2)]


def _one_of_each(prints: Mapping[str, Any], groups: Sequence[Group]) -> list[str]:
    """All students, but only the first one of each group."""
    behind = {name for group in groups for name in group.students[1:]}
    return [name for name in prints if name not in behind]


def _joined(groups: Sequence[Group], larger: Sequence[Group], *, keep: bool = True) -> list[Group]:
    """Larger groups with the members of the smaller ones whose first student is in them, and the smaller ones left."""
    smaller = {group.students[0]: group for group in groups}
    whole = []
    for group in larger:
        parts = [smaller[name].students if name in smaller else (name,) for name in group.students]
        whole.append(dataclasses.replace(group, students=tuple(itertools.chain.from_iterable(parts))))
    inside = {name for group in whole for name in group.students}
    left = [group for group in groups if group.students[0] not in inside] if keep else []
    return [*left, *whole]


def _in_order(students: tuple[str, ...], order: Mapping[str, int]) -> tuple[str, ...]:
    """The first student, who represents the group, and then the others in the order of the class."""
    return (students[0], *sorted(students[1:], key=order.__getitem__))


def _without_common(prints: Mapping[str, Any]) -> dict[str, Any]:
    seen = Counter(itertools.chain.from_iterable(each.hashes for each in prints.values()))
    most = max(COMMON_COUNT, COMMON_PART * len(prints))
    common = {gram for gram, count in seen.items() if count > most}
    return {name: without(each, common) for name, each in prints.items()}


def _pairs(
    lesson: Lesson,
    sources: Mapping[str, str],
    forms: Mapping[str, Normal],
    prints: Mapping[str, Any],
    groups: Sequence[Group],
    threshold: float,
    tell: Callable[[int, int], None],
) -> tuple[list[Pair], list[float]]:
    """The pairs to list, most alike first, and the similarities of all pairs."""
    others = {group.students[0]: group.students[1:] for group in groups}
    total = len(prints) * (len(prints) - 1) // 2
    pairs: list[Pair] = []
    similarity: list[float] = []
    for done, (left, right) in enumerate(itertools.combinations(prints, 2), start=1):
        shares, characters, slices = overlap(prints[left], prints[right])
        similarity.append(max(shares))
        if max(shares) >= threshold:
            sides = [
                Side(name, sources[name], share, fragments(where, sources[name]), others.get(name, ()))
                for name, share, where in zip((left, right), shares, slices, strict=True)
            ]
            literal = same_lines(forms[sources[left]], forms[sources[right]])
            pairs.append(Pair(lesson.name, max(shares), characters, literal, sides[0], sides[1]))
        if not done % 100 or done == total:
            tell(done, total)
    pairs.sort(key=lambda pair: (-pair.similarity, -pair.same_lines, -pair.characters))
    return pairs, similarity


def _usual(shares: Sequence[float]) -> tuple[float, float] | None:
    """The median, and the value that 19 of 20 do not exceed."""
    if len(shares) < 10:
        return None
    return statistics.median(shares), sorted(shares)[min(len(shares) * 19 // 20, len(shares) - 1)]
