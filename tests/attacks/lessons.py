"""The course that is attacked: two small lessons in which every kind of question is asked.

Its training has no small task, and luck could pass for an attack: a linear rule that was found on another CartPole
reaches 195 behind 7 disguises of 100 (20 of 300 that were drawn). So four runs of four are asked for, which that rule
passes less often than once in 10,000 (with the 95 % bound of 1 in 10, instead of 7 in 100, for each); the solution
reached 195 behind 150 of 150.
"""

from __future__ import annotations

from pathlib import Path

from grader.course import load
from grader.lessons.stubs import build

LESSON, TRAINING = "lesson1_numbers", "lesson2_balance"

COURSE = """\
title: A course that is attacked
limits: {cpu_seconds: 2, call_seconds: 3, memory_mb: 1000}
lessons:
  - name: lesson1_numbers
    title: Numbers
    due: DUE
    exercises:
      - {name: double, points: 2}
      - {name: mean, points: 1}
      - {name: loss, points: 1}
      - {name: Pile, points: 1}
      - {name: Net, points: 1}
      - {name: play, points: 1}
  - name: lesson2_balance
    title: Balance
    due: DUE
    imports: [lesson1_numbers]
    exercises:
      - {name: four_times, points: 1}
    training:
      exercise: train
      points: 4
      environment: CartPole-v1
      environments: 8
      threshold: 195
      episodes: 20
      seeds: 4
      passes: 4
      max_steps: 12000
      cpu_seconds: 10
      needs: [four_times]
"""

NUMBERS = '''\
"""Numbers."""

import numpy as np
import torch


def double(x):
    """Twice the number."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def mean(values):
    """The mean of an array."""
    ### BEGIN SOLUTION
    return float(np.mean(values))
    ### END SOLUTION


def loss(weights):
    """The sum of squares."""
    ### BEGIN SOLUTION
    return (weights**2).sum()
    ### END SOLUTION


class Pile:
    """Things on one another."""

    def __init__(self):
        self.things = []
        self.height = 0

    def push(self, thing):
        """Put something on top."""
        ### BEGIN SOLUTION
        self.things.append(thing)
        self.height += 1
        ### END SOLUTION

    def __len__(self):
        return len(self.things)

    def __getitem__(self, i):
        return self.things[i]

    def __iter__(self):
        return iter(self.things)


class Net(torch.nn.Module):
    """One linear layer."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1, bias=False)

    def forward(self, x):
        """The layer's output."""
        ### BEGIN SOLUTION
        return self.layer(x)
        ### END SOLUTION


def play(env):
    """The rewards of an episode in which every action is 1."""
    ### BEGIN SOLUTION
    env.reset(seed=0)
    total, over = 0.0, False
    while not over:
        _, reward, terminated, truncated, _ = env.step(1)
        total, over = total + reward, terminated or truncated
    return total
    ### END SOLUTION
'''

BALANCE = '''\
"""Balance."""

import numpy as np


def four_times(x):
    """Four times the number."""
    ### BEGIN SOLUTION
    return 4 * x
    ### END SOLUTION


def train(env, *, max_steps, seed, device="cpu"):
    """Random search: draw a linear rule, try it in every copy, keep the one that lasts longest."""
    rng = np.random.default_rng(seed)
    best, longest, left = None, -1, max_steps
    while left > 200 * env.num_envs:
        rule = rng.normal(size=env.single_observation_space.shape)
        seen, _ = env.reset()
        for lasted in range(200):
            seen, _, terminated, truncated, _ = env.step((seen @ rule > 0).astype(int))
            left -= env.num_envs
            if (terminated | truncated).any():
                break
        if lasted > longest:
            best, longest = rule, lasted
    return lambda observations: (observations @ best > 0).astype(int)
'''

SOLUTIONS = {LESSON: NUMBERS, TRAINING: BALANCE}

TEST_NUMBERS = '''\
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.testing import exercise, near
from grader.testing.environments import ScriptedEnv


@exercise("double")
def test_double(student):
    """`double` gives twice the number."""
    assert student.double(3) == near(6)


@exercise("double", needs=("test_double",))
@given(x=st.integers(-99, 99))
def test_doubles(student, x):
    """So it does with any number, and leaves random numbers alone."""
    before = student.random_state()
    assert student.double(x) == near(2 * x)
    assert student.random_state() == before, "the same state of random numbers"


@exercise("mean")
def test_mean(student):
    """`mean` gives the mean of an array, and leaves the array alone."""
    values = student.put(np.array([1.0, 2.0, 6.0]))
    assert student.mean(values) == near(3.0)
    assert values.get() == near(np.array([1.0, 2.0, 6.0]))


@exercise("loss")
def test_loss(student):
    """`loss` has the gradient of a sum of squares."""
    weights = torch.tensor([1.0, -2.0], requires_grad=True)
    student.loss(weights).backward()
    assert weights.grad == near(torch.tensor([2.0, -4.0]))


@exercise("Pile")
def test_pile(student):
    """A pile has all that was pushed."""
    pile = student.Pile()
    pile.push(5)
    pile.push(7)
    assert len(pile) == near(2)
    assert pile.height == near(2)
    assert pile[1] == near(7)
    assert list(pile) == near([5, 7])


@exercise("Net")
def test_net(student):
    """A network has the gradient of a linear layer."""
    net = student.Net()
    net(torch.tensor([[3.0, 5.0]])).sum().backward()
    assert net.gradients()["layer.weight"] == near(torch.tensor([[3.0, 5.0]]))


@exercise("play")
def test_play(student):
    """`play` gives the rewards of an episode."""
    assert student.play(ScriptedEnv(rewards=[2.0, 3.0, 4.0])) == near(9.0)
'''

TEST_BALANCE = '''\
from grader.testing import exercise, near


@exercise("four_times")
def test_four(student):
    """`four_times` gives four times the number."""
    assert student.four_times(3) == near(12)
'''


def write(folder: Path, secrets: dict[str, str], *, due: str) -> None:
    """Write the course, with a secret in the hidden tests, in the solution and in the salt."""
    files = {
        "course.yml": COURSE.replace("DUE", due),
        "exercises/lesson1_numbers.yml": "",
        "exercises/lesson2_balance.yml": "",
        "solutions/lesson1_numbers.py": f"# {secrets['solution']}\n{NUMBERS}",
        "solutions/lesson2_balance.py": BALANCE,
        "tests/lesson1_numbers/test_numbers.py": f"# {secrets['tests']}\n{TEST_NUMBERS}",
        "tests/lesson1_numbers/chaffs.yml": "[]\n",
        "tests/lesson2_balance/test_balance.py": TEST_BALANCE,
        ".grader-salt": secrets["salt"] + "\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / ".grader-salt").chmod(0o600)
    build(load(folder))
