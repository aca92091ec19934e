"""A class over three weeks, as its instructor types it: every mark that moves is explained by a line.

``TERM_STUDENTS=40`` makes it a class of that size; a few are enough to show the same.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import tiny_course
from tiny_course import BALANCE, NUMBERS, hand_in

from grader.course import Course, salt
from grader.student.isolation import choose
from grader.student.levels import IsolationError

STUDENTS = int(os.environ.get("TERM_STUDENTS", "5"))
PROGRAMS = (
    NUMBERS,
    NUMBERS.replace("2 * x", "x * x"),
    NUMBERS.replace("x / 2", "x // 2"),
    NUMBERS.replace("2 * x", "7"),
)
LAW = '''

@exercise("half")
def test_halves_nothing(student):
    """Half of nothing is nothing."""
    assert student.half(0) == 0
'''


class Term(msgspec.Struct):
    """The course, the class, and what has been typed."""

    course: Course
    work: Path

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from grader.cli import main; main()", *words]

    def typed(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), cwd=self.course.root, capture_output=True, text=True, check=False)

    @property
    def grade(self) -> tuple[str, ...]:
        return ("grade", str(self.work), "--no-training", "--no-rehearsal", "--jobs", "2")

    def rows(self, name: str) -> list[dict[str, str]]:
        path = self.course.root / "report" / name
        return list(csv.DictReader(path.open())) if path.exists() else []

    def marks(self) -> dict[tuple[str, str], tuple[str, str]]:
        rows = [row for row in self.rows("grades.csv") if row["lesson"] != "total"]
        return {(row["student"], row["lesson"]): (row["score"], row["max_score"]) for row in rows}

    def explained(self, before: dict[tuple[str, str], tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The reason for each mark that has moved since; fails where one has moved without a line."""
        now, lines = self.marks(), {}
        for row in self.rows("history.csv"):
            lines[row["student"], row["lesson"]] = row
        moved = {place for place in now if place in before and now[place] != before[place]}
        for place in moved:
            row = lines[place]
            assert (row["before"], row["max_before"], row["after"], row["max_after"]) == (*before[place], *now[place])
        return {place: lines[place]["why"] for place in moved}


