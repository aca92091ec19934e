"""The check of a GPU, on the CPU: it would notice a wrong verdict and a wall that does not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tiny_course

from grader.bench import gpu
from grader.course import Course
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.verify import on_device
from grader.verify.on_device import Program, attempts, judge, programs


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path / "course")


def test_a_solution_a_chaff_and_an_impostor_of_a_lesson(course: Course) -> None:
    chaff = course.tests(course.lesson("2")) / "chaffs.yml"
    chaff.write_text(
        "- {name: once, exercise: four_times, says: doubles once, hint: '?', "
        "edits: [{old: double(double(x)), new: double(x)}]}\n"
    )
    found = programs(course, course.lesson("2"))
    assert [each.kind for each in found] == ["solution", "chaff", "impostor"]
    got = [judge(course, each, Here(), silent).got for each in found]
    # Every policy reaches the bar of the tiny course; so this one is noticed.
    assert got == ["full marks", "loses marks", "reaches the bar"]
    assert [each.wanted for each in found] == ["full marks", "loses marks", "does not reach the bar"]


def test_a_fault_of_the_grader_is_no_lost_mark(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    from grader.grading import faults

    broken = faults.report(course, "1", "x", "no sandbox", train=False)
    monkeypatch.setattr(on_device, "grade_own", lambda *_, **__: broken)
    program = Program(course.lessons[0].name, "chaff", "", "loses marks")
    assert judge(course, program, Here(), silent).got == "the grader itself failed"


def test_without_walls_the_attempts_succeed(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    said = attempts(course, Here(), silent)
    reached = {what for what, words in said.items() if words}
    assert {"read course.yml", "list the hidden tests", "open a connection", "start a program"} <= reached
    assert {"write into the course", "write into the home folder", "read its environment"} <= reached
    assert said["compute on cpu"] == ""
    if os.geteuid() == 0:
        assert "become root" in reached


def test_behind_walls_all_are_refused_and_it_still_computes(course: Course, any_split) -> None:  # type: ignore[no-untyped-def]
    if not any_split.isolation.parts:
        pytest.skip("there are no walls at this level")
    said = attempts(course, any_split, silent)
    assert {what: words for what, words in said.items() if words} == {}


def test_without_a_gpu_it_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main([]) == 0
    assert capsys.readouterr().out.startswith("skipped: this ")
    assert gpu.missing("cpu") == ""
