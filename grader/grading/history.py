"""The history of marks: each mark that a run has moved, with the date and the reason, in a table beside the reports."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import ClassError
from grader.export.csv import cell, written
from grader.files import write
from grader.printable import number, one_line
from grader.report.moves import REASONS, Move
from grader.report.report import Report
from grader.report.trend import Entry

FILE = "history.csv"
HEADER = ("date", "student", "lesson", "before", "max_before", "after", "max_after", "why")


def add(out: Path, found: Sequence[Move], now: datetime | None = None) -> None:
    """Add moves to the end of the table, which is made if there is none."""
    if not found:
        return
    path, text = out / FILE, io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    there = path.is_file()
    if not there:
        table.writerow(HEADER)
    date = (now or datetime.now(UTC)).isoformat(timespec="seconds").replace("+00:00", "Z")
    for each in found:
        why = "; ".join(REASONS[reason] for reason in each.why)
        row = (date, cell(each.student), cell(each.lesson), *_mark(each.before), *_mark(each.after), cell(why))
        table.writerow(row)
    write(path, (path.read_bytes() if there else b"") + text.getvalue().encode())


def _mark(report: Report | None) -> tuple[str, str]:
    return ("", "") if report is None else (written(report), number(report.max_score))


def of(out: Path, student: str, lesson: str) -> list[Entry]:
    """The moves of one mark, the first one first.

    Args:
        out: the folder of reports.
        student: the student's name in reports.
        lesson: the lesson's name.

    Raises:
        ClassError: the table is damaged.
    """
    return [entry for entry in every(out) if (entry.student, entry.lesson) == (cell(student), cell(lesson))]


def every(out: Path) -> list[Entry]:
    """All moves, the first one first; names are as the table has them.

    Args:
        out: the folder of reports.

    Raises:
        ClassError: the table is damaged.
    """
    path = out / FILE
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        return [Entry(*map(sys.intern, row)) for row in rows[1:]]  # the same few texts, thousands of times
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ClassError(f"{path} cannot be read ({one_line(str(error))}); repair it, or move it away") from None


def about(out: Path, students: Iterable[str]) -> list[Entry]:
    """All moves of the marks of some students, by their names in reports; none of a table that is damaged.

    The page of a class can do without it, and a run is not to end there.
    """
    names = {cell(student): student for student in students}
    with contextlib.suppress(ClassError):
        return [each._replace(student=names[each.student]) for each in every(out) if each.student in names]
    return []


def table(entries: Iterable[Entry]) -> str:
    """Moves as the text of a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *entries])
    return text.getvalue()
