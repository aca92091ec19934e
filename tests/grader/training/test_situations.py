"""The tiny worlds of the probe ladder, by themselves."""

import numpy as np
import pytest

from grader.training.ladders import LADDERS
from grader.training.situations import (
    NOWHERE,
    NumberedSituations,
    Outcome,
    Situations,
    World,
    choice,
    cut_off_in,
    ends_in,
    leads_to,
    pays,
    whatever,
)

ROOMS = {
    "door": choice(cut_off_in("room"), ends_in("room"), leads_to("room", 2.0)),
    "room": whatever(pays(5.0), starts=0.0),
}


def number(world, situation, role):
    """The number of the action with this role."""
    return int(np.flatnonzero(world.roles[world.names.index(situation)] == role)[0])


def place(world, observations):
    """The situations that are shown."""
    return [world.names[int(np.flatnonzero(world.shown == row.argmax())[0])] for row in observations]


@pytest.mark.parametrize(("role", "reward", "flags"), [(0, 0.0, (0, 1)), (1, 0.0, (1, 0)), (2, 2.0, (0, 0))])
def test_each_action_has_its_outcome(role, reward, flags):
    world = World(ROOMS, seed=3)
    env = Situations(world, 4)
    observations, _ = env.reset(seed=1)
    assert place(world, observations) == ["door"] * 4
    observations, rewards, terminated, truncated, info = env.step(np.full(4, number(world, "door", role)))
    assert place(world, observations) == ["room"] * 4
    assert rewards.tolist() == [reward] * 4
    assert (terminated.tolist(), truncated.tolist()) == ([bool(flags[0])] * 4, [bool(flags[1])] * 4)
    assert info == {}


def test_the_step_after_an_end_pays_nothing_is_not_recorded_and_shows_a_first_situation():
    world = World(ROOMS, seed=3)
    env = Situations(world, 2)
    env.reset(seed=1)
    for _ in range(3):
        env.step(np.full(2, number(world, "door", 1)))
        observations, rewards, terminated, truncated, _ = env.step(np.array([0, 1]))
        assert place(world, observations) == ["door"] * 2
        assert rewards.tolist() == [0.0, 0.0]
        assert not (terminated | truncated).any()
    assert world.habits("door").tolist() == [0.0, 1.0, 0.0]
    assert world.habits("room").tolist() == [0.0, 0.0, 0.0]


def test_another_seed_gives_other_numbers():
    one, again, other = World(ROOMS, seed=1), World(ROOMS, seed=1), World(ROOMS, seed=4)
    assert (one.roles == again.roles).all()
    assert (one.shown == again.shown).all()
    assert (one.roles != other.roles).any()


def test_where_situations_are_alike_the_same_number_is_right_in_all_of_them():
    situations = {f"{i}": choice(pays(1.0), pays(0.0)) for i in range(9)}
    assert (World(situations, seed=2, alike=True).roles == World(situations, seed=2, alike=True).roles[0]).all()
    assert (World(situations, seed=2).roles != World(situations, seed=2).roles[0]).any()


def test_the_odd_copy_pays_for_the_other_action():
    world = World({"one": choice(pays(2.0), pays(0.0))}, seed=1, odd_copy=True)
    env = Situations(world, 3)
    for role, paid in ((0, [0.0, 2.0, 2.0]), (1, [2.0, 0.0, 0.0]), (2, [0.0, 0.0, 0.0])):
        env.reset(seed=1)
        assert env.step(np.full(3, number(world, "one", role)))[1].tolist() == paid


def test_a_quiet_reset_leads_aside_and_pays_more_each_time():
    world = World(ROOMS, seed=1, quiet_resets=True)
    env = Situations(world, 2)
    observations, _ = env.reset(seed=1)
    assert place(world, observations[:, :-1]) == ["door"] * 2
    for times in (1, 2):
        observations, _ = env.reset()
        assert observations.argmax(axis=1).tolist() == [len(world.names)] * 2
        _, rewards, terminated, _, _ = env.step(np.zeros(2, dtype=int))
        assert rewards.tolist() == pytest.approx([0.1 * times] * 2)
        assert terminated.all()
    observations, *_ = env.step(np.zeros(2, dtype=int))
    assert place(world, observations[:, :-1]) == ["door"] * 2
    assert world.habits("door").sum() == 0


def test_waiting_pays_nothing_and_stays():
    world = World({"wait": whatever(Outcome(6.0, waits=0.9))}, seed=1)
    env = Situations(world, 1000)
    env.reset(seed=1)
    observations, rewards, terminated, _, _ = env.step(np.zeros(1000, dtype=int))
    assert set(place(world, observations[rewards == 0])) == {"wait"}
    assert set(place(world, observations[rewards > 0])) == {NOWHERE}
    assert (terminated == (rewards > 0)).all()
    assert 60 < terminated.sum() < 140  # 100 on average; outside once in 40,000


def test_a_table_has_the_same_world_in_numbers():
    world = World(ROOMS, seed=3)
    env = NumberedSituations(world)
    state, _ = env.reset(seed=1)
    assert world.names[int(np.flatnonzero(world.shown == state)[0])] == "door"
    state, reward, terminated, truncated, info = env.step(number(world, "door", 0))
    assert world.names[int(np.flatnonzero(world.shown == state)[0])] == "room"
    assert (reward, terminated, truncated, info) == (0.0, False, True, {})


def test_every_rung_asks_about_situations_of_its_world_that_an_episode_can_come_to():
    for stages in LADDERS.values():
        names = [rung.name for stage in stages for rung in stage.rungs]
        assert len(names) == len(set(names))
        for stage in stages:
            reached = {name for name, situation in stage.situations.items() if situation.starts > 0}
            for situation in stage.situations.values():
                assert {outcome.to for outcome in situation.outcomes} <= {*stage.situations, NOWHERE, ""}
            for rung in stage.rungs:
                asked = {each for check in rung.checks for each in getattr(check, "situations", ())}
                asked |= {check.situation for check in rung.checks if hasattr(check, "situation")}
                assert asked
                assert asked <= reached
