"""The rungs of the probe ladder, as data: tiny worlds, and what of ``train`` each question in them needs.

A rung asks for one thing: in its situations the right action can only be learnt by a ``train`` of which that one part
is right. What wrong programs do there was measured (``grader probes``), and so was that right ones pass. The idea of
environments that need one part each is Andy Jones's ("Debugging RL, without the agonizing pain", 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grader.training.situations import (
    Outcome,
    Situation,
    choice,
    cut_off_in,
    ends_in,
    leads_to,
    pays,
    whatever,
)


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
    """The policy takes the right action in all of these situations."""

    def __init__(self, *situations: str) -> None:
        self.situations = situations

    def holds(self, answers: Answers) -> bool:
        """Whether it does."""
        return all(answers.chosen(each) == 0 for each in self.situations)


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
        length: see ``World``.
        alike: see ``World``.
        odd_copy: see ``World``.
        quiet_resets: see ``World``.
    """

    situations: Mapping[str, Situation]
    steps: int
    rungs: tuple[Rung, ...]
    least: int = 1
    length: int = 0
    alike: bool = False
    odd_copy: bool = False
    quiet_resets: bool = False


def _scaled(situations: Mapping[str, Situation], factor: float) -> dict[str, Situation]:
    """The same world with other rewards."""

    def smaller(situation: Situation) -> Situation:
        first, second, third = (replace(each, pays=each.pays * factor) for each in situation.outcomes)
        return replace(situation, outcomes=(first, second, third))

    return {name: smaller(situation) for name, situation in situations.items()}


# The worlds.

_SIGNS = ("sign 1", "sign 2", "sign 3", "sign 4")
_SAME = ("same 1", "same 2", "same 3")
_OFFSETS = ("offset 1", "offset 2", "offset 3")
_FINE = ("fine 1", "fine 2", "fine 3")

# Episodes end with the observation of another of these situations, so that it does not matter which one is learnt from.
_ALIKE = {
    name: choice(Outcome(2.0, to=other), Outcome(0.0, to=other))
    for name, other in zip(_SAME, (*_SAME[1:], _SAME[0]), strict=True)
}

_SEEN = {name: choice(pays(1.0), pays(0.0)) for name in _SIGNS}

_AMOUNTS = {
    "large": choice(pays(6.0), pays(3.0), pays(1.0)),
    "larger": choice(pays(5.0), pays(3.0), pays(2.0)),
    "small": choice(pays(0.9), pays(0.2)),
    "smaller": choice(pays(0.8), pays(0.1)),
}

_LATER = {
    # Something better comes later; something worse does.
    "promise": choice(leads_to("hall"), pays(3.0), pays(0.0), starts=1.5),
    "hall": choice(pays(6.0), pays(0.0), starts=0.5),
    "dead end": choice(pays(1.0), leads_to("cellar"), pays(0.0), starts=1.5),
    "cellar": whatever(pays(0.0), starts=0.3),
}

_ENDS = {
    "treasure": whatever(pays(8.0), starts=1.5),
    # The episode is cut off at the treasure, so its worth counts; it terminates there, so it does not.
    "door": choice(cut_off_in("treasure"), pays(3.0), pays(0.0), starts=1.5),
    "trap": choice(pays(3.0), ends_in("treasure"), pays(0.0), starts=1.5),
}

_BETWEEN = {
    # What is cut off in the yard loses 3 there. Only the next episode, which begins elsewhere, is worth more.
    "gate": choice(pays(-1.0), cut_off_in("yard"), pays(-5.0), starts=2.5),
    "yard": whatever(pays(-3.0), starts=0.4),
}

_FINE_WORLD = {name: choice(pays(3.0), pays(2.8), pays(2.6), starts=1.5) for name in _FINE}


# The rungs of lesson 6.

_REWARD = Rung(
    "reward",
    "which of three actions pays, where the same one always does",
    "Nothing is learnt from rewards yet, even where nothing else matters. Does the update get the reward and the "
    "action of the same step and the same copy, is the loss that of this batch, and are loss.backward() and "
    "optimizer.step() called, in this order, with zero_grad before them?",
    (Picks(*_SAME),),
)
_OBSERVATION = Rung(
    "observation",
    "another action in each of four situations that look different",
    "The rewards arrive, but not at the observation that they belong to. Look at what is stored as the observation: "
    "it is the one in which the action was chosen, of the same copy - not the next one, not that of another copy.",
    (Picks(*_SIGNS),),
)
_AMOUNT = Rung(
    "amount",
    "the larger of several rewards, above 1 and below 1",
    "That something is paid is learnt, but not how much. Is the reward clipped, rounded, or put into an array of "
    "whole numbers somewhere?",
    (Picks("large", "larger", "small", "smaller"),),
)

