"""Marks as the table that Moodle's gradebook imports: a column that identifies the student, and one per lesson.

Read off Moodle's own importer (grade/import/csv/classes/load_data.php) and its documentation: the person who imports
maps columns to grade items, so any heading will do; an empty cell means *no grade* and takes away one that is there;
one id that Moodle does not know aborts the import. So a student goes out with a mark in every column or not at all,
and who was left out is said. A file cannot excuse anybody there: that is done in the grader report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Literal

from grader.errors import ClassError
from grader.export.csv import cell, written
from grader.export.exported import Exported
from grader.export.ids import Ids
from grader.export.marks import mark, said_of_adjusted, without_mark
from grader.printable import one_line
from grader.report.report import Report
from grader.report.sorting import UNCOUNTED, by_student, sort_lessons, standing

IdColumn = Literal["email", "idnumber", "username"]
HEADINGS: dict[IdColumn, str] = {"email": "Email address", "idnumber": "ID number", "username": "Username"}


def export(reports: Sequence[Report], *, by: IdColumn = "email", ids: Ids | None = None) -> Exported:
    """The table for the gradebook's CSV import, and a line about every student who is not in it.

    Args:
        reports: of any number of lessons and students, in any order.
        by: what the ids are.
        ids: the students' ids, where they are not the names of the folders.

    Raises:
        ClassError: ``by`` is email, and an id is no address; or nobody is left.
    """
    ids = ids or Ids()
    names = list(dict.fromkeys(report.lesson for report in sort_lessons(reports)))
    students = by_student(reports)
    said = ids.unknown(students)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((HEADINGS[by], *map(cell, names)))
    rows = 0
    for student, lessons in students.items():
        own = {report.lesson: report for report in lessons}
        absent = [name for name in names if name not in own]
        if absent:
            said.append(f"{one_line(student)}: no report on {', '.join(absent)}")
        if uncounted := [report for report in lessons if standing(report) in UNCOUNTED]:
            left = ", ".join(report.lesson for report in uncounted)
            said.append(f"{one_line(student)}: left out, because {left} does not count for this student")
        identity = ids.of(student)
        if identity is None or absent or any(mark(report) is None for report in lessons):
            continue
        if by == "email" and "@" not in identity:
            raise ClassError(
                f"{one_line(identity)!r} is not an e-mail address; say which column of Moodle your folders are named "
                "after (--id-column idnumber or username), or who is who (--ids FILE.csv)"
            )
        writer.writerow((cell(identity), *(written(own[name]) for name in names)))
        rows += 1
    if not rows:
        raise ClassError(f"no student to export: {'; '.join([*without_mark(reports), *said])}")
    return Exported(out.getvalue().encode(), (*said, *said_of_adjusted(reports)))
