"""The ``grader`` command: thin commands over the rooms behind them.

What a user can get wrong ends in one line on standard error and exit status 2, never in a traceback.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.course import Course, CourseError, Lesson, find_root, load

app = typer.Typer(
    help="Deep Reinforcement Learning for Beginners: check your exercises, grade a class, measure the tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LessonArgument = Annotated[str, typer.Argument(help="A lesson: its number, its name, or the beginning of its name.")]
Device = Annotated[
    str,
    typer.Option(
        help="Where networks live: cpu or cuda. For networks as small as this course's, cpu is the faster one."
    ),
]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes side by side; one a processor.")]
Unsafe = Annotated[
    bool, typer.Option("--unsafe", help="Grade even where nothing on this machine can wall student code in.")
]
Isolate = Annotated[
    str | None, typer.Option(help="Exactly this isolation: strong, embedded or 'process only'. Default: the best here.")
]


def main() -> None:
    """Run the command; a mistake of the user's is one line."""
    from grader.student.errors import GraderFault
    from grader.student.isolation import IsolationError
    from grader.submission import ClassError

    try:
        app()
    except (CourseError, ClassError, IsolationError) as error:
        _stop(str(error), 2)
    except GraderFault as fault:
        _stop(f"the grader itself failed: {fault}", 3)


def _stop(message: str, status: int) -> None:
    print(f"grader: {message}", file=sys.stderr)
    raise SystemExit(status)


@contextlib.contextmanager
def _interruptible(words: str) -> Iterator[None]:
    """Ctrl-C ends the command with one line. Typer would end it too, but say nothing that helps.

    So does SIGTERM, which a batch system sends: by default it would end this process alone, and leave the others.
    """

    def interrupt(*_: object) -> None:
        # Once is enough: `timeout` sends it to the process and again to its group, and the end must not be cut off.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        _stop(f"interrupted{words}", 130)
    signal.signal(signal.SIGTERM, before)


def _course() -> Course:
    return load(find_root(Path.cwd()))


def _next(course: Course, lesson: Lesson) -> str:
    names = [each.name for each in course.lessons]
    following = names[names.index(lesson.name) + 1 :]
    return following[0] if following else ""


def _device(device: str) -> str:
    """A device that is there.

    Raises:
        typer.BadParameter: it is not.
    """
    if device not in ("cpu", "cuda"):
        raise typer.BadParameter(f"{device!r} is neither cpu nor cuda")
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise typer.BadParameter("this machine, or this build of torch, has no CUDA device; use --device cpu")
    return device


@app.command()
def check(
    lesson: Annotated[
        str, typer.Argument(help="A lesson's number or name; the first unfinished one where left out.")
    ] = "",
    file: Annotated[Path | None, typer.Option(help="The file to check instead of the one in exercises/.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every property that fails, not only the first.")] = False,
) -> None:
    """Check your own work, right here: what to fix first, and why.

    Your code runs in this very process, so breakpoint() and print() work in it.
    """
    from grader import learner

    course = _course()
    with _interruptible(""):
        done = learner.check(course, lesson, file, Console(), every=all_)
    raise typer.Exit(0 if done else 1)


@app.command()
def train(lesson: LessonArgument, file: Annotated[Path | None, typer.Option()] = None, device: Device = "cpu") -> None:
    """Train your agent as the grader will: several runs on disguised environments, against the lesson's rule."""
    from grader import learner

    course = _course()
    with _interruptible(""):
        done = learner.train(course, course.lesson(lesson), file, Console(), _device(device))
    raise typer.Exit(0 if done else 1)


@app.command()
def hint(
    lesson: LessonArgument,
    exercise: Annotated[
        str, typer.Argument(help="An exercise; where left out, the lesson's first one with hints left.")
    ] = "",
    again: Annotated[bool, typer.Option("--again", help="Begin with the first hint once more.")] = False,
) -> None:
    """Take one more hint, from a nudge to nearly the answer; which ones you have seen is remembered."""
    from grader import hints

    course = _course()
    print(hints.take(course, course.lesson(lesson), exercise, again=again))


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="A folder laid out as <student>/<lesson>/<lesson>.py or .ipynb.")],
    out: Annotated[Path, typer.Option(help="Where grades.csv and the reports go.")] = Path("report"),
    lesson: Annotated[list[str] | None, typer.Option(help="Only this lesson; may be repeated.")] = None,
    student: Annotated[list[str] | None, typer.Option(help="Only this student; may be repeated.")] = None,
    training: Annotated[
        bool, typer.Option(help="Whether to run training checks; without, their points count nowhere.")
    ] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade again what an earlier run has graded already.")] = False,
    device: Device = "cpu",
    jobs: Jobs = None,
    isolation: Isolate = None,
    unsafe: Unsafe = False,
) -> None:
    """Grade a class: every submission in a sandbox, marks to grades.csv, a page for everyone to index.html."""
    from grader.classroom import Options

    options = Options(tuple(lesson or ()), tuple(student or ()), training, fresh, jobs)
    _grade(submissions, out, options, _device(device), isolation, unsafe)


