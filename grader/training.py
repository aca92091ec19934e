"""The training check: the environment is the grader's, so what was learnt is seen and not reported.

The student's ``train`` steps a disguised environment that lives here, behind a meter that counts steps, records
returns and ends the budget. The policy that it returns is then evaluated here, on episodes whose seeds nobody on the
student's side has seen. Before any of that, ``train`` has to learn the small task of ``grader.control``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from grader import control, disguise
from grader.course import Course, Lesson, TrainingRule
from grader.disguise import DisguisedEnv, Floats
from grader.report import TrainingResult, TrainingSeed, Verdict
from grader.student.errors import StudentDied, StudentError

Progress = Callable[[int, int, float], None]
"""Told at every new point of the curve: which run (from 0), the steps so far, the mean return around there."""

Env = VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]

_CURVE_POINTS = 100
_FIRST_BIN = 100  # steps; bins double in width whenever there are too many of them


class BudgetSpent(RuntimeError):
    """The training run has used all of its environment steps; raised into the student's code."""


class ActionError(ValueError):
    """What should have been one legal action for each copy is something else."""


class Meter:
    """The grader's own record of a training run.

    Attributes:
        steps: environment steps so far, summed over the copies. The step that only starts the next episode is none.
        episodes: episodes that ended; those that a ``reset`` cut off are not among them.
        overrun: whether a step was asked for beyond the budget.
    """

    def __init__(self, max_steps: int, told: Callable[[int, float], None] | None = None) -> None:
        self.max_steps, self._told = max_steps, told
        self.steps, self.episodes, self.overrun = 0, 0, False
        self._width = _FIRST_BIN
        self._bins: dict[int, tuple[float, int]] = {}

    def count(self, steps: int, returns: NDArray[Any]) -> None:
        """Note ``steps`` more steps, with which the episodes of these returns ended."""
        self.steps += steps
        if not len(returns):
            return
        self.episodes += len(returns)
        new = (self.steps - 1) // self._width
        total, number = self._bins.get(new, (0.0, 0))
        if self._told and number == 0 and self._bins:
            last = max(self._bins)
            self._told(last * self._width + self._width, self._bins[last][0] / self._bins[last][1])
        self._bins[new] = (total + float(returns.sum()), number + len(returns))
        while len(self._bins) > _CURVE_POINTS:
            self._width *= 2
            merged: dict[int, tuple[float, int]] = {}
            for i, (total, number) in self._bins.items():
                before = merged.get(i // 2, (0.0, 0))
                merged[i // 2] = (before[0] + total, before[1] + number)
            self._bins = merged

    def curve(self) -> tuple[tuple[int, float], ...]:
        """Points (steps, mean return of the episodes that ended since the last point), at most about a hundred."""
        return tuple(
            (min((i + 1) * self._width, self.steps), total / number)
            for i, (total, number) in sorted(self._bins.items())
        )


class MeteredEnv(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """A vector environment with a meter and a budget; it resets by the NEXT_STEP rule.

    It raises nothing but exceptions that tell the student's code what it did wrong.
    """

    def __init__(self, env: Env, meter: Meter) -> None:
        self._env, self._meter = env, meter
        self.num_envs = env.num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        self.single_observation_space, self.observation_space = env.single_observation_space, env.observation_space
        self.single_action_space, self.action_space = env.single_action_space, env.action_space
        self._returns = np.zeros(self.num_envs)
        self._over = np.zeros(self.num_envs, dtype=bool)
        self._started = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start an episode in every copy; episodes under way are dropped.

        Raises:
            ValueError: the seed is no whole number from 0, or options are given: this environment has none.
        """
        if options:
            raise ValueError("this environment's reset() takes no options")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0):
            raise ValueError("the seed of reset() is a whole number from 0, or None")
        self._started = True
        self._returns[:], self._over[:] = 0.0, False
        return self._env.reset(seed=None if seed is None else int(seed))

    def step(self, actions: Any) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step of every copy.

        Raises:
            ActionError: not one legal action for each copy.
            BudgetSpent: the run's steps are used up.
            ValueError: there was no ``reset`` yet.
        """
        if not self._started:
            raise ValueError("call reset() before the first step()")
        chosen = as_actions(actions, self.num_envs, _number_of_actions(self._env), "step()")
        live = ~self._over
        if self._meter.steps + int(live.sum()) > self._meter.max_steps:
            self._meter.overrun = True
            raise BudgetSpent(f"the budget of {self._meter.max_steps:,} environment steps is used up")
        observations, rewards, terminated, truncated, info = self._env.step(chosen)
        self._returns += rewards
        ended = terminated | truncated
        self._meter.count(int(live.sum()), self._returns[ended])
        # The next step of an ended copy only starts its next episode: it is neither counted nor rewarded.
        self._returns[ended] = 0.0
        self._over = ended
        return observations, rewards, terminated, truncated, info

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environment."""
        self._env.close()


def check(
    rule: TrainingRule,
    *,
    course: Course,
    lesson: Lesson,
    open_student: Callable[[], AbstractContextManager[Any]],
    device: str = "cpu",
    progress: Progress | None = None,
    cpu_seconds: Callable[[Any], float] = lambda student: time.process_time(),
) -> TrainingResult:
    """Judge a lesson's ``train`` by its rule, one run after another, until the verdict is certain.

    The same work gets the same result at every run, but for the ``seconds``.

    Args:
        rule: what has to be reached.
        course: gives the secret from which seeds and disguises are made.
        lesson: the lesson that the rule belongs to.
        open_student: opens a fresh student for one run; it has a function called ``rule.exercise``.
        device: what ``train`` is asked to compute on.
        progress: is told how a run goes on.
        cpu_seconds: the processor time that a student's process has used so far.
    """

    def run(task: Task, told: Callable[[int, float], None] | None = None) -> TrainingSeed:
        return run_seed(rule.exercise, task, open_student, device, told, cpu_seconds)

    def result(verdict: Verdict, message: str, **parts: Any) -> TrainingResult:
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
            hint=rule.hints[0] if verdict == "fail" and rule.hints else "",
            **parts,
        )

    first = None
    if rule.control_steps:
        first = run(control_task(rule, course, lesson))
        if first.verdict == "error":
            return result("error", first.message, control=first)
        if first.verdict == "fail":
            return result("fail", _control_in_words(rule, first), control=first)
    seeds: list[TrainingSeed] = []
    for i in range(rule.seeds):
        # Called at once, so the loop variable is this run's.
        told = None if progress is None else lambda steps, mean: progress(i, steps, mean)  # noqa: B023
        seeds.append(run(training_task(rule, course, lesson, i), told))
        passed, failed = (sum(s.verdict == verdict for s in seeds) for verdict in ("pass", "fail"))
        if seeds[-1].verdict == "error":
            return result("error", seeds[-1].message, control=first, seeds=tuple(seeds))
        if passed >= rule.passes:
            return result("pass", "", control=first, seeds=tuple(seeds))
        if failed > rule.seeds - rule.passes:
            break
    message = f"{passed} of {len(seeds)} runs reached {rule.threshold:g}; {rule.passes} had to."
    return result("fail", message, control=first, seeds=tuple(seeds))


@dataclass(frozen=True)
class Task:
    """What one run of ``train`` has to learn.

    Attributes:
        make: so many copies of the environment, the same task every time.
        copies: how many of them ``train`` steps at once.
        threshold: the mean return that the policy must reach.
        max_steps: the budget, in environment steps summed over the copies.
        episodes: how many episodes the policy is evaluated on.
        seed: what ``train`` is given.
        evaluation_seed: of the evaluation's episodes.
    """

    make: Callable[[int], Env]
    copies: int
    threshold: float
    max_steps: int
    episodes: int
    seed: int
    evaluation_seed: int


def training_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int) -> Task:
    """Run number ``i`` of a lesson's training check: its disguise and its seeds come from the course's secret."""

    def secret(purpose: str) -> int:
        return course.secret(lesson.name, "training", i, purpose) % 2**31

    hidden = disguise.draw(rule.environment, secret("disguise"))
    return Task(
        make=lambda copies: DisguisedEnv(rule.environment, copies, hidden),
        copies=rule.environments,
        threshold=rule.threshold,
        max_steps=rule.max_steps,
        episodes=rule.episodes,
        seed=secret("seed"),
        evaluation_seed=secret("evaluation"),
    )


def control_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int = 0) -> Task:
    """The control of a lesson's training check; it is run once, with ``i`` = 0."""

    def secret(purpose: str) -> int:
        return course.secret(lesson.name, "control", i, purpose) % 2**31

    return Task(
        make=lambda copies: control.SignsEnv(copies, secret("signs")),
        copies=rule.environments,
        threshold=control.THRESHOLD,
        max_steps=rule.control_steps,
        episodes=rule.episodes,
        seed=secret("seed"),
        evaluation_seed=secret("evaluation"),
    )


def _control_in_words(rule: TrainingRule, run: TrainingSeed) -> str:
    start = f"Not trained on {rule.environment} yet, for {rule.exercise} has to learn from rewards first. "
    if run.message:
        return start + f"On the small task: {run.message}"
    return start + (
        f"The small task shows one of {control.SIGNS} signs at each of {control.LENGTH} steps, and pays 1 for the one "
        f"of {control.ACTIONS} actions that is right. Your policy earned {run.mean_return:.1f} an episode; "
        f"{control.THRESHOLD:g} are needed, and guessing earns {control.LENGTH / control.ACTIONS:g}."
    )


def run_seed(
    exercise: str,
    task: Task,
    open_student: Callable[[], AbstractContextManager[Any]],
    device: str = "cpu",
    progress: Callable[[int, float], None] | None = None,
    cpu_seconds: Callable[[Any], float] = lambda student: time.process_time(),
) -> TrainingSeed:
    """Train on a task and evaluate; whatever happens is a TrainingSeed. Arguments as for ``check``."""
    seconds = 0.0
    meter = Meter(task.max_steps, progress)
    returns: NDArray[np.float64] | None = None
    verdict: Verdict = "fail"
    message = ""
    try:
        env = MeteredEnv(task.make(task.copies), meter)
        with open_student() as student:
            before = cpu_seconds(student)
            try:
                train = getattr(student, exercise)
                policy = train(env, max_steps=task.max_steps, seed=task.seed, device=device)
                if not callable(policy):
                    raise ActionError(f"{exercise} returned {_kind(policy)}, not a policy that can be called")
                returns = evaluate(policy, task.make(task.episodes), task.evaluation_seed)
            finally:
                seconds = _elapsed(cpu_seconds, student, before)
    except (ActionError, BudgetSpent, StudentError, StudentDied) as error:
        message = str(error)
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
        seconds=seconds,
    )


def evaluate(policy: Callable[[Floats], Any], env: Env, seed: int) -> NDArray[np.float64]:
    """Undiscounted returns (N,) of a policy; N episodes run at once, one call of the policy a time step.

    Args:
        policy: from observations (N, O) to actions (N,). Episodes that have ended stay in the batch.
        env: one copy for each episode; it is closed afterwards.
        seed: of the initial states.

    Raises:
        ActionError: the policy does not give one legal action for each observation.
    """
    episodes, number_of_actions = env.num_envs, _number_of_actions(env)
    returns, running = np.zeros(episodes), np.ones(episodes, dtype=bool)
    observations, _ = env.reset(seed=seed)
    while running.any():
        actions = as_actions(policy(observations), episodes, number_of_actions, "the policy")
        observations, rewards, terminated, truncated, _ = env.step(actions)
        returns += rewards * running
        running &= ~(terminated | truncated)
    env.close()
    return returns


def as_actions(value: Any, copies: int, number_of_actions: int, whose: str) -> NDArray[np.int64]:
    """One action for each copy, (copies,) int64.

    Args:
        value: what the student's side gave: an array, a tensor, or a list of whole numbers.
        copies: how many are needed.
        number_of_actions: A; legal are 0 to A - 1.
        whose: "step()" or "the policy", for the message.

    Raises:
        ActionError: it is anything else; the message says what.
    """
    verb = "was given" if whose == "step()" else "gave"
    needed = f"needed are {copies} whole numbers, one for each copy of the environment"
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, list | tuple):
        # Looked at one by one before numpy does: an item may be an object that lives on the student's side.
        for item in value:
            if isinstance(item, bool) or not isinstance(item, int | np.integer):
                raise ActionError(f"{whose} {verb} a {type(value).__name__} with {_kind(item)} in it; {needed}")
        if any(abs(int(item)) >= 2**31 for item in value):
            raise ActionError(f"{whose} {verb} an action beyond all bounds; legal are 0 to {number_of_actions - 1}")
        value = np.array(value, dtype=np.int64)
    if not isinstance(value, np.ndarray):
        raise ActionError(f"{whose} {verb} {_kind(value)}; {needed}")
    actions = value
    if actions.shape != (copies,):
        raise ActionError(f"{whose} {verb} actions of shape {actions.shape}; {needed}")
    if actions.dtype.kind not in "iu":
        raise ActionError(f"{whose} {verb} actions of dtype {actions.dtype}; {needed}")
    wrong = actions[(actions < 0) | (actions >= number_of_actions)]
    if len(wrong):
        raise ActionError(f"{whose} {verb} the action {wrong[0]}; legal are 0 to {number_of_actions - 1}")
    return actions.astype(np.int64)


def _number_of_actions(env: Env) -> int:
    return int(env.single_action_space.n)  # type: ignore[attr-defined]


def _kind(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _elapsed(cpu_seconds: Callable[[Any], float], student: Any, before: float) -> float:
    """Processor time since ``before``; 0 where the process is gone and can no longer be asked."""
    try:
        return max(0.0, cpu_seconds(student) - before)
    except (StudentDied, OSError):
        return 0.0