DEEP_Q_LEARNING = (
    Stage(_ALIKE, 3_400, (_REWARD,), least=2, alike=True, odd_copy=True, quiet_resets=True),
    Stage(
        {**_SEEN, **_AMOUNTS, **_LATER, **_ENDS, **_BETWEEN},
        6_000,
        (
            _OBSERVATION,
            _AMOUNT,
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. Look at the next observation and at the flag that "
                "are stored (of this copy, of this step), at γ, and at whether the target network follows.",
                (Picks("promise", "hall", "dead end"),),
            ),
            Rung(
                "truncation",
                "that an episode that was cut off could have gone on",
                "A truncated episode is taken for one that is over. Only `terminated` says that nothing follows; look "
                "at the flag that is stored.",
                (Picks("door"),),
            ),
            Rung(
                "termination",
                "that nothing follows a termination",
                "What would come after the end of an episode is counted, although nothing comes. Look at the flag "
                "that is stored: is it `terminated` of this step?",
                (Picks("trap"),),
            ),
            Rung(
                "between episodes",
                "nothing from the step that only resets a copy",
                "The step after an episode's last one is learnt from. It only shows the first observation of the next "
                "episode and is no transition: leave out the copies that were over.",
                (Picks("gate"),),
            ),
        ),
        quiet_resets=True,
    ),
    Stage(
        _scaled({**_SEEN, **_AMOUNTS, **_LATER, **_FINE_WORLD}, 0.1),
        6_000,
        (
            Rung(
                "gradient",
                "the same from small rewards, which have small gradients",
                "With small gradients the updates go astray. Each update has to follow the gradient of its own batch "
                "alone: is there a zero_grad before each backward, and a batch of the usual size?",
                (Picks(*_SIGNS, "large", "small", "promise", "dead end"),),
            ),
        ),
        quiet_resets=True,
    ),
)

# The rungs of lesson 3.

_TABLE_LATER = {
    **_LATER,
    "promise": choice(leads_to("hall"), pays(2.0), pays(0.0), starts=1.5),
}

_CHAIN = {
    # Four steps away: a discount of 0.5 leaves a sixteenth.
    "patience": choice(leads_to("room 1"), pays(3.0), pays(0.0), starts=1.5),
    "room 1": whatever(leads_to("room 2"), starts=0.5),
    "room 2": whatever(leads_to("room 3"), starts=0.5),
    "room 3": whatever(leads_to("room 4"), starts=0.5),
    "room 4": whatever(pays(6.0), starts=0.5),
}

Q_LEARNING = (
    Stage(
        {**_ALIKE, "idle": whatever(pays(0.0))},
        1_000,
        (
            Rung(
                "exploring",
                "to try all actions where it knows nothing yet",
                "Some actions are never tried. The action has to come from `epsilon_greedy`, from the values of the "
                "state that the agent is in, with the epsilon of this step and the one generator of the run.",
                (Undecided("idle", 0.9),),
            ),
            Rung(
                _REWARD.name,
                _REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Is the update "
                "called at every step, the last one of an episode too, with the reward as it came, the action that "
                "was taken, and the table itself, and does the policy take the best action of it?",
                _REWARD.checks,
            ),
        ),
        least=2,
        alike=True,
    ),
    Stage(
        {**_SEEN, **_AMOUNTS, **_TABLE_LATER, **_ENDS, **_CHAIN},
        8_000,
        (
            Rung(
                "observation",
                _OBSERVATION.needs,
                "The rewards arrive, but not at the state that they belong to. The update needs the state in which "
                "the action was chosen, then the one that it led to; and the agent chooses by the state that it is in.",
                _OBSERVATION.checks,
            ),
            Rung(
                "amount",
                _AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is the reward clipped or rounded somewhere, or "
                "is the first action that pays never compared with others (an epsilon of 0)?",
                (*_AMOUNT.checks, Tries("large")),
            ),
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. Look at the next state, the flag and γ of the "
                "update.",
                (Picks("promise", "hall", "dead end"),),
            ),
            Rung(
                "truncation",
                "that an episode that was cut off could have gone on",
                "A truncated episode is taken for one that is over. Only `terminated` says that nothing follows.",
                (Picks("door"),),
            ),
            Rung(
                "termination",
                "that nothing follows a termination",
                "What would come after the end of an episode is counted, although nothing comes. Is the flag of the "
                "update `terminated` of this step?",
                (Picks("trap"),),
            ),
            Rung(
                "discount",
                "to wait four steps for a reward that is twice as large",
                "What is four steps away counts for too little. Look at γ: are α and γ in each other's place?",
                (Picks("patience"),),
            ),
        ),
    ),
)


# The rungs of lesson 8.

_OFFSET = {name: choice(pays(9.0), pays(8.5), pays(8.0), starts=1.5) for name in _OFFSETS}

