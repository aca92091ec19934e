"""A ``train`` that is to be judged: by the lesson's training check, and by its probe ladder."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator

from grader.course import Course, Lesson, TrainingRule
from grader.report.probe import ProbeResult
from grader.report.report import TrainingResult, TrainingSeed
from grader.report.step import Step, Watcher, silent
from grader.student.budget import Budget
from grader.student.errors import shortened
from grader.student.places import Place
from grader.student.remote import Student
from grader.training.check import check
from grader.training.climb import climb

_MESSAGE_CAP = 10_000


@dataclasses.dataclass(frozen=True)
class Trainee:
    """A module with a ``train``, and where it runs.

    Attributes:
        course: the course.
        lesson: the lesson; it has a training rule.
        sources: the module and those that it imports, by name.
        place: where they run.
        watch: called at every step.
        submission: a digest of what was handed in, from which tasks of its own follow; "" for those of everyone.
        budget: the time that is left for the submission, if it has any limit.
    """

    course: Course
    lesson: Lesson
    sources: dict[str, str]
    place: Place
    watch: Watcher = silent
    submission: str = ""
    budget: Budget | None = None

    @property
    def _rule(self) -> TrainingRule:
        rule = self.lesson.training
        assert rule is not None, f"{self.lesson.name} has no training check"
        return rule

    @contextlib.contextmanager
    def open(self) -> Iterator[Student]:
        """Open a session for one run, under the limits of the lesson's rule.

        Raises:
            StudentError, StudentDied: the lesson's module cannot be imported.
        """
        limits = self._rule.within(self.course.limits)
        session = self.place.open(self.sources, self.lesson.name, limits, record=False, budget=self.budget)
        try:
            session.begin(0)
            with _one_thread():
                yield Student(session)
        finally:
            session.close()

    def check(self, *, films: bool = False) -> TrainingResult:
        """Run the training check, whatever the properties of the module say; ``films`` as for ``training.check``."""
        rule, watch = self._rule, self.watch
        latest: dict[int, float] = {}

        def progress(run: int, steps: int, mean: float | None) -> None:
            if mean is not None:
                latest[run] = mean
            watch(
                Step(
                    "training",
                    steps,
                    rule.max_steps,
                    run=run + 1,
                    runs=rule.seeds,
                    mean_return=latest.get(run),
                    is_new=mean is not None,
                )
            )

        def told(small: bool, run: int, ended: TrainingSeed) -> None:
            watch(
                Step(
                    "small task" if small else "training",
                    ended.steps,
                    rule.control_steps if small else rule.max_steps,
                    run=run + 1,
                    runs=rule.control_tries if small else rule.seeds,
                    mean_return=ended.mean_return,
                    ended=ended.verdict,
                    message=shortened(ended.message, _MESSAGE_CAP),
                )
            )

        watch(Step("small task") if rule.control_steps else Step("training", 0, rule.max_steps, run=1, runs=rule.seeds))
        return check(
            rule,
            course=self.course,
            lesson=self.lesson,
            open_student=self.open,
            device=self.place.device,
            progress=progress,
            cpu_seconds=Student.cpu_seconds,
            submission=self.submission,
            budget=self.budget,
            told=told,
            films=films,
        )

    def climb(self) -> ProbeResult | None:
        """Climb the lesson's probe ladder; None if it has none, or if there is no time for it."""
        return climb(
            self._rule,
            course=self.course,
            lesson=self.lesson,
            open_student=self.open,
            cpu_seconds=Student.cpu_seconds,
            device=self.place.device,
            submission=self.submission,
            budget=self.budget,
            progress=lambda done, total: self.watch(Step("ladder", done, total)),
        )


def learnt_something_else(result: TrainingResult) -> bool:
    """Whether every run that fails gave a policy. An exception says by itself what is wrong."""
    return all(run.mean_return is not None for run in result.every_run if run.verdict == "fail")


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch compute with one thread, if it is in this process.

    A second one gains nothing with networks as small as the course's, and on a busy machine they wait for each other
    for minutes.
    """
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before)
