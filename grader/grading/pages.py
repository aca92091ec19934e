"""The table and the pages of a class, from the reports on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from grader.course import Course
from grader.export.csv import grades_csv
from grader.export.marks import judged
from grader.files import write
from grader.grading import faults
from grader.grading.output import writing
from grader.ledger.stored import Ledger, store
from grader.render import html
from grader.render.marks import without_time
from grader.report import due, seal
from grader.report.folders import folder_of
from grader.report.report import Report
from grader.report.settled import settle
from grader.submissions.students import find_students


def write_pages(
    course: Course,
    submissions: Path,
    out: Path,
    *,
    named: Sequence[str] = (),
    up_to: str = "",
    films: bool = True,
    ledger: Ledger | None = None,
) -> list[Report]:
    """Write the table and the pages from all reports in ``out`` about students who are still in the class.

    The ledger is written beside them, so that whatever reads the reports later has the same marks.

    Args:
        course: the course.
        submissions: says who is still in the class.
        out: holds the reports.
        named: lessons that count because the run was narrowed to them.
        up_to: the last lesson that counts; see ``grader.report.due``.
        films: show the films that reports have.
        ledger: what marks.yml and the late rule say; nothing if it is None.

    Returns:
        Reports of faults, which have taken the place of those that could not be shown.
    """
    names = [lesson.name for lesson in course.lessons]
    students = {student: judged(course, out, student, names) for student in find_students(submissions, ())}
    ledger = ledger or Ledger()
    counted, pages = _pages(course, _settled(students, ledger), named, up_to, films)
    faulty: list[Report] = []
    if unshown := [student for student, page in pages.items() if isinstance(page, Exception)]:
        for student in unshown:
            before = students[student]
            students[student] = [_shown_or_fault(course, out, student, report, counted) for report in before]
            faulty += [now for now, then in zip(students[student], before, strict=True) if now is not then]
        counted, pages = _pages(course, _settled(students, ledger), named, up_to, films)
    reports = [report for own in _settled(students, ledger).values() for report in own]
    made: dict[Path, str] = {}
    for student, page in pages.items():
        if isinstance(page, Exception):
            raise page  # of faults alone: nothing that a student has made
        made[folder_of(out, student) / "index.html"] = page
    made[out / "grades.csv"] = grades_csv(counted.of(reports))
    untimed = without_time(counted.of(reports), ledger.late, ledger.timed)
    made[out / "index.html"] = html.class_page(reports, title=course.title, counted=counted, without_time=untimed)
    with writing(out):
        due.store(out, counted)
        store(course, out, ledger)
        for path, text in made.items():
            write(path, text.encode())
    return faulty


def _settled(students: Mapping[str, list[Report]], ledger: Ledger) -> dict[str, list[Report]]:
    return {student: settle(own, ledger.by_place) for student, own in students.items()}


def _pages(
    course: Course, students: Mapping[str, list[Report]], named: Sequence[str], up_to: str, films: bool
) -> tuple[due.Counted, dict[str, str | Exception]]:
    """Count the lessons, and make each student's page, or keep the reason why there is none."""
    reports = [report for own in students.values() for report in own]
    counted = due.count(course, reports, named=named, up_to=up_to)
    pages: dict[str, str | Exception] = {}
    for student, own in students.items():
        if own:
            try:
                pages[student] = html.student_page(own, counted, films=films)
            except Exception as fault:
                pages[student] = fault
    return counted, pages


def _shown_or_fault(course: Course, out: Path, student: str, report: Report, counted: due.Counted) -> Report:
    """The report, if it can be shown; else one of the fault, which takes its place in ``out`` and is made again."""
    try:
        html.student_page([report], counted)
    except Exception as fault:
        with writing(out):
            faults.log(folder_of(out, student) / f"{report.lesson}.log", fault)
        shown = faults.report(course, report.lesson, report.student, faults.in_words(fault), train=True)
        shown = msgspec.structs.replace(shown, max_score=report.max_score, isolation=report.isolation)
        shown = seal.sealed(course, shown)
        with writing(out):
            write(seal.path_of(out, student, report.lesson), shown.to_json())
        return shown
    return report
