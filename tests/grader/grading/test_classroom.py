"""A whole class: what is written, what is kept, what is done again."""

from __future__ import annotations

import csv
import dataclasses
import fcntl
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, TEST_BALANCE, hand_in

from grader.course import Course, load
from grader.errors import ClassError
from grader.export.marks import of_class, of_student
from grader.files import sweep, write
from grader.grading import workers
from grader.grading.classroom import Options, grade_class
from grader.grading.one_student import grade_student, kept
from grader.grading.own import grade_own
from grader.grading.pages import write_pages
from grader.grading.run import Run
from grader.report.folders import RESERVED, folder_of
from grader.report.report import Report, without_times
from grader.report.seal import sealed
from grader.report.step import Step, silent
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError
from grader.student.processes import ZygoteClient
from grader.submissions.students import find_students

LESSONS = ("lesson1_numbers", "lesson2_balance")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submitted"
    hand_in(folder, "student-001", "lesson1_numbers", NUMBERS)
    hand_in(folder, "student-001", "lesson2_balance", BALANCE)
    hand_in(folder, "student-002", "lesson1_numbers", NUMBERS.replace("2 * x", "x * x"))
    hand_in(folder, "student-002", "lesson2_balance", BALANCE)
    hand_in(folder, "student-010", "lesson1_numbers", "def double(x:\n")
    return folder


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    try:
        return choose()
    except IsolationError as reason:
        pytest.skip(str(reason))


def alone(
    course: Course, submissions: Path, out: Path, student: str, train: bool = False, fresh: bool = False
) -> list[Report]:
    return grade_student(Run(course, submissions, out, LESSONS, train, fresh), student, Here(), silent)


def test_a_class(course: Course, submissions: Path, tmp_path: Path, isolation: Isolation) -> None:
    out = tmp_path / "out"
    heard: list[Step] = []
    done: list[str] = []
    reports = grade_class(
        course, submissions, out, isolation, Options(), lambda event: heard.append(event.step), done.append
    )
    assert sorted(done) == ["student-001", "student-002", "student-010"]
    assert {"reading", "properties", "diagnosis", "training"} <= {step.stage for step in heard if step}
    rows = list(csv.DictReader((out / "grades.csv").open()))
    columns = ["student", "lesson", "score", "max_score", "status", "earned", "adjusted", "why"]
    assert list(rows[0]) == columns
    marks = {(row["student"], row["lesson"]): (row["score"], row["max_score"], row["status"]) for row in rows}
    assert len(rows) == 9
    assert marks["student-001", "total"] == ("10", "10", "graded")
    # Lesson 2 is right although lesson 1, which it imports, is not: the reference stood in for it.
    assert marks["student-002", "lesson1_numbers"] == ("1", "3", "graded")
    assert marks["student-002", "lesson2_balance"] == ("7", "7", "graded")
    assert marks["student-010", "lesson1_numbers"] == ("0", "3", "unreadable")
    assert marks["student-010", "lesson2_balance"] == ("0", "7", "missing")
    for report in reports:
        data = json.loads((out / report.student / f"{report.lesson}.json").read_text())
        assert {"student", "lesson", "status", "score", "max_score", "isolation", "device", "properties"} <= set(data)
        assert data["isolation"] == {"level": isolation.level, "parts": list(isolation.parts)}
    for page in (out / "index.html", *(out / student / "index.html" for student in done)):
        assert page.read_text().startswith("<!doctype html>")
    assert not list(out.rglob(".*"))


def test_the_same_class_twice_is_the_same_but_for_times(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation
) -> None:
    outs = [tmp_path / "one", tmp_path / "other"]
    for processes, out in enumerate(outs, start=1):
        grade_class(course, submissions, out, isolation, Options(processes=processes))
    for path in sorted(outs[0].glob("*/*.json")):
        one, other = (json.loads((out / path.relative_to(outs[0])).read_text()) for out in outs)
        assert without_times(one) == without_times(other)
        if one["training"]:
            assert one["training"]["seeds"][0]["curve"] is not None


