"""The run behind the film of lesson 6: deep Q-learning, with its two networks and its tests watched."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.films.data import Data
from grader.films.watched import COPIES, train

_SEED, _STEPS, _UPDATE = 0, 200_000, 300
"""The update of which a transition is shown is one in the midst of training."""


def run(lesson: Any, data: Data) -> None:
    """Train, and watch the targets, both networks and the tests.

    Args:
        lesson: the reference solution.
        data: where to put what came of it.
    """
    import torch

    upright = torch.zeros(1, 4)
    values: list[tuple[float, float]] = []
    losses: list[dict[str, Any]] = []
    tests: list[tuple[int, float]] = []
    restarts: list[int] = []
    update_target, dqn_loss, play_test, fresh_start = (
        getattr(lesson, name) for name in ("update_target", "dqn_loss", "play_test", "fresh_start")
    )

    def watched_update(target: Any, online: Any, tau: float) -> None:
        update_target(target, online, tau)
        with torch.no_grad():
            values.append((float(online(upright).max()), float(target(upright).max())))

    def watched_loss(online: Any, target: Any, batch: Any, gamma: float) -> Any:
        if len(values) == _UPDATE:
            states, actions, rewards, next_states, terminated = (torch.as_tensor(part) for part in batch)
            with torch.no_grad():
                following = target(next_states)
                y = lesson.td_target(rewards.float(), following, terminated.float(), gamma)
                said = online(states).gather(1, actions.long().unsqueeze(1)).squeeze(1)
            for i in range(len(actions)):
                losses.append({
                    "states": np.array([batch[0][i], batch[3][i]]), "said": float(said[i]), "reward": float(rewards[i]),
                    "best": float(following[i].max()), "gamma": gamma, "y": float(y[i]), "fell": bool(terminated[i]),
                })  # fmt: skip
        return dqn_loss(online, target, batch, gamma)

    def watched_test(env: Any, *how: Any) -> Any:
        answer = play_test(env, *how)
        tests.append((env.steps, answer[0]))
        return answer

    def watched_start(env: Any, *how: Any) -> Any:
        restarts.append(env.steps)
        return fresh_start(env, *how)

    lesson.update_target, lesson.dqn_loss = watched_update, watched_loss
    lesson.play_test, lesson.fresh_start = watched_test, watched_start
    try:
        _, source = train(lesson, data, max_steps=_STEPS, seed=_SEED)
    finally:
        lesson.update_target, lesson.dqn_loss = update_target, dqn_loss
        lesson.play_test, lesson.fresh_start = play_test, fresh_start

    online, target = np.array(values).T
    once = _first_network(restarts, tests, values)
    at = np.arange(1, once + 1)
    data.record("networks", f"value of an upright pole after each update of the first networks in {source}",
                update=at, online=online[:once], target=target[:once])  # fmt: skip
    steps, earned = np.array(tests).T
    data.record("tests", f"tests in {source}", step=steps, value=earned)
    data.add("tests", len(tests), f"tests in {source}")
    data.add("restarts", len(restarts) - 1, f"fresh starts in {source}")
    data.add("restart", restarts[-1], f"steps before the last fresh start in {source}")
    for name, fell in (("stands", False), ("falls", True)):
        each = next(each for each in losses if each["fell"] == fell)
        where = f"a transition of update {_UPDATE} in {source}"
        states = each["states"]
        data.record(name, where, x=states[:, 0], angle=states[:, 2])
        for part in ("said", "reward", "best", "gamma", "y"):
            data.add(f"{name}.{part}", each[part], where)
        data.add(f"{name}.later", each["gamma"] * each["best"], where)
    data.add("tau", 100 * lesson.Settings().tau, "Settings of lesson 6, in percent")
    assert data.number("copies") == COPIES


def _first_network(restarts: list[int], tests: list[tuple[int, float]], values: list[Any]) -> int:
    """The number of updates that the first networks got: until the values fall back, as those of fresh ones do."""
    online = np.array(values)[:, 0]
    drops = np.flatnonzero(np.diff(online) < -online.max() / 2)
    return int(drops[0]) + 1 if len(drops) else len(values)
