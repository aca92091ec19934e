"""A fault has one student: what happens while one submission is graded or shown ends nobody else's."""

from __future__ import annotations

import csv
import errno
import functools
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import faulty_jobs
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in
from typer.testing import CliRunner

from grader.cli import app
from grader.course import Course
from grader.errors import CourseError, OutputError
from grader.grading import classroom, desk, one_student, pages, workers
from grader.grading.classroom import Options, grade_class
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.render import fragment, html
from grader.report.report import Report
from grader.report.step import silent
from grader.student.errors import GraderFault, StudentDied, is_out_of_memory
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError

Result = TypeVar("Result")
LESSONS = ("lesson1_numbers", "lesson2_balance")


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    try:
        return choose()
    except IsolationError as reason:
        pytest.skip(str(reason))


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted"
    for student in ("student-001", "student-002", "student-003"):
        hand_in(folder, student, "lesson1_numbers", NUMBERS)
        hand_in(folder, student, "lesson2_balance", BALANCE)
    return folder


def alone(course: Course, submissions: Path, out: Path, student: str = "student-002") -> list[Report]:
    return grade_student(Run(course, submissions, out, LESSONS, train=False), student, Here(), silent)


OPTIONS = Options(train=False, rehearse=False, processes=2)


@pytest.mark.parametrize(
    ("how", "first", "says"),
    [
        ("raises", "error", "the grader itself failed: ZeroDivisionError: an oversight of ours"),
        ("kills", "error", "the process that graded this student's work ended, twice"),
        ("kills-at-the-second", "graded", "the process that graded this student's work ended, twice"),
    ],
)
def test_class_mates_get_their_marks(
    how: str,
    first: str,
    says: str,
    course: Course,
    submissions: Path,
    tmp_path: Path,
    isolation: Isolation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / how
    done: list[str] = []
    monkeypatch.setattr(classroom, "grade_student", faulty_jobs.grade_student)
    reports = grade_class(course, submissions, out, isolation, OPTIONS, finished=done.append)
    assert sorted(done) == ["student-001", "student-002", "student-003"]
    assert [(r.student, r.lesson, r.status) for r in reports] == [
        ("student-001", "lesson1_numbers", "graded"),
        ("student-001", "lesson2_balance", "graded"),
        ("student-002", "lesson1_numbers", first),
        ("student-002", "lesson2_balance", "error"),
        ("student-003", "lesson1_numbers", "graded"),
        ("student-003", "lesson2_balance", "graded"),
    ]
    assert says in reports[3].message
    assert "\n" not in reports[3].message
    assert "\x1b" not in reports[3].message
    rows = {(row["student"], row["lesson"]): row for row in csv.DictReader((out / "grades.csv").open())}
    assert rows["student-003", "lesson2_balance"]["score"] == "3"
    assert rows["student-002", "lesson2_balance"]["status"] == "error"
    for page in ("index.html", *(f"{student}/index.html" for student in done)):
        assert (out / page).read_text().startswith("<!doctype html>")
    # A run without the fault goes on from there, and grades what has no mark.
    monkeypatch.undo()
    again = grade_class(course, submissions, out, isolation, OPTIONS)
    assert {report.status for report in again} == {"graded"}
    assert not list(out.rglob("*.log"))


def test_a_fault_of_ours_leaves_a_log_that_goes_with_it(
    course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.grading import grade

    out = tmp_path / "out"
    log = out / "student-002" / "lesson1_numbers.log"
    with monkeypatch.context() as patch:
        once, real = iter([True]), grade.points_of
        patch.setattr(grade, "points_of", lambda *values: 1 / 0 if next(once, False) else real(*values))
        hand_in(submissions, "student-002", "lesson1_numbers", NUMBERS.replace("2 * x", "x * x"))
        one, two = alone(course, submissions, out)
        assert (one.status, two.status) == ("error", "graded")
        assert one.max_score == 3
        assert "ZeroDivisionError" in one.message
        assert "line" in log.read_text()
        assert Report.from_json((out / "student-002" / "lesson1_numbers.json").read_bytes()) == one
        assert not log.with_name("lesson2_balance.log").exists()
    assert alone(course, submissions, out)[0].status == "graded"
    assert not log.exists()


def failing(course: Course, submissions: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """A run in which the grader itself fails on every lesson of student-002."""
    from grader.grading import grade

    with monkeypatch.context() as patch:
        patch.setattr(grade, "points_of", lambda *_: 1 / 0)
        return alone(course, submissions, out)


def test_a_run_that_fails_takes_no_mark_away(
    course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    before = alone(course, submissions, out)
    hand_in(submissions, "student-002", "lesson1_numbers", NUMBERS.replace("x / 2", "x // 2"))
    held, _ = failing(course, submissions, out, monkeypatch)
    assert (held.status, held.score, held.has_error) == ("graded", 3, False)
    assert "ZeroDivisionError" in held.held
    assert held.origin == before[0].origin
    assert not one_student.is_right(held), "what is there now may be wrong, and other lessons import it"
    assert one_student.is_right(before[0])
    assert Report.from_json((out / "student-002" / "lesson1_numbers.json").read_bytes()) == held
    assert (out / "student-002" / "lesson1_numbers.log").exists()
    # It is said wherever the mark is shown, and neither the next failure nor another one changes the mark.
    for _ in range(2):
        pages.write_pages(course, submissions, out)
        assert "student-002,lesson1_numbers,3,3,graded" in (out / "grades.csv").read_text()
        assert "the mark is that of an earlier run" in (out / "index.html").read_text()
        for page in (out / "student-002" / "index.html").read_text(), fragment.summary(held):
            assert "judged" in page
            assert "again" in page
        held, _ = failing(course, submissions, out, monkeypatch)
    # As soon as it can be judged, what is there now counts.
    after, _ = alone(course, submissions, out)
    assert (after.score, after.held) == (2, "")
    assert not (out / "student-002" / "lesson1_numbers.log").exists()


def test_what_was_no_mark_is_not_held(
    course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first, _ = failing(course, submissions, out, monkeypatch)
    assert first.status == "error"
    again, _ = failing(course, submissions, out, monkeypatch)
    assert (again.status, again.held) == ("error", "")
    for path in submissions.rglob("student-002/**/lesson1_numbers.py"):
        path.unlink()
    assert alone(course, submissions, out)[0].status == "missing"
    hand_in(submissions, "student-002", "lesson1_numbers", NUMBERS)
    assert failing(course, submissions, out, monkeypatch)[0].status == "error"


def test_a_mark_that_is_held_is_counted_among_the_faults(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course.root)
    out = tmp_path / "raises"
    command = ["grade", str(submissions), "--out", str(out), "--no-training", "--no-rehearsal"]
    assert CliRunner().invoke(app, command).exit_code == 0
    hand_in(submissions, "student-002", "lesson1_numbers", NUMBERS.replace("x / 2", "x // 2"))
    monkeypatch.setattr(classroom, "grade_student", faulty_jobs.grade_student)
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 3, result.output
    assert "or that of an earlier run" in " ".join(result.stderr.split())
    assert "In 2 reports the mark is that of an earlier run" in result.stdout


@pytest.mark.parametrize("what", ["grade.counterexample.write", "naming.diagnosis.diagnose"])
def test_what_no_mark_depends_on_takes_none_away(
    what: str, course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    log = out / "student-002" / "lesson1_numbers.log"
    hand_in(submissions, "student-002", "lesson1_numbers", NUMBERS.replace("x / 2", "x // 2"))
    with monkeypatch.context() as patch:
        patch.setattr(f"grader.grading.{what}", lambda *_: 1 / 0)
        one, _ = alone(course, submissions, out)
    assert (one.status, one.score, one.has_error, one.incomplete) == ("graded", 2, False, True)
    assert any("ZeroDivisionError" in note and "no marks" in note for note in one.notes)
    assert "line" in log.read_text()
    # The next run tries again.
    again, _ = alone(course, submissions, out)
    assert (again.score, again.incomplete, again.notes) == (2, False, ())
    assert not log.exists()


@pytest.mark.parametrize("error", [RecursionError("deep"), OSError(24, "too many files"), StudentDied("x")])
def test_what_goes_wrong_while_work_is_read_is_that_report(
    error: BaseException, course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = desk.read_work

    def read(course_: Course, lesson: object, folder: Path) -> object:
        if folder.name == "student-002" and lesson == course.lessons[0]:
            raise error
        return real(course_, lesson, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "read_work", read)
    reports = alone(course, submissions, tmp_path / "out")
    assert [report.status for report in reports] == ["error", "error"]  # the second imports the first
    assert all(type(error).__name__ in report.message for report in reports)
    assert [r.status for r in alone(course, submissions, tmp_path / "out", "student-003")] == ["graded", "graded"]


def test_the_main_process_reads_on_where_one_submission_cannot_be_read(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers are other processes: what is patched here goes wrong in this one alone."""

    def read(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(desk, "read_work", read)
    monkeypatch.setattr(classroom, "rehearse", lambda *_, **__: [])
    options = Options(train=False, processes=2)
    reports = grade_class(course, submissions, tmp_path / "out", isolation, options)
    assert {report.status for report in reports} == {"graded"}


def test_a_mistake_of_the_course_and_ctrl_c_end_the_run(
    course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (CourseError("no such exercise"), KeyboardInterrupt()):

        def read(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(desk, "read_work", read)
        with pytest.raises(type(error)):
            alone(course, submissions, tmp_path / "out")


def test_a_report_that_cannot_be_shown_is_one_fault(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.grading import pages

    real = html.student_page

    def student_page(reports: list[Report], counted: object = None, **_: object) -> str:
        if any(r.student == "student-002" and r.lesson == "lesson2_balance" and r.properties for r in reports):
            raise ValueError("not a picture")
        return real(reports, counted)  # type: ignore[arg-type]

    monkeypatch.setattr(pages.html, "student_page", student_page)
    out = tmp_path / "out"
    reports = grade_class(course, submissions, out, isolation, OPTIONS)
    statuses = [report.status for report in reports]
    assert statuses == ["graded", "graded", "graded", "error", "graded", "graded"]
    assert "ValueError: not a picture" in (out / "student-002" / "lesson2_balance.log").read_text()
    assert "not a picture" in (out / "student-002" / "index.html").read_text()
    rows = {(row["student"], row["lesson"]): row for row in csv.DictReader((out / "grades.csv").open())}
    assert rows["student-002", "lesson2_balance"]["status"] == "error"
    assert rows["student-002", "lesson1_numbers"]["score"] == "3"
    monkeypatch.undo()
    assert {report.status for report in grade_class(course, submissions, out, isolation, OPTIONS)} == {"graded"}


def test_the_exit_status_is_3_and_says_how_many_and_whose(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classroom, "grade_student", faulty_jobs.grade_student)
    monkeypatch.chdir(course.root)
    out = tmp_path / "raises"
    command = ["grade", str(submissions), "--out", str(out), "--no-training", "--no-rehearsal"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 3, result.output
    said = " ".join(result.stderr.split())
    assert "failed on 2 submissions: student-002 (lesson1_numbers), student-002 (lesson2_balance);" in said


# A folder that cannot be written to


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, "make room there"), (errno.EROFS, "make it writable"), (errno.EFBIG, "make room there")],
)
def test_a_report_that_cannot_be_written_is_no_fault_of_the_grader(
    number: int, remedy: str, course: Course, submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, data: bytes) -> None:
        raise OSError(number, "the system's word")

    for module in (desk, pages):
        monkeypatch.setattr(module, "write", write)
    with pytest.raises(OutputError, match=f"cannot be written to .the system's word.; {remedy}"):
        alone(course, submissions, tmp_path / "out")
    with pytest.raises(OutputError, match=remedy):
        pages.write_pages(course, submissions, tmp_path / "out")


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (OutputError("out cannot be written to"), 2, "out cannot be written to"),
        (MemoryError(), 3, "this machine has no memory left for the grader"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 3, "this machine has no memory left for the grader"),
        (GraderFault("it does not start"), 3, "the grader itself failed: it does not start"),
    ],
)
def test_a_run_that_cannot_go_on_ends_in_one_line_that_says_how_much_is_kept(
    error: Exception,
    status: int,
    says: str,
    course: Course,
    submissions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def grade(*_: object, finished: Callable[[str], None], **__: object) -> None:
        finished("student-001")
        raise error

    monkeypatch.setattr(classroom, "grade_class", grade)
    monkeypatch.chdir(course.root)
    monkeypatch.setenv("GRADER_SALT", "grains")
    result = CliRunner().invoke(app, ["grade", str(submissions), "--out", str(tmp_path / "out")])
    assert result.exit_code == status
    kept = "1 of 3 students is done and kept, and the same command goes on from there"
    assert result.stderr.splitlines() == ["[1/3] student-001", f"grader: {says}; {kept}"]


# Killed from outside


class Unlucky(Here):
    """A place in which something from outside kills so many processes."""

    def __init__(self, kills: int, error: BaseException) -> None:
        super().__init__()
        self._kills, self._error = kills, error

    def open(self, *arguments: Any, **more: Any) -> Any:
        if self.lost < self._kills:
            self.lost += 1
            raise self._error
        return super().open(*arguments, **more)


@pytest.mark.parametrize("error", [StudentDied("the process was ended by SIGKILL"), GraderFault("has ended")])
def test_what_something_from_outside_has_killed_is_judged_once_more(
    error: BaseException, course: Course, submissions: Path, tmp_path: Path
) -> None:
    run = Run(course, submissions, tmp_path / "out", LESSONS[:1], train=False)
    (report,) = grade_student(run, "student-001", Unlucky(1, error), silent)
    assert (report.status, report.score) == ("graded", 3)
    # What happens again is said.
    (report,) = grade_student(run, "student-002", Unlucky(99, error), silent)
    assert str(error) in report.message
    assert report.score == 0


def test_no_student_pays_for_the_graders_own_memory(course: Course, submissions: Path, tmp_path: Path) -> None:
    test = course.tests(course.lessons[0]) / "test_numbers.py"
    test.write_text(
        test.read_text().replace("assert student.double(x)", "raise MemoryError\n    assert student.double(x)")
    )
    with pytest.raises(GraderFault, match="MemoryError") as caught:
        alone(course, submissions, tmp_path / "out")
    assert is_out_of_memory(caught.value)
    assert not list((tmp_path / "out").rglob("*.json"))


def test_a_library_that_finds_no_room_is_memory_that_has_run_out() -> None:
    assert is_out_of_memory(ImportError("libtorch_cpu.so: failed to map segment from shared object"))
    assert not is_out_of_memory(ImportError("libtorch_cpu.so: cannot open shared object file"))


@pytest.mark.parametrize(
    "words", ["error return without exception set", "<built-in function f> returned NULL without setting an exception"]
)
def test_so_is_an_error_of_pythons_own_code_that_has_no_words(words: str) -> None:
    """As it came when memory ended while a worker imported what its first job needs."""
    assert is_out_of_memory(SystemError(words))
    assert not is_out_of_memory(SystemError("bad argument to internal function"))
    assert not is_out_of_memory(ValueError(words))


# The processes that grade


def results(isolation: Isolation, jobs: dict[str, object], **more: object) -> dict[str, object]:
    return dict(workers.run(jobs, isolation, **more))  # type: ignore[arg-type]


def test_a_worker_that_dies_is_started_again(tmp_path: Path, isolation: Isolation) -> None:
    jobs = {"once": functools.partial(faulty_jobs.kill_once, str(tmp_path / "mark"))}
    jobs |= {f"echo {i}": functools.partial(faulty_jobs.echo, i) for i in range(3)}
    heard: list[workers.Event] = []
    got = results(isolation, jobs, processes=1, hear=heard.append)
    assert got == {"once": 7, "echo 0": 0, "echo 1": 1, "echo 2": 2}
    assert [event.step.stage for event in heard if event.job == "echo 1" and event.step] == ["starting", "reading"]


def test_a_worker_whose_memory_has_run_out_is_replaced(tmp_path: Path, isolation: Isolation) -> None:
    jobs = {"once": functools.partial(faulty_jobs.no_memory_once, str(tmp_path / "mark"))}
    assert results(isolation, jobs, processes=1) == {"once": 7}


def test_a_worker_whose_grader_was_killed_ends_in_the_middle_of_its_job(tmp_path: Path, isolation: Isolation) -> None:
    mark = tmp_path / "number"
    text = f"""
import functools, faulty_jobs
from grader.grading import workers
from grader.student.isolation import choose
jobs = {{"long": functools.partial(faulty_jobs.say_nothing, {str(mark)!r})}}
list(workers.run(jobs, choose(wanted={isolation.level!r}), processes=1))
"""
    with subprocess.Popen([sys.executable, "-c", text], cwd=Path(faulty_jobs.__file__).parent) as grader:
        number = int(_when(lambda: mark.exists() and mark.read_text()))
        assert _is_alive(number)
        grader.kill()
    assert _when(lambda: not _is_alive(number))


def _is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _when(condition: Callable[[], Result]) -> Result:
    """The first true value of a condition within half a minute; the last one otherwise."""
    end = time.monotonic() + 30
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def test_ctrl_c_does_not_end_a_worker_that_has_only_begun(isolation: Isolation) -> None:
    worker = workers._Worker()
    try:
        for number in (signal.SIGINT, signal.SIGHUP):
            worker._process.send_signal(number)
        worker.greet(isolation)
        for number in (signal.SIGINT, signal.SIGHUP):
            worker._process.send_signal(number)
        assert worker.do("echo", functools.partial(faulty_jobs.echo, 5), lambda event: None) == 5
    finally:
        worker.end(at_once=True)
        worker.wait()
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_job_that_kills_its_worker_twice_is_set_aside(isolation: Isolation) -> None:
    jobs = {"bad": faulty_jobs.kill, "good": functools.partial(faulty_jobs.echo, 5)}
    assert results(isolation, jobs, processes=1, died=lambda name: f"{name} died") == {"bad": "bad died", "good": 5}
    with pytest.raises(GraderFault, match="ended unexpectedly at bad"):
        results(isolation, jobs, processes=1)


@pytest.mark.parametrize(
    ("job", "says"), [(faulty_jobs.fail, "Odd: this and that"), (faulty_jobs.unsendable, "pickle")]
)
def test_what_a_job_raises_reaches_the_caller_with_its_traceback(job: object, says: str, isolation: Isolation) -> None:
    with pytest.raises(Exception, match=says) as caught:
        results(isolation, {"job": job}, processes=1)
    assert any("Traceback" in note for note in caught.value.__notes__)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os._exit(1)", "out of memory?"),
        ("raise MemoryError", "MemoryError"),
        ("import grader.no_such_module", "ModuleNotFoundError: No module named 'grader.no_such_module'"),
    ],
)
def test_workers_that_cannot_start_are_one_fault(
    program: str, why: str, isolation: Isolation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "_PROGRAM", program)
    with pytest.raises(GraderFault, match=rf"ended while it was being started \({re.escape(why)}\)$"):
        results(isolation, {"job": functools.partial(faulty_jobs.echo, 1)}, died=lambda name: 0)
    assert capfd.readouterr().err == ""


def test_a_machine_that_starts_no_process_is_one_fault(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(GraderFault, match=r"\(.*No such file or directory: '/nowhere/python'\)$"):
        results(isolation, {"job": functools.partial(faulty_jobs.echo, 1)}, died=lambda name: 0)


def test_a_worker_says_on_standard_error_what_it_says_later(
    isolation: Isolation, capfd: pytest.CaptureFixture[str]
) -> None:
    assert results(isolation, {"job": functools.partial(faulty_jobs.complain, "hm")}) == {"job": 0}
    assert capfd.readouterr().err == "hm\n"


def test_a_run_that_is_left_early_leaves_no_process(tmp_path: Path, isolation: Isolation) -> None:
    jobs = {f"number {i}": functools.partial(faulty_jobs.number, i) for i in range(50)}
    run = workers.run(jobs, isolation, processes=2)  # type: ignore[arg-type]
    _, number = next(run)
    assert _is_alive(number)  # type: ignore[arg-type]
    run.close()  # type: ignore[attr-defined]
    assert not _is_alive(number)  # type: ignore[arg-type]
