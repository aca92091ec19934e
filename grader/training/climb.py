"""The probe ladder: which part of a ``train`` that does not learn is wrong.

Each stage is one run of ``train`` in a tiny world of the grader's (``grader.training.ladders``), through the same
boundary and the same meter as a training run. What the returned policy does in each situation, and what was done there
late in training, are the answers; the rungs judge them. The first rung that fails is named.

A stage of which a rung fails is run again with other seeds, until each rung up to the first failing one has passed or
failed twice: so a right answer is blamed only if it has bad luck with the same rung twice in three runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.course import Course, Lesson, TrainingRule
from grader.report.probe import ProbeResult, RungResult
from grader.report.report import TrainingSeed
from grader.student.budget import Budget
from grader.training.check import run_seed
from grader.training.ladders import LADDERS
from grader.training.meter import Meter, MeteredEnv, as_actions
from grader.training.rungs import Rung, Stage
from grader.training.situations import ACTIONS, NumberedSituations, Situations, World
from grader.training.tabular import MeteredTable, as_action

MOST_RUNS = 3
"""Runs of one stage at most; two of them decide about a rung."""


class StageTask:
    """One run of ``train`` in the world of a stage; afterwards, the answers.

    Args:
        stage: the stage.
        copies: how many the vector environment has; 0 for a table.
        seed: what ``train`` is given.
        world_seed: decides the numbers and the draws of the world.
    """

    threshold = -np.inf

    def __init__(self, stage: Stage, copies: int, seed: int, world_seed: int) -> None:
        self._copies, self.seed, self.max_steps = copies, seed, stage.steps
        self._world = World(
            stage.situations,
            world_seed,
            alike=stage.alike,
            odd_copy=stage.odd_copy,
            quiet_resets=stage.quiet_resets,
        )
        self._order = np.random.default_rng(world_seed).permutation(len(self._world.names))
        self._chosen: dict[str, int] = {}

    def environment(self, meter: Meter) -> Any:
        """The environment that ``train`` steps."""
        if not self._copies:
            return MeteredTable(NumberedSituations(self._world), meter)
        return MeteredEnv(Situations(self._world, self._copies), meter)

    def options(self, device: str) -> dict[str, Any]:
        """The device that networks are to be on; a table is on none."""
        return {"device": device} if self._copies else {}

    def evaluate(self, policy: Callable[[Any], Any]) -> NDArray[np.float64]:
        """Ask the policy for its action in every situation; 1 for each right one, 0 for others."""
        names, order = self._world.names, self._order
        if self._copies:
            observations = Situations(self._world, len(order)).shown(order)
            actions = as_actions(policy(observations), len(order), ACTIONS, "the policy")
        else:
            numbers = self._world.shown[order].tolist()
            actions = np.array([as_action(policy(number), ACTIONS, "the policy") for number in numbers])
        for place, action in zip(order.tolist(), actions.tolist(), strict=True):
            self._chosen[names[place]] = self._world.role_of(names[place], action)
        return np.array([float(role == 0) for role in self._chosen.values()])

    def chosen(self, situation: str) -> int:
        """The role of what the returned policy does in a situation: 0 for the right action, else 1 or 2."""
        return self._chosen[situation]

    def habits(self, situation: str, last: float = 0.25) -> NDArray[np.float64]:
        """The shares (3,) with which the roles were taken there in this last part of the training's visits."""
        return self._world.habits(situation, last)


def climb(
    rule: TrainingRule,
    *,
    course: Course,
    lesson: Lesson,
    open_student: Callable[[], AbstractContextManager[Any]],
    cpu_seconds: Callable[[Any], float],
    device: str = "cpu",
    submission: str = "",
    budget: Budget | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ProbeResult | None:
    """Climb the ladder of a lesson until a rung fails. Arguments as for ``grader.training.check.check``.

    Args:
        rule: names the function and the ladder.
        course: gives the secret from which seeds are made.
        lesson: the lesson that the rule belongs to.
        open_student: opens a fresh student for one run.
        cpu_seconds: the processor time that a student's process has used so far.
        device: what ``train`` is asked to compute on.
        submission: a digest of what was handed in, from which worlds of its own follow; "" for those of everyone.
        budget: the time for the whole submission, if there is any; no run begins after it.
        progress: told before each run how many rungs are behind, and how many there are.

    Returns:
        The result; None if the lesson has no ladder, or if the time was used up before anything was found out.
    """
    if not rule.ladder:
        return None
    stages = LADDERS[rule.ladder]
    every = [rung for stage in stages for rung in stage.rungs]
    done: list[RungResult] = []
    runs: list[TrainingSeed] = []

    def result(verdict: Any, means: str = "", message: str = "") -> ProbeResult:
        left = [RungResult(rung.name, rung.needs, "skip") for rung in every[len(done) :]]
        return ProbeResult(
            verdict=verdict,
            rungs=(*done, *left),
            means=means,
            message=message,
            steps=sum(run.steps for run in runs),
            seconds=sum(run.seconds for run in runs),
        )

    for number, stage in enumerate(stages):
        votes: list[Sequence[bool]] = []
        while True:
            if budget is not None and budget.is_spent:
                return None
            if progress is not None:
                progress(len(done), len(every))
            task = stage_task(rule, course, lesson, number, len(votes), submission)
            run = run_seed(rule.exercise, task, open_student, device, None, cpu_seconds)
            runs.append(run)
            if run.verdict == "error":
                return result("error", message=run.message)
            if run.mean_return is None and budget is not None and budget.is_spent:
                return None  # cut off by the clock, which says nothing about any rung
            if run.mean_return is None:  # an exception is no bad luck
                rung = stage.rungs[0]
                done.append(RungResult(rung.name, rung.needs, "fail", 1, 1))
                return result("fail", message=run.message)
            votes.append([all(check.holds(task) for check in rung.checks) for rung in stage.rungs])
            decided = judged(stage.rungs, votes, stage.least)
            if decided is not None:
                break
        done += decided
        if decided[-1].verdict == "fail":
            return result("fail", means=stage.rungs[len(decided) - 1].means)
    return result("pass")


def stage_task(
    rule: TrainingRule, course: Course, lesson: Lesson, number: int, attempt: int, submission: str = ""
) -> StageTask:
    """The task of one run: stage ``number`` of the lesson's ladder, at this attempt, from 0."""

    def secret(purpose: str) -> int:
        own = [submission] if submission else []
        return course.secret(lesson.name, "ladder", number, attempt, purpose, *own) % 2**31

    copies = 0 if rule.control == "corridor" else rule.environments
    return StageTask(LADDERS[rule.ladder][number], copies, secret("seed"), secret("world"))


def judged(rungs: Sequence[Rung], votes: Sequence[Sequence[bool]], least: int = 1) -> list[RungResult] | None:
    """The rungs of a stage up to the first that fails, as far as the votes of its runs decide; None if they do not.

    ``least`` runs without a failure decide for all of them. Otherwise two equal votes of at most three do.
    """
    clean = len(votes) >= least and all(map(all, votes[:least]))
    results: list[RungResult] = []
    for i, rung in enumerate(rungs):
        passed = sum(vote[i] for vote in votes)
        failed = len(votes) - passed
        needed = MOST_RUNS // 2 + 1
        if failed >= needed:
            results.append(RungResult(rung.name, rung.needs, "fail", failed, len(votes)))
            return results
        if passed < needed and not clean:
            return None
        results.append(RungResult(rung.name, rung.needs, "pass", failed, len(votes)))
    return results
