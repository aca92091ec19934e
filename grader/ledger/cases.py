"""All entries and the late rule together, as what they say about one student and one lesson.

What names a student comes before what is said about everyone; of what is added, both count. A delay is counted in days
that have begun, from the deadline, or from the student's own where it was extended. Free late days are spent in the
order of the lessons of the course, by times alone: no mark decides which lesson gets them, so a regrade moves none.
A lesson from which a student is excused spends none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from grader.course import Course, Lesson
from grader.ledger.entries import Entry, Key
from grader.report.mark import Case, Extension, Late, Points

Times = Mapping[tuple[str, str], datetime]
"""When something was handed in, by student and lesson."""

_DAY = timedelta(days=1)


def cases(
    course: Course, entries: Sequence[Entry], students: Iterable[str], now: datetime, times: Times | None = None
) -> tuple[Case, ...]:
    """Work out what is to be done to the marks of a class.

    Args:
        course: the course, with its deadlines and its late rule.
        entries: what marks.yml says.
        students: everybody in the class, by their names in reports.
        now: decides whether an extension has passed.
        times: what else is known of when work was handed in; marks.yml comes before it.

    Returns:
        A case for each student and lesson of which there is something to say, in the order of both.
    """
    found = []
    for student in students:
        own = [entry for entry in entries if entry.is_about(student)]
        free = course.free_late_days
        for lesson in course.lessons:
            about = [entry for entry in own if lesson.name in entry.lessons]
            case = _case(student, lesson, about, now, (times or {}).get((student, lesson.name)))
            late = None if case.excused else _late(course, lesson, case, free)
            if late is not None:
                case = msgspec.structs.replace(case, late=late)
                free -= late.free
            if case != Case(student, lesson.name):
                found.append(case)
    return tuple(found)


def _case(student: str, lesson: Lesson, about: Sequence[Entry], now: datetime, known: datetime | None) -> Case:
    score, excused = _last(about, "score"), _last(about, "excused")
    extension, handed_in = _last(about, "extension"), _last(about, "handed in")
    extended = None
    if extension is not None and extension.time is not None:
        extended = Extension(extension.time, extension.why, extension.time > now)
    return Case(
        student,
        lesson.name,
        handed_in=handed_in.time if handed_in else known,
        extension=extended,
        score=Points(score.points, score.why) if score else None,
        additions=tuple(Points(each.points, each.why) for each in about if each.key == "add"),
        excused=excused.why if excused else "",
    )


def _last(about: Sequence[Entry], key: Key) -> Entry | None:
    """The entry that counts: one that names the student, else one about everyone."""
    said = [entry for entry in about if entry.key == key]
    return min(said, key=lambda entry: entry.students is None, default=None)


def _late(course: Course, lesson: Lesson, case: Case, free: int) -> Late | None:
    """The delay, if there is a rule about it, and a time; ``free`` late days are left."""
    rule = course.late_rule(lesson)
    if rule is None or lesson.due is None or case.handed_in is None:
        return None
    by = case.handed_in - (case.extension.until if case.extension else lesson.due)
    if by <= timedelta(minutes=rule.grace_minutes):
        return None
    days = math.ceil(by / _DAY)
    spent = min(days, free)
    percent = min(rule.percent_per_day * (days - spent), rule.at_most)
    return Late(days, spent, rule.percent_per_day, percent)
