"""One budget by the clock for a whole submission: it ends whatever is asked, and no place loses step by it."""

from __future__ import annotations

from collections.abc import Callable

import gymnasium
import pytest
import torch

from grader.student.budget import Budget
from grader.student.errors import StudentDied
from grader.student.inprocess import Here
from grader.student.limits import Limits
from grader.student.places import Place
from grader.student.remote import Student

PATIENT = Limits(cpu_seconds=60, call_seconds=60)
"""No other limit ends code that sleeps for 50 seconds."""

SLEEPS = """
import time
import torch

def slow(*_):
    time.sleep(50)

class Thing:
    def __getattr__(self, name):
        slow()
    def __len__(self):
        slow()
    def __getitem__(self, key):
        slow()
    def __iter__(self):
        slow()

class Drip:
    def __iter__(self):
        return self
    def __next__(self):
        slow()

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def named_parameters(self, *_, **__):
        slow()

class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x
    @staticmethod
    def backward(ctx, gradient):
        slow()

def double(x):
    return Double.apply(x)

def steps(env):
    while True:
        env.reset(seed=0)
        time.sleep(0.01)
"""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_budget_is_spent_when_its_time_is_over() -> None:
    clock = Clock()
    budget = Budget(900, clock, lambda moment: False)
    assert (budget.left, budget.is_spent) == (900, False)
    clock.now = 1000.0
    assert (budget.left, budget.is_spent) == (0, True)
    clock.now = 5000.0
    assert budget.left == 0


def test_no_budget_goes_down_while_the_grader_is_stopped() -> None:
    clock, went_on = Clock(), [0.0]
    budget = Budget(900, clock, lambda moment: went_on[0] > moment)
    clock.now = 200.0
    assert budget.left == 800
    clock.now = went_on[0] = 5000.0  # ten seconds later it was stopped, perhaps
    assert budget.left == 800
    clock.now = 5100.0
    assert budget.left == 700
    # What is given back is given back once.
    clock.now = went_on[0] = 9000.0
    budget.give_back(3900.0)
    assert budget.left == 700


@pytest.mark.parametrize(
    ("allowed", "words"), [(900, "15 minutes"), (120, "2 minutes"), (90, "90 seconds"), (1, "1 second")]
)
def test_a_budget_in_words(allowed: float, words: str) -> None:
    ended = Budget(allowed, Clock()).ended()
    assert str(ended) == f"no answer before the end of {words} by the clock, the time for a whole submission"
    assert ended.timed_out


ASKS: dict[str, Callable[[Student], object]] = {
    "call": lambda student: student.slow(),
    "get": lambda student: student.Thing().attribute,
    "len": lambda student: len(student.Thing()),
    "item": lambda student: student.Thing()[0],
    "iterate": lambda student: list(iter(student.Thing())),
    "next": lambda student: next(iter(student.Drip())),
    "gradients": lambda student: student.Net().gradients(),
    "backward": lambda student: student.double(torch.ones(1, requires_grad=True)).sum().backward(),
    "ask": lambda student: student.steps(gymnasium.make("CartPole-v1")),
}


@pytest.mark.parametrize("verb", ASKS)
def test_whatever_is_asked_ends_with_the_budget(any_split: Place, verb: str) -> None:
    budget = Budget(0.7)
    session = any_split.open({"work": SLEEPS}, "work", PATIENT, budget=budget)
    session.begin(0)
    with pytest.raises(StudentDied, match="the time for a whole submission") as died:
        ASKS[verb](Student(session))
    assert died.value.timed_out
    assert budget.is_spent


def test_so_does_the_import(any_split: Place) -> None:
    with pytest.raises(StudentDied, match="the time for a whole submission"):
        any_split.open({"work": "import time\ntime.sleep(50)"}, "work", PATIENT, budget=Budget(0.3))


def test_one_budget_is_for_all_sessions(any_split: Place) -> None:
    """Each ends in time by itself; the next one finds less, and then nothing."""
    budget = Budget(0.7)

    def sleep_again_and_again() -> None:
        while True:
            any_split.open({"work": "import time\ntime.sleep(0.1)"}, "work", PATIENT, budget=budget).close()

    with pytest.raises(StudentDied, match="a whole submission"):
        sleep_again_and_again()
    with pytest.raises(StudentDied, match="a whole submission"):
        any_split.open({"work": ""}, "work", PATIENT, budget=budget)


def test_the_place_is_as_good_as_before(any_split: Place) -> None:
    with pytest.raises(StudentDied):
        any_split.open({"work": ""}, "work", PATIENT, budget=Budget(0))
    session = any_split.open({"work": "def f(x): return x + 1"}, "work", PATIENT, budget=Budget(60))
    session.begin(0)
    assert Student(session).f(1) == 2
    session.close()


def test_a_person_at_a_breakpoint_has_all_the_time_they_like() -> None:
    session = Here().open({"work": "def f(x): return x + 1"}, "work", PATIENT, budget=Budget(0))
    session.begin(0)
    assert Student(session).f(1) == 2
    session.close()


def test_what_is_given_back_is_left_again() -> None:
    """A grader that was stopped for an hour takes nothing from a submission."""
    now = 0.0
    budget = Budget(10, lambda: now, lambda moment: False)
    now = 3610.0
    assert budget.is_spent
    budget.give_back(3605)
    assert budget.left == 5
