"""Author commands: new, build, verify, salts, corners, mutants, examples, bar, probes, calibrate."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from grader.commands.options import Jobs, SomeLessons, interruptible, some_lessons, the_course
from grader.course import Course, Lesson
from grader.errors import CourseError
from grader.printable import count
from grader.training.odds import RUNS

if TYPE_CHECKING:
    from grader.report.report import TrainingSeed
    from grader.verify.journal import Journal
    from grader.verify.series import Series

Result = TypeVar("Result")

_OF_IMPOSTORS = 5
_OF_CURVES = 20

TrainingLessons = Annotated[
    list[str] | None,
    typer.Argument(help="Lessons, by number or name. Default: all with a training check."),
]


Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Only the programs of this name, as the tables print it; repeatable."),
]


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The new lesson's name: lesson<number>_<name>, with the next number.")
    ],
    title: Annotated[str, typer.Option(help="Its title. Default: made from the name.")] = "",
) -> None:
    """Write the files of a new lesson to edit: one small exercise with its property, wheat, chaff, hints and text.

    Nothing is overwritten. `grader verify` says what the lesson still needs.
    """
    from grader.lessons import new as scaffold

    course = the_course()
    with interruptible("; nothing was written"):
        written = scaffold.new(course, name, title)
    for path in written:
        print(f"written: {path}")
    print(f"Next: grader verify {scaffold.number(name)} --no-training  (it says what is missing; see tests/README.md)")


def build(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is stale.")] = False,
) -> None:
    """Make the stubs and notebooks of exercises/, and nbgrader's source notebooks, from the solutions and the texts."""
    from grader.lessons.notebooks import build_notebooks
    from grader.lessons.stubs import build as build_stubs

    course = the_course()
    build_notebooks(course, check=True)  # a mistake in a lesson stops everything before a file is written
    stale = build_stubs(course, check=check_only) + build_notebooks(course, check=check_only)
    for path in stale:
        print(f"{'stale' if check_only else 'written'}: {path.relative_to(course.root)}")
    if not stale:
        print("every stub and notebook is up to date")
    raise typer.Exit(1 if check_only and stale else 0)


