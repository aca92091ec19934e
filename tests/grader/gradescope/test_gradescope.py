"""Gradescope: results.json by its published rules, the zip, and run_autograder for real from the unpacked zip."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import tiny_course
from sample_reports import GOLDEN, broken, mixed, report
from tiny_course import NUMBERS

from grader.course import Course, load
from grader.gradescope.bundle import gradescope_zip
from grader.gradescope.results import LEADERBOARD, failure, results
from grader.student.isolation import choose
from grader.student.levels import IsolationError
from grader.submissions.find import read_work

_VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
_TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "max_score": {"type": "number"},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string"},
        "name_format": _FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
# Written from "Autograder Specifications", https://gradescope-autograders.readthedocs.io/en/latest/specs/
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [
        {"required": ["score"]},
        {"required": ["tests"], "properties": {"tests": {"minItems": 1, "items": {"required": ["score"]}}}},
    ],
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number", "minimum": 0},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": _TEST},
        "leaderboard": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "value"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "value": {"type": ["number", "string"]},
                    "order": {"enum": ["asc", "desc"]},
                },
            },
        },
    },
}


def valid(document: object) -> dict:
    """The document as Gradescope would read it, checked against its rules."""
    read = json.loads(json.dumps(document, allow_nan=False))
    jsonschema.validate(read, SCHEMA)
    return read


def test_the_golden_results() -> None:
    written = json.dumps(valid(results(mixed(), visibility="after_due_date")), indent=1) + "\n"
    assert written == (GOLDEN / "gradescope_results.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "case",
    [
        mixed(),
        broken(),
        report("student-003", score=0.0, status="missing", message="nothing was handed in"),
        report("student-004", score=0.0, status="error", message="the grader itself failed: out of memory"),
        report("student-005", score=0.0, message="the file cannot be imported:\n  line 3"),
    ],
)
def test_every_report_makes_valid_results(case: object) -> None:
    document = valid(results(case))  # type: ignore[arg-type]
    assert document["tests"], "Gradescope shows nothing where there are no tests"


def test_nobody_writes_html_of_their_own() -> None:
    text = json.dumps(results(mixed()))
    assert "<script" not in text
    assert "<b>" not in text
    assert "\\u001b" not in text


def test_a_fault_of_the_grader_is_no_mark() -> None:
    document = valid(results(broken()))
    assert document["score"] == 0
    assert not [test for test in document["tests"] if "score" in test or "max_score" in test]
    assert "not a mark" in document["output"]
    assert document["extra_data"]["status"] == "error"
    assert "secret/path" not in json.dumps(document), "why the grader failed is for the instructor"
    nothing = valid(failure())
    assert nothing["score"] == 0
    assert "not a mark" in nothing["output"]


def test_the_points_of_tests_add_up() -> None:
    document = results(mixed())
    assert sum(test["max_score"] for test in document["tests"]) == pytest.approx(14.0, abs=1e-9)
    for test in document["tests"]:
        assert (test["status"] == "passed") == (test["score"] == test["max_score"])
    assert document["score"] == 7.33


def test_the_leaderboard_counts_the_steps_of_runs_that_passed() -> None:
    assert results(mixed())["leaderboard"] == [{"name": LEADERBOARD, "value": 6000, "order": "asc"}]
    assert "leaderboard" not in results(report("student-001"))
    assert "leaderboard" not in results(broken())


def test_the_zip_holds_the_lesson_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = tiny_course.make(tmp_path)
    monkeypatch.setenv("GRADER_SALT", "another word")
    for path in (
        "submitted/student-001/x.py",
        ".venv/x.py",
        "tests/lesson1_numbers/__pycache__/x.pyc",
        "report/x.json",
        "tests/lesson1_numbers/calibration.yml",
        "tests/lesson1_numbers/bar.yml",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    data = gradescope_zip(course, course.lesson("1"))
    assert data == gradescope_zip(course, course.lesson("1")), "the same course gives the same bytes"
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = archive.namelist()
    assert {"setup.sh", "run_autograder", "course.yml", "pyproject.toml", "constraints.txt"} <= set(names)
    for script in ("setup.sh", "run_autograder"):
        assert archive.getinfo(script).external_attr >> 16 & 0o111, "Gradescope executes it"
        assert subprocess.run(["bash", "-n"], input=archive.read(script), check=False).returncode == 0
    assert [name for name in names if name.startswith(("tests/", "solutions/"))] == [
        "solutions/lesson1_numbers.py",
        "tests/lesson1_numbers/calibration.yml",
        "tests/lesson1_numbers/chaffs.yml",
        "tests/lesson1_numbers/test_numbers.py",
    ]
    folders = {name.partition("/")[0] for name in names if "/" in name}
    assert folders == {"exercises", "grader", "solutions", "tests"}
    assert [name for name in names if name.startswith("exercises/")] == ["exercises/lesson1_numbers.yml"]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert archive.read(".grader-salt") == b"another word\n"
    assert "another word" not in archive.read("course.yml").decode()
    monkeypatch.delenv("GRADER_SALT")
    archive.extractall(tmp_path / "zip")
    asked = load(tmp_path / "zip").of_class().secret("x")
    monkeypatch.setenv("GRADER_SALT", "another word")
    assert asked == course.secret("x"), "an upload is asked what the class is asked"


def test_the_zip_of_a_lesson_that_imports(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path / "course")
    zipfile.ZipFile(io.BytesIO(gradescope_zip(course, course.lesson("2")))).extractall(tmp_path / "zip")
    again = load(tmp_path / "zip")
    assert [lesson.name for lesson in again.lessons] == ["lesson1_numbers", "lesson2_balance"]
    assert again.lessons == course.lessons
    assert again.lesson("1").exercises[0].hints == ("a nudge", "more", "nearly all")
    assert again.limits == course.limits
    assert again.secret("x") == course.secret("x")


def test_setup_without_a_python_that_is_new_enough(tmp_path: Path) -> None:
    for name in ("bash", "id"):  # and no apt-get, so that nothing is installed here
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/bash\nexit 1\n")
    old.chmod(0o755)
    settings = {"PATH": str(tmp_path), "AUTOGRADER_BASE_PYTHON": "python3.9", "AUTOGRADER_VENV": str(tmp_path / "venv")}
    script = files("grader.gradescope") / "setup.sh"
    done = subprocess.run(["bash", str(script)], env=settings, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == "setup: Python 3.11 or newer is needed; choose a newer base image under Configure Autograder\n"
    )
    assert not (tmp_path / "venv").exists()


class Container:
    """The folders of Gradescope's container, with an autograder in them."""

    def __init__(self, root: Path, course: Course, lesson: str, **choices: object) -> None:
        self.root = root
        data = gradescope_zip(course, course.lesson(lesson), **choices)  # type: ignore[arg-type]
        zipfile.ZipFile(io.BytesIO(data)).extractall(root / "source")

    def run(self, upload: dict[str, str | bytes], **environment: str) -> tuple[dict, str]:
        """Grade an upload; gives results.json and what was printed."""
        submission = self.root / "submission"
        subprocess.run(["rm", "-rf", str(submission), str(self.root / "results")], check=True)
        submission.mkdir()
        for name, text in upload.items():
            path = submission / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        (self.root / "metadata.json").write_text('{"assignment": {"total_points": "20.0"}}')
        paths = {
            "AUTOGRADER_SOURCE": "source",
            "AUTOGRADER_SUBMISSION": "submission",
            "AUTOGRADER_RESULTS": "results",
            "AUTOGRADER_METADATA": "metadata.json",
        }
        settings = {name: str(self.root / path) for name, path in paths.items()}
        settings |= {"AUTOGRADER_PYTHON": sys.executable, "PATH": os.environ["PATH"], **environment}
        script = (self.root / "source" / "run_autograder").read_text()
        done = subprocess.run(
            ["bash", "-c", script], env=settings, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0
        return valid(json.loads((self.root / "results" / "results.json").read_bytes())), done.stdout + done.stderr


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    try:
        choose()
    except IsolationError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("gradescope")
    return Container(folder, tiny_course.make(folder / "course"), "1")


def test_run_autograder_grades_an_upload(container: Container) -> None:
    wrong = NUMBERS.replace("2 * x", "x * x")
    document, printed = container.run({"my folder/homework (1).py": wrong})
    assert document["score"] == 1
    assert "isolation" in printed
    first = document["tests"][0]
    assert (first["number"], first["status"], first["tags"]) == ("1.1", "failed", ["start here"])
    assert "squares the number" in first["output"]
    assert "Isolation: " in document["output"]
    assert "The assignment has 20 points in Gradescope, the autograder gives at most 3" in printed


def test_run_autograder_gives_full_marks(container: Container) -> None:
    document, _ = container.run({"lesson1_numbers.py": NUMBERS, "notes.py": "1/0", "deeper/lesson1_numbers.py": "1/0"})
    assert document["score"] == 3
    assert {test["status"] for test in document["tests"]} == {"passed"}


@pytest.mark.parametrize(
    ("names", "counts", "says"),
    [
        (["a.py", "b.py"], "", "not clear which of these is meant: a.py, b.py"),
        ([], "", "nothing was handed in"),
        (["essay.pdf"], "", "there is no lesson1_numbers.py and no notebook; there is essay.pdf"),
        (["work.zip"], "", "there is work.zip (an archive: unpack it, or use `grader collect`)"),
        (["lesson2_balance.py"], "", "there is no lesson1_numbers.py and no notebook; there is lesson2_balance.py"),
        (["a/lesson1_numbers.py", "lesson1_numbers.py", "b.py"], "lesson1_numbers.py", ""),
        (["a/home work.py", ".hidden.py", "__pycache__/x.py"], "a/home work.py", ""),
    ],
)
def test_what_counts_in_an_upload(names: list[str], counts: str, says: str, tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path / "course")
    for name in names:
        (tmp_path / "upload" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "upload" / name).write_text(f"{NUMBERS}\n\nname = {name!r}\n")
    (tmp_path / "upload").mkdir(exist_ok=True)
    work = read_work(course, course.lesson("1"), tmp_path / "upload")
    assert says in work.problem
    assert work.source.endswith(f"name = {counts!r}\n" if counts else "")


def test_a_link_in_an_upload_is_not_followed(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path / "course")
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload" / "lesson1_numbers.py").symlink_to(course.solution(course.lesson("1")))
    assert "not a plain file" in read_work(course, course.lesson("1"), tmp_path / "upload").problem


def test_earlier_lessons_come_along(tmp_path: Path) -> None:
    course = tiny_course.make(tmp_path / "course")
    for name in ("lesson1_numbers.py", "lesson2_balance.py"):
        (tmp_path / "upload" / "exercises").mkdir(parents=True, exist_ok=True)
        (tmp_path / "upload" / "exercises" / name).write_text(f"name = {name!r}")
    for number, name in (("1", "lesson1_numbers.py"), ("2", "lesson2_balance.py")):
        work = read_work(course, course.lesson(number), tmp_path / "upload")
        assert (work.source, work.notes) == (f"name = {name!r}", ())


def test_run_autograder_answers_where_the_grader_cannot_run(container: Container) -> None:
    document, printed = container.run({"lesson1_numbers.py": NUMBERS}, AUTOGRADER_PYTHON="/nowhere/python")
    assert document == valid(failure())
    assert "no mark" in printed


def test_run_autograder_answers_where_the_grader_fails(tmp_path: Path) -> None:
    container = Container(tmp_path, tiny_course.make(tmp_path / "course"), "1")
    (tmp_path / "source" / "tests" / "lesson1_numbers" / "test_numbers.py").write_text("import nothing_like_it")
    document, printed = container.run({"lesson1_numbers.py": NUMBERS})
    assert document == valid(failure())
    assert "nothing_like_it" in printed


def test_students_cannot_read_what_run_autograder_guards(container: Container) -> None:
    spy = "import pathlib\nprint(pathlib.Path({!r}).read_text())\n".format(
        str(container.root / "source" / "course.yml")
    )
    document, _ = container.run({"lesson1_numbers.py": spy})
    assert "salt" not in json.dumps(document)
    assert "cannot be imported" in document["output"]
