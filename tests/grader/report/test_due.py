"""Which lessons count in totals: the rule, its words, and that every table counts the same ones."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
import tiny_course
from rich.console import Console
from sample_reports import report, store
from tiny_course import BALANCE, NUMBERS, hand_in
from typed import grader

from grader.course import Course, Exercise, Lesson, load
from grader.errors import ClassError
from grader.export.marks import of_student
from grader.grading.digest import digest
from grader.grading.one_student import grade_student
from grader.grading.pages import write_pages
from grader.grading.run import Run
from grader.ledger import stored as ledger
from grader.render import class_terminal, html
from grader.render.counting import numbers, sentence
from grader.report import due
from grader.report.due import Counted, LeftOut
from grader.report.report import Report, Status
from grader.report.step import silent
from grader.student.inprocess import Here

MONDAY = datetime.fromisoformat("2026-10-05T23:59:00+02:00")
LATER = datetime.fromisoformat("2026-10-12T23:59:00+02:00")
NOW = datetime.fromisoformat("2026-10-06T08:00:00+02:00")


def course(*dates: datetime | None) -> Course:
    lessons = (
        Lesson(f"lesson{i}_x", "X", (Exercise("f", 10),), due=date) for i, date in enumerate(dates or (None,) * 4, 1)
    )
    return Course("A course", tuple(lessons))


def of_class(**statuses: str) -> list[Report]:
    """Reports of two students: ``lesson1="graded missing"`` says what became of each one's lesson 1."""
    found = []
    for lesson, each in statuses.items():
        for student, status in zip(("a", "b"), each.split(), strict=True):
            kind: Status = "not started" if status == "stub" else status  # type: ignore[assignment]
            found.append(report(student, f"{lesson}_x", 5.0 if kind == "graded" else 0.0, status=kind))
    return found


def names(*lessons: int) -> tuple[str, ...]:
    return tuple(f"lesson{i}_x" for i in lessons)


ALL = of_class(lesson1="graded graded", lesson2="graded missing", lesson3="stub stub", lesson4="missing missing")


def test_without_dates_a_lesson_counts_as_soon_as_one_student_has_handed_in_work() -> None:
    counted = due.count(course(), ALL, now=NOW)
    assert counted.lessons == names(1, 2)
    assert [(each.lesson, each.why) for each in counted.left_out] == [(name, "no work") for name in names(3, 4)]
    assert sentence(counted) == (
        "Lessons counted: 1, 2 (those in which at least one student has handed in work). "
        "Not counted: 3, 4 (no student has handed in work). "
        "To say what is due: --due LESSON, or due: in course.yml."
    )


@pytest.mark.parametrize("status", ["graded", "unreadable", "error"])
def test_work_is_what_is_more_than_the_stub_whether_or_not_it_could_be_graded(status: str) -> None:
    reports = of_class(lesson1="missing stub", lesson2=f"missing {status}")
    assert due.count(course(), reports, now=NOW).lessons == names(2)


def test_a_class_that_has_handed_in_nothing_is_not_an_empty_table() -> None:
    counted = due.count(course(), of_class(lesson1="missing stub", lesson2="missing missing"), now=NOW)
    assert (counted.lessons, counted.left_out) == (names(1, 2), ())
    assert sentence(counted) == "Lessons counted: 1, 2 (no student has handed in work on any lesson)."


def test_with_a_date_the_dates_decide() -> None:
    reports = [*ALL[:4], *of_class(lesson3="graded missing", lesson4="missing missing")]
    counted = due.count(course(MONDAY, MONDAY, LATER, None), reports, now=NOW)
    assert counted.lessons == names(1, 2)
    assert counted.left_out == (
        LeftOut("lesson3_x", "not due", LATER, students=1),
        LeftOut("lesson4_x", "no date"),
    )
    assert sentence(counted) == (
        "Lessons counted: 1, 2 (by the dates in course.yml). Not counted: "
        "3 (due 2026-10-12 23:59+02:00; 1 student has handed in work on it); 4 (no date in course.yml)."
    )


def test_a_deadline_passes_in_its_own_time_zone() -> None:
    just = datetime.fromisoformat("2026-10-05T21:59:00+00:00")
    assert due.count(course(MONDAY), ALL[:2], now=just).lessons == names(1)
    assert due.count(course(MONDAY), ALL[:2], now=just.replace(minute=58)).lessons == ()


def test_a_lesson_that_is_due_and_that_nobody_handed_in_counts() -> None:
    assert due.count(course(MONDAY, MONDAY, MONDAY, MONDAY), ALL, now=NOW).lessons == names(1, 2, 3, 4)


def test_the_option_overrides_dates_and_work() -> None:
    counted = due.count(course(MONDAY, LATER, LATER, LATER), ALL, up_to="lesson3_x", now=NOW)
    assert counted.lessons == names(1, 2, 3)
    assert sentence(counted) == "Lessons counted: 1 to 3 (--due 3). Not counted: 4 (later than --due)."


