"""The worlds that several probe ladders share, and the rungs whose question is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from grader.training.rungs import Picks, Rung
from grader.training.situations import Outcome, Situation, choice, cut_off_in, ends_in, leads_to, pays, whatever


def scaled(situations: Mapping[str, Situation], factor: float) -> dict[str, Situation]:
    """The same world with other rewards."""

    def smaller(situation: Situation) -> Situation:
        first, second, third = (replace(each, pays=each.pays * factor) for each in situation.outcomes)
        return replace(situation, outcomes=(first, second, third))

    return {name: smaller(situation) for name, situation in situations.items()}


SIGNS = ("sign 1", "sign 2", "sign 3", "sign 4")
SAME = ("same 1", "same 2", "same 3")
OFFSETS = ("offset 1", "offset 2", "offset 3")
FINE = ("fine 1", "fine 2", "fine 3")

# Episodes end with the observation of another of these situations, so that it does not matter which one is learnt from.
ALIKE = {
    name: choice(Outcome(2.0, to=other), Outcome(0.0, to=other))
    for name, other in zip(SAME, (*SAME[1:], SAME[0]), strict=True)
}

SEEN = {name: choice(pays(1.0), pays(0.0)) for name in SIGNS}

AMOUNTS = {
    "large": choice(pays(6.0), pays(3.0), pays(1.0)),
    "larger": choice(pays(5.0), pays(3.0), pays(2.0)),
    "small": choice(pays(0.9), pays(0.2)),
    "smaller": choice(pays(0.8), pays(0.1)),
}

LATER = {
    # Something better comes later; something worse does.
    "promise": choice(leads_to("hall"), pays(3.0), pays(0.0), starts=1.5),
    "hall": choice(pays(6.0), pays(0.0), starts=0.5),
    "dead end": choice(pays(1.0), leads_to("cellar"), pays(0.0), starts=1.5),
    "cellar": whatever(pays(0.0), starts=0.3),
}

ENDS = {
    "treasure": whatever(pays(8.0), starts=1.5),
    # The episode is cut off at the treasure, so its worth counts; it terminates there, so it does not.
    "door": choice(cut_off_in("treasure"), pays(3.0), pays(0.0), starts=1.5),
    "trap": choice(pays(3.0), ends_in("treasure"), pays(0.0), starts=1.5),
}

BETWEEN = {
    # What is cut off in the yard loses 3 there. Only the next episode, which begins elsewhere, is worth more.
    "gate": choice(pays(-1.0), cut_off_in("yard"), pays(-5.0), starts=2.5),
    "yard": whatever(pays(-3.0), starts=0.4),
}

FINE_WORLD = {name: choice(pays(3.0), pays(2.8), pays(2.6), starts=1.5) for name in FINE}

REWARD = Rung(
    "reward",
    "which of three actions pays, where the same one always does",
    "Nothing is learnt from rewards yet, even where nothing else matters. Does the update get the reward and the "
    "action of the same step and the same copy, is the loss that of this batch, and are loss.backward() and "
    "optimizer.step() called, in this order, with zero_grad before them?",
    (Picks(*SAME),),
)
OBSERVATION = Rung(
    "observation",
    "another action in each of four situations that look different",
    "The rewards arrive, but not at the observation that they belong to. Look at what is stored as the observation: "
    "it is the one in which the action was chosen, of the same copy - not the next one, not that of another copy.",
    (Picks(*SIGNS),),
)
AMOUNT = Rung(
    "amount",
    "the larger of several rewards, above 1 and below 1",
    "That something is paid is learnt, but not how much. Is the reward clipped, rounded, or put into an array of "
    "whole numbers somewhere?",
    (Picks("large", "larger", "small", "smaller"),),
)
