"""Other right answers, to compare with when one's own is done: those that look least like it."""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from pathlib import Path
from typing import NamedTuple

from grader.course import Course, Lesson

NUMBER = 2
"""How many are shown: one can be taken for the right one, and more than two nobody reads."""


class Other(NamedTuple):
    """A right answer in another style.

    Attributes:
        file: where it is.
        says: the first sentence of its docstring.
    """

    file: Path
    says: str


def others(course: Course, lesson: Lesson, source: str) -> list[Other]:
    """The right answers of a lesson that are least like this one, the least like it first.

    They are the programs in other styles by which the lesson's properties are measured, so a copy without the hidden
    tests has none.

    Args:
        course: the course.
        lesson: the lesson.
        source: a learner's own module.
    """
    own = _tokens(source)

    def alike(text: str) -> float:
        return difflib.SequenceMatcher(None, own, _tokens(text), autojunk=False).ratio()

    found = []
    for file in sorted((course.tests(lesson) / "wheats").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        found.append((alike(text), Other(file, _first_sentence(text))))
    return [other for _, other in sorted(found, key=lambda each: each[0])[:NUMBER]]


def _tokens(source: str) -> list[str]:
    """The words of a program; no remarks, strings, or names that it was given."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):  # what is right can be parsed; this one was not checked
        return source.split()
    return [token.string for token in tokens if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER)]


def _first_sentence(source: str) -> str:
    text = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    return text.partition(". ")[0].rstrip(".")
