"""The vocabulary of hidden properties; ordinary pytest and hypothesis do the rest.

A property never mentions the boundary: it calls ``student.f(...)`` and asserts. Two conventions make its failure
readable: the student's value stands on the left of a comparison, and an assertion that is not a comparison carries a
message that says, in words, what is needed.

- ``near``: comparison to float32 accuracy that also compares shapes.
- ``arrays``: arrays that are read-only, or not contiguous.
- ``tables``: lists and tables of plain numbers that are cheap to draw.
- ``environments``: environments and policies that play from a script.
- ``shown``: shows several steps of a property as one call in its counterexample.
- ``networks``: such steps about networks, and networks with weights that can be made again.
- ``draws``: such steps about random choices.
- ``buffers``: such steps about replay buffers.
- ``chance``: sees if the random numbers that everybody shares were left alone.

To add an environment that properties hand to a student's code, with ``ScriptedEnv`` as the example:

1. Write it in ``environments.py``, with Box, Discrete or MultiDiscrete spaces. It stays in the grader's process: the
   student's side has a stand-in (``grader/student/lent.py``) that can reset, step, render and close it, and no more.
2. Let it draw from generators that have seeds, before the first ``reset(seed=…)`` too, or no example can be played a
   second time. Let it write down wrong actions instead of raising errors, and let any loop come to an end.
3. Let ``__repr__`` and ``__str__`` be the code that makes it again, as new: counterexamples show and import it.
4. Test it as ``tests/grader/testing/test_environments.py`` does: Gymnasium's ``check_env``, and that its code makes it
   again.
5. Use it in a property: hand it to ``student.f(env)``, then compare the answer with what the environment wrote down.
   Docstrings of stubs may use it too, for students have this room. A file of its own has to be named in ``ROOTS`` of
   ``grader/release/modules.py`` for that.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest

from grader.testing.arrays import read_only, strided
from grader.testing.near import Near, near

__all__ = ["Alike", "Near", "exercise", "near", "read_only", "strided"]

Alike = Literal["values", "compared", "places", "draws"]
"""What two programs that break a law in the same way have in common; see ``exercise``."""


def exercise(name: str, *, needs: tuple[str, ...] = (), weight: float = 1.0, alike: Alike = "values") -> Any:
    """Mark what a property judges.

    Args:
        name: the exercise, as course.yml calls it.
        needs: properties of the same file without which this one says nothing: it is skipped when one of them fails.
        weight: its share of the exercise's points, in relation to the exercise's other properties.
        alike: how a misconception is recognised by this property. ``values``: it fails in the same examples, at the
            same line of the test, with the same value, which is the left side of the comparison and the last answer.
            ``compared``: the left side of the comparison alone, where answers before it, such as a network's first
            weights, are each program's own. ``places``: no value matters. ``draws``: nor does it matter in which
            examples, as luck decides that.
    """
    return pytest.mark.exercise(name, needs=needs, weight=weight, alike=alike)
