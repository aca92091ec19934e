"""The marks that a run has moved, and why: two sets of reports on one class, side by side.

A report says what it was made from (``Origin``), so what has changed between two of them is read and not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from grader.report.mark import Mark
from grader.report.report import Origin, Report, Status, Verdict
from grader.report.settled import mark_of
from grader.report.sorting import UNCOUNTED, lesson_number, natural, standing

Reason = Literal[
    "first",
    "new",
    "gone",
    "work",
    "imports",
    "salt",
    "tests",
    "points",
    "rules",
    "solutions",
    "training",
    "grader",
    "libraries",
    "walls",
    "held",
    "ledger",
    "unknown",
]
REASONS: Mapping[Reason, str] = {
    "first": "graded for the first time",
    "new": "it was handed in",
    "gone": "it is not handed in any more",
    "work": "the work has changed",
    "imports": "a lesson that it imports has changed",
    "salt": "the salt of the class is another one",
    "tests": "the hidden tests have changed",
    "points": "the points have changed",
    "rules": "what course.yml or a hint says of the lesson, or a limit, has changed",
    "solutions": "the course's own solution, of the lesson or of one that it imports, has changed",
    "training": "one of the two runs left the training out",
    "grader": "the grader has changed",
    "libraries": "Python or a library has changed",
    "walls": "isolation or device differ",
    "held": "the mark of an earlier run stands, because the grader itself failed",
    "ledger": "marks.yml, or a penalty for being late, says something else",
    "unknown": "nothing that the reports say",
}
"""Each reason in words, in the order in which they are said."""

_NO_WORK: tuple[Status, ...] = ("missing", "not started")


class Change(NamedTuple):
    """A property, or the training check, with another verdict; None where there was none."""

    exercise: str
    says: str
    before: Verdict | None
    after: Verdict | None


class Move(NamedTuple):
    """A student's mark on a lesson that is not what it was.

    Attributes:
        before: the report of before; None if there was none.
        after: the report of now; None if there is none any more.
        changes: the verdicts that differ.
        why: what has changed that the mark depends on.
    """

    student: str
    lesson: str
    before: Report | None
    after: Report | None
    changes: tuple[Change, ...]
    why: tuple[Reason, ...]

    @property
    def difference(self) -> float | None:
        """By how many points the mark moved; None where there is no mark on one side."""
        none = ("error", *UNCOUNTED)
        marks = [each.score if each and standing(each) not in none else None for each in (self.before, self.after)]
        return None if marks[0] is None or marks[1] is None else round(marks[1] - marks[0], 2)


def moves(before: Sequence[Report], after: Sequence[Report]) -> list[Move]:
    """The marks that differ, in the order of students and lessons.

    Args:
        before: the reports of before.
        after: the reports of now.
    """
    then, now = ({(each.student, each.lesson): each for each in reports} for reports in (before, after))
    places = sorted({*then, *now}, key=lambda place: (natural(place[0]), lesson_number(place[1]), place[1]))
    found = [_move(*place, then.get(place), now.get(place)) for place in places]
    return [each for each in found if each is not None]


def _move(student: str, lesson: str, before: Report | None, after: Report | None) -> Move | None:
    if before is None or after is None:
        return Move(student, lesson, before, after, (), ())
    if _mark(before) == _mark(after):
        return None
    return Move(student, lesson, before, after, _changes(before, after), _why(before, after))


def first(report: Report) -> Move:
    """The first mark on a piece of work, as a move from none."""
    return Move(report.student, report.lesson, None, report, (), ("first",))


def handed_in_again(before: Report, after: Report) -> Move | None:
    """Other work with the same mark, as a move by nothing; None if the work is the same, or the mark is not."""
    if _mark(before) != _mark(after):
        return None
    why = _why(before, after)
    return Move(after.student, after.lesson, before, after, (), why) if {"new", "work"} & set(why) else None


def _mark(report: Report) -> tuple[object, ...]:
    return standing(report), report.score, report.max_score


def _changes(before: Report, after: Report) -> tuple[Change, ...]:
    then, now = _verdicts(before), _verdicts(after)
    found = []
    for name in dict.fromkeys([*now, *then]):
        exercise, says, _ = now.get(name) or then[name]
        old, new = (each[name][2] if name in each else None for each in (then, now))
        if old != new:
            found.append(Change(exercise, says, old, new))
    return tuple(found)


def _verdicts(report: Report) -> dict[str, tuple[str, str, Verdict]]:
    found = {each.name: (each.exercise, each.says, each.verdict) for each in report.properties}
    if report.training is not None:
        found[""] = (report.training.exercise, "the training check", report.training.verdict)
    return found


def _why(before: Report, after: Report) -> tuple[Reason, ...]:
    then, now = mark_of(before), mark_of(after)
    found: dict[Reason, bool] = {
        "held": bool(after.held) and not before.held,
        "training": (before.training is None) != (after.training is None),
        "points": then.max != now.max and (before.training is None) == (after.training is None),
        "ledger": _ledger(then) != _ledger(now),
        "salt": bool(before.digest and after.digest) and salt_print(before) != salt_print(after),
        "walls": (before.isolation, before.device) != (after.isolation, after.device),
    }
    if before.origin is not None and after.origin is not None:
        found |= _origins(after.lesson, before.origin, after.origin)
    then_there, now_there = (each.status not in _NO_WORK for each in (before, after))
    if then_there != now_there:
        found |= {"new": now_there, "gone": then_there, "work": False}
    return tuple(reason for reason in REASONS if found.get(reason)) or ("unknown",)


def _ledger(made: Mark) -> list[tuple[object, ...]]:
    """The sayings about a mark, without what came of them: that depends on what was earned as well."""
    said, level = list[tuple[object, ...]](), made.earned
    for step in made.steps:
        level += step.by
        points = {"override": round(level, 4), "addition": step.by}.get(step.kind)
        said.append((step.kind, step.why, points))
    return said


def origins(lesson: str, before: Origin, after: Origin) -> list[Reason]:
    """The differences between what two reports on a lesson were made from."""
    found = _origins(lesson, before, after)
    return [reason for reason in REASONS if found.get(reason)]


def salt_print(report: Report) -> str:
    """The print of the salt that a report was made with; "" for the public one."""
    return report.digest.rpartition("-")[0]


def changed_parts(before: Mapping[str, str], after: Mapping[str, str]) -> list[Reason]:
    """The reasons that are parts of what all reports on a lesson depend on, as far as both reports know them."""
    both = before.keys() & after.keys()
    return [reason for reason in REASONS if reason in both and before[reason] != after[reason]]


def _origins(lesson: str, before: Origin, after: Origin) -> dict[Reason, bool]:
    then, now = dict(before.judged), dict(after.judged)
    return {
        "work": then.pop(lesson, "") != now.pop(lesson, ""),
        "imports": then != now,
        "tests": before.tests != after.tests,
        "grader": before.grader != after.grader,
        "libraries": _libraries(before) != _libraries(after),
        **{part: True for part in changed_parts(before.parts, after.parts) if part in ("rules", "solutions")},
    }


def _libraries(origin: Origin) -> dict[str, str]:
    return {name: version for name, version in origin.versions.items() if name != "grader"}
