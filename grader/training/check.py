"""The training check: the environment is the grader's, so what was learnt is seen and not reported.

The student's ``train`` steps a disguised environment that lives here, behind a meter that counts steps, records
returns and ends the budget. The policy that it returns is then evaluated here, on episodes whose seeds nobody on the
student's side has seen. Before any of that, ``train`` has to learn a small task: that of ``grader.training.signs``, or
of ``grader.training.corridor`` where states are numbered. Who fails it is given another one, up to the rule's number.
A check that fails says how often the reference solution does as badly, if that was measured.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.course import Course, Lesson, TrainingRule
from grader.printable import count
from grader.report.report import TrainingResult, TrainingSeed, Verdict
from grader.student.budget import Budget
from grader.student.errors import StudentDied, StudentError
from grader.training import calibration, corridor, film, odds, signs
from grader.training.meter import ActionError, BudgetSpent, Meter, kind_of
from grader.training.tasks import Task, control_task, training_task

Progress = Callable[[int, int, float | None], None]
"""Told at every new point of the curve, and now and then between them: which run (from 0), the steps so far, the mean
return around there; None where no episode has ended since the last point."""

_TOLD = 200
"""How often a run that takes all of its steps says how far it is, at the least."""

Told = Callable[[bool, int, TrainingSeed], None]
"""Told of every run that has ended: whether it was on the small task, which one (from 0), and how it went."""

CONTROLS = {"signs": (signs.LEARNS, signs.in_words), "corridor": (corridor.LEARNS, corridor.in_words)}
"""The small tasks by their names in ``course.yml``: how each has to be learnt, and a text for students who fail."""
TASKS = {"signs": signs.TASK, "corridor": corridor.TASK}
"""The same in a sentence or two."""


def check(
    rule: TrainingRule,
    *,
    course: Course,
    lesson: Lesson,
    open_student: Callable[[], AbstractContextManager[Any]],
    device: str = "cpu",
    progress: Progress | None = None,
    cpu_seconds: Callable[[Any], float] = lambda student: time.process_time(),
    submission: str = "",
    budget: Budget | None = None,
    told: Told | None = None,
    films: bool = False,
) -> TrainingResult:
    """Judge a lesson's ``train`` by its rule, one run after another, until the verdict is certain.

    The same work gets the same result at every run, but for the ``seconds``.

    Args:
        rule: what has to be reached.
        course: gives the secret from which seeds and disguises are made.
        lesson: the lesson that the rule belongs to.
        open_student: opens a fresh student for one run; it has a function called ``rule.exercise``.
        device: what ``train`` is asked to compute on.
        progress: called with the progress of a run.
        cpu_seconds: the processor time that a student's process has used so far.
        submission: a digest of what was handed in, from which tasks of its own follow; "" for those of everyone.
        budget: the time for the whole submission, if there is any; no run begins after it.
        told: told of every run that has ended.
        films: film the long runs; one of them keeps its films (``grader.training.film``).
    """

    def small(i: int) -> TrainingSeed:
        task = control_task(rule, course, lesson, i, submission)
        ended = run_seed(rule.exercise, task, open_student, device, None, cpu_seconds)
        if told is not None:
            told(True, i, ended)
        return ended

    def long(i: int) -> TrainingSeed:
        task = training_task(rule, course, lesson, i, submission)
        at = functools.partial(progress, i) if progress else None
        camera = film.Camera(rule.environment) if films else None
        ended = run_seed(rule.exercise, task, open_student, device, at, cpu_seconds, camera)
        if told is not None:
            told(False, i, ended)
        return ended

    def result(
        verdict: Verdict,
        message: str,
        *,
        seeds: tuple[TrainingSeed, ...] = (),
        is_written: bool = True,
        **parts: Any,
    ) -> TrainingResult:
        return TrainingResult(
            exercise=rule.exercise,
            rule=rule.in_words(),
            threshold=rule.threshold,
            max_steps=rule.max_steps,
            verdict=verdict,
            points=rule.points if verdict == "pass" else 0.0,
            max_points=rule.points,
            device=device,
            message=message,
            hint=rule.hints[0] if verdict == "fail" and rule.hints and is_written else "",
            runs=rule.seeds,
            passes=rule.passes,
            seeds=film.of_one_run(verdict, seeds),
            small_task=TASKS[rule.control] if rule.control_steps else "",
            band=holds.band if holds and seeds else None,
            **parts,
        )

    calibrated = calibration.read(course, lesson)  # a mistake in the file stops everything before a run is made
    holds = calibrated if calibrated and not calibration.outdated(course, lesson, calibrated) else None
    first = None
    if rule.control_steps:
        tries = _small_tasks(rule, small)
        first = max(tries, key=_mean_return) if tries[-1].verdict != "error" else tries[-1]
        if first.verdict == "error":
            return result("error", first.message, control=first)
        if not first.written:
            return result("fail", first.message, is_written=False, control=first)
        if first.verdict == "fail":
            message = _control_in_words(rule, first)
            if holds and len(tries) == rule.control_tries and all(map(_is_judged, tries)):
                message += _as_badly(odds.no_small_task(rule, holds.rates))
            return result("fail", message, control=first)
    seeds: list[TrainingSeed] = []
    for i in range(rule.seeds):
        seeds.append(long(i))
        passed, failed = (sum(s.verdict == verdict for s in seeds) for verdict in ("pass", "fail"))
        if seeds[-1].verdict == "error":
            return result("error", seeds[-1].message, control=first, seeds=tuple(seeds))
        if not seeds[-1].written:
            return result("fail", seeds[-1].message, is_written=False, control=first, seeds=tuple(seeds))
        if passed >= rule.passes:
            return result("pass", "", control=first, seeds=tuple(seeds))
        if failed > rule.seeds - rule.passes:
            break
        if budget is not None and budget.is_spent:
            message = f"{passed} of {rule.passes} runs reached {rule.threshold:g} within {budget.in_words}"
            return result("fail", message, control=first, seeds=tuple(seeds))
    message = f"{passed} of {count(len(seeds), 'run')} reached {rule.threshold:g}; {rule.passes} had to."
    if holds and all(_is_judged(each) for each in seeds if each.verdict == "fail"):
        message += _as_badly(odds.as_badly(rule, holds.rates, failed, len(seeds)))
    return result("fail", message, control=first, seeds=tuple(seeds))


def _small_tasks(rule: TrainingRule, run: Callable[[int], TrainingSeed]) -> list[TrainingSeed]:
    """The runs on the small task, until one is learnt, or one says more than that it was not.

    A right answer may have bad luck: the reference of lesson 7 fails some such tasks in a hundred.
    """
    tries: list[TrainingSeed] = []
    for i in range(rule.control_tries):
        tries.append(run(i))
        if tries[-1].verdict != "fail" or not _is_judged(tries[-1]):
            break
    return tries


def _is_judged(run: TrainingSeed) -> bool:
    """Whether there was a policy to evaluate. An exception is no bad luck, so no rate of the reference's says more."""
    return run.mean_return is not None


