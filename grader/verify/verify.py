"""Measure the tests themselves: right answers must get full marks, wrong ones must lose marks and be named."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from grader.course import Course
from grader.errors import CourseError
from grader.grading.own import grade_own
from grader.lessons import chaffs as known
from grader.report.report import Report
from grader.verify.missing import missing
from grader.verify.table import Named, VerifyRow

if TYPE_CHECKING:
    from grader.report.step import Watcher
    from grader.student.places import Place


@dataclasses.dataclass(frozen=True)
class Sample:
    """One program whose verdict is known.

    Attributes:
        lesson: the lesson's name.
        kind: ``stub``, ``solution``, ``wheat``, ``chaff`` or ``wheat chaff``.
        name: of the wheat or chaff.
        source: the module.
        exercise: the exercise that a chaff gets wrong.
        chaff: the name of its misconception.
    """

    lesson: str
    kind: str
    name: str
    source: str
    exercise: str = ""
    chaff: str = ""

    @property
    def title(self) -> str:
        """A name that no other sample has."""
        return f"{self.lesson} {self.kind} {self.name}".strip()


def samples(course: Course, lessons: Sequence[str]) -> list[Sample]:
    """Everything that can be measured in these lessons.

    Raises:
        CourseError: a file is missing, or a chaff no longer fits its solution.
    """
    found = []
    for name in lessons:
        lesson = course.lesson(name)
        try:
            stub, solution = (p.read_text(encoding="utf-8") for p in (course.stub(lesson), course.solution(lesson)))
        except OSError as error:
            raise CourseError(f"{lesson.name}: {error.strerror}: {error.filename}") from None
        # A comment would not do: a stub that is only laid out anew counts as not begun. Whoever began and wrote
        # nothing useful must get nothing either.
        found.append(Sample(name, "stub", "", f"{stub}\nBEGUN = True\n"))
        found.append(Sample(name, "solution", "", solution))
        wheats = known.wheats(course, lesson)
        for wheat, text in wheats.items():
            found.append(Sample(name, "wheat", wheat, text))
        chaffs = {chaff.name: chaff for chaff in known.load(course, lesson)}
        for chaff in chaffs.values():
            found.append(Sample(name, "chaff", chaff.name, chaff.source(solution), chaff.exercise, chaff.name))
        for each in known.of_wheats(course, lesson):
            source, exercise = each.source(wheats[each.wheat]), chaffs[each.chaff].exercise
            found.append(Sample(name, "wheat chaff", each.name, source, exercise, each.chaff))
    return found


def judge(course: Course, sample: Sample, train: bool, place: Place, watch: Watcher) -> tuple[Report, float]:
    """The report on one sample, and the processor time for it, of both sides."""
    importlib.import_module("grader.grading.grade")  # a worker's first sample must not pay for torch and hypothesis
    start = time.process_time() + place.used()
    train = train and sample.kind in ("solution", "wheat")
    report = grade_own(course, course.lesson(sample.lesson), sample.title, sample.source, place, watch, train=train)
    return report, time.process_time() + place.used() - start


def names_it(report: Report, sample: Sample) -> bool:
    """Whether a learner who reads the report from the top meets this chaff before any other."""
    return _first_named(report) == sample.chaff


def _first_named(report: Report) -> str:
    """The name of the first misconception that a report names, "" if it names none."""
    return next((result.misconception.name for result in report.properties if result.misconception), "")


def jobs(course: Course, wanted: Sequence[Sample], train: bool) -> dict[str, Callable[..., tuple[Report, float]]]:
    """The jobs for these samples, by their titles.

    Args:
        course: the course.
        wanted: the samples.
        train: whether solutions and wheats are trained as well.
    """
    return {sample.title: functools.partial(judge, course, sample, train) for sample in wanted}


def rows(course: Course, wanted: Sequence[Sample], judged: Mapping[str, tuple[Report, float]]) -> list[VerifyRow]:
    """Interpret the reports on these samples as findings about the tests; one row per lesson.

    Args:
        course: the course.
        wanted: the samples.
        judged: by title, the report on each and its processor time.
    """
    names = dict.fromkeys(sample.lesson for sample in wanted)
    return [_row(course, name, [(s, *judged[s.title]) for s in wanted if s.lesson == name]) for name in names]


def _row(course: Course, lesson: str, judged: Sequence[tuple[Sample, Report, float]]) -> VerifyRow:
    problems: list[str] = []
    counts: Counter[str] = Counter()
    stub_fails = solution_full = False
    properties: list[str] = []
    seconds = 0.0
    for sample, report, used in judged:
        counts[sample.kind] += 1
        full = report.status == "graded" and report.score >= report.max_score - 1e-9 and not report.message
        lost = [
            f"{p.name}: got {p.got[:160]}, needed {p.needed[:160]}" for p in report.properties if p.verdict != "pass"
        ]
        if report.training is not None and report.training.verdict != "pass":
            lost.append(f"training: {report.training.message}")
        where = f"{sample.kind} {sample.name}".strip()
        if report.has_error:
            problems.append(f"{where}: the grader itself failed: {report.message or lost}")
        elif sample.kind == "stub":
            stub_fails = report.score == 0
            if not stub_fails:
                problems.append(f"stub: earns {report.score:g} of {report.max_score:g}")
        elif sample.chaff:
            other = _first_named(report)
            counts[f"{sample.kind} caught"] += not full
            counts[f"{sample.kind} named"] += names_it(report, sample)
            counts[f"{sample.kind} misnamed"] += bool(other) and not names_it(report, sample)
            if full:
                problems.append(f"{where}: gets full marks")
            elif not names_it(report, sample):
                named = f"but is taken for {other}" if other else "but is not named"
                problems.append(f"{where}: loses marks {named}")
        elif not full:
            problems.append(f"{where}: loses marks: {report.message or '; '.join(lost)}")
        if sample.kind == "solution":
            solution_full, properties, seconds = full, [p.exercise for p in report.properties], used
        elif sample.kind == "wheat":
            counts["full wheat"] += full
    return VerifyRow(
        lesson=lesson,
        stub_fails=stub_fails,
        solution_full=solution_full,
        wheats=counts["wheat"],
        wheats_full=counts["full wheat"],
        chaffs=_named(counts, "chaff"),
        wheat_chaffs=_named(counts, "wheat chaff"),
        properties=len(properties),
        cpu_seconds=seconds,
        problems=tuple(problems),
        missing=tuple(missing(course, course.lesson(lesson), properties)),
    )


def _named(counts: Counter[str], kind: str) -> Named:
    return Named(counts[kind], *(counts[f"{kind} {how}"] for how in ("caught", "named", "misnamed")))
