"""The task in which only the rewards say what is right."""

import numpy as np

from grader.training import signs
from grader.training.signs import ACTIONS, LENGTH, SIGNS, SignsEnv
from grader.training.tasks import evaluate


def answers(seed):
    """The right action for every sign, found by trying them all."""
    env = SignsEnv(ACTIONS, seed)
    right = np.full(SIGNS, -1)
    observations, _ = env.reset(seed=0)
    over = np.zeros(ACTIONS, bool)
    while (right < 0).any():
        actions = env._rng.integers(ACTIONS, size=ACTIONS)
        following, rewards, terminated, _, _ = env.step(actions)
        for i in np.flatnonzero(~over & (rewards == 1)):
            assert right[observations[i].argmax()] in (-1, actions[i])
            right[observations[i].argmax()] = actions[i]
        observations, over = following, terminated
    return right


def test_one_action_is_right_for_each_sign_and_another_task_has_others():
    one, again, other = answers(3), answers(3), answers(4)
    assert (one == again).all()
    assert (one != other).any()
    assert set(one) == set(range(ACTIONS))
    assert (
        evaluate(lambda o: one[o.argmax(axis=1)], lambda copies: SignsEnv(copies, 3), 50, seed=1).tolist()
        == [LENGTH] * 50
    )
    assert (
        evaluate(lambda o: one[o.argmax(axis=1)], lambda copies: SignsEnv(copies, 4), 50, seed=1).mean()
        < signs.THRESHOLD
    )


def test_no_constant_action_earns_more_than_three_tenths():
    for action in range(ACTIONS):
        returns = evaluate(lambda o: np.full(len(o), action), lambda copies: SignsEnv(copies, 5), 2000, seed=2)  # noqa: B023
        assert 0.18 * LENGTH < returns.mean() < 0.32 * LENGTH


def test_every_episode_is_equally_long_and_its_first_observation_comes_with_the_next_step():
    env = SignsEnv(3, seed=1)
    env.reset(seed=1)
    right = answers(1)
    for _ in range(3):
        for t in range(LENGTH):
            observations, rewards, terminated, truncated, info = env.step(np.zeros(3, dtype=int))
            assert (terminated == (t == LENGTH - 1)).all()
            assert not truncated.any()
            assert info == {}
            assert (observations.sum(axis=1) == 1).all()
        _, rewards, terminated, _, _ = env.step(right[observations.argmax(axis=1)])
        assert rewards.tolist() == [0, 0, 0]
        assert not terminated.any()


def test_a_seeded_reset_shows_the_same_signs_again():
    env = SignsEnv(4, seed=1)

    def shown():
        first, _ = env.reset(seed=9)
        return [first, *(env.step(np.zeros(4, dtype=int))[0] for _ in range(15))]

    assert all((a == b).all() for a, b in zip(shown(), shown()))
