"""One report as Gradescope's ``results.json``.

The format is that of Gradescope's "Autograder Specifications". A score at the top counts whatever the tests add up
to; a test without a score is a remark with a green or red mark; output in the format ``html`` is cleaned by Gradescope.
If any test is hidden, students see no total.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from typing import Any, Literal

from grader.export.exported import Exported
from grader.export.marks import add_up, mark
from grader.printable import one_line
from grader.render import fragment, words
from grader.report.report import Report, TrainingResult
from grader.report.sorting import exercises, first_failure

Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
LEADERBOARD = "Environment steps to the bar"


def export(reports: Sequence[Report], *, visibility: Visibility = "visible") -> Exported:
    """The file ``results.json``.

    Args:
        reports: one report; or none as long as there is no verdict, and if the grader fails.
        visibility: when students see the tests.
    """
    document = results(reports[0], visibility=visibility) if reports else failure()
    return Exported(json.dumps(document, indent=1, allow_nan=False).encode())


def results(report: Report, *, visibility: Visibility = "visible") -> dict[str, Any]:
    """The document of one report.

    Args:
        report: what to show.
        visibility: when students see the tests.

    Returns:
        What to write as JSON. Where the grader itself failed, nothing in it has points, and the score is 0.
    """
    counts = mark(report) is not None
    tests = [*_properties(report, visibility), *_training(report, visibility)]
    if counts:
        _give_points(tests, report)
    if not tests or not counts:
        name = "Your submission" if counts else "The grader failed"
        passed = counts and report.score >= report.max_score
        why: dict[str, Any] = {"name": name, "status": "passed" if passed else "failed", "visibility": "visible"}
        if counts:
            why |= {"score": report.score, "max_score": report.max_score}
        tests.insert(0, why | {"output": fragment.summary(report), "output_format": "html"})
    document: dict[str, Any] = {
        "score": report.score if counts else 0.0,
        "output": fragment.summary(report),
        "output_format": "html",
        "test_output_format": "html",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "lesson": report.lesson,
            "status": report.status if counts else "error",
            "isolation": words.isolation(report.isolation, report.device),
            "device": report.device,
            "digest": report.digest,
        },
    }
    if report.seconds:
        document["execution_time"] = round(report.seconds)
    steps = steps_to_the_bar(report.training)
    if counts and steps is not None:
        document["leaderboard"] = [{"name": LEADERBOARD, "value": steps, "order": "asc"}]
    return document


def failure() -> dict[str, Any]:
    """The document if there is no report at all: no points, and no word that could be taken for a verdict."""
    return {
        "score": 0.0,
        "output": f"<p><strong>{fragment.FAILED}</strong></p>",
        "output_format": "html",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [{"name": "The grader failed", "status": "failed", "visibility": "visible"}],
        "extra_data": {"status": "error"},
    }


def steps_to_the_bar(training: TrainingResult | None) -> int | None:
    """The median number of environment steps of the runs that reached the bar; None if the check did not pass."""
    if training is None or training.verdict != "pass":
        return None
    steps = [seed.steps for seed in training.seeds if seed.verdict == "pass"]
    return round(statistics.median(steps)) if steps else None


def _properties(report: Report, visibility: Visibility) -> list[dict[str, Any]]:
    first = first_failure(report)
    return [
        {
            "name": one_line(f"{exercise}: {result.says}".replace("`", ""), 500),
            "number": f"{i}.{j}",
            "status": "passed" if result.verdict == "pass" else "failed",
            "output": fragment.result(result),
            "output_format": "html",
            "visibility": visibility,
            "tags": ["start here"] if result is first else [],
        }
        for i, (exercise, judged) in enumerate(exercises(report).items(), start=1)
        for j, result in enumerate(judged, start=1)
    ]


def _training(report: Report, visibility: Visibility) -> list[dict[str, Any]]:
    if (training := report.training) is None:
        return []
    test = {
        "name": one_line(f"{training.exercise}: training on fresh environments", 300),
        "number": str(len(exercises(report)) + 1),
        "status": "passed" if training.verdict == "pass" else "failed",
        "output": fragment.training(training),
        "output_format": "html",
        "visibility": visibility,
    }
    return [test]


def _give_points(tests: list[dict[str, Any]], report: Report) -> None:
    """Give the tests points in hundredths that add up to the lesson's points."""
    judged = [result for results in exercises(report).values() for result in results]
    parts = [(result.points, result.max_points) for result in judged]
    if report.training is not None:
        parts.append((report.training.points, report.training.max_points))
    possible = add_up([most for _, most in parts], report.max_score)
    for test, (points, most), worth in zip(tests, parts, possible):
        test |= {"score": worth if points >= most else round(points, 2), "max_score": worth}
