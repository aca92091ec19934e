"""Decide which lessons of a class count in totals, so that a lesson that was never released costs no marks.

The first of these rules that says anything decides:

1. ``--due LESSON``: the lessons up to that one.
2. ``due:`` in course.yml, on at least one lesson: the lessons whose deadline has passed.
3. Neither: the lessons in which at least one student has handed in work, which is more than the stub. Where nobody has
   done that in any lesson, all lessons that were looked at, because then something else is wrong.

A lesson that was named for this run (``--lesson``) counts as well. Only lessons with reports count: of any other there
is no mark. The decision is written beside the reports, as ``counted.json``, so that the table, the pages and every
export agree; ``grader.render.counted`` puts it into words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from grader.course import Course, Lesson
from grader.errors import ClassError
from grader.files import write
from grader.report.report import Report, Status

FILE = "counted.json"

Rule = Literal["option", "dates", "work", "all"]
"""Which of the rules above decided; ``all`` is the end of the third."""

Reason = Literal["not due", "no date", "later", "no work", "no reports"]
"""Why a lesson does not count: ``later`` than ``--due``; ``no reports``: it is due, but was not graded here."""

_WORK: tuple[Status, ...] = ("graded", "unreadable", "error")


class LeftOut(msgspec.Struct, frozen=True):
    """One lesson that does not count.

    Attributes:
        students: how many have handed in work on it all the same.
    """

    lesson: str
    why: Reason
    due: datetime | None = None
    students: int = 0


class Counted(msgspec.Struct, frozen=True):
    """The lessons that count, and those that do not.

    Attributes:
        lessons: those that count, in the order of the course.
        rule: what decided.
        up_to: the lesson that ``--due`` named; "" without it.
        named: those of ``lessons`` that count only because the run named them.
        left_out: those that do not count and might be missed.
    """

    lessons: tuple[str, ...]
    rule: Rule
    up_to: str = ""
    named: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def of(self, reports: Iterable[Report]) -> list[Report]:
        """The reports that count."""
        return [report for report in reports if report.lesson in self.lessons]


def count(
    course: Course,
    reports: Sequence[Report],
    *,
    named: Collection[str] = (),
    up_to: str = "",
    now: datetime | None = None,
) -> Counted:
    """Decide which lessons count.

    Args:
        course: the course.
        reports: all reports of the class, of this run and of earlier ones.
        named: the lessons that this run was narrowed to.
        up_to: the lesson that ``--due`` names; "" without it.
        now: the time by which a deadline has passed; by default the present.
    """
    now = now or datetime.now(UTC)
    graded = {report.lesson for report in reports}
    work: dict[str, set[str]] = {}
    for report in reports:
        if report.status in _WORK:
            work.setdefault(report.lesson, set()).add(report.student)
    rule: Rule
    if up_to:
        rule = "option"
    elif any(lesson.due for lesson in course.lessons):
        rule = "dates"
    else:
        rule = "work" if work else "all"
    last = [lesson.name for lesson in course.lessons].index(up_to) if up_to else -1

    def why_not(i: int, lesson: Lesson) -> Reason | None:
        """The reason why the rule leaves the lesson out; None if it counts."""
        if rule == "option":
            return "later" if i > last else None
        if rule == "dates":
            return "no date" if lesson.due is None else "not due" if lesson.due > now else None
        return "no work" if rule == "work" and lesson.name not in work else None

    lessons, only_named, left_out = [], [], []
    for i, lesson in enumerate(course.lessons):
        reason = why_not(i, lesson)
        if lesson.name not in graded:
            # With dates or --due somebody has said that it is due; else nothing speaks of this lesson at all.
            if reason is None and rule in ("option", "dates"):
                left_out.append(LeftOut(lesson.name, "no reports", lesson.due))
        elif reason is None or lesson.name in named:
            lessons.append(lesson.name)
            only_named += [lesson.name] if reason is not None else []
        else:
            left_out.append(LeftOut(lesson.name, reason, lesson.due, len(work.get(lesson.name, ()))))
    return Counted(tuple(lessons), rule, up_to, tuple(only_named), tuple(left_out))


def store(folder: Path, counted: Counted) -> None:
    """Write the decision beside the reports."""
    write(folder / FILE, msgspec.json.format(msgspec.json.encode(counted), indent=2) + b"\n")


def stored(folder: Path) -> Counted | None:
    """The decision stored beside the reports; None if there is none.

    Raises:
        ClassError: it is damaged.
    """
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Counted)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ClassError(f"{folder / FILE} cannot be read ({error}); grade again") from None
