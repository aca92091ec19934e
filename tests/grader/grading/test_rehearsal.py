"""The course's own solutions come first: where they lose marks, nobody is graded."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course, load
from grader.grading import rehearsal
from grader.grading.classroom import Options, grade_class
from grader.grading.rehearsal import RehearsalError, rehearse
from grader.grading.team import Here
from grader.student import isolation as isolated
from grader.student.errors import GraderFault
from grader.student.isolation import choose
from grader.student.levels import Isolation, IsolationError
from grader.student.processes import ZygoteClient


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tiny_course.make(tmp_path / "course")


@pytest.fixture(scope="module")
def isolation() -> Isolation:
    try:
        return choose()
    except IsolationError as reason:
        pytest.skip(str(reason))


def names(lessons):
    return [lesson.name for lesson in lessons]


def test_what_has_passed_is_remembered_until_something_changes(course: Course, isolation: Isolation) -> None:
    assert sorted(names(rehearse(course, course.lessons, isolation))) == ["lesson1_numbers", "lesson2_balance"]
    assert rehearse(course, course.lessons, isolation) == []
    assert names(rehearse(course, course.lessons[1:], isolation, train=False)) == ["lesson2_balance"]
    test = course.tests(course.lessons[0]) / "test_numbers.py"
    test.write_text(test.read_text() + "\n# stricter\n")
    assert names(rehearse(course, course.lessons, isolation)) == ["lesson1_numbers"]


def test_another_library_or_another_wall_is_another_rehearsal(
    course: Course, isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = course.lessons[0]
    marks = [rehearsal._mark(course, lesson, Here(isolation), True)]
    marks.append(rehearsal._mark(course, lesson, Here(isolation), False))
    marks.append(rehearsal._mark(course, lesson, Here(Isolation("process only", ("rlimits",))), True))
    marks.append(rehearsal._mark(course, lesson, Here(isolation, where="tcp://10.0.0.1:8786"), True))
    monkeypatch.setattr("grader.grading.digest.machine", lambda: "torch 2.13.0+cu130")
    marks.append(rehearsal._mark(course, lesson, Here(isolation), True))
    assert len(set(marks)) == 5


def test_where_right_answers_lose_marks_nobody_is_graded(
    course: Course, isolation: Isolation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit that leaves nothing, as an import of three gigabytes did."""
    text = course.root / "solutions" / "lesson1_numbers.py"
    text.write_text(NUMBERS.replace("return 2 * x", "bytearray(80 << 20)\n    return 2 * x"))
    small = course.root / "course.yml"
    small.write_text(small.read_text().replace("call_seconds: 5", "call_seconds: 5, memory_mb: 60"))
    course = load(course.root)
    hand_in(tmp_path / "in", "student-001", "lesson1_numbers", NUMBERS)
    with pytest.raises(RehearsalError) as refused:
        grade_class(course, tmp_path / "in", tmp_path / "out", isolation, Options())
    words = str(refused.value)
    assert "lesson1_numbers gets 1 of 3 points here, so no submission was graded" in words
    assert "MemoryError" in words
    assert "torch 2." in words
    assert "--no-rehearsal" in words
    assert "\n" not in words
    assert list((tmp_path / "out").iterdir()) == []
    reports = grade_class(
        course, tmp_path / "in", tmp_path / "out", isolation, Options(rehearse=False, lessons=("lesson1_numbers",))
    )
    assert [report.score for report in reports] == [3]


def test_only_lessons_with_something_to_grade_are_rehearsed(
    course: Course, isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(
        "grader.grading.classroom.rehearse", lambda course, lessons, *_, **__: asked.append(names(lessons))
    )
    stub = (course.root / "exercises/lesson2_balance.py").read_text()
    hand_in(tmp_path / "in", "student-001", "lesson1_numbers", NUMBERS)
    hand_in(tmp_path / "in", "student-003", "lesson2_balance", stub)
    options = Options(train=False)
    grade_class(course, tmp_path / "in", tmp_path / "out", isolation, options)
    grade_class(course, tmp_path / "in", tmp_path / "out", isolation, options)  # every report is kept
    hand_in(tmp_path / "in", "student-002", "lesson2_balance", BALANCE)
    grade_class(course, tmp_path / "in", tmp_path / "out", isolation, options)
    assert asked == [["lesson1_numbers"], [], ["lesson2_balance"]]


def test_a_course_without_its_solutions_can_still_be_graded(course: Course, isolation: Isolation) -> None:
    course.solution(course.lessons[0]).unlink()
    assert rehearse(course, course.lessons, isolation) == []


def test_where_nothing_can_be_kept_it_is_done_again(
    course: Course, isolation: Isolation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    for _ in range(2):
        assert names(rehearse(course, course.lessons[:1], isolation)) == ["lesson1_numbers"]


def test_the_reason_why_nothing_starts_reaches_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Isolation("process only", ("rlimits",))
    monkeypatch.setattr(isolated, "command", lambda *_: ["/nowhere/python"])
    with pytest.raises(GraderFault, match=r"cannot be started: .*/nowhere/python"):
        ZygoteClient(nowhere)
    monkeypatch.setattr(isolated, "command", lambda *_: ["/bin/sh", "-c", "echo no such library >&2; exit 1"])
    with pytest.raises(GraderFault, match="has ended: no such library"):
        ZygoteClient(nowhere)


def test_a_report_is_not_kept_beyond_its_libraries(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.grading.digest import digest, machine

    assert "torch 2." in machine()
    before = digest(course, course.lessons[0], {})
    monkeypatch.setattr("grader.grading.digest.machine", lambda: "other")
    assert digest(course, course.lessons[0], {}) != before
