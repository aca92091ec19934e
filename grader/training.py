"""The training check: the environment is the grader's, so what was learnt is seen and not reported.

The student's ``train`` steps a disguised environment that lives here, behind a meter that counts steps, records
returns and ends the budget. The policy that it returns is then evaluated here, on episodes whose seeds nobody on the
student's side has seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from grader import disguise
from grader.course import Course, Lesson, TrainingRule
from grader.disguise import DisguisedEnv, Floats
from grader.report import TrainingResult, TrainingSeed, Verdict
from grader.student.errors import StudentDied, StudentError

Progress = Callable[[int, int, float], None]
"""Told at every new point of the curve: which run (from 0), the steps so far, the mean return around there."""

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
    """A disguised vector environment with a meter and a budget.

    It raises nothing but exceptions that tell the student's code what it did wrong.
    """

    def __init__(self, env: DisguisedEnv, meter: Meter) -> None:
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
    seeds: list[TrainingSeed] = []
    for i in range(rule.seeds):
        seeds.append(run_seed(rule, course, lesson, i, open_student, device, progress, cpu_seconds))
        passed, failed = (sum(s.verdict == verdict for s in seeds) for verdict in ("pass", "fail"))
        if seeds[-1].verdict == "error" or passed >= rule.passes or failed > rule.seeds - rule.passes:
            break
    verdict: Verdict = "fail"
    message = f"{passed} of {len(seeds)} runs reached {rule.threshold:g}; {rule.passes} had to."
    if seeds[-1].verdict == "error":
        verdict, message = "error", seeds[-1].message
    elif passed >= rule.passes:
        verdict, message = "pass", ""
    return TrainingResult(
        exercise=rule.exercise,
        rule=rule.in_words(),
        threshold=rule.threshold,
        max_steps=rule.max_steps,
        verdict=verdict,
        points=rule.points if verdict == "pass" else 0.0,
        max_points=rule.points,
        device=device,
        seeds=tuple(seeds),
        message=message,
        hint=rule.hints[0] if verdict == "fail" and rule.hints else "",
    )


def run_seed(
    rule: TrainingRule,
    course: Course,
    lesson: Lesson,
    i: int,
    open_student: Callable[[], AbstractContextManager[Any]],
    device: str,
    progress: Progress | None,
    cpu_seconds: Callable[[Any], float],
) -> TrainingSeed:
    """Train with seed number ``i`` and evaluate; whatever happens is a TrainingSeed. Arguments as ``check``."""

    def secret(purpose: str) -> int:
        return course.secret(lesson.name, "training", i, purpose) % 2**31

    seed, seconds = secret("seed"), 0.0
    meter = Meter(rule.max_steps, None if progress is None else lambda steps, mean: progress(i, steps, mean))
    returns: NDArray[np.float64] | None = None
    verdict: Verdict = "fail"
    message = ""
    try:
        hidden = disguise.draw(rule.environment, secret("disguise"))
        env = MeteredEnv(DisguisedEnv(rule.environment, rule.environments, hidden), meter)
        with open_student() as student:
            before = cpu_seconds(student)
            try:
                train = getattr(student, rule.exercise)
                policy = train(env, max_steps=rule.max_steps, seed=seed, device=device)
                if not callable(policy):
                    raise ActionError(f"{rule.exercise} returned {_kind(policy)}, not a policy that can be called")
                returns = evaluate(policy, rule.environment, hidden, rule.episodes, secret("evaluation"))
            finally:
                seconds = _elapsed(cpu_seconds, student, before)
    except (ActionError, BudgetSpent, StudentError, StudentDied) as error:
        message = str(error)
        if meter.overrun and not isinstance(error, ActionError | StudentDied):
            message = f"{rule.exercise} did not return before its {rule.max_steps:,} environment steps were used up"
    except Exception as error:  # the grader's own fault: never the student's marks
        verdict, message = "error", f"the training check itself failed: {type(error).__name__}: {error}"
    if returns is not None and verdict != "error":
        verdict = "pass" if float(returns.mean()) >= rule.threshold else "fail"
    return TrainingSeed(
        seed=seed,
        verdict=verdict,
        steps=meter.steps,
        episodes=meter.episodes,
        mean_return=None if returns is None else float(returns.mean()),
        returns=() if returns is None else tuple(float(r) for r in returns),
        curve=meter.curve(),
        message=message,
        seconds=seconds,
    )


def evaluate(
    policy: Callable[[Floats], Any], environment: str, hidden: disguise.Disguise, episodes: int, seed: int
) -> NDArray[np.float64]:
    """Undiscounted returns (episodes,) of a policy; all episodes run at once, one call of the policy a time step.

    Args:
        policy: from observations (episodes, O) to actions (episodes,). Episodes that have ended stay in the batch.
        environment: a Gymnasium id.
        hidden: the disguise that the policy was trained on.
        episodes: how many.
        seed: of the initial states.

    Raises:
        ActionError: the policy does not give one legal action for each observation.
    """
    env = DisguisedEnv(environment, episodes, hidden)
    number_of_actions = _number_of_actions(env)
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


def _number_of_actions(env: DisguisedEnv) -> int:
    return int(env.single_action_space.n)  # type: ignore[attr-defined]


def _kind(value: Any) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _elapsed(cpu_seconds: Callable[[Any], float], student: Any, before: float) -> float:
    """Processor time since ``before``; 0 where the process is gone and can no longer be asked."""
    try:
        return max(0.0, cpu_seconds(student) - before)
    except (StudentDied, OSError):
        return 0.0
