"""Lessons as notebooks: made from a lesson's text and solution, and checked while one works in them.

In a notebook, ``from grader.notebooks import checks_for`` is all that a learner needs from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.learner.notebook import Checks


def checks_for(lesson: str) -> Checks:
    """What checks a lesson in the notebook that this is called in; earlier lessons can be imported from then on.

    >>> check = checks_for("lesson1_agent_loop")
    >>> check("run_episode")  # one exercise
    >>> check()  # the whole lesson
    >>> check.hint("run_episode")
    """
    from grader.learner.notebook import Checks

    return Checks(lesson)
