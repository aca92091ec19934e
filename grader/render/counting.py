"""Describe the lessons that count in words: the same sentences under every table and beside every export."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from grader.printable import count
from grader.report.due import Counted, LeftOut, Reason, Rule
from grader.report.sorting import lesson_number

_RULES: dict[Rule, str] = {
    "option": "--due {up_to}",
    "dates": "by the dates in course.yml",
    "work": "those in which at least one student has handed in work",
    "all": "no student has handed in work on any lesson",
}
_REASONS: dict[Reason, str] = {
    "not due": "due {due}",
    "no date": "no date in course.yml",
    "later": "later than --due",
    "no work": "no student has handed in work",
    "no reports": "due, but not graded here yet",
}


def numbers(lessons: Iterable[str]) -> str:
    """The numbers of lessons, in their order: ``1 to 4, 7``."""
    runs: list[list[int]] = []
    for number in map(lesson_number, lessons):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def moment(due: datetime | None) -> str:
    """A deadline in its own time zone: ``2026-10-05 23:59+02:00``."""
    return due.isoformat(" ", "minutes") if due else ""


def sentence(counted: Counted) -> str:
    """The lessons that count, and why; then those that do not, and why not; as lines of a paragraph."""
    left_out = "; ".join(_group(list(group)) for _, group in groupby(counted.left_out, _alike))
    told = f"Lessons counted: {numbers(counted.lessons) or 'none'}{_basis(counted)}."
    if left_out:
        told += f" Not counted: {left_out}."
    if counted.rule == "work" and left_out:
        told += " To say what is due: --due LESSON, or due: in course.yml."
    return told


def said_of(lesson: str, counted: Counted | None) -> list[str]:
    """A warning if an exported lesson does not count: students who have not started it would get a 0."""
    return [
        f"lesson {lesson_number(lesson)} does not count in totals ({why_not(each)}); its marks are written all the same"
        for each in (counted.left_out if counted else ())
        if each.lesson == lesson
    ]


def why_not(left_out: LeftOut) -> str:
    """The reason why one lesson does not count."""
    return _REASONS[left_out.why].format(due=moment(left_out.due))


def _basis(counted: Counted) -> str:
    if counted.lessons and counted.lessons == counted.named:
        return " (named for this run)"
    if counted.rule == "work" and not counted.left_out and not counted.named:
        return ""  # every lesson that was looked at
    basis = _RULES[counted.rule].format(up_to=numbers([counted.up_to]))
    return f" ({basis}; {numbers(counted.named)} because this run names it)" if counted.named else f" ({basis})"


def _alike(left_out: LeftOut) -> tuple[object, ...]:
    """A group key: lessons with the same reason share a sentence, except for handed-in work, which is listed singly."""
    return left_out.why, left_out.due, left_out.lesson if left_out.students else ""


def _group(group: list[LeftOut]) -> str:
    words = why_not(group[0])
    if students := group[0].students:
        words += f"; {count(students, 'student has', 'students have')} handed in work on it"
    return f"{numbers(each.lesson for each in group)} ({words})"