def test_a_lesson_that_the_run_names_counts() -> None:
    reports = of_class(lesson1="graded graded", lesson3="missing missing")
    counted = due.count(course(), reports, named=names(3), now=NOW)
    assert (counted.lessons, counted.named, counted.left_out) == (names(1, 3), names(3), ())
    assert "1, 3 (those in which at least one student has handed in work; 3 because this run names it)" in sentence(
        counted
    )
    alone = due.count(course(LATER), of_class(lesson1="missing missing"), named=names(1), now=NOW)
    assert sentence(alone) == "Lessons counted: 1 (named for this run)."


def test_what_is_due_and_was_not_graded_is_said() -> None:
    counted = due.count(course(MONDAY, MONDAY), ALL[:2], now=NOW)
    assert sentence(counted).endswith("Not counted: 2 (due, but not graded here yet).")
    # Without a word about what is due, nothing speaks of the lessons that were not looked at.
    assert sentence(due.count(course(), ALL[:2], now=NOW)) == "Lessons counted: 1."


def test_numbers_of_lessons() -> None:
    assert [numbers(names(*each)) for each in ((), (3,), (1, 2), (1, 2, 3), (1, 3, 4, 5, 9))] == [
        "", "3", "1, 2", "1 to 3", "1, 3 to 5, 9",
    ]  # fmt: skip


def test_the_decision_lies_beside_the_reports(tmp_path: Path) -> None:
    assert due.stored(tmp_path) is None
    counted = due.count(course(MONDAY, LATER), ALL[:4], now=NOW)
    due.store(tmp_path, counted)
    assert due.stored(tmp_path) == counted
    for damaged in (b'{"lessons": 7}', b'{"lessons": ["\xff"]}', b'{"more": ' + b"[" * 100_000):
        (tmp_path / due.FILE).write_bytes(damaged)
        with pytest.raises(ClassError, match=r"counted\.json cannot be read .* grade again"):
            due.stored(tmp_path)


COUNTED = Counted(
    names(1), "dates", left_out=(LeftOut("lesson2_x", "not due", LATER, 1), LeftOut("lesson3_x", "not due", LATER))
)
TERM = [*of_class(lesson1="graded graded", lesson2="graded missing", lesson3="stub missing")]


def test_the_class_page_shows_what_counts_and_says_so() -> None:
    page = html.class_page(TERM, title="A course", counted=COUNTED)
    assert "Lessons counted: 1 (by the dates in course.yml)." in page
    assert "due 2026-10-12 23:59+02:00; 1 student has handed in work on it" in page
    assert "2 students, 1 lesson, 2 reports." in page
    assert page.count('5<span class="of">/10</span>') >= 2  # each student's total
    assert "/20" not in page
    assert "Not handed in" not in page


def test_a_fault_of_the_grader_is_shown_though_the_lesson_does_not_count() -> None:
    broken = report("b", "lesson2_x", status="error", message="no sandbox")
    page = html.class_page([*TERM[:2], broken], title="A course", counted=COUNTED)
    assert "These marks are not to be used" in page or "these marks are not to be used" in page
    assert "no sandbox" in page


def test_before_the_first_deadline_everybody_has_a_line_and_nothing_counts() -> None:
    counted = due.count(course(LATER, LATER, LATER), TERM, now=NOW)
    page = html.class_page(TERM, title="A course", counted=counted)
    assert "Lessons counted: none (by the dates in course.yml)." in page
    assert 'href="a/index.html"' in page
    console = Console(file=io.StringIO(), width=100)
    class_terminal.print_class_summary(TERM, console, Path("out"), counted)
    assert isinstance(console.file, io.StringIO)
    assert "2 students, 0 of 0 reports graded." in console.file.getvalue()


def test_a_student_s_page_adds_up_what_counts_and_keeps_what_was_handed_in_early() -> None:
    page = html.student_page([each for each in TERM if each.student == "a"], COUNTED)
    assert "<strong>5</strong> of 10 points" in page
    assert "Lessons counted: 1." in page
    assert "Not counted: due 2026-10-12 23:59+02:00." in page
    assert "Not started" not in page
    assert "Lessons counted" not in html.student_page(TERM[:1], Counted(names(1), "work"))


