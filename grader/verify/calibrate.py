"""Pass rate and cost of right answers in a training check.

Every training lesson's reference is trained on many disguised seeds by the machinery that grades students: the same
boundary, the same meter, the same evaluation; on the small task that comes first too, if the lesson has one. What came
of it is kept in the lesson's ``tests/<lesson>/calibration.yml`` (``grader.training.calibration``), from which
``grader.training.odds`` computes how often the rule fails a right answer. It can train impostors instead
(``grader.verify.series``), which must not pass.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.grading.digest import machine
from grader.report.band import Band
from grader.training import calibration, odds
from grader.training.calibration import Calibration, Lowest, Middle, Runs
from grader.verify.series import Series
from grader.verify.table import CalibrateRow

if TYPE_CHECKING:
    from grader.report.report import TrainingSeed
    from grader.report.step import Watcher
    from grader.student.places import Place

_BINS = 40
_QUANTILES = (0.1, 0.5, 0.9)


def run(course: Course, one: Series, i: int, place: Place, watch: Watcher) -> TrainingSeed:
    """Run number ``i`` of a series."""
    from grader.grading.trainee import Trainee
    from grader.report.step import Step
    from grader.student.remote import Student
    from grader.training.check import run_seed
    from grader.training.tasks import control_task, training_task
    from grader.verify.judge import sources

    rule = one.lesson.training
    assert rule is not None
    texts = sources(course, one.lesson, one.source)
    task = (control_task if one.small else training_task)(rule, course, one.lesson, i)
    return run_seed(
        rule.exercise,
        task,
        Trainee(course, one.lesson, texts, place).open,
        place.device,
        lambda steps, mean: watch(Step("training", steps, task.max_steps, mean_return=mean)),
        Student.cpu_seconds,
    )


def jobs(
    course: Course, wanted: Sequence[Series], seeds: int, done: Mapping[str, TrainingSeed]
) -> dict[str, Callable[..., TrainingSeed]]:
    """The jobs: every series on this many seeds, but for the runs that are done."""
    return {
        name_of(one, i): functools.partial(run, course, one, i)
        for one in wanted
        for i in range(seeds)
        if name_of(one, i) not in done
    }


def rows(wanted: Sequence[Series], seeds: int, results: Mapping[str, TrainingSeed]) -> list[CalibrateRow]:
    """The results; one row per series."""
    return [_row(one, [results[name_of(one, i)] for i in range(seeds)]) for one in wanted]


def name_of(one: Series, i: int) -> str:
    """The name of run number ``i`` of a series, from 0; people count from 1."""
    return f"{one.title}, seed {i + 1}"


def measured(course: Course, lesson: Lesson, found: Sequence[CalibrateRow], band: Band | None = None) -> Calibration:
    """The rows of a lesson's reference as the content of its file: the long runs come last."""
    rule = lesson.training
    assert rule is not None, f"{lesson.name} has no training check"
    *small, long = (_runs(row) for row in found)
    return Calibration(
        long_runs=long,
        small_tasks=small[0] if small else None,
        rule=calibration.deciding(rule),
        digest=calibration.digest(course, lesson),
        made_with=machine(),
        band=band,
    )


def figures(course: Course, lesson: Lesson) -> Calibration:
    """The figures in the lesson's file, for curves to stand beside them.

    Raises:
        CourseError: there are none that hold.
    """
    kept = calibration.of_lesson(course, lesson)
    if kept is None:
        raise CourseError(
            f"{lesson.name} has no figures that hold, and curves stand beside them: grader calibrate {lesson.number}"
        )
    return kept


def with_band(course: Course, lesson: Lesson, band: Band | None) -> Calibration:
    """These figures, with another band of learning curves.

    Raises:
        CourseError: there are no figures that hold, or no curve.
    """
    if band is None:
        raise CourseError(f"{lesson.name}: no training episode ended in any of the runs, so there is no curve")
    return msgspec.structs.replace(figures(course, lesson), band=band)


