"""The scripted environment and policy, which properties and learners trust to be honest witnesses."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from grader.testing import environments
from grader.testing.environments import ScriptedEnv, ScriptedPolicy


def play(env: ScriptedEnv, seed: int | None = None) -> list[tuple[float, bool, bool]]:
    """One episode: what each step gave, without the observations."""
    env.reset(seed=seed)
    steps = []
    while not steps or not (steps[-1][1] or steps[-1][2]):
        _, reward, terminated, truncated, _ = env.step(0)
        steps.append((reward, terminated, truncated))
    return steps


def test_the_examples_in_the_docstrings_are_true() -> None:
    finished = doctest.testmod(environments)
    assert finished.attempted >= 9
    assert finished.failed == 0


@pytest.mark.filterwarnings("ignore:.*Box observation space")
def test_it_is_a_gymnasium_environment() -> None:
    check_env(ScriptedEnv([1.0, 2.0, 3.0]), skip_render_check=True)


def test_episodes_are_played_in_turn_and_a_mere_reset_uses_none_up() -> None:
    env = ScriptedEnv(rewards=[[1.0], [2.0, 3.0]], ends=["terminated", "truncated", "both"])
    env.reset()
    env.reset()
    assert play(env) == [(1.0, True, False)]
    assert play(env) == [(2.0, False, False), (3.0, False, True)]
    assert play(env) == [(1.0, True, True)]
    assert len(env.starts) == 3
    assert len(env.seeds) == 5
    assert [step.reward for step in env.played] == [1.0, 2.0, 3.0, 1.0]


def test_a_seed_fixes_the_start_and_luck_the_unseeded_ones() -> None:
    def start(seed: int | None, luck: int) -> float:
        return float(ScriptedEnv([1.0], luck=luck).reset(seed=seed)[0][1])

    assert start(3, luck=1) == start(3, luck=2) != start(4, luck=1)
    assert start(None, luck=1) == start(None, luck=1) != start(None, luck=2)
    env = ScriptedEnv([1.0])
    assert env.reset(seed=3)[0][1] != env.reset()[0][1]


@pytest.mark.parametrize("reuse", [False, True])
def test_reuse_hands_out_one_array(reuse: bool) -> None:
    env = ScriptedEnv([1.0, 1.0], reuse=reuse)
    first, _ = env.reset()
    second = env.step(0)[0]
    assert (first is second) == reuse
    assert float(first[0]) == (1.0 if reuse else 0.0)
    np.testing.assert_array_equal(env.played[0].next_state, second)
    env.step(0)
    assert float(env.played[0].next_state[0]) == 1.0, "the diary keeps copies"


def test_mistakes_are_noted_and_any_loop_comes_to_an_end() -> None:
    env = ScriptedEnv([1.0], ends="truncated")
    assert env.step(0)[1:] == (0.0, True, True, {})
    env.reset()
    env.step(np.array([1]))
    assert env.step(1)[1:] == (0.0, True, True, {})
    assert env.steps_after_end == 2
    assert len(env.bad_actions) == 1
    assert len(env.played) == 1


@pytest.mark.parametrize("rewards", [[], [[]], [[1.0], []]])
def test_an_episode_has_a_step(rewards: list[object]) -> None:
    with pytest.raises(ValueError, match="at least one step"):
        ScriptedEnv(rewards)  # type: ignore[arg-type]


def test_it_prints_as_the_code_that_makes_it_again() -> None:
    env = ScriptedEnv(rewards=[[1.0], [2.0]], ends="truncated", actions=3, reuse=True)
    assert str(env) == "ScriptedEnv(rewards=[[1.0], [2.0]], ends='truncated', actions=3, reuse=True)"
    assert repr(eval(repr(env))) == repr(env)
    policy = ScriptedPolicy(actions=[1, 0])
    policy(np.zeros(3))
    assert repr(policy) == "ScriptedPolicy(actions=[1, 0])"
    assert (policy.given, len(policy.seen)) == ([1], 1)
