"""The tables of the lessons' docstrings: a row for each parameter, and one, ``→``, for the answer."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from grader.course import Lesson, load
from grader.lessons.stubs import Function, pristine

COURSE = load(Path(__file__).parents[2])
ANSWER = "→"


def complaints(source: str, exercises: set[str]) -> list[str]:
    """What is wrong with the tables of a module.

    Args:
        source: the module.
        exercises: functions and classes that must have a table, also where ``Class.method`` stands for one. Others may
            have one.
    """
    found: list[str] = []
    owners = {name.partition(".")[0] for name in exercises}
    for node in ast.parse(source).body:
        if isinstance(node, Function):
            found += _of_function(node, node.name, must=node.name in owners)
        elif isinstance(node, ast.ClassDef):
            methods = [method for method in node.body if isinstance(method, Function)]
            for method in methods:
                if method.name == "__init__":  # a class says what its instances are made of
                    found += _of(node, node.name, _parameters(method)[1:], answers=0, must=node.name in owners)
                else:
                    found += _of_function(method, f"{node.name}.{method.name}", must=node.name in owners)
    return found


def _of_function(node: Function, name: str, *, must: bool) -> list[str]:
    parameters = _parameters(node)[1 if "." in name else 0 :]
    return _of(node, name, parameters, answers=1, must=must)


def _of(node: Function | ast.ClassDef, name: str, parameters: list[str], *, answers: int, must: bool) -> list[str]:
    rows = [line.split("|")[1].strip() for line in (ast.get_docstring(node) or "").splitlines() if line[:1] == "|"]
    if not rows:
        return [f"{name}: no table"] if must else []
    head, line, *rows = rows
    needed = [*parameters, *[ANSWER] * answers]
    rows = [row for row in rows if row]  # a row without a name goes on with the one above it
    wrong = [f"{name}: rows {rows}, needed {needed}"] if rows != needed else []
    return wrong + ([f"{name}: a table begins with | name |"] if head != "name" or not re.fullmatch("-+", line) else [])


def _parameters(node: Function) -> list[str]:
    return [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.name)
def test_a_row_for_each_parameter_and_one_for_the_answer(lesson: Lesson) -> None:
    exercises = {each.name for each in lesson.exercises} | ({lesson.training.exercise} if lesson.training else set())
    assert complaints(pristine(COURSE, lesson), exercises) == []


def test_the_sign_for_the_answer_is_explained_where_a_beginner_meets_it() -> None:
    for text in (COURSE.stub(COURSE.lessons[0]).with_suffix(".md"), COURSE.root / "exercises" / "README.md"):
        assert f"`{ANSWER}`" in text.read_text(encoding="utf-8")


TABLE = '''
def scale(values, by):
    """Multiply.

    | name   | shape | meaning |
    |--------|-------|---------|
    | values | (N,)  | numbers |
    | by     |       | two:    |
    |        | ()    | one     |
    | →      | (N,)  | numbers |
    """


class Scale:
    """Keeps a factor.

    | name | meaning |
    |------|---------|
    | by   | it      |
    """

    def __init__(self, by):
        self.by = by

    def apply(self, values):
        """Multiply.

        | name   | shape | meaning |
        |--------|-------|---------|
        | values | (N,)  | numbers |
        | →      | (N,)  | numbers |
        """


def helper(x):
    """Has no table, and needs none."""
'''


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("", "", ""),
        ("    | →      | (N,)  | numbers |\n    \"", "    | returns | (N,) | numbers |\n    \"", "scale: rows"),
        ("    | →      | (N,)  | numbers |\n    \"", "    | → a | (N,) | numbers |\n    \"", "scale: rows"),
        ("    | →      | (N,)  | numbers |\n    \"", "    \"", "scale: rows"),
        ("    | by     |       | two:    |\n", "    | →      |       | two:    |\n", "scale: rows"),
        ("        | values | (N,)  | numbers |\n        | →", "        | →", "Scale.apply: rows"),
        ("    | by   | it      |\n", "    | by   | it      |\n    | →    | it      |\n", "Scale: rows"),
        ("| name | meaning", "| by | meaning", "Scale: a table begins"),
        ("def helper(x):\n", "def scaled(x):\n", "scaled: no table"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_found(old: str, new: str, complaint: str) -> None:
    text = TABLE.replace(old, new, 1) if old else TABLE
    assert (text != TABLE) == bool(old)
    found = complaints(text, {"scale", "Scale.apply", "scaled"})
    assert [each[: len(complaint)] for each in found] == ([complaint] if complaint else [])
