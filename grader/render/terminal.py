"""Reports in a terminal: after ``grader check`` for a learner, ``grade`` for an instructor, ``verify`` for an author.

Strings of a report go into rich ``Text`` objects, never through rich's markup, so that ``[bold]`` in a student's
output is six characters; terminal sequences were taken out before. Nothing here depends on colour: marks and words
say it all, so the output can be piped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.printable import amount, clip, count, number, one_line, visible
from grader.render import words
from grader.render.counting import sentence
from grader.render.ladder import print_ladder
from grader.render.lines import INDENT, MOST_TEXT, MOST_WIDTH, code, out_of, prose, put, said
from grader.render.marks import adjusted
from grader.report import sorting as order
from grader.report import tally
from grader.report.due import Counted
from grader.report.moves import REASONS, Move
from grader.report.report import PropertyResult, Report, TrainingResult, TrainingSeed, Verdict
from grader.report.settled import mark_of

_MARKS: dict[Verdict, tuple[str, str]] = {
    "pass": ("✓", "green"),
    "fail": ("✗", "red"),
    "skip": ("–", "dim"),
    "error": ("!", "bold red"),
}
_SIGNS: dict[order.Standing, tuple[str, str]] = {
    "not started": ("–", "not started"),
    "missing": ("·", "not handed in"),
    "unreadable": ("?", "unreadable"),
    "error": ("!", "the grader itself failed"),
    "excused": ("ex", "excused"),
    "open": ("…", "not due yet"),
}
_MOST_ADJUSTED = 10
_MOST_STUDENTS = 100
_MOST_MOVES = 20


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


def print_class_summary(
    reports: Sequence[Report],
    console: Console,
    out_dir: Path,
    counted: Counted | None = None,
    *,
    without_time: str = "",
    moved: Sequence[str] = (),
) -> None:
    """Print a class's summary for an instructor: marks, what was not graded, and where the report is.

    Args:
        reports: of the whole class.
        console: where to print.
        out_dir: the folder into which the pages were written.
        counted: which lessons count; all where it is None.
        without_time: says of how many submissions nobody knows when they were handed in.
        moved: a line about each mark that the ledger has moved since the last run.
    """
    errors = [report for report in reports if report.has_error]
    levels = sorted({words.isolation(report.isolation, report.device) for report in reports if report.isolation})
    everybody = {report.student for report in reports}
    reports = counted.of(reports) if counted else reports
    students = order.by_student(reports)
    lessons = tally.lessons(reports)
    possible = math.fsum(lesson.max_score for lesson in lessons)
    rows = []
    for student, own in list(students.items())[:_MOST_STUDENTS]:
        found = {report.lesson: report for report in own}
        marks = [_cell(found.get(lesson.lesson)) for lesson in lessons]
        rows.append([Text(one_line(student)), *marks, Text(number(math.fsum(r.score for r in own)))])
    means = [Text("–" if lesson.mean is None else number(lesson.mean, 1), "dim") for lesson in lessons]
    rows.append([Text("mean of graded", "dim"), *means, Text()])
    heads = [f"{order.lesson_number(lesson.lesson)}\n/{number(lesson.max_score)}" for lesson in lessons]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("student", no_wrap=True)
    for head in [*heads, f"total\n/{number(possible)}"]:
        table.add_column(head, justify="right", no_wrap=True)
    # Marks are never cut: the names take what is left.
    used = sum(1 + max(cell_len(row[i].plain) for row in rows) for i in range(1, len(heads) + 2))
    for row in rows:
        row[0].truncate(min(max(console.width - used - 4, 8), 30), overflow="ellipsis")
        table.add_row(*row)
    if students:
        console.print(table)
    if len(students) > _MOST_STUDENTS:
        console.print(Text(f"… and {count(len(students) - _MOST_STUDENTS, 'more student')}", "dim"))
    seen = {order.standing(report) for report in reports}
    if legend := "   ".join(f"{sign} {meaning}" for status, (sign, meaning) in _SIGNS.items() if status in seen):
        console.print(Text(f"\n{legend}", "dim"))
    graded = sum(order.standing(report) == "graded" for report in reports)
    console.print(Text(f"{count(len(everybody), 'student')}, {graded:,} of {count(len(reports), 'report')} graded."))
    if counted:
        put(console, Text(sentence(counted)), 0)
    for level in levels:
        put(console, Text(f"Isolation: {one_line(level)}"), 0)
    _print_ledger(reports, without_time, moved, console)
    if errors:
        where = f"The grader itself failed in {count(len(errors), 'report')}: these marks are not to be used."
        _print_faults(where, [(report, order.fault(report)) for report in errors], console)
    if held := [report for report in reports if report.held]:
        told = (
            f"In {count(len(held), 'report')} the mark is that of an earlier run: the grader itself failed in this one."
        )
        _print_faults(told, [(report, report.held) for report in held], console)
    if incomplete := [report for report in reports if report.incomplete]:
        named = ", ".join(f"{one_line(r.student, 40)} ({one_line(r.lesson)})" for r in incomplete[:10])
        more = f" and {len(incomplete) - 10} more" if len(incomplete) > 10 else ""
        told = (
            f"In {count(len(incomplete), 'report')} an example or a name is missing, by a fault of the grader's; the "
            f"marks stand, the .log beside each says more, and the next run tries again: {named}{more}"
        )
        console.print()
        put(console, Text(told), 0)
    console.print(Text.assemble("\nReport: ", (one_line(str(out_dir / "index.html"), 2000), "bold")), soft_wrap=True)


def _print_ledger(reports: Sequence[Report], without_time: str, moved: Sequence[str], console: Console) -> None:
    """Print the marks that are not simply what was earned, ten of them, and those that have moved since."""
    if without_time:
        put(console, Text(without_time), 0)
    found = [f"{one_line(r.student, 40)}, {one_line(r.lesson)}: {one_line(said, 400)}" for r, said in adjusted(reports)]
    for told, lines in (
        (f"* {count(len(found), 'mark is', 'marks are')} adjusted:", found),
        (f"marks.yml or the late rule has moved {count(len(moved), 'mark')} since the last run:", moved),
    ):
        if lines:
            console.print(Text(f"\n{told}"))
            for line in lines[:_MOST_ADJUSTED]:
                put(console, Text(line))
            if len(lines) > _MOST_ADJUSTED:
                put(console, Text(f"… and {len(lines) - _MOST_ADJUSTED:,} more"))


def _print_faults(told: str, faults: Sequence[tuple[Report, str]], console: Console) -> None:
    """Print what the grader itself failed in, and the reason for each of the first ten."""
    console.print(Text(f"\n! {told}", "bold red"))
    for report, why in faults[:10]:
        put(console, Text(f"{one_line(report.student, 40)}, {one_line(report.lesson)}: {one_line(why)}"))
    if len(faults) > 10:
        put(console, Text(f"… and {len(faults) - 10} more"))


def print_moves(moved: Sequence[Move], console: Console, summary: str, page: Path) -> None:
    """Print the marks that moved since an earlier run: at most twenty, the largest differences first.

    Args:
        moved: the marks that moved.
        console: where to print.
        summary: how many, in a sentence.
        page: where all of them are.
    """
    console.print(Text(f"\n{summary}", "bold"))
    first = sorted(moved, key=lambda each: -abs(each.difference or 0.0))[:_MOST_MOVES]
    for each in first:
        marks = [_moved_mark(report) for report in (each.before, each.after)]
        why = "; ".join(REASONS[reason] for reason in each.why)
        laws = f"; {count(len(each.changes), 'verdict')} differ{'s' if len(each.changes) == 1 else ''}"
        told = f"{one_line(each.student, 40)}, {one_line(each.lesson)}: {marks[0]} → {marks[1]}"
        put(console, Text(f"{told}{f' ({why}{laws if each.changes else str()})' if why else ''}"))
    if len(moved) > len(first):
        put(console, Text(f"… and {len(moved) - len(first):,} more"))
    console.print(Text.assemble("Changes: ", (one_line(str(page), 2000), "bold")), soft_wrap=True)


def _moved_mark(report: Report | None) -> str:
    if report is None:
        return "no report"
    standing = order.standing(report)
    if standing in ("error", *order.UNCOUNTED):
        return "no mark" if standing == "error" else _SIGNS[standing][1]
    return f"{number(report.score)}/{number(report.max_score)}"


def _cell(report: Report | None) -> Text:
    """A mark, or the sign of what became of the submission."""
    if report is None:
        return Text("")
    status, star = order.standing(report), "*" if mark_of(report).steps else ""
    if status == "graded" or (report.score and status not in ("error", *order.UNCOUNTED)):
        return Text(f"{number(report.score)}{star}", "green" if order.is_full(report) else "")
    return Text(_SIGNS[status][0] + star, "bold red" if status == "error" else "dim")
