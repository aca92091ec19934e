"""`grader build`: stubs are the solutions without their marked regions, and unbegun work is recognised."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader import course as courses
from grader.course import Course
from grader.errors import CourseError
from grader.lessons.stubs import build, make_stub
from grader.submissions.untouched import is_untouched

ROOT = Path(__file__).parents[3]

SOLUTION = '''"""A lesson."""

import math


def area(radius: float) -> float:
    """The area of a circle."""
    ### BEGIN SOLUTION
    squared = radius**2
    return math.pi * squared
    # The formula is old.
    ### END SOLUTION


class Counter:
    def __init__(self) -> None:
        self.start = 0
        ### BEGIN SOLUTION
        self.count = 0
        ### END SOLUTION

    def push(self) -> None:
        ### BEGIN SOLUTION
        self.count += 1
        ### END SOLUTION


def given() -> int:
    return 3
'''


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of one lesson in a folder of its own."""
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "lesson1_area.py").write_text(SOLUTION)
    (tmp_path / "course.yml").write_text(
        "title: t\nlessons:\n  - name: lesson1_area\n    title: a\n    exercises: [{name: area, points: 1}]\n"
    )
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "lesson1_area.yml").write_text("")
    return courses.load(tmp_path)


def test_a_region_becomes_one_line_that_names_function_and_text() -> None:
    stub = make_stub(SOLUTION, "lesson1_area")
    assert "SOLUTION" not in stub
    assert "squared" not in stub
    assert "formula" not in stub
    assert "self.start = 0\n        raise NotImplementedError(" in stub
    namespace: dict[str, object] = {}
    exec(compile(stub, "stub", "exec"), namespace)
    assert namespace["given"]() == 3  # type: ignore[operator]
    for call, name in ((lambda: namespace["area"](1.0), "area"), (namespace["Counter"], "Counter.__init__")):  # type: ignore[operator]
        with pytest.raises(NotImplementedError, match=rf"^{name}: write me; lesson1_area.md tells how$"):
            call()  # type: ignore[operator]


def test_what_is_not_in_a_region_stays_as_it_is() -> None:
    kept = [line for line in make_stub(SOLUTION).splitlines() if "raise NotImplementedError" not in line]
    inside = False
    expected = []
    for line in SOLUTION.splitlines():
        if "SOLUTION" in line:
            inside = "BEGIN" in line
        elif not inside:
            expected.append(line)
    assert kept == expected


BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"def f():\n{BEGIN}    return 1\n", "line 2: .* without an ### END"),
        (f"def f():\n    return 1\n{END}", "line 3: .* without a ### BEGIN"),
        (f"def f():\n{BEGIN}{BEGIN}    return 1\n{END}{END}", "line 3: .* begins in line 2"),
        (f"def f():\n{BEGIN}{END}    return 1\n", "line 2: .* empty"),
        ("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", "line 1: .* inside one function"),
        (f"def f():\n{BEGIN}    return 1\n\ndef g():\n    return 2\n{END}", "line 2: .* inside one function"),
        ("def f():\n    return 1\n", "line 1: no region"),
        ("def f(:\n    return 1\n", "line 1: "),
        ("def f(x):\n    # BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n", "line 2: write this marker as"),
        ("def f(x):\n    ### BEGIN SOLUTION:\n    return 1\n    ### END SOLUTION\n", "line 2: write this marker as"),
        (f"def f(x):\n    if x:\n        y = 1\n{BEGIN}    elif x > 1:\n        y = 2\n{END}    else:\n        y = 3\n",
         "of the stub: .* half of a statement"),
    ],
)  # fmt: skip
def test_a_mistake_with_markers_is_one_line_that_names_the_line(text: str, complaint: str) -> None:
    with pytest.raises(CourseError, match=complaint) as caught:
        make_stub(text)
    assert "\n" not in str(caught.value)


def test_build_writes_what_is_stale_and_only_that(course: Course) -> None:
    stub = course.root / "exercises" / "lesson1_area.py"
    assert build(course) == [stub]
    assert stub.read_text() == make_stub(SOLUTION, "lesson1_area")
    assert build(course) == []
    stub.write_text("mine\n")
    assert build(course, check=True) == [stub]
    assert stub.read_text() == "mine\n"
    assert build(course) == [stub]
    assert sorted(path.name for path in stub.parent.iterdir()) == [stub.name, "lesson1_area.yml"]
    assert os.stat(stub).st_mode & 0o777 == 0o644


def test_build_names_the_file_and_writes_nothing_when_a_solution_is_bad(course: Course) -> None:
    solution = course.root / "solutions" / "lesson1_area.py"
    solution.write_text(SOLUTION.replace("### END SOLUTION", "", 1))
    with pytest.raises(CourseError, match=r"^solutions/lesson1_area\.py, line 18: .*begins in line 8$"):
        build(course)
    assert not list((course.root / "exercises").glob("*.py"))
    solution.unlink()
    with pytest.raises(CourseError, match=r"^solutions/lesson1_area\.py cannot be read: No such file"):
        build(course)


def test_layout_comments_and_docstrings_are_not_work() -> None:
    stub = make_stub(SOLUTION, "lesson1_area")
    relaid = "# my copy\n\n" + stub.replace("The area of a circle.", "I do not know yet.").replace("math\n", "math  \n")
    assert is_untouched(stub, stub)
    assert is_untouched(stub, relaid)
    assert not is_untouched(stub, SOLUTION)


def test_one_written_exercise_is_work() -> None:
    stub = make_stub(SOLUTION, "lesson1_area")
    ask = 'raise NotImplementedError("Counter.push: write me; lesson1_area.md tells how")'
    assert ask in stub
    assert not is_untouched(stub, stub.replace(ask, "self.count += 1"))
    assert is_untouched(stub, stub[: stub.index("def area")] + stub[stub.index("class Counter") :])


@pytest.mark.parametrize("text", ["def f(:\n", "", "\0", "(" * 5000, "x = " + "-" * 100_000 + "1"])
def test_whatever_is_handed_in_there_is_an_answer(text: str) -> None:
    stub = make_stub(SOLUTION)
    assert not is_untouched(stub, text)


def test_the_stubs_of_this_course_are_fresh_valid_and_tidy() -> None:
    course = courses.load(ROOT)
    assert build(course, check=True) == [], "run `grader build`"
    for lesson in course.lessons:
        text = course.stub(lesson).read_text()
        ast.parse(text)
        for exercise in lesson.exercises:
            asks = re.search(rf'NotImplementedError\("{exercise.name}(\.\w+)?: write me', text)
            assert asks, f"nothing to write for {exercise.name}"
        assert is_untouched(text, text)
    # Imports and variables that only the taken-out code uses may stay.
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--ignore", "F401,F841", str(ROOT / "exercises")]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert finished.returncode == 0, finished.stdout + finished.stderr
