"""The salt that a class is graded with: made at its first run, never exchanged for another one in silence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course, load, salt
from grader.errors import ClassError
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.grading.salted import for_class
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.student.isolation import choose
from grader.student.levels import IsolationError

NAMES = ("lesson1_numbers", "lesson2_balance")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    hand_in(tmp_path / "class", "student-001", NAMES[0], NUMBERS)
    hand_in(tmp_path / "class", "student-001", NAMES[1], BALANCE)
    return tiny_course.make(tmp_path / "course")


def graded(course: Course, tmp_path: Path, *lessons: str) -> Path:
    out = tmp_path / "out"
    grade_student(Run(course, tmp_path / "class", out, lessons or NAMES, train=False), "student-001", Here(), silent)
    return out


def test_the_first_run_makes_it_and_says_so(course: Course, tmp_path: Path) -> None:
    salted, lines = for_class(course, tmp_path / "out")
    assert lines == [f"a salt for this class was made: keep {course.root}/.grader-salt, marks depend on it"]
    out = graded(salted, tmp_path)
    assert for_class(course, out) == (salted, [])
    (course.root / ".grader-salt").chmod(0o644)
    assert for_class(course, out)[1] == [
        f"{course.root}/.grader-salt can be read by other users of this machine; chmod 600 it"
    ]


def test_reports_made_without_one_are_said_to_be_made_again(course: Course, tmp_path: Path) -> None:
    out = graded(course, tmp_path)
    (line,) = for_class(course, out)[1]
    assert line.endswith("marks depend on it; of the 2 reports made before there was one, this run makes its own again")


def test_a_salt_that_is_missing_is_not_replaced_in_silence(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    salted, _ = for_class(course, tmp_path / "out")
    out = graded(salted, tmp_path)
    path = course.root / ".grader-salt"
    path.unlink()
    # However narrow the run is: a new salt would be that of all others, too.
    with pytest.raises(
        ClassError, match=r"grader-salt is missing, and 2 reports in .* copy the file .* add --new-salt$"
    ):
        for_class(course, out, lessons=NAMES[:1])
    assert not path.exists()
    # The same word brings them back, from the environment as well as from the file.
    monkeypatch.setenv(salt.VARIABLE, salted.class_salt)
    assert for_class(course, out) == (course, [])
    monkeypatch.delenv(salt.VARIABLE)
    renewed, lines = for_class(course, out, new_salt=True)
    assert renewed.class_salt == path.read_text().strip() != salted.class_salt
    assert len(lines) == 1


def test_another_salt_than_that_of_the_reports_is_refused(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    salted, _ = for_class(course, tmp_path / "out")
    out = graded(salted, tmp_path)
    monkeypatch.setenv(salt.VARIABLE, "another word")
    with pytest.raises(ClassError, match=r"2 reports in .* with another salt than that of GRADER_SALT, .* do this$"):
        for_class(course, out, anew="do this")
    with pytest.raises(ClassError, match=r"^1 report in .* was made"):
        for_class(course, out, lessons=NAMES[1:])
    assert for_class(course, out, students=["student-002"]) == (course, [])
    assert for_class(course, out, new_salt=True) == (
        course,
        [f"2 reports in {out} were made with another salt, and this run makes its own again"],
    )
    graded(course, tmp_path, NAMES[0])
    with pytest.raises(ClassError, match=r"^1 report in .* was made"):
        for_class(course, out)


def test_what_is_no_report_has_no_salt(course: Course, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "student-001").mkdir(parents=True)
    (out / "student-001" / "lesson1_numbers.json").write_bytes(b'{"digest": 3')
    (out / "student-001" / "lesson2_balance.json").write_bytes(b"[]")
    (out / "student-001" / "lesson3_no_text.json").write_bytes(b'{"digest": "\xff"}')
    (out / "student-001" / "lesson4_deep.json").write_bytes(b'{"more": ' + b"[" * 100_000)
    assert for_class(course, out)[1][0].endswith("marks depend on it")


def grader(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != salt.VARIABLE}
    command = [sys.executable, "-c", "from grader.cli import main; main()", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


def test_the_commands_of_a_class(course: Course, tmp_path: Path) -> None:
    try:
        choose()
    except IsolationError as error:
        pytest.skip(str(error))
    path, out = course.root / ".grader-salt", tmp_path / "out"
    words = ("grade", "../class", "--out", str(out), "--lesson", "1", "--no-rehearsal", "--jobs", "1")
    assert grader(course.root, "check", "1").returncode == 1
    assert not path.exists()
    first = grader(course.root, *words)
    assert first.returncode == 0, first.stderr
    assert f"grader: a salt for this class was made: keep {path}, marks depend on it" in first.stderr
    made = json.loads((out / "student-001" / "lesson1_numbers.json").read_bytes())["digest"]
    assert made.startswith(f"{load(course.root).of_class().salt_print}-")
    word = path.read_text()
    path.unlink()
    second = grader(course.root, *words)
    assert (second.returncode, len(second.stderr.strip().splitlines())) == (2, 1)
    assert "is missing" in second.stderr
    path.write_text(word)
    path.chmod(0o600)
    assert grader(course.root, *words).stderr.count("salt") == 0
