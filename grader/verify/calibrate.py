"""How often, and at what cost, a right answer passes a training check: ``python -m grader.verify.calibrate``.

Every training lesson's reference is trained on many disguised seeds by the machinery that grades students: the same
boundary, the same meter, the same evaluation; on the control too, where the lesson has one. With ``--impostors`` it is
the turn of what must not pass. One of them, the rewards set to 0 in the buffer only, may well pass the long runs; it is
the control that stops it, and that comes first.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Column, Table

from grader.course import Course, Lesson, TrainingRule, find_root, load
from grader.errors import CourseError, UserError
from grader.grading.grade import student_to_train
from grader.report.report import TrainingSeed
from grader.student.isolation import IsolationError, choose
from grader.student.processes import ZygoteClient
from grader.student.remote import Student
from grader.training.check import run_seed
from grader.training.tasks import Task, control_task, training_task

_RETURNED = """

def train(env, *, max_steps, seed, device="cpu"):
    rng = np.random.default_rng(seed)
    return lambda observations: {policy}
"""

IMPOSTORS: Mapping[str, str | tuple[str, str]] = {
    "theta + theta_dot > 0": _RETURNED.format(policy="(observations[:, 2] + observations[:, 3] > 0).astype(np.int64)"),
    "random actions": _RETURNED.format(policy="rng.integers(2, size=len(observations))"),
    "frozen weights": ("            optimizer.step()\n", ""),
    "rewards set to 0": (
        "truncated, _ = env.step(actions)\n",
        "truncated, _ = env.step(actions)\n        rewards *= 0\n",
    ),
    "rewards set to 0 in the buffer": ("actions[i], rewards[i],", "actions[i], 0.0,"),
}
"""What must not pass lesson 6, by name: text to append to its solution, or an edit (old, new) of it."""


def impostor(solution: str, name: str) -> str:
    """The solution of lesson 6 turned into the impostor of that name.

    Raises:
        ValueError: the solution has changed, and the edit no longer fits.
    """
    change = IMPOSTORS[name]
    if isinstance(change, str):
        return solution + change
    old, new = change
    if solution.count(old) != 1:
        raise ValueError(f"the impostor {name!r} no longer fits the solution: {old.strip()!r} is not there once")
    return solution.replace(old, new)


def runs(
    course: Course,
    lesson: Lesson,
    rule: TrainingRule,
    main: str,
    seeds: int,
    place: ZygoteClient,
    make_task: Callable[[TrainingRule, Course, Lesson, int], Task] = training_task,
) -> Iterator[TrainingSeed]:
    """Train ``main``, the text of a module of this lesson, on so many tasks; one result each."""
    sources = {**course.references(lesson), lesson.name: main}

    def student() -> AbstractContextManager[Student]:
        return student_to_train(course, lesson, sources, place)

    for i in range(seeds):
        task = make_task(rule, course, lesson, i)
        yield run_seed(rule.exercise, task, student, place.device, None, Student.cpu_seconds)


def row(name: str, results: list[TrainingSeed]) -> list[str]:
    """One line of the table."""
    steps, seconds = [r.steps for r in results], [r.seconds for r in results]
    means = [r.mean_return for r in results if r.mean_return is not None]
    return [
        name,
        f"{sum(r.verdict == 'pass' for r in results)}/{len(results)}",
        f"{statistics.median(steps):,.0f} / {max(steps):,}",
        f"{statistics.median(seconds):.2f} / {max(seconds):.2f}",
        f"{min(means):.1f} / {statistics.median(means):.1f}" if means else "-",
    ]


def main() -> None:
    """Print the table.

    Raises:
        SystemExit: one line, where there is no such lesson or no isolation.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", help="number or name; all training lessons where left out")
    parser.add_argument("--seeds", type=int, default=20, help="runs of each (default: 20)")
    parser.add_argument("--max-steps", type=int, help="another budget than course.yml's")
    parser.add_argument("--impostors", action="store_true", help="train what must not pass instead of the references")
    options = parser.parse_args()
    console = Console(width=max(160, Console().width))  # a table in a log file is not cut off
    try:
        if options.seeds < 1:
            raise CourseError("--seeds takes a number from 1")
        course = load(find_root(Path.cwd()))
        wanted = [course.lesson(options.lesson)] if options.lesson else list(course.lessons)
        lessons = [lesson for lesson in wanted if lesson.training is not None]
        if not lessons:
            raise CourseError("that lesson has no training check")
        isolation = choose()
    except (UserError, IsolationError) as error:
        raise SystemExit(f"calibrate: {error}") from None
    table = Table(
        Column("", no_wrap=True),
        *(
            Column(title, no_wrap=True)
            for title in ("passed", "steps, median / worst", "CPU s, median / worst", "mean return, lowest / median")
        ),
        box=None,
    )
    with ZygoteClient(isolation) as place, console.status("") as status:
        for lesson in lessons:
            assert lesson.training is not None
            rule = lesson.training
            if options.max_steps:
                rule = msgspec.structs.replace(rule, max_steps=options.max_steps)
            solution = course.solution(lesson).read_text(encoding="utf-8")
            texts = {"": solution}
            if options.impostors:
                texts = {name: impostor(solution, name) for name in IMPOSTORS} if lesson.number == 6 else {}
            kinds = {"": training_task}
            if rule.control_steps:
                kinds = {"control": control_task, **kinds}
            for name, text in texts.items():
                for kind, make_task in kinds.items():
                    results: list[TrainingSeed] = []
                    title = " ".join(filter(None, [lesson.name, name, kind]))
                    for result in runs(course, lesson, rule, text, options.seeds, place, make_task):
                        results.append(result)
                        status.update(f"{title}: {len(results)} of {options.seeds}")
                        if result.message:
                            console.print(f"{title}, seed {len(results)}: {result.message}", markup=False)
                    table.add_row(*row(title, results))
    console.print(f"isolation: {isolation}", markup=False)
    console.print(table)


if __name__ == "__main__":
    main()