_CRITIC = {
    "door": choice(cut_off_in("treasure"), pays(1.0), pays(0.0), starts=1.5),
    # A learner to which the next episode's worth flows back across the end of this one would rather end it.
    "way on": choice(cut_off_in("modest"), pays(1.0), pays(0.0), starts=1.5),
    "modest": whatever(pays(2.0), starts=0.7),
    # The treasure is worth 8, neither less nor more, and as much a step before.
    "bargain": choice(cut_off_in("treasure"), pays(6.0), pays(0.0), starts=1.5),
    "too dear": choice(pays(10.0), cut_off_in("treasure"), pays(0.0), starts=1.5),
    "porch": choice(cut_off_in("stairs"), pays(3.0), pays(0.0), starts=1.5),
    "stairs": whatever(leads_to("treasure"), starts=0.7),
}


def _patience(instead: float) -> dict[str, Situation]:
    """A reward of 6 after ten steps, on average, or less at once."""
    return {
        "patience": choice(cut_off_in("waiting room"), pays(instead), pays(0.0), starts=1.5),
        "waiting room": whatever(Outcome(6.0, waits=0.9), starts=0.5),
    }


_IDLE = {"idle": whatever(pays(0.0), starts=1.5)}


ACTOR_CRITIC = (
    Stage(
        _ALIKE,
        8_000,
        (
            Rung(
                _REWARD.name,
                _REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Does the actor's "
                "loss get the advantages of the very actions that were taken, in the live rows, with the sign as "
                "`actor_loss` gives it, and are zero_grad and backward called in this order before the step?",
                _REWARD.checks,
            ),
        ),
        least=2,
        alike=True,
        odd_copy=True,
    ),
    Stage(
        {**_SEEN, **_AMOUNTS, **_LATER, **_ENDS, **_CRITIC, **_BETWEEN, **_OFFSET, **_patience(4.3), **_IDLE},
        20_000,
        (
            Rung(
                "observation",
                _OBSERVATION.needs,
                "Rewards are learnt from, but not at the observation that they belong to. Rows of log-probabilities, "
                "advantages and returns have to be of the same step and the same copy.",
                _OBSERVATION.checks,
            ),
            Rung(
                "amount",
                _AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is a reward clipped or rounded somewhere, or "
                "does the critic learn in the wrong direction?",
                _AMOUNT.checks,
            ),
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. Look at the arguments of `generalized_advantages`, "
                "above all at values and next values, at γ, and at what the actor's loss is given.",
                (Picks("promise", "hall", "dead end"),),
            ),
            Rung(
                "truncation",
                "that an episode that was cut off could have gone on",
                "The worth of the state in which an episode was cut off does not count. Either a truncation is taken "
                "for an end (only `terminated` says that nothing follows), or the critic has not learnt what states "
                "are worth: look at the flags, then at the critic's loss and the returns that it is given.",
                (Picks("door"),),
            ),
            Rung(
                "termination",
                "that nothing follows a termination",
                "What would come after the end of an episode is counted, although nothing comes. Look at the flags "
                "that `generalized_advantages` is given, and at their order.",
                (Picks("trap", "way on"),),
            ),
            Rung(
                "between episodes",
                "nothing from the step that only resets a copy",
                "Something flows from one episode into the next one's past: a row that only resets is learnt from, or "
                "the flag `truncated` does not stop the advantages. Only live rows belong into the losses.",
                (Picks("gate"),),
            ),
            Rung(
                "value",
                "what a state is worth: neither less, nor more, nor only the next reward",
                "The critic learns other values than it should. Its target is advantage + value, of the same rows.",
                (Picks("bargain", "too dear", "porch"),),
            ),
            Rung(
                "discount",
                "to wait some ten steps for a reward that is half as large again",
                "What is ten steps away counts for too little. Look at γ: are γ and λ in each other's place?",
                (Picks("patience"),),
            ),
        ),
    ),
    Stage(
        _scaled({**_SEEN, **_AMOUNTS, **_LATER, "idle": whatever(pays(0.0), starts=4.0)}, 0.05),
        15_000,
        (
            Rung(
                "exploring",
                "no habit where it makes no difference what is done",
                "The actor becomes sure of something where there is nothing to be sure of. The entropy is a bonus: it "
                "is taken off the loss.",
                (Undecided("idle", 0.7),),
            ),
            Rung(
                "gradient",
                "the same from small rewards, which have small gradients",
                "With small gradients the updates go astray. Each update has to follow the gradient of its own rows "
                "alone: is there a zero_grad before each backward?",
                (Picks(*_SIGNS, "large", "larger", "small", "smaller", "promise", "dead end"),),
            ),
        ),
    ),
)

LADDERS: Mapping[str, tuple[Stage, ...]] = MappingProxyType(
    {"Q-learning": Q_LEARNING, "deep Q-learning": DEEP_Q_LEARNING, "actor-critic": ACTOR_CRITIC}
)
"""The ladders by their names in ``course.yml``."""
