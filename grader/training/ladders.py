"""The probe ladders by the names that ``course.yml`` calls them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grader.training.critic_ladders import ACTOR_CRITIC, PPO
from grader.training.gradient_ladder import REINFORCE
from grader.training.rungs import Stage
from grader.training.value_ladders import DEEP_Q_LEARNING, Q_LEARNING

LADDERS: Mapping[str, tuple[Stage, ...]] = MappingProxyType(
    {
        "Q-learning": Q_LEARNING,
        "deep Q-learning": DEEP_Q_LEARNING,
        "policy gradients": REINFORCE,
        "actor-critic": ACTOR_CRITIC,
        "PPO": PPO,
    }
)
"""The stages of each, in their order."""