def verify(
    lesson: SomeLessons = None,
    training: Annotated[bool, typer.Option(help="Also train with solutions and wheats.")] = True,
    jobs: Jobs = None,
) -> None:
    """Measure the tests: stubs fail, solutions and other right answers pass, misconceptions are caught and named.

    Exit status 1 says that the tests do not tell right from wrong. Below the table stands what a lesson still needs.
    """
    from grader.verify import verify as verifier
    from grader.verify.table import print_verify

    course = the_course()
    samples = verifier.samples(course, [each.name for each in some_lessons(course, lesson)])
    rows = verifier.rows(course, samples, _run("samples", verifier.jobs(course, samples, training), jobs))
    print_verify(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def corners(
    lesson: SomeLessons = None,
    write: Annotated[
        bool, typer.Option("--write", help="Fill in the names of the properties that visit a corner; keep all reasons.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Measure which corners of legal input the properties visit: a single row, ties, read-only arrays, and so on.

    Each lesson's corners.yml names a property for every corner of every exercise, or gives a reason. Exit status 1 says
    that a cell is empty, or claims what is not so.
    """
    from grader.verify import corners as tool
    from grader.verify.table import print_corners

    course = the_course()
    lessons = some_lessons(course, lesson)
    for each in lessons:
        tool.read(course, each)  # a mistake in a file is said before anything is measured
    wanted = {each.name: functools.partial(tool.measure, course, each) for each in lessons}
    measured = _run("lessons", wanted, jobs)
    if write:
        for each in lessons:
            tool.update(course, each, measured[each.name])
    rows = [tool.row(course, each, measured[each.name]) for each in lessons]
    print_corners(rows, Console())
    raise typer.Exit(1 if any(row.problems for row in rows) else 0)


def salts(
    lesson: SomeLessons = None,
    salts: Annotated[int, typer.Option("--salts", min=2, help="How many salts.")] = 5,
    right: Annotated[bool, typer.Option(help="Judge the solutions and wheats.")] = True,
    wrong: Annotated[bool, typer.Option(help="Judge the chaffs.")] = True,
    only: Only = None,
    jobs: Jobs = None,
) -> None:
    """Judge every known program with many salts: luck with the examples that a salt draws must not decide marks.

    Programs whose verdicts differ are listed. Exit status 1 says that a right answer fails with some salt, or that a
    misconception gets full marks.
    """
    from grader.course import salt
    from grader.verify import salts as tool
    from grader.verify import verify as verifier
    from grader.verify.table import print_salts

    if salt.in_environment():
        raise CourseError(f"{salt.VARIABLE} is set, and would count in the place of the salts to be tried; unset it")
    course = the_course()
    lessons = some_lessons(course, lesson)
    known = verifier.samples(course, [each.name for each in lessons])
    wanted = tool.of_kinds(known, right=right, wrong=wrong, only=only or ())
    judged = _run("programs", tool.jobs(course, wanted, salts), jobs)
    rows = [tool.row(each, wanted, judged) for each in lessons]
    print_salts(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def mutants(
    lesson: SomeLessons = None,
    wheats: Annotated[bool, typer.Option("--wheats", help="Change the right answers in other styles instead.")] = False,
    one_in: Annotated[
        int, typer.Option(min=1, help="With --wheats: take one in so many, the same ones each time.")
    ] = 1,
    jobs: Jobs = None,
) -> None:
    """Change each operator, constant, statement and pair of arguments of the solutions, and list undetected changes.

    Survivors are shown. Those that no caller can tell from the original belong in the lesson's equivalent.yml, or
    wheat_equivalent.yml, with the reason. Exit status 1 says that more than one in twenty survived, or that such a list
    is out of date.
    """
    if one_in > 1 and not wheats:
        raise CourseError("--one-in goes with --wheats: every mutant of a solution counts")
    try:
        from grader.verify import mutants as tool
    except ModuleNotFoundError:
        raise CourseError("mutants needs the extra 'mutants': pip install -e '.[mutants]'") from None
    from grader.verify.table import print_mutants

    course = the_course()
    lessons = some_lessons(course, lesson)
    listed = {each.name: tool.equivalents(course, each, wheats=wheats) for each in lessons}
    wanted = {
        each.name: tool.of_wheats(course, each, one_in) if wheats else tool.of_lesson(course, each) for each in lessons
    }
    killers = _run("mutants", tool.jobs(course, wanted), jobs)
    rows = [tool.row(each, wanted[each.name], killers, listed[each.name]) for each in lessons]
    print_mutants(rows, Console())
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def examples(lesson: SomeLessons = None, jobs: Jobs = None) -> None:
    """Count the known misconceptions that fail a public example: those a student can see without the hidden tests."""
    from grader.verify import examples as tool
    from grader.verify.table import print_examples

    course = the_course()
    lessons = some_lessons(course, lesson)
    print_examples(tool.rows(course, lessons, _run("chaffs", tool.jobs(course, lessons), jobs)), Console())


def bar(lesson: TrainingLessons = None, jobs: Jobs = None) -> None:
    """Train every known misconception, and list those that reach the bar nevertheless in the lesson's bar.yml.

    Exit status 1 says that one of them is caught by no property either.
    """
    from grader.verify import bar as tool
    from grader.verify.table import BarRow, print_bar

    course = the_course()
    wanted = {each.name: tool.jobs(course, each) for each in _that_train(course, lesson)}
    for name, chaffs in wanted.items():
        if not chaffs:
            raise CourseError(f"{name} has no chaffs to train; write some into tests/{name}/chaffs.yml")
    good = True
    for name, chaffs in wanted.items():
        trained = _run(f"chaffs of {name}", chaffs, jobs, "; lessons that were finished before have their bar.yml")
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
        results = _run(f"climbs of {each.name}", tool.jobs(course, each, climbing, seeds), jobs)
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

    runs = _run(
        "runs",
        tool.jobs(course, wanted, seeds, done),
        processes,
        "; lessons that were finished before have their calibration.yml, and the same command goes on from here",
        keep,
    )
    return {**done, **runs}


def _run(
    unit: str,
    work: Mapping[str, Callable[..., Result]],
    processes: int | None,
    kept: str = "",
    keep: Callable[[str, Result], None] | None = None,
) -> dict[str, Result]:
    """Run all jobs in parallel under a progress bar; ``kept`` is added to the message after Ctrl-C.

    ``keep`` is called with each result as it comes.
    """
    from grader.commands.progress import Progress
    from grader.grading.workers import run_all
    from grader.student.isolation import choose

    with interruptible(kept), Progress(unit, len(work)) as progress:
        return run_all(work, choose(), processes=processes, hear=progress.hear, finished=progress.finished, keep=keep)


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