@pytest.fixture
def term(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Term:
    try:
        choose()
    except IsolationError as reason:
        pytest.skip(str(reason))
    monkeypatch.delenv(salt.VARIABLE, raising=False)
    made = Term(tiny_course.make(tmp_path / "course"), tmp_path / "work")
    path = made.course.root / "course.yml"
    text = path.read_text()
    for title in ("Numbers", "Balance"):
        text = text.replace(f"title: {title}", f"title: {title}\n    due: 2026-10-05T23:59:00+02:00")
    path.write_text(text)
    for i in range(STUDENTS):
        program = PROGRAMS[i % len(PROGRAMS)]
        hand_in(made.work, f"student-{i + 1:03d}", "lesson1_numbers", f"{program}\n# of student {i + 1}\n")
    return made


def test_three_weeks(term: Term) -> None:
    root = term.course.root
    done = term.typed(*term.grade)
    assert done.returncode == 0, done.stderr
    assert "a salt for this class was made" in done.stderr
    first = term.marks()
    assert len(first) == 2 * STUDENTS
    assert term.rows("history.csv") == []

    # A week later there is one law more, one student has longer, and one was asked in person.
    test = term.course.tests(term.course.lesson("1")) / "test_numbers.py"
    test.write_text(test.read_text() + LAW)
    (term.work / "marks.yml").write_text(
        "- {student: student-002, lesson: 1, extension: 2030-01-01T00:00:00Z, why: ill}\n"
        "- {student: student-004, lesson: 1, score: 2.5, why: shown in office hours}\n"
    )
    done = term.typed(*term.grade)
    assert done.returncode == 0, done.stderr
    assert f"{STUDENTS} of {STUDENTS} reports are to be made again: the hidden tests of lesson 1 have" in done.stderr
    second, why = term.marks(), term.explained(first)
    assert why["student-003", "lesson1_numbers"] == "the hidden tests have changed"
    assert "marks.yml" in why["student-004", "lesson1_numbers"]
    assert ("student-001", "lesson1_numbers") not in why
    assert "moved since the last run" in " ".join(done.stdout.split())

    # The salt is forgotten: nobody is graded, and no mark is another one.
    there = (root / ".grader-salt").rename(root / "elsewhere")
    done = term.typed(*term.grade)
    assert (done.returncode, term.marks()) == (2, second)
    assert ".grader-salt is missing" in done.stderr
    # To grade everything again is not to say that another salt will do; nor does one that somebody has made up.
    done = term.typed(*term.grade, "--fresh")
    assert (done.returncode, term.marks(), (root / ".grader-salt").exists()) == (2, second, False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(salt.VARIABLE, "a word that is not the one")
        done = term.typed(*term.grade)
    assert (done.returncode, term.marks()) == (2, second)
    (line,) = done.stderr.splitlines()
    assert f"{2 * STUDENTS} reports in report were made with another salt than that of GRADER_SALT" in line
    assert line.endswith("or, to grade again with this one, add --new-salt")
    there.rename(root / ".grader-salt")

    # Everybody hands in the next lesson, one student mends the first, and a process is killed at its work.
    for i in range(STUDENTS):
        hand_in(term.work, f"student-{i + 1:03d}", "lesson2_balance", f"{BALANCE}\n# of student {i + 1}\n")
    hand_in(term.work, "student-003", "lesson1_numbers", NUMBERS)
    run = subprocess.Popen(
        term.command(*term.grade), cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killed = _kill_a_worker(run)
    _, said = run.communicate()
    assert (run.returncode, killed) == (0, True), said
    why = term.explained(second)
    # Of whom the extension still waits for, too, the second lesson is new.
    assert {lesson for _, lesson in why} == {"lesson1_numbers", "lesson2_balance"}
    assert [who for who, lesson in why if lesson == "lesson1_numbers"] == ["student-003"]
    assert why.pop(("student-003", "lesson1_numbers")) == "the work has changed"
    assert set(why.values()) == {"it was handed in"}
    assert len(why) == STUDENTS
    assert term.marks()["student-003", "lesson1_numbers"] == ("3", "3")

    # What is exported is what the table says, and a run in which nothing has changed says nothing.
    wide = term.typed("export", "csv", "report", "--wide")
    for row in csv.DictReader(wide.stdout.splitlines()):
        assert row["lesson1_numbers"] == term.marks()[row["student"], "lesson1_numbers"][0]
    lines = term.rows("history.csv")
    done = term.typed(*term.grade)
    assert done.returncode == 0, done.stderr
    assert "moved since" not in done.stdout
    assert term.rows("history.csv") == lines

    # The next year begins with a salt of its own, on purpose: the marks are made again, and what moves has its reason.
    (root / ".grader-salt").unlink()
    done = term.typed(*term.grade, "--lesson", "1", "--new-salt")
    assert done.returncode == 0, done.stderr
    assert "a salt for this class was made" in done.stderr


def _kill_a_worker(run: subprocess.Popen[str]) -> bool:
    """Kill one of the processes that grade, as soon as there is one."""
    end = time.monotonic() + 120
    while time.monotonic() < end and run.poll() is None:
        for path in Path("/proc").glob("[0-9]*"):
            try:
                parent = path.joinpath("stat").read_text().rpartition(")")[2].split()[1]
                line = path.joinpath("cmdline").read_bytes()
            except OSError:
                continue
            if int(parent) == run.pid and b"grader.grading.worker" in line:
                time.sleep(1.0)  # until it is at its work
                os.kill(int(path.name), signal.SIGKILL)
                return True
        time.sleep(0.05)
    return False
