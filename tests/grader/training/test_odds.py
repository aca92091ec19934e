"""Exact bounds, and what follows from them about a rule."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import TrainingRule
from grader.training import odds
from grader.training.odds import Rates

RULE = TrainingRule("train", 5, "CartPole-v1", 475, 200_000, control_steps=6000)
ONLY_RUNS = msgspec.structs.replace(RULE, control_steps=0)
TRAINING = Rates(small=0.2, run=0.3)


@pytest.mark.parametrize(
    ("failures", "runs", "error", "bound"),
    [
        (0, 20, 0.05, 1 - 0.05 ** (1 / 20)),
        (0, 62, 0.025, 1 - 0.025 ** (1 / 62)),
        # The upper ends of the two-sided 95 % intervals that tables of Clopper and Pearson's have.
        (1, 20, 0.025, 0.24873),
        (5, 10, 0.025, 0.81291),
        (10, 100, 0.025, 0.17622),
        (3, 3, 0.025, 1.0),
        (0, 0, 0.025, 1.0),
    ],
)
def test_bounds_are_those_of_clopper_and_pearson(failures, runs, error, bound):
    assert odds.upper_bound(failures, runs, error) == pytest.approx(bound, abs=6e-6)


@given(runs=st.integers(1, 150), data=st.data())
def test_the_bound_is_the_rate_at_which_so_few_failures_are_that_rare(runs, data):
    failures = data.draw(st.integers(0, runs - 1))
    error = data.draw(st.sampled_from([0.01, 0.025, 0.05]))
    bound = odds.upper_bound(failures, runs, error)
    assert 1 - odds.at_least(failures + 1, runs, bound) == pytest.approx(error, abs=1e-9)
    assert failures / runs < bound <= odds.upper_bound(failures + 1, runs, error)


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("runs", [20, 60])
def test_the_bound_is_too_low_no_oftener_than_it_says(rate, runs):
    """Over all outcomes of so many runs, weighted by their probabilities."""
    outcomes = [odds.at_least(k, runs, rate) - odds.at_least(k + 1, runs, rate) for k in range(runs + 1)]
    wrong = sum(p for k, p in enumerate(outcomes) if odds.upper_bound(k, runs, 0.025) < rate)
    assert wrong <= 0.025


def brute_force(rule: TrainingRule, at: Rates) -> tuple[float, dict[tuple[int, int], float]]:
    """The probability that a rule fails, and of each way to go on failing, by walking through every course of a check.

    The second holds, for each number of failed runs among so many, how often a check had come that far or worse.
    """
    fails, ends = 0.0, {}
    small = itertools.product((True, False), repeat=rule.control_tries) if rule.control_steps else [(True,)]
    for tries in small:
        weight = 1.0
        if rule.control_steps:
            for learnt in tries:
                weight *= 1 - at.small if learnt else at.small
        for runs in itertools.product((True, False), repeat=rule.seeds):
            here = weight
            for passed in runs:
                here *= 1 - at.run if passed else at.run
            if not any(tries) or sum(runs) < rule.passes:
                fails += here
            for n in range(1, rule.seeds + 1):
                for failed in range(1, n + 1):
                    if not any(tries) or runs[:n].count(False) >= failed:
                        ends[failed, n] = ends.get((failed, n), 0.0) + here
    return fails, ends


@pytest.mark.parametrize("at", [TRAINING, Rates(0.01, 0.02), Rates(0.9, 0.6), Rates(0.0, 0.5)])
@pytest.mark.parametrize("tries", [1, 2, 3])
@pytest.mark.parametrize("rule", [RULE, ONLY_RUNS, msgspec.structs.replace(RULE, seeds=2, passes=1)])
def test_a_rule_fails_as_often_as_all_its_courses_say(rule, tries, at):
    rule = msgspec.structs.replace(rule, control_tries=tries)
    fails, ends = brute_force(rule, at)
    assert odds.fails(rule, at) == pytest.approx(fails)
    for (failed, runs), probability in ends.items():
        assert odds.as_badly(rule, at, failed, runs) == pytest.approx(probability)


def test_stopping_early_changes_nothing():
    """As the check does it: one run after another, until the verdict is certain. 20,000 checks; error 0.003."""
    rng, failed = random.Random(1), 0
    for _ in range(20_000):
        if all(rng.random() < TRAINING.small for _ in range(RULE.control_tries)):
            failed += 1
            continue
        passes = fails = 0
        while passes < RULE.passes and fails <= RULE.seeds - RULE.passes:
            if rng.random() < TRAINING.run:
                fails += 1
            else:
                passes += 1
        failed += passes < RULE.passes
    assert failed / 20_000 == pytest.approx(odds.fails(RULE, TRAINING), abs=0.015)


def test_both_rates_share_what_is_left_to_be_wrong_and_one_has_it_alone():
    assert odds.rates((1, 100), (0, 100)) == Rates(odds.upper_bound(1, 100, 0.025), odds.upper_bound(0, 100, 0.025))
    small, run = odds.rates(None, (0, 100))
    assert (small, run) == (0.0, pytest.approx(1 - 0.05 ** (1 / 100)))


def test_so_many_runs_are_the_least_that_forgive_one_failure_of_each_kind():
    def error(runs: int) -> float:
        return odds.fails(RULE, odds.rates((1, runs), (1, runs)))

    assert error(odds.RUNS) <= 1 / odds.PROMISE < error(odds.RUNS - 1)


def test_without_the_third_try_the_promise_would_need_more():
    two = msgspec.structs.replace(RULE, control_tries=2)
    assert odds.fails(two, odds.rates((1, odds.RUNS), (1, odds.RUNS))) > 1.5 / odds.PROMISE


@given(st.floats(0, 1))
def test_checks_in_round_numbers_are_never_rarer_than_they_are(probability):
    often = odds.one_in(probability)
    assert often >= 1
    assert probability <= 1 / often or often == 1
    assert len(str(often).rstrip("0")) <= 2