def _grade(submissions: Path, out: Path, options: object, device: str, isolation: str | None, unsafe: bool) -> None:
    from grader import classroom
    from grader.progress import Progress
    from grader.render.terminal import print_class_summary
    from grader.student.isolation import choose
    from grader.submission import find_students

    assert isinstance(options, classroom.Options)
    course = _course()
    if isolation not in (None, "strong", "embedded", "process only"):
        raise typer.BadParameter(f"{isolation!r} is not strong, embedded or 'process only'")
    chosen = choose(device, wanted=isolation, unsafe=unsafe)  # type: ignore[arg-type]
    console = Console()
    students = find_students(submissions, options.students)
    console.print(f"{len(students)} students; isolation {chosen}", markup=False, highlight=False)
    kept = "; what was finished is kept, and the same command goes on from there"
    with _interruptible(kept), Progress("students", len(students)) as progress:
        reports = classroom.grade_class(
            course, submissions, out, chosen, options, hear=progress.hear, finished=progress.finished
        )
    print_class_summary(reports, console, out)
    if any(report.has_error for report in reports):
        _stop("the grader itself failed on some submissions; their marks are not to be used (see the report)", 3)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the sample class and its reports go.")] = Path("report"),
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            help="A lesson that the class has handed in; may be repeated. Default: those that course.yml names."
        ),
    ] = None,
    training: Annotated[bool, typer.Option(help="Whether to run training checks.")] = True,
    jobs: Jobs = None,
    unsafe: Unsafe = False,
) -> None:
    """Make a class of sample submissions, right and wrong and hostile ones, and grade it."""
    from grader import sample_class
    from grader.classroom import Options

    submissions = out / "submitted"
    course = _course()
    names = lesson or course.sample_class or [each.name for each in course.lessons]
    lessons = sorted({course.lesson(name) for name in names}, key=course.lessons.index)
    sample_class.make(course, submissions, lessons)
    options = Options(lessons=tuple(each.name for each in lessons), train=training, processes=jobs)
    _grade(submissions, out, options, "cpu", None, unsafe)


@app.command()
def verify(
    lesson: Annotated[list[str] | None, typer.Argument(help="Lessons; all where left out.")] = None,
    training: Annotated[bool, typer.Option(help="Whether solutions and wheats are trained as well.")] = True,
    jobs: Jobs = None,
) -> None:
    """Measure the tests: stubs fail, solutions and other right answers pass, misconceptions are caught and named."""
    from grader import verify as verifier
    from grader.progress import Progress
    from grader.render.terminal import print_verify
    from grader.student.isolation import choose

    course = _course()
    names = [course.lesson(name).name for name in lesson or ()] or [each.name for each in course.lessons]
    total = len(verifier.samples(course, names))
    with _interruptible(""), Progress("samples", total) as progress:
        rows = verifier.verify(
            course,
            names,
            choose(),
            train=training,
            processes=jobs,
            hear=progress.hear,
            finished=lambda title, _: progress.finished(title),
        )
    print_verify(rows, Console())
    good = all(
        r.stub_fails and r.solution_full and r.wheats == r.wheats_full and r.chaffs == r.chaffs_caught for r in rows
    )
    raise typer.Exit(0 if good else 1)


@app.command()
def build(
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a stub is stale.")] = False,
) -> None:
    """Make the stubs in exercises/ from the solutions."""
    from grader.build import build as build_stubs

    course = _course()
    stale = build_stubs(course, check=check_only)
    for path in stale:
        print(f"{'stale' if check_only else 'written'}: {path.relative_to(course.root)}")
    if not stale:
        print("every stub is up to date")
    raise typer.Exit(1 if check_only and stale else 0)
