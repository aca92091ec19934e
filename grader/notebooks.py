"""Lessons as notebooks: made from a lesson's text and solution, and checked while a learner works in them.

In a notebook, ``from grader.notebooks import checks_for`` is all that a learner needs from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.learner.notebook import Checks


def checks_for(lesson: str) -> Checks:
    """Return the checks of a lesson for the calling notebook, in which earlier lessons can be imported from then on.

    >>> check = checks_for("lesson1_agent_loop")
    >>> check("run_episode")  # one exercise
    >>> check()  # the whole lesson
    >>> check.hint("run_episode")
    """
    from grader.learner.notebook import Checks

    return Checks(lesson)
