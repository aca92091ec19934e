"""The docstrings of properties: the law, as a learner reads it, and below it what to look at where it is broken."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import NamedTuple

from grader.course import Course, Lesson


class Law(NamedTuple):
    """The words of a property.

    Attributes:
        name: the test function's name.
        says: the law.
        hint: what to look at where it is broken; "" if its author gave none.
    """

    name: str
    says: str
    hint: str


def law(name: str, docstring: str | None) -> Law:
    """Read a docstring: the law, then an empty line, then ``Hint:`` and the hint."""
    says, _, hint = inspect.cleandoc(docstring or name).partition("\n\nHint:")
    return Law(name, " ".join(says.split()), " ".join(hint.split()))


def laws(course: Course, lesson: Lesson) -> Iterator[Law]:
    """All laws of a lesson, in the order of its files; no test is imported."""
    for path in sorted(course.tests(lesson).glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield law(node.name, ast.get_docstring(node))
