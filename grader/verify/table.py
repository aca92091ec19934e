"""What was measured, as data, and as a table in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.printable import count, one_line, visible
from grader.render.lines import put


@dataclass(frozen=True)
class VerifyRow:
    """What ``grader verify`` found for one lesson.

    Attributes:
        stub_fails: whether the untouched stub earns nothing.
        solution_full: whether the reference solution earns everything.
        wheats: right answers in other styles; ``wheats_full`` of them earn everything.
        chaffs: named misconceptions; ``chaffs_caught`` of them lose marks, ``chaffs_named`` are recognised by name.
        properties: how many properties the lesson has.
        cpu_seconds: processor time of judging the solution once.
        problems: what is wrong, one line each.
    """

    lesson: str
    stub_fails: bool
    solution_full: bool
    wheats: int
    wheats_full: int
    chaffs: int
    chaffs_caught: int
    chaffs_named: int
    properties: int
    cpu_seconds: float
    problems: tuple[str, ...] = ()


def print_verify(rows: Sequence[VerifyRow], console: Console) -> None:
    """What a course author sees: whether the tests of every lesson can be trusted, and what is wrong where not."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("lesson", no_wrap=True, overflow="ellipsis")
    table.add_column("stub\nfails", justify="center")
    table.add_column("solution\npasses", justify="center")
    for head in ("wheats\npass", "chaffs\ncaught", "chaffs\nnamed", "laws", "CPU s"):
        table.add_column(head, justify="right", no_wrap=True)

    def of(part: int, whole: int) -> Text:
        return Text(f"{part}/{whole}", "red" if part < whole else "")

    def yes(value: bool) -> Text:
        return Text("✓" if value else "✗ no", "green" if value else "red")

    for row in rows:
        table.add_row(
            Text(one_line(row.lesson)),
            yes(row.stub_fails),
            yes(row.solution_full),
            of(row.wheats_full, row.wheats),
            of(row.chaffs_caught, row.chaffs),
            of(row.chaffs_named, row.chaffs),
            str(row.properties),
            f"{row.cpu_seconds:.1f}",
        )
    if len(rows) > 1:
        table.add_row(
            Text("all", "bold"),
            yes(all(row.stub_fails for row in rows)),
            yes(all(row.solution_full for row in rows)),
            of(sum(row.wheats_full for row in rows), sum(row.wheats for row in rows)),
            of(sum(row.chaffs_caught for row in rows), sum(row.chaffs for row in rows)),
            of(sum(row.chaffs_named for row in rows), sum(row.chaffs for row in rows)),
            str(sum(row.properties for row in rows)),
            f"{math.fsum(row.cpu_seconds for row in rows):.1f}",
        )
    console.print(table)
    console.print()
    problems = [(row.lesson, problem) for row in rows for problem in row.problems]
    for lesson, problem in problems:
        put(console, Text.assemble((one_line(lesson), "bold"), ": ", visible(problem)), 2, Text("✗", "red"))
    if problems:
        console.print(Text(f"{count(len(problems), 'problem')} to mend."))
    else:
        console.print(Text(f"{count(len(rows), 'lesson')}: nothing to mend."))
