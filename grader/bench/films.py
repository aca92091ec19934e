"""Measure what films add: to the time of a training run, to a report, to a page.

    python -m grader.bench.films [--lesson L]

One training run of each reference that trains, with a camera and without, in turns and in this process. A film's size
is that of its SVG; a page is one that `grader train` would leave after such a run.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import torch
from rich.console import Console

from grader.course import Course, Lesson, find_root, load
from grader.errors import UserError
from grader.grading.trainee import Trainee
from grader.render import film, html
from grader.report.film import frames
from grader.report.report import Report, TrainingResult, TrainingSeed
from grader.student.inprocess import Here
from grader.student.remote import Student
from grader.training import calibration
from grader.training.check import run_seed
from grader.training.film import Camera
from grader.training.tasks import training_task


def main() -> None:
    """Measure and print, line by line.

    Raises:
        SystemExit: one line, if there is no such lesson, or none that trains.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", help="number or name (default: all lessons that train)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    try:
        course = load(find_root(Path.cwd()))
        lessons = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
    except UserError as error:
        raise SystemExit(f"bench: {error}") from None
    lessons = [lesson for lesson in lessons if lesson.training is not None]
    if not lessons:
        raise SystemExit("bench: no such lesson trains anything")
    console.print(
        f"{'':24}{'films':>6}{'frames':>8}{'largest':>10}{'report +':>10}{'page':>9}{'CPU s':>8}{'with':>8}",
        highlight=False,
        soft_wrap=True,
    )
    for lesson in lessons:
        plain, _ = _run(course, lesson, with_camera=False)
        filmed, run = _run(course, lesson, with_camera=True)
        _print(course, lesson, run, plain, filmed, console)


def _run(course: Course, lesson: Lesson, *, with_camera: bool) -> tuple[float, TrainingSeed]:
    """One run of the reference: processor seconds, and what came of it."""
    rule = lesson.training
    assert rule is not None
    sources = {**course.references(lesson), lesson.name: course.solution(lesson).read_text(encoding="utf-8")}
    task = training_task(rule, course, lesson, 0)

    @contextlib.contextmanager
    def open_student() -> Iterator[Student]:
        with Trainee(course, lesson, sources, Here()).open() as student:
            yield student

    camera = Camera(rule.environment) if with_camera else None
    start = time.process_time()
    run = run_seed(rule.exercise, task, open_student, camera=camera)
    return time.process_time() - start, run


def _print(course: Course, lesson: Lesson, run: TrainingSeed, plain: float, filmed: float, console: Console) -> None:
    rule, found = lesson.training, calibration.of_lesson(course, lesson)
    assert rule is not None
    band = found.band if found else None
    common = (rule.exercise, rule.in_words(), rule.threshold, rule.max_steps, run.verdict, 0.0, rule.points, "cpu")
    check = TrainingResult(*common, seeds=(run,), band=band)
    bare = TrainingResult(*common, seeds=(msgspec.structs.replace(run, films=()),))
    with_films, without = (
        Report("you", lesson.name, lesson.title, "graded", 0, 0, None, "cpu", training=each) for each in (check, bare)
    )
    reel = film.reel(check, prefix="p")
    sizes = [len(each.svg) for each in reel.films] if reel else [0]
    page = html.training_page(with_films, check, of=f"{lesson.name}.py", made="now")
    cells = (
        f"{len(run.films):>6}",
        f"{sum(len(frames(each)) for each in run.films):>8,}",
        _kb(max(sizes), 10),
        _kb(len(with_films.to_json()) - len(without.to_json()), 10),
        _kb(len(page.encode()), 9),
        f"{plain:>8.2f}",
        f"{filmed:>8.2f}",
    )
    console.print(f"{lesson.name:<24}{''.join(cells)}", highlight=False, soft_wrap=True)


def _kb(size: int, width: int) -> str:
    return f"{size / 1000:>{width - 3}.1f} kB"


if __name__ == "__main__":
    main()
