"""The parts of a probe ladder: rungs, each with what shows whether it holds, and stages, each a world for some of them.

A rung asks for one thing: in its situations the right action can only be learnt by a ``train`` of which that one part
is right. What wrong programs do there was measured (``grader probes``), and so was that right ones pass. The idea of
environments that need one part each is Andy Jones's ("Debugging RL, without the agonizing pain", 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grader.training.situations import Situation


class Answers(Protocol):
    """The answers of one run of ``train`` in a world."""

    def chosen(self, situation: str) -> int:
        """The role of what the returned policy does in a situation: 0 for the right action, else 1 or 2."""
        ...

    def habits(self, situation: str, last: float = 0.25) -> NDArray[np.float64]:
        """The shares (3,) with which the roles were taken there in this last part of the training's visits."""
        ...


class Check(Protocol):
    """A condition that the answers of a run fulfil or not."""

    def holds(self, answers: Answers) -> bool:
        """Whether they do."""
        ...


class Picks:
    """The policy takes the right action in these situations.

    Args:
        situations: the situations.
        but: in so many of them it need not: where there are many, one or the other is bad luck.
    """

    def __init__(self, *situations: str, but: int = 0) -> None:
        self.situations, self.but = situations, but

    def holds(self, answers: Answers) -> bool:
        """Whether it does."""
        return sum(answers.chosen(each) != 0 for each in self.situations) <= self.but


class Leans:
    """Late in training the right action is taken in most of the visits, in all of these situations.

    For learners that act by the policy that learns, and return another one: a copy that once did best, maybe by luck.

    Args:
        situations: the situations.
        least: more than this share of the visits.
    """

    def __init__(self, *situations: str, least: float = 0.5) -> None:
        self.situations, self.least = situations, least

    def holds(self, answers: Answers) -> bool:
        """Whether it is."""
        return all(answers.habits(each)[0] > self.least for each in self.situations)


class Follows:
    """Some habits at least, also where chance decides what comes: what a batch says is followed a little.

    For updates that go nowhere: where all is chance, those that work are seen in habits that pass.

    Args:
        situations: those in which it makes no difference what is done.
        least: their mean share of the most frequent action is at least this; a third says that there is none.
    """

    def __init__(self, *situations: str, least: float) -> None:
        self.situations, self.least = situations, least

    def holds(self, answers: Answers) -> bool:
        """Whether there are."""
        return float(np.mean([answers.habits(each).max() for each in self.situations])) >= self.least


class Wavers:
    """Few habits where chance decides what comes: the shares of the most frequent actions are low.

    Args:
        situations: those in which it makes no difference what is done.
        most: their mean share of the most frequent action is at most this.
    """

    def __init__(self, *situations: str, most: float) -> None:
        self.situations, self.most = situations, most

    def holds(self, answers: Answers) -> bool:
        """Whether they are."""
        return float(np.mean([answers.habits(each).max() for each in self.situations])) <= self.most


@dataclass(frozen=True)
class Undecided:
    """No action becomes a habit where it makes no difference: the most frequent one has at most this share."""

    situation: str
    most: float

    def holds(self, answers: Answers) -> bool:
        """Whether none has."""
        return float(answers.habits(self.situation).max()) <= self.most


@dataclass(frozen=True)
class Tries:
    """More than one action was tried where every one pays."""

    situation: str

    def holds(self, answers: Answers) -> bool:
        """Whether one was."""
        return float(answers.habits(self.situation, last=1.0).max()) < 1.0


@dataclass(frozen=True)
class Rung:
    """One part of ``train``, and what shows whether it is right.

    Attributes:
        name: in a word or two.
        needs: what is asked; it ends the sentence "it learns ...".
        means: what is wrong if it is the first rung that fails, and where to look.
        checks: all of them have to hold.
    """

    name: str
    needs: str
    means: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Stage:
    """A world, and the rungs that one run in it decides.

    Attributes:
        situations: of the world, by name.
        steps: the budget of the run.
        rungs: in their order.
        least: so many runs have to pass before all rungs have passed: two where one action may be right by luck.
        alike: see ``World``.
        odd_copy: see ``World``.
        quiet_resets: see ``World``.
    """

    situations: Mapping[str, Situation]
    steps: int
    rungs: tuple[Rung, ...]
    least: int = 1
    alike: bool = False
    odd_copy: bool = False
    quiet_resets: bool = False
