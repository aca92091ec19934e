"""Print the result of ``grader collect``: a short table, then what needs attention, one line each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.collect.collected import Collected, Remark
from grader.printable import count, one_line
from grader.report.sorting import natural

_MOST_EACH = 10
"""Lines about one student: a hostile archive can have thousands of faults."""


def print_collected(done: Collected, out: Path, console: Console) -> None:
    """Print what was collected, what needs attention, and what to type next."""

    def say(text: str | Text) -> None:
        console.print(text if isinstance(text, Text) else Text(text), soft_wrap=True)

    say(f"{' and '.join(done.systems)}: {count(len(done.students), 'student')}")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    for lesson, students in done.lessons.items():
        table.add_row(Text(lesson or "in no lesson's folder, but as handed in"), str(students))
    console.print(table)
    files = [f"{done.outcomes[each]} {each}" for each in ("written", "replaced", "unchanged") if done.outcomes[each]]
    tools = f"; {done.left_out} of operating systems and tools left out" if done.left_out else ""
    say(f"files: {', '.join(files) or 'none'}{tools}")
    for heading, remarks in (("Needs attention:", done.attention), ("To know:", done.notes)):
        if remarks:
            say(Text(f"\n{heading}", "bold"))
            for line in _lines(remarks):
                say(line)
    say("")
    if done.ids:
        path, kind = done.ids
        shown = one_line(str(path), 2000)
        say(f"{shown}: each folder's {kind}, for `grader export … --ids {shown}`")
    named = [lesson for lesson in done.lessons if lesson]
    only = f" --lesson {named[0]}" if len(named) == 1 else ""
    say(f"Next: grader grade {one_line(shlex.quote(str(out)), 2000)}{only}")


def _lines(remarks: Sequence[Remark]) -> list[Text]:
    by_student: dict[str, list[Remark]] = {}
    for remark in remarks:
        by_student.setdefault(remark.student, []).append(remark)
    width = max(len(one_line(student, 30)) for student in by_student)
    lines = []
    for student in sorted(by_student, key=natural):
        # What is about no student may be about any of them, and there is no other list: it is shown in full.
        most = _MOST_EACH if student else len(by_student[student])
        told = [one_line(remark.says) for remark in by_student[student][:most]]
        more = len(by_student[student]) - most
        told += [f"… and {more} more"] if more > 0 else []
        lines += [Text(f"  {one_line(student, 30):<{width}}  {says}" if student else f"  {says}") for says in told]
    return lines
