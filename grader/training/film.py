"""The camera of a training run: it writes down episodes of the environments that the grader itself steps.

It stands between the environment and the meter, so it sees what was asked for and what came of it, undisguised, and
nothing of the student's. Of training it follows the first copy and keeps a few episodes (``_KEPT``), spread evenly over
however many steps the run takes: all of one run together are less than a megabyte. Of the evaluation it keeps every
step until the returns say which episodes were the best and the worst.

To film another environment: add its id to ``_SCENES``, what is written down of a state to ``_frame``, and a way to draw
it to ``grader/render/film.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from grader.report.film import MOST_FRAMES, Ended, Film, Part, Scene, written
from grader.report.report import TrainingSeed, Verdict
from grader.training import tabular, tasks
from grader.training.disguise import DisguisedEnv
from grader.training.meter import Env, Floats, Meter
from grader.training.tabular import RenumberedEnv
from grader.training.tasks import TableTask, Task, VectorTask

_SCENES: dict[str, Scene] = {"CartPole-v0": "cart", "CartPole-v1": "cart", "CliffWalking-v1": "cliff"}
_KEPT = 16
_WIDTH = 100  # steps; of the episodes that begin within so many, one is kept; doubles when there are too many
_FALL = -50.0  # a reward below it is that of a fall from the cliff


@dataclasses.dataclass
class _Take:
    """One episode as it is being filmed: ``states`` are those after each step, as the environment shows them."""

    begun: int
    states: list[Any] = dataclasses.field(default_factory=list)
    steps: int = 0
    earned: float = 0.0
    ended: Ended = "dropped"


class Camera:
    """Films one run of ``train`` and the evaluation after it.

    Args:
        environment: a Gymnasium id; of one that nobody can draw, nothing is kept.
    """

    def __init__(self, environment: str) -> None:
        self._scene = _SCENES.get(environment)
        self._plain: Callable[[Any], Any] | None = None
        self._meter = Meter(0)
        self._first: _Take | None = None
        self._last: _Take | None = None
        self._now: _Take | None = None
        self._slots: dict[int, _Take] = {}
        self._width = _WIDTH
        self._evaluated: list[tuple[NDArray[np.intp], Floats, NDArray[np.bool_]]] = []
        self._episodes: list[_Take] = []

    def environment(self, task: Task, meter: Meter) -> Any:
        """The environment that ``train`` steps, with this camera in it if it can be filmed."""
        self._meter = meter
        if self._scene == "cart" and isinstance(task, VectorTask):
            make = task.make
            return dataclasses.replace(task, make=lambda copies: self._vector(make(copies))).environment(meter)
        if self._scene == "cliff" and isinstance(task, TableTask):
            alone = task.make
            return dataclasses.replace(task, make=lambda: self._table(alone())).environment(meter)
        return task.environment(meter)

    def _vector(self, env: Env) -> Env:
        if not isinstance(env, DisguisedEnv):
            return env
        self._plain = env.disguise.plain
        return _FilmedVector(env, self)

    def _table(self, env: gym.Env[int, int]) -> gym.Env[int, int]:
        if not isinstance(env, RenumberedEnv):
            return env
        self._plain = env.plain
        return _FilmedTable(env, self)

    def evaluate(self, task: Task, policy: Callable[[Any], Any]) -> NDArray[np.float64]:
        """Evaluate a policy as the task does, and film it.

        Raises:
            ActionError: the policy gives something that is no action.
        """
        if self._plain is not None and isinstance(task, VectorTask):
            return tasks.evaluate(policy, task.make, task.episodes, task.evaluation_seed, self._watch)
        if self._plain is not None and isinstance(task, TableTask):
            filmed = _FilmedTable(task.make(), _Evaluation(self._episodes))
            return tabular.evaluate(policy, filmed, task.episodes, task.evaluation_seed)
        return task.evaluate(policy)

    def _watch(self, moved: NDArray[np.bool_], seen: Floats, truncated: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(moved)
        self._evaluated.append((rows, seen[rows], truncated[rows]))

    # What the environments tell.

    def begins(self) -> None:
        """A new episode begins; one that is under way is dropped."""
        self._end("dropped")
        self._now = _Take(self._meter.steps)

    def steps(self, state: Any, reward: float, terminated: bool, truncated: bool) -> None:
        """A step was made in the episode that is under way."""
        if self._now is None:
            return
        _add(self._now, state, reward)
        if terminated or truncated:
            self._end("terminated" if terminated else "truncated")

    def _end(self, how: Ended) -> None:
        take, self._now = self._now, None
        if take is None or not take.steps:
            return
        take.ended = how
        self._first = self._first or take
        # The last one that came to its end says more than one that was cut off after it.
        if how != "dropped" or self._last is None or self._last.ended == "dropped":
            self._last = take
        self._keep(take)
        while len(self._slots) > _KEPT:
            self._width *= 2
            takes, self._slots = self._slots.values(), {}
            for each in takes:
                self._keep(each)

    def _keep(self, take: _Take) -> None:
        """Keep an episode if it is the first to begin within so many steps, or the first there to come to its end."""
        slot = take.begun // self._width
        there = self._slots.get(slot)
        if there is None or (there.ended == "dropped" and take.ended != "dropped"):
            self._slots[slot] = take

    # What is left of it.

    def films(self, returns: NDArray[np.float64] | None) -> tuple[Film, ...]:
        """The films of the run: at most three of training, each of another episode, and two of the evaluation.

        Args:
            returns: of the evaluation's episodes; None if there was none.
        """
        self._end("dropped")
        if self._plain is None or self._scene is None:
            return ()
        found = list(self._of_training())
        if returns is not None and len(returns):
            best, worst = int(returns.argmax()), int(returns.argmin())
            chosen: tuple[tuple[Part, int], ...] = (("best", best),)
            if returns[worst] < returns[best]:
                chosen = (("best", best), ("worst", worst))
            found += [self._film(part, self._episode(row, float(returns[row]))) for part, row in chosen]
        return tuple(found)

    def _of_training(self) -> Iterator[Film]:
        steps, first, last = self._meter.steps, self._first, self._last
        others = [take for take in self._slots.values() if take is not first and take is not last]
        around = [take for take in others if 0.2 * steps < take.begun < 0.8 * steps]
        if first is not None:
            yield self._film("before", first)
        if around:
            whole = [take for take in around if take.ended != "dropped"] or around
            yield self._film("half", min(whole, key=lambda take: abs(take.begun - steps / 2)))
        if last is not None and last is not first:
            yield self._film("end", last)

    def _episode(self, row: int, earned: float) -> _Take:
        """An episode of the evaluation."""
        if self._episodes:
            return self._episodes[row]
        take = _Take(0)
        for rows, seen, truncated in self._evaluated:
            for at in np.flatnonzero(rows == row):
                _add(take, seen[at], 0.0)
                take.ended = "truncated" if truncated[at] else "terminated"
        take.earned = earned
        return take

    def _film(self, part: Part, take: _Take) -> Film:
        assert self._plain is not None
        assert self._scene is not None
        return Film(
            part=part,
            scene=self._scene,
            frames=written(_frames(self._scene, self._plain, take)),
            steps=take.steps,
            earned=round(take.earned, 3),
            ended=take.ended,
            begun=take.begun,
        )


class _Evaluation:
    """The camera of an evaluation of one episode after another: all of them are kept."""

    def __init__(self, episodes: list[_Take]) -> None:
        self._episodes = episodes

    def begins(self) -> None:
        """A new episode begins."""
        self._episodes.append(_Take(0))

    def steps(self, state: Any, reward: float, terminated: bool, truncated: bool) -> None:
        """A step was made in it."""
        _add(self._episodes[-1], state, reward)
        self._episodes[-1].ended = "terminated" if terminated else "truncated"


def _add(take: _Take, state: Any, reward: float) -> None:
    take.steps += 1
    take.earned += reward
    if len(take.states) < MOST_FRAMES:
        take.states.append(state)


def _frames(scene: Scene, plain: Callable[[Any], Any], take: _Take) -> Iterator[tuple[int, ...]]:
    if scene == "cart":
        for x, _, angle, _ in plain(np.array(take.states)):
            yield round(1000 * float(x)), round(1000 * float(angle))
    else:
        for state, fell in take.states:
            yield (-plain(state) if fell else plain(state),)


class _FilmedVector(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """A vector environment whose first copy is filmed; it resets by the NEXT_STEP rule."""

    def __init__(self, env: Env, camera: Camera) -> None:
        self._env, self._camera, self._over = env, camera, True
        self.num_envs, self.metadata = env.num_envs, env.metadata
        self.single_observation_space, self.observation_space = env.single_observation_space, env.observation_space
        self.single_action_space, self.action_space = env.single_action_space, env.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start an episode in every copy."""
        self._over = False
        self._camera.begins()
        return self._env.reset(seed=seed, options=options)

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step of every copy."""
        seen, rewards, terminated, truncated, info = self._env.step(actions)
        if self._over:
            self._over = False
            self._camera.begins()
        else:
            self._over = bool(terminated[0] or truncated[0])
            self._camera.steps(seen[0].copy(), float(rewards[0]), bool(terminated[0]), bool(truncated[0]))
        return seen, rewards, terminated, truncated, info

    def close_extras(self, **kwargs: Any) -> None:
        """Close the environment."""
        self._env.close()


class _FilmedTable(gym.Env[int, int]):
    """A tabular environment that is filmed; a state is kept with whether it was reached by a fall."""

    def __init__(self, env: gym.Env[int, int], camera: Camera | _Evaluation) -> None:
        self._env, self._camera = env, camera
        self.observation_space, self.action_space = env.observation_space, env.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode."""
        self._camera.begins()
        return self._env.reset(seed=seed, options=options)

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step."""
        state, reward, terminated, truncated, info = self._env.step(action)
        self._camera.steps((state, float(reward) < _FALL), float(reward), terminated, truncated)
        return state, float(reward), terminated, truncated, info

    def close(self) -> None:
        """Close the environment."""
        self._env.close()


def of_one_run(verdict: Verdict, runs: tuple[TrainingSeed, ...]) -> tuple[TrainingSeed, ...]:
    """The runs of a whole check, of which one keeps its films: the first that went as the check did.

    Not the best one, or a check that failed would be shown by the run that did not.
    """
    filmed = [run for run in runs if run.films]
    shown = next((run for run in filmed if run.verdict == verdict), filmed[0] if filmed else None)
    return tuple(run if run is shown else msgspec.structs.replace(run, films=()) for run in runs)
