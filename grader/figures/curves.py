"""Learning curves of a lesson's reference, drawn from training runs made for the picture."""

from __future__ import annotations

import contextlib
import importlib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from grader.course import find_root, load
from grader.figures.style import GREY
from grader.lessons.reference import reference
from grader.training.check import run_seed
from grader.training.tasks import training_task

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def training_runs(lesson_name: str, runs: int = 3) -> Figure:
    """Mean return of training episodes against environment steps, for the first runs of a check.

    The reference is trained in this process: it is the course's own code.
    """
    from matplotlib import pyplot

    torch.set_num_threads(1)  # as in a check: for networks as small as these, two threads only wait for each other
    course = load(find_root(Path.cwd()))
    lesson = course.lesson(lesson_name)
    rule = lesson.training
    assert rule is not None, f"{lesson.name} trains nothing"

    @contextlib.contextmanager
    def trained() -> Iterator[Any]:
        with reference(course):
            module = importlib.import_module(lesson.name)
            yield types.SimpleNamespace(**{rule.exercise: getattr(module, rule.exercise)})

    figure, axes = pyplot.subplots(figsize=(5.6, 3.2))
    axes.axhline(rule.threshold, color=GREY, lw=1, ls="--")
    axes.text(0, rule.threshold, f"the bar, {rule.threshold:g} ", color=GREY, va="bottom", size=8)
    for i in range(runs):
        curve = np.array(run_seed(rule.exercise, training_task(rule, course, lesson, i), trained).curve)
        axes.plot(curve[:, 0], curve[:, 1], label=f"run {i + 1}", lw=1.5, ls=("-", "--", "-.")[i % 3])
    axes.set_xlabel("environment steps")
    axes.set_ylabel("mean return of training episodes")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=runs)
    return figure
