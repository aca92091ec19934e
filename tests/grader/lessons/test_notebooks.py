"""Lessons as notebooks: built from text and solution, as nbgrader would release them, and never stale."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tiny_course import make as make_course

from grader import course as courses
from grader.course import Course
from grader.errors import CourseError
from grader.lessons import notebooks as make
from grader.lessons.stubs import pristine

ROOT = Path(__file__).parents[3]
COURSE = courses.load(ROOT)
LESSONS = [lesson.name for lesson in COURSE.lessons]

TEXT = """\
# Lesson 1: Numbers

Numbers can be changed.

## What to write

Open `lesson1_numbers.py`. Two functions are yours.

**`double(x, *, times=1)`** is twice the number.

> 3 gives 6.

**`half(x)`** is half of it.

**Both** are functions.

## How to check

```sh
grader check 1        # both
grader hint 1 half    # a nudge
```

Then play:

```python
from lesson1_numbers import double

print(double(4))
```
"""


def cells(path: Path) -> list[dict[str, Any]]:
    """A notebook's cells, their source as one string."""
    return [{**cell, "source": "".join(cell["source"])} for cell in json.loads(path.read_text())["cells"]]


def course_stub(name: str) -> list[str]:
    return pristine(COURSE, COURSE.lesson(name)).splitlines()


@pytest.fixture
def tiny(tmp_path: Path) -> Course:
    """The tiny course, whose first lesson has a text."""
    course = make_course(tmp_path)
    (tmp_path / "exercises" / "lesson1_numbers.md").write_text(TEXT)
    return course


def test_the_notebooks_of_this_course_are_fresh() -> None:
    assert make.build_notebooks(COURSE, check=True) == [], "run `grader build`"


