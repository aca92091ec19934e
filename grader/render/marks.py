"""Final marks in words: the same on every page, in the terminal and in every table."""

from __future__ import annotations

from collections.abc import Iterable

from grader.printable import amount, count, number, one_line
from grader.report.grade import Grade, Part
from grader.report.mark import Adjustment, Mark
from grader.report.report import Report, Status
from grader.report.settled import Cases, mark_of, settled, uncounted
from grader.report.sorting import lesson_number

_WORK: tuple[Status, ...] = ("graded", "unreadable", "error")


def sentence(mark: Mark) -> str:
    """A mark that was adjusted, as one sentence without its full stop.

    ``7.5 of 10 points: 8.5 earned, 1 taken off: two days late (10 % per day)``; "" if nothing was adjusted.
    """
    if not mark.steps:
        return ""
    if mark.counts:
        whole = f"{number(mark.final)} of {amount(mark.max, 'point')}: {number(mark.earned)} earned"
        return f"{whole}, {why(mark)}"
    if mark.steps[-1].kind == "open" or not mark.earned:
        return why(mark)
    return f"{why(mark)} ({number(mark.earned)} of {amount(mark.max, 'point')} earned, which count nowhere)"


def why(mark: Mark) -> str:
    """Every step of a mark in words, for the cell of a table; "" if there is none."""
    now, said = mark.earned, []
    for step in mark.steps:
        now += step.by
        said.append(_said(step, now))
    return "; ".join(said)


def _said(step: Adjustment, now: float) -> str:
    match step.kind:
        case "excused":
            return f"excused: {step.why}"
        case "open":
            return "not due yet"
        case "override":
            return f"set to {number(now)}: {step.why}"
        case "extension":
            return step.why
    if step.by > 0:
        return f"{number(step.by)} added: {step.why}"
    return f"{number(-step.by) if step.by else 'nothing'} taken off: {step.why}"


def of_term(grade: Grade) -> str:
    """A grade of the term as a sentence without its full stop.

    ``81.5 %: Foundations 90 % (18 of 20 points, weight 40, lesson 2 dropped), Deep learning 75.8 % (…)``; "" if no
    lesson counts that it could be made of.
    """
    if not grade.parts:
        return ""
    whole = "no grade yet, as the grader itself failed on a lesson" if grade.percent is None else percent(grade)
    return f"{whole}: {', '.join(_part(part) for part in grade.parts)}"


def percent(grade: Grade | None) -> str:
    """A grade with one decimal and its sign; "–" while there is none."""
    return "–" if grade is None or grade.percent is None else f"{number(grade.percent, 1)} %"


def _part(part: Part) -> str:
    said = [f"{number(part.earned)} of {amount(part.possible, 'point')}", f"weight {number(part.group.weight)}"]
    if part.dropped:
        lessons = ", ".join(str(lesson_number(name)) for name in part.dropped)
        said.append(f"{'lesson' if len(part.dropped) == 1 else 'lessons'} {lessons} dropped")
    return f"{one_line(part.group.name, 60)} {number(part.percent, 1)} % ({', '.join(said)})"


def short(mark: Mark) -> str:
    """The difference with its sign, as it stands beside a mark: ``−1``; "0" where the steps cancel out."""
    by = number(abs(mark.adjusted))
    return by if by == "0" else f"{'+' if mark.adjusted > 0 else '−'}{by}"


def adjusted(reports: Iterable[Report]) -> list[tuple[Report, str]]:
    """The reports whose mark was adjusted, each with its sentence."""
    return [(report, sentence(mark_of(report))) for report in reports if mark_of(report).steps]


def moved(reports: Iterable[Report], before: Cases, now: Cases) -> list[str]:
    """A line about every mark that another ledger has moved, by that alone.

    Args:
        reports: as they were judged.
        before: what the ledger of an earlier run says.
        now: what it says now.
    """
    lines = []
    for report in reports:
        there = report.student, report.lesson
        old, new = (settled(report, cases.get(there)) for cases in (before, now))
        if (mark_of(old).final, mark_of(old).counts) != (mark_of(new).final, mark_of(new).counts):
            said = sentence(mark_of(new)) or "as earned"
            lines.append(f"{one_line(report.student, 40)}, {report.lesson}: {_whole(old)} → {_whole(new)} ({said})")
    return lines


def _whole(report: Report) -> str:
    return {"excused": "excused", "open": "not due yet"}.get(uncounted(report)) or number(report.score)


def without_time(reports: Iterable[Report], late: Iterable[str], known: Iterable[tuple[str, str]]) -> str:
    """A line for lessons with a late rule: of how many submissions nobody knows when they came; "" if of none.

    Args:
        reports: of the class.
        late: the lessons for which being late costs points.
        known: student and lesson of every submission whose time is known.
    """
    rule, there = set(late), set(known)
    work = [report for report in reports if report.lesson in rule and report.status in _WORK]
    lacking = [report for report in work if (report.student, report.lesson) not in there]
    if not lacking:
        return ""
    lessons = sorted({lesson_number(report.lesson) for report in lacking})
    named = f"{'lesson' if len(lessons) == 1 else 'lessons'} {', '.join(map(str, lessons))}"
    return (
        f"It is not known when {len(lacking):,} of {count(len(work), 'submission')} on {named} came in, so nothing is "
        "taken off them for being late; `handed in:` in marks.yml says it."
    )
