"""The probe ladders of learners that have a value for every action: Q-learning and deep Q-learning."""

from __future__ import annotations

from grader.training.rungs import Picks, Rung, Stage, Tries, Undecided
from grader.training.situations import Outcome, choice, leads_to, pays, whatever
from grader.training.worlds import (
    ALIKE,
    AMOUNT,
    AMOUNTS,
    BETWEEN,
    ENDS,
    FINE_WORLD,
    LATER,
    OBSERVATION,
    REWARD,
    SAME,
    SEEN,
    SIGNS,
    scaled,
)

# Lesson 6.

# As `ALIKE`, on both sides of what a network says at first: who goes away from the targets goes the wrong way for sure.
_ALIKE = {
    name: choice(Outcome(1.6, to=other), Outcome(-0.4, to=other))
    for name, other in zip(SAME, (*SAME[1:], SAME[0]), strict=True)
}

# Nearer to each other than those that all ladders ask for: what one row of a batch says is not enough to tell them.
_MIDDLING = {f"middling {i}": choice(pays(i + 2.0), pays(i + 1.0), pays(i)) for i in (0.5, 1.0, 1.5, 2.0)}

DEEP_Q_LEARNING = (
    Stage(
        _ALIKE,
        3_400,
        (
            Rung(
                REWARD.name,
                REWARD.needs,
                f"{REWARD.means} Does the target network follow the Q-network, and not the other way round?",
                REWARD.checks,
            ),
        ),
        least=2,
        alike=True,
        odd_copy=True,
        quiet_resets=True,
    ),
    Stage(
        {**SEEN, **AMOUNTS, **_MIDDLING, **LATER, **ENDS, **BETWEEN},
        6_000,
        (
            OBSERVATION,
            Rung(
                AMOUNT.name,
                AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is the reward clipped, rounded, or put into an "
                "array of whole numbers somewhere? Or is the batch of an update too small to tell?",
                (*AMOUNT.checks, Picks(*_MIDDLING)),
            ),
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
        scaled({**SEEN, **AMOUNTS, **LATER, **FINE_WORLD}, 0.1),
        6_000,
        (
            Rung(
                "gradient",
                "the same from small rewards, which have small gradients",
                "With small gradients the updates go astray. Each update has to follow the gradient of its own batch "
                "alone: is there a zero_grad before each backward, and a batch of the usual size?",
                (Picks(*SIGNS, "large", "small", "promise", "dead end"),),
            ),
        ),
        quiet_resets=True,
    ),
)

# Lesson 3.

_TABLE_LATER = {
    **LATER,
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
        {**ALIKE, "idle": whatever(pays(0.0))},
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
                REWARD.name,
                REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Is the update "
                "called at every step, the last one of an episode too, with the reward as it came, the action that "
                "was taken, and the table itself, and does the policy take the best action of it?",
                REWARD.checks,
            ),
        ),
        least=2,
        alike=True,
    ),
    Stage(
        {**SEEN, **AMOUNTS, **_TABLE_LATER, **ENDS, **_CHAIN},
        8_000,
        (
            Rung(
                "observation",
                OBSERVATION.needs,
                "The rewards arrive, but not at the state that they belong to. The update needs the state in which "
                "the action was chosen, then the one that it led to; and the agent chooses by the state that it is in.",
                OBSERVATION.checks,
            ),
            Rung(
                "amount",
                AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is the reward clipped or rounded somewhere, or "
                "is the first action that pays never compared with others (an epsilon of 0)?",
                (*AMOUNT.checks, Tries("large")),
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
