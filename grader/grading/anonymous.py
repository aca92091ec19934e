"""The pages and tables of a class under code names, in a folder of their own, for whoever is not to see who is who."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.course import Course, code_names
from grader.errors import ClassError
from grader.export.anonymous import Masker, day
from grader.export.csv import cell, grades_csv, properties_csv
from grader.export.marks import students_of
from grader.files import write
from grader.grading import history
from grader.grading.dispute import judged_code
from grader.grading.output import writing
from grader.ledger.stored import Ledger, stored
from grader.printable import one_line
from grader.render import html, overview
from grader.render.marks import without_time
from grader.report import due, seal
from grader.report.folders import called, folder_name
from grader.report.items import items
from grader.report.mark import Case
from grader.report.report import PropertyResult, Report
from grader.report.settled import settled
from grader.report.sorting import natural
from grader.report.thin import Thinner
from grader.report.trend import Entry
from grader.submissions.students import find_students

_MARK = ".code-names"
"""A file that says that a folder was made here: only such a one is written over."""


def write_all(
    course: Course,
    report: Path,
    out: Path,
    *,
    submissions: Path | None = None,
    ids: Mapping[str, str] | None = None,
    films: bool = True,
) -> dict[str, str]:
    """Write a class under code names: the page of the class, tables, and each student's page and reports.

    Args:
        course: the course, with the salt of the class.
        report: the folder of reports.
        out: gets everything; a new folder, or one that an earlier call has written.
        submissions: what was handed in, for a page on each submission with its code; without it there are none.
        ids: what students are called elsewhere, by their names in reports: looked for in texts as well.
        films: show the films that reports have.

    Returns:
        The code name of each student.

    Raises:
        ClassError: the reports cannot be used, or the folder has something else in it.
    """
    students = [own[0].student for own in students_of(course, report)]
    codes = code_names.of(course, students)
    if out.is_dir() and not (out / _MARK).exists() and any(out.iterdir()):
        raise ClassError(f"{out} has something else in it; give a new folder, or remove that one first")
    with writing(out):
        write(out / _MARK, b"")
    made = _Anonymous(course, report, out, codes, ids or {}, stored(course, report))
    folders = {called(folder): folder for folder in find_students(submissions, ())} if submissions else {}
    # In the order of code names: whoever lists files by their age is not to see the order of names.
    for student in sorted(codes, key=lambda student: natural(codes[student])):
        made.student([made.masked(each) for each in _reports(course, report, student)], films=films)
        if submissions and student in folders:
            for each in _reports(course, report, student):
                made.review(each, submissions / folders[student])
    made.tables()
    return codes


def _reports(course: Course, report: Path, student: str) -> Iterator[Report]:
    """A student's reports, as they were judged."""
    for lesson in course.lessons:
        path = report / folder_name(student) / f"{lesson.name}.json"
        if path.exists():
            yield seal.opened(course, path.read_bytes())[0]  # all seals have been looked at


class _Anonymous:
    """The pages and tables of one call."""

    def __init__(
        self, course: Course, report: Path, out: Path, codes: Mapping[str, str], ids: Mapping[str, str], ledger: Ledger
    ) -> None:
        self._course, self._report, self._out, self._ids, self._ledger = course, report, out, ids, ledger
        self._masker = Masker({**{ids[student]: code for student, code in codes.items() if student in ids}, **codes})
        self._codes = codes
        self._cases = ledger.by_place
        self._counted = due.stored(report)
        self._thinner, self._thin = Thinner(), list[Report]()
        self._who = {code: student for student, code in codes.items()}

    def _own(self, student: str) -> tuple[str, ...]:
        return (self._ids[student],) if student in self._ids else ()

    def _case(self, report: Report) -> Case | None:
        case = self._cases.get((report.student, report.lesson))
        return self._masker.case(case) if case else None

    def masked(self, report: Report) -> Report:
        """A report without names, with its final mark."""
        masked = self._masker.report(report, self._own(report.student))
        path = self._out / masked.student / f"{report.lesson}.json"
        with writing(self._out):
            write(path, masked.to_json())
        final = settled(masked, self._case(report))
        self._thin.append(settled(self._thinner.thin(masked), self._case(report)))
        return final

    def student(self, own: Sequence[Report], *, films: bool) -> None:
        """Write a student's page."""
        page = html.student_page(own, self._counted, films=films, groups=self._course.grade)
        with writing(self._out):
            write(self._out / own[0].student / "index.html", page.encode())

    def review(self, report: Report, folder: Path) -> None:
        """Write the page on one submission with its code, if there is one."""
        if report.origin is None or report.status in ("missing", "not started"):
            return
        lesson = self._course.lesson(report.lesson)
        code = judged_code(self._course, report, report.origin, folder, lesson)
        own = (report.student, *self._own(report.student))
        shown = self._masker.text(code.source, own)
        masked = settled(self._masker.report(report, self._own(report.student)), self._case(report))
        page = html.dispute_page(
            masked,
            source=shown,
            problem=code.problem,
            changed=code.changed,
            commands=(),
            history=[each for each in self._history if (each.student, each.lesson) == (masked.student, lesson.name)],
            remark="" if shown == code.source else "A code name stands in it where somebody's name stood.",
        )
        with writing(self._out):
            write(self._out / masked.student / f"{lesson.name}.code.html", page.encode())

    def tables(self) -> None:
        """Write what is about the class as a whole."""
        reports = sorted(self._thin, key=lambda each: natural(each.student))
        counting = self._counted.of(reports) if self._counted else reports
        timed = [(self._codes[student], lesson) for student, lesson in self._ledger.timed if student in self._codes]
        page = html.class_page(
            reports,
            title=f"{self._course.title} (code names)",
            counted=self._counted,
            without_time=without_time(counting, self._ledger.late, timed),
            due={lesson.name: lesson.due for lesson in self._course.lessons if lesson.due},
            examples=self._examples(counting),
            groups=self._course.grade,
            history=self._history,
        )
        with writing(self._out):
            write(self._out / "grades.csv", grades_csv(counting, self._course.grade).encode())
            write(self._out / "properties.csv", properties_csv(items(counting)).encode())
            write(self._out / history.FILE, history.table(self._history).encode())
            write(self._out / "index.html", page.encode())

    def _examples(self, reports: Sequence[Report]) -> dict[str, list[PropertyResult]]:
        found = {}
        for group in overview.in_need(reports):
            student = self._who[group.example]
            own = [each for each in _reports(self._course, self._report, student) if each.lesson == group.lesson]
            masked = self._masker.report(own[0], self._own(student))
            found[group.name] = [each for each in masked.properties if each.name in group.tests]
        return found

    @functools.cached_property
    def _history(self) -> list[Entry]:
        """The moves of marks of students who are still in the class, by code names and days."""
        codes = {cell(student): code for student, code in self._codes.items()}
        found = [
            each._replace(
                date=day(each.date), student=codes[each.student], why=self._masker.text(one_line(each.why, 2000))
            )
            for each in history.every(self._report)
            if each.student in codes
        ]
        return sorted(found, key=lambda each: (each.date, natural(each.student), each.lesson))
