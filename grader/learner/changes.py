"""The exercises that an edit has changed."""

from __future__ import annotations

import ast

from grader.course import Lesson


def changed(lesson: Lesson, before: str, after: str) -> tuple[str, ...]:
    """The lesson's exercises whose code differs between two versions of its module, in the lesson's order.

    Comments and layout make no difference. None of them if one of the versions cannot be parsed.
    """
    try:
        old, new = _definitions(before), _definitions(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(each.name for each in lesson.exercises if old.get(each.name) != new.get(each.name))


def _definitions(source: str) -> dict[str, str]:
    """Every function, class and method of a module by its qualified name, as text that is equal for equal code."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = ast.dump(node)
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    found[f"{node.name}.{inner.name}"] = ast.dump(inner)
    return found
