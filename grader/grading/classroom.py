"""Grade a whole class: a folder of submissions in, a folder of reports out.

Every report is written as soon as it is made, beside its place and then renamed into it, and carries a digest of all
that it depends on. A run that was interrupted therefore goes on where it stopped, and a second run of the same class
only grades what has changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader.course import Course, Lesson
from grader.export.csv import grades_csv
from grader.export.marks import of_student
from grader.files import write as write
from grader.grading import workers
from grader.grading.digest import digest
from grader.grading.rehearsal import rehearse
from grader.grading.workers import Event
from grader.report import due
from grader.report.report import Report
from grader.report.sorting import natural
from grader.student.isolation import Isolation
from grader.submissions.find import read_work
from grader.submissions.students import find_students

if TYPE_CHECKING:
    # What judges imports torch, for seconds: that is for the workers to do, side by side, not for us before them.
    from grader.grading.grade import Watcher
    from grader.student.places import Place


@dataclasses.dataclass(frozen=True)
class Options:
    """What narrows or changes a run.

    Attributes:
        lessons: names of the lessons to grade, or empty for all.
        students: folders to grade, or empty for all.
        train: whether training checks are run.
        fresh: grade again even where an up-to-date report is there.
        rehearse: whether the course's own solutions have to get full marks first (see ``grader.grading.rehearsal``).
        processes: how many side by side; None for one a processor.
        due: the last lesson that counts in totals; empty where course.yml or the work says (``grader.report.due``).
    """

    lessons: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    train: bool = True
    fresh: bool = False
    rehearse: bool = True
    processes: int | None = None
    due: str = ""


@dataclasses.dataclass(frozen=True)
class _Nowhere:
    """A place in which nothing runs, for finding out whose reports are up to date before any process is started."""

    isolation: str
    device: str


class _NotKeptError(Exception):
    """A report has to be made."""


def _unheard(what: str, done: float, total: float) -> None:
    pass


def grade_class(
    course: Course,
    submissions: Path,
    out: Path,
    isolation: Isolation,
    options: Options,
    hear: Callable[[Event], None] | None = None,
    finished: Callable[[str], None] | None = None,
) -> list[Report]:
    """Grade a class and write everything under ``out``.

    Args:
        course: the course.
        submissions: a folder a student; see ``grader.submissions.find`` for what is looked for in it.
        out: gets ``grades.csv``, ``index.html``, ``counted.json``, and ``<student>/index.html`` and
            ``<student>/<lesson>.json``.
        isolation: how student code is walled in.
        options: what narrows the run.
        hear: is told what is going on.
        finished: is told of every student who is done.

    Returns:
        The reports of this run.

    Raises:
        ClassError: there is nothing to grade.
        RehearsalError: the course's own solutions do not get full marks here; nobody was graded.
        GraderFault: a process of the grader's own died; run the same command again to go on.
    """
    students = find_students(submissions, options.students)
    lessons = tuple(course.lesson(name).name for name in options.lessons) or tuple(each.name for each in course.lessons)
    out.mkdir(parents=True, exist_ok=True)
    job = functools.partial(grade_student, course, submissions, out, lessons, options.train, options.fresh)
    reports: list[Report] = []
    jobs = {}
    for name in students:
        try:
            if options.fresh:
                raise _NotKeptError
            reports += job(name, _Nowhere(str(isolation), isolation.device), _unheard)
        except _NotKeptError:
            jobs[name] = functools.partial(job, name)
            continue
        if finished is not None:
            finished(name)
    if options.rehearse:
        begun = [lesson for lesson in map(course.lesson, lessons) if _is_handed_in(course, lesson, submissions, jobs)]
        rehearse(course, begun, isolation, train=options.train, processes=options.processes, hear=hear)
    for name, made in workers.run(jobs, isolation, processes=options.processes, hear=hear):
        reports += made
        if finished is not None:
            finished(name)
    write_pages(course, submissions, out, named=lessons if options.lessons else (), up_to=options.due)
    order = {name: i for i, name in enumerate(lessons)}
    return sorted(reports, key=lambda report: (natural(report.student), order[report.lesson]))


def _is_handed_in(course: Course, lesson: Lesson, submissions: Path, students: Iterable[str]) -> bool:
    """Whether there is anything to grade for a lesson."""
    return any(not read_work(course, lesson, submissions / student).problem for student in students)


def grade_student(
    course: Course,
    submissions: Path,
    out: Path,
    lessons: Sequence[str],
    train: bool,
    fresh: bool,
    student: str,
    place: Place | _Nowhere,
    watch: Watcher,
) -> list[Report]:
    """Grade one student's lessons in order; each report is written as soon as it is there."""
    folder = submissions / student
    passed: dict[str, bool] = {}
    reports = []
    for name in lessons:
        lesson = course.lesson(name)
        imports, notes = _imports(course, lesson, student, folder, place, passed, watch)
        submission = read_work(course, lesson, folder)
        sources = {**imports, lesson.name: submission.source}
        made_of = digest(course, lesson, sources, student, submission, place.isolation, place.device, train, notes)
        path = out / student / f"{lesson.name}.json"
        report = None if fresh else _kept(path, made_of)
        if report is None:
            if isinstance(place, _Nowhere):
                raise _NotKeptError
            from grader.grading.grade import grade

            def told(what: str, done: float, total: float, lesson: Lesson = lesson) -> None:
                watch(f"lesson {lesson.number}: {what}", done, total)

            told("reading", 0, 0)
            report = grade(
                course, lesson, student, submission, place, imports=imports, notes=notes, train=train, watch=told
            )
            report = msgspec.structs.replace(report, digest=made_of)
            write(path, report.to_json())
        passed[lesson.name] = _passed(report)
        reports.append(report)
    return reports


