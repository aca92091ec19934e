"""The camera: what it writes down is what the environment went through, it changes nothing, and it has a budget."""

from __future__ import annotations

import contextlib
import json
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from grader.course import TrainingRule, load
from grader.report.film import MOST_FRAMES, Film, frames, written
from grader.report.report import TrainingResult, TrainingSeed, without_times
from grader.training import disguise, tasks
from grader.training.check import check
from grader.training.disguise import Disguise
from grader.training.film import _KEPT, Camera, of_one_run
from grader.training.meter import Meter
from grader.training.tasks import VectorTask, training_task

COURSE = load(Path(__file__).parents[3])
CART, CLIFF = COURSE.lesson("6"), COURSE.lesson("3")
RULE = TrainingRule(
    exercise="train", points=5, environment="CartPole-v1", environments=4, threshold=475, max_steps=400, episodes=12
)
GRID = TrainingRule(
    exercise="train",
    points=5,
    environment="CliffWalking-v1",
    episode_steps=60,
    threshold=-14,
    max_steps=400,
    episodes=3,
)


def judge(train: Callable[..., Any], rule: TrainingRule = RULE, *, films: bool = True) -> TrainingResult:
    @contextlib.contextmanager
    def open_student() -> Iterator[Any]:
        yield types.SimpleNamespace(train=train)

    lesson = CLIFF if rule is GRID else CART
    return check(rule, course=COURSE, lesson=lesson, open_student=open_student, films=films)


def lean(observations: NDArray[np.float32]) -> NDArray[np.int64]:
    """Looks at each row alone, and falls soon behind most disguises."""
    return (observations[:, 0] > 0).astype(np.int64)


def wander(env: Any, *, seed: int, steps: int = 80, **_: Any) -> Callable[..., Any]:
    """Random steps for a while, with a reset among them."""
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    for i in range(steps):
        env.step(rng.integers(2, size=env.num_envs))
        if i == 60:
            env.reset()
    return lean


def filmed(result: TrainingResult) -> dict[str, Film]:
    (run,) = [run for run in result.seeds if run.films]
    return {film.part: film for film in run.films}


def test_a_film_has_a_frame_for_each_step_and_the_return_of_the_grader() -> None:
    result = judge(wander)
    films = filmed(result)
    assert list(films) == ["before", "half", "end", "best", "worst"]
    returns = result.seeds[0].returns
    assert (films["best"].earned, films["worst"].earned) == (max(returns), min(returns))
    for film in films.values():
        assert len(frames(film)) == film.steps == film.earned > 0
        assert film.ended == "terminated"
    assert films["before"].begun == 0 < films["half"].begun < films["end"].begun < result.seeds[0].steps


def test_what_is_filmed_of_training_is_what_a_plain_environment_does() -> None:
    """The same seed and actions, in Gymnasium's own environment: the disguise is undone."""
    task = training_task(RULE, COURSE, CART, 0)
    assert isinstance(task, VectorTask)
    actions = np.random.default_rng(1).integers(2, size=(40, task.copies))
    meter = Meter(task.max_steps)
    camera = Camera(RULE.environment)
    env = camera.environment(task, meter)
    env.reset(seed=7)
    for row in actions:
        env.step(row)
    first = frames(camera.films(None)[0])

    hidden = task.make(1).disguise.actions  # type: ignore[attr-defined]
    plain = gym.make_vec("CartPole-v1", num_envs=task.copies, vectorization_mode="vector_entry_point")
    plain.reset(seed=7)
    states = []
    for row in actions:
        raw, _, terminated, _, _ = plain.step(hidden[row])
        states.append((round(1000 * float(raw[0, 0])), round(1000 * float(raw[0, 2]))))
        if terminated[0]:
            break
    assert np.abs(np.array(first) - np.array(states)).max() <= 1, "a thousandth, where float32 rounds the other way"


def test_what_is_filmed_of_the_evaluation_is_what_the_policy_does_alone() -> None:
    """Rows change places and begin at different times, and still each film is of one episode."""
    task = training_task(RULE, COURSE, CART, 0)
    assert isinstance(task, VectorTask)
    camera = Camera(RULE.environment)
    camera.environment(task, Meter(10))
    returns = camera.evaluate(task, lean)
    assert returns.tolist() == tasks.evaluate(lean, task.make, task.episodes, task.evaluation_seed).tolist()
    best, worst = camera.films(returns)

    env = task.make(task.episodes)
    seen, _ = env.reset(seed=task.evaluation_seed)
    states: list[NDArray[np.float64]] = []
    for _ in range(int(returns.max())):
        seen, *_ = env.step(lean(seen))
        states.append(env.disguise.plain(seen))  # type: ignore[attr-defined]
    for film, row in ((best, int(returns.argmax())), (worst, int(returns.argmin()))):
        alone = [(round(1000 * each[row, 0]), round(1000 * each[row, 2])) for each in states[: int(returns[row])]]
        assert frames(film) == alone


def test_a_disguise_is_undone() -> None:
    hidden = disguise.draw("CartPole-v1", 3)
    raw = np.random.default_rng(0).standard_normal((50, 4)) * (2, 3, 0.2, 3)
    assert np.allclose(hidden.plain(hidden.show(raw)), raw, atol=1e-5)


