"""Author commands that train: bar, probes, calibrate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.commands.jobs import run_jobs
from grader.commands.options import Jobs, Only, some_lessons, the_course
from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.printable import count
from grader.training.odds import RUNS

if TYPE_CHECKING:
    from grader.report.report import TrainingSeed
    from grader.verify.journal import Journal
    from grader.verify.series import Series

_OF_IMPOSTORS = 5
_OF_CURVES = 20

TrainingLessons = Annotated[
    list[str] | None,
    typer.Argument(help="Lessons, by number or name. Default: all with a training check."),
]


def bar(
    lesson: TrainingLessons = None,
    new: Annotated[bool, typer.Option("--new", help="Only those that bar.yml does not name yet.")] = False,
    jobs: Jobs = None,
) -> None:
    """Train every known misconception, and list those that reach the bar nevertheless in the lesson's bar.yml.

    Exit status 1 says that one of them is caught by no property either.
    """
    from grader.verify import bar as tool
    from grader.verify.table import BarRow, print_bar

    course = the_course()
    lessons = _that_train(course, lesson)
    before = {each.name: tool.read(course, each) if new else {} for each in lessons}
    wanted = {each.name: tool.jobs(course, each, but=before[each.name]) for each in lessons}
    for name, chaffs in wanted.items():
        if not chaffs and not before[name]:
            raise CourseError(f"{name} has no chaffs to train; write some into tests/{name}/chaffs.yml")
    good = True
    for name, chaffs in wanted.items():
        trained = run_jobs(f"chaffs of {name}", chaffs, jobs, "; lessons that were finished before have their bar.yml")
        trained = before[name] | trained
        tool.keep(course, course.lesson(name), trained)
        reach = tuple((chaff, each.caught_by) for chaff, each in trained.items() if each.reaches)
        row = BarRow(name, len(trained), reach)
        print_bar(row, Console())
        good = good and row.good
    raise typer.Exit(0 if good else 1)


def probes(
    lesson: TrainingLessons = None,
    seeds: Annotated[int, typer.Option(min=1, help="How often each program climbs.")] = 3,
    slips: Annotated[bool, typer.Option(help="Let the slips of slips.yml climb.")] = True,
    right: Annotated[bool, typer.Option(help="Let the reference and the wheats climb.")] = True,
    only: Only = None,
    jobs: Jobs = None,
) -> None:
    """Measure the probe ladder: right answers pass every rung, and each slip in `train` is blamed on the right one.

    Exit status 1 says that a right answer was blamed, or that fewer than nine of ten slips were blamed rightly.
    """
    from grader.verify import probes as tool
    from grader.verify.table import print_probes

    course = the_course()
    good = True
    lessons = [each for each in _that_train(course, lesson) if lesson or (each.training and each.training.ladder)]
    wanted = {each.name: tool.programs(course, each, slips=slips, right=right, only=only or ()) for each in lessons}
    for each in lessons:
        climbing = wanted[each.name]
        results = run_jobs(f"climbs of {each.name}", tool.jobs(course, each, climbing, seeds), jobs)
        rows = tool.rows(climbing, seeds, results)
        print_probes(rows, Console())
        for line in tool.in_words(rows, results):
            print(f"{each.name}: {line}")
        good = good and tool.is_good(rows)
    raise typer.Exit(0 if good else 1)


def calibrate(
    lesson: TrainingLessons = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default=False,
            help=f"The number of runs of each. Default: {RUNS}, of impostors {_OF_IMPOSTORS}, of curves {_OF_CURVES}.",
        ),
    ] = None,
    max_steps: Annotated[
        int | None, typer.Option(min=1, help="The budget of a run in environment steps. Default: course.yml's.")
    ] = None,
    impostors: Annotated[
        bool,
        typer.Option(
            "--impostors", help="Train impostors that must not pass, made from lesson 6, instead of the references."
        ),
    ] = False,
    write: Annotated[
        bool | None,
        typer.Option(
            "--write/--no-write",
            help=f"Keep the figures in the lesson's calibration.yml. Default: with {RUNS} seeds or more, unless more "
            "are in it.",
        ),
    ] = None,
    curves: Annotated[
        bool,
        typer.Option(
            "--curves", help="Measure the band of learning curves alone, and keep the figures that are in the file."
        ),
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Train the reference of every training lesson on many disguised seeds: how often it passes, and at what cost.

    The figures go into the lesson's calibration.yml, which its text and failing reports quote. If interrupted, the same
    command goes on with the runs that are left. Processor times are steadiest with --jobs 1. Exit status 1 says that by
    these figures a rule may fail a right answer more often than once in 1,000.
    """
    from grader.training import calibration
    from grader.verify import calibrate as tool
    from grader.verify import series
    from grader.verify.journal import Journal
    from grader.verify.table import print_calibrate

    if (write or curves) and (impostors or max_steps is not None):
        raise CourseError(
            f"--{'curves' if curves else 'write'} keeps what references do under the lesson's own rule: without "
            "--impostors, --max-steps"
        )
    course = the_course()
    lessons = _that_train(course, [series.IMPOSTORS_OF] if impostors and not lesson else lesson)
    each = seeds or (_OF_IMPOSTORS if impostors else _OF_CURVES if curves else RUNS)
    wanted = {one.name: series.series(course, [one], max_steps=max_steps, impostors=impostors) for one in lessons}
    if curves:
        wanted = {name: [one for one in found if not one.small] for name, found in wanted.items()}
        for one in lessons:
            tool.figures(course, one)
    refused = {one.name: "" if write else tool.why_not_kept(course, one, each, RUNS) for one in lessons}
    rows, lines, good = [], [], True
    for one in lessons:
        journals = [Journal(course, each_series) for each_series in wanted[one.name]]
        runs = _runs_of(course, wanted[one.name], journals, each, jobs)
        found = tool.rows(wanted[one.name], each, runs)
        rows += found
        path = course.calibration(one).relative_to(course.root)
        if curves and write is not False:
            calibration.keep(course, one, tool.with_band(course, one, tool.band_of(wanted[one.name][-1], each, runs)))
            lines.append(f"written: {path}: the learning curves of {count(each, 'run')}, beside the figures there")
        elif impostors or max_steps is not None or write is False:
            pass
        elif refused[one.name]:
            lines.append(f"not written: {path}, for {refused[one.name]}; --write writes it all the same")
        else:
            band = tool.band_of(wanted[one.name][-1], each, runs)
            measured = tool.measured(course, one, found, band)
            calibration.keep(course, one, measured)
            good = good and tool.keeps_the_promise(one, measured)
            lines += tool.about(course, one, measured)
        for journal in journals:
            journal.end(each)
    print_calibrate(rows, Console())
    for line in lines:
        print(line)
    raise typer.Exit(0 if good else 1)


