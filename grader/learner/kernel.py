"""A notebook's own kernel as the place where code runs: its current values are judged."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from grader.student import inprocess
from grader.student.budget import Budget
from grader.student.inprocess import Here
from grader.student.levels import Isolation
from grader.student.limits import Limits
from grader.student.session import Session
from grader.student.tensors import is_loaded, torch

AS_IT_IS = "# what the notebook holds now\n"
"""Stands for the notebook's source, which nobody asks for: running its cells again would train again."""


class Live(Here):
    """This process, with a submission that is already loaded; other sources (a known mistake's) are loaded as usual.

    Args:
        module: the notebook's namespace.
    """

    isolation = Isolation("in this notebook")

    def __init__(self, module: ModuleType) -> None:
        """Start nothing: the kernel is running."""
        super().__init__()
        self._module = module

    def open(
        self,
        sources: dict[str, str],
        main: str,
        limits: Limits,
        *,
        record: bool = True,
        short: bool = False,
        budget: Budget | None = None,
    ) -> Session:
        """Open a session about the notebook, or about the given sources."""
        if sources[main] == AS_IT_IS:
            return inprocess.adopt(self._module, limits, record=record)
        return super().open(sources, main, limits, record=record, short=short)


@contextlib.contextmanager
def undisturbed(lessons: list[str]) -> Iterator[None]:
    """Restore the kernel's random numbers and imported lessons afterwards.

    Properties seed the global generators, and a known mistake is loaded under the lesson's own name.
    """
    state, numpy_state = random.getstate(), np.random.get_state()
    torch_state = torch.get_rng_state() if is_loaded() else None
    modules = {name: sys.modules[name] for name in lessons if name in sys.modules}
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)
        if torch_state is not None:
            torch.set_rng_state(torch_state)
        for name in lessons:
            sys.modules.pop(name, None)
        sys.modules.update(modules)
