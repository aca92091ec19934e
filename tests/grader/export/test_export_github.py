"""GitHub: the workflow, results as the reporter of GitHub Classroom reads them, and clones as submissions."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest
import tiny_course
import yaml
from sample_reports import GOLDEN, broken, mixed, report
from tiny_course import NUMBERS

from grader.course import Course
from grader.export import github
from grader.grading.one_student import grade_student
from grader.grading.run import Run
from grader.report.report import Report
from grader.report.step import silent
from grader.student.inprocess import Here
from grader.submissions.find import read_work

# What src/main.js, src/notify-classroom.js and src/console-results.js of the reporter read of a result.
SCHEMA = {
    "type": "object",
    "required": ["version", "status", "max_score", "tests"],
    "properties": {
        "version": {"const": 1},
        "status": {"enum": ["pass", "fail", "error"]},
        "max_score": {"type": "number", "minimum": 0},
        "tests": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "status", "score", "message", "test_code", "filename", "line_no", "duration"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "status": {"enum": ["pass", "fail", "error"]},
                    "score": {"type": "number"},
                    "message": {"type": "string"},
                    "test_code": {"type": "string"},
                    "filename": {"type": "string"},
                    "line_no": {"type": "integer"},
                    "duration": {"type": "number"},
                },
            },
        },
    },
}


def decoded(result: dict) -> dict:
    """The result as the reporter has it: base64, UTF-8, JSON."""
    read = json.loads(base64.b64decode(github.encoded(result), validate=True).decode("utf-8"))
    jsonschema.validate(read, SCHEMA)
    return read


def test_the_golden_result() -> None:
    assert json.dumps(decoded(github.result(mixed())), indent=1, ensure_ascii=False) + "\n" == (
        GOLDEN / "github_result.json"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("case", "status"),
    [
        (mixed(), "fail"),
        (broken(), "error"),
        (report("a", score=0.0, status="missing", message="nothing was handed in \ud800"), "fail"),
    ],
)
def test_every_report_makes_a_result(case: Report, status: str) -> None:
    read = decoded(github.result(case))
    assert read["status"] == status
    if status == "error":
        assert (read["max_score"], [test["score"] for test in read["tests"]]) == (0, [0])
    else:
        assert read["max_score"] == case.max_score
        assert round(sum(test["score"] for test in read["tests"]), 9) == case.score, "the reporter sums them"


def test_nothing_in_a_result_is_a_command_to_the_runner() -> None:
    forged = '::notice title=Autograding report::{"totalPoints":14}'
    case = report("a", score=0.0, status="unreadable", message=f"line 1\n  {forged}\nx ##[error]y ::fine::")
    message = decoded(github.result(case))["tests"][0]["message"]
    assert not [line for line in message.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert "x ## [error]y ::fine::" in message


@pytest.mark.parametrize(("status", "says"), [(0, "pass"), (1, "fail"), (2, "fail")])
def test_public_examples_decide_no_points(status: int, says: str, tmp_path: Path) -> None:
    """The step's own script, with a `grader check` that ends so."""
    steps = yaml.safe_load(github.workflow([tiny_lesson()], reporter=True))["jobs"]["run-autograding-tests"]["steps"]
    put(tmp_path / "grader", f"#!/bin/sh\necho $*\nexit {status}\n")
    (tmp_path / "grader").chmod(0o755)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_OUTPUT": str(tmp_path / "output")}
    command = ["bash", "-e", "-c", steps[-2]["run"]]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.returncode) == ("check lesson1_numbers\n", int(status > 0))
    (line,) = (tmp_path / "output").read_text().splitlines()
    read = json.loads(base64.b64decode(line.removeprefix("result="), validate=True))
    jsonschema.validate(read, SCHEMA)
    assert (read["status"], read["max_score"], read["tests"][0]["status"]) == (says, 0, says)


def tiny_lesson():
    from grader.course import Exercise, Lesson

    return Lesson("lesson1_numbers", 'Numbers: "all" of them', (Exercise("double", 2),))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return tiny_course.make(tmp_path_factory.mktemp("github") / "course")


WORKFLOWS = {"public": ("", False), "hidden": ("school/course", False), "reporter": ("", True)}
"""Of each golden workflow: the course's repository, and whether the reporter is asked for."""


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_golden_workflows(course: Course, name: str) -> None:
    repository, reporter = WORKFLOWS[name]
    golden = (GOLDEN / f"autograding_{name}.yml").read_text(encoding="utf-8")
    assert github.workflow(course.lessons, repository, reporter=reporter) == golden


