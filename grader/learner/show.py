"""Show the outcome of a check in a notebook: a box if HTML can be shown, plain text if not."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from grader.course import Lesson
from grader.learner.training import Seen
from grader.printable import count
from grader.report import sorting as order
from grader.report.report import PropertyResult, Report, Verdict
from grader.report.step import Step, Watcher

_WIDTH = 96


@dataclasses.dataclass(frozen=True)
class Box:
    """One outcome as a notebook shows it; IPython chooses the form that it can display."""

    html: str
    plain: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.plain} | ({"text/html": self.html} if self.html else {})


def exercise(report: Report, name: str) -> None:
    """Show the result of one exercise."""
    own = tuple(result for result in report.properties if result.exercise == name)
    first = next((result for result in own if result.verdict in ("fail", "error")), None)
    waiting = next((result for result in own if result.verdict == "skip"), None)
    state: Verdict = "pass"
    if first is not None:
        state = first.verdict
    elif waiting is not None or not own:
        state = "skip"
    next_step = ""
    if state == "fail":
        next_step = f'Fix it above, run that cell, then this one. Stuck? `check.hint("{name}")`'
    elif state == "skip" and waiting is not None:
        next_step = f"It cannot be judged yet. Must hold first: {waiting.needed}."
    _show(
        msgspec.structs.replace(report, properties=own),
        title=name,
        state=state,
        first=first,
        show_name=False,
        next_step=next_step,
    )


def lesson(report: Report, lesson: Lesson, missing: Sequence[str]) -> None:
    """Show the results of a whole lesson.

    Args:
        report: of the exercises that the notebook holds.
        lesson: the lesson.
        missing: exercises whose cells have not been run.
    """
    first = order.first_failure(report)
    written = [r for r in report.properties if r.verdict == "fail" and r.written]
    first = written[0] if written else first
    holds = "Every public example is right." if report.public else "Every property holds."
    note = (f"Not run yet, so not judged: {', '.join(missing)}.",) if missing else ()
    if first is not None and not first.written:
        next_step = f"Next: write `{first.exercise}`."
        first = None
    elif first is not None:
        next_step = f'Fix `{first.exercise}`, run its cell, then this one. Stuck? `check.hint("{first.exercise}")`'
    elif missing:
        next_step = f"Next: write `{missing[0]}`, and run its cell."
    elif lesson.training:
        next_step = f'{holds} Does it learn? `check("{lesson.training.exercise}")`'
    else:
        next_step = holds if report.public else "Everything here holds. Well done."
    _show(
        msgspec.structs.replace(report, notes=(*report.notes, *note)),
        title=f"Lesson {lesson.number}: {lesson.title}",
        state=None,
        first=first,
        show_name=True,
        next_step=next_step,
    )


def training(report: Report) -> None:
    """Show the result of a training check, or which property must hold before it is run."""
    result = report.training
    if result is None:
        return
    first = order.first_failure(report) if result.verdict == "skip" else None
    if first is not None and not first.written:
        first = None
    alone = msgspec.structs.replace(report, properties=(), score=result.points, max_score=result.max_points)
    _show(
        alone,
        title=result.exercise,
        state=result.verdict,
        first=first,
        show_name=True,
        next_step=result.hint if result.verdict == "fail" else "",
    )


def _show(
    report: Report,
    *,
    title: str,
    state: Verdict | None,
    first: PropertyResult | None,
    show_name: bool,
    next_step: str,
) -> None:
    # A notebook has the lesson's names already; its own file, imported, would be another copy of them.
    if first is not None and first.counterexample is not None:
        shown = msgspec.structs.replace(first.counterexample, names=())
        first = msgspec.structs.replace(first, counterexample=shown)
    box = Box(_html(report, title, state, first, show_name, next_step), _plain(report, title, first, next_step))
    _display(box)


def _display(box: Box) -> None:
    try:
        from IPython.display import display
    except ModuleNotFoundError:
        print(box.plain)
    else:
        display(box)  # type: ignore[no-untyped-call]


def _html(
    report: Report, title: str, state: Verdict | None, first: PropertyResult | None, show_name: bool, next_step: str
) -> str:
    try:
        from grader.render import html
    except ModuleNotFoundError:
        return ""  # the extra called class is not installed: the plain text says the same
    exercises = order.exercises(report)
    unwritten = [name for name, results in exercises.items() if _is_unwritten(results)]
    held = sum(result.verdict == "pass" for result in report.properties)
    judged = ("example is right", "examples are right") if report.public else ("law holds", "laws hold")
    return html.notebook_box(
        title=title,
        state=state,
        score=sum(r.points for r in report.properties) if report.properties else report.score,
        max_score=sum(r.max_points for r in report.properties) if report.properties else report.max_score,
        message=report.message,
        notes=report.notes,
        first=first,
        training=report.training if not report.properties else None,
        exercises=exercises,
        unwritten=unwritten,
        show_name=show_name,
        opened=show_name and first is None and held < len(report.properties),
        unit="example" if report.public else "point",
        summary=f"{held} of {count(len(report.properties), *judged)}",
        next_step=next_step,
    )


def _plain(report: Report, title: str, first: PropertyResult | None, next_step: str) -> str:
    from rich.console import Console

    from grader.render.terminal import print_failure, print_list, print_training

    text = io.StringIO()
    # In a notebook rich would display what it prints, on its own.
    console = Console(file=text, width=_WIDTH, color_system=None, force_jupyter=False)
    if title not in order.exercises(report):
        console.print(title, markup=False, highlight=False)
    for note in (*report.notes, report.message):
        if note:
            console.print(note, markup=False, highlight=False)
    if report.training is not None:
        print_training(report.training, console)
    if first is not None:
        console.print(f"\nFirst, {first.exercise}\n", markup=False, highlight=False)
        print_failure(first, console)
    print_list(report, console, whole=True)
    if next_step:
        console.print(f"\n{next_step.replace('`', '')}", markup=False, highlight=False)
    return text.getvalue()


def _is_unwritten(results: Sequence[PropertyResult]) -> bool:
    begun = any(r.verdict == "pass" or (r.verdict == "fail" and r.written) for r in results)
    return not begun and not all(r.written for r in results)


@contextlib.contextmanager
def progress(lesson: Lesson) -> Iterator[Watcher]:
    """Show progress, and the curve as it grows, in one place; only training takes long enough to need it."""
    shown: list[Any] = []
    last = 0.0
    seen = Seen(lesson) if lesson.training is not None else None

    def watch(step: Step) -> None:
        nonlocal last
        if seen is None or step.stage not in ("small task", "training"):
            return
        seen.hear(step)
        now = time.monotonic()
        if now - last < 0.5 and not step.ended:
            return
        last = now
        box = Box("", "\n".join(seen.lines(_WIDTH)))
        if shown and shown[0] is not None:
            shown[0].update(box)
        elif not shown and "IPython" in sys.modules:
            from IPython.display import display

            # None where IPython was imported but no kernel runs: then there is no place that could be renewed.
            shown.append(display(box, display_id=True))  # type: ignore[no-untyped-call]

    yield watch
    if shown and shown[0] is not None:
        shown[0].update(Box("", f"{lesson.name}: training is over"))
