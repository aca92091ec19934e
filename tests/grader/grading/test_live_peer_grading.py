"""Grading a process that says arbitrary messages: the result is a report with verdicts, never a fault of the grader."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import tiny_course
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console
from scripted_peer import RIGHT, Move, Peer, PeerPlace, moves, statuses

from grader.grading import remembered
from grader.grading.grade import Asked, grade
from grader.render import html, terminal
from grader.report.report import Report
from grader.submissions.read import Submission
from grader.submissions.work import Work

LESSONS = {
    "1": {**RIGHT},
    "2": {**RIGHT, ("call", "four_times"): 12},  # so that the training check is run as well
}


@pytest.fixture(autouse=True, scope="module")
def _forgotten_afterwards() -> Iterator[None]:
    """A peer says anything in the place of known programs as well, and what these say is remembered in this process."""
    yield
    remembered._kept.cache_clear()


def _graded(lesson: str, script: list[Move], status: int, right: Mapping[tuple[str, str], Any]) -> Report:
    course = tiny_course.shared()
    source = {"1": tiny_course.NUMBERS, "2": tiny_course.BALANCE}[lesson]
    work = Work("student-001", course.lesson(lesson), Submission(source), {"lesson1_numbers": tiny_course.NUMBERS})
    with contextlib.closing(peer := Peer(script, status, right)):
        return grade(course, work, PeerPlace(peer), Asked())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(LESSONS)), moves, statuses, st.booleans())
def test_whatever_a_process_says_there_is_a_report(lesson: str, script: list[Move], status: int, loads: bool) -> None:
    report = _graded(lesson, script, status, LESSONS[lesson] if loads else {})
    assert report.status == "graded"
    assert not report.has_error, report
    data = report.to_json()
    assert len(data) < 1 << 20
    assert Report.from_json(data).to_json() == data
    assert len(html.student_page([report])) < 1 << 20
    html.class_page([report], title="a class")
    terminal.print_list(report, Console(file=io.StringIO()))


def test_right_answers_of_a_peer_get_their_marks() -> None:
    """What the peer is asked is what a student is asked: a right one passes."""
    from arbitrary import frame_of

    report = _graded("2", [frame_of(["raised", "ValueError", ["ValueError"], "", 0, "", "", ""])], 0, LESSONS["2"])
    assert report.score == 3
    assert report.training is not None
    assert report.training.verdict == "fail"
