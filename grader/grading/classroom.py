"""Grade a whole class: a folder of submissions in, a folder of reports out.

Every report is written as soon as it is made, beside its place and then renamed into it, and carries a digest of all
that it depends on. A run that was interrupted therefore goes on where it stopped, and a second run of the same class
only grades what has changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader.course import Course, Lesson
from grader.errors import UserError
from grader.files import sweep, write
from grader.grading import faults, unchanged, workers
from grader.grading.digest import basis_of, digest, parts_of, short
from grader.grading.origin import Clock
from grader.grading.output import writing
from grader.grading.pages import write_pages
from grader.grading.register import Register
from grader.grading.rehearsal import rehearse
from grader.grading.worker import Event
from grader.ledger.stored import Ledger
from grader.render.counting import moment
from grader.report import seal
from grader.report.folders import called, folder_of
from grader.report.report import Report
from grader.report.sorting import fault, natural
from grader.report.step import Step, Watcher
from grader.student.errors import is_out_of_memory
from grader.student.levels import Isolation
from grader.submissions.apart import refuse_course_among, refuse_overlap
from grader.submissions.find import read_work
from grader.submissions.students import find_students
from grader.submissions.work import Work

if TYPE_CHECKING:
    # What judges imports torch, for seconds: that is for the workers to do, side by side, not for us before them.
    from grader.student.places import Place


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


@dataclasses.dataclass(frozen=True)
class Run:
    """The settings shared by all students of a run.

    Attributes:
        course: the course.
        submissions: a folder per student.
        out: gets a folder per student with a report per lesson.
        lessons: names of the lessons to grade, in order.
        train: whether training checks are run.
        fresh: grade again even if an up-to-date report is there.
        now: by when deadlines have passed, the same for the whole run.
        films: film the training runs.
        bases: what all reports on a lesson depend on, by its name, as far as somebody has asked for it: the parts, and
            the hash of all of them.
    """

    course: Course
    submissions: Path
    out: Path
    lessons: tuple[str, ...]
    train: bool = True
    fresh: bool = False
    now: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))
    films: bool = True
    bases: dict[str, tuple[dict[str, str], bytes]] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def basis(self, lesson: Lesson) -> bytes:
        """The hash of what all reports on a lesson depend on: it takes reading all of the grader."""
        return self._basis(lesson)[1]

    def parts(self, lesson: Lesson, isolation: Isolation) -> dict[str, str]:
        """The same part by part, with the options of this run, as a report keeps it."""
        return short(self._basis(lesson)[0], walls=isolation, training=self.train)

    def _basis(self, lesson: Lesson) -> tuple[dict[str, str], bytes]:
        if lesson.name not in self.bases:
            parts = parts_of(self.course, lesson)
            self.bases[lesson.name] = parts, basis_of(self.course, lesson, parts)
        return self.bases[lesson.name]

    @functools.cached_property
    def secret_of_marks(self) -> bytes:
        """The secret of marks on folders that have not changed: the same for all, so made once."""
        return unchanged.key(self.course)


def grade_class(
    course: Course,
    submissions: Path,
    out: Path,
    isolation: Isolation,
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
        isolation: how student code is walled in.
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
    register = register or Register(course, out)
    reports: list[Report] = []
    jobs = {}
    for name in students:
        up_to_date = None
        with contextlib.suppress(Exception):
            # What goes wrong here goes wrong again where it is graded, and becomes a report there.
            up_to_date = kept(run, name, isolation, register)
        if up_to_date is None:
            jobs[name] = functools.partial(grade_student, run, name)
            continue
        reports += up_to_date
        if finished is not None:
            finished(name)
    if begin is not None:
        begin(run, jobs)
    if options.rehearse:
        begun = [lesson for lesson in map(course.lesson, lessons) if _is_handed_in(course, lesson, submissions, jobs)]
        rehearse(course, begun, isolation, train=options.train, processes=options.processes, hear=hear)
    died = functools.partial(set_aside, run, isolation)
    try:
        for name, made in workers.run(jobs, isolation, processes=options.processes, hear=hear, died=died):
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


def _sweep(out: Path, students: Iterable[str]) -> None:
    """Remove the files that killed processes were writing."""
    for folder in (out, *(folder_of(out, student) for student in students)):
        sweep(folder)


def _is_handed_in(course: Course, lesson: Lesson, submissions: Path, students: Iterable[str]) -> bool:
    """Whether any student has handed in work on a lesson that can be graded."""
    for student in students:
        try:
            if not read_work(course, lesson, submissions / student).problem:
                return True
        except Exception:
            # Its report will say so; as far as it concerns the rehearsal, it is work on this lesson.
            return True
    return False


def kept(run: Run, student: str, isolation: Isolation, register: Register | None = None) -> list[Report] | None:
    """A student's reports of an earlier run, thin, if they are all that this run would make; runs no student code."""
    if run.fresh:
        return None
    register = register or Register(run.course, run.out)
    passed: dict[str, bool] = {}
    reports: list[Report] = []
    state = unchanged.state(run.submissions / student)
    for lesson in map(run.course.lesson, run.lessons):
        report = register.get(student, lesson.name)
        if report is None:
            return None  # and nothing is read that will be read where it is graded
        if is_unchanged(run, report, lesson, isolation, state):
            passed[lesson.name] = is_right(report)
            reports.append(report)
            continue
        if any(each.name not in passed and is_begun(run, student, each) for each in run.course.needs(lesson)):
            return None
        work = work_of(run, student, lesson, passed)
        whole = _kept(run, student, work, digest_of(run, work, isolation))
        if whole is None:
            return None
        if state is not None:  # so that it need not be read the next time
            whole = _written(run, student, whole, mark_of_folder(run, whole.digest, lesson, isolation, state))
        report = register.put(student, whole)
        passed[lesson.name] = is_right(report)
        reports.append(report)
    return reports


