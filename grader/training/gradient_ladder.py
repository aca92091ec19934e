"""The probe ladder of learners that have a policy and nothing else: policy gradients."""

from __future__ import annotations

from grader.training.rungs import Leans, Picks, Rung, Stage
from grader.training.situations import Outcome, choice, leads_to, pays, whatever
from grader.training.worlds import (
    ALIKE,
    AMOUNTS,
    OBSERVATION,
    REWARD,
    SAME,
    SEEN,
    SIGNS,
)

# Lesson 7. A batch is one episode of each copy, so the worlds are small: with many situations a batch would say little
# about any of them. Nothing is learnt there from a state's worth, and what came before an action only adds noise.

# Apart from each other: beside rewards of 6, one of 0.9 is as bad as one of 0.2, and REINFORCE settles on either.
_LARGE = {name: AMOUNTS[name] for name in ("large", "larger")}
_SMALL = {name: AMOUNTS[name] for name in ("small", "smaller")}

_AFTER = {
    "promise": choice(leads_to("hall"), pays(2.0), pays(0.0), starts=1.5),
    "hall": whatever(pays(4.0), starts=0.3),
    "dead end": choice(pays(2.0), leads_to("cellar"), pays(0.0), starts=1.5),
    "cellar": whatever(pays(0.0), starts=0.3),
}

# What is earned before the fork is twenty times as much as what is decided there, of either sign.
_BEFORE = {
    **{
        f"{kind} {i}": whatever(leads_to(f"fork {i}", reward), starts=0.7)
        for i in (1, 2)
        for kind, reward in (("rich", 60.0), ("poor", -60.0))
    },
    **{f"fork {i}": choice(pays(3.0), pays(0.0), starts=0.1) for i in (1, 2)},
}

_ALL_PAY = {f"all pay {i}": choice(pays(20.0), pays(19.0), pays(18.0)) for i in range(1, 5)}

# Who ends an episode early has the copy's next ones in the same batch.
_WALK = {
    "quick": choice(leads_to("walk 1"), pays(1.0), pays(0.0), starts=1.5),
    "walk 1": whatever(leads_to("walk 2")),
    "walk 2": whatever(leads_to("walk 3")),
    "walk 3": whatever(pays(2.0)),
    "plenty": whatever(pays(5.0), starts=2.0),
}

_CUT = {
    **{f"cut {i}": choice(pays(1.0), Outcome(ends="truncated"), pays(-1.0), starts=1.5) for i in (1, 2)},
    "plenty": whatever(pays(4.0), starts=2.0),
}

REINFORCE = (
    Stage(
        ALIKE,
        4_000,
        (
            Rung(
                REWARD.name,
                REWARD.needs,
                "Nothing is learnt from rewards yet, even where the same action is right everywhere. Is each "
                "log-probability that of the action which that copy took, and does the return of the same step and "
                "the same copy stand beside it? Is the reward of the step itself in its return, is the sign that of "
                "`policy_gradient_loss`, and are zero_grad and backward called in this order before the step? Does a "
                "batch come to its end: is an episode over when it is terminated or truncated?",
                (Leans(*SAME),),
            ),
        ),
        least=2,
        alike=True,
        odd_copy=True,
    ),
    Stage(
        ALIKE,
        3_000,
        (
            Rung(
                "best",
                "something, and hands back what it has learnt",
                "What acts during the training has learnt it, but the policy that is returned does otherwise. Is the "
                "one kept that earned most, and does it take the likeliest action?",
                (Picks(*SAME),),
            ),
        ),
        least=2,
        alike=True,
    ),
    Stage(
        SEEN,
        5_000,
        (
            Rung(
                "observation",
                OBSERVATION.needs,
                "The rewards arrive, but not at the observation that they belong to. Log-probabilities and returns "
                "have to be of the same step and the same copy, and each action comes from what its copy shows now.",
                (Leans(*SIGNS),),
            ),
        ),
    ),
    Stage(
        _LARGE,
        5_000,
        (
            Rung(
                "amount",
                "the largest of several rewards above 1",
                "That something is paid is learnt, but not how much. Is a reward clipped somewhere, or only its sign "
                "kept?",
                (Leans(*_LARGE),),
            ),
        ),
    ),
    Stage(
        _SMALL,
        4_000,
        (
            Rung(
                "fraction",
                "the larger of two rewards below 1",
                "What stands behind the point is lost. Are rewards or returns put into an array of whole numbers?",
                (Leans(*_SMALL),),
            ),
        ),
    ),
    Stage(
        _AFTER,
        8_000,
        (
            Rung(
                "later",
                "to wait a step for a larger reward, and not for none",
                "What comes after a step is not handed back to it. The return of a step is its reward plus γ times the "
                "return of the step after it; so the loop over the steps runs backwards, and keeps that return.",
                (Leans("promise", "dead end"),),
            ),
        ),
    ),
    Stage(
        _BEFORE,
        10_000,
        (
            Rung(
                "return to go",
                "nothing from what was earned before",
                "An action gets the credit for what came before it, which only makes noise. Each step needs the "
                "return from there on, not that of the whole episode, beside the log-probability of the same step.",
                (Leans("fork 1", "fork 2", least=0.75),),
            ),
        ),
    ),
    Stage(
        _ALL_PAY,
        8_000,
        (
            Rung(
                "baseline",
                "the best of three actions that all pay well",
                "Where every action pays, whatever is tried first becomes a habit: it is not compared with what is "
                "usual. Are the returns standardized, all of the batch together, before they go into the loss?",
                (Leans(*_ALL_PAY),),
            ),
        ),
    ),
    Stage(
        _WALK,
        12_000,
        (
            Rung(
                "between episodes",
                "nothing from the next episode",
                "What a copy earns in its next episode counts for the one that is over. After an episode's end the "
                "rewards of that copy are nobody's, until a new batch begins.",
                (Leans("quick"),),
            ),
        ),
    ),
    Stage(
        _CUT,
        8_000,
        (
            Rung(
                "truncation",
                "that an episode that was cut off is over",
                "An episode that was truncated is taken for one that goes on, and gets what the next one earns. It is "
                "over when it is terminated or truncated.",
                (Leans("cut 1", "cut 2"),),
            ),
        ),
    ),
)
