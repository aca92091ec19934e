"""The probe ladders of learners that have a policy and a critic: actor-critic and PPO."""

from __future__ import annotations

from grader.training.rungs import Follows, Leans, Picks, Rung, Stage, Undecided, Wavers
from grader.training.situations import Outcome, Situation, choice, cut_off_in, ends_in, leads_to, pays, whatever
from grader.training.worlds import (
    ALIKE,
    AMOUNT,
    AMOUNTS,
    ENDS,
    LATER,
    OBSERVATION,
    OFFSETS,
    REWARD,
    SEEN,
    SIGNS,
    scaled,
)

# Lesson 8.

# What is right in the trap is right everywhere, so this needs no observation either.
_ALIKE = {**ALIKE, "trap": choice(pays(1.0), ends_in("treasure"), pays(0.0)), "treasure": ENDS["treasure"]}

_OFFSET = {name: choice(pays(9.0), pays(8.5), pays(8.0), starts=1.5) for name in OFFSETS}

_CRITIC = {
    "door": choice(cut_off_in("treasure"), pays(1.0), pays(0.0), starts=1.5),
    "way on": choice(cut_off_in("modest"), pays(1.0), pays(0.0), starts=1.5),
    "modest": whatever(pays(2.0), starts=0.7),
    # The treasure is worth 8, neither less nor more, and as much a step before.
    "bargain": choice(cut_off_in("treasure"), pays(6.5), pays(0.0), starts=1.5),
    "too dear": choice(pays(10.0), cut_off_in("treasure"), pays(0.0), starts=1.5),
    "porch": choice(cut_off_in("stairs"), pays(3.0), pays(0.0), starts=1.5),
    "stairs": whatever(leads_to("treasure"), starts=0.7),
}


# As `BETWEEN`, with a yard that is worse and seldom seen: a critic that overrates it a little is not blamed here.
_GATE = {
    "gate": choice(pays(1.0), cut_off_in("yard"), pays(-5.0), starts=2.5),
    "yard": whatever(pays(-4.0), starts=0.1),
}


def _patience(instead: float, starts: float = 0.5) -> dict[str, Situation]:
    """A reward of 6 after ten steps, on average, or less at once; and how often episodes begin with the waiting."""
    return {
        "patience": choice(cut_off_in("waiting room"), pays(instead), pays(0.0), starts=1.5),
        "waiting room": whatever(Outcome(6.0, waits=0.9), starts=starts),
    }


_IDLE = {"idle": whatever(pays(0.0), starts=1.5)}

# No episode is cut off here, so what the critic says makes next to no difference: what is asked is the actor's part.
_UNCUT = {**SEEN, **AMOUNTS, **LATER, **_IDLE}


_TERMINATION = Rung(
    "termination",
    "that nothing follows a termination",
    "What would come after the end of an episode is counted, although nothing comes. Look at the flags that "
    "`generalized_advantages` is given, and at their order.",
    (Picks("trap"),),
)
_BETWEEN_EPISODES = Rung(
    "between episodes",
    "nothing from the step that only resets a copy",
    "Something flows from one episode into the next one's past: a row that only resets is learnt from, or the flag "
    "`truncated` does not stop the advantages, or what is taken away from a step's outcome is not the value of the "
    "state in which it was made. Only live rows belong into the losses, and `values` come before `next_values`.",
    (Picks("gate"),),
)
_DECIDED = Rung(
    "decided",
    "to do nearly always what pays 6 where the other actions pay nothing",
    "What pays is known, and the actor goes on as if all actions were alike. The entropy is a small bonus: look at its "
    "weight in the loss, and at the actor's share.",
    # Who maximizes reward + entropy takes this action in 48 % of the visits; else it is nearly all of them.
    (Leans("hall", least=0.6),),
)
_VALUE = Rung(
    "value",
    "what a state is worth: neither less, nor only the next reward",
    "The critic learns other values than it should. Its target is advantage + value, of the same rows.",
    (Picks("bargain", "porch", "way on"),),
)
_CEILING = Rung(
    "ceiling",
    "what a state is worth, and not more",
    "The critic learns values that are too large: something is added to its targets that does not follow. They are "
    "advantage + value, of the same rows, and nothing else.",
    (Picks("too dear"),),
)
_DISCOUNT = Rung(
    "discount",
    "to wait some ten steps for a reward that is much larger",
    "What is ten steps away counts for too little. Look at γ: are γ and λ in each other's place?",
    (Picks("patience"),),
)

