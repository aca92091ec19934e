"""Judge a program without a whole report: the first property that notices it, and whether it passes training."""

from __future__ import annotations

from grader.course import Course, Lesson
from grader.grading.sessions import open_session
from grader.grading.trainee import Trainee
from grader.properties import runner
from grader.report.step import Watcher
from grader.student.places import Place


def sources(course: Course, lesson: Lesson, source: str) -> dict[str, str]:
    """A module of this lesson, and the solutions of the lessons that it imports, by module name."""
    return {**course.references(lesson), lesson.name: source}


def caught_by(course: Course, lesson: Lesson, source: str, place: Place) -> str:
    """The first property that fails on a module, "" if all hold."""
    texts = sources(course, lesson, source)
    findings = runner.run(course, lesson, lambda: open_session(course, lesson, texts, place), until_failure=True)
    return next((finding.name for finding in findings if finding.verdict == "fail"), "")


def passes_training(course: Course, lesson: Lesson, source: str, place: Place, watch: Watcher) -> bool:
    """Whether a module passes the lesson's training check, whatever its properties say."""
    return Trainee(course, lesson, sources(course, lesson, source), place, watch).check().verdict == "pass"