def is_unchanged(run: Run, report: Report, lesson: Lesson, isolation: Isolation, state: bytes | None) -> bool:
    """Whether a report is what this run would make, as nothing has changed since its work was read."""
    if report.has_error or report.incomplete or not report.folder_state:
        return False
    return hmac.compare_digest(report.folder_state, mark_of_folder(run, report.digest, lesson, isolation, state))


def mark_of_folder(run: Run, made_of: str, lesson: Lesson, isolation: Isolation, state: bytes | None) -> str:
    """The mark of a report on a lesson, with all that decides on it beside what the student's folder holds."""
    needed = [(each.name, run.basis(each), run.course.may_stand_in(each, run.now)) for each in run.course.needs(lesson)]
    basis = run.basis(lesson)
    return unchanged.mark(run.secret_of_marks, made_of, state, lesson.name, basis, needed, isolation, run.train)


def grade_student(run: Run, student: str, place: Place, watch: Watcher) -> list[Report]:
    """Grade one student's lessons in order; each report is written as soon as it is complete."""
    passed = dict[str, bool]()
    reports = []
    state = unchanged.state(run.submissions / student)  # before anything is read
    for lesson in map(run.course.lesson, run.lessons):

        def told(step: Step, number: int = lesson.number) -> None:
            watch(msgspec.structs.replace(step, lesson=number))

        clock = Clock(told)
        faulty: list[BaseException] = []

        def failed(fault: BaseException, faulty: list[BaseException] = faulty) -> None:
            nonlocal state
            if is_out_of_memory(fault):
                raise fault  # this process is to end, and another one to try again
            faulty.append(fault)
            state = None  # what was made of this work does not follow from the work alone

        try:
            made = _graded(run, student, lesson, passed, place, clock, failed, lambda: state)
        except UserError:
            raise
        except faults.ANY as fault:
            failed(fault)
            made = faults.report(run.course, lesson.name, called(student), faults.in_words(fault), train=run.train)
            made = _written(run, student, made)
        with writing(run.out):
            faults.log(_log(run, student, lesson), faulty[0] if faulty else None)
        passed[lesson.name] = is_right(made)
        reports.append(made)
    return reports


def _graded(
    run: Run,
    student: str,
    lesson: Lesson,
    passed: dict[str, bool],
    place: Place,
    watch: Clock,
    failed: Callable[[BaseException], None],
    state: Callable[[], bytes | None],
) -> Report:
    """One student's report on one lesson, as it is written; arguments as for ``grade_student`` and ``grade``."""
    from grader.grading.grade import Asked, grade

    course = run.course
    for earlier in course.needs(lesson):
        if earlier.name not in passed and is_begun(run, student, earlier):
            watch(Step("earlier lesson", needed=earlier.number))
            report = grade(course, work_of(run, student, earlier, passed), place, Asked(train=False), failed=failed)
            passed[earlier.name] = is_right(report)
    work = work_of(run, student, lesson, passed)
    made_of = digest_of(run, work, place.isolation)
    made = None if run.fresh else _kept(run, student, work, made_of)
    if made is None:
        watch(Step("reading"))
        made = grade(course, work, place, Asked(train=run.train, own_tasks=True, films=run.films), watch, failed)
        origin = watch.origin(course, work, run.submissions / student, run.parts(lesson, place.isolation))
        made = msgspec.structs.replace(made, digest=made_of, origin=origin)
        made = _written(run, student, made, mark_of_folder(run, made_of, lesson, place.isolation, state()))
    return made


