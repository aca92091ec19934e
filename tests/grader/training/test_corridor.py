"""The task in which everything has to be learnt across truncations."""

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.course import find_root, load
from grader.errors import CourseError
from grader.grading.trainee import Trainee
from grader.student.inprocess import Here
from grader.training import corridor
from grader.training.corridor import CONSOLATION, FINE, PRIZE, ROOMS, CorridorEnv
from grader.training.tabular import evaluate
from grader.training.tasks import TableTask, control_task

COURSE = load(find_root(Path(__file__)))
LESSON = COURSE.lesson("3")
SOLUTION = COURSE.solution(LESSON).read_text(encoding="utf-8")
ONLY_THE_CONTROL = msgspec.structs.replace(LESSON.training, seeds=1, passes=1)


def moves(env):
    """The numbers of the actions that lead ahead, out, and nowhere."""
    return [int(np.flatnonzero(env._actions == move)[0]) for move in range(3)]


def test_one_table_of_actions_earns_the_prize():
    env = CorridorEnv(5, whole=True)
    ahead, out, stay = moves(env)
    assert evaluate(lambda room: ahead, env, 3, seed=0).tolist() == [PRIZE] * 3
    assert evaluate(lambda room: out, env, 3, seed=0).tolist() == [CONSOLATION] * 3
    assert evaluate(lambda room: stay, env, 1, seed=0).tolist() == [50 * FINE]
    earn = sum(
        evaluate(dict(zip(range(ROOMS), table)).get, env, 1, seed=0)[0] >= corridor.THRESHOLD
        for table in itertools.product((ahead, out), repeat=ROOMS)
    )
    assert earn == 1


def test_rooms_and_actions_have_other_numbers_in_another_corridor():
    corridors = [CorridorEnv(seed, whole=True) for seed in range(20)]
    assert len({env.reset()[0] for env in corridors}) == ROOMS
    assert len({tuple(moves(env)) for env in corridors}) > 3


def test_in_training_every_episode_is_one_step_long_and_begins_anywhere():
    env = CorridorEnv(5, whole=False)
    ahead, out, stay = moves(env)
    begun = set()
    for i in range(200):
        room, info = env.reset(seed=1 if i == 0 else None)
        begun.add(room)
        last = room == env._numbers[-1]
        action = (ahead, out, stay)[i % 3]
        following, reward, terminated, truncated, info = env.step(action)
        assert terminated == (action == out or (action == ahead and last))
        assert truncated == (not terminated)
        assert reward == {out: CONSOLATION, stay: FINE, ahead: PRIZE if last else 0.0}[action]
        assert (following == room) == (action != ahead or last)
        assert (type(following), info) == (int, {})
    assert begun == set(range(ROOMS))


def test_a_seeded_reset_begins_in_the_same_rooms_again():
    env = CorridorEnv(5, whole=False)

    def begun():
        return [env.reset(seed=9)[0], *(env.reset()[0] for _ in range(20))]

    assert begun() == begun()


def trained(old="", new=""):
    assert not old or SOLUTION.count(old) == 1, "the solution has changed"
    lesson = msgspec.structs.replace(LESSON, training=ONLY_THE_CONTROL)
    return Trainee(COURSE, lesson, {LESSON.name: SOLUTION.replace(old, new) if old else SOLUTION}, Here()).check()


def test_the_reference_passes_and_the_rule_says_what_it_had_to_do():
    result = trained()
    assert (result.verdict, result.control.verdict, result.control.mean_return) == ("pass", "pass", PRIZE)
    assert "a small task, in which every episode is cut off after one step. It may try three times" in result.rule


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("next_state, terminated, settings.alpha", "next_state, terminated or truncated, settings.alpha"),
        ("settings.alpha, settings.gamma)", "settings.gamma, settings.alpha)"),
    ],
    ids=["a truncation taken for the end", "alpha and gamma exchanged"],
)
def test_what_the_cliff_does_not_notice_fails_here(old, new):
    """Both find the shortest way along the cliff. 100 of 100 corridors were failed by each of them."""
    result = trained(old, new)
    assert result.verdict == result.control.verdict == "fail"
    assert result.seeds == ()
    assert "It takes the 1 in the first room." in result.message
    assert "takes a truncated episode for one that is over" in result.message
    assert "10 · γ^5 is less than 1 where γ is below 0.63" in result.message
    assert "the order of α and γ" in result.message
    assert (
        f"10 are needed. Your policy earned {result.control.mean_return:.1f}, at the best of three tries."
        in result.message
    )
    assert result.hint


def test_no_cause_is_named_where_the_return_tells_none():
    for earned in (50 * FINE, 0.0, 4.6):
        assert corridor.in_words(earned, "") == f"{corridor.TASK} Your policy earned {earned:.1f}."
    assert "truncated episode for one that is over" in corridor.in_words(CONSOLATION, "")


def test_a_truncation_taken_for_the_end_goes_unseen_on_the_cliff():
    rule = msgspec.structs.replace(ONLY_THE_CONTROL, control_steps=0)
    lesson = msgspec.structs.replace(LESSON, training=rule)
    wrong = SOLUTION.replace(
        "next_state, terminated, settings.alpha", "next_state, terminated or truncated, settings.alpha"
    )
    assert Trainee(COURSE, lesson, {LESSON.name: wrong}, Here()).check().verdict == "pass"


def test_a_control_that_does_not_fit_the_environment_is_refused():
    for name, kind in (("3", "signs"), ("6", "corridor")):
        lesson = COURSE.lesson(name)
        with pytest.raises(CourseError, match="does not fit"):
            control_task(msgspec.structs.replace(lesson.training, control=kind), COURSE, lesson)
    assert isinstance(control_task(LESSON.training, COURSE, LESSON), TableTask)
