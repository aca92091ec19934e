"""Reports with final marks: what the grader judged stays as it is, and what counts is put in the place of the points.

A settled report is made when reports are read, never stored, and everything that shows or adds up marks takes it as it
takes any other report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from grader.report.mark import Case, Mark, mark
from grader.report.report import Report, Status

_NO_WORK: tuple[Status, ...] = ("missing", "not started")
_BY_HAND = ("override", "excused")

Cases = Mapping[tuple[str, str], Case]
"""Cases by student and lesson."""


class Settled(Report, frozen=True, kw_only=True):
    """A report whose mark is not simply what was earned.

    ``score`` is the final mark, and ``max_score`` what the lesson adds to the student's total: 0 if it does not count.

    Attributes:
        mark: how the one became of the other.
    """

    mark: Mark

    @property
    def has_error(self) -> bool:
        """Whether the grader itself failed, and nobody has given a mark or excused the student since."""
        return Report.has_error.fget(self) and not any(step.kind in _BY_HAND for step in self.mark.steps)  # type: ignore[attr-defined]

    def to_json(self) -> bytes:
        """Refuse: a stored report is what the grader judged."""
        raise TypeError("a settled report is not stored")


def settled(report: Report, case: Case | None) -> Report:
    """The report with its final mark; as it is where nothing is said about it."""
    made = mark(report.score, report.max_score, case, has_work=report.status not in _NO_WORK)
    if not made.steps:
        return report
    parts = msgspec.structs.asdict(report)
    parts |= {"score": made.final, "max_score": made.max if made.counts else 0.0}
    by_hand = any(step.kind in _BY_HAND for step in made.steps)
    if report.status == "error" and by_hand:
        parts["status"] = "graded"
    return Settled(**parts, mark=made)


def settle(reports: Iterable[Report], cases: Cases) -> list[Report]:
    """Reports with their final marks, in their order."""
    return [settled(report, cases.get((report.student, report.lesson))) for report in reports]


def mark_of(report: Report) -> Mark:
    """A report's mark; for one that is not settled, what was earned."""
    return report.mark if isinstance(report, Settled) else Mark(report.score, report.max_score, (), report.score)


def uncounted(report: Report) -> Literal["excused", "open", ""]:
    """The reason why a lesson does not count for this student, "" if it does."""
    made = mark_of(report)
    return "" if made.counts else "excused" if made.steps[-1].kind == "excused" else "open"
