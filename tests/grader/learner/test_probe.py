"""``grader train LESSON --probe``: what cannot be asked is said in one line; what was found is printed."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from grader.course import find_root, load
from grader.errors import CourseError
from grader.grading.trainee import Trainee
from grader.learner.probe import probe
from grader.report.probe import ProbeResult, RungResult

COURSE = load(find_root(Path(__file__)))


def asked(number, file=None):
    stream = io.StringIO()
    holds = probe(COURSE, COURSE.lesson(number), file, Console(file=stream, width=80), "cpu")
    return holds, stream.getvalue()


@pytest.mark.parametrize("number", ["1", "4"])
def test_a_lesson_without_a_ladder_is_said_so(number):
    with pytest.raises(CourseError, match="has no probe ladder; `grader check"):
        asked(number)


def test_a_stub_is_not_trained():
    stub = COURSE.stub(COURSE.lesson("3"))
    with pytest.raises(CourseError, match="cannot be trained: "):
        asked("3", stub)


def test_a_file_that_cannot_be_imported_is_said_so(tmp_path):
    file = tmp_path / "lesson3_q_learning.py"
    file.write_text("import not_here_at_all\n")
    with pytest.raises(CourseError, match=r"lesson3_q_learning\.py cannot be imported: .*not_here_at_all"):
        asked("3", file)


@pytest.mark.parametrize(("verdict", "following"), [("pass", "grader train 3\n"), ("fail", "grader train 3 --probe\n")])
def test_what_was_found_is_printed_with_one_next_step(monkeypatch, verdict, following):
    rung = RungResult("reward", "which action pays", verdict, 2, 2)
    found = ProbeResult(verdict, (rung,), means="Look at the update.")
    monkeypatch.setattr(Trainee, "climb", lambda self: found)
    holds, text = asked("3", COURSE.solution(COURSE.lesson("3")))
    assert holds == (verdict == "pass")
    assert "reward: which action pays" in text
    assert text.endswith(following)
    assert ("Look at the update." in text) == (verdict == "fail")


def test_the_reference_of_the_first_training_lesson_comes_to_the_top():
    holds, text = asked("3", COURSE.solution(COURSE.lesson("3")))
    assert holds
    assert "✗" not in text