ACTOR_CRITIC = (
    Stage(
        _ALIKE,
        12_000,
        (
            Rung(
                REWARD.name,
                REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Does the actor's "
                "loss get the advantages of the very actions that were taken, in the live rows, with the sign as "
                "`actor_loss` gives it, and are zero_grad and backward called in this order before the step?",
                REWARD.checks,
            ),
            _TERMINATION,
        ),
        least=2,
        alike=True,
        odd_copy=True,
    ),
    Stage(
        _UNCUT,
        12_000,
        (
            Rung(
                "observation",
                OBSERVATION.needs,
                "Rewards are learnt from, but not at the observation that they belong to. Rows of log-probabilities, "
                "advantages and returns have to be of the same step and the same copy. And the critic's loss is to "
                "become smaller.",
                OBSERVATION.checks,
            ),
            Rung(
                "amount",
                AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is a reward clipped or rounded somewhere?",
                AMOUNT.checks,
            ),
            _DECIDED,
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. Look at the arguments of `generalized_advantages`, "
                "above all at values and next values, at γ, and at what the actor's loss is given.",
                (Picks("promise", "hall", "dead end"),),
            ),
        ),
    ),
    Stage(
        {**SEEN, **ENDS, **_CRITIC, **_GATE, **_OFFSET, **_patience(4.3), **_IDLE},
        20_000,
        (
            Rung(
                "truncation",
                "that an episode that was cut off could have gone on",
                "The worth of the state in which an episode was cut off does not count. Either a truncation is taken "
                "for an end (only `terminated` says that nothing follows), or the critic has not learnt what states "
                "are worth: look at the flags, then at the critic's loss and the returns that it is given.",
                (Picks("door"),),
            ),
            # Asked first: what is added to the values, or flows across the end of an episode, shows in the others, too.
            _CEILING,
            _BETWEEN_EPISODES,
            _VALUE,
            _DISCOUNT,
        ),
    ),
    Stage(
        scaled({**SEEN, **AMOUNTS, **LATER, "idle": whatever(pays(0.0), starts=4.0)}, 0.05),
        15_000,
        (
            Rung(
                "exploring",
                "no habit where it makes no difference what is done",
                "The actor becomes sure of something where there is nothing to be sure of. The entropy is a bonus: it "
                "is taken off the loss.",
                (Undecided("idle", 0.92),),
            ),
            Rung(
                "gradient",
                "the same from small rewards, which have small gradients",
                "With small gradients the updates go astray. Each update has to follow the gradient of its own rows "
                "alone: is there a zero_grad before each backward?",
                (Picks(*SIGNS, "large", "larger", "small", "smaller", "promise", "dead end", but=1),),
            ),
        ),
    ),
)


# Lesson 9. The worlds of lesson 8, and what its clip is for.

_MORE_DOORS = {
    "door 2": choice(cut_off_in("vault"), pays(1.5), pays(0.0), starts=1.5),
    "vault": whatever(pays(4.0)),
}

_STEPS_APART = {name: choice(pays(9.0), pays(7.5), pays(6.0), starts=1.5) for name in OFFSETS}

_WHEELS = tuple(f"wheel {i}" for i in range(1, 7))

# A wheel leads to whatever comes, good or bad: what a batch says about its actions is chance. Who follows each batch as
# far as it goes makes a habit of it.
_CHANCE = {
    **{name: whatever(Outcome(to="", ends="")) for name in _WHEELS},
    "good": whatever(pays(5.0), starts=2.0),
    "bad": whatever(pays(-5.0), starts=2.0),
}

