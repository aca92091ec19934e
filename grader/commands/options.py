"""Options and arguments shared by commands, and the ways in which a command ends."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, get_args

import typer

from grader import files
from grader.course import Course, Lesson, find_root, load
from grader.errors import ClassError
from grader.printable import visible

if TYPE_CHECKING:
    from grader.student.isolation import Level

Lessons = Annotated[list[str] | None, typer.Option("--lesson", help="Only this lesson; may be repeated.")]
LessonArgument = Annotated[str, typer.Argument(help="A lesson: its number, its name, or the beginning of its name.")]
SomeLessons = Annotated[list[str] | None, typer.Argument(help="Lessons, by number or name. Default: all.")]
Device = Annotated[
    str,
    typer.Option(
        help="The device for networks: cpu or cuda. For networks as small as this course's, cpu is the faster one."
    ),
]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Number of parallel processes. Default: one per CPU.")
]
Unsafe = Annotated[
    bool, typer.Option("--unsafe", help="Grade even if nothing on this machine can isolate student code.")
]
Rehearsal = Annotated[
    bool,
    typer.Option(
        help="Grade the course's own solutions first, and refuse to grade if they lose marks on this machine. "
        "Takes time only once per machine."
    ),
]
Isolate = Annotated[
    str | None, typer.Option(help="Exactly this isolation: strong, embedded or 'process only'. Default: the best here.")
]


def stop(message: str, status: int) -> NoReturn:
    """End with one line on standard error; paths in it may have names that students chose."""
    print(f"grader: {visible(message)}", file=sys.stderr)
    raise SystemExit(status)


def say(lines: Iterable[str]) -> None:
    """Print a message on standard error, apart from the result."""
    for line in lines:
        print(visible(line), file=sys.stderr)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; to standard output if the path is ``-``.

    Raises:
        ClassError: it cannot be written.
    """
    if str(path) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        files.write(path, data)
    except OSError as error:
        raise ClassError(f"{path} cannot be written: {error.strerror}") from None


def confirm(what: str, option: str) -> None:
    """Ask before something that is hard to undo; return only if the answer is yes.

    Where nobody can answer, in a script, the command ends and names the option that says yes beforehand.

    Args:
        what: what would happen, as a sentence without its full stop.
        option: the option.
    """
    if not sys.stdin.isatty():
        stop(f"{what}. Nothing was written; to go ahead, add {option}", 2)
    if not typer.confirm(f"{what}. Go on?"):
        stop("nothing was written", 1)


@contextlib.contextmanager
def interruptible(words: str) -> Iterator[None]:
    """End the command with one line on Ctrl-C. Typer would end it too, but without a helpful message.

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
        stop(f"interrupted{words}", 130)
    signal.signal(signal.SIGTERM, before)


def the_course() -> Course:
    """The course around the current folder.

    Raises:
        CourseError: there is none, or its course.yml has a mistake.
    """
    return load(find_root(Path.cwd()))


def some_lessons(course: Course, wanted: Iterable[str] | None) -> list[Lesson]:
    """The requested lessons, in the course's order and each once; all by default.

    Raises:
        CourseError: there is no such lesson.
    """
    found = {course.lesson(name) for name in wanted or ()}
    return [lesson for lesson in course.lessons if lesson in found or not found]


def a_device(device: str) -> str:
    """Check that a device is available.

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


def a_level(isolation: str | None) -> Level | None:
    """Parse a level of isolation; None for the best.

    Raises:
        typer.BadParameter: there is no such level.
    """
    from grader.student.isolation import Level

    if isolation is None or isolation in get_args(Level):
        return isolation  # type: ignore[return-value]
    raise typer.BadParameter(f"{isolation!r} is not strong, embedded or 'process only'", param_hint="--isolation")
