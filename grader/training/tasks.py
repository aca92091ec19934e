"""The task of one run of ``train``: the environment, its disguise, its seeds, and the evaluation of a policy."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from grader.course import Course, Lesson, TrainingRule
from grader.errors import CourseError
from grader.training import corridor, disguise, signs, tabular
from grader.training.disguise import DisguisedEnv
from grader.training.meter import Env, Floats, Meter, MeteredEnv, as_actions, number_of_actions


class Task(Protocol):
    """One run of ``train``.

    Attributes:
        seed: what ``train`` is given.
        threshold: the mean return that the policy must reach.
        max_steps: the budget, in environment steps summed over the copies.
    """

    seed: int
    threshold: float
    max_steps: int

    def environment(self, meter: Meter) -> Any:
        """The environment that ``train`` steps; the same task every time."""
        ...

    def options(self, device: str) -> dict[str, Any]:
        """The other arguments of ``train``."""
        ...

    def evaluate(self, policy: Callable[[Any], Any]) -> NDArray[np.float64]:
        """The undiscounted returns of a policy, one for each episode of the evaluation.

        Raises:
            ActionError: the policy gives something that is no action.
        """
        ...


@dataclass
class VectorTask:
    """A task of a vector environment; its policies map observations (N, O) to actions (N,).

    Attributes:
        make: so many copies of the environment.
        copies: how many of them ``train`` steps at once.
        episodes: how many the policy is evaluated on.
        evaluation_seed: of these episodes.
    """

    make: Callable[[int], Env]
    copies: int
    threshold: float
    max_steps: int
    episodes: int
    seed: int
    evaluation_seed: int

    def environment(self, meter: Meter) -> MeteredEnv:
        """The copies that ``train`` steps."""
        return MeteredEnv(self.make(self.copies), meter)

    def options(self, device: str) -> dict[str, Any]:
        """The device that networks are to be on."""
        return {"device": device}

    def evaluate(self, policy: Callable[[Floats], Any]) -> NDArray[np.float64]:
        """All episodes at once."""
        return evaluate(policy, self.make(self.episodes), self.evaluation_seed)


@dataclass
class TableTask:
    """A task whose states and actions are whole numbers; its policies map one state to one action.

    Attributes:
        make: the environment.
        episodes: how many the policy is evaluated on.
        evaluation_seed: of these episodes.
        make_evaluated: the environment in which policies are evaluated, where it is another one.
    """

    make: Callable[[], gym.Env[int, int]]
    threshold: float
    max_steps: int
    episodes: int
    seed: int
    evaluation_seed: int
    make_evaluated: Callable[[], gym.Env[int, int]] | None = None

    def environment(self, meter: Meter) -> tabular.MeteredTable:
        """The environment that ``train`` steps."""
        return tabular.MeteredTable(self.make(), meter)

    def options(self, device: str) -> dict[str, Any]:
        """No arguments: a table is on no device."""
        return {}

    def evaluate(self, policy: Callable[[int], Any]) -> NDArray[np.float64]:
        """One episode after another."""
        env = (self.make_evaluated or self.make)()
        return tabular.evaluate(policy, env, self.episodes, self.evaluation_seed)


def training_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int) -> Task:
    """Run number ``i`` of a lesson's training check, with its disguise and seeds drawn from the course's secret.

    Raises:
        CourseError: there is no such environment, or none that could be disguised.
    """

    def secret(purpose: str) -> int:
        return course.secret(lesson.name, "training", i, purpose) % 2**31

    common: dict[str, Any] = {
        "threshold": rule.threshold,
        "max_steps": rule.max_steps,
        "episodes": rule.episodes,
        "seed": secret("seed"),
        "evaluation_seed": secret("evaluation"),
    }
    if _is_table(rule, lesson):
        hidden = secret("disguise")

        def make() -> tabular.RenumberedEnv:
            return tabular.RenumberedEnv(rule.environment, hidden, rule.episode_steps)

        with _named_by(lesson):
            make().close()
        return TableTask(make, **common)
    with _named_by(lesson):
        disguised = disguise.draw(rule.environment, secret("disguise"))
    return VectorTask(
        lambda copies: DisguisedEnv(rule.environment, copies, disguised), copies=rule.environments, **common
    )


def control_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int = 0) -> Task:
    """The control of a lesson's training check, at try ``i``; there are two, 0 and 1.

    Raises:
        CourseError: the rule asks for the control of another kind of environment, or for one that does not exist.
    """

    def secret(purpose: str) -> int:
        return course.secret(lesson.name, "control", i, purpose) % 2**31

    common: dict[str, Any] = {
        "max_steps": rule.control_steps,
        "episodes": rule.episodes,
        "seed": secret("seed"),
        "evaluation_seed": secret("evaluation"),
    }
    task: TableTask | VectorTask
    if rule.control == "corridor":
        numbers = secret("numbers")
        task = TableTask(
            make=lambda: corridor.CorridorEnv(numbers, whole=False),
            make_evaluated=lambda: corridor.CorridorEnv(numbers, whole=True),
            threshold=corridor.THRESHOLD,
            **common,
        )
    elif rule.control == "signs":
        task = VectorTask(
            make=lambda copies: signs.SignsEnv(copies, secret("signs")),
            copies=rule.environments,
            threshold=signs.THRESHOLD,
            **common,
        )
    else:
        assert_never(rule.control)
    if _is_table(rule, lesson) != isinstance(task, TableTask):
        raise CourseError(f"{lesson.name}: control: {rule.control} does not fit {rule.environment}; take another one")
    return task


@contextlib.contextmanager
def _named_by(lesson: Lesson) -> Iterator[None]:
    """Report a problem with an environment as a mistake in course.yml, where the environment's name is written."""
    try:
        yield
    except (ValueError, gym.error.Error) as error:
        raise CourseError(f"{lesson.name}: training: environment: {' '.join(str(error).split())}") from None


def _is_table(rule: TrainingRule, lesson: Lesson) -> bool:
    with _named_by(lesson):
        probe = gym.make(rule.environment)
    try:
        return isinstance(probe.observation_space, gym.spaces.Discrete)
    finally:
        probe.close()


def evaluate(policy: Callable[[Floats], Any], env: Env, seed: int) -> NDArray[np.float64]:
    """Undiscounted returns (N,) of a policy; N episodes run at once, with one call of the policy per time step.

    Args:
        policy: from observations (N, O) to actions (N,). Episodes that have ended stay in the batch.
        env: one copy for each episode; it is closed afterwards.
        seed: of the initial states.

    Raises:
        ActionError: the policy does not give one legal action for each observation.
    """
    episodes, most = env.num_envs, number_of_actions(env)
    returns, running = np.zeros(episodes), np.ones(episodes, dtype=bool)
    observations, _ = env.reset(seed=seed)
    while running.any():
        actions = as_actions(policy(observations), episodes, most, "the policy")
        observations, rewards, terminated, truncated, _ = env.step(actions)
        returns += rewards * running
        running &= ~(terminated | truncated)
    env.close()
    return returns
