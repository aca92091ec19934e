"""The disguise hides the task and keeps it; nothing that one could write from memory survives it."""

import gymnasium as gym
import numpy as np
import pytest

from grader.training import disguise
from grader.training.disguise import Disguise, DisguisedEnv, draw, rule_returns

CARTPOLE = "CartPole-v1"
PLAIN = Disguise(np.ones(4), np.eye(4), np.arange(2))


def test_plain_cartpole_is_solved_by_one_line():
    """What makes a disguise necessary: on the plain environment one hand-written line reaches the bar."""
    (mean,) = rule_returns(CARTPOLE, PLAIN, np.array([[0.0, 0.0, 1.0, 1.0]]))
    assert mean > 450


@pytest.mark.parametrize("seed", range(12))
def test_no_known_controller_works_on_a_draw(seed):
    """In both orders of the actions, and from other start states than those of the screening."""
    known = [[0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, -1, -1], [0, 0, -1, 0], [0, 0, 0, -1]]
    means = rule_returns(CARTPOLE, draw(CARTPOLE, seed), np.array(known, dtype=float), seed=99)
    assert means.max() < 150


def test_the_screening_is_needed(monkeypatch):
    """Without it, one of the three controllers still balances the pole on some draw of these."""
    monkeypatch.setattr(disguise, "_withstands", lambda *_: True)
    known = np.array([[0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 1]], dtype=float)
    means = [rule_returns(CARTPOLE, draw(CARTPOLE, seed), np.concatenate([known, -known])).max() for seed in range(12)]
    assert max(means) > 400


def test_a_draw_belongs_to_its_seed():
    one, again, other = draw(CARTPOLE, 5), draw(CARTPOLE, 5), draw(CARTPOLE, 6)
    assert np.array_equal(one.mix, again.mix)
    assert np.array_equal(one.actions, again.actions)
    assert not np.allclose(one.mix, other.mix)


def test_both_orders_of_the_actions_are_drawn():
    """Chance: all eight alike once in 128 sets of seeds, and these seeds are fixed."""
    orders = {tuple(draw(CARTPOLE, seed).actions) for seed in range(8)}
    assert orders == {(0, 1), (1, 0)}


def test_the_task_behind_the_disguise_is_the_same():
    """Undone by hand, observation for observation and step for step, it is the plain environment."""
    hidden = draw(CARTPOLE, 3)
    shown = DisguisedEnv(CARTPOLE, 5, hidden)
    plain = gym.make_vec(CARTPOLE, num_envs=5, vectorization_mode="vector_entry_point")
    (seen, _), (raw, _) = shown.reset(seed=7), plain.reset(seed=7)
    rng = np.random.default_rng(0)
    for _ in range(60):
        assert np.allclose(seen @ hidden.mix.T / hidden.scale, raw, atol=1e-5)
        actions = rng.integers(2, size=5)
        seen, *mine = shown.step(actions)
        raw, *theirs = plain.step(hidden.actions[actions])
        for part, needed in zip(mine[:3], theirs[:3]):
            assert np.array_equal(part, needed)
    assert np.allclose(hidden.mix @ hidden.mix.T, np.eye(4))
    assert seen.dtype == np.float32


def test_the_plain_state_is_nowhere_on_the_surface():
    env = DisguisedEnv(CARTPOLE, 2, draw(CARTPOLE, 0))
    env.reset(seed=0)
    assert env.unwrapped is env
    assert env.spec is None
    assert not hasattr(env, "state")
    assert env.step(np.zeros(2, dtype=int))[4] == {}


def test_other_environments_can_be_disguised():
    """One without an array program and with three actions; nothing is known about it, so it is not screened."""
    hidden = draw("Acrobot-v1", 1)
    assert sorted(hidden.actions) == [0, 1, 2]
    assert hidden.mix.shape == (6, 6)
    env = DisguisedEnv("Acrobot-v1", 2, hidden)
    assert env.reset(seed=0)[0].shape == (2, 6)
    assert env.step(np.array([0, 2]))[1].shape == (2,)


@pytest.mark.parametrize(("environment", "why"), [("FrozenLake-v1", "observations"), ("Pendulum-v1", "actions")])
def test_what_cannot_be_disguised_says_why(environment, why):
    with pytest.raises(ValueError, match=why):
        draw(environment, 0)


def test_gives_up_when_nothing_withstands(monkeypatch):
    monkeypatch.setattr(disguise, "_MOST_DRAWS", 2)
    monkeypatch.setattr(disguise, "_withstands", lambda *_: False)
    with pytest.raises(RuntimeError, match="withstands"):
        draw(CARTPOLE, 0)
