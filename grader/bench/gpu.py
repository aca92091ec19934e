"""Check on a machine with a CUDA GPU that grading there is right, walled in, and worth it.

    python -m grader.bench.gpu [--lesson 6] [--together 8] [--device cpu]

Three tables. Of every lesson that trains: its solution has to get full marks on the device, a known misconception has
to lose some, and a program that learns nothing must not reach the bar. What student code tries against the walls, which
are loosened for a GPU, has to fail there as well. And one training after the other, then many side by side, take so
long on the device and on the CPU.

Where there is no CUDA GPU it says so, and ends with status 0; with ``--device cpu`` it does the same on the CPU, which
shows that the check itself works. Exit status 1 says that something is not as it has to be.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.course import Course, Lesson, find_root, load
from grader.errors import UserError
from grader.grading import workers
from grader.grading.digest import machine
from grader.render import words
from grader.student.isolation import choose
from grader.student.levels import Isolation
from grader.verify.on_device import attempts, judge, programs


def missing(device: str) -> str:
    """The reason why there is nothing to check, "" if there is."""
    if device == "cpu":
        return ""
    import torch

    if torch.version.cuda is None:
        return f"this build of torch, {torch.__version__}, knows no CUDA"
    return "" if torch.cuda.is_available() else "this machine has no CUDA GPU that torch finds"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", action="append", help="only this lesson that trains; may be repeated")
    parser.add_argument("--together", type=int, default=workers.count(), help="trainings side by side (one a CPU)")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    options = parser.parse_args(arguments)
    console = Console(highlight=False)
    if reason := missing(options.device):
        console.print(f"skipped: {reason}")
        return 0
    course = load(find_root(Path.cwd()))
    lessons = [course.lesson(name) for name in options.lesson or ()] or list(course.lessons)
    if not (lessons := [lesson for lesson in lessons if lesson.training]):
        raise UserError("no such lesson trains")
    isolation = choose(options.device, hidden=(course.root,))
    console.print(f"isolation {words.isolation(isolation, options.device)}; {options.device}; {machine()}")
    good = [check_programs(course, lessons, isolation, console), check_walls(course, isolation, console)]
    compare(course, lessons, isolation, options.together, console)
    return 0 if all(good) else 1


def check_programs(course: Course, lessons: Sequence[Lesson], isolation: Isolation, console: Console) -> bool:
    """Print the table of programs; whether all are as they have to be."""
    every = {f"{each.lesson}, {each.kind}": each for lesson in lessons for each in programs(course, lesson)}
    jobs = {name: functools.partial(judge, course, program) for name, program in every.items()}
    found = workers.run_all(jobs, isolation, processes=1)
    table = Table("program", "has to be", "is", "s", box=None)
    for name, outcome in found.items():
        table.add_row(name, every[name].wanted, _as_wanted(outcome.got, every[name].wanted), f"{outcome.seconds:.1f}")
    console.print(table)
    return all(outcome.got == every[name].wanted for name, outcome in found.items())


def check_walls(course: Course, isolation: Isolation, console: Console) -> bool:
    """Print the table of attempts; whether all are as they have to be."""
    found = workers.run_all({"walls": functools.partial(attempts, course)}, isolation, processes=1)["walls"]
    table = Table("student code tries to", "and", box=None)
    for what, said in found.items():
        table.add_row(what, f"! {said}" if said else "does" if what.startswith("compute") else "is refused")
    console.print(table)
    return not any(found.values())


def compare(course: Course, lessons: Sequence[Lesson], isolation: Isolation, together: int, console: Console) -> None:
    """Print how long trainings take, alone and side by side, on the device and on the CPU."""
    table = Table("lesson", "device", "one training check, s", f"{together} side by side, s", box=None)
    for lesson in lessons:
        program = programs(course, lesson)[0]
        for device in dict.fromkeys(("cpu", isolation.device)):
            walls = isolation if device == isolation.device else choose(device, hidden=(course.root,))
            taken = []
            for number in (1, together):
                jobs = {str(i): functools.partial(judge, course, program) for i in range(number)}
                began = time.monotonic()
                workers.run_all(jobs, walls, processes=number)
                taken.append(f"{time.monotonic() - began:.1f}")
            table.add_row(lesson.name, device, *taken)
    console.print(table)


def _as_wanted(got: str, wanted: str) -> str:
    return got if got == wanted else f"! {got}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(f"grader: {error}")
