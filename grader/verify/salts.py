"""Judge every known program with many salts: luck with the salt must not decide marks.

Each salt draws other examples for every property. A right answer that fails with one of them, or a wrong one that gets
full marks, is a hole that this term's salt may hide; and marks of one program that differ are luck.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from grader.course import Course, Lesson
from grader.verify.only import named
from grader.verify.table import SaltsRow, Unsteady
from grader.verify.verify import Sample

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place


class Judged(NamedTuple):
    """The outcome for one program with one salt.

    Attributes:
        share: of the points for properties, what it gets.
        failed: the properties that it does not pass.
    """

    share: float
    failed: frozenset[str]


def judge(course: Course, sample: Sample, salts: int, place: Place, watch: Watcher) -> list[Judged]:
    """Judge a program with so many salts."""
    return [_judge(with_salt(course, i), sample, place) for i in range(salts)]


def with_salt(course: Course, i: int) -> Course:
    """The course as with another class's salt; the first one is the public salt of course.yml."""
    return msgspec.structs.replace(course, class_salt=f"salt {i} of the measurement" if i else "")


def _judge(course: Course, sample: Sample, place: Place) -> Judged:
    from grader.grading.sessions import open_session
    from grader.properties import runner
    from grader.student.budget import Budget
    from grader.student.errors import StudentDied, StudentError
    from grader.verify.judge import sources

    lesson = course.lesson(sample.lesson)
    texts = sources(course, lesson, sample.source)
    budget = Budget(course.limits.submission_seconds)  # as in a class: an example that is never found ends the property
    try:
        findings = runner.run(
            course, lesson, lambda: open_session(course, lesson, texts, place), shrink=False, budget=budget
        )
    except (StudentError, StudentDied) as error:
        return Judged(0.0, frozenset({f"importing it: {type(error).__name__}"}))
    earned = possible = 0.0
    for exercise in lesson.exercises:
        own = [finding for finding in findings if finding.exercise == exercise.name]
        whole = sum(finding.weight for finding in own)
        passed = sum(finding.weight for finding in own if finding.verdict == "pass")
        possible += exercise.points if own else 0.0
        earned += exercise.points * passed / whole if own else 0.0
    failed = frozenset(finding.name for finding in findings if finding.verdict != "pass")
    return Judged(round(earned / possible, 4) if possible else 0.0, failed)


def of_kinds(wanted: Sequence[Sample], *, right: bool, wrong: bool, only: Sequence[str] = ()) -> list[Sample]:
    """The right answers among these samples, the misconceptions, or both; of certain names only, where there are any.

    Raises:
        CourseError: there is none of such a name.
    """
    kinds = {"solution", "wheat"} if right else set()
    kinds |= {"chaff"} if wrong else set()
    found = [sample for sample in wanted if sample.kind in kinds]
    return named(found, only, lambda sample: sample.name, "what is judged")


def jobs(course: Course, wanted: Sequence[Sample], salts: int) -> dict[str, Callable[..., list[Judged]]]:
    """The jobs for these samples, by their titles."""
    return {sample.title: functools.partial(judge, course, sample, salts) for sample in wanted}


def row(lesson: Lesson, wanted: Sequence[Sample], judged: Mapping[str, Sequence[Judged]]) -> SaltsRow:
    """The findings about one lesson."""
    own = [(sample, judged[sample.title]) for sample in wanted if sample.lesson == lesson.name]
    right = [(sample, each) for sample, each in own if sample.kind != "chaff"]
    wrong = [(sample, each) for sample, each in own if sample.kind == "chaff"]
    spread = [max(each.share for each in one) - min(each.share for each in one) for _, one in wrong]
    return SaltsRow(
        lesson.name,
        programs=(len(right), len(wrong)),
        always=(
            sum(all(not each.failed for each in one) for _, one in right),
            sum(all(each.failed for each in one) for _, one in wrong),
        ),
        steady=sum(len({each.failed for each in one}) == 1 for _, one in wrong),
        spread=(statistics.mean(spread), max(spread)) if spread else (0.0, 0.0),
        unsteady=tuple(
            _unsteady(f"{sample.kind} {sample.name}".strip(), one)
            for sample, one in own
            if len({each.failed for each in one}) > 1 or (sample.kind != "chaff" and one[0].failed)
        ),
    )


def _unsteady(title: str, judged: Sequence[Judged]) -> Unsteady:
    always = frozenset.intersection(*(each.failed for each in judged))
    sometimes = {name: sum(name in each.failed for each in judged) for each in judged for name in each.failed - always}
    shares = [each.share for each in judged]
    return Unsteady(title, min(shares), max(shares), len(judged), tuple(sorted(sometimes.items())))