PPO = (
    Stage(
        _ALIKE,
        8_000,
        (
            Rung(
                REWARD.name,
                REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Does the actor's "
                "loss get the log-probabilities of the very actions that were taken, first those of now and then the "
                "old ones, and the advantages of the same rows, those of this minibatch? Is its sign as "
                "`clipped_surrogate_loss` gives it, and are zero_grad, backward and step called in this order?",
                REWARD.checks,
            ),
            _TERMINATION,
        ),
        least=2,
        alike=True,
        odd_copy=True,
    ),
    Stage(
        SEEN,
        6_000,
        (
            Rung(
                "observation",
                OBSERVATION.needs,
                "Rewards are learnt from, but not at the observation that they belong to, or something works against "
                "it. All rows of a minibatch have to be of the same step and the same copy; so do the arguments of "
                "`generalized_advantages`: values, next values, and the two flags in their order. The critic's loss is "
                "to become smaller, and the entropy is a small bonus: look at their signs and weights in the loss.",
                # All advantages have a spread of 1 here, so a habit that stays weak says that something works against
                # it: with an entropy weight of 1 the right actions are taken in 69 to 78 % of the visits, else in 98.
                (*OBSERVATION.checks, Leans(*SIGNS, least=0.85)),
            ),
        ),
    ),
    # Before the large world, in which programs that overshoot fail at one rung or another.
    Stage(
        _CHANCE,
        14_000,
        (
            Rung(
                "caution",
                "little from one batch, where chance decides what comes",
                "The policy follows each batch as far as it leads, and makes a habit of chance. Is the ratio one to "
                "the *old* log-probabilities, which stay as they are through all epochs, and is the clip the actor's "
                "(0.2 or so) and not the critic's?",
                (Wavers(*_WHEELS, most=0.8),),
            ),
            Rung(
                "ratio",
                "something from each batch, all the same",
                "What pays is found where it is plain, but an update goes almost nowhere. The ratio compares what the "
                "policy says now with what the *old* one said of the same row: are the old log-probabilities those of "
                "this minibatch, and do they and the advantages stand in their places in the actor's loss?",
                (Follows(*_WHEELS, least=0.42),),
            ),
        ),
    ),
    Stage(
        _UNCUT,
        12_000,
        (
            Rung(
                "amount",
                AMOUNT.needs,
                "That something is paid is learnt, but not how much. Is a reward clipped or rounded somewhere?",
                AMOUNT.checks,
            ),
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. Look at the arguments of `generalized_advantages`, "
                "above all at values and next values, and at γ.",
                (Picks("promise", "hall", "dead end"),),
            ),
        ),
    ),
    Stage(
        {**SEEN, **ENDS, **_CRITIC, **_MORE_DOORS, **_GATE, **_STEPS_APART, **_IDLE},
        16_000,
        (
            Rung(
                "truncation",
                "that an episode that was cut off could have gone on",
                "The worth of the state in which an episode was cut off does not count. Either a truncation is taken "
                "for an end (only `terminated` says that nothing follows), or the critic has not learnt what states "
                "are worth: look at the flags, then at `clipped_value_loss`: values of now, old values, and returns, "
                "which are advantage + value, all of this minibatch.",
                (Picks("door", "door 2"),),
            ),
            # Asked first: what is added to the values, or flows across the end of an episode, shows in the others, too.
            _CEILING,
            _BETWEEN_EPISODES,
            _VALUE,
            Rung(
                "baseline",
                "the best of three actions that all pay well",
                "Where every action pays, whatever is tried first becomes a habit. The actor needs the advantages: "
                "what an action was worth beyond what the critic expected, and not the returns.",
                (Picks(*OFFSETS),),
            ),
        ),
    ),
    # What is in the waiting room has to be learnt before a policy as quick as this one has settled for less.
    Stage(
        {**SEEN, **AMOUNTS, **_patience(3.0, starts=1.5)},
        12_000,
        (_DISCOUNT,),
    ),
)
