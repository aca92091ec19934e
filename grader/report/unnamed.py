"""Failures that no known misconception explains, grouped by how the programs behave.

All students of a class are asked the same questions. So programs that fail the same laws of an exercise, each in the
same smallest case and with the same answer, most likely make the same mistake; one with three students behind it is
worth a name. A group is called after its lesson, its exercise and its behaviour, so that its name is the same in every
run with the same salt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.course.names import lesson_number
from grader.report.report import PropertyResult, Report
from grader.report.sorting import exercises, natural, standing
from grader.report.thin import ThinProperty, behaviour

_DIGITS = 6


@dataclass(frozen=True)
class Group:
    """Students whose programs fail alike in one exercise, without a name.

    Attributes:
        name: such as ``5-ReplayBuffer.push-3fa2c1``.
        laws: what they break.
        tests: the names of the properties.
        who: the students, in natural order.
    """

    name: str
    lesson: str
    exercise: str
    laws: tuple[str, ...]
    tests: tuple[str, ...]
    who: tuple[str, ...]

    @property
    def students(self) -> int:
        """The number of students."""
        return len(self.who)

    @property
    def example(self) -> str:
        """The student whose program stands for all."""
        return self.who[0]


def groups(reports: Iterable[Report]) -> list[Group]:
    """All groups of a class, the largest first.

    Left out are exercises in which a misconception was recognised, and those that are not written yet.

    Args:
        reports: of the class, thin or not.
    """
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], tuple[tuple[str, ...], set[str]]] = {}
    for report in reports:
        if standing(report) != "graded":
            continue
        for exercise, results in exercises(report).items():
            failed = [each for each in results if each.verdict == "fail"]
            if failed and all(each.written and each.misconception is None for each in failed):
                key = (report.lesson, exercise, tuple(sorted((each.name, _behaviour(each)) for each in failed)))
                laws = tuple(each.says for each in failed)
                found.setdefault(key, (laws, set()))[1].add(report.student)
    made = [_group(*key, laws, sorted(who, key=natural)) for key, (laws, who) in found.items()]
    return sorted(made, key=lambda group: (-group.students, lesson_number(group.lesson), group.exercise, group.name))


def _group(
    lesson: str, exercise: str, fails: tuple[tuple[str, str], ...], laws: tuple[str, ...], who: Sequence[str]
) -> Group:
    digits = hashlib.sha256(repr(fails).encode()).hexdigest()[:_DIGITS]
    name = f"{lesson_number(lesson)}-{exercise}-{digits}"
    return Group(name, lesson, exercise, laws, tuple(test for test, _ in fails), tuple(who))


def _behaviour(result: PropertyResult) -> str:
    return result.behaviour if isinstance(result, ThinProperty) else behaviour(result)