def set_aside(run: Run, isolation: Isolation, student: str) -> list[Report]:
    """The reports on a student at whose work the process that grades ended, twice: those that were done, and faults."""
    reports: list[Report] = []
    passed: dict[str, bool] = {}
    for lesson in map(run.course.lesson, run.lessons):
        report = None
        with contextlib.suppress(Exception):
            work = work_of(run, student, lesson, passed)
            report = _kept(run, student, work, digest_of(run, work, isolation))
        if report is None:
            why = "the grader itself failed: the process that graded this student's work ended, twice (out of memory?)"
            report = _written(
                run, student, faults.report(run.course, lesson.name, called(student), why, train=run.train)
            )
        passed[lesson.name] = is_right(report)
        reports.append(report)
    return reports


def is_begun(run: Run, student: str, lesson: Lesson) -> bool:
    """Whether a student has handed in work on a lesson that can be graded."""
    return not read_work(run.course, lesson, run.submissions / student).problem


def is_right(report: Report) -> bool:
    """Whether later lessons can build on this work: its code is right, whatever the result of its training.

    Of a mark that is held that is not known: it was earned by what was there before.
    """
    return bool(report.properties) and not report.held and all(result.verdict == "pass" for result in report.properties)


def work_of(run: Run, student: str, lesson: Lesson, passed: Mapping[str, bool]) -> Work:
    """A student's work on a lesson with the earlier lessons that it imports.

    These are the student's own if they passed, else the course's references, so that one mistake is paid for once; but
    not where a reference is still to be held back, since student code could print it.

    Args:
        run: the run.
        student: whose work.
        lesson: on which lesson.
        passed: whether earlier lessons passed, by name; one that is not there did not.
    """
    course, folder = run.course, run.submissions / student
    imports: dict[str, str] = {}
    notes: list[str] = []
    for earlier in course.needs(lesson):
        name = earlier.name
        own = read_work(course, earlier, folder)
        if passed.get(name):
            imports[name] = own.source
            continue
        why = "it has not passed yet" if own.is_stub or not own.problem else own.problem
        if course.may_stand_in(earlier, run.now):
            imports[name] = course.solution(earlier).read_text(encoding="utf-8")
            notes.append(f"the course's own {name} was used, so that one mistake is paid for once ({why})")
            continue
        if own.source:
            imports[name] = own.source
        if course.carry_forward == "closed":
            until = f"due {moment(earlier.due)}" if earlier.due else "it has no date in course.yml"
            notes.append(
                f"{name} is still open ({until}), so the course's own does not stand in for it ({why}); "
                "grade again when it is closed"
            )
    return Work(called(student), lesson, read_work(course, lesson, folder), imports, tuple(notes))


def digest_of(run: Run, work: Work, isolation: Isolation) -> str:
    """Hash everything that the report on a student's work depends on."""
    options = (work.student, work.submission, isolation, run.train, work.notes)
    return digest(run.course, work.lesson, work.sources, *options, basis=run.basis(work.lesson))


def _written(run: Run, student: str, report: Report, folder_state: str = "") -> Report:
    """Write a report with the seal of this course's grader, and give it back as it was written.

    A run that fails takes no mark away: where the grader itself failed, the mark of an earlier run stands, and says so.
    """
    before = seal.read(run.course, run.out, student, report.lesson) if report.has_error else None
    if before is not None and before.status == "graded" and not before.has_error:
        report = msgspec.structs.replace(before, held=fault(report))
        folder_state = ""
    report = seal.sealed(run.course, msgspec.structs.replace(report, folder_state=folder_state))
    with writing(run.out):
        write(seal.path_of(run.out, student, report.lesson), report.to_json())
    return report


def _log(run: Run, student: str, lesson: Lesson) -> Path:
    return folder_of(run.out, student) / f"{lesson.name}.log"


def _kept(run: Run, student: str, work: Work, made_of: str) -> Report | None:
    """The report of an earlier run, if it is what this run would make; one with a fault in it is made again."""
    report = seal.read(run.course, run.out, student, work.lesson.name)
    if report is None or report.digest != made_of or report.has_error or report.incomplete or report.held:
        return None
    return report
