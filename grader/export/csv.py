"""Marks as one CSV table, for a spreadsheet or for any system that has no exporter of its own.

Spreadsheets and formulas. A cell that begins with ``=``, ``+``, ``-`` or ``@`` is computed when a spreadsheet opens the
file, and a folder name, which may be a name that a student chose, ends up in the first column. The usual cure,
an apostrophe before every such cell, breaks the matching of ids such as ``+4915112345`` or ``@anna`` wherever the
table is imported. So only what can *do* something is guarded: a name that begins like a formula and holds a
character outside letters, digits and ``_ . - + @``. Without brackets, quotes, ``|``, ``!``, ``=`` or a space there is
no call, no link and no external command, only at worst a wrong display. ``=cmd`` and ``@SUM(A1)`` are written
``'=cmd`` and ``'@SUM(A1)``. A name that already is an apostrophe before a formula gets one more, so that no two
students ever share an id and one leading apostrophe can always be taken off again.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

from grader.course import GradeGroup
from grader.export.exported import Exported
from grader.export.marks import counting, mark
from grader.printable import number
from grader.render.marks import of_term, why
from grader.report.grade import Grade, grade
from grader.report.items import Item
from grader.report.moves import Move
from grader.report.report import Report
from grader.report.settled import mark_of
from grader.report.sorting import by_student, overall, sort_lessons, standing

HEADER = ("student", "lesson", "score", "max_score", "status", "earned", "adjusted", "why")
"""What reads the first five columns reads them as ever: later ones are added at the end."""

PROPERTIES_HEADER = (
    *("lesson", "exercise", "property", "law", "points", "passed", "failed", "not_judged", "difficulty"),
    "discrimination",
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORMULA = re.compile(r"'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_PLAIN = re.compile(r"[+\-@][\w.\-+@]*")


def export(reports: Sequence[Report], *, wide: bool = False, groups: Sequence[GradeGroup] = ()) -> Exported:
    """Marks as one table, ``grades_csv`` or ``wide_csv``.

    Args:
        reports: of any number of lessons and students, in any order.
        wide: one row per student instead of one per student and lesson.
        groups: what the grade of the term is made of; without any there is none.
    """
    return Exported((wide_csv(reports, groups) if wide else grades_csv(reports, groups)).encode())


def cell(text: str) -> str:
    """Make ``text`` a cell that a spreadsheet does not execute; ids come through unchanged (see the module).

    Control characters and what is not valid UTF-8 (lone surrogates) are written as escapes, so that the file can be
    stored and one row is always one line.
    """
    text = _CONTROL.sub(
        lambda match: f"\\x{ord(match[0]):02x}", text.encode("utf-8", "backslashreplace").decode("utf-8")
    )
    return "'" + text if _FORMULA.match(text) and not _PLAIN.fullmatch(text) else text


def grades_csv(reports: Sequence[Report], groups: Sequence[GradeGroup] = ()) -> str:
    """One row per student and lesson, then one per student whose lesson is ``total``.

    Where the course has a grade of the term, another row is called ``grade``: its score is in percent.

    Students are sorted naturally, lessons by number. ``status`` is the report's own, but ``error`` wherever the grader
    itself failed, and then ``score`` is empty; that of a total is ``graded`` if all are, otherwise the worst of error,
    unreadable, missing and not started. A lesson that does not count for a student is ``excused``, or ``open`` while an
    extension lasts, without a score and out of 0 points.

    ``score`` is the final mark: ``earned`` and ``adjusted`` together, and ``why`` has every step between them.

    Args:
        reports: any number of reports in any order.
        groups: what the grade of the term is made of.

    Returns:
        The table as text, lines ending in a newline; write it as UTF-8.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADER)
    for student, lessons in by_student(reports).items():
        name = cell(student)
        for report in lessons:
            row = (name, cell(report.lesson), written(report), number(report.max_score), standing(report))
            table.writerow((*row, *_ledger([report]), cell(why(mark_of(report)))))
        possible = math.fsum(report.max_score for report in lessons)
        count = counting(lessons)
        table.writerow((name, "total", total(lessons), number(possible), overall(count), *_ledger(count), ""))
        if groups:
            made = grade(groups, lessons)
            table.writerow((name, "grade", _percent(made), "100", overall(count), "", "", cell(of_term(made))))
    return out.getvalue()


