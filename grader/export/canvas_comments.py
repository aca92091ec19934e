"""Feedback as comments on submissions in Canvas: what each student reads there.

A comment has what the student's page says first: the mark and how it came about, the points of each exercise, the laws
that fail with the name of the mistake, and one hint. It quotes nothing of the student's own code or output, so that
nobody can have anything written into Canvas under the instructor's name. Its last line is a reference that follows from
the text and from the place for which it is meant: by it one that is there already is known again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from grader.export.ids import Ids
from grader.printable import amount, clip, number, one_line
from grader.render import marks, words
from grader.report.report import Report, exercise_scores
from grader.report.settled import mark_of
from grader.report.sorting import UNCOUNTED, first_failure, lesson_number, natural, standing

_MOST_LAWS = 5
_LONGEST = 4000
_DIGITS = 12


class Comment(NamedTuple):
    """A comment that is meant for one submission.

    Attributes:
        student: the student's name in reports.
        identity: the student's id in Canvas.
        lesson: the lesson's name.
        text: what the student reads, its reference included.
        reference: the last line.
    """

    student: str
    identity: str
    lesson: str
    text: str
    reference: str


def comments(reports: Iterable[Report], ids: Ids, place: str) -> tuple[list[Comment], list[str]]:
    """The comments on the work of a class on one lesson, and a line about every student who gets none.

    Args:
        reports: on one lesson, with final marks.
        ids: the students' ids in Canvas.
        place: the assignment, as a name that is the same at every run.
    """
    made, said = list[Comment](), list[str]()
    for report in sorted(reports, key=lambda report: natural(report.student)):
        identity, status = ids.of(report.student), standing(report)
        if identity is None:
            said.append(f"{one_line(report.student)}: no id in the file of ids")
        elif status == "error":
            said.append(f"{one_line(report.student)}: no mark, because the grader failed")
        elif status in ("missing", "not started", *UNCOUNTED):
            said.append(f"{one_line(report.student)}: {status}, so there is nothing to say")
        else:
            text = _text(report)
            digest = hashlib.sha256(f"{place}\n{identity}\n{text}".encode("utf-8", "backslashreplace")).hexdigest()
            reference = f"Reference: {digest[:_DIGITS]}"
            made.append(Comment(report.student, identity, report.lesson, f"{text}\n\n{reference}", reference))
    return made, said


def _text(report: Report) -> str:
    made = mark_of(report)
    title = f"Lesson {lesson_number(report.lesson)}, {one_line(report.title, 100)}"
    whole = marks.sentence(made) or f"{number(report.score)} of {amount(report.max_score, 'point')}"
    parts = [f"{title}: {one_line(whole, 1000)}."]
    if report.status != "graded":
        parts.append("The file could not be read; the page of the report says why.")
    scores = exercise_scores(report.properties)
    lines = [f"{name}: {number(got)} of {amount(most, 'point')}" for name, (got, most) in scores.items()]
    if (trained := report.training) is not None:
        lines.append(
            f"{trained.exercise} (training): {number(trained.points)} of {amount(trained.max_points, 'point')}"
        )
    parts += ["\n".join(lines)] if lines else []
    parts += [said for said in (_failing(report),) if said]
    return clip("\n\n".join(parts), _LONGEST)


def _failing(report: Report) -> str:
    """The laws that fail, the name of the first mistake, and a hint."""
    failing = [each for each in report.properties if each.verdict == "fail"]
    if not failing:
        trained = report.training
        return f"Hint: {trained.hint}" if trained is not None and trained.verdict == "fail" and trained.hint else ""
    laws = [f"- {each.exercise}: {one_line(each.says, 300)}" for each in failing[:_MOST_LAWS]]
    more = [f"- and {len(failing) - _MOST_LAWS:,} more"] if len(failing) > _MOST_LAWS else []
    first = first_failure(report)
    assert first is not None
    named = [words.diagnosis(first.misconception)] if first.misconception else []
    hint = [f"Hint: {one_line(first.hint, 600)}"] if first.hint else []
    return "\n".join(["What does not hold yet:", *laws, *more, *named, *hint])


def in_words(made: Sequence[Comment], assignment: int) -> str:
    """Comments as they would be sent, for the instructor to read."""
    return "\n".join(
        f"--- {one_line(each.student)} (Canvas {one_line(each.identity)}), assignment {assignment}\n{each.text}\n"
        for each in made
    )
