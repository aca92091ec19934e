"""`grader watch`, as its user sees it: what is saved is judged, and nothing that is saved ends it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_course

from grader.course import Course
from grader.learner import memory, own
from grader.learner.changes import changed
from grader.learner.warm import Judge
from grader.properties.finding import Finding

GRADER = [sys.executable, "-c", "from grader.cli import main; main()"]
WRONG = tiny_course.NUMBERS.replace("2 * x", "x * x")
NUMBERS_WRONG_ABOVE = tiny_course.NUMBERS.replace("return 2 * x", "return 2 * x if x < 4 else 5 * x")
SECONDS = 120


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def test_a_process_that_cannot_begin_says_why_and_blames_nobodys_code(
    course: Course, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (course.root / "course.yml").read_text()
    (course.root / "course.yml").write_text("title: [")
    heard: list[tuple[Any, ...]] = []
    judge = Judge(course, heard.append)
    try:
        judge.ask("lesson1_numbers", ())
        judge.listen(lambda: bool(heard))
        assert heard[0][0] == "problem"
        assert "course.yml" in heard[0][1]
        # As soon as it can, it begins.
        (course.root / "course.yml").write_text(text)
        judge.ask("lesson1_numbers", ())
        judge.listen(lambda: heard[-1][0] == "report")
    finally:
        judge.stop()
    assert capfd.readouterr().err == ""


class Watching:
    """A watch in another process, whose lines come one by one."""

    def __init__(self, course: Course, *words: str) -> None:
        self.file = course.stub(course.lesson("1"))
        self.process = subprocess.Popen(
            [*GRADER, "watch", *words], cwd=course.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "100"},
        )  # fmt: skip
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip())

    def until(self, words: str) -> list[str]:
        """The lines up to one with these words in it."""
        seen: list[str] = []
        while not seen or words not in seen[-1]:
            try:
                seen.append(self.lines.get(timeout=SECONDS))
            except queue.Empty:
                raise AssertionError(f"no {words!r} in {seen}") from None
        return seen

    def save(self, text: str) -> None:
        """Save as editors do: a new file in the place of the old one."""
        beside = self.file.with_suffix(".tmp")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.file)


@pytest.fixture
def watching(course: Course) -> Iterator[Watching]:
    made = Watching(course, "1")
    yield made
    made.process.kill()
    made.process.wait()


def test_whatever_is_saved_is_judged_at_once(watching: Watching, course: Course) -> None:
    watching.until("lesson 1: not started yet")
    watching.save(WRONG)
    seen = watching.until("lesson 1: ")
    assert any("✗ double fails (1 of 3): `double` gives twice the number." in line for line in seen)
    assert any("squares the number" in line for line in seen)
    assert "first, double" in seen[-1]
    watching.save(tiny_course.NUMBERS[:-20] + "(")
    assert "is not Python" in watching.until("lesson 1: ")[-1]
    backup = watching.file.with_suffix(".py~")
    backup.write_text("an editor's own")
    backup.unlink()
    watching.file.unlink()
    assert "there is no lesson1_numbers.py" in watching.until("lesson 1: ")[-1]
    watching.save(WRONG)
    watching.until("lesson 1: ")
    watching.save(tiny_course.NUMBERS)
    assert any("✓ double holds now (1 of 3)" in line for line in watching.until("lesson 1: every law holds (3)"))
    assert "Next, exercises/lesson2_balance.py" in watching.until("is done")[-1]
    assert memory.read(course).checked["lesson1_numbers"].is_right
    # The file of another lesson is watched as well: there one goes on.
    second = course.lesson("2")
    course.stub(second).write_text(course.solution(second).read_text())
    watching.until("lesson 2: every law holds (1)")
    assert memory.read(course).watched == "lesson2_balance"


def test_code_that_never_ends_or_ends_everything_is_given_up(watching: Watching) -> None:
    watching.until("lesson 1: not started yet")
    watching.save(WRONG.replace("x * x", "__import__('os')._exit(3)"))
    watching.until("Your code ended the process that checks it")
    watching.save(WRONG.replace("x * x", "__import__('time').sleep(1000)"))
    watching.until("Still running")
    watching.save(tiny_course.NUMBERS)
    watching.until("lesson 1: every law holds (3)")


def test_it_begins_where_one_was(course: Course) -> None:
    memory.save(course, memory.Memory(watched="lesson2_balance"))
    made = Watching(course)
    try:
        made.until("lesson 2: not started yet")
    finally:
        made.process.kill()
        made.process.wait()


def test_a_failure_is_told_before_its_example_is_small(course: Course) -> None:
    """Once, and long before the report, in which the example is."""
    course.stub(course.lesson("1")).write_text(NUMBERS_WRONG_ABOVE)
    heard: list[tuple[str, Any]] = []
    lesson = course.lesson("1")

    def failing(finding: Finding, total: int) -> None:
        heard.append(("failing", finding.name))
        assert (finding.verdict, total) == ("error", 3)

    own.judge(
        course,
        own.read(course, lesson),
        failing=failing,
        tell=lambda finding, total: heard.append((finding.verdict, finding.name)),
    )
    assert heard.count(("failing", "test_doubles")) == 1
    assert heard.index(("failing", "test_doubles")) < heard.index(("fail", "test_doubles"))


def test_an_earlier_lesson_that_changes_is_read_again(course: Course) -> None:
    first, second = course.lesson("1"), course.lesson("2")
    for lesson in (first, second):
        course.stub(lesson).write_text(course.solution(lesson).read_text())
    assert own.read(course, second).imports[first.name] == tiny_course.NUMBERS
    course.stub(first).write_text(WRONG)
    assert own.read(course, second).imports[first.name] == WRONG
    course.stub(first).unlink()
    again = own.read(course, second)
    assert again.imports[first.name] == tiny_course.NUMBERS
    assert "the course's own lesson1_numbers was used" in again.notes[0]


def test_an_edit_belongs_to_its_exercise(course: Course) -> None:
    lesson, source = course.lesson("1"), tiny_course.NUMBERS
    assert changed(lesson, source, source.replace("2 * x", "3 * x")) == ("double",)
    assert changed(lesson, source, "# a remark\n" + source.replace("2 * x", "2  *  x")) == ()
    assert changed(lesson, source, source + "(") == ()
    assert changed(lesson, "", source) == ("double", "half")


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are of Unix")
def test_keys_in_a_terminal(course: Course) -> None:
    import pty
    import select
    import termios

    parent, child = pty.openpty()
    before = termios.tcgetattr(child)
    course.stub(course.lesson("1")).write_text(tiny_course.NUMBERS.replace("2 * x", "7 * x"))
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "40"}
    process = subprocess.Popen(
        [*GRADER, "watch", "1"], cwd=course.root, stdin=child, stdout=child, stderr=child, env=environment
    )
    shown = ""

    def until(words: str) -> None:
        nonlocal shown
        while words not in shown:
            ready: list[Any] = select.select([parent], [], [], SECONDS)[0]
            assert ready, f"no {words!r} in {shown!r}"
            shown += os.read(parent, 1 << 16).decode(errors="replace")
        shown = ""

    try:
        until("quit")
        os.write(parent, b"h")  # the first one stands beside the failure
        until("hint 2 of 3: more")
        os.write(parent, b"a")
        until("double")
        os.write(parent, b"n")
        until("Not started yet")
        os.write(parent, b"q")
        assert process.wait(SECONDS) == 0
        assert termios.tcgetattr(child) == before
    finally:
        process.kill()
        os.close(parent)
        os.close(child)