@pytest.mark.parametrize("repository", ["", "school/course"])
def test_the_workflow_keeps_the_reporter_s_rules(course: Course, repository: str) -> None:
    """The reporter's README: these names, one job, a step with an id for each runner, whose output it is given."""
    workflow = yaml.safe_load(github.workflow(course.lessons, repository, reporter=True))
    assert workflow["name"] == "Autograding Tests"
    assert list(workflow["jobs"]) == ["run-autograding-tests"]
    assert workflow["permissions"] == {"contents": "read", "checks": "write", "actions": "read"}
    steps = workflow["jobs"]["run-autograding-tests"]["steps"]
    reporter = steps[-1]
    assert reporter["uses"] == github.REPORTER
    runners = reporter["with"]["runners"].split(",")
    assert runners == ["lesson1", "lesson2"]
    assert [step["id"] for step in steps if "id" in step] == runners
    assert reporter["env"] == {f"{r.upper()}_RESULTS": f"${{{{ steps.{r}.outputs.result }}}}" for r in runners}


@pytest.mark.parametrize("reporter", [False, True])
@pytest.mark.parametrize("repository", ["", "school/course"])
def test_a_token_only_where_one_is_asked_for_and_only_where_it_is_used(
    course: Course, repository: str, reporter: bool
) -> None:
    steps = yaml.safe_load(github.workflow(course.lessons, repository, reporter=reporter))["jobs"]
    secrets = [step for step in steps["run-autograding-tests"]["steps"] if "secrets." in json.dumps(step)]
    assert len(secrets) == bool(repository)


def test_without_the_reporter_nothing_of_classroom_is_left(course: Course) -> None:
    """It is the default: the reporter was made for Node 20 and for a service that is gone."""
    text = github.workflow(course.lessons)
    assert "classroom" not in text
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["run-autograding-tests"]["steps"]
    assert [step["run"] for step in steps[-2:]] == ["grader check lesson1_numbers", "grader check lesson2_balance"]


def test_a_title_cannot_break_the_workflow() -> None:
    for reporter in (False, True):
        text = github.workflow([tiny_lesson()], reporter=reporter)
        steps = yaml.safe_load(text)["jobs"]["run-autograding-tests"]["steps"]
        assert steps[-2 if reporter else -1]["name"] == 'Lesson 1: Numbers: "all" of them'


def test_the_summary_is_safe_html() -> None:
    text = github.summary([mixed()])
    assert text.count("<details>") == text.count("</details>") == 3
    assert "<script" not in text
    assert "7.33 of 14 points" in text


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_clone_is_a_submission(course: Course, tmp_path: Path) -> None:
    """`gh classroom clone student-repos` makes <assignment>-submissions/<assignment>-<user>/."""
    clone = tmp_path / "hw-submissions" / "hw-student-001"
    put(clone / "exercises" / "lesson1_numbers.py", NUMBERS)
    put(clone / "exercises" / "lesson2_balance.py", (course.root / "exercises" / "lesson2_balance.py").read_text())
    put(clone / "grader" / "cli.py", "")
    lessons = ("lesson1_numbers", "lesson2_balance")
    run = Run(course, clone.parent, tmp_path / "out", lessons, train=False, fresh=True)
    first, second = grade_student(run, clone.name, Here(), silent)
    assert (first.score, first.max_score, first.student) == (3, 3, "hw-student-001")
    assert second.status == "not started"


def test_where_work_is_looked_for(course: Course, tmp_path: Path) -> None:
    lesson = course.lesson("1")
    assert read_work(course, lesson, tmp_path).status == "missing"
    put(tmp_path / "other.py", "other = 1")
    assert read_work(course, lesson, tmp_path).status == "missing", "nothing says that this is the work"
    put(tmp_path / "lesson1_numbers.py", "place = 'top'")
    assert read_work(course, lesson, tmp_path).source == "place = 'top'"
    put(tmp_path / "exercises" / "lesson1_numbers.py", "place = 'exercises'")
    assert read_work(course, lesson, tmp_path).source == "place = 'exercises'"
    put(tmp_path / "lesson1_numbers" / "lesson1_numbers.py", "place = 'own'")
    assert read_work(course, lesson, tmp_path).source == "place = 'own'"
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "exercises").symlink_to(tmp_path / "exercises")
    assert "exercises (a link, which is not followed)" in read_work(course, lesson, tmp_path / "linked").problem