def _passed(report: Report) -> bool:
    """Whether later lessons can build on this work: its code is right, whatever its training came to."""
    return bool(report.properties) and all(result.verdict == "pass" for result in report.properties)


def _imports(
    course: Course,
    lesson: Lesson,
    student: str,
    folder: Path,
    place: Place | _Nowhere,
    passed: dict[str, bool],
    watch: Watcher,
) -> tuple[dict[str, str], list[str]]:
    """The earlier lessons that this one imports: the student's own where it passed, else the reference."""
    sources: dict[str, str] = {}
    notes: list[str] = []
    for name in lesson.imports:
        earlier = course.lesson(name)
        own = read_work(course, earlier, folder)
        if name not in passed and not own.problem:
            if isinstance(place, _Nowhere):
                raise _NotKeptError
            from grader.grading.grade import grade

            watch(f"lesson {lesson.number}: lesson {earlier.number} first", 0, 0)
            report = grade(course, earlier, student, own, place, imports=sources, train=False)
            passed[name] = _passed(report)
        if passed.get(name) or (not course.carry_forward and own.source):
            sources[name] = own.source
        elif course.carry_forward:
            sources[name] = course.solution(earlier).read_text(encoding="utf-8")
            why = own.problem or "it has not passed yet"
            notes.append(f"the course's own {name} was used, so that one mistake is paid for once ({why})")
    return sources, notes


def _kept(path: Path, made_of: str) -> Report | None:
    """The report of an earlier run, if it is what this run would make; a report of a fault is made again."""
    with contextlib.suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        report = Report.from_json(path.read_bytes())
        if report.digest == made_of and not report.has_error:
            return report
    return None


def write_pages(course: Course, submissions: Path, out: Path, *, named: Sequence[str] = (), up_to: str = "") -> None:
    """Write the table and the pages from all reports in ``out`` about students who are still in the class.

    Args:
        course: the course.
        submissions: says who is still in the class.
        out: holds the reports.
        named: lessons that count because the run was narrowed to them.
        up_to: the last lesson that counts; see ``grader.report.due``.
    """
    from grader.render import html

    names = [lesson.name for lesson in course.lessons]
    students = {student: of_student(out, student, names) for student in find_students(submissions, ())}
    reports = [report for own in students.values() for report in own]
    counted = due.count(course, reports, named=named, up_to=up_to)
    due.store(out, counted)
    for student, own in students.items():
        if own:
            write(out / student / "index.html", html.student_page(own, counted).encode())
    write(out / "grades.csv", grades_csv(counted.of(reports)).encode())
    write(out / "index.html", html.class_page(reports, title=course.title, counted=counted).encode())