@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_is_one_by_nbformats_own_rules(name: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    lesson = COURSE.lesson(name)
    for path in (make.source_path(COURSE, lesson), make.student_path(COURSE, lesson)):
        text = path.read_text()
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
        assert nbformat.writes(notebook) + "\n" == text, "nbformat would write it differently"
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("name", LESSONS)
def test_the_student_notebook_is_what_nbgrader_would_release(name: str) -> None:
    nbformat = pytest.importorskip("nbformat")
    assignment = pytest.importorskip("nbgrader.converters.generate_assignment")
    lesson = COURSE.lesson(name)
    notebook = nbformat.read(make.source_path(COURSE, lesson), as_version=4)
    resources: dict[str, Any] = {}
    for kind in assignment.GenerateAssignment.preprocessors.default_args[0]:
        if kind.__name__ not in ("SaveCells", "IncludeHeaderFooter"):  # one needs a gradebook, the other a folder
            step = kind()
            step.log = logging.getLogger("silent")
            notebook, resources = step.preprocess(notebook, resources)
    released = json.loads(nbformat.writes(notebook))["cells"]
    ours = json.loads(make.student_path(COURSE, lesson).read_text())["cells"]
    assert ours == released


def ids(path: Path) -> list[str]:
    return [cell["id"] for cell in cells(path)]


def test_text_and_code_stand_together(tiny: Course) -> None:
    make.build_notebooks(tiny)
    path = make.student_path(tiny, tiny.lesson("1"))
    made = {cell["id"]: cell for cell in cells(path)}
    assert list(made) == [
        "text-lesson-1-numbers",
        "how-to",
        "given-check",
        "text-what-to-write",
        "text-double",
        "answer-double",
        "check-double",
        "text-half",
        "answer-half",
        "check-half",
        "text-how-to-check",
        "run-how-to-check",
        "text-how-to-check-2",
    ]
    assert made["text-what-to-write"]["source"] == "## What to write\n\nTwo functions are yours."
    assert made["text-double"]["source"] == "**`double(x, *, times=1)`** is twice the number.\n\n> 3 gives 6."
    assert made["text-half"]["source"].endswith("**Both** are functions.")
    assert made["answer-half"]["source"].endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert made["check-double"]["source"] == 'check("double")  # 2 points'
    assert made["given-check"]["source"].endswith('check = checks_for("lesson1_numbers")')


def test_commands_and_imports_are_those_of_a_notebook(tiny: Course) -> None:
    make.build_notebooks(tiny)
    made = {cell["id"]: cell["source"] for cell in cells(make.student_path(tiny, tiny.lesson("1")))}
    assert 'check()             # both\ncheck.hint("half")  # a nudge' in made["text-how-to-check"]
    assert made["run-how-to-check"] == "check()  # both"
    assert "print(double(4))" in made["text-how-to-check-2"]
    whole = "\n".join(made.values())
    assert "grader check" not in whole
    assert "from lesson1_numbers" not in whole


def test_marks_say_what_a_cell_is_for(tiny: Course) -> None:
    make.build_notebooks(tiny)
    marks = {
        c["id"]: c["metadata"]["nbgrader"] for c in cells(make.source_path(tiny, tiny.lesson("1"))) if c["metadata"]
    }
    kinds = {name: (m["grade"], m["solution"], m["locked"]) for name, m in marks.items()}
    assert kinds["answer-double"] == (False, True, False)
    assert kinds["check-double"] == (True, False, True)
    assert kinds["given-check"] == (False, False, True)
    assert [m["grade_id"] for m in marks.values()] == [
        "given-check", "answer-double", "double", "answer-half", "half"
    ]  # fmt: skip
    assert marks["check-double"]["points"] == 2


def test_every_exercise_of_the_course_has_its_cell_and_points() -> None:
    for lesson in COURSE.lessons:
        marks = [c["metadata"].get("nbgrader", {}) for c in cells(make.student_path(COURSE, lesson))]
        points = {m["grade_id"]: m["points"] for m in marks if m.get("grade")}
        expected = {make.grade_id(exercise.name): exercise.points for exercise in lesson.exercises}
        if lesson.training:
            expected[lesson.training.exercise] = lesson.training.points
        assert points == expected


@pytest.mark.parametrize("name", LESSONS)
def test_nothing_of_a_solution_is_in_the_student_notebook(name: str) -> None:
    lesson = COURSE.lesson(name)
    stub = course_stub(lesson.name)
    hidden = [line.strip() for line in COURSE.solution(lesson).read_text().splitlines() if line not in stub]
    hidden = [line for line in hidden if len(line) > 20 and "SOLUTION" not in line and line not in "\n".join(stub)]
    assert hidden
    code = "\n".join(c["source"] for c in cells(make.student_path(COURSE, lesson)) if c["cell_type"] == "code")
    assert not [line for line in hidden if line in code]


@pytest.mark.parametrize("name", LESSONS)
def test_a_notebook_runs_from_top_to_bottom(name: str) -> None:
    """Every name that a cell needs while it runs stands above it; helpers of `train` stand above `train`."""
    lesson = COURSE.lesson(name)
    seen: list[str] = []
    for cell in cells(make.source_path(COURSE, lesson)):
        if cell["cell_type"] != "code" or cell["id"].startswith(("check-", "run-", "given-check")):
            continue
        seen.append(cell["source"])
        if cell["id"] == "answer-train":
            tree = ast.parse("\n".join(seen))
            defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            everything = ast.parse(COURSE.solution(lesson).read_text()).body
            functions = {n.name for n in everything if isinstance(n, ast.FunctionDef | ast.ClassDef)}
            used = {n.id for n in ast.walk(ast.parse(cell["source"])) if isinstance(n, ast.Name)}
            assert functions & used <= defined
    assert [type(n).__name__ for n in ast.parse("\n".join(seen)).body if isinstance(n, ast.Expr)] == []


def test_a_stale_notebook_is_found_and_mended(tiny: Course) -> None:
    student, source = (p(tiny, tiny.lesson("1")) for p in (make.student_path, make.source_path))
    assert make.build_notebooks(tiny, check=True) == [source, student]
    assert not student.exists()
    assert make.build_notebooks(tiny) == [source, student]
    assert make.build_notebooks(tiny) == []
    before = student.read_bytes()
    student.write_text(student.read_text().replace("2 points", "3 points"))
    assert make.build_notebooks(tiny, check=True) == [student]
    make.build_notebooks(tiny)
    assert student.read_bytes() == before
    text = student.with_suffix(".md")
    text.write_text(text.read_text().replace("3 gives 6", "4 gives 8"))
    assert make.build_notebooks(tiny, check=True) == [source, student]


def test_the_command_tells_what_is_stale(tiny: Course) -> None:
    def build(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from grader.cli import main; main()", "build", *flags]
        return subprocess.run(command, check=False, cwd=tiny.root, capture_output=True, text=True, timeout=60)

    ran = build("--check")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (1, "stale: solutions/lesson1_numbers.ipynb")
    assert build().returncode == 0
    assert build("--check").stdout == "every stub and notebook is up to date\n"
    solution = tiny.solution(tiny.lesson("1"))
    solution.write_text(solution.read_text().replace("def half", "def halve"))
    ran = build()
    assert (ran.returncode, ran.stdout) == (2, "")
    expected = "grader: solutions/lesson1_numbers.py: nothing to write for 'half', which course.yml calls an exercise\n"
    assert ran.stderr == expected
    assert "halve" not in tiny.stub(tiny.lesson("1")).read_text()


def test_a_lesson_without_a_text_has_no_notebook(tiny: Course) -> None:
    make.build_notebooks(tiny)
    assert not make.student_path(tiny, tiny.lesson("2")).exists()


def test_a_text_that_names_nothing_still_gets_its_answers(tiny: Course) -> None:
    text = tiny.stub(tiny.lesson("1")).with_suffix(".md")
    text.write_text("Just words.\n")
    make.build_notebooks(tiny)
    assert ids(make.student_path(tiny, tiny.lesson("1")))[-4:] == [
        "answer-double", "check-double", "answer-half", "check-half"
    ]  # fmt: skip


def test_points_may_be_halves(tiny: Course) -> None:
    lesson = tiny.lesson("1")
    halves = msgspec.structs.replace(
        lesson, exercises=tuple(msgspec.structs.replace(e, points=e.points / 2) for e in lesson.exercises)
    )
    made = make.source_notebook(halves, tiny.solution(lesson).read_text(), TEXT)
    assert 'check(\\"half\\")  # 0.5 points' in made
    assert '"points": 0.5' in made


def test_two_cells_with_one_name_are_refused(tiny: Course) -> None:
    solution = tiny.solution(tiny.lesson("1")).read_text()
    twice = solution + solution[solution.index("def half") :]
    with pytest.raises(CourseError, match=r"two cells of lesson1_numbers\.ipynb would be called 'text-half'"):
        make.source_notebook(tiny.lesson("1"), twice, TEXT)
