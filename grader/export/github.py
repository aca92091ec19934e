"""The workflow that gives feedback on every push to GitHub, and reports as the results of its steps.

Whoever may push to a repository may change its workflows, so what they say is feedback. Marks come from
`grader grade` over the clones.

GitHub Classroom, whose autograding this was written for, was retired on 2026-08-28. Repositories that are made from a
template run the workflow without it. What is left of it comes on request only: a last step with its reporter, an action
that adds up results. Read off classroom-resources/autograding-grading-reporter: the workflow is called ``Autograding
Tests`` and has one job, ``run-autograding-tests``; each step with an id sets the output ``result`` to JSON in base64;
the reporter adds up the scores of the tests and fails the run where a status is not ``pass``.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from grader.course import Lesson
from grader.export.exported import Exported
from grader.export.marks import add_up
from grader.printable import clip, one_line, visible
from grader.render import fragment, words
from grader.render.marks import sentence
from grader.report.report import Report, Verdict
from grader.report.settled import mark_of
from grader.report.sorting import exercises, standing

ACTIONS = {"actions/checkout": "v7", "actions/setup-python": "v7"}
"""The actions that workflows use, here and in .github/workflows, each in the newest major version.

They run on Node 24. GitHub removed Node 20, which checkout up to v4 and setup-python up to v5 were made for, from its
runners in September 2026. Dependabot tells when there is a newer version; a test fails until it is everywhere.
"""
REPORTER = "classroom-resources/autograding-grading-reporter@v1"
"""Still made for Node 20, in its only version, and for a service that is gone: so it is left out unless asked for."""
WORKFLOW = ".github/workflows/autograding.yml"
OLD_WORKFLOW = ".github/workflows/classroom.yml"
"""What earlier versions wrote. Where both are, every push is checked twice."""
_STATUS: dict[Verdict, str] = {"pass": "pass", "fail": "fail", "skip": "fail", "error": "error"}
_SIGNS: dict[Verdict, str] = {"pass": "✓", "fail": "✗", "skip": "–", "error": "!"}
_MOST = 1500


def export(reports: Sequence[Report], *, title: str = "") -> Exported:
    """The line that sets the step's output ``result``.

    Args:
        reports: one report; or none if the grader itself failed, which is an error without points.
        title: of the lesson, for the latter.
    """
    value = result(reports[0]) if reports else no_result(title)
    return Exported(f"result={encoded(value)}\n".encode())


def passes(reports: Sequence[Report]) -> bool:
    """Whether there is a report and everything in it passes."""
    return bool(reports) and result(reports[0])["status"] == "pass"


def result(report: Report) -> dict[str, Any]:
    """The result of one lesson. If the grader itself failed, it is an error without any points.

    The reporter adds up the tests, so an adjustment of the mark is one more of them.
    """
    if standing(report) == "error":
        return no_result(report.title)
    parts = [
        (
            f"{name}: {judged.says}",
            judged.verdict,
            judged.points,
            _message(words.diagnosis(judged.misconception) if judged.misconception else "", judged.hint),
            words.script(judged.counterexample),
        )
        for name, results in exercises(report).items()
        for judged in results
    ]
    if (training := report.training) is not None:
        name = f"{training.exercise}: training on fresh environments"
        parts.append((name, training.verdict, training.points, _message(training.message, training.hint), ""))
    made = mark_of(report)
    scores = add_up([part[2] for part in parts], made.earned)
    tests = [
        _test(name, _STATUS[verdict], score, message if verdict != "pass" else "", code)
        for (name, verdict, _, message, code), score in zip(parts, scores)
    ]
    passed = bool(parts) and all(part[1] == "pass" for part in parts)
    if not tests:
        tests = [_test(report.title, "fail", 0, report.message or report.status)]
    if made.steps:
        tests.append(_test(f"The mark: {sentence(made)}", "pass", round(report.score - made.earned, 2)))
    return {"version": 1, "status": "pass" if passed else "fail", "max_score": report.max_score, "tests": tests}


def no_result(title: str) -> dict[str, Any]:
    """The result if there is no mark because the grader itself failed: an error, and no points."""
    return {"version": 1, "status": "error", "max_score": 0, "tests": [_test(title, "error", 0, fragment.FAILED)]}


def encoded(value: dict[str, Any]) -> str:
    """Encode a result for the step's output ``result``."""
    return base64.b64encode(json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")).decode("ascii")


def summary(reports: Sequence[Report]) -> str:
    """One report for the run's page, as HTML that GitHub's Markdown accepts, with every property folded.

    Without a report it says that the grader failed.
    """
    if not reports:
        return f"<p><strong>{fragment.FAILED}</strong></p>\n"
    [report] = reports
    parts = [fragment.summary(report)]
    for name, results in exercises(report).items():
        for judged in results:
            title = f"{_SIGNS[judged.verdict]} {fragment.prose(f'`{name}`: {judged.says}')}"
            more = fragment.result(judged)
            parts.append(f"<details><summary>{title}</summary>{more}</details>" if more else f"<p>{title}</p>")
    if report.training is not None:
        parts.append(f"<details><summary>Training</summary>{fragment.training(report.training)}</details>")
    return "\n".join(parts) + "\n"


def workflow(lessons: Sequence[Lesson], course_repository: str = "", *, reporter: bool = False) -> str:
    """The workflow ``WORKFLOW`` of a template repository.

    Args:
        lessons: what the repository asks for.
        course_repository: ``owner/name`` of the instructor's private course repository, from which hidden tests are
            fetched by the secret COURSE_TOKEN; where empty, the public examples are run.
        reporter: whether a last step adds up the results by GitHub Classroom's action; without it, the steps
            themselves and their summaries say as much.
    """
    hidden = bool(course_repository)
    names = [f"lesson{lesson.number}" for lesson in lessons]
    results = (f"          {name.upper()}_RESULTS: ${{{{ steps.{name}.outputs.result }}}}\n" for name in names)
    return _WORKFLOW.format(
        about=_HIDDEN if hidden else _PUBLIC,
        dispatch=", repository_dispatch" if reporter else "",
        permissions=_REPORTER_S_PERMISSIONS if reporter else "",
        checkout=_used("actions/checkout"),
        python=_used("actions/setup-python"),
        work="class/student" if hidden else "work",
        fetch=_FETCH.format(checkout=_used("actions/checkout"), repository=course_repository) if hidden else "",
        install="course" if hidden else "work",
        extra="[class]" if hidden else "",
        steps="".join(_step(lesson, hidden, reporter) for lesson in lessons),
        report=_REPORT.format(reporter=REPORTER, results="".join(results), runners=",".join(names)) if reporter else "",
    )


def _used(action: str) -> str:
    return f"{action}@{ACTIONS[action]}"


def _test(name: str, status: str, score: float, message: str = "", code: str = "") -> dict[str, Any]:
    return {
        "name": _harmless(one_line(name, 300)),
        "status": status,
        "score": score,
        "message": _harmless(clip(visible(message), _MOST)),
        "test_code": _harmless(clip(visible(code), 2 * _MOST)),
        "filename": "",
        "line_no": 0,
        "duration": 0,
    }


def _harmless(text: str) -> str:
    """Defuse commands such as ``::notice …`` and ``##[error]``, which the runner obeys in the reporter's output."""
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", text).replace("##[", "## [")


def _message(*words: str) -> str:
    return " ".join(word for word in words if word)


def _step(lesson: Lesson, hidden: bool, reporter: bool) -> str:
    step = _HIDDEN_STEP if hidden else _REPORTED_STEP if reporter else _PUBLIC_STEP
    title = json.dumps(f"Lesson {lesson.number}: {lesson.title}", ensure_ascii=False)
    return step.format(number=lesson.number, name=lesson.name, title=title)


# The names of the workflow and of its job are what the reporter looks for.
_WORKFLOW = """\
{about}name: Autograding Tests
on: [push, workflow_dispatch{dispatch}]
permissions:
  contents: read
{permissions}\
# A newer push ends the run of an older one, and saves its minutes.
concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  run-autograding-tests:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: {checkout}
        with:
          path: {work}
          persist-credentials: false
{fetch}\
      - uses: {python}
        with:
          python-version: "3.12"
      - name: Install
        run: |
          python -m pip install --quiet -c {install}/constraints.txt \\
              --extra-index-url https://download.pytorch.org/whl/cpu -e './{install}{extra}'
{steps}{report}"""

_REPORTER_S_PERMISSIONS = """\
  checks: write
  actions: read
"""

_REPORT = """\
      - name: Report
        if: always()
        uses: {reporter}
        env:
{results}\
        with:
          runners: {runners}
"""

_PUBLIC = """\
# Feedback on every push: the public examples of each lesson. Marks are given elsewhere, from your last commit.
"""

_HIDDEN = """\
# Feedback on every push, from the hidden tests in the course's private repository.
# Whoever can change this file can read the secret COURSE_TOKEN, and with it the tests and the solutions. Use it only
# where students cannot push to .github/ (a ruleset of the organization can see to that).
"""

_FETCH = """\
      - name: Fetch the course
        uses: {checkout}
        with:
          repository: {repository}
          token: ${{{{ secrets.COURSE_TOKEN }}}}
          path: course
          persist-credentials: false
"""

# Every lesson has its step, also after one that failed; a run that a newer push has ended stops at once.
_PUBLIC_STEP = """\
      - name: {title}
        if: "!cancelled()"
        working-directory: work
        run: grader check {name}
"""

# A student's copy of the grader knows `check` only. Examples that everybody can read decide no points.
_REPORTED_STEP = """\
      - name: {title}
        id: lesson{number}
        if: "!cancelled()"
        working-directory: work
        run: |
          grader check {name} && status=pass || status=fail
          test='{{"name": "{name}: the public examples", "status": "'$status'", "score": 0, "message": "",
                 "test_code": "", "filename": "", "line_no": 0, "duration": 0}}'
          result='{{"version": 1, "status": "'$status'", "max_score": 0, "tests": ['$test']}}'
          echo "result=$(echo "$result" | base64 --wrap=0)" >> "$GITHUB_OUTPUT"
          [ $status = pass ]
"""

_HIDDEN_STEP = """\
      - name: {title}
        id: lesson{number}
        if: "!cancelled()"
        working-directory: course
        env:
          GRADER_SALT: ${{{{ github.repository }}}}
        run: |
          grader grade ../class --lesson {name} --out ../report || echo "the grader ended with status $?"
          grader export github-result {name} --report ../report
"""
