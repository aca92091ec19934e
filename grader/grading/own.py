"""Grade one of the course's own programs like a submission, for the rehearsal and for ``grader verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.course import Course, Lesson
from grader.report.report import Report
from grader.report.step import Watcher
from grader.submissions.read import Submission
from grader.submissions.work import Work

if TYPE_CHECKING:
    from grader.student.places import Place


def grade_own(
    course: Course,
    lesson: Lesson,
    who: str,
    source: str,
    place: Place,
    watch: Watcher,
    *,
    train: bool,
    diagnose: bool = True,
) -> Report:
    """The report on one of the course's own modules, with the solutions of earlier lessons beside it.

    Args:
        course: the course.
        lesson: the lesson.
        who: the name that the report gives to its author.
        source: the module.
        place: where it runs.
        watch: called at every step.
        train: run the training check.
        diagnose: compare what fails with the known misconceptions.
    """
    # It imports torch, which a process that only hands out jobs does not need.
    from grader.grading.grade import Asked, grade

    work = Work(who, lesson, Submission(source), course.references(lesson))
    return grade(course, work, place, Asked(train=train, diagnose=diagnose), watch)
