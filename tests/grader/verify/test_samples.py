"""The measure of the course's own tests: every known program gets what it deserves, on both sides of the wall.

That is some 1,100 programs, each graded twice. `make test` takes every stub and solution, every wheat behind the wall
alone, and one chaff in thirty-six; `make test-slow` takes all of them, with those that are made from wheats.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.course import Course, load
from grader.grading.grade import Asked, grade
from grader.render import words
from grader.report.report import Misconception, PropertyResult, Report
from grader.student.inprocess import Here
from grader.student.processes import ZygoteClient
from grader.submissions.read import Submission
from grader.submissions.work import Work
from grader.verify import bar
from grader.verify.verify import Sample, names_it, samples

COURSE = load(Path(__file__).parents[3])
EVERY = samples(COURSE, [lesson.name for lesson in COURSE.lessons])
FEW = {i for i, s in enumerate(EVERY) if not s.chaff or (s.kind == "chaff" and i % 36 == 0)}
SAMPLES = [s for i, s in enumerate(EVERY) if i in FEW or "EVERY_SAMPLE" in os.environ]
UNSEEN = {
    (lesson.name, name): chaff.caught_by
    for lesson in COURSE.lessons
    if lesson.training
    for name, chaff in bar.read(COURSE, lesson).items()
    if chaff.reaches
}


def judge(course: Course, sample: Sample, place: Here | ZygoteClient, diagnose: bool) -> Report:
    lesson = course.lesson(sample.lesson)
    work = Work("sample", lesson, Submission(sample.source), course.references(lesson))
    return grade(course, work, place, Asked(train=False, diagnose=diagnose))


def unreadable(result: PropertyResult) -> str:
    """Why a learner could not read a counterexample, "" if nothing speaks against it."""
    script = words.script(result.counterexample)
    lines = script.splitlines()
    long = [line for line in lines if len(line) > 100]
    return f"{result.name}: {len(lines)} lines, {long}" if len(lines) > 50 or long else ""


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title.replace(" ", "-"))
def test_verdict(sample: Sample, any_split: ZygoteClient) -> None:
    """Stubs get nothing, right answers everything, wrong ones lose marks; and the wall changes no verdict.

    Names are asked for every other time, and always by `grader verify`: diagnosis takes a third of all the time.
    """
    named = sample.kind == "chaff" and EVERY.index(sample) % 36 == 0
    walled = judge(COURSE, sample, any_split, named)
    assert not walled.has_error
    assert not any(map(unreadable, walled.properties))
    if sample.kind != "wheat" or "EVERY_SAMPLE" in os.environ:
        free = judge(COURSE, sample, Here(), False)
        assert not free.has_error
        assert [(p.name, p.verdict) for p in walled.properties] == [(p.name, p.verdict) for p in free.properties]
        assert walled.score == free.score
    if sample.kind == "stub":
        assert walled.score == 0
    elif sample.kind == "chaff":
        assert walled.score < walled.max_score
        assert not named or names_it(walled, sample), [p.misconception for p in walled.properties]
        caught_by = UNSEEN.get((sample.lesson, sample.name))
        assert caught_by is None or caught_by in [p.name for p in walled.properties if p.verdict == "fail"]
    elif sample.kind == "wheat chaff":
        assert walled.score < walled.max_score
    else:
        assert walled.score == walled.max_score, [p for p in walled.properties if p.verdict != "pass"]


def test_the_lists_of_what_training_does_not_notice_fit_the_chaffs() -> None:
    """A chaff that was renamed or taken away means that `grader bar` has to run again."""
    training = [lesson for lesson in COURSE.lessons if lesson.training]
    assert all(bar.path_of(COURSE, lesson).is_file() for lesson in training)
    known = {(sample.lesson, sample.name) for sample in EVERY if sample.kind == "chaff"}
    assert UNSEEN.keys() <= known
    assert all(UNSEEN.values()), "each is caught by a property, or must be told in the lesson's text"


def test_every_lesson_is_measured() -> None:
    """At least three other right answers and ten misconceptions a lesson."""
    for lesson in COURSE.lessons:
        kinds = [sample.kind for sample in EVERY if sample.lesson == lesson.name]
        assert kinds.count("wheat") >= 3, lesson.name
        assert kinds.count("chaff") >= 10, lesson.name


def test_a_chaff_is_named_by_its_name_and_not_by_its_words() -> None:
    """Two sentences may be alike, or one part of another; the first misconception that a reader meets decides."""
    chaff = Sample("lesson1_numbers", "chaff", "adds_two", "", "double", "adds_two")

    def named(*names: str) -> bool:
        results = [
            PropertyResult(f"test_{i}", "double", "Law.", "fail", 0, 1, misconception=Misconception(name, "adds two"))
            for i, name in enumerate(names)
        ]
        unnamed = PropertyResult("test_other", "double", "Law.", "fail", 0, 1)
        report = Report("x", "lesson1_numbers", "Numbers", "graded", 0, 1, None, "cpu", (unnamed, *results))
        return names_it(report, chaff)

    assert named("adds_two", "squares")
    assert not named("squares", "adds_two")
    assert not named("adds_two_twice")
    assert not named()
