"""Options and arguments shared by commands, and the ways in which a command ends."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, get_args

import typer

from grader import files
from grader.course import Course, Lesson, find_root, load
from grader.errors import ClassError, ClusterLostError, OutputError
from grader.printable import visible

if TYPE_CHECKING:
    from grader.student.levels import Level

Lessons = Annotated[list[str] | None, typer.Option("--lesson", help="Only this lesson; may be repeated.")]
LessonArgument = Annotated[str, typer.Argument(help="A lesson: its number, its name, or the beginning of its name.")]
SomeLessons = Annotated[list[str] | None, typer.Argument(help="Lessons, by number or name. Default: all.")]
Device = Annotated[
    str,
    typer.Option(
        help="The device for networks: cpu or cuda. For networks as small as this course's, cpu is the faster one."
    ),
]
Films = Annotated[bool, typer.Option(help="Film the agent in training checks, and show the films on the page.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Number of parallel processes. Default: one per CPU.")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Only the programs of this name, as the tables print it; repeatable."),
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
Scheduler = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS|FILE",
        help="Grade on the workers of this Dask scheduler: tcp://host:8786, tls://host:8786, or the file that it "
        "writes. Default: on this machine.",
        show_default=False,
    ),
]
Isolate = Annotated[
    str | None, typer.Option(help="Exactly this isolation: strong, embedded or 'process only'. Default: the best here.")
]


def stop(message: str, status: int) -> NoReturn:
    """End with one line on standard error; paths in it may have names that students chose."""
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(f"grader: {visible(message)}", file=sys.stderr, flush=True)
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
def interruptible(words: str | Callable[[], str]) -> Iterator[None]:
    """End the command with one line on Ctrl-C. Typer would end it too, but without a helpful message.

    So do SIGTERM, which a batch system sends, and SIGHUP, which comes when the terminal is closed: by default they
    would end this process alone, and leave the others. The exit status is the shell's: 128 plus the signal's number.
    """
    came: list[int] = []

    def interrupt(number: int, _: object) -> None:
        # Once is enough: `timeout` sends it to the process and again to its group, and somebody who is in a hurry
        # presses Ctrl-C twice. The end must not be cut off, and there is nothing in it that takes long.
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        came.append(number)
        raise KeyboardInterrupt

    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What is ignored already stays so: nohup, a shell's background.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        stop(f"interrupted{words if isinstance(words, str) else words()}", 128 + (came[0] if came else signal.SIGINT))
    finally:
        if not came:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def ending_in_one_line(kept: Callable[[], str]) -> Iterator[None]:
    """End a run that goes on where it stopped with one line, which says how much is done: on Ctrl-C, without room, ...

    Args:
        kept: what is kept, as the end of a line.
    """
    from grader.grading.rehearsal import RehearsalError
    from grader.student.errors import GraderFault, is_out_of_memory

    with interruptible(kept):
        try:
            yield
        except (OutputError, ClusterLostError) as error:
            stop(f"{error}{kept()}", error.exit_status)
        except RehearsalError:
            raise  # it says itself that nothing was graded
        except Exception as error:
            if is_out_of_memory(error):
                stop(f"this machine has no memory left for the grader{kept()}", 3)
            if isinstance(error, GraderFault):
                stop(f"the grader itself failed: {error}{kept()}", 3)
            raise


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


def a_device(device: str, *, here: bool = True) -> str:
    """Check that a device is available.

    Args:
        device: its name.
        here: whether it has to be on this machine.

    Raises:
        typer.BadParameter: it is not.
    """
    if device not in ("cpu", "cuda"):
        raise typer.BadParameter(f"{device!r} is neither cpu nor cuda")
    if device == "cuda" and here:
        import torch

        if not torch.cuda.is_available():
            raise typer.BadParameter("this machine, or this build of torch, has no CUDA device; use --device cpu")
    return device


def a_level(isolation: str | None) -> Level | None:
    """Parse a level of isolation; None for the best.

    Raises:
        typer.BadParameter: there is no such level.
    """
    from grader.student.levels import Level

    if isolation is None or isolation in get_args(Level):
        return isolation  # type: ignore[return-value]
    raise typer.BadParameter(f"{isolation!r} is not strong, embedded or 'process only'", param_hint="--isolation")
