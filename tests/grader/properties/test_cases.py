"""What two programs that break the same law have in common."""

from collections import Counter

import numpy as np
import pytest
import torch

from grader.properties.cases import DIED, PASSED, Case, Outcome, Programs, _kept, alike
from grader.student.limits import Limits


def outcome(compared, answer, place="7"):
    return Outcome("fail", place, compared, answer)


@pytest.mark.parametrize(
    ("what", "same_answer", "other_answer", "other_side", "other_place"),
    [
        ("values", True, False, False, False),
        ("compared", True, True, False, False),
        ("places", True, True, True, False),
    ],
)
def test_what_matters(what, same_answer, other_answer, other_side, other_place):
    one = [PASSED, outcome(3, "weights")]
    assert alike(one, [PASSED, outcome(3, "weights")], what) == same_answer
    assert alike(one, [PASSED, outcome(3, "others")], what) == other_answer
    assert alike(one, [PASSED, outcome(4, "weights")], what) == other_side
    assert alike(one, [PASSED, outcome(3, "weights", place="8")], what) == other_place


@pytest.mark.parametrize("what", ["values", "compared", "places"])
def test_one_that_passes_is_not_alike_to_one_that_fails(what):
    assert not alike([PASSED], [outcome(None, None)], what)


def test_what_raised_has_no_side_to_compare():
    assert alike([Outcome("raised", "TypeError")], [Outcome("raised", "TypeError")], "compared")
    assert not alike([Outcome("raised", "TypeError")], [Outcome("raised", "ValueError")], "compared")


def test_tensors_that_carry_a_gradient_are_compared_by_their_numbers():
    tensor = torch.ones(2, requires_grad=True)
    assert alike([outcome(tensor, None)], [outcome(torch.ones(2), None)], "compared")
    assert not alike([outcome(tensor, None)], [outcome(torch.zeros(2), None)], "compared")


@pytest.mark.parametrize("value", [np.zeros(1 << 18), [[0.0] * 1000] * 100, "x" * (1 << 19), {"a": np.zeros(1 << 18)}])
def test_a_value_that_is_too_large_to_keep_is_like_nothing_else(value):
    assert _kept(value) is not value
    assert not alike([outcome(_kept(value), None)], [outcome(_kept(value), None)], "compared")


@pytest.mark.parametrize("value", [0, "text", [1, (2.0, {"a": None})], {1, 2}, np.zeros(1000), torch.zeros(1000)])
def test_a_value_of_a_test_is_kept(value):
    assert _kept(value) is value


WORN_OUT = """
import os

answered = 0

def double(x):
    global answered
    answered += 1
    if answered > 3:
        os._exit(0)
    return 2 * x
"""


def test_how_much_was_asked_before_changes_no_outcome(any_split):
    """What a session may take is used up by many cases, and by those that somebody else was asked about as well."""
    programs, opened = Programs(Counter()), []

    def open_session():
        opened.append(None)
        return any_split.open({"numbers": WORN_OUT}, "numbers", Limits())

    assert [programs.ask("worn out", open_session, doubled(i)) for i in range(10)] == [PASSED] * 10
    assert len(opened) == 4


def test_who_ends_in_every_case_is_asked_twice(any_split):
    programs, opened = Programs(Counter()), []

    def open_session():
        opened.append(None)
        return any_split.open({"numbers": WORN_OUT.replace("> 3", "> 0")}, "numbers", Limits())

    assert [programs.ask("ends", open_session, doubled(i)) for i in range(10)] == [DIED] * 10
    assert len(opened) == 2


def doubled(x):
    def law(student):
        assert student.double(x) == 2 * x

    return Case("doubled", law, {}, (), x)
