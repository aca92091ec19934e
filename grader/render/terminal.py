"""One report in a terminal, for its learner: after ``grader check`` and ``grader train``, and in a watch.

Strings of a report go into rich ``Text`` objects, never through rich's markup, so that ``[bold]`` in a student's
output is six characters; terminal sequences were taken out before. Nothing here depends on colour: marks and words
say it all, so the output can be piped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from grader.printable import amount, clip, count, number, one_line, visible
from grader.render import words
from grader.render.ladder import print_ladder
from grader.render.lines import INDENT, MOST_TEXT, MOST_WIDTH, code, out_of, prose, put, said
from grader.report import sorting as order
from grader.report.report import PropertyResult, Report, TrainingResult, TrainingSeed, Verdict

_MARKS: dict[Verdict, tuple[str, str]] = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "skip": ("–", "dim"),
    "error": ("!", "bold red"),
}


def print_failure(result: PropertyResult, console: Console) -> None:
    """One failing property in full."""
    mark, style = _MARKS["fail"]
    put(console, prose(result.says), 2, Text(mark, style))
    if result.misconception:
        console.print()
        put(console, prose(words.diagnosis(result.misconception), "bold"), 2)
    if result.hint:
        console.print()
        put(console, Text.assemble(("Hint: ", "dim"), prose(result.hint)), 2)
    if result.counterexample:
        console.print(Text("\n  Try it yourself:\n", "dim"))
        code(console, words.script(result.counterexample))
    console.print()
    got, printed = words.got(result), result.printed
    answers = (("got", got), ("needed", result.needed), ("traceback", result.trace), ("printed", printed))
    for label, text in answers:
        if text:
            said(console, label, text)


def print_list(report: Report, console: Console, *, whole: bool = False) -> None:
    """Everything by exercise: a heading with points, and the laws of an exercise that is not right yet, one per line.

    Args:
        report: of one lesson.
        console: where to print.
        whole: every law in full, also of exercises that are right.
    """
    width = min(console.width, MOST_WIDTH)
    for exercise, results in order.exercises(report).items():
        points = out_of(_earned(results), _possible(results))
        if not whole and all(result.verdict == "pass" for result in results):
            held = f"{count(len(results), 'example')}" if report.public else f"{count(len(results), 'law')}"
            _heading(exercise, points, width, console, "pass", f"   {held}")
            continue
        _heading(exercise, points, width, console)
        for result in results:
            mark, style = _MARKS[result.verdict]
            says = prose(result.says, "" if result.verdict in ("fail", "error") else "dim")
            if result.verdict != "fail" and not whole:  # what asks for nothing gets one line
                says = Text(" ").join(says.split("\n"))
                says.truncate(width - INDENT, overflow="ellipsis")
            put(console, says, INDENT, Text(f"  {mark}", style))
            if result.verdict == "error" and result.got:
                put(console, Text(clip(visible(result.got), MOST_TEXT), "dim"))


def _earned(results: Sequence[PropertyResult]) -> float:
    return math.fsum(result.points for result in results)


def _possible(results: Sequence[PropertyResult]) -> float:
    return math.fsum(result.max_points for result in results)


def _heading(
    name: str, points: str, width: int, console: Console, verdict: Verdict | None = None, beside: str = ""
) -> None:
    lead = Text.assemble(_MARKS[verdict], " ") if verdict else Text()
    beside = beside if width >= 50 else ""
    name = one_line(name, max(width - len(points) - len(beside) - 24, 20))
    gap = " " * max(width - cell_len(lead.plain + name + beside) - len(points), 2)
    console.print(Text.assemble(lead, (name, "bold"), (beside + gap + points, "dim")), soft_wrap=True)


def print_training(training: TrainingResult, console: Console) -> None:
    """The outcome of a training check: the small task, every run, and the rule if it was not met."""
    width = min(console.width, MOST_WIDTH)
    if training.verdict == "skip":
        _heading(f"{training.exercise} (training)", out_of(training.points, training.max_points), width, console)
        put(console, prose(training.rule, "dim"), INDENT, Text("  ·", "dim"))
    else:
        points = out_of(training.points, training.max_points)
        _heading(f"{training.exercise} (training)", points, width, console, training.verdict)
    is_written = training.is_written
    if (control := training.control) is not None and is_written:
        mark, style = _MARKS[control.verdict]
        earned = control.mean_return
        how = "no policy" if earned is None else f"the best try earned {number(earned, 1)}"
        put(console, Text(f"small task: {how}"), INDENT, Text(f"  {mark}", style))
        if control.verdict == "pass" and training.small_task:  # of one that was not learnt, the message tells
            put(console, prose(training.small_task, "dim"))
    for number_of_run, seed in enumerate(training.seeds if is_written else (), 1):
        _print_run(f"run {number_of_run}", seed, console)
    for text in (training.message, words.decided(training)):
        if text:
            put(console, Text(clip(visible(text), MOST_TEXT)))
    if training.probe is not None:
        put(console, Text("The probe ladder asks which part is wrong, one at a time:"))
        print_ladder(training.probe, console, INDENT - 2)
    if training.verdict == "fail" and is_written:
        put(console, prose(f"The rule: {training.rule}", "dim"))


def _print_run(name: str, run: TrainingSeed, console: Console) -> None:
    mark, style = _MARKS[run.verdict]
    mean = "no policy" if run.mean_return is None else f"mean return {number(run.mean_return, 1)}"
    told = f"{name}: {mean} after {count(run.steps, 'step')}"
    if run.message:
        told += f"; {one_line(run.message, 300)}"
    put(console, Text(told), INDENT, Text(f"  {mark}", style))


def print_check(
    report: Report,
    console: Console,
    *,
    next_lesson: str = "",
    stub: str = "",
    trains: bool = False,
    to_write: bool = False,
    trained: Verdict | None = None,
    whole: bool = False,
) -> None:
    """Print a learner's report: what happened or has to be fixed first, then everything in short, then one next step.

    Args:
        report: of one lesson.
        console: where to print.
        next_lesson: the name of the lesson after this one; empty after the last.
        stub: the file that the learner edits; by default ``exercises/<lesson>.py``.
        trains: whether the lesson has a training check, which is then the next step after its properties.
        to_write: whether what is to be trained is still to be written.
        trained: what came of it earlier, for this very code.
        whole: every law in full.
    """
    file = one_line(stub or f"exercises/{report.lesson}.py")
    lesson = str(order.lesson_number(report.lesson))
    width = min(console.width, MOST_WIDTH)
    console.print()
    points = f"{number(report.score)}/{amount(report.max_score, 'point')}"
    if report.public:
        points = (
            f"{number(_earned(report.properties))}/{amount(_possible(report.properties), 'example')}"
            if report.properties
            else ""
        )
    _heading(f"Lesson {lesson}  {report.title}", points, width, console)
    console.print()
    for note in report.notes:
        put(console, prose(note, "dim"), 2)
    if report.notes:
        console.print()
    if report.status != "graded":
        _print_not_graded(report, file, lesson, console)
        return
    if report.message:
        put(console, Text(clip(visible(report.message), MOST_TEXT)), 2)
        console.print()
    failure = order.first_failure(report)
    if report.training is not None:
        print_training(report.training, console)
        console.print()
    if failure is not None:
        console.print(Text.assemble("First, ", (one_line(failure.exercise), "bold")))
        console.print()
        print_failure(failure, console)
        console.print()
    print_list(report, console, whole=whole)
    if trained is not None and report.training is None:
        mark, style = _MARKS[trained]
        told = "train has reached its bar with this very code" if trained == "pass" else "train has not reached its bar"
        console.print(Text.assemble((mark, style), f" {told}"), soft_wrap=True)
    console.print()
    to_train = trains and report.training is None and trained != "pass"
    _print_next(report, failure, file, lesson, next_lesson, to_train, to_write, console)


def print_others(others: Sequence[tuple[str, str]], console: Console) -> None:
    """Other right answers: the file of each, and what it says of itself; nothing if there are none."""
    if not others:
        return
    console.print()
    put(console, Text("Right answers in other styles, to compare with yours:"), 0)
    for file, says in others:
        put(console, Text(file, "bold"), 2)
        put(console, Text(one_line(says, 400), "dim"))


def _print_not_graded(report: Report, file: str, lesson: str, console: Console) -> None:
    message = Text(clip(visible(report.message), MOST_TEXT))
    if report.status == "not started":
        put(console, Text.assemble("Not started yet. Open ", (file, "bold"), " and begin."), 0)
    elif report.status == "missing":
        put(console, Text.assemble("There is no file to look at yet. It belongs at ", (file, "bold"), "."), 0)
    elif report.status == "unreadable":
        put(console, Text.assemble((file, "bold"), " cannot be read as Python yet:"), 0)
        put(console, message)
    else:
        put(console, Text("The grader itself failed; your work is not at fault:", "bold red"), 0)
        put(console, message)
    if report.status in ("not started", "unreadable"):
        console.print(Text(f"\nNext: save your change, then  grader check {lesson}"))


def _print_next(
    report: Report,
    failure: PropertyResult | None,
    file: str,
    lesson: str,
    next_lesson: str,
    to_train: bool,
    to_write: bool,
    console: Console,
) -> None:
    """Exactly one next step, or a short remark if there is none."""
    everything = "Every public example is right" if report.public else "Every property holds"
    if report.has_error:
        told = Text("The grader itself failed where it says !; that costs you nothing, please report it.", "bold red")
    elif failure is not None:
        told = Text.assemble("Next: fix it in ", (file, "bold"), f", then  grader check {lesson}")
        told.append(f"   (stuck?  grader hint {lesson} {one_line(failure.exercise)})", "dim")
    elif report.message:
        told = Text.assemble("Next: fix that, then  ", (f"grader check {lesson}", "bold"))
    elif order.is_full(report) and to_train:
        do = "write train, then" if to_write else "watch it learn with"
        told = Text(f"{everything}. Next: {do}  grader train {lesson}")
    elif order.is_full(report):
        # Public examples are a beginning: to praise them would say that nothing is left to be done.
        told = Text(f"{everything}.") if report.public else Text("Everything here holds. Well done.", "green")
        told.append(f" Next: {one_line(next_lesson)}" if next_lesson else " That was the last lesson.", "none")
    elif report.training is not None and report.training.verdict == "fail":
        if report.training.hint:
            put(console, Text.assemble(("Hint: ", "dim"), prose(report.training.hint)), 0)
            console.print()
        do = "write train, then" if to_write else "mend train, then"
        told = Text(f"{everything}. Next: {do}  grader train {lesson}")
    else:
        told = Text(f"{everything}. Next: watch it learn with  grader train {lesson}")
    put(console, told, 0)
