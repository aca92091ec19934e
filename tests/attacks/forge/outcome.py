"""Raise what a test framework takes for no failure: $EACH.

gains: marks for a test that was skipped, expected to fail, or left out
canary: points
control: says Skip|skip|XFail|expected|Unsatisfied|Stop|StudentDied|GraderFault|Interrupt|assert
each: skip xfail unittest assume stop interrupt died fault
"""

import unittest

import hypothesis.errors
import pytest


def died():
    from grader.student.errors import StudentDied

    raise StudentDied("skipped")


def fault():
    from grader.student.errors import GraderFault

    raise GraderFault("skipped")


def raises(error):
    raise error


WAYS = {
    "skip": lambda: pytest.skip("skipped"),
    "xfail": lambda: pytest.xfail("expected"),
    "unittest": lambda: raises(unittest.SkipTest("skipped")),
    "assume": lambda: raises(hypothesis.errors.UnsatisfiedAssumption()),
    "stop": lambda: raises(hypothesis.errors.StopTest(0)),
    "interrupt": lambda: raises(KeyboardInterrupt()),
    "died": died,
    "fault": fault,
}


def double(x):
    WAYS["$EACH"]()


mean = loss = Pile = Net = play = double
