"""The figure of lesson 6: learning curves of training runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.figures.curves import training_runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def three_runs() -> Figure:
    """The curves of three runs of the reference."""
    return training_runs("6")


FIGURES = {"three_runs": three_runs}
