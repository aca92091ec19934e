"""The simulated cluster: as fast as its workers where nothing else takes time, and as slow as its caller otherwise."""

from __future__ import annotations

import pytest

pytest.importorskip("distributed", reason="the cluster extra is not installed")

from grader.bench.cluster import Shares, simulate


def shares(**seconds: float) -> Shares:
    nothing = {"before": 0.0, "after": 0.0, "dask": 0.0, "start": 0.0}
    return Shares([], **(nothing | seconds), sent=0, received=0)


def test_workers_that_wait_for_nothing_are_all_busy() -> None:
    assert simulate([1.0] * 10, 2, shares()) == (5.0, 5.0)
    assert simulate([1.0] * 10, 1, shares()) == (10.0, 10.0)
    assert simulate([3.0, 1.0, 1.0, 1.0], 2, shares()) == (3.0, 3.0)


def test_no_run_is_shorter_than_its_longest_task() -> None:
    assert simulate([7.0, 1.0, 1.0], 64, shares()) == (7.0, 7.0)


def test_what_every_task_costs_and_what_a_run_costs_once_are_added() -> None:
    assert simulate([1.0] * 10, 2, shares(dask=0.5, start=2.0))[0] == pytest.approx(2 + 5 * 1.5)


def test_a_caller_that_is_busy_all_the_time_sets_the_pace() -> None:
    wall, best = simulate([1.0] * 100, 64, shares(before=0.5, after=0.25))
    assert best == pytest.approx(100 / 64)
    assert 75 <= wall <= 77
