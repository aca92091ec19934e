"""Grade a whole class: a folder of submissions in, a folder of reports out.

Every report is written as soon as it is made, beside its place and then renamed into it, and carries a digest of all
that it depends on. A run that was interrupted therefore goes on where it stopped, and a second run of the same class
only grades what has changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grader.course import Course, Lesson
from grader.files import sweep
from grader.grading.desk import Folders, Made
from grader.grading.one_student import grade_parcel, grade_student, is_begun, kept, put, set_aside
from grader.grading.output import writing
from grader.grading.pages import write_pages
from grader.grading.register import Register
from grader.grading.rehearsal import rehearse
from grader.grading.run import Run
from grader.grading.team import Here, Team
from grader.grading.worker import Event
from grader.ledger.stored import Ledger
from grader.report.folders import folder_of
from grader.report.report import Report
from grader.report.sorting import natural
from grader.student.levels import Isolation
from grader.submissions.apart import refuse_course_among, refuse_overlap
from grader.submissions.students import find_students


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of a run.

    Attributes:
        lessons: names of the lessons to grade, or empty for all.
        students: folders to grade, or empty for all.
        train: whether training checks are run.
        fresh: grade again even where an up-to-date report is there.
        rehearse: whether the course's own solutions have to get full marks first (see ``grader.grading.rehearsal``).
        processes: how many side by side; None for one per CPU.
        due: the last lesson that counts in totals; empty where course.yml or the work says (``grader.report.due``).
        films: film the training runs, and show the films on the pages. A report that an earlier run made is kept as it
            is, with or without films: they are no part of any verdict.
        ledger: what marks.yml and the late rule say; it changes marks, and no report.
    """

    lessons: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    train: bool = True
    fresh: bool = False
    rehearse: bool = True
    processes: int | None = None
    due: str = ""
    films: bool = True
    ledger: Ledger | None = None


def grade_class(
    course: Course,
    submissions: Path,
    out: Path,
    team: Team | Isolation,
    options: Options,
    hear: Callable[[Event], None] | None = None,
    finished: Callable[[str], None] | None = None,
    register: Register | None = None,
    begin: Callable[[Run, Collection[str]], None] | None = None,
) -> list[Report]:
    """Grade a class and write everything under ``out``.

    Args:
        course: the course.
        submissions: a folder a student; see ``grader.submissions.find`` for what is looked for in it.
        out: gets ``grades.csv``, ``index.html``, ``counted.json``, ``ledger.json``, ``reports.index``, and
            ``<student>/index.html`` and ``<student>/<lesson>.json``; beside it a ``.log`` if the grader itself failed.
        team: grades; processes of this machine if only the isolation of student code is given.
        options: what narrows the run.
        hear: called with every event.
        finished: called with every student who is done.
        register: of the reports in ``out``; whoever looks at them afterwards has it read none of them twice.
        begin: called with the students who are to be graded, once that is known and before it begins.

    Returns:
        The reports of this run, thin: what was asked and answered is on disk alone.

    Raises:
        ClassError: there is nothing to grade, or ``out`` and ``submissions`` overlap.
        RehearsalError: the course's own solutions do not get full marks here; nobody was graded.
        GraderFault: no student code can be started here.
    """
    refuse_course_among(submissions, course.root)
    refuse_overlap(submissions, out)
    students = find_students(submissions, options.students)
    lessons = tuple(course.lesson(name).name for name in options.lessons) or tuple(each.name for each in course.lessons)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    _sweep(out, students)
    run = Run(course, submissions, out, lessons, options.train, options.fresh, films=options.films)
    team = Here(team, options.processes) if isinstance(team, Isolation) else team
    register = register or Register(course, out)
    reports: list[Report] = []
    waiting = []
    for name in students:
        up_to_date = None
        with contextlib.suppress(Exception):
            # What goes wrong here goes wrong again where it is graded, and becomes a report there.
            up_to_date = kept(run, name, team.isolations, register)
        if up_to_date is None:
            waiting.append(name)
            continue
        reports += up_to_date
        if finished is not None:
            finished(name)
    if begin is not None:
        begin(run, waiting)
    if options.rehearse:
        begun = [lesson for lesson in map(course.lesson, lessons) if _is_handed_in(run, lesson, waiting)]
        rehearse(course, begun, team, train=options.train, hear=hear)
    try:
        for name, made in _graded_by(team, run, waiting, hear):
            reports += [register.put(name, each) for each in made]
            if finished is not None:
                finished(name)
    finally:
        _sweep(out, students)
    named = lessons if options.lessons else ()
    faulty = write_pages(
        course,
        submissions,
        out,
        named=named,
        up_to=options.due,
        films=options.films,
        ledger=options.ledger,
        register=register,
    )
    replaced = {(report.student, report.lesson) for report in faulty}
    reports = [*(each for each in reports if (each.student, each.lesson) not in replaced), *faulty]
    order = {lesson.name: i for i, lesson in enumerate(course.lessons)}
    return sorted(reports, key=lambda report: (natural(report.student), order[report.lesson]))


def _graded_by(
    team: Team, run: Run, students: Sequence[str], hear: Callable[[Event], None] | None
) -> Iterator[tuple[str, list[Report]]]:
    """Have students graded, and give the reports on each of them as they have been written."""
    ended = "the process" if team.has_folders else "the process, or the worker of the cluster,"
    died = functools.partial(set_aside, run, team.isolations, ended)
    if team.has_folders:
        jobs = {name: functools.partial(grade_student, run, name) for name in students}
        yield from team.run(jobs, hear=hear, died=died)
        return
    parcels = _Parcels(run, students)
    for name, made in team.run(parcels, hear=hear, died=lambda name: None):
        yield name, died(name) if made is None else parcels.received(name, made)


class _Parcels(Mapping[str, Callable[..., "list[Made] | None"]]):
    """The jobs of grading students elsewhere; none is made before it is asked for, as a class is large.

    Args:
        run: the run.
        students: whose work it is about.
    """

    def __init__(self, run: Run, students: Sequence[str]) -> None:
        self._run, self._students = run, students
        self._desks: dict[str, Folders] = {}

    def __len__(self) -> int:
        return len(self._students)

    def __iter__(self) -> Iterator[str]:
        return iter(self._students)

    def __getitem__(self, student: str) -> Callable[..., list[Made]]:
        desk = self._desks[student] = Folders(self._run, student)  # which notes how the folder is before it is read
        return functools.partial(grade_parcel, self._run, desk.parcel())

    def received(self, student: str, made: Iterable[Made]) -> list[Report]:
        """Write the reports that have been made of a parcel."""
        desk, reports = self._desks.pop(student), []
        for each in made:
            own = desk.kept(self._run.course.lesson(each.report.lesson), each.report.digest) if each.is_kept else None
            reports.append(put(self._run, desk, each if own is None else each._replace(report=own)))
        return reports


def _sweep(out: Path, students: Iterable[str]) -> None:
    """Remove the files that killed processes were writing."""
    for folder in (out, *(folder_of(out, student) for student in students)):
        sweep(folder)


def _is_handed_in(run: Run, lesson: Lesson, students: Iterable[str]) -> bool:
    """Whether any student has handed in work on a lesson that can be graded."""
    for student in students:
        try:
            if is_begun(Folders(run, student), lesson):
                return True
        except Exception:
            # Its report will say so; as far as it concerns the rehearsal, it is work on this lesson.
            return True
    return False
