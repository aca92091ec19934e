"""The chance that a training check fails a right answer: exact bounds, from runs of the reference solution.

Two rates are unknown: how often the reference fails a small task, and how often it fails a long run. Of each the runs
give an upper bound (Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the
binomial"). Both bounds are to hold together with probability ``SURE``, so each may be wrong with half of the rest
(Bonferroni). Everything else follows from the rates and from the rule, by sums of binomial probabilities.

The runs are taken to be independent: each has a disguise and seeds of its own.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from grader.course import TrainingRule

SURE = 0.95
"""How sure the bounds are, all of one lesson together."""

PROMISE = 1000
"""A right answer fails a training check less often than once in so many: what every lesson of the course keeps."""

RUNS = 120
"""How many runs of each kind a lesson is calibrated with.

It is the least number with which a reference keeps the promise though one run of each kind fails, by three tries at the
small task and three of five long runs. It was chosen before any run was made: who stops looking where the figures are
best is less sure than they think.
"""


class Rates(NamedTuple):
    """Upper bounds of the rates at which the reference fails.

    Attributes:
        small: a small task; 0 where the rule has none.
        run: a long run.
    """

    small: float
    run: float


def at_least(least: int, runs: int, rate: float) -> float:
    """The probability of at least so many failures in so many independent runs, each of which fails at this rate."""
    return math.fsum(math.comb(runs, i) * rate**i * (1 - rate) ** (runs - i) for i in range(least, runs + 1))


def upper_bound(failures: int, runs: int, error: float) -> float:
    """The highest rate of failures that so few of them leave possible; it is too low with probability ``error``.

    It solves P(at most ``failures`` of ``runs`` fail) = ``error`` for the rate.

    >>> round(upper_bound(0, 20, 0.05), 4)  # 1 - 0.05 ** (1 / 20)
    0.1391
    """
    if failures >= runs:
        return 1.0
    low, high = failures / runs, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if 1 - at_least(failures + 1, runs, middle) > error:
            low = middle
        else:
            high = middle
    return high


def rates(small: tuple[int, int] | None, run: tuple[int, int]) -> Rates:
    """Upper bounds of both rates, which hold together with probability ``SURE``.

    Args:
        small: of the small tasks, how many failed, and how many there were; None where the rule has none.
        run: the same of the long runs.
    """
    each = (1 - SURE) / (1 if small is None else 2)
    return Rates(0.0 if small is None else upper_bound(*small, each), upper_bound(*run, each))


def as_badly(rule: TrainingRule, at: Rates, failed: int, runs: int) -> float:
    """The probability that a check goes as badly as one of whose first ``runs`` long runs so many failed.

    It does if at least as many fail among as many of them, or if every small task fails before.
    """
    never = no_small_task(rule, at)
    return never + (1 - never) * at_least(failed, runs, at.run)


def no_small_task(rule: TrainingRule, at: Rates) -> float:
    """The probability that every try at the small task fails; 0 where the rule has none."""
    return at.small**rule.control_tries if rule.control_steps else 0.0


def fails(rule: TrainingRule, at: Rates) -> float:
    """The probability that the whole rule fails a program with these rates."""
    return as_badly(rule, at, rule.seeds - rule.passes + 1, rule.seeds)


def one_in(probability: float) -> int:
    """The number of checks for each that goes so, in two digits, rounded towards the worse; at most a million.

    >>> one_in(1 / 1234.5), one_in(0.3), one_in(0.0)
    (1200, 3, 1000000)
    """
    if probability < 1e-6:
        return 1_000_000
    whole = math.floor(1 / probability)
    digits: int = 10 ** max(0, len(str(whole)) - 2)
    return whole // digits * digits