def test_goes_on_where_it_stopped(course: Course, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = alone(course, submissions, out, "student-001")
    path = out / "student-001" / "lesson1_numbers.json"
    marked = sealed(course, msgspec.structs.replace(first[0], notes=("kept",)))
    path.write_bytes(marked.to_json())
    assert alone(course, submissions, out, "student-001")[0].notes == ("kept",)
    # Each of these makes the report stale: a wish, other work, another course, a broken file.
    assert alone(course, submissions, out, "student-001", fresh=True)[0].notes == ()
    path.write_bytes(marked.to_json())
    hand_in(submissions, "student-001", "lesson1_numbers", NUMBERS + "\n# done\n")
    assert alone(course, submissions, out, "student-001")[0].notes == ()
    path.write_bytes(marked.to_json())
    test = course.root / "tests/lesson1_numbers/test_numbers.py"
    test.write_text(test.read_text() + "\n# stricter\n")
    assert alone(course, submissions, out, "student-001")[0].notes == ()
    path.write_bytes(b'{"student": "half')
    assert alone(course, submissions, out, "student-001")[0].score == 3


def test_what_killed_writers_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / ".grades.csv.abcd_123"
    others = [tmp_path / name for name in (".mine.txt.abcd_123", ".grades.csv", "grades.csv.abcd_123")]
    for path in (left, *others):
        path.touch()
    (tmp_path / ".index.html.abcd_123").symlink_to(others[0])
    (tmp_path / ".index.html.abcd_124").mkdir()
    written = tmp_path / ".lesson1_numbers.json.abcd_123"
    with written.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        sweep(tmp_path)
        assert written.exists(), "somebody is writing it"
    assert not left.exists()
    assert all(path.exists() for path in others)
    sweep(tmp_path)
    assert not written.exists()
    sweep(tmp_path / "nothing")


def test_a_run_sweeps_before_it_grades_and_after(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    left = [out / "student-001" / ".lesson1_numbers.json.abcd_123", out / ".index.html.abcd_123"]

    def leave() -> None:
        (out / "student-001").mkdir(parents=True, exist_ok=True)
        for path in left:
            path.touch()

    def run(*_: object, **__: object) -> Iterator[tuple[str, list[Report]]]:
        assert not any(path.exists() for path in left)
        leave()
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(workers, "run", run)
    leave()
    with pytest.raises(KeyboardInterrupt):
        grade_class(course, submissions, out, isolation, Options(rehearse=False))
    assert not any(path.exists() for path in left)


def test_training_meets_other_tasks_at_every_try(course: Course, submissions: Path, tmp_path: Path) -> None:
    """What one submission prints about its task is of no use to another; the course's own always meet the same."""

    def seeds(source: str) -> tuple[list[int], list[int]]:
        hand_in(submissions, "student-001", "lesson2_balance", source)
        trained = alone(course, submissions, tmp_path / "out", "student-001", train=True)[1].training
        own = grade_own(course, course.lessons[1], "the course", source, Here(), silent, train=True).training
        assert trained is not None
        assert own is not None
        return [run.seed for run in trained.seeds], [run.seed for run in own.seeds]

    first, second, again = (seeds(source) for source in (BALANCE, f"{BALANCE}# Again.\n", BALANCE))
    assert first == again
    assert not set(first[0]) & set(second[0])
    assert first[1] == second[1] != first[0]


def test_films_are_in_reports_and_on_pages_unless_they_are_not_wanted(
    course: Course, submissions: Path, tmp_path: Path
) -> None:
    """A report that is there is kept with its films or without: they are no part of what is certified."""
    made = {}
    for films in (True, False):
        run = Run(course, submissions, tmp_path / f"out-{films}", LESSONS[1:], True, films=films)
        (made[films],) = grade_student(run, "student-001", Here(), silent)
        assert made[films].training is not None
        assert any(each.films for each in made[films].training.seeds) == films
    assert made[True].digest == made[False].digest
    page = tmp_path / "out-True" / "student-001" / "index.html"
    for films in (True, False):
        write_pages(course, submissions, tmp_path / "out-True", films=films)
        assert ('<svg class="film"' in page.read_text(encoding="utf-8")) == films
    assert grade_student(run, "student-001", Here(), silent) == [made[False]]


def test_a_report_of_a_fault_is_made_again(course: Course, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (report,) = alone(course, submissions, out, "student-001")[:1]
    path = out / "student-001" / "lesson1_numbers.json"
    path.write_bytes(sealed(course, msgspec.structs.replace(report, status="error", score=0.0)).to_json())
    assert alone(course, submissions, out, "student-001")[0].status == "graded"


def test_a_report_that_somebody_has_improved_is_made_again(course: Course, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (report,) = alone(course, submissions, out, "student-002")[:1]
    path = out / "student-002" / "lesson1_numbers.json"
    path.write_bytes(msgspec.structs.replace(report, score=3.0).to_json())  # by the digest it would be kept
    assert alone(course, submissions, out, "student-002")[0].score == 1
    assert json.loads(path.read_bytes())["score"] == 1


@pytest.mark.parametrize("out", ["submitted", "submitted/report", "submitted/student-001", ".", "link/report"])
def test_output_never_lies_where_submissions_are(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation, out: str
) -> None:
    (tmp_path / "link").symlink_to(submissions)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ClassError, match=r"^--out .* which is read; name a folder elsewhere with --out$"):
        grade_class(course, submissions, tmp_path / out, isolation, Options(rehearse=False))
    assert sorted(tmp_path.rglob("*")) == before


def test_a_report_among_the_submissions_is_no_report(course: Course, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (good,) = alone(course, submissions, out, "student-001")[:1]
    planted = msgspec.structs.replace(good, student="student-002", score=3.0)
    write(out / "student-002" / "lesson1_numbers.json", planted.to_json())
    write_pages(course, submissions, out)
    assert "student-002" not in (out / "grades.csv").read_text()
    assert "student-001" in (out / "grades.csv").read_text()


HOSTILE = (
    *("grades.csv", "Index.HTML", "counted.json", "jos\udce9", "\x1b[2J\nx", "javascript:x", "student~jos%E9"),
    "é" * 70,
)
"""Folders that a file system takes: like files of the report, no text, for a terminal, a link, another's spelling."""


def test_a_name_ends_no_run_and_no_report_is_lost(course: Course, submissions: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in HOSTILE:
        hand_in(submissions, name, "lesson1_numbers", NUMBERS)
    students = find_students(submissions, ())
    assert set(students) >= set(HOSTILE)
    run = Run(course, submissions, out, ("lesson1_numbers",), train=False)
    for student in students:
        grade_student(run, student, Here(), silent)
    write_pages(course, submissions, out)
    # Everybody has a report of their own, where pages, tables and exports look for it.
    reports = of_class(course, out)
    assert len({report.student for report in reports}) == len(students)
    assert [r.score for name in HOSTILE for r in of_student(course, out, name, ["lesson1_numbers"])] == [3] * len(
        HOSTILE
    )
    rows = list(csv.DictReader((out / "grades.csv").open()))
    assert len([row for row in rows if row["lesson"] == "total"]) == len(students)
    assert len({row["student"] for row in rows}) == len(students)
    page = (out / "index.html").read_text()
    links = [unquote(link) for link in re.findall(r'<a href="([^"#]*/index\.html)"', page)]
    assert len(set(links)) == len(students)  # who has a misconception is named besides
    assert all((out / link).is_file() for link in links)
    assert "\x1b" not in page
    assert all(kept(run, name, [Here.isolation]) is not None for name in HOSTILE)


def test_two_students_never_share_a_folder_of_reports() -> None:
    names = [*HOSTILE, "student~grades.csv", "student~student~grades.csv", "jos%E9", "student~é", "\udce9" * 200]
    names += ["\udce9" * 199 + "a", "student~" + "é" * 120, "student~" + "é" * 121]
    folders = [folder_of(Path("out"), name).name for name in names]
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert all(len(folder.encode()) <= 255 and folder.casefold() not in RESERVED for folder in folders)


def test_carry_forward_can_be_switched_off(course: Course, submissions: Path, tmp_path: Path) -> None:
    text = course.root / "course.yml"
    text.write_text(text.read_text().replace("salt: grains", "salt: grains\ncarry_forward: false"))
    reports = alone(load(course.root), submissions, tmp_path / "out", "student-002")
    assert reports[1].score == 0
    assert reports[1].notes == ()


PRINTS = """\
import inspect

import lesson1_numbers

print(inspect.getsource(lesson1_numbers))


def four_times(x):
    return inspect.getsource(lesson1_numbers)
"""
"""Hands in, for lesson 2, what it can read of lesson 1."""

DUE = "2026-10-05T23:59:00+02:00"
BEFORE, AFTER = datetime.fromisoformat("2026-10-05T21:58:00Z"), datetime.fromisoformat("2026-10-05T22:00:00Z")


@pytest.mark.parametrize(
    ("says", "dates", "now", "shown"),
    [
        ("closed", {}, BEFORE, True),  # nothing is known to be open
        ("closed", {"Numbers": DUE}, BEFORE, False),
        ("closed", {"Numbers": DUE}, AFTER, True),
        ("closed", {"Balance": DUE}, AFTER, False),  # lesson 1 has no date yet
        ("true", {"Numbers": DUE}, BEFORE, True),
        ("false", {"Numbers": DUE}, AFTER, False),
    ],
)
def test_the_reference_of_an_open_lesson_is_not_to_be_had(
    course: Course,
    submissions: Path,
    tmp_path: Path,
    any_split: ZygoteClient,
    says: str,
    dates: dict[str, str],
    now: datetime,
    shown: bool,
) -> None:
    text = (course.root / "course.yml").read_text().replace("salt: grains", f"salt: grains\ncarry_forward: {says}")
    for title, date in dates.items():
        text = text.replace(f"title: {title}", f"title: {title}\n    due: {date}")
    (course.root / "course.yml").write_text(text)
    for student, first in (("student-002", NUMBERS.replace("2 * x", "x * x")), ("student-003", None)):
        if first is not None:
            hand_in(submissions, student, "lesson1_numbers", first)
        hand_in(submissions, student, "lesson2_balance", PRINTS)
        run = Run(load(course.root), submissions, tmp_path / "out", LESSONS, train=False, now=now)
        report = grade_student(run, student, any_split, silent)[1]
        data = (tmp_path / "out" / student / "lesson2_balance.json").read_text()
        assert ("return 2 * x" in data) == shown
        assert any("the course's own lesson1_numbers was used" in note for note in report.notes) == shown
        still_open = [note for note in report.notes if "still open" in note]
        assert bool(still_open) == (says == "closed" and not shown)
        assert not still_open or (DUE[:10] in still_open[0]) == ("Numbers" in dates)
        # When its deadline has passed, the report is not what a run would make: it is made again, and passes on.
        assert kept(run, student, [any_split.isolation]) is not None
        if still_open and "Numbers" in dates:
            assert kept(dataclasses.replace(run, now=AFTER), student, [any_split.isolation]) is None


def test_a_reference_in_an_import_s_place_is_said(course: Course, submissions: Path, tmp_path: Path) -> None:
    reports = alone(course, submissions, tmp_path / "out", "student-002")
    assert "the course's own lesson1_numbers was used" in reports[1].notes[0]
    assert alone(course, submissions, tmp_path / "out", "student-001")[1].notes == ()


def test_narrowed_to_a_later_lesson_the_import_is_still_judged(
    course: Course, submissions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = Run(course, submissions, out, LESSONS[1:], train=False)
    (report,) = grade_student(run, "student-002", Here(), silent)
    assert report.score == report.max_score == 3
    assert not (out / "student-002" / "lesson1_numbers.json").exists()


def test_an_import_of_an_import_comes_along(course: Course, submissions: Path, tmp_path: Path) -> None:
    """Lesson 3 imports lesson 2 alone, which cannot be loaded without lesson 1."""
    third = """\
  - name: lesson3_more
    title: More
    imports: [lesson2_balance]
    exercises: [{name: eight_times, points: 1}]
"""
    text = course.root / "course.yml"
    text.write_text(text.read_text() + third)
    answer = """\
from lesson2_balance import four_times


def eight_times(x):
    ### BEGIN SOLUTION
    return 2 * four_times(x)
    ### END SOLUTION
"""
    test = TEST_BALANCE.replace("four_times", "eight_times").replace("12", "24")
    course.hints(course.lessons[0]).with_stem("lesson3_more").write_text("")
    course.solution(course.lessons[0]).with_stem("lesson3_more").write_text(answer)
    (course.root / "tests/lesson3_more").mkdir()
    (course.root / "tests/lesson3_more/test_more.py").write_text(test)
    hand_in(submissions, "student-001", "lesson3_more", answer)
    longer = load(course.root)
    names = [lesson.name for lesson in longer.lessons]
    for asked in (names, names[2:]):
        run = Run(longer, submissions, tmp_path, tuple(asked), train=False, fresh=True)
        reports = grade_student(run, "student-001", Here(), silent)
        assert (reports[-1].score, reports[-1].message, reports[-1].notes) == (1, "", ())


def test_what_cannot_be_parsed_is_one_students(
    course: Course, submissions: Path, tmp_path: Path, isolation: Isolation
) -> None:
    """64,000 loops in one another are a segmentation fault of the process that parses them."""
    hand_in(submissions, "student-003", "lesson1_numbers", f"def double(x):\n    return [x {'for a in x ' * 64_000}]\n")
    options = Options(lessons=LESSONS[:1], train=False, rehearse=False)
    made = grade_class(course, submissions, tmp_path / "out", isolation, options)
    reports = {report.student: report for report in made}
    assert (reports["student-001"].status, reports["student-001"].score) == ("graded", 3)
    assert (reports["student-003"].status, reports["student-003"].score) == ("unreadable", 0)
    assert (reports["student-010"].status, reports["student-010"].score) == ("unreadable", 0)
    assert not any(report.has_error for report in reports.values())


def test_an_empty_class_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ClassError, match="is not a folder"):
        find_students(tmp_path / "nowhere", ())
    (tmp_path / ".hidden").mkdir()
    with pytest.raises(ClassError, match="has no student"):
        find_students(tmp_path, ())
    (tmp_path / "student-2").mkdir()
    (tmp_path / "student-10").mkdir()
    assert find_students(tmp_path, ()) == ["student-2", "student-10"]
    with pytest.raises(ClassError, match="'student-3'"):
        find_students(tmp_path, ("student-3",))


def test_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write(path, b"one")
    with pytest.raises(TypeError):
        write(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"one"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_the_sample_class_hands_in_what_it_is_asked_for(tmp_path: Path) -> None:
    from grader.course import find_root, load
    from grader.submissions.students import find_students
    from grader.verify import sample_class

    course = load(find_root(Path(__file__)))
    lessons = [course.lesson(name) for name in course.sample_class]
    students = sample_class.make(course, tmp_path, lessons)
    assert len(students) >= 12
    assert sorted(find_students(tmp_path, ())) == students
    handed_in = {path.parent.name for path in tmp_path.glob("*/*/*.*")}
    assert handed_in == {lesson.name for lesson in lessons}
    (tmp_path / "mine.txt").write_text("not the grader's")
    assert sample_class.make(course, tmp_path, lessons[:1]) == students
    assert {path.parent.name for path in tmp_path.glob("*/*/*.*")} == {lessons[0].name}
    assert (tmp_path / "mine.txt").exists()