def _percent(made: Grade) -> str:
    return "" if made.percent is None else number(made.percent)


def _ledger(reports: Sequence[Report]) -> tuple[str, str]:
    """The points that were earned, and the difference to the marks; empty while there is no mark."""
    if any(standing(report) == "error" for report in reports):
        return "", ""
    marks = [mark_of(report) for report in reports]
    earned = math.fsum(each.earned for each in marks)
    return number(earned), number(math.fsum(each.adjusted for each in marks if each.counts))


def moves_csv(moved: Sequence[Move]) -> str:
    """One row for each mark that moved: what it was, what it is, by how much, by which verdicts, and why.

    Args:
        moved: the marks that moved, in the order of the rows.

    Returns:
        The table as text, lines ending in a newline; write it as UTF-8. An empty cell is no mark.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("student", "lesson", "before", "max_before", "after", "max_after", "difference", "verdicts", "why"))
    for each in moved:
        marks = [cell for side in (each.before, each.after) for cell in _side(side)]
        difference = "" if each.difference is None else number(each.difference)
        changes = "; ".join(f"{c.exercise}: {c.says} ({c.before or 'new'} → {c.after or 'gone'})" for c in each.changes)
        table.writerow(
            (cell(each.student), cell(each.lesson), *marks, difference, cell(changes), cell(", ".join(each.why)))
        )
    return out.getvalue()


def properties_csv(items: Sequence[Item]) -> str:
    """One row for each property of the class: how many pass it, its difficulty and its discrimination.

    Args:
        items: of the class, in the order of the rows; ``grader.report.items`` says what the figures mean.

    Returns:
        The table as text, lines ending in a newline; write it as UTF-8. An empty cell is a figure that there is not.
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(PROPERTIES_HEADER)
    for item in items:
        figures = ("" if each is None else number(each, 3) for each in (item.difficulty, item.discrimination))
        what = map(cell, (item.lesson, item.exercise, item.name, item.says))
        table.writerow((*what, number(item.points), item.passed, item.failed, item.not_judged, *figures))
    return out.getvalue()


def _side(report: Report | None) -> tuple[str, str]:
    return ("", "") if report is None else (written(report), number(report.max_score))


def wide_csv(reports: Sequence[Report], groups: Sequence[GradeGroup] = ()) -> str:
    """One row per student, one column per lesson, and their total; a cell without a mark is empty.

    Two columns follow: by how much the marks together were adjusted, and why each of them was. Where the course has a
    grade of the term, it is the last column, in percent.

    Args:
        reports: any number of reports in any order.
        groups: what the grade of the term is made of.

    Returns:
        The table as text, lines ending in a newline; write it as UTF-8.
    """
    names = list(dict.fromkeys(report.lesson for report in sort_lessons(reports)))
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("student", *map(cell, names), "total", "adjusted", "why", *(["grade"] if groups else [])))
    for student, lessons in by_student(reports).items():
        own = {report.lesson: report for report in lessons}
        marks = (written(own[name]) if name in own else "" for name in names)
        reasons = (f"{each.lesson}: {why(mark_of(each))}" for each in lessons if mark_of(each).steps)
        _, difference = _ledger(counting(lessons))
        last = [_percent(grade(groups, lessons))] if groups else []
        table.writerow((cell(student), *marks, total(lessons), difference, cell("; ".join(reasons)), *last))
    return out.getvalue()


def written(report: Report) -> str:
    """A mark as the text of a cell; empty if there is none."""
    value = mark(report)
    return "" if value is None else number(value)


def total(reports: Sequence[Report]) -> str:
    """The sum of a student's marks; empty while one of them is missing, because the sum would be too small.

    A lesson that does not count for the student is not missing.
    """
    marks = [mark(report) for report in counting(reports)]
    return "" if None in marks else number(math.fsum(value for value in marks if value is not None))
