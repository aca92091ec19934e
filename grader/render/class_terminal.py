"""A class in a terminal, for its instructor: after ``grader grade``, and after one that compares with an earlier run.

As in ``terminal``, nothing here goes through rich's markup, and nothing depends on colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.printable import count, number, one_line
from grader.render import words
from grader.render.counting import sentence
from grader.render.heat import SIGNS
from grader.render.lines import put
from grader.render.marks import adjusted
from grader.report import sorting as order
from grader.report import tally
from grader.report.due import Counted
from grader.report.moves import REASONS, Move
from grader.report.report import Report
from grader.report.settled import mark_of

_MOST_LINES = 10
_MOST_STUDENTS = 100
_MOST_MOVES = 20


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
    if legend := "   ".join(f"{sign} {meaning}" for status, (sign, meaning) in SIGNS.items() if status in seen):
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
    """Print the marks that are not simply what was earned, and those that have moved since."""
    if without_time:
        put(console, Text(without_time), 0)
    if found := [_about(report, said) for report, said in adjusted(reports)]:
        _print_first(Text(f"* {count(len(found), 'mark is', 'marks are')} adjusted:"), found, console)
    if moved:
        told = f"marks.yml or the late rule has moved {count(len(moved), 'mark')} since the last run:"
        _print_first(Text(told), moved, console)


def _print_faults(told: str, faults: Sequence[tuple[Report, str]], console: Console) -> None:
    """Print what the grader itself failed in, and the reasons."""
    _print_first(Text(f"! {told}", "bold red"), [_about(report, why) for report, why in faults], console)


def _about(report: Report, said: str) -> str:
    return f"{one_line(report.student, 40)}, {one_line(report.lesson)}: {one_line(said, 400)}"


def _print_first(told: Text, lines: Sequence[str], console: Console) -> None:
    """Print a heading, the first lines below it, and how many more there are."""
    console.print(Text("\n").append(told))
    for line in lines[:_MOST_LINES]:
        put(console, Text(line))
    if len(lines) > _MOST_LINES:
        put(console, Text(f"… and {len(lines) - _MOST_LINES:,} more"))


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


def since_last_run(moved: Sequence[Move]) -> str:
    """Say how many marks have moved since the last run."""
    return f"{count(len(moved), 'mark has', 'marks have')} moved since the last run:"


def _moved_mark(report: Report | None) -> str:
    if report is None:
        return "no report"
    standing = order.standing(report)
    if standing in ("error", *order.UNCOUNTED):
        return "no mark" if standing == "error" else SIGNS[standing][1]
    return f"{number(report.score)}/{number(report.max_score)}"


def _cell(report: Report | None) -> Text:
    """A mark, or the sign of what became of the submission."""
    if report is None:
        return Text("")
    status, star = order.standing(report), "*" if mark_of(report).steps else ""
    if status == "graded" or (report.score and status not in ("error", *order.UNCOUNTED)):
        return Text(f"{number(report.score)}{star}", "green" if order.is_full(report) else "")
    return Text(SIGNS[status][0] + star, "bold red" if status == "error" else "dim")
