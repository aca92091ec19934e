"""Tiny worlds of numbered situations: the environments of the probe ladder.

A world is a small Markov decision process that is written down as data. An episode begins in a situation that is drawn
by weight; each action pays, and leads to another situation, or ends the episode, by termination or by truncation. The
situations of one world do not touch each other more than they have to, so one run of ``train`` answers many questions
at once: each situation is one, and the action that is taken there is the answer.

Observations are one-hot, or numbers where states are; which number a situation has, and which number an action has in
each situation, is drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from grader.training.meter import Floats

ACTIONS = 3
"""In every situation: a right one, called 0 before numbers are drawn, and two wrong ones."""

NOWHERE = "nowhere"
"""The situation in which episodes end where nothing else is said; nothing is ever done there."""

_BRIGHT = 3.0
"""The one number of an observation that is not 0: with 1 networks need several times as many updates."""


@dataclass(frozen=True)
class Outcome:
    """The consequence of an action.

    Attributes:
        pays: the reward.
        to: the next situation; "" for one that is drawn as at an episode's start.
        ends: how the episode ends with it, or "" if it goes on.
        waits: the probability that nothing happens yet: no reward, and the same situation once more.
    """

    pays: float = 0.0
    to: str = NOWHERE
    ends: Literal["", "terminated", "truncated"] = "terminated"
    waits: float = 0.0


def pays(reward: float) -> Outcome:
    """This reward, and the end of the episode."""
    return Outcome(reward)


def leads_to(situation: str, reward: float = 0.0) -> Outcome:
    """On in the same episode."""
    return Outcome(reward, situation, "")


def cut_off_in(situation: str) -> Outcome:
    """Truncated with the observation of this situation: the episode could have gone on there."""
    return Outcome(0.0, situation, "truncated")


def ends_in(situation: str) -> Outcome:
    """Terminated with the observation of this situation: whatever it is worth, nothing follows."""
    return Outcome(0.0, situation, "terminated")


@dataclass(frozen=True)
class Situation:
    """A situation and what can be done in it.

    Attributes:
        outcomes: of the right action, then of the two others.
        starts: how often episodes begin here, in comparison with the others.
    """

    outcomes: tuple[Outcome, Outcome, Outcome]
    starts: float = 1.0


def choice(right: Outcome, *others: Outcome, starts: float = 1.0) -> Situation:
    """A situation with one right action; where only one other outcome is given, both other actions have it."""
    first, second = others if len(others) == 2 else (others[0], others[0])
    return Situation((right, first, second), starts)


def whatever(outcome: Outcome, starts: float = 1.0) -> Situation:
    """A situation in which all actions have the same outcome."""
    return Situation((outcome, outcome, outcome), starts)


class World:
    """Situations as arrays, with numbers drawn from a seed, and the record of what was done in them.

    Args:
        situations: by name.
        seed: decides the numbers of situations and actions, and all draws.
        alike: an action has the same number in all situations, so that one can do without observations.
        odd_copy: in the first copy of the environment the right action and the first wrong one pay as each other does.
        quiet_resets: after a ``reset`` without a seed, all copies begin in a situation that pays a little more each
            time, whatever is done. A learner that tests itself after such a reset, and keeps what did best, then keeps
            what it learnt last: what a test earns must not decide which answers are looked at.
    """

    def __init__(
        self,
        situations: Mapping[str, Situation],
        seed: int,
        *,
        alike: bool = False,
        odd_copy: bool = False,
        quiet_resets: bool = False,
    ) -> None:
        situations = {NOWHERE: whatever(pays(0.0), starts=0.0), **situations}
        self.names = list(situations)
        self.odd_copy, self.quiet_resets = odd_copy, quiet_resets
        self.rng = rng = np.random.default_rng(seed)
        size = len(self.names)
        place = {name: i for i, name in enumerate(self.names)}
        self.roles = np.array([rng.permutation(ACTIONS) for _ in range(size)])  # of each action, by situation
        if alike:
            self.roles[:] = self.roles[0]
        self.pays, self.waits = np.zeros((size, ACTIONS)), np.zeros((size, ACTIONS))
        self.to = np.full((size, ACTIONS), -1)
        self.terminates = np.zeros((size, ACTIONS), dtype=bool)
        self.truncates = np.zeros((size, ACTIONS), dtype=bool)
        for i, situation in enumerate(situations.values()):
            for role, outcome in enumerate(situation.outcomes):
                action = int(np.flatnonzero(self.roles[i] == role)[0])
                self.pays[i, action], self.waits[i, action] = outcome.pays, outcome.waits
                self.to[i, action] = place[outcome.to] if outcome.to else -1
                self.terminates[i, action] = outcome.ends == "terminated"
                self.truncates[i, action] = outcome.ends == "truncated"
        weights = np.array([situation.starts for situation in situations.values()])
        self._starts = np.cumsum(weights / weights.sum())
        self.shown = rng.permutation(size)
        self._visits: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def draw(self, number: int) -> NDArray[np.int64]:
        """So many first situations."""
        return np.searchsorted(self._starts, self.rng.random(number), side="right").clip(max=len(self.names) - 1)

    def observe(self, situations: NDArray[np.int64]) -> Floats:
        """One-hot observations (N, O) of situations (N,)."""
        observations = np.zeros((len(situations), len(self.names)), dtype=np.float32)
        observations[np.arange(len(situations)), self.shown[situations]] = _BRIGHT
        return observations

    def step(
        self, situations: NDArray[np.int64], actions: NDArray[np.int64], odd: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """One step of some copies: the next situations, the rewards, terminated, truncated. It is recorded.

        Args:
            situations: (N,) where they are.
            actions: (N,) what is done.
            odd: (N,) which of them pay for the first wrong action as others do for the right one, and the reverse.
        """
        self._visits.append((situations.copy(), actions.copy()))
        at = situations, actions
        waits = self.rng.random(len(situations)) < self.waits[at]
        paid = actions
        if odd is not None and odd.any():
            exchanged = np.array([1, 0, 2])[self.roles[at]]
            paid = np.where(odd, (self.roles[situations] == exchanged[:, None]).argmax(axis=1), actions)
        following = self.to[at]
        following = np.where(following < 0, self.draw(len(situations)), following)
        return (
            np.where(waits, situations, following),
            np.where(waits, 0.0, self.pays[situations, paid]),
            self.terminates[at] & ~waits,
            self.truncates[at] & ~waits,
        )

    def role_of(self, situation: str, action: int) -> int:
        """The role of an action in a situation: 0 for the right one, 1 or 2 for the others in their order."""
        return int(self.roles[self.names.index(situation), action])

    def habits(self, situation: str, last: float = 0.25) -> NDArray[np.float64]:
        """The shares (3,) of the roles in the last part of the visits to a situation; zeros if there was none."""
        number = self.names.index(situation)
        taken = np.concatenate([actions[places == number] for places, actions in self._visits] or [np.zeros(0, int)])
        late = taken[len(taken) - int(np.ceil(len(taken) * last)) :]
        shares = np.zeros(ACTIONS)
        for action in late:
            shares[self.roles[number, action]] += 1 / len(late)
        return shares


class Situations(VectorEnv[Floats, NDArray[np.integer[Any]], NDArray[Any]]):
    """N copies of a world; they reset by the NEXT_STEP rule."""

    def __init__(self, world: World, num_envs: int) -> None:
        self._world, self.num_envs = world, num_envs
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP}
        size = len(world.names) + world.quiet_resets
        self.single_observation_space = gym.spaces.Box(0.0, _BRIGHT, (size,), np.float32)
        self.observation_space = gym.spaces.Box(0.0, _BRIGHT, (num_envs, size), np.float32)
        self.single_action_space = gym.spaces.Discrete(ACTIONS)
        self.action_space = gym.spaces.MultiDiscrete([ACTIONS] * num_envs)
        self._at = np.zeros(num_envs, dtype=np.int64)
        self._over = np.zeros(num_envs, dtype=bool)
        self._aside = np.zeros(num_envs, dtype=bool)  # the copies in the situation that resets lead to
        self._resets = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Start N episodes. The seed decides nothing: what is drawn was decided when the world was made."""
        self._at = self._world.draw(self.num_envs)
        self._over[:] = False
        self._aside[:] = self._world.quiet_resets and seed is None
        self._resets += seed is None
        return self.shown(self._at), {}

    def step(
        self, actions: NDArray[np.integer[Any]]
    ) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One step of every copy: observations (N, O), then rewards, terminated and truncated, (N,) each."""
        world, over, aside = self._world, self._over, self._aside
        rewards = np.where(aside, _MORE * self._resets, 0.0)
        terminated, truncated = aside.copy(), np.zeros(self.num_envs, dtype=bool)
        following = world.draw(self.num_envs)
        live = np.flatnonzero(~over & ~aside)
        if len(live):
            chosen = np.asarray(actions, dtype=np.int64)[live]
            odd = (live == 0) & world.odd_copy
            following[live], rewards[live], terminated[live], truncated[live] = world.step(self._at[live], chosen, odd)
        following[aside] = world.names.index(NOWHERE)
        self._at, self._over, self._aside = following, terminated | truncated, np.zeros_like(aside)
        return self.shown(self._at), rewards, terminated, truncated, {}

    def shown(self, situations: NDArray[np.int64]) -> Floats:
        """The observations (N, O) of N situations; the copies that a reset led aside show that and nothing else."""
        shown = self._world.observe(situations)
        if not self._world.quiet_resets:
            return shown
        shown[self._aside] = 0.0
        return np.column_stack([shown, np.where(self._aside, _BRIGHT, 0.0)]).astype(np.float32)


_MORE = 0.1
"""How much more each reset pays than the one before, where it leads aside."""


class NumberedSituations(gym.Env[int, int]):
    """A world for tables: its situations and actions are numbers."""

    def __init__(self, world: World) -> None:
        self._world, self._at = world, 0
        self.observation_space = gym.spaces.Discrete(len(world.names))  # type: ignore[assignment]
        self.action_space = gym.spaces.Discrete(ACTIONS)  # type: ignore[assignment]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode; the seed decides nothing."""
        self._at = int(self._world.draw(1)[0])
        return int(self._world.shown[self._at]), {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """One step: the next state, the reward, terminated, truncated, and an empty dictionary."""
        following, rewards, terminated, truncated = self._world.step(np.array([self._at]), np.array([action]))
        self._at = int(following[0])
        return int(self._world.shown[self._at]), float(rewards[0]), bool(terminated[0]), bool(truncated[0]), {}
