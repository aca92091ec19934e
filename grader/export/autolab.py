"""One report as an autograder prints it for Autolab: feedback, and a last line of JSON that holds the scores.

The format is Autolab's "Guide for Lab Authors" (the last line of stdout is the autoresult) and its "Formatted
Feedback" (a line before it shows tests by stage). Problems have to be defined in Autolab under the same names.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from grader.course import Lesson
from grader.errors import ClassError
from grader.export.exported import Exported
from grader.export.marks import add_up, mark
from grader.printable import amount, clip, number, one_line, visible
from grader.render import words
from grader.render.marks import adjusted, sentence
from grader.report.report import PropertyResult, Report, exercise_scores
from grader.report.settled import mark_of
from grader.report.sorting import UNCOUNTED, exercises, fault, standing

_MOST = 2000


def export(reports: Sequence[Report], *, lesson: Lesson, problem: str = "") -> Exported:
    """The text for stdout: the feedback, and the line of JSON with the scores.

    Args:
        reports: one report, with a mark.
        lesson: what it is about; its exercises are the problems, and the function that trains is one more.
        problem: the name of the one problem that gets the whole score instead.

    Raises:
        ClassError: there is no mark: the grader itself failed, or the lesson does not count for the student.
    """
    [report] = reports
    if standing(report) in UNCOUNTED:
        raise ClassError(f"{one_line(report.student)}: no mark on {report.lesson}; {sentence(mark_of(report))}")
    if mark(report) is None:
        raise ClassError(
            f"{one_line(report.student)}, {report.lesson}: no mark, because the grader failed: {fault(report)}"
        )
    lines = [f"{report.title}: {number(report.score)} of {amount(report.max_score, 'point')}."]
    lines += [f"{said}." for _, said in adjusted(reports)]
    lines += [one_line(note) for note in (report.message, *report.notes) if note]
    lines += [_json(stages(report)), _json({"scores": {problem: report.score} if problem else scores(report, lesson)})]
    return Exported("".join(f"{line}\n" for line in lines).encode())


def scores(report: Report, lesson: Lesson) -> dict[str, float]:
    """Points by exercise, and by the function that trains; 0 for all of them if nothing could be judged.

    Autolab adds them up, so where the mark was adjusted they share what is left, in proportion to what they earned;
    where nothing was earned, to what they are worth.
    """
    earned = {exercise.name: 0.0 for exercise in lesson.exercises if exercise.points}
    earned |= {name: points for name, (points, _) in exercise_scores(report.properties).items()}
    if report.training is not None:
        name = report.training.exercise
        earned[name] = earned.get(name, 0.0) + report.training.points
    elif lesson.training is not None and not report.properties:
        earned.setdefault(lesson.training.exercise, 0.0)
    return dict(zip(earned, add_up(_shares(earned, report, lesson), report.score)))


def _shares(earned: dict[str, float], report: Report, lesson: Lesson) -> list[float]:
    if not mark_of(report).steps:
        return list(earned.values())
    worth = {exercise.name: exercise.points for exercise in lesson.exercises}
    parts = list(earned.values()) if any(earned.values()) else [worth.get(name, 0.0) for name in earned]
    whole = sum(parts)
    return [report.score * part / whole if whole else 0.0 for part in parts]


def stages(report: Report) -> dict[str, Any]:
    """Every law by exercise, with a hint if it is broken."""
    shown: dict[str, dict[str, Any]] = {}
    for name, results in exercises(report).items():
        for result in results:
            stage = shown.setdefault(name, {})
            says = one_line(result.says)
            # Two laws may be worded alike; a key of JSON stands once.
            stage[says if says not in stage else f"{says} ({result.name})"] = _judged(result)
    if (training := report.training) is not None:
        told = {"passed": training.verdict == "pass"}
        shown.setdefault(training.exercise, {})["training"] = told | (
            {"hint": training.message} if training.message else {}
        )
    return {"_presentation": "semantic", "stages": list(shown), **shown}


def _judged(result: PropertyResult) -> dict[str, Any]:
    if result.verdict == "pass":
        return {"passed": True}
    label = "must pass first" if result.verdict == "skip" else "needed"
    named = words.diagnosis(result.misconception) if result.misconception else ""
    told = [named, result.hint, f"{label}: {result.needed}" if result.needed else ""]
    return {"passed": False, "hint": clip(visible(" ".join(text for text in told if text)), _MOST)}


def _json(value: Any) -> str:
    """One line of JSON, in ASCII, because the autograding machine's locale is unknown."""
    return json.dumps(value, ensure_ascii=True)
