"""Grade one student: lesson after lesson, each with what earlier lessons have shown, or keep what stands already."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from grader.course import Lesson
from grader.errors import UserError
from grader.grading import faults
from grader.grading.desk import Desk, Folders, Made, Parcel, Sent
from grader.grading.origin import Clock
from grader.grading.register import Register
from grader.grading.run import Run, digest_of, mark_of_folder
from grader.render.counting import moment
from grader.report.folders import called
from grader.report.report import Report
from grader.report.step import Step, Watcher
from grader.student.errors import is_out_of_memory
from grader.student.levels import Isolation
from grader.submissions.work import Work

if TYPE_CHECKING:
    # What judges imports torch, for seconds: that is for the workers to do, side by side, not for us before them.
    from grader.student.places import Place


def kept(
    run: Run, student: str, isolations: Collection[Isolation], register: Register | None = None
) -> list[Report] | None:
    """A student's reports of an earlier run, thin, if they are all that this run would make; runs no student code.

    Args:
        run: the run.
        student: the student's folder.
        isolations: how this run walls in student code; where it has several, each is as good as the others.
        register: of the reports.
    """
    if run.fresh:
        return None
    register = register or Register(run.course, run.out)
    passed: dict[str, bool] = {}
    reports: list[Report] = []
    desk = Folders(run, student)
    for lesson in map(run.course.lesson, run.lessons):
        report = register.get(student, lesson.name)
        isolation = None if report is None else isolation_of(report, isolations)
        if report is None or isolation is None:
            return None  # and nothing is read that will be read where it is graded
        if is_unchanged(run, report, lesson, isolation, desk.state):
            passed[lesson.name] = is_right(report)
            reports.append(report)
            continue
        if any(each.name not in passed and is_begun(desk, each) for each in run.course.needs(lesson)):
            return None
        whole = desk.kept(lesson, digest_of(run, work_of(run, desk, lesson, passed), isolation))
        if whole is None:
            return None
        if desk.state is not None:  # so that it need not be read the next time
            whole = desk.written(whole, mark_of_folder(run, whole.digest, lesson, isolation, desk.state))
        report = register.put(student, whole)
        passed[lesson.name] = is_right(report)
        reports.append(report)
    return reports


def isolation_of(report: Report, isolations: Iterable[Isolation]) -> Isolation | None:
    """The isolation that a report was made under, if it is one of these."""
    made = report.isolation and (report.isolation.level, report.isolation.parts, report.device)
    return next((each for each in isolations if (each.level, each.parts, each.device) == made), None)


def is_unchanged(run: Run, report: Report, lesson: Lesson, isolation: Isolation, state: bytes | None) -> bool:
    """Whether a report is what this run would make, as nothing has changed since its work was read."""
    if report.has_error or report.incomplete or not report.folder_state:
        return False
    return hmac.compare_digest(report.folder_state, mark_of_folder(run, report.digest, lesson, isolation, state))


def grade_student(run: Run, student: str, place: Place, watch: Watcher) -> list[Report]:
    """Grade one student's lessons in order; each report is written as soon as it is complete."""
    return _judge(run, Folders(run, student), place, watch)


def grade_parcel(run: Run, parcel: Parcel, place: Place, watch: Watcher) -> list[Made]:
    """Grade one student's lessons in order where there is neither a folder of submissions nor one of reports."""
    desk = Sent(parcel)
    _judge(run, desk, place, watch)
    return desk.made


def _judge(run: Run, desk: Desk, place: Place, watch: Watcher) -> list[Report]:
    passed = dict[str, bool]()
    reports = []
    for lesson in map(run.course.lesson, run.lessons):

        def told(step: Step, number: int = lesson.number) -> None:
            watch(msgspec.structs.replace(step, lesson=number))

        clock = Clock(told)
        faulty: list[BaseException] = []

        def failed(fault: BaseException, faulty: list[BaseException] = faulty) -> None:
            if is_out_of_memory(fault):
                raise fault  # this process is to end, and another one to try again
            faulty.append(fault)

        try:
            made = _graded(run, desk, lesson, passed, place, clock, failed)
        except UserError:
            raise
        except faults.ANY as fault:
            failed(fault)
            made = Made(_faulty(run, desk.student, lesson.name, faults.in_words(fault)), place.isolation)
        report = put(run, desk, made._replace(fault=faults.traced(faulty[0]) if faulty else ""))
        passed[lesson.name] = is_right(report)
        reports.append(report)
    return reports