def _runs_of(
    course: Course, wanted: Sequence[Series], journals: Sequence[Journal], seeds: int, processes: int | None
) -> dict[str, TrainingSeed]:
    """The runs of some series of one lesson, by name; those in the journals are taken over, and the others go there."""
    from grader.verify import calibrate as tool

    of = {
        tool.name_of(one, i): (journal, i) for one, journal in zip(wanted, journals, strict=True) for i in range(seeds)
    }
    read = [journal.read() for journal in journals]
    done = {
        tool.name_of(one, i): before[i] for one, before in zip(wanted, read, strict=True) for i in before if i < seeds
    }
    if done:
        print(
            f"{wanted[0].lesson.name}: {count(len(done), 'run')} of before, {len(of) - len(done)} to go",
            file=sys.stderr,
        )

    def keep(name: str, result: TrainingSeed) -> None:
        journal, i = of[name]
        journal.add(i, result)

    runs = run_jobs(
        "runs",
        tool.jobs(course, wanted, seeds, done),
        processes,
        "; lessons that were finished before have their calibration.yml, and the same command goes on from here",
        keep,
    )
    return {**done, **runs}


def _that_train(course: Course, wanted: list[str] | None) -> list[Lesson]:
    """The requested lessons, each of which must have a training check; by default, all that have one.

    Raises:
        CourseError: there is no such lesson, or it does not train.
    """
    lessons = some_lessons(course, wanted)
    for lesson in lessons if wanted else ():
        if lesson.training is None:
            raise CourseError(f"{lesson.name} has no training check, so there is nothing to train")
    found = [lesson for lesson in lessons if lesson.training is not None]
    if not found:
        raise CourseError("no lesson of this course has a training check, so there is nothing to train")
    return found