def test_the_terminal_counts_the_same() -> None:
    console = Console(file=io.StringIO(), width=200)
    class_terminal.print_class_summary(TERM, console, Path("out"), COUNTED)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    table = [line.split() for line in shown.splitlines()[:4]]
    assert table == [["1", "total"], ["student", "/10", "/10"], ["a", "5", "5"], ["b", "5", "5"]]
    assert sentence(COUNTED) in " ".join(shown.split())
    assert "2 students, 2 of 2 reports graded." in shown


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def test_every_table_of_a_run_counts_the_same(tiny: Course, tmp_path: Path) -> None:
    work, out = tmp_path / "submitted", tmp_path / "out"
    hand_in(work, "student-001", "lesson1_numbers", NUMBERS)
    hand_in(work, "student-002", "lesson1_numbers", "def double(x:\n")
    run = Run(tiny, work, out, tuple(lesson.name for lesson in tiny.lessons), train=False)
    for student in ("student-001", "student-002"):
        grade_student(run, student, Here(), silent)
    write_pages(tiny, work, out)

    def totals() -> dict[str, tuple[str, str, str]]:
        rows = csv.DictReader((out / "grades.csv").open())
        return {r["student"]: (r["score"], r["max_score"], r["status"]) for r in rows if r["lesson"] == "total"}

    assert totals() == {"student-001": ("3", "3", "graded"), "student-002": ("0", "3", "unreadable")}
    assert "lesson2_balance" not in (out / "grades.csv").read_text()
    assert "of 3 points" in (out / "student-001/index.html").read_text()
    assert "Lessons counted: 1 (" in (out / "index.html").read_text()
    write_pages(tiny, work, out, up_to="lesson2_balance")
    assert totals()["student-001"] == ("3", "6", "missing")
    assert "Lessons counted: 1, 2 (--due 2)." in (out / "index.html").read_text()
    write_pages(tiny, work, out, named=["lesson2_balance"])
    assert totals()["student-001"] == ("3", "6", "missing")
    # One early bird is work enough where nothing says what is due.
    hand_in(work, "student-002", "lesson2_balance", BALANCE)
    grade_student(run, "student-002", Here(), silent)
    write_pages(tiny, work, out)
    assert totals()["student-001"] == ("3", "6", "missing")


def test_a_deadline_that_is_moved_makes_no_report_stale(tiny: Course, tmp_path: Path) -> None:
    lesson = tiny.lesson("1")
    before = digest(tiny, lesson, {})
    path = tiny.root / "course.yml"
    path.write_text(path.read_text().replace("title: Numbers", "title: Numbers\n    due: 2026-10-05T23:59:00+02:00"))
    moved = load(tiny.root)
    assert moved.lessons[0].due == MONDAY
    assert digest(moved, moved.lesson("1"), {}) == before
    path.write_text(path.read_text().replace("title: Numbers", "title: Numbers\n    late: {percent_per_day: 10}"))
    path.write_text(path.read_text().replace("salt:", "late: {percent_per_day: 5}\nfree_late_days: 2\nsalt:"))
    later = load(tiny.root)
    assert later.lessons[0].late is not None
    assert digest(later, later.lesson("1"), {}) == before
    path.write_text(path.read_text().replace("points: 2", "points: 3"))
    stricter = load(tiny.root)
    assert digest(stricter, stricter.lesson("1"), {}) != before


def test_the_command_says_what_it_counted(tiny: Course, tmp_path: Path) -> None:
    hand_in(tiny.root / "work", "student-001", "lesson1_numbers", NUMBERS)
    done = grader(tiny.root, "grade", "work", "--no-training", "--unsafe", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 student; isolation")
    assert "Lessons counted: 1 (those in which at least one student has handed in work)." in done.stdout
    # Named later: the table still has what was graded before, as grades.csv has.
    done = grader(tiny.root, "grade", "work", "--no-training", "--unsafe", "--jobs", "1", "--lesson", "2")
    assert "2 because this run names it" in " ".join(done.stdout.split())
    assert "1 of 2 reports graded" in done.stdout
    done = grader(tiny.root, "grade", "work", "--due", "9")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "no single lesson is called '9'" in done.stderr


def test_exports_take_what_counts_and_say_what_they_leave_out(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path)
    root = course.root
    term = [msgspec.structs.replace(each, student=f"{each.student}@school.edu") for each in TERM]
    store(course, root / "report", *term, report("a@school.edu", "lesson9_gone"))
    due.store(root / "report", COUNTED)
    ledger.store(course, root / "report", ledger.Ledger())
    wide = grader(root, "export", "csv", "report", "--wide")
    assert wide.stdout == "student,lesson1_x,total,adjusted,why\na@school.edu,5,5,0,\nb@school.edu,5,5,0,\n"
    assert wide.stderr.splitlines() == [
        sentence(COUNTED),
        "lesson9_gone is no longer a lesson of the course; its marks are left out (--lesson takes them)",
    ]
    moodle = grader(root, "export", "moodle", "report")
    assert moodle.stdout.splitlines() == ["Email address,lesson1_x", "a@school.edu,5", "b@school.edu,5"]
    assert sentence(COUNTED) in moodle.stderr
    named = grader(root, "export", "csv", "report", "--lesson", "2", "--lesson", "lesson2")
    assert named.stdout.count("a@school.edu,lesson2_x,5,10,graded,5,0,\n") == 1
    assert named.stderr.splitlines() == [
        "lesson 2 does not count in totals (due 2026-10-12 23:59+02:00); its marks are written all the same"
    ]
    due.store(root / "report", Counted((), "dates", left_out=COUNTED.left_out))
    none = grader(root, "export", "csv", "report")
    assert (none.returncode, none.stdout) == (2, "")
    assert "no lesson in report counts yet" in none.stderr
    assert of_student(course, root / "report", "a@school.edu", ["lesson2_x"]), "the report itself stays"
