"""Environments with numbered states: renumbered, metered, evaluated."""

import contextlib
import types
from pathlib import Path

import numpy as np
import pytest

from grader.course import TrainingRule, find_root, load
from grader.training.check import check
from grader.training.meter import ActionError, BudgetSpent, Meter
from grader.training.tabular import MeteredTable, RenumberedEnv, as_action, evaluate
from grader.training.tasks import TableTask, training_task

CLIFF = "CliffWalking-v1"
COURSE = load(find_root(Path(__file__)))
RULE = TrainingRule(
    exercise="train", points=5, environment=CLIFF, threshold=-13, max_steps=500, episodes=3, seeds=1, passes=1,
    episode_steps=100,
)  # fmt: skip


def best_policy(env):
    """The shortest way along the cliff: value iteration on the model that the plain environment shows."""
    model = env._plain.unwrapped.P
    values = np.zeros(len(model))
    for _ in range(100):
        q = np.array([[sum(p * (r + (not end) * values[s]) for p, s, r, end in model[state][a]) for a in range(4)]
                      for state in range(len(model))])  # fmt: skip
        values = q.max(axis=1)
    plain_state, plain_action = np.argsort(env._states), np.argsort(env._actions)
    return lambda state: int(plain_action[q[plain_state[state]].argmax()])


def test_the_same_walk_under_other_numbers():
    env, other = RenumberedEnv(CLIFF, 1, 100), RenumberedEnv(CLIFF, 2, 100)
    policy = best_policy(env)
    assert evaluate(policy, RenumberedEnv(CLIFF, 1, 100), 2, seed=0).tolist() == [-13, -13]
    assert evaluate(policy, other, 2, seed=0).mean() < -13
    assert evaluate(best_policy(other), RenumberedEnv(CLIFF, 2, 100), 2, seed=0).tolist() == [-13, -13]
    state, info = env.reset(seed=0)
    assert (type(state), info) == (int, {})
    assert {RenumberedEnv(CLIFF, seed, 100).reset()[0] for seed in range(12)} != {state}


def test_episodes_end_by_the_time_limit():
    assert evaluate(lambda state: 0, RenumberedEnv(CLIFF, 3, 50), 1, seed=0)[0] <= -50


def test_what_cannot_be_renumbered_is_refused():
    with pytest.raises(ValueError, match="cannot be renumbered"):
        RenumberedEnv("CartPole-v1", 0)
    with pytest.raises(ValueError, match="no time limit"):
        RenumberedEnv(CLIFF, 0)


def test_the_meter_counts_every_step_and_ends_the_budget():
    meter = Meter(130)
    env = MeteredTable(RenumberedEnv(CLIFF, 1, 50), meter)
    with pytest.raises(ValueError, match=r"reset\(\)"):
        env.step(0)
    for _ in range(2):
        env.reset(seed=1)
        total, over = 0.0, False
        while not over:
            _, reward, terminated, truncated, _ = env.step(1)
            total, over = total + reward, terminated or truncated
        with pytest.raises(ValueError, match="no episode is under way"):
            env.step(1)
    assert (meter.steps, meter.episodes) == (100, 2)
    assert meter.curve()[-1][1] == total
    env.reset()
    for _ in range(30):
        env.step(1)
    with pytest.raises(BudgetSpent, match="130 environment steps"):
        env.step(1)
    assert meter.overrun


@pytest.mark.parametrize("misuse", [{"seed": -1}, {"seed": True}, {"options": {"a": 1}}])
def test_reset_refuses_in_words(misuse):
    with pytest.raises(ValueError, match=r"reset\(\)"):
        MeteredTable(RenumberedEnv(CLIFF, 1, 100), Meter(10)).reset(**misuse)


@pytest.mark.parametrize("good", [2, np.int64(2), np.array(2)])
def test_a_whole_number_is_an_action(good):
    assert as_action(good, 4, "the policy") == 2


@pytest.mark.parametrize(
    ("bad", "words"),
    [(None, "None"), (1.0, "type float"), (True, "type bool"), (4, "the action 4"), (-1, "the action -1"),
     (np.array([1]), "type ndarray"), ("1", "type str"), (10**50, "the action 1000")],
)  # fmt: skip
def test_anything_else_is_the_students_failure_in_words(bad, words):
    with pytest.raises(ActionError, match=words):
        as_action(bad, 4, "the policy")


def judge(train, rule=RULE):
    @contextlib.contextmanager
    def open_student():
        yield types.SimpleNamespace(train=train)

    return check(rule, course=COURSE, lesson=COURSE.lessons[0], open_student=open_student)


def test_a_lesson_without_a_device_is_given_none():
    given = {}

    def train(env, **options):
        given.update(options, states=int(env.observation_space.n), actions=int(env.action_space.n))
        return best_policy(env._env)

    result = judge(train)
    assert (result.verdict, result.seeds[0].mean_return) == ("pass", -13)
    assert set(given) == {"max_steps", "seed", "states", "actions"}
    assert (given["max_steps"], given["states"], given["actions"]) == (500, 48, 4)


def test_a_table_from_a_book_does_not_pass():
    plain = RenumberedEnv(CLIFF, 0, 100)
    plain._states, plain._actions = np.arange(48), np.arange(4)
    book = best_policy(plain)
    tasks = [training_task(RULE, COURSE, COURSE.lessons[0], i) for i in range(5)]
    assert all(isinstance(task, TableTask) for task in tasks)
    assert all(task.evaluate(book).mean() < -50 for task in tasks)
    assert judge(lambda env, **_: book).verdict == "fail"
