"""Lessons as notebooks: made from a lesson's text and solution, checked while one works in them, read when handed in.

In a notebook, ``from grader.notebooks import checks_for`` is all that a learner needs from here.
"""

from __future__ import annotations
