"""A final mark: the points that were earned, every adjustment with its reason, and what is left.

The order is fixed: the points that were earned, the late penalty, a mark that was set by hand, additions in the order
of marks.yml, and last whether the lesson counts for this student at all. After each step a mark lies between 0 and the
lesson's points, and the steps add up: ``earned`` and every ``by`` make ``final``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from grader.printable import count, number

Kind = Literal["late", "extension", "override", "addition", "excused", "open"]
"""``open``: the student has an extension that has not passed, and has not handed in yet."""

_LETTERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
_DIGITS = 6


class Adjustment(msgspec.Struct, frozen=True):
    """One step from the points that were earned to the final mark.

    Attributes:
        kind: what sort of step it is.
        by: the points that it moved the mark by.
        why: the reason, for the student to read.
    """

    kind: Kind
    by: float
    why: str


class Mark(msgspec.Struct, frozen=True):
    """A student's mark on a lesson.

    Attributes:
        earned: the points that the grader gave.
        max: the points of the lesson.
        steps: what was done to them, in order; none if nothing was.
        final: what is left; 0 for a lesson that does not count.
        counts: whether the lesson is in the student's total, with its points and with its maximum.
    """

    earned: float
    max: float
    steps: tuple[Adjustment, ...]
    final: float
    counts: bool = True

    @property
    def adjusted(self) -> float:
        """The difference that all steps make together."""
        return round(self.final - self.earned, _DIGITS)


class Late(msgspec.Struct, frozen=True):
    """The delay of a submission, and what it costs.

    Attributes:
        days: days that had begun after the deadline.
        free: how many of them the student's free late days paid for.
        percent_per_day: of the lesson's points, for each of the others.
        percent: for all of them, at most what the rule takes off.
    """

    days: int
    free: int
    percent_per_day: float
    percent: float


class Points(msgspec.Struct, frozen=True):
    """Points given by hand, and why."""

    points: float
    why: str


class Extension(msgspec.Struct, frozen=True):
    """A later deadline of one student.

    Attributes:
        until: the deadline.
        why: the reason.
        is_open: whether it had not passed yet when the ledger was applied.
    """

    until: datetime
    why: str
    is_open: bool


class Case(msgspec.Struct, frozen=True):
    """All that marks.yml and the late rule say about one student's mark on one lesson.

    Attributes:
        student: the student's name in reports.
        lesson: the lesson's name.
        handed_in: when, if somebody knows.
        late: the delay; None if there is none, or nobody knows.
        extension: a later deadline.
        score: a mark set by hand.
        additions: points added by hand, or taken off.
        excused: why the lesson does not count for the student; "" if it does.
    """

    student: str
    lesson: str
    handed_in: datetime | None = None
    late: Late | None = None
    extension: Extension | None = None
    score: Points | None = None
    additions: tuple[Points, ...] = ()
    excused: str = ""


def mark(earned: float, maximum: float, case: Case | None, *, has_work: bool = True) -> Mark:
    """Compute a final mark.

    Args:
        earned: the points that the grader gave.
        maximum: the points of the lesson.
        case: what is to be done to them; None for nothing.
        has_work: whether the student has handed in anything; an extension that is still open waits for it.
    """
    if case is None:
        return Mark(earned, maximum, (), earned)
    steps: list[Adjustment] = []
    now = earned

    def step(kind: Kind, then: float, why: str) -> None:
        nonlocal now
        then = min(max(then, 0.0), maximum)
        steps.append(Adjustment(kind, round(then - now, _DIGITS), why))
        now = then

    if case.late is not None:
        step("late", now - maximum * case.late.percent / 100, _delay(case.late))
    if case.extension is not None:
        steps.append(Adjustment("extension", 0.0, _extended(case.extension)))
    if case.score is not None:
        step("override", case.score.points, case.score.why)
    for each in case.additions:
        step("addition", now + each.points, _limited(each, now, maximum))
    waits = case.extension is not None and case.extension.is_open and not has_work and case.score is None
    if case.excused or waits:
        steps.append(Adjustment("excused" if case.excused else "open", round(-now, _DIGITS), case.excused))
        return Mark(earned, maximum, tuple(steps), 0.0, counts=False)
    return Mark(earned, maximum, tuple(steps), now if steps else earned)


def _delay(late: Late) -> str:
    """The delay, and what is taken off for it."""
    days = f"{_LETTERS.get(late.days, f'{late.days:,}')} {'day' if late.days == 1 else 'days'} late"
    free = f"{count(late.free, 'free late day')} spent" if late.free else ""
    if not late.percent:
        return f"{days} ({free or 'nothing is taken off'})"
    whole = late.percent_per_day * (late.days - late.free)
    rate = f"{number(late.percent_per_day)} % per day"
    most = f"at most {number(late.percent)} %" if late.percent < whole else ""
    return f"{days} ({', '.join(part for part in (rate, most, free) if part)})"


def _extended(extension: Extension) -> str:
    return f"deadline moved to {extension.until.isoformat(' ', 'minutes')}: {extension.why}"


def _limited(given: Points, now: float, maximum: float) -> str:
    """The reason of an addition, and what of it was not possible."""
    if 0 <= now + given.points <= maximum:
        return given.why
    return f"{given.why} ({given.points:+g} was given, but a mark is at least 0 and at most {number(maximum)})"
