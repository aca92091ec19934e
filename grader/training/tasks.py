"""The task of one run of ``train``: the environment, its disguise, its seeds, and the evaluation of a policy."""

from __future__ import annotations

import contextlib
import itertools
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

_STARTS = 4
"""At how many times episodes of an evaluation begin."""

_LATEST = 60
"""The last of these times, in calls of the policy: a pole that nobody balances has fallen long before."""

_ORDER = 1
"""Tells the random numbers of the order in an evaluation from those of its initial states."""

Watch = Callable[[NDArray[np.bool_], Floats, NDArray[np.bool_]], None]
"""Called during an evaluation: the episodes that made a step (N,), observations after it (N, O), cut off at it (N,)."""


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
        """All episodes side by side."""
        return evaluate(policy, self.make, self.episodes, self.evaluation_seed)


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


def training_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int, submission: str = "") -> Task:
    """Run number ``i`` of a lesson's training check, with its disguise and seeds drawn from the course's secret.

    They come from the submission as well, so that what a first try printed about them is of no use to a second one.

    Args:
        rule: what has to be reached.
        course: gives the secret.
        lesson: the lesson that the rule belongs to.
        i: the number of the run.
        submission: a digest of what was handed in; "" for the tasks that are the same for everyone.

    Raises:
        CourseError: there is no such environment, or none that could be disguised.
    """

    def secret(purpose: str) -> int:
        return _secret(course, submission, lesson.name, "training", i, purpose)

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


def control_task(rule: TrainingRule, course: Course, lesson: Lesson, i: int = 0, submission: str = "") -> Task:
    """The control of a lesson's training check, at try ``i``, from 0. Arguments as for ``training_task``.

    Raises:
        CourseError: the rule asks for the control of another kind of environment, or for one that does not exist.
    """

    def secret(purpose: str) -> int:
        return _secret(course, submission, lesson.name, "control", i, purpose)

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


def _secret(course: Course, submission: str, *purpose: object) -> int:
    return course.secret(*purpose, *([submission] if submission else [])) % 2**31


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


def evaluate(
    policy: Callable[[Floats], Any],
    make: Callable[[int], Env],
    episodes: int,
    seed: int,
    watch: Watch | None = None,
) -> NDArray[np.float64]:
    """Undiscounted returns (N,) of a policy; N episodes run side by side, one call of the policy a time step.

    A policy may remember what it was asked before, and so learn during its evaluation how the environment answers. So
    the rows of the N episodes change places at every call, and not all episodes begin at the first one: those that wait
    show their first observation. What looks at each row alone does not notice: an episode's return depends on its seed
    and on nothing of this.

    Args:
        policy: from observations (N, O) to actions (N,). Episodes that have ended stay in the batch.
        make: so many copies of the environment. It is called once for each start: a vector environment steps all of
            its copies, so each start has N of its own, of which its share counts.
        episodes: N.
        seed: of the initial states, and of the order.
        watch: told of every step.

    Raises:
        ActionError: the policy does not give one legal action for each observation.
    """
    rng = np.random.default_rng((seed, _ORDER))
    begins = rng.choice(_LATEST, size=_STARTS, replace=False)
    start_of = rng.permutation(np.arange(episodes) % _STARTS)
    envs = [make(episodes) for _ in begins]
    most = number_of_actions(envs[0])
    returns, running = np.zeros(episodes), np.ones(episodes, dtype=bool)
    first = [env.reset(seed=seed)[0] for env in envs]  # the same in all of them
    observations = first[0].copy()
    for time in itertools.count(int(begins.min())):
        places = rng.permutation(episodes)
        actions = np.empty(episodes, dtype=np.int64)
        actions[places] = as_actions(policy(observations[places]), episodes, most, "the policy")
        for start, env in enumerate(envs):
            own = start_of == start
            if time < begins[start] or not (own & running).any():
                continue
            seen, rewards, terminated, truncated, _ = env.step(actions)
            observations[own] = seen[own]
            if watch is not None:
                watch(own & running, seen, truncated)
            returns += rewards * (own & running)
            running &= ~(own & (terminated | truncated))
        if not running.any():
            break
    for env in envs:
        env.close()
    return returns
