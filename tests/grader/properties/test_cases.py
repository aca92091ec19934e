"""What two programs that break the same law have in common."""

import pytest
import torch

from grader.properties.cases import PASSED, Outcome, alike


def outcome(compared, answer, place="7"):
    return Outcome("fail", place, (compared, answer))


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