def band_of(one: Series, seeds: int, results: Mapping[str, TrainingSeed]) -> Band | None:
    """The band in which the learning curves of so many runs of a series lie; None if no run has one.

    At so many steps a run's curve is the mean over the bin that ends there. A run that has ended stays where it was: a
    reference stops when it is good enough. The band goes as far as nine runs of ten do.
    """
    import numpy as np

    runs = [results[name_of(one, i)].curve for i in range(seeds)]
    curves = [np.array(curve, dtype=np.float64).T for curve in runs if curve]
    if not curves:
        return None
    end = max(float(_BINS), float(np.quantile([steps[-1] for steps, _ in curves], 0.9)))
    edges = np.linspace(0, end, _BINS + 1)
    points = np.linspace(edges[:-1], edges[1:], 8)  # (8, bins)
    heights = [np.interp(points, steps, means).mean(axis=0) for steps, means in curves]
    low, middle, high = np.quantile(heights, _QUANTILES, axis=0).round(1).tolist()
    return Band(len(curves), tuple(int(step) for step in edges[1:].round()), tuple(low), tuple(middle), tuple(high))


def why_not_kept(course: Course, lesson: Lesson, seeds: int, enough: int) -> str:
    """The reason not to write the figures of so many seeds by default, "" if there is none.

    A few are a first look, of which the lesson's text should not boast; and a file of more says more.
    """
    kept = calibration.of_lesson(course, lesson)
    if seeds < enough:
        return f"{enough} seeds or more are"
    if kept is not None and kept.long_runs.runs > seeds:
        return f"the one there has {kept.long_runs.runs} runs of each kind"
    return ""


def keeps_the_promise(lesson: Lesson, found: Calibration) -> bool:
    """Tell whether, by these figures, the rule fails a right answer as seldom as the course promises."""
    assert lesson.training is not None, f"{lesson.name} has no training check"
    return odds.fails(lesson.training, found.rates) <= 1 / odds.PROMISE


def about(course: Course, lesson: Lesson, found: Calibration) -> Iterator[str]:
    """The lines to print about figures that were written."""
    rule = lesson.training
    assert rule is not None, f"{lesson.name} has no training check"
    often = odds.one_in(odds.fails(rule, found.rates))
    sure = f"({100 * odds.SURE:.0f} % sure)"
    path = course.calibration(lesson).relative_to(course.root)
    yield f"written: {path}: the rule fails the reference less often than once in {often:,} checks {sure}"
    if not keeps_the_promise(lesson, found):
        yield (
            f"{lesson.name}: once in {odds.PROMISE:,} is promised: make the reference surer, give it more steps or "
            f"tries, or calibrate with more seeds than {found.long_runs.runs}"
        )
    if not calibration.is_quoted(course, lesson, found):
        yield f"exercises/{lesson.name}.md is to say, in a paragraph: {calibration.in_words(lesson, found)}"


def _runs(row: CalibrateRow) -> Runs:
    def rounded(pair: tuple[float, float]) -> tuple[float, float]:
        return round(pair[0], 2), round(pair[1], 2)

    return Runs(
        runs=row.runs,
        passes=row.passed,
        steps=Middle(*map(round, row.steps)),
        cpu_seconds=Middle(*rounded(row.seconds)),
        mean_return=Lowest(*rounded(row.means)) if row.means else None,
    )


def _row(one: Series, results: Sequence[TrainingSeed]) -> CalibrateRow:
    steps, seconds = [r.steps for r in results], [r.seconds for r in results]
    means = [r.mean_return for r in results if r.mean_return is not None]
    return CalibrateRow(
        series=one.title,
        runs=len(results),
        passed=sum(result.verdict == "pass" for result in results),
        steps=(statistics.median(steps), max(steps)),
        seconds=(statistics.median(seconds), max(seconds)),
        means=(min(means), statistics.median(means)) if means else None,
        messages=tuple(f"seed {i}: {result.message}" for i, result in enumerate(results, start=1) if result.message),
    )