@pytest.mark.parametrize("rule", [RULE, GRID], ids=lambda rule: rule.environment)
def test_a_camera_changes_nothing(rule: TrainingRule) -> None:
    train = wander if rule is RULE else walk
    plain, with_films = (json.loads(msgspec.json.encode(judge(train, rule, films=films))) for films in (False, True))
    for each in (*plain["seeds"], *with_films["seeds"]):
        each.pop("films")
    assert without_times(with_films) == without_times(plain)


def walk(env: Any, *, seed: int, **_: Any) -> Callable[[int], int]:
    """Falls at once, then goes over the top: finds out by trying which action leads where."""
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    for _ in range(150):
        _, _, terminated, truncated, _ = env.step(int(rng.integers(4)))
        if terminated or truncated:
            env.reset()
    return lambda state: int(rng.integers(4))


def test_the_way_on_the_grid_is_filmed_with_its_falls() -> None:
    result = judge(walk, GRID)
    films = filmed(result)
    for film in films.values():
        cells = [cell for (cell,) in frames(film)]
        assert len(cells) == film.steps <= 60
        falls = sum(cell < 0 for cell in cells)
        assert film.earned == -film.steps - 99 * falls
        before = 36
        for cell in cells:
            row, column = divmod(abs(cell), 12)
            if cell < 0:
                assert abs(cell) == 36, "after a fall it stands at the start again"
            else:
                assert abs(row - before // 12) + abs(column - before % 12) <= 1, "one step at a time"
            before = abs(cell)
    assert any("-36" in film.frames for film in films.values())


def test_memory_is_bounded_and_the_middle_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    camera, meter = Camera("CartPole-v1"), Meter(10**9)
    camera.environment(training_task(RULE, COURSE, CART, 0), meter)
    state = np.zeros(4, dtype=np.float32)
    for _ in range(3000):
        camera.begins()
        for i in range(7):
            meter.steps += 1
            camera.steps(state, 1.0, i == 6, False)
        assert len(camera._slots) <= _KEPT
    found = {film.part: film for film in camera.films(None)}
    assert found["before"].begun == 0
    assert found["end"].begun == 21_000 - 7
    assert abs(found["half"].begun - 10_500) <= 21_000 / _KEPT


def test_a_long_episode_has_its_first_frames_only() -> None:
    camera, meter = Camera("CartPole-v1"), Meter(10**9)
    camera.environment(training_task(RULE, COURSE, CART, 0), meter)
    camera.begins()
    for _ in range(MOST_FRAMES + 100):
        camera.steps(np.zeros(4, dtype=np.float32), 1.0, False, False)
    (film,) = camera.films(None)
    assert (film.steps, len(frames(film)), film.ended) == (MOST_FRAMES + 100, MOST_FRAMES, "dropped")


def test_a_run_that_takes_no_step_or_that_nobody_can_draw_has_no_film() -> None:
    def gives_up(env: Any, **_: Any) -> None:
        raise ValueError

    def steps_and_gives_up(env: Any, **_: Any) -> None:
        env.reset(seed=1)
        env.step(np.zeros(env.num_envs, dtype=int))

    assert not any(run.films for run in judge(gives_up).seeds)
    assert list(filmed(judge(steps_and_gives_up))) == ["before"]
    acrobot = msgspec.structs.replace(RULE, environment="Acrobot-v1", max_steps=200, episodes=1, threshold=-1)
    assert not any(run.films for run in judge(lambda env, **_: lean, acrobot).seeds)


def test_films_of_a_failing_run_are_kept_where_the_check_fails() -> None:
    film = Film("best", "cart", written([(0, 0)]), 1, 1.0, "terminated")
    lucky, failed, silent = (
        TrainingSeed(i, verdict, 5, 1, films=films)  # type: ignore[arg-type]
        for i, (verdict, films) in enumerate([("pass", (film,)), ("fail", (film,)), ("fail", ())])
    )
    kept = of_one_run("fail", (lucky, silent, failed, msgspec.structs.replace(failed, seed=9)))
    assert [bool(run.films) for run in kept] == [False, False, True, False]
    assert [bool(run.films) for run in of_one_run("pass", (failed, lucky))] == [False, True]
    assert [bool(run.films) for run in of_one_run("fail", (lucky, silent))] == [True, False], "better than none"
    assert of_one_run("fail", ()) == ()


def test_films_add_less_than_its_budget_to_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five films of 500 steps: the longest that there can be."""
    monkeypatch.setattr(disguise, "draw", lambda *_: Disguise(np.ones(4), np.eye(4), np.arange(2)))

    def balance(env: Any, *, seed: int, **_: Any) -> Callable[..., Any]:
        def policy(seen: NDArray[np.float32]) -> NDArray[np.int64]:
            return (seen[:, 2] + seen[:, 3] > 0).astype(np.int64)

        seen, _ = env.reset(seed=seed)
        with contextlib.suppress(RuntimeError):
            while True:
                seen, *_ = env.step(policy(seen))
        return policy

    long = msgspec.structs.replace(RULE, max_steps=9000, environments=2, threshold=400, seeds=1, passes=1)
    with_films = msgspec.json.format(msgspec.json.encode(judge(balance, long)), indent=2)
    result = msgspec.json.decode(with_films, type=TrainingResult)
    assert {len(frames(film)) for film in result.seeds[0].films} >= {500}
    bare = msgspec.structs.replace(result, seeds=tuple(msgspec.structs.replace(run, films=()) for run in result.seeds))
    assert len(with_films) - len(msgspec.json.format(msgspec.json.encode(bare), indent=2)) < 60_000
