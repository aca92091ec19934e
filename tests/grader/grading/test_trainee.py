"""A ``train`` that is judged: when it is asked which of its parts is wrong, and how it computes meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny_course
import torch
from tiny_course import BALANCE, NUMBERS

from grader.course import Course
from grader.grading.grade import grade
from grader.grading.trainee import Trainee
from grader.report.probe import ProbeResult
from grader.report.report import TrainingResult, TrainingSeed
from grader.student.inprocess import Here
from grader.submissions.read import Submission
from grader.submissions.work import Work

FOUND = ProbeResult("pass", ())
GAVE_A_POLICY = TrainingSeed(1, "fail", 200, 9, 4.0)
RAISED = TrainingSeed(1, "fail", 200, 9, message="ValueError")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return tiny_course.make(tmp_path)


def trained(course: Course, place: Any, monkeypatch: pytest.MonkeyPatch, run: TrainingSeed) -> TrainingResult:
    """The training part of a report whose training check has ended with this run."""
    result = TrainingResult("train", "Rule.", 5, 200, run.verdict, 0, 4, "cpu", seeds=(run,))
    monkeypatch.setattr(Trainee, "check", lambda self, films: result)
    monkeypatch.setattr(Trainee, "climb", lambda self: FOUND)
    work = Work("student-001", course.lesson("2"), Submission(BALANCE), {"lesson1_numbers": NUMBERS})
    found = grade(course, work, place).training
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("run", "climbs"),
    [(GAVE_A_POLICY, True), (RAISED, False), (msgspec.structs.replace(GAVE_A_POLICY, verdict="pass"), False)],
)
def test_a_learner_whose_agent_learns_something_else_is_told_where(
    course: Course, monkeypatch: pytest.MonkeyPatch, run: TrainingSeed, climbs: bool
) -> None:
    assert trained(course, Here(), monkeypatch, run).probe == (FOUND if climbs else None)


def test_a_report_on_a_class_has_no_lead_that_may_be_wrong(
    course: Course, any_split: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trained(course, any_split, monkeypatch, GAVE_A_POLICY).probe is None


def test_a_run_computes_with_one_thread_and_leaves_the_number_as_it_was(course: Course) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        source = BALANCE + "\n\nimport torch\n\ndef threads(): return torch.get_num_threads()\n"
        sources = {"lesson1_numbers": NUMBERS, "lesson2_balance": source}
        with Trainee(course, course.lesson("2"), sources, Here()).open() as student:
            assert student.threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
