"""The rehearsal before a class is graded: the course's own solutions must get full marks on this machine.

A library of another build, a wall that keeps something away, a machine that is too small: each could take marks
from right answers without a word. So the solution of every lesson that is about to be graded goes the way of a
submission first - the same processes, the same isolation, training included - and where it does not get full marks,
nobody is graded. A lesson that has passed is remembered by a digest of all that its verdict depends on, so this costs
once on a machine.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from grader.course import Course, Lesson
from grader.grading.digest import digest, machine
from grader.grading.own import grade_own
from grader.grading.team import Here, Team
from grader.grading.worker import Event
from grader.printable import number, one_line
from grader.render import words
from grader.report.report import Report
from grader.report.sorting import fault, first_failure, is_full
from grader.report.step import Watcher
from grader.student.errors import GraderFault
from grader.student.levels import Isolation

if TYPE_CHECKING:
    from grader.student.places import Place

_MOST_KEPT = 500


class RehearsalError(GraderFault):
    """Right answers lose marks on this machine; the message says which, and what to do."""


def rehearse(
    course: Course,
    lessons: Sequence[Lesson],
    team: Team | Isolation,
    *,
    train: bool = True,
    fresh: bool = False,
    hear: Callable[[Event], None] | None = None,
) -> list[Lesson]:
    """Grade the solutions of these lessons, unless they have passed on this machine before.

    Args:
        course: the course.
        lessons: what is about to be graded.
        team: is about to grade; processes of this machine if only the isolation of student code is given. Of machines
            elsewhere, any may be the one that rehearses.
        train: whether training checks are run.
        fresh: grade those too that have passed on this machine before.
        hear: called with every event.

    Returns:
        The lessons that were graded now.

    Raises:
        RehearsalError: a solution does not get full marks.
        GraderFault: nothing can be graded at all.
    """
    team = Here(team) if isinstance(team, Isolation) else team
    marks = {lesson.name: _mark(course, lesson, team, train) for lesson in lessons if _has_solution(course, lesson)}
    jobs = {
        f"the course's own {name}": functools.partial(_judge, course, name, train)
        for name, mark in marks.items()
        if fresh or not mark.exists()
    }
    done = []
    for job, report in team.run(jobs, hear=hear):
        if hear is not None:
            hear(Event(job, None))
        if not is_full(report):
            raise RehearsalError(_refusal(report))
        _remember(marks[report.lesson])
        done.append(course.lesson(report.lesson))
    return done


def _has_solution(course: Course, lesson: Lesson) -> bool:
    return all(course.solution(each).is_file() for each in (lesson, *course.needs(lesson)))


def _judge(course: Course, name: str, train: bool, place: Place, watch: Watcher) -> Report:
    lesson = course.lesson(name)
    solution = course.solution(lesson).read_text(encoding="utf-8")
    return grade_own(course, lesson, "the course's own", solution, place, watch, train=train, diagnose=False)


def _refusal(report: Report) -> str:
    """One line: what lost marks, where, and what to do about it."""
    failed, trained = first_failure(report), report.training
    why = fault(report) or report.message
    if not why and failed is not None:
        why = f"{failed.exercise}: {failed.says} (got: {failed.got})"
    elif not why and trained is not None:
        runs = (f"run {run.seed}: {run.message}" for run in trained.seeds if run.message)
        why = f"{trained.exercise}: {trained.message or next(runs, 'the training check is not passed')}"
    points = f"{number(report.score)} of {number(report.max_score)} points"
    return (
        f"the course's own solution of {report.lesson} gets {points} here, so no submission was graded: "
        f"{one_line(why, 500)} [{words.isolation(report.isolation, report.device)}; {machine()}]. "
        "Students' right answers would lose marks as well. --no-rehearsal grades anyway"
    )


# What has passed is remembered as an empty file called after its digest: there is nothing in it that could be wrong.


def _mark(course: Course, lesson: Lesson, team: Team, train: bool) -> Path:
    sources = {lesson.name: course.solution(lesson).read_text(encoding="utf-8"), **course.references(lesson)}
    name = digest(course, lesson, sources, "rehearsal", team.isolations, team.where, train)
    return platformdirs.user_cache_path("deep-rl-for-beginners", appauthor=False) / "rehearsals" / name


def _remember(mark: Path) -> None:
    """Remember a passed rehearsal, and keep the newest few hundred; if none can be kept, every run rehearses."""
    with contextlib.suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        by_age = sorted(mark.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in by_age[_MOST_KEPT:]:
            old.unlink(missing_ok=True)
