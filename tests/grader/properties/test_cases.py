"""What two programs that break the same law have in common."""

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
    programs, opened = Programs(set()), []

    def open_session():
        opened.append(None)
        return any_split.open({"numbers": WORN_OUT}, "numbers", Limits())

    assert [programs.ask("worn out", open_session, doubled(i)) for i in range(10)] == [PASSED] * 10
    assert len(opened) == 4


def test_who_ends_over_a_law_is_not_asked_about_it_again(any_split):
    programs, opened = Programs(set()), []

    def open_session():
        opened.append(None)
        return any_split.open({"numbers": WORN_OUT.replace("> 3", "> 0")}, "numbers", Limits())

    assert [programs.ask("ends", open_session, doubled(i)) for i in range(10)] == [DIED] * 10
    assert len(opened) == 1


def test_over_which_laws_it_ends_does_not_depend_on_their_order(any_split):
    """As code that finds no end in some worlds only."""
    source = "import os\n\n\ndef double(x):\n    return 2 * x if x < 5 else os._exit(0)\n"

    def open_session():
        return any_split.open({"numbers": source}, "numbers", Limits())

    cases = [doubled(x, law) for law, numbers in (("a", (1, 9, 2)), ("b", (3, 4)), ("c", (8, 1))) for x in numbers]
    in_order = Programs(set())
    there = {id(case): in_order.ask("some", open_session, case) for case in cases}
    assert [there[id(case)] for case in cases] == [PASSED, DIED, DIED, PASSED, PASSED, DIED, DIED]
    other = Programs(set())
    for law in "cba":
        for case in [case for case in cases if case.property == law]:
            assert other.ask("some", open_session, case) == there[id(case)]


def doubled(x, name="doubled"):
    def law(student):
        assert student.double(x) == 2 * x

    return Case(name, law, {}, (), x)
