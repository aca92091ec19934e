"""What lies in the current folder is no part of the grader, wherever an instructor types a command."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course
from tiny_course import NUMBERS, hand_in

from grader.course import Course
from grader.errors import ClassError
from grader.learner.warm import Judge
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.submissions.apart import refuse_course_among

PACKAGE = Path(__file__).parents[3] / "grader"
# Modules that Python's own start of a process imports, and such as a grader's process imports before it has done
# anything: any of them would run with all that the grader may do.
NAMES = ("multiprocessing", "signal", "socket", "pickle", "json", "numpy", "torch", "msgspec", "grader")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


@pytest.fixture
def hostile(course: Course) -> Path:
    """A student's folder, inside of the course's, with modules that leave a mark when they are imported."""
    folder = course.root / "class" / "student-001"
    hand_in(folder.parent, folder.name, "lesson1_numbers", NUMBERS)
    for name in NAMES:
        mark = str(course.root / f"{name}-was-imported")
        (folder / f"{name}.py").write_text(f"open({mark!r}, 'w').close()\nraise SystemExit(9)\n")
    return folder


def imported(course: Course) -> list[str]:
    return sorted(path.name for path in course.root.glob("*-was-imported"))


def grader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # As the installed command is started: with its own folder in sys.path, and not the current one.
    command = [sys.executable, "-P", "-c", "from grader.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


def test_a_class_is_graded_from_inside_of_a_submission(course: Course, hostile: Path) -> None:
    try:
        choose()
    except IsolationError as error:
        pytest.skip(str(error))
    done = grader(hostile, "grade", "..", "--out", "../../out", "--lesson", "1", "--no-rehearsal", "--jobs", "1")
    assert not imported(course)
    assert done.returncode == 0, done.stderr
    assert "student-001,total,3,3,graded,3,0," in (course.root / "out" / "grades.csv").read_text()


def test_a_save_is_judged_from_beside_such_files(
    course: Course, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    heard: list[tuple[object, ...]] = []
    judge = Judge(course, heard.append)
    try:
        judge.ask("lesson1_numbers", ())
        judge.listen(lambda: any(message[0] in ("report", "problem", "ended") for message in heard))
    finally:
        judge.stop()
    assert not imported(course)
    assert heard[-1][0] == "report"


def test_every_process_of_the_graders_own_is_started_apart_from_it() -> None:
    started = [
        (f"{path.name}:{node.lineno}", ast.unparse(node.elts[1]))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.List) and node.elts and ast.unparse(node.elts[0]) == "sys.executable"
    ]
    assert len(started) > 5
    assert [where for where, flag in started if flag not in ("'-P'", "'-I'")] == []


def test_a_course_among_submissions_is_not_the_instructors(course: Course, tmp_path: Path) -> None:
    """It was found from the current folder upwards, and its hidden tests would run as the grader's own."""
    for among in (course.root, tmp_path):
        with pytest.raises(ClassError, match="lies among the submissions"):
            refuse_course_among(among, course.root)
    refuse_course_among(course.root / "class", course.root)
    done = grader(course.root, "grade", "..", "--out", str(tmp_path.parent / "out"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "lies among the submissions" in done.stderr.replace("\n", " ")