def _graded(
    run: Run,
    desk: Desk,
    lesson: Lesson,
    passed: dict[str, bool],
    place: Place,
    watch: Clock,
    failed: Callable[[BaseException], None],
) -> Made:
    """One student's report on one lesson; arguments as for ``grade_student`` and ``grade``."""
    from grader.grading.grade import Asked, grade

    course = run.course
    for earlier in course.needs(lesson):
        if earlier.name not in passed and is_begun(desk, earlier):
            watch(Step("earlier lesson", needed=earlier.number))
            report = grade(course, work_of(run, desk, earlier, passed), place, Asked(train=False), failed=failed)
            passed[earlier.name] = is_right(report)
    work = work_of(run, desk, lesson, passed)
    made_of = digest_of(run, work, place.isolation)
    before = None if run.fresh else desk.kept(lesson, made_of)
    if before is not None:
        return Made(before, place.isolation, is_kept=True)
    watch(Step("reading"))
    made = grade(course, work, place, Asked(train=run.train, own_tasks=True, films=run.films), watch, failed)
    origin = watch.origin(course, work, desk.file(work), run.parts(lesson, place.isolation))
    return Made(msgspec.structs.replace(made, digest=made_of, origin=origin), place.isolation)


def put(run: Run, desk: Desk, made: Made) -> Report:
    """Put a report on the desk; if the grader fails in that, a report that says so."""
    try:
        return desk.put(made)
    except UserError:
        raise
    except faults.ANY as fault:
        if is_out_of_memory(fault):
            raise
        report = _faulty(run, desk.student, made.report.lesson, faults.in_words(fault))
        return desk.put(Made(report, made.isolation, made.fault or faults.traced(fault)))


def _faulty(run: Run, student: str, lesson: str, why: str) -> Report:
    return faults.report(run.course, lesson, called(student), why, train=run.train)


def set_aside(run: Run, isolations: Collection[Isolation], what: str, student: str) -> list[Report]:
    """The reports on a student at whose work the process that grades ended, twice: those that were done, and faults.

    Args:
        run: the run.
        isolations: how this run walls in student code.
        what: has ended, as the subject of a sentence.
        student: the student's folder.
    """
    reports: list[Report] = []
    passed: dict[str, bool] = {}
    desk = Folders(run, student)
    for lesson in map(run.course.lesson, run.lessons):
        report = None
        with contextlib.suppress(Exception):
            work = work_of(run, desk, lesson, passed)
            made = (desk.kept(lesson, digest_of(run, work, isolation)) for isolation in isolations)
            report = next((each for each in made if each is not None), None)
        if report is None:
            why = f"the grader itself failed: {what} that graded this student's work ended, twice (out of memory?)"
            report = desk.written(_faulty(run, student, lesson.name, why))
        passed[lesson.name] = is_right(report)
        reports.append(report)
    return reports


def is_begun(desk: Desk, lesson: Lesson) -> bool:
    """Whether a student has handed in work on a lesson that can be graded."""
    return not desk.read(lesson).problem


def is_right(report: Report) -> bool:
    """Whether later lessons can build on this work: its code is right, whatever the result of its training.

    Of a mark that is held that is not known: it was earned by what was there before.
    """
    return bool(report.properties) and not report.held and all(result.verdict == "pass" for result in report.properties)


def work_of(run: Run, desk: Desk, lesson: Lesson, passed: Mapping[str, bool]) -> Work:
    """A student's work on a lesson with the earlier lessons that it imports.

    These are the student's own if they passed, else the course's references, so that one mistake is paid for once; but
    not where a reference is still to be held back, since student code could print it.

    Args:
        run: the run.
        desk: where the work is.
        lesson: on which lesson.
        passed: whether earlier lessons passed, by name; one that is not there did not.
    """
    course = run.course
    imports: dict[str, str] = {}
    notes: list[str] = []
    for earlier in course.needs(lesson):
        name = earlier.name
        own = desk.read(earlier)
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
    return Work(called(desk.student), lesson, desk.read(lesson), imports, tuple(notes))
