"""A fixed class, and the reports on it as files: what a change of the grader's shape must not change.

Whoever changes what a report says on purpose writes the files again, and reads the difference before it is committed:

    python tests/grader/golden_class.py
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import notebook_of

from grader.course import Course, Lesson, find_root, load
from grader.grading.classroom import Options, grade_class
from grader.lessons import chaffs as known
from grader.lessons.stubs import pristine
from grader.report.report import without_times
from grader.student.isolation import choose
from grader.student.levels import Isolation

FOLDER = Path(__file__).parent / "golden" / "reports"
# Nobody's verdict: they say where and when it was made.
_ELSEWHERE = ("digest", "seal", "isolation", "device", "origin")


def hand_in(course: Course, folder: Path) -> None:
    """Write the class: right, wrong in two ways, and everything that is not simply a module."""
    for i, lesson in enumerate(course.lessons):
        solution = course.solution(lesson).read_text(encoding="utf-8")
        chaffs = known.load(course, lesson)
        wheats = list(known.wheats(course, lesson).values())
        sources = {
            "student-001": solution,
            "student-002": chaffs[0].source(solution),
            "student-003": chaffs[len(chaffs) // 2].source(solution),
            "student-004": _odd(i, course, lesson, solution, wheats[-1]),
        }
        for student, text in sources.items():
            if text is not None:
                suffix = "ipynb" if text.startswith("{") else "py"
                path = folder / student / lesson.name / f"{lesson.name}.{suffix}"
                path.parent.mkdir(parents=True)
                path.write_text(text, encoding="utf-8")


def _odd(i: int, course: Course, lesson: Lesson, solution: str, wheat: str) -> str | None:
    stub = pristine(course, lesson)
    return [
        stub,
        f"{solution}\n\nimport wandb\nwandb.init()\n",
        f"{stub}\nraise ValueError('half done')\n",
        _notebook(course, lesson, solution),
        wheat,
        "def train(:\n",
        None,
        f"{solution}\n\ndel {lesson.exercises[0].name.partition('.')[0]}\n",
        wheat,
    ][i]


def _notebook(course: Course, lesson: Lesson, solution: str) -> str:
    cells = [*notebook_of.filled(course, lesson, solution), notebook_of.cell("!pip install torch\nprint(1)")]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def made(isolation: Isolation) -> dict[str, Any]:
    """The reports on the class, by the name of their file, without what depends on the clock or the machine."""
    course = load(find_root(Path(__file__)))
    with tempfile.TemporaryDirectory() as folder:
        submissions, out = Path(folder, "in"), Path(folder, "out")
        hand_in(course, submissions)
        grade_class(course, submissions, out, isolation, Options(train=False, rehearse=False, processes=2))
        found: dict[str, Any] = {
            str(path.relative_to(out)): _steady(json.loads(path.read_bytes())) for path in sorted(out.glob("*/*.json"))
        }
        found["grades.csv"] = (out / "grades.csv").read_text(encoding="utf-8").splitlines()
    return found


def _steady(report: dict[str, Any]) -> Any:
    return _rounded({key: value for key, value in without_times(report).items() if key not in _ELSEWHERE})


def _rounded(value: Any) -> Any:
    """Numbers in texts to four digits: the last ones of a float differ from processor to processor."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"-?\d+\.\d{4,}(e-?\d+)?", lambda number: f"{float(number[0]):.4g}", value)
    return value


def kept() -> dict[str, Any]:
    """What the files hold."""
    return {
        str(path.relative_to(FOLDER)): json.loads(path.read_bytes())
        if path.suffix == ".json"
        else path.read_text(encoding="utf-8").splitlines()
        for path in sorted(FOLDER.rglob("*.*"))
    }


def main() -> None:
    """Write the files anew."""
    reports = made(choose())
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, value in reports.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(value) if name.endswith(".csv") else json.dumps(value, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
