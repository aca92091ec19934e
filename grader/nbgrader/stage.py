"""The stage that replaces nbgrader's ``Execute``: it writes a report into the outputs of cells.

No kernel is started. Every cell that judges an exercise gets what ``Execute`` would have left in it: something to look
at, and a number, which nbgrader's own next stage writes to the gradebook.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode, v4
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from grader.course import Lesson
from grader.export.marks import add_up
from grader.lessons.notebooks import grade_id
from grader.report.report import Report, exercise_scores


def worth(lesson: Lesson, *, training: bool) -> dict[str, tuple[str, float]]:
    """Exercise and points of every cell that the grader judges, by grade_id."""
    cells = {grade_id(each.name): (each.name, each.points) for each in lesson.exercises}
    if rule := lesson.training:
        cells[grade_id(rule.exercise)] = (rule.exercise, rule.points if training else 0.0)
    return cells


def score(report: Report, exercise: str) -> float:
    """The points that a report gives for one exercise, or for the training check."""
    earned = {name: points for name, (points, _) in exercise_scores(report.properties).items()}
    if report.training is not None:
        earned[report.training.exercise] = report.training.points
    # In whole hundredths that add up to the report's score: nbgrader adds cells, and its totals are to be ours.
    return dict(zip(earned, add_up(list(earned.values()), report.score))).get(exercise, 0.0)


class Verdict(NbGraderPreprocessor):  # type: ignore[misc]
    """Write a report's verdicts into the cells that they belong to."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Run by nbconvert; the report comes with the resources (see ``grader.nbgrader.autograde``)."""
        from grader.printable import amount
        from grader.render.html import cell_feedback

        exercises: dict[str, str] | None = resources["nbgrader"].get("exercises")
        if exercises is None:
            raise RuntimeError("nbgrader_config.py has the stage Verdict, but does not call grader.nbgrader.plug_in()")
        report: Report = resources["nbgrader"]["report"]
        first = True
        for cell in nb.cells:
            name = exercises.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if name is None or not utils.is_grade(cell):
                continue
            # What is quoted of a student's is no formula, and no command of MathJax's.
            page = f'<div class="tex2jax_ignore mathjax_ignore">{cell_feedback(report, name, first=first)}</div>'
            earned = score(report, name)
            cell.outputs = [
                v4.new_output("display_data", {"text/html": page, "text/plain": f"{name}: {amount(earned, 'point')}"}),
                v4.new_output("execute_result", {"text/plain": repr(float(earned))}),
            ]
            first = False
        return nb, resources
