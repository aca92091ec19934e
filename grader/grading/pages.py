"""The table and the pages of a class, from the reports on it: what has not changed is not written again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.course import Course
from grader.export.csv import grades_csv, properties_csv
from grader.export.marks import judged
from grader.files import write
from grader.grading import faults, history
from grader.grading.output import writing
from grader.grading.register import Register
from grader.ledger.stored import Ledger, store, unsealed
from grader.render import html, overview
from grader.render.marks import without_time
from grader.report import due, seal
from grader.report.folders import called, folder_of
from grader.report.items import items
from grader.report.mark import Case
from grader.report.moves import first, handed_in_again, moves
from grader.report.report import PropertyResult, Report
from grader.report.settled import settle, settled
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
    register: Register | None = None,
) -> list[Report]:
    """Write the table and the pages from all reports in ``out`` about students who are still in the class.

    The ledger is written beside them, so that whatever reads the reports later has the same marks. A student's page is
    made of the reports on disk, one student after the other, and only where it would be another one than it is.

    Args:
        course: the course.
        submissions: says who is still in the class.
        out: holds the reports.
        named: lessons that count because the run was narrowed to them.
        up_to: the last lesson that counts; see ``grader.report.due``.
        films: show the films that reports have.
        ledger: what marks.yml and the late rule say; nothing if it is None.
        register: of the reports in ``out``.

    Returns:
        Reports of faults, thin, which have taken the place of those that could not be shown.
    """
    made = _Pages(course, out, films, ledger or Ledger(), register or Register(course, out))
    students = find_students(submissions, ())
    counted = made.counted(students, named, up_to)
    faulty = [report for student in students for report in made.page(student, counted)]
    if faulty:
        counted = made.counted(students, named, up_to)
        for student in students:
            made.page(student, counted, or_raise=True)  # of faults alone: nothing that a student has made
    made.history(students)
    made.tables(students, counted)
    return faulty


class _Pages:
    """The pages of one run.

    Args:
        course: the course.
        out: the folder of reports.
        films: whether to show films.
        ledger: what is done to marks.
        register: the reports.
    """

    def __init__(self, course: Course, out: Path, films: bool, ledger: Ledger, register: Register) -> None:
        self._course, self._out, self._films, self._ledger, self._register = course, out, films, ledger, register
        self._names = [lesson.name for lesson in course.lessons]
        self._by_place = ledger.by_place
        self._before = unsealed(out)
        self._cases: dict[str, list[Case]] = {}
        for case in ledger.cases:
            self._cases.setdefault(case.student, []).append(case)

    def reports(self, students: Sequence[str]) -> list[Report]:
        """The thin reports with their final marks."""
        return [report for student in students for report in self._settled(self._register.of(student, self._names))]

    def counted(self, students: Sequence[str], named: Sequence[str], up_to: str) -> due.Counted:
        """Decide which lessons count, and write that down beside the reports, with the ledger."""
        counted = due.count(self._course, self.reports(students), named=named, up_to=up_to)
        with writing(self._out):
            store(self._course, self._out, self._ledger)
            due.store(self._out, counted)
        return counted

    def page(self, student: str, counted: due.Counted, *, or_raise: bool = False) -> list[Report]:
        """Write a student's page, if it would not be the one that lies there.

        Returns:
            Reports of faults, which have taken the place of those that could not be shown.
        """
        own = self._register.of(student, self._names)
        if not own:
            return []
        depends = (counted, self._films, self._cases.get(called(student)), self._course.grade)
        made_of = self._register.made_of(student, self._names, *depends)
        if self._register.has_page(student, made_of):
            return []
        whole = judged(self._course, self._out, student, self._names)
        try:
            text = html.student_page(self._settled(whole), counted, films=self._films, groups=self._course.grade)
        except Exception:
            if or_raise:
                raise
            return self._faults(student, whole, counted)
        self._register.put_page(student, made_of, text)
        return []

    def tables(self, students: Sequence[str], counted: due.Counted) -> None:
        """Write what is about the class as a whole, and the register for the next run."""
        reports = self.reports(students)
        counting = counted.of(reports)
        page = html.class_page(
            reports,
            title=self._course.title,
            counted=counted,
            without_time=without_time(counting, self._ledger.late, self._ledger.timed),
            due={lesson.name: lesson.due for lesson in self._course.lessons if lesson.due},
            examples=self._examples(students, counting),
            groups=self._course.grade,
            history=history.about(self._out, {report.student for report in reports}),
        )
        with writing(self._out):
            write(self._out / "grades.csv", grades_csv(counting, self._course.grade).encode())
            write(self._out / "properties.csv", properties_csv(items(counting)).encode())
            write(self._out / "index.html", page.encode())
        self._register.save(students)

    def history(self, students: Sequence[str]) -> None:
        """Add to the history what has moved since the register was written, by whatever reason, and what is new."""
        before, pairs = self._before.by_place, []
        for then, now in self._register.since(students):
            old, new = (cases.get((now.student, now.lesson)) for cases in (before, self._by_place))
            if then is not now or old != new:
                pairs.append((settled(then, old), settled(now, new)))
        moved = moves([then for then, _ in pairs], [now for _, now in pairs])
        again = [move for then, now in pairs if (move := handed_in_again(then, now)) is not None]
        new_ones = [first(report) for report in self._settled(list(self._register.first(students)))]
        self._register.moved += moved
        with writing(self._out):
            history.add(self._out, [*moved, *again, *new_ones])

    def _examples(self, students: Sequence[str], reports: Sequence[Report]) -> dict[str, list[PropertyResult]]:
        """For each group of failures without a name, what one of the group was asked and answered: from the disk."""
        folders, found = {called(student): student for student in students}, {}
        for group in overview.in_need(reports):
            report = seal.read(self._course, self._out, folders[group.example], group.lesson)
            found[group.name] = [each for each in report.properties if each.name in group.tests] if report else []
        return found

    def _settled(self, reports: Sequence[Report]) -> list[Report]:
        return settle(reports, self._by_place)

    def _faults(self, student: str, reports: Sequence[Report], counted: due.Counted) -> list[Report]:
        found = []
        for report in reports:
            shown = _shown_or_fault(self._course, self._out, student, report, counted)
            if shown is not report:
                found.append(self._register.put(student, shown))
        return found


def _shown_or_fault(course: Course, out: Path, student: str, report: Report, counted: due.Counted) -> Report:
    """The report, if it can be shown; else one of the fault, which takes its place in ``out`` and is made again."""
    try:
        html.student_page([report], counted)
    except Exception as fault:
        with writing(out):
            faults.log(folder_of(out, student) / f"{report.lesson}.log", faults.traced(fault))
        shown = faults.report(course, report.lesson, report.student, faults.in_words(fault), train=True)
        shown = msgspec.structs.replace(shown, max_score=report.max_score, isolation=report.isolation)
        shown = seal.sealed(course, shown)
        with writing(out):
            write(seal.path_of(out, student, report.lesson), shown.to_json())
        return shown
    return report