def _as_badly(chance: float) -> str:
    """A sentence to append: how often the reference does as badly; "" if it says nothing."""
    words = calibration.as_badly_in_words(chance)
    return f" {words}" if words else ""


def _mean_return(run: TrainingSeed) -> float:
    return -math.inf if run.mean_return is None else run.mean_return


def _control_in_words(rule: TrainingRule, run: TrainingSeed) -> str:
    learns, in_words = CONTROLS[rule.control]
    start = f"Not trained on {rule.environment} yet, for {rule.exercise} has to learn {learns} first. "
    if run.mean_return is None:
        return start + f"On the small task: {run.message}"
    return start + in_words(run.mean_return, rule.best_of_tries)


def run_seed(
    exercise: str,
    task: Task,
    open_student: Callable[[], AbstractContextManager[Any]],
    device: str = "cpu",
    progress: Callable[[int, float | None], None] | None = None,
    cpu_seconds: Callable[[Any], float] = lambda student: time.process_time(),
    camera: film.Camera | None = None,
) -> TrainingSeed:
    """Train on a task and evaluate; whatever happens is a TrainingSeed. Arguments as for ``check``.

    With a camera the run is filmed, which changes nothing else.
    """
    seconds = 0.0
    meter = _Telling(task.max_steps, progress) if progress else Meter(task.max_steps)
    returns: NDArray[np.float64] | None = None
    verdict: Verdict = "fail"
    message = ""
    written = True
    try:
        env = camera.environment(task, meter) if camera else task.environment(meter)
        with open_student() as student:
            before = cpu_seconds(student)
            try:
                train = getattr(student, exercise)
                policy = train(env, max_steps=task.max_steps, seed=task.seed, **task.options(device))
                if not callable(policy):
                    raise ActionError(f"{exercise} returned {kind_of(policy)}, not a policy that can be called")
                returns = camera.evaluate(task, policy) if camera else task.evaluate(policy)
            finally:
                seconds = _elapsed(cpu_seconds, student, before)
    except (ActionError, BudgetSpent, StudentError, StudentDied) as error:
        message = str(error)
        if isinstance(error, StudentError) and error.not_written:
            written, message = False, error.unwritten(exercise)
        if meter.overrun and not isinstance(error, ActionError | StudentDied):
            message = f"{exercise} did not return before its {task.max_steps:,} environment steps were used up"
    except Exception as error:  # the grader's own fault: never the student's marks
        verdict, message = "error", f"the training check itself failed: {type(error).__name__}: {error}"
    if returns is not None and verdict != "error":
        verdict = "pass" if float(returns.mean()) >= task.threshold else "fail"
    return TrainingSeed(
        seed=task.seed,
        verdict=verdict,
        steps=meter.steps,
        episodes=meter.episodes,
        mean_return=None if returns is None else float(returns.mean()),
        returns=() if returns is None else tuple(float(r) for r in returns),
        curve=meter.curve(),
        message=message,
        written=written,
        seconds=seconds,
        films=camera.films(returns) if camera else (),
    )


class _Telling(Meter):
    """A meter that says how far the run is where no episode ends for long, too."""

    def __init__(self, max_steps: int, told: Callable[[int, float | None], None]) -> None:
        super().__init__(max_steps, told)
        self._tell, self._next = told, max_steps / _TOLD

    def spend(self, steps: int) -> None:
        """Check that this many more steps are within the budget. Errors as for ``Meter``."""
        super().spend(steps)
        if self.steps >= self._next:
            self._next = self.steps + self.max_steps / _TOLD
            self._tell(self.steps, None)


def _elapsed(cpu_seconds: Callable[[Any], float], student: Any, before: float) -> float:
    """Processor time since ``before``; 0 if the process is gone and can no longer be asked."""
    try:
        return max(0.0, cpu_seconds(student) - before)
    except (StudentDied, OSError):
        return 0.0
