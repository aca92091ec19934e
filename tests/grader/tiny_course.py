"""A course of two small lessons, made on the spot: what the tests of grading grade."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from grader.course import Course, load
from grader.lessons.stubs import build

COURSE = """\
title: A tiny course
salt: grains
limits: {cpu_seconds: 2, call_seconds: 5}
lessons:
  - name: lesson1_numbers
    title: Numbers
    exercises:
      - {name: double, points: 2}
      - {name: half, points: 1, needs: [double]}
  - name: lesson2_balance
    title: Balance
    imports: [lesson1_numbers]
    exercises:
      - {name: four_times, points: 3}
    training:
      exercise: train
      points: 4
      environment: CartPole-v1
      environments: 2
      threshold: 5
      episodes: 4
      seeds: 2
      passes: 1
      max_steps: 200
      cpu_seconds: 10
      needs: [four_times]
"""

HINTS = "double: [a nudge, more, nearly all]\n"

NUMBERS = '''\
"""Numbers."""


def double(x):
    """Twice the number."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def half(x):
    """Half the number."""
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION
'''

BALANCE = '''\
"""Balance."""

import numpy as np
from lesson1_numbers import double


def four_times(x):
    """Four times the number."""
    ### BEGIN SOLUTION
    return double(double(x))
    ### END SOLUTION


def train(env, *, max_steps, seed, device="cpu"):
    """A policy that pushes now left, now right."""
    env.reset(seed=seed)
    for _ in range(20):
        env.step(np.zeros(env.num_envs, dtype=int))
    return lambda observations: np.arange(len(observations)) % 2
'''

TEST_NUMBERS = '''\
from hypothesis import given
from hypothesis import strategies as st

from grader.testing import exercise, near


@exercise("double")
@given(x=st.integers(-99, 99))
def test_doubles(student, x):
    """`double` gives twice the number."""
    assert student.double(x) == near(2 * x)


@exercise("double", needs=("test_doubles",))
def test_doubles_zero(student):
    """Twice nothing is nothing."""
    got = student.double(0)
    assert got == 0, "nothing at all"


@exercise("half")
@given(x=st.integers(-99, 99))
def test_halves(student, x):
    """`half` gives half the number.

    Hint: Which number, taken twice, is the number that came in?
    """
    assert student.half(x) == near(x / 2)
'''

TEST_BALANCE = '''\
from grader.testing import exercise


@exercise("four_times")
def test_four(student):
    """`four_times` gives four times the number."""
    assert student.four_times(3) == 12
'''

CHAFFS = """\
- name: squares
  exercise: double
  says: squares the number
  hint: What is double of 3?
  edits: [{old: "2 * x", new: "x * x"}]
- name: adds_two
  exercise: double
  says: adds two to the number
  hint: What is double of 1?
  edits: [{old: "2 * x", new: "2 + x"}]
- name: floors
  exercise: half
  says: rounds down
  hint: What is half of 3?
  edits: [{old: "x / 2", new: "x // 2"}]
"""


def make(folder: Path) -> Course:
    """Write the course to ``folder`` and load it."""
    files = {
        "course.yml": COURSE,
        "exercises/lesson1_numbers.yml": HINTS,
        "exercises/lesson2_balance.yml": "",
        "solutions/lesson1_numbers.py": NUMBERS,
        "solutions/lesson2_balance.py": BALANCE,
        "tests/lesson1_numbers/test_numbers.py": TEST_NUMBERS,
        "tests/lesson1_numbers/chaffs.yml": CHAFFS,
        "tests/lesson1_numbers/wheats/adds.py": NUMBERS.replace("2 * x", "x + x"),
        "tests/lesson2_balance/test_balance.py": TEST_BALANCE,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    course = load(folder)
    build(course)
    return course


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="tiny-course-")


@functools.cache
def shared() -> Course:
    """The course, made once in a process, for tests that change nothing in it and have no fixtures."""
    return make(Path(_kept().name))


def hand_in(submissions: Path, student: str, lesson: str, text: str | bytes) -> Path:
    """Put one file where a class keeps it."""
    path = submissions / student / lesson / f"{lesson}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path
