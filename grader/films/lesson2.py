"""The run behind the film of lesson 2: sweeps over the gridworld of its text, and two walks through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.films.data import Data

_GAMMA, _TOLERANCE, _SEED = 0.9, 1e-8, 2


def run(lesson: Any, data: Data) -> None:
    """Sweep with the lesson's own ``action_values``, for a walker at random and for the best one.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    P, R = lesson.gridworld()
    at_random = np.full(R.shape, 1 / R.shape[1])
    source = "sweeps with action_values over gridworld()"
    best = _sweeps(lesson, P, R, lambda Q: Q.max(axis=1))
    Q = lesson.action_values(P, R, best[-1], _GAMMA)
    values, policy = lesson.value_iteration(P, R, _GAMMA, _TOLERANCE)
    assert np.abs(values - best[-1]).max() < 1e-6, "the sweeps of the film lead where value_iteration leads"
    data.record("best.sweeps", source, values=best)
    data.record("best.ways", "actions as good as the best one", best=Q.max(axis=1, keepdims=True) - 1e-6 < Q)
    random = _sweeps(lesson, P, R, lambda Q: (at_random * Q).sum(axis=1))
    expected = lesson.evaluate_policy(P, R, at_random, _GAMMA, _TOLERANCE)
    assert np.abs(expected - random[-1]).max() < 1e-6, "the sweeps of the film lead where evaluate_policy leads"
    data.record("random.sweeps", source, values=random)
    for name, sweeps in (("best", best), ("random", random)):
        data.add(f"{name}.sweeps", len(sweeps) - 1, f"sweeps until no value changes by more than {_TOLERANCE:g}")
        data.add(f"{name}.corner", sweeps[-1][0], "value of the cell farthest from the goal")
        data.add(f"{name}.beside", sweeps[-1][-2], "value of a cell beside the goal")
    data.add("best.behind", best[-1][-3], "value of the cell behind one that is beside the goal")
    rng = np.random.default_rng(_SEED)
    for name, table in (("random", at_random), ("best", policy)):
        cells = [0]
        while cells[-1] != len(R) - 1:
            action = rng.choice(R.shape[1], p=table[cells[-1]])
            cells.append(int(P[cells[-1], action].argmax()))
        data.record(f"{name}.walk", f"a walk through gridworld(), {name} policy, seed {_SEED}", cells=cells)
        data.add(f"{name}.steps", len(cells) - 1, f"steps of that walk, {name} policy")
    data.add("gamma", _GAMMA, "discount factor of the film's run")
    data.add("cost", -R[0, 0], "cost of a step in gridworld()")
    data.add("actions", R.shape[1], "actions of gridworld()")


def _sweeps(lesson: Any, P: np.ndarray, R: np.ndarray, backup: Any) -> np.ndarray:
    """The values after 0, 1, 2, … sweeps, (K + 1, S), until they no longer change."""
    found = [np.zeros(len(R))]
    while True:
        updated = backup(lesson.action_values(P, R, found[-1], _GAMMA))
        if np.abs(updated - found[-1]).max() <= _TOLERANCE:
            return np.array(found)
        found.append(updated)
